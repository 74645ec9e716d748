"""Problem products: how surely, how early and how fast they are found (see bench.products.report)."""

import sys

import polars as pl

from bench.figures import Figure, print_figures
from bench.products import replay, speed
from bench.products.nowcasts import coverage
from bench.products.verdicts import (
    CAUSE,
    COVERED,
    DELAY,
    EXCESS,
    FDR,
    JUDGED,
    LINES,
    RECALL,
    of_way,
)


def run() -> list[Figure]:
    """Speed, and the quick replays; `python -m bench.products.report --into FOLDER` plays all and judges each target."""
    outcomes = replay.run(replay.QUICK, lambda words: print(words, file=sys.stderr))
    return [*_flags(outcomes), *_nowcasts(outcomes), *speed.figures()]


def _flags(outcomes: list[replay.Outcome]) -> list[Figure]:
    found = []
    for way, setting in replay.usual_settings().items():
        one, is_asked = of_way(outcomes, JUDGED, way, setting), way == replay.PRODUCT
        found += [
            Figure(f"{way}: false flags", one.fdr * 100, "%", f"≤ {FDR:.0%}" * is_asked),
            Figure("  found of much excess", one.recall * 100, "%", f"≥ {RECALL:.0%}" * is_asked),
            Figure("  delay, median", one.delay, "weeks", f"≤ {DELAY:g}" * is_asked),
        ]
        if is_asked:
            found += [
                Figure("  excess returns by then", one.excess, "", f"≤ {EXCESS:g}"),
                Figure("  order lines sold by then", one.lines, "", f"≤ {LINES:g}"),
                Figure("  cause right", one.cause * 100, "%", f"≥ {CAUSE:.0%}"),
            ]
    return found


def _nowcasts(outcomes: list[replay.Outcome]) -> list[Figure]:
    said, (low, high) = pl.concat([each.nowcasts for each in outcomes]), COVERED
    return [
        Figure(
            f"nowcasts of {of}-weeks that cover",
            coverage(said, of)[0] * 100,
            "%",
            f"{low:.0%} to {high:.0%}",
        )
        for of in ("SKU", "category")
    ]


if __name__ == "__main__":
    print_figures(__doc__ or "", run())
