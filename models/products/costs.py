"""What a returned unit costs beside its refund: freight, handling, write-down."""

import polars as pl

from models.products.record import Record

_USUAL_UNITS = 20.0  # the weight of what is usual in the currency, in returned units


def lost_a_unit(record: Record) -> pl.DataFrame:
    """Per product and currency that it was sold in: `sku, currency, lost`, minor units a returned unit.

    A product's own costs are trusted as far as its returns reach; the rest is what is usual in that currency (credibility:
    Buehlmann, ASTIN Bulletin 4, 1967). A product in whose currency nothing has cost anything yet has no row.
    """
    lost, units = pl.col("lost_minor"), pl.col("units")
    usual = record.costs.group_by("currency").agg(usual=lost.sum() / units.sum())
    return (
        record.sales.select("sku", "currency")
        .unique()
        .join(record.costs, on=["sku", "currency"], how="left")
        .join(usual, on="currency")
        .select(
            "sku",
            "currency",
            lost=(lost.fill_null(0) + pl.col("usual") * _USUAL_UNITS)
            / (units.fill_null(0) + _USUAL_UNITS),
        )
    )
