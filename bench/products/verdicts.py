"""What the runs say of each target."""

from dataclasses import asdict, dataclass

import polars as pl

from bench.figures import Figure
from bench.products import real
from bench.products.nowcasts import DAY, LEAST, coverage
from bench.products.planted import Planted
from bench.products.replay import PRODUCT, Outcome, usual_settings
from bench.products.scoring import LARGE, Summary, summary
from bench.reporting import Verdict, interval

FDR, RECALL, DELAY, EXCESS, LINES, CAUSE = 0.05, 0.93, 6.0, 10.0, 50.0, 0.85
COVERED = (0.88, 0.92)
JUDGED = "usual"  # the scenario that the targets are of


@dataclass(frozen=True, slots=True)
class Found:
    """All that was measured; of the real shop nothing (None) where its file is missing."""

    outcomes: list[Outcome]
    speed: list[Figure]
    backtest: pl.DataFrame | None
    planted: list[Planted]
    seconds: float


def of_way(outcomes: list[Outcome], scenario: str, way: str, setting: str) -> Summary:
    """One way at one setting, over all shops of a scenario."""
    mine = [each for each in outcomes if each.scenario == scenario]
    return summary([(each.flags[way, setting], each.truth) for each in mine])


def frontiers(outcomes: list[Outcome]) -> pl.DataFrame:
    """A row per way and setting over the shops of the judged scenario: `way, setting`, all of `Summary`, `fdr, recall`."""
    names = dict.fromkeys(name for each in outcomes for name in each.flags)
    rows = [(way, setting, of_way(outcomes, JUDGED, way, setting)) for way, setting in names]
    return pl.DataFrame(
        [
            {"way": way, "setting": setting, **asdict(one), "fdr": one.fdr, "recall": one.recall}
            for way, setting, one in rows
        ]
    )


def verdicts(found: Found) -> list[Verdict]:
    """Each target and whether it is met; None where the runs cannot tell."""
    product = of_way(found.outcomes, JUDGED, PRODUCT, usual_settings()[PRODUCT])
    return [
        *_of_flags(product),
        *(_of_nowcasts(found, of) for of in ("SKU", "category")),
        *(_of_speed(each) for each in found.speed if each.aim),
        *([] if found.backtest is None else _of_backtest(found.backtest)),
        *(verdict for each in found.planted for verdict in _of_planted(each)),
    ]


def _of_flags(product: Summary) -> list[Verdict]:
    some = product.found > 0
    low, high = interval(product.false, product.raised)
    missed = interval(product.found, product.large)
    medians = (
        ("weeks", product.delay, DELAY),
        ("excess returns", product.excess, EXCESS),
        ("order lines sold", product.lines, LINES),
    )
    return [
        Verdict(
            f"False-discovery rate ≤ {FDR:.0%}",
            f"{product.false} of {product.raised} flags ({product.fdr:.1%}; 95 % interval {low:.1%} to {high:.1%})",
            product.fdr <= FDR if product.raised else None,
        ),
        Verdict(
            f"Recall ≥ {RECALL:.0%} of SKUs with ≥ {LARGE} excess returns",
            f"{product.found} of {product.large} ({product.recall:.1%}; 95 % interval {missed[0]:.1%} to {missed[1]:.1%})",
            product.recall >= RECALL if product.large else None,
        ),
        *(
            Verdict(
                f"Since the fault began, until the flag: median ≤ {most:g} {unit}",
                f"{value:.1f}",
                value <= most if some else None,
            )
            for unit, value, most in medians
        ),
        Verdict(
            f"Cause right in ≥ {CAUSE:.0%} of true flags",
            f"{product.cause:.1%}",
            product.cause >= CAUSE if some else None,
        ),
    ]


def _of_nowcasts(found: Found, of: str) -> Verdict:
    said = pl.concat([each.nowcasts for each in found.outcomes if each.scenario == JUDGED])
    share, judged = coverage(said, of)
    low, high = COVERED
    return Verdict(
        f"Nowcast of {of}-weeks at day {DAY}: the 90 % interval covers {low:.0%} to {high:.0%}",
        f"{share:.1%} of {judged:,} of which ≥ {LEAST:g} returns were expected to be still to come",
        low <= share <= high if judged else None,
    )


def _of_speed(figure: Figure) -> Verdict:
    most = float(figure.aim.split()[1])
    return Verdict(
        f"{figure.name} {figure.aim}", f"{figure.value:.3g} {figure.unit}", figure.value <= most
    )


def _of_backtest(rows: pl.DataFrame) -> list[Verdict]:
    """The lists of all quarters together, by what came back of the quarter after each."""
    sums = rows.group_by("chosen_by", maintain_order=True).agg(
        pl.col("products", "order_lines", "incidents").sum()
    )
    rates = {
        name: incidents / max(lines, 1)
        for name, lines, incidents in sums.select(
            "chosen_by", "order_lines", "incidents"
        ).iter_rows()
    }
    flagged = rates.pop(real.FLAGGED)
    return [
        Verdict(
            f"Real shop: next quarter more comes back of flagged SKUs than of those of “{name}”",
            f"{flagged:.2%} against {rate:.2%} of order lines",
            flagged > rate,
        )
        for name, rate in rates.items()
    ]


def _of_planted(one: Planted) -> list[Verdict]:
    where = f"Planted into the real shop at {one.rate:.1%} returns"
    return [
        Verdict(
            f"{where}: FDR ≤ {FDR:.0%}",
            f"{one.flags.false} of {one.flags.raised} flags",
            one.flags.fdr <= FDR if one.flags.raised else None,
        ),
        Verdict(
            f"{where}: recall ≥ {RECALL:.0%} from {LARGE} excess returns",
            f"{one.flags.found} of {one.flags.large}",
            one.flags.recall >= RECALL if one.flags.large else None,
        ),
    ]
