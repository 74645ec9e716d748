"""The report on problem products: `python -m bench.products.report [--quick] --into FOLDER`.

Shops with planted faults are played and judged by the truth beside the usual rules and an oracle; then speed, nowcasts, and
the real shop. Every figure and every verdict comes from the runs; the same seeds give the same figures.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from bench.products import plots, real, speed
from bench.products.nowcasts import DAY, coverage
from bench.products.planted import SIZES, planted
from bench.products.replay import ORACLE, PRODUCT, QUICK, Extent, run, usual_settings
from bench.products.scoring import LARGE, Summary
from bench.products.verdicts import JUDGED, Found, frontiers, of_way, verdicts
from bench.reporting import table, word
from models.products.detector import Detector

REPORT = "report.md"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which shops are played, how large a shop is timed, and what is planted into the real one: ordinary rates, draws."""

    extent: Extent
    products: int
    rates: tuple[float, ...]
    draws: int


FULL_PLAN = Plan(Extent(), 100_000, (0.016, 0.1), 3)
QUICK_PLAN = Plan(QUICK, 20_000, (0.1,), 1)
_EXPECTED = (0.1, 0.5, 2.0, 20.0)
_HEAD = (
    "way",
    "flags",
    "false",
    "FDR",
    "found",
    "recall",
    "weeks",
    "excess returns",
    "order lines",
    "cause right",
    "of what is always high",
    "cleared too early",
)


def measure(plan: Plan, tell: Callable[[str], None], kept: Path | None = None) -> Found:
    """Run everything; `kept` is a folder in which replays lie ready, or are put."""
    started = time.perf_counter()
    outcomes = run(plan.extent, tell, kept)
    tell(f"weighing {plan.products:,} products")
    fast = speed.figures(plan.products)
    if not real.FILE.exists():
        tell(f"the real shop's history is not at {real.FILE}: its part is left out")
        return Found(outcomes, fast, None, [], time.perf_counter() - started)
    record, detector = real.real_record(), Detector()
    tell("the real shop, quarter by quarter, then with planted faults")
    quarters = real.backtest(record, detector)
    sown = [planted(record, rate, range(1, plan.draws + 1), detector) for rate in plan.rates]
    return Found(outcomes, fast, quarters, sown, time.perf_counter() - started)


def write(plan: Plan, found: Found, into: Path) -> Path:
    """Write `report.md`, its plots and the frontier's figures; the report's path."""
    into.mkdir(parents=True, exist_ok=True)
    frontiers(found.outcomes).write_csv(into / "frontier.csv")
    for name, svg in plots.plots(frontiers(found.outcomes)).items():
        (into / f"{name}.svg").write_text(svg, encoding="utf-8")
    report = into / REPORT
    report.write_text("\n\n".join(_sections(plan, found)) + "\n", encoding="utf-8")
    return report


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.products.report", description=__doc__)
    parser.add_argument(
        "--into", type=Path, required=True, help="the folder that the report goes to"
    )
    parser.add_argument("--quick", action="store_true", help="few small shops: a few minutes")
    parser.add_argument("--kept", type=Path, help="a folder that keeps replays for another run")
    given = parser.parse_args()
    plan = QUICK_PLAN if given.quick else FULL_PLAN
    print(write(plan, measure(plan, _tell, given.kept), given.into))


def _tell(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def _sections(plan: Plan, found: Found) -> list[str]:
    judged = verdicts(found)
    met = sum(one.is_met is True for one in judged)
    return [
        "# Problem products: found how surely, how early, and how fast",
        f"{met} of {len(judged)} targets are met. Made in {found.seconds / 60:.0f} minutes with the seeds below.",
        table(
            ("target", "found", "met"),
            [(one.target, one.found, word(one.is_met)) for one in judged],
        ),
        "## What was played",
        _played(plan.extent),
        "## Frontier",
        "How much of the harm is found, and how early, at which rate of false flags. Each way's line joins its thresholds, "
        "from strict to lenient; the second and the third picture show what lies under 30 % false flags.",
        "![Recall against FDR](recall.svg)",
        "![Recall against FDR, close](recall_close.svg)",
        "![Delay against FDR](delay_close.svg)",
        "## At the usual settings",
        *_tables(found),
        f"## Nowcasts at day {DAY}",
        _nowcast_table(found),
        "## Speed",
        table(
            ("figure", "value", "aim"),
            [(f.name, f"{f.value:.3g} {f.unit}", f.aim) for f in found.speed],
        ),
        "## The real shop",
        *_real(found),
    ]


def _played(extent: Extent) -> str:
    size = extent.size
    seeds = ", ".join(
        f"{name} with seeds {extent.first_seed} to {extent.first_seed + many - 1}"
        for name, many in extent.seeds.items()
    )
    return (
        f"Shops of {size.products:,} SKUs over {size.weeks} weeks with {size.orders_per_day:,.0f} orders a day: {seeds}. "
        "From the ninth week on every product is weighed at the end of each week by what was known then, and flags are "
        "raised and cleared as the pipeline does. A flag is true if its product had begun to sell faulty goods by the end "
        "of that week, whether or not it still does; each time a flag is raised counts, for the usual rules as well, whose "
        f"flags stand while the score exceeds the threshold. Found are products with {LARGE} or more excess returns in all "
        "that have a true flag; weeks, excess returns and order lines are medians over them, from the beginning of the fault "
        "to the first true flag. An incident of goods sold while at fault is 1 - 1/multiplier excess returns. What the "
        "oracle knows stands in `bench/products/oracle.py`."
    )


def _tables(found: Found) -> list[str]:
    parts = []
    for scenario in dict.fromkeys(each.scenario for each in found.outcomes):
        ways = (
            usual_settings()
            if scenario == JUDGED
            else {each: usual_settings()[each] for each in (PRODUCT, ORACLE)}
        )
        rows = [
            (way, *_cells(of_way(found.outcomes, scenario, way, each)))
            for way, each in ways.items()
        ]
        parts += [f"**{scenario}**", table(_HEAD, rows)]
    return parts


def _cells(one: Summary) -> tuple[str, ...]:
    counts = (
        f"{one.raised:,}",
        f"{one.false:,}",
        f"{one.fdr:.1%}",
        f"{one.found} of {one.large}",
        f"{one.recall:.1%}",
    )
    medians = tuple(f"{each:.1f}" for each in (one.delay, one.excess, one.lines))
    return (*counts, *medians, f"{one.cause:.0%}", f"{one.high}", f"{one.too_early}")


def _nowcast_table(found: Found) -> str:
    rows = []
    for scenario in dict.fromkeys(each.scenario for each in found.outcomes):
        said = pl.concat([each.nowcasts for each in found.outcomes if each.scenario == scenario])
        for of in ("SKU", "category"):
            judged = [coverage(said, of, least) for least in _EXPECTED]
            cells = (f"{share:.1%} of {number:,}" if number else "–" for share, number in judged)
            rows.append((scenario, f"{of}-weeks", *cells))
    head = ("scenario", "cohorts", *(f"≥ {least:g} still to come" for least in _EXPECTED))
    return table(head, rows)


def _real(found: Found) -> list[str]:
    if found.backtest is None:
        return [f"The shop's history is not at `../shared/data/{real.FILE.name}`."]
    quarters = [
        (
            str(one["known_until"]),
            one["chosen_by"],
            f"{one['products']:,}",
            f"{one['order_lines']:,}",
            f"{one['rate']:.2%}",
        )
        for one in found.backtest.iter_rows(named=True)
    ]
    return [
        "**Backtest.** Flags as they stood at a quarter's end, by what was known then; how much came back of what was sold "
        "in the quarter after it. The naive rules name as many products as are flagged.",
        table(
            (
                "known until",
                "list",
                "SKUs",
                "order lines sold in the next quarter",
                "came back of them",
            ),
            quarters,
        ),
        "**Planted faults.** The shop's own sales, with returns by chance: an ordinary rate, gamma levels, and three SKUs "
        "of a hundred that come back 1.6 to 3.5 times as often from some week on.",
        table(
            (
                "ordinary rate",
                "draws",
                "flags",
                "false",
                *(f"found of those with {low:g} to {high:g} excess returns" for low, high in SIZES),
            ),
            [
                (
                    f"{one.rate:.1%}",
                    str(one.draws),
                    str(one.flags.raised),
                    str(one.flags.false),
                    *(f"{found} of {there}" for there, found in one.recall.values()),
                )
                for one in found.planted
            ],
        ),
    ]


if __name__ == "__main__":
    main()
