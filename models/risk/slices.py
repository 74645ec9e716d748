"""For whom a model errs: honest requests that were sent to a person, by slice."""

import polars as pl

from models.risk.intervals import wilson

SLICES = pl.Schema(
    {
        "dimension": pl.String(),
        "slice": pl.String(),
        "honest": pl.Int64(),
        "share": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)


def false_reviews(honest: pl.DataFrame, by: pl.DataFrame) -> pl.DataFrame:
    """The share of honest requests (`rma, reviewed, weight`) that was sent to a person, as in `SLICES`, with its Wilson 95 %
    interval. `by` has `rma` and a column of words for each dimension; a word that is missing is `unknown`.
    """
    known = honest.join(by, on="rma", how="inner")
    parts = [_by(known, name) for name in by.columns if name != "rma"]
    return pl.concat(parts).sort("dimension", "slice") if parts else SLICES.to_frame()


def _by(known: pl.DataFrame, dimension: str) -> pl.DataFrame:
    weight = pl.col("weight")
    grouped = known.group_by(pl.col(dimension).cast(pl.String).fill_null("unknown").alias("slice"))
    found = grouped.agg(
        pl.len().alias("honest"),
        ((pl.col("reviewed") * weight).sum() / weight.sum()).alias("share"),
        (weight.sum() ** 2 / (weight**2).sum()).alias("effective"),
    )
    bounds = [wilson(share, size) for share, size in found.select("share", "effective").iter_rows()]
    return found.select(
        pl.lit(dimension).alias("dimension"),
        "slice",
        "honest",
        "share",
        pl.Series("low", [low for low, _ in bounds], dtype=pl.Float64),
        pl.Series("high", [high for _, high in bounds], dtype=pl.Float64),
    ).cast(SLICES)
