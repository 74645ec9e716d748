"""The risk model: how fast it answers and learns, and on few replays what it approves beside what could be (see bench.risk.report)."""

import sys
import tempfile
from pathlib import Path

import polars as pl
from polars.selectors import numeric

from bench.figures import Figure, print_figures
from bench.risk import replays, speed


def run() -> list[Figure]:
    """Speed, and the quick replays; `python -m bench.risk.report --into FOLDER` plays all and judges each target."""
    with tempfile.TemporaryDirectory() as folder:
        rows = replays.run(replays.QUICK, Path(folder), lambda words: print(words, file=sys.stderr))
    return [*speed.figures(), *_coverage(rows), *_ranks(rows)]


def _coverage(rows: pl.DataFrame) -> list[Figure]:
    means = rows.group_by("way", maintain_order=True).agg(numeric().mean())
    found = []
    for one in means.iter_rows(named=True):
        found += [
            Figure(f"approved: {one['way']}", one["coverage"] * 100, "%"),
            Figure("  true abuse among it", one["abuse"] * 100, "%"),
            Figure("  cost of an application", one["cost"], "euro cents"),
        ]
    return found


def _ranks(rows: pl.DataFrame) -> list[Figure]:
    product = rows.filter(pl.col("way") == "product")
    auc, best = (float(product[name].to_numpy().mean()) for name in ("auc", "auc_features"))
    return [
        Figure("AUC of the model", auc, ""),
        Figure("AUC of an oracle of the same features (baseline)", best, ""),
        Figure("behind the oracle", best - auc, "", "≤ 0.01"),
    ]


if __name__ == "__main__":
    print_figures(__doc__ or "", run())
