"""Flags judged by the truth: how many are false, how much of the harm is found, and how early.

Evidence is kept per week as `week, sku, score, ended, incidents, excess_units, likely_cause`, so other thresholds need no new
replay. Weeks are numbered from 0, and a flag of a week is raised when it ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from bench.products.truth import Truth
from models.products.detector import Detector
from models.products.flags import decide

LARGE = 20  # excess returns from which a product must be found
RAISED = pl.Schema(
    {"sku": pl.String(), "week": pl.Int64(), "likely_cause": pl.String(), "cleared": pl.Int64()}
)
_RATES = (0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2)


@dataclass(frozen=True, slots=True)
class Summary:
    """Over shops: flags `raised`, `false` among them, products with much excess (`large`) and those `found`.

    `delay` (weeks), `excess` (returns), `lines` (order lines sold): medians of those found, from the beginning of the fault.
    `cause`: the share of true flags that name the planted reason. `high`: flags of what always comes back a lot.
    `too_early`: true flags cleared while the fault went on.
    """

    raised: int
    false: int
    large: int
    found: int
    delay: float
    excess: float
    lines: float
    cause: float
    high: int
    too_early: int

    @property
    def fdr(self) -> float:
        return self.false / self.raised if self.raised else 0.0

    @property
    def recall(self) -> float:
        return self.found / self.large if self.large else float("nan")


def settings(detector: Detector) -> list[Detector]:
    """The frontier: from strict to lenient, with the detector itself among them."""
    looser = (1 - detector.least_probability) / detector.false_discovery_rate
    least = {rate: max(0.2, 1 - looser * rate) for rate in _RATES}
    return [
        replace(
            detector,
            false_discovery_rate=rate,
            least_probability=floor,
            clears_below=min(detector.clears_below, floor),
        )
        for rate, floor in least.items()
        if rate != detector.false_discovery_rate
    ] + [detector]


def by_decisions(kept: pl.DataFrame, detector: Detector) -> pl.DataFrame:
    """Flags raised and cleared week by week as the product does: `sku, week, likely_cause, cleared` (null: it stands)."""
    standing: dict[str, int] = {}
    rows: list[tuple[str, int, str | None, int | None]] = []
    for (week,), evidence in kept.rename({"score": "probability"}).group_by(
        "week", maintain_order=True
    ):
        decisions = decide(evidence, standing.keys(), detector)
        for sku in decisions.cleared:
            at = standing.pop(sku)
            rows[at] = (*rows[at][:3], int(str(week)))
        causes = dict(evidence.select("sku", "likely_cause").iter_rows())
        for sku in decisions.flagged:
            standing[sku] = len(rows)
            rows.append((sku, int(str(week)), causes[sku], None))
    return pl.DataFrame(rows, schema=RAISED, orient="row")


def by_threshold(kept: pl.DataFrame, least: float) -> pl.DataFrame:
    """A flag stands as long as the score exceeds `least`, and is raised anew when it does again; as `by_decisions`."""
    new = pl.col("week") - pl.col("week").shift(1).over("sku") != 1
    episode = new.fill_null(value=True).cum_sum().over("sku").alias("episode")
    last = kept["week"].max() if len(kept) else None
    over = kept.filter(pl.col("score") > least).sort("sku", "week").with_columns(episode)
    ends = pl.col("until") + 1
    return (
        over.group_by("sku", "episode")
        .agg(pl.col("week").min(), until=pl.col("week").max())
        .select(
            "sku",
            "week",
            likely_cause=pl.lit(None, pl.String),
            cleared=pl.when(ends <= last).then(ends),
        )
        .cast(RAISED)
        .sort("week", "sku")
    )


def judged(raised: pl.DataFrame, truth: Truth) -> pl.DataFrame:
    """Each flag with `is_true`, `is_large`, `delay`, `excess`, `lines`, `is_right`, `is_high` and `is_too_early`.

    A flag is true if by the end of its week the product had sold faulty goods, whether or not it still does.
    """
    week_ends = (pl.col("week") + 1) * 7
    return (
        raised.join(truth.products.rename({"excess": "in_all"}), on="sku", how="left")
        .join(truth.harm, on=["sku", "week"], how="left")
        .with_columns(is_true=(pl.col("from_day") < week_ends).fill_null(value=False))
        .with_columns(
            is_large=pl.col("is_true") & (pl.col("in_all") >= LARGE),
            delay=(week_ends - pl.col("from_day")) / 7,
            is_right=pl.col("likely_cause").eq_missing(pl.col("reason")),
            is_high=pl.col("sku").is_in(truth.always_high),
            is_too_early=pl.col("is_true")
            & ((pl.col("cleared") + 1) * 7 < pl.col("end_day")).fill_null(value=False),
        )
    )


def summary(shops: Sequence[tuple[pl.DataFrame, Truth]]) -> Summary:
    """What the flags of several shops come to together; a product counts as found by its first true flag."""
    flags = pl.concat(
        [
            judged(raised, truth).with_columns(shop=pl.lit(n))
            for n, (raised, truth) in enumerate(shops)
        ]
    )
    true = flags.filter("is_true")
    found = true.filter("is_large").sort("week").unique(["shop", "sku"], keep="first")
    return Summary(
        raised=len(flags),
        false=len(flags) - len(true),
        large=sum(int((truth.products["excess"] >= LARGE).sum()) for _, truth in shops),
        found=len(found),
        delay=_median(found["delay"]),
        excess=_median(found["excess"]),
        lines=_median(found["lines"]),
        cause=float(true["is_right"].to_numpy().mean()) if len(true) else float("nan"),
        high=int(flags["is_high"].sum()),
        too_early=int(flags["is_too_early"].sum()),
    )


def _median(values: pl.Series) -> float:
    return float(np.median(values.to_numpy())) if len(values) else float("nan")
