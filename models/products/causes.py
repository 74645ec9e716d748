"""Why a product comes back: what its customers say beyond what others say of theirs."""

import polars as pl


def likely_causes(
    reasons: pl.DataFrame, products: pl.DataFrame, *, least_incidents: int
) -> pl.DataFrame:
    """The reason that customers give most beyond what is usual in the product's category.

    `reasons` is a row per incident (`sku`, `reason`); incidents without a reason say nothing. `products` gives the
    `category` of a `sku`; where it is not known, the shop's products without one are the category. Among reasons given at
    least `least_incidents` times and more often than usual, the one with the largest log-likelihood ratio. Returns
    `sku`, `likely_cause`; a product without such a reason has no row.
    """
    given = (
        reasons.drop_nulls("reason")
        .group_by("sku", "reason")
        .agg(pl.len().alias("times"))
        .join(products.select("sku", "category"), on="sku", how="left")
    )
    times = pl.col("times")
    usual = times.sum().over("category", "reason") / times.sum().over("category")
    expected = times.sum().over("sku") * usual
    surplus = times * (times / expected).log() - times + expected
    return (
        given.with_columns(expected.alias("expected"), surplus.alias("surplus"))
        .filter(times >= least_incidents, times > pl.col("expected"))
        .sort("sku", "surplus", "reason", descending=[False, True, False])
        .unique("sku", keep="first", maintain_order=True)
        .select("sku", likely_cause="reason")
    )
