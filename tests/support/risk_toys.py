"""Small shops for the tests of the risk model: made-up requests whose true probability of abuse is known."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from models.risk import export
from models.risk.features import FEATURES, NAMES
from models.risk.grow import Grown, Shape, grow
from models.risk.split import Plan, divide
from models.risk.train import examples_of

FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Shop:
    """Requests (n, F) with the true probability of abuse (n,) of each and what came out (n,)."""

    features: NDArray[np.float64]
    probability: NDArray[np.float64]
    label: NDArray[np.float64]
    value: NDArray[np.float64]


def shop(requests: int, seed: int, *, strength: float = 1.0, intercept: float = -4.6) -> Shop:
    """Requests of which about 9 % are abusive; the better half of the features tells, the others are noise.

    Each feature's column follows from its name, so that another feature in the product changes no toy but by its noise.
    """
    chance = np.random.default_rng(seed)
    features = np.column_stack([_column(requests, seed, name) for name in NAMES])
    directions = np.array([each.monotone for each in FEATURES], dtype=float)
    force = np.where(np.cumsum(directions != 0) <= 6, directions * 1.2, 0.0)
    force[:4] = (0.8, -0.7, 0.6, 0.7)
    noise = (force == 0) & (np.arange(len(NAMES)) > 3)
    odds = intercept + strength * (features @ force - force[list(map(_is_count, NAMES))].sum())
    odds += 0.6 * features[:, 1] * features[:, 2]
    probability = expit(odds)
    label = (chance.random(requests) < probability).astype(float)
    features[(chance.random(features.shape) < 0.05) & noise] = np.nan
    value = chance.lognormal(4.0, 0.6, requests).clip(5, 400)
    return Shop(features, probability, label, value)


def _column(requests: int, seed: int, name: str) -> NDArray[np.float64]:
    chance = np.random.default_rng([seed, crc32(name.encode())])
    if _is_count(name):
        return chance.poisson(1.0, requests).astype(float)
    return chance.standard_normal(requests)


def _is_count(name: str) -> bool:
    """Every third feature or so counts something."""
    return crc32(name.encode()) % 3 == 0


def frame(shop: Shop, *, days: int = 300, labelled_after: int = 10) -> pl.DataFrame:
    """A training frame of a shop whose requests come evenly over the days, all inspected after `labelled_after`."""
    requests = len(shop.label)
    times = [FIRST_DAY + timedelta(days=days) * (i / requests) for i in range(requests)]
    return pl.DataFrame(
        {
            "rma": [f"R{i:07d}" for i in range(requests)],
            "requested_at": pl.Series(times, dtype=pl.Datetime("us", "UTC")),
            **dict(zip(NAMES, shop.features.T, strict=True)),
            "label": pl.Series(shop.label.astype(np.int8)),
            "weight": np.ones(requests),
            "certifying_weight": np.ones(requests),
            "labelled_at": pl.Series(
                [time + timedelta(days=labelled_after) for time in times],
                dtype=pl.Datetime("us", "UTC"),
            ),
            "finding": pl.Series([None] * requests, dtype=pl.Int8),
            "found_at": pl.Series([None] * requests, dtype=pl.Datetime("us", "UTC")),
            "value": shop.value,
            "is_eligible": np.ones(requests, dtype=bool),
        }
    ).with_columns(pl.col(NAMES).fill_nan(None))


def with_findings(record: pl.DataFrame, share: float, seed: int) -> pl.DataFrame:
    """The record with only this share of its labels: of the others a basic inspection found half of what is bad."""
    chance = np.random.default_rng([seed, 2])
    is_known = pl.Series(chance.random(len(record)) < share)
    escapes = pl.Series(chance.random(len(record)) < 0.5)
    found = pl.when(escapes).then(pl.lit(0, dtype=pl.Int8)).otherwise(pl.col("label"))
    return record.with_columns(
        pl.when(is_known).then("label").alias("label"),
        pl.when(is_known).then("labelled_at").alias("labelled_at"),
        pl.when(~is_known).then(found).alias("finding"),
        pl.when(~is_known).then("labelled_at").alias("found_at"),
    )


def small_model(
    seed: int = 0, requests: int = 3000, trees: int = 25
) -> tuple[Grown, dict[str, Any], Shop]:
    """A model of all stages grown on a small shop, its document, and the shop. Half are labelled, the rest is hints."""
    made = shop(requests, seed)
    record = with_findings(frame(made), 0.5, seed)
    as_of = FIRST_DAY + timedelta(days=400)
    grown = grow(
        examples_of(record, as_of), divide(record, as_of, Plan()).last, Shape(trees=trees), seed
    )
    return grown, export.to_document(grown), made
