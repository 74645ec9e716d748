"""Since when, and why: what a product's own weeks and its customers' reasons tell."""

import numpy as np
import polars as pl

from models.products.expected import Floats, Ints


def since_weeks(incidents: Floats, expected: Floats, lift: Floats) -> Ints:
    """The week (S,) from which on a product comes back more often than it should.

    Of all weeks to begin with, the one that makes the record until now speak most for the product's lift against
    none (Page, Biometrika 41, 1954). -1 where the lift is not above 1. Arrays are (S, W), lift is (S,).
    """
    gain = incidents * np.log(np.maximum(lift, 1.0))[:, None] - expected * (lift - 1)[:, None]
    from_week_on = np.cumsum(gain[:, ::-1], axis=1)
    weeks = incidents.shape[1] - 1 - from_week_on.argmax(axis=1)
    return np.where(lift > 1, weeks, -1)


def likely_causes(reasons: pl.DataFrame, *, least_incidents: int) -> pl.DataFrame:
    """The reason that customers give most beyond the shop's usual, per product.

    `reasons` is a row per incident (`sku`, `reason`); incidents without a reason say nothing. Among reasons given
    at least `least_incidents` times and more often than in the whole shop, the one with the largest log-likelihood
    ratio. Returns `sku`, `likely_cause`; a product without such a reason has no row.
    """
    given = reasons.drop_nulls("reason").group_by("sku", "reason").agg(pl.len().alias("times"))
    usual = pl.col("times").sum().over("reason") / pl.col("times").sum()
    expected = pl.col("times").sum().over("sku") * usual
    surplus = pl.col("times") * (pl.col("times") / expected).log() - pl.col("times") + expected
    return (
        given.with_columns(expected.alias("expected"), surplus.alias("surplus"))
        .filter(pl.col("times") >= least_incidents, pl.col("times") > pl.col("expected"))
        .sort("sku", "surplus", "reason", descending=[False, True, False])
        .unique("sku", keep="first", maintain_order=True)
        .select("sku", likely_cause="reason")
    )
