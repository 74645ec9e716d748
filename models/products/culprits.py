"""Whether one batch, variant or country explains what is wrong with a product, rather than all of its goods alike."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
import scipy

Dimension = Literal["lot", "region"]
_DIMENSIONS: tuple[Dimension, ...] = ("lot", "region")
# How much likelier (logarithm) one value must make it than all alike: twenty times (Kass & Raftery, JASA 90, 1995: strong).
_STRONG = float(np.log(20.0))
_LEAST_VALUES = 2
_LEAST_FAMILIES, _OFTEN, _UNLIKELY = 3, 3.0, 0.01
_OF_THE_GOODS = ("defect", "damaged_in_transit", "wrong_item")
SLICES = pl.Schema(
    {
        "sku": pl.String(),
        "week_start": pl.Date(),
        "lot": pl.String(),
        "region": pl.String(),
        "reason": pl.String(),
        "order_lines": pl.Int64(),
        "incidents": pl.Int64(),
    }
)
CULPRITS = pl.Schema(
    {"sku": pl.String(), "culprit_dimension": pl.String(), "culprit_value": pl.String()}
)


@dataclass(frozen=True, slots=True)
class _Slice:
    """One value's incidents and what was to be expected of them, had the product stayed as it was."""

    value: str
    found: float
    expected: float


def culprits(slices: pl.DataFrame, evidence: pl.DataFrame, a_line: pl.DataFrame) -> pl.DataFrame:
    """Which batch or country explains a product's excess; a product without such a one has no row.

    `slices`: what was sold in one week of one lot to one region (`order_lines`), and what has come back of it by now for a
    reason (`incidents`), as in `SLICES`; lot, region and reason are empty where they are not known. `evidence`: `sku, stream,
    since`. `a_line`: `sku, week_start, expected`, the incidents of the problem's stream that an order line of that week was
    to bring by now. Of all values of a dimension, one alone must make the record twenty times as likely as all goods since
    the change alike do, although it was chosen from so many. Returns `CULPRITS`.
    """
    is_of_stream = (pl.col("stream") == "all") | (pl.col("stream") == pl.col("reason"))
    counted = (
        slices.join(evidence.select("sku", "stream", "since"), on="sku")
        .join(a_line, on=["sku", "week_start"], how="left")
        .with_columns(
            found=pl.when(is_of_stream).then("incidents").otherwise(0),
            expected=pl.col("order_lines") * pl.col("expected").fill_null(0.0),
            is_since=pl.col("week_start") >= pl.col("since"),
        )
    )
    rows = [
        {"sku": sku, "culprit_dimension": found[0], "culprit_value": found[1]}
        for (sku,), part in counted.group_by("sku", maintain_order=True)
        if (found := _culprit(part)) is not None
    ]
    return pl.DataFrame(rows, schema=CULPRITS)


def with_culprits(
    evidence: pl.DataFrame, found: pl.DataFrame, products: pl.DataFrame, least: float
) -> pl.DataFrame:
    """Evidence with its culprits: of batch or country as `found`, else the variant or the vendor, else null; and what to do.

    The variant is one where the product has sisters and the problem is its own. The vendor is one where problems (of
    probability `least` or more) are three times as common among the vendor's families as elsewhere, in three of them at
    least, and by less than one chance in a hundred. `products`: `sku, parent, vendor`.
    """
    known = (
        evidence.drop("culprit_dimension", "culprit_value")
        .join(found, on="sku", how="left")
        .join(products.select("sku", "parent", "vendor"), on="sku", how="left")
    )
    has_sisters = pl.len().over("parent") > 1
    is_problem = pl.col("probability") >= least
    alone = is_problem & pl.col("parent").is_not_null() & has_sisters & ~pl.col("of_family")
    vendors = _bad_vendors(known.filter(pl.col("vendor").is_not_null()), is_problem)
    by_vendor = is_problem & pl.col("vendor").is_in(vendors)
    dimension, value = pl.col("culprit_dimension"), pl.col("culprit_value")
    named = dimension.is_not_null()
    named_all = known.with_columns(
        culprit_dimension=pl.when(named)
        .then(dimension)
        .when(alone)
        .then(pl.lit("variant"))
        .when(by_vendor)
        .then(pl.lit("vendor")),
        culprit_value=pl.when(named)
        .then(value)
        .when(alone)
        .then("sku")
        .when(by_vendor)
        .then("vendor"),
    )
    suggested = pl.when(is_problem).then(suggested_action())
    return named_all.with_columns(suggested_action=suggested).select(evidence.columns)


def suggested_action() -> pl.Expr:
    """What a buyer would do first, by `likely_cause` and culprit; null where neither is known: that is to be looked into."""
    cause = pl.col("likely_cause")
    supplied_so = pl.col("culprit_dimension").is_in(["lot", "vendor"]).fill_null(False)
    return (
        pl.when(cause.is_null() & ~supplied_so)
        .then(pl.lit(None, pl.String))
        .when(cause == "not_as_described")
        .then(pl.lit("fix_listing"))
        .when(cause == "size_fit")
        .then(pl.lit("size_note"))
        .when(supplied_so & cause.is_null() | cause.is_in(_OF_THE_GOODS))
        .then(pl.lit("supplier_claim"))
        .otherwise(pl.lit("stop_buying"))
    )


def _bad_vendors(known: pl.DataFrame, is_problem: pl.Expr) -> list[str]:
    """Vendors whose families have problems far more often than those of others."""
    family = pl.coalesce("parent", "sku")
    by_vendor = known.group_by("vendor").agg(
        families=family.n_unique(), odd=family.filter(is_problem).n_unique()
    )
    all_families, all_odd = by_vendor["families"].sum(), by_vendor["odd"].sum()
    bad = []
    for vendor, families, odd in by_vendor.sort("vendor").iter_rows():
        others, odd_others = all_families - families, all_odd - odd
        usual = (odd_others + 1) / (others + 1)
        chance = float(scipy.stats.binom.sf(odd - 1, families, min(1.0, usual)))
        if odd >= _LEAST_FAMILIES and odd >= _OFTEN * usual * families and chance < _UNLIKELY:
            bad.append(vendor)
    return bad


def _culprit(part: pl.DataFrame) -> tuple[Dimension, str] | None:
    """The dimension and value that explain most, of one product's slices."""
    since = part.filter("is_since")
    alike = _gain(float(since["found"].sum()), float(since["expected"].sum()))
    best: tuple[float, Dimension, str] | None = None
    for dimension in _DIMENSIONS:
        values = _values(part if dimension == "lot" else since, dimension)
        if len(values) < _LEAST_VALUES:
            continue
        for each in values:
            gain = _gain(each.found, each.expected) - np.log(len(values)) - alike
            if gain >= _STRONG and (best is None or gain > best[0]):
                best = (gain, dimension, each.value)
    return None if best is None else best[1:]


def _values(part: pl.DataFrame, dimension: Dimension) -> list[_Slice]:
    sums = (
        part.filter(pl.col(dimension) != "")
        .group_by(dimension, maintain_order=True)
        .agg(pl.col("found", "expected").sum())
    )
    return [_Slice(*row) for row in sums.iter_rows()]


def _gain(found: float, expected: float) -> float:
    """By how much the likeliest multiplier above 1 makes a count likelier (logarithm); 0 where none does."""
    if found <= expected or expected <= 0:
        return 0.0
    return float(found * np.log(found / expected) - (found - expected))
