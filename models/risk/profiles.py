"""What is known of each category of products at some place in the log: figures that stand for the category in a vector.

A category is a word, and a model wants numbers: how often it comes back, how often what was inspected of it was abusive, how
much more of it abusers buy than others, what it costs. All are shrunken to the shop as a whole, so that a category of a few
sales says little, and all are of what was known at that place, never of the future: an encoding by target that leaks nothing.
"""

from collections.abc import Iterable

import numpy as np
import polars as pl

MILLION = 1_000_000
_LINES, _INSPECTED, _BOUGHT = (
    50.0,
    30.0,
    50.0,
)  # as many of the shop's average stand beside each category's own
_SCHEMA = pl.Schema(
    {
        "category": pl.String(),
        "as_of_seq": pl.Int64(),
        "return_rate": pl.Int64(),
        "abuse_rate": pl.Int64(),
        "lean": pl.Int64(),
        "price": pl.Int64(),
    }
)


def profiles(facts: pl.DataFrame, as_of_seqs: Iterable[int]) -> pl.DataFrame:
    """The profiles that stood at each of these places of the log, from `intermediate.risk_facts`.

    Gives `category`, `as_of_seq`, and in millionths `return_rate` (of the lines sold), `abuse_rate` (of the lines inspected) and
    `lean` (the logarithm of how many times as much of it those buy whose returns were bad); `price` is the mean list price
    in minor units, null where none is known. A product's category and price are those that it had last.
    """
    sold, returned, found = _sold(facts), _returned(facts), _found(facts)
    parts = [
        _at(
            sold.filter(pl.col("seq") <= seq),
            returned.filter(pl.col("seq") <= seq),
            found.filter(pl.col("seq") <= seq),
            seq,
        )
        for seq in as_of_seqs
    ]
    return pl.concat(parts) if parts else _SCHEMA.to_frame()


def as_facts(found: pl.DataFrame) -> pl.DataFrame:
    """Profiles as rows of `intermediate.risk_facts`: `seq`, `fact`, `token`, `word`, `amount`."""
    rows = found.unpivot(
        index=["category", "as_of_seq"], variable_name="word", value_name="amount"
    ).drop_nulls("amount")
    return rows.select(
        pl.col("as_of_seq").alias("seq"),
        pl.lit("profile").alias("fact"),
        pl.col("category").alias("token"),
        "word",
        "amount",
    )


def _of(facts: pl.DataFrame, *kinds: str) -> pl.DataFrame:
    return facts.filter(pl.col("fact").is_in(kinds))


def _products(facts: pl.DataFrame) -> pl.DataFrame:
    return (
        _of(facts, "product")
        .group_by("sku")
        .agg(pl.col("word", "amount").sort_by("seq").last())
        .select("sku", category="word", price="amount")
    )


def _sold(facts: pl.DataFrame) -> pl.DataFrame:
    orders = _of(facts, "order").select("order_id", "customer_key")
    lines = _of(facts, "order_line").select("seq", "order_id", "sku")
    return lines.join(orders, on="order_id").join(_products(facts), on="sku")


def _returned(facts: pl.DataFrame) -> pl.DataFrame:
    lines = _of(facts, "return_line").select("seq", "rma", "sku")
    return lines.join(_products(facts), on="sku").select("seq", "rma", "category")


def _found(facts: pl.DataFrame) -> pl.DataFrame:
    """A row a line of a return that was inspected, once it was: is any of it bad?"""
    returns = _of(facts, "return", "withdrawal").select("rma", "customer_key")
    seen = (
        _of(facts, "good", "bad")
        .group_by("rma")
        .agg(seq=pl.col("seq").min(), is_bad=(pl.col("fact") == "bad").any())
    )
    lines = _returned(facts).drop("seq")
    return seen.join(returns, on="rma").join(lines, on="rma")


def _at(
    sold: pl.DataFrame, returned: pl.DataFrame, found: pl.DataFrame, as_of_seq: int
) -> pl.DataFrame:
    bad = found.group_by("customer_key").agg(pl.col("is_bad").any())
    bought = (
        sold.join(bad, on="customer_key", how="left")
        .group_by("category")
        .agg(
            lines=pl.len(),
            price=pl.col("price").mean(),
            by_bad=pl.col("is_bad").sum(),
            by_good=(~pl.col("is_bad")).sum(),
        )
    )
    table = (
        bought.join(returned.group_by("category").agg(returned=pl.len()), on="category", how="left")
        .join(
            found.group_by("category").agg(inspected=pl.len(), bad=pl.col("is_bad").sum()),
            on="category",
            how="left",
        )
        .drop_nulls("category")
        .fill_null(0)
        .sort("category")
    )
    columns = {name: table[name].to_numpy().astype(np.float64) for name in table.columns[1:]}
    return pl.DataFrame(
        {
            "category": table["category"],
            "as_of_seq": np.full(table.height, as_of_seq),
            "return_rate": _shrunken(columns["returned"], columns["lines"], _LINES),
            "abuse_rate": _shrunken(columns["bad"], columns["inspected"], _INSPECTED),
            "lean": _lean(columns["by_bad"], columns["by_good"]),
            "price": columns["price"],
        }
    ).select(pl.col(name).cast(kind) for name, kind in _SCHEMA.items())


def _shrunken(part: np.ndarray, whole: np.ndarray, weight: float) -> np.ndarray:
    average = part.sum() / max(whole.sum(), 1.0)
    return np.asarray(np.rint(MILLION * (part + weight * average) / (whole + weight)))


def _lean(by_bad: np.ndarray, by_good: np.ndarray) -> np.ndarray:
    everybody = (by_bad + by_good) / max((by_bad + by_good).sum(), 1.0)
    shares = [(each + _BOUGHT * everybody) / (each.sum() + _BOUGHT) for each in (by_bad, by_good)]
    ratio = np.divide(shares[0], shares[1], out=np.ones_like(shares[0]), where=shares[1] > 0)
    return np.asarray(np.rint(MILLION * np.log(np.maximum(ratio, 1e-6))))
