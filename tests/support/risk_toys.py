"""Small shops for the tests of the risk model: made-up requests whose true probability of abuse is known."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier

from models.risk import calibrate, export
from models.risk.features import FEATURES, NAMES

FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Shop:
    """Requests (n, F) with the true probability of abuse (n,) of each and what came out (n,)."""

    features: NDArray[np.float64]
    probability: NDArray[np.float64]
    label: NDArray[np.float64]
    value: NDArray[np.float64]


def shop(requests: int, seed: int, *, strength: float = 1.0, intercept: float = -4.6) -> Shop:
    """Requests of which about 9 % are abusive; the better half of the features tells, the others are noise."""
    chance = np.random.default_rng(seed)
    features = chance.standard_normal((requests, len(NAMES)))
    features[:, ::3] = chance.poisson(1.0, (requests, len(NAMES[::3])))
    directions = np.array([each.monotone for each in FEATURES], dtype=float)
    force = np.where(np.cumsum(directions != 0) <= 6, directions * 1.2, 0.0)
    force[:4] = (0.8, -0.7, 0.6, 0.7)
    noise = (force == 0) & (np.arange(len(NAMES)) > 3)
    odds = intercept + strength * (features @ force - force[::3].sum())
    odds += 0.6 * features[:, 1] * features[:, 2]
    probability = expit(odds)
    label = (chance.random(requests) < probability).astype(float)
    features[(chance.random(features.shape) < 0.05) & noise] = np.nan
    value = chance.lognormal(4.0, 0.6, requests).clip(5, 400)
    return Shop(features, probability, label, value)


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
            "labelled_at": pl.Series(
                [time + timedelta(days=labelled_after) for time in times],
                dtype=pl.Datetime("us", "UTC"),
            ),
            "value": shop.value,
            "is_eligible": np.ones(requests, dtype=bool),
        }
    ).with_columns(pl.col(NAMES).fill_nan(None))


def small_model(
    seed: int = 0, requests: int = 3000, trees: int = 25
) -> tuple[HistGradientBoostingClassifier, dict[str, Any], Shop]:
    """A classifier trained on a small shop, its document, and the shop."""
    made = shop(requests, seed)
    classifier = HistGradientBoostingClassifier(
        max_iter=trees, early_stopping=False, random_state=seed, categorical_features=None
    ).fit(made.features, made.label)
    raw = classifier._raw_predict(made.features)[:, 0]
    calibration = calibrate.fit_form("logistic", raw, made.label, np.ones(requests))
    return classifier, export.to_document(classifier, calibration), made
