"""How good a model is, measured on requests that came after everything it learned from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score

from models.risk.arrays import Floats
from models.risk.calibrate import log_loss
from models.risk.features import NAMES

_RESAMPLES = 200
_MOST_ROWS = 20_000
BINS = 10


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its central 95 % interval by bootstrap."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Metrics:
    """On the test window (the last block), weighted; None where there is no test window with both kinds of labels.

    `calibration_error`: the mean gap between predicted and found rate over tenths of the requests, weighted by size.
    """

    labels: int
    positives: int
    base_rate: float | None
    auc: Interval | None
    log_loss: float | None
    brier: float | None
    calibration_error: Interval | None


def measure(judged: pl.DataFrame, seed: int) -> Metrics:
    """Measure the judged requests of the test window; see `Trained.judged`."""
    test = judged.filter(pl.col("is_test"), pl.col("label").is_not_null())
    score, label, weight = (test[name].to_numpy() for name in ("score", "label", "weight"))
    positives = int(label.sum())
    if not 0 < positives < len(label):
        return Metrics(len(label), positives, None, None, None, None, None)
    return Metrics(
        labels=len(label),
        positives=positives,
        base_rate=float(np.average(label, weights=weight)),
        auc=_bootstrapped(auc, score, label, weight, seed),
        log_loss=log_loss(score, label, weight),
        brier=float(np.average((score - label) ** 2, weights=weight)),
        calibration_error=_bootstrapped(calibration_error, score, label, weight, seed),
    )


def auc(score: Floats, label: Floats, weight: Floats) -> float:
    """The chance that an abusive request scores higher than an honest one."""
    return float(roc_auc_score(label, score, sample_weight=weight))


def calibration_error(score: Floats, label: Floats, weight: Floats) -> float:
    """The mean absolute gap between predicted and found rates over tenths."""
    table = reliability(score, label, weight)
    gaps = (table["predicted"] - table["found"]).abs()
    return float(np.average(gaps.to_numpy(), weights=table["weight"].to_numpy()))


def reliability(score: Floats, label: Floats, weight: Floats) -> pl.DataFrame:
    """Tenths of the requests from low to high scores: `predicted, found, weight, labels`."""
    order = np.argsort(score, kind="stable")
    tenth = np.arange(len(score)) * BINS // max(len(score), 1)
    return (
        pl.DataFrame(
            {"tenth": tenth, "p": score[order], "y": label[order], "weight": weight[order]}
        )
        .group_by("tenth")
        .agg(
            ((pl.col("p") * pl.col("weight")).sum() / pl.col("weight").sum()).alias("predicted"),
            ((pl.col("y") * pl.col("weight")).sum() / pl.col("weight").sum()).alias("found"),
            pl.col("weight").sum(),
            pl.len().alias("labels"),
        )
        .sort("tenth")
        .drop("tenth")
    )


def importance(
    raw: Callable[[Floats], Floats],
    features: Floats,
    label: Floats,
    weight: Floats,
    seed: int,
) -> list[tuple[str, float]]:
    """How much AUC is lost when a feature is shuffled among the test requests (Breiman 2001); largest first."""
    if not 0 < label.sum() < len(label):
        return []
    chance = np.random.default_rng(seed)
    rows = chance.permutation(len(label))[:_MOST_ROWS]
    features, label, weight = features[rows].copy(), label[rows], weight[rows]
    if not 0 < label.sum() < len(label):
        return []
    whole = auc(raw(features), label, weight)
    lost = []
    for column, name in enumerate(NAMES):
        kept = features[:, column].copy()
        features[:, column] = chance.permutation(kept)
        lost.append((name, whole - auc(raw(features), label, weight)))
        features[:, column] = kept
    return sorted(lost, key=lambda one: (-one[1], one[0]))


def _bootstrapped(
    measured: Callable[[Floats, Floats, Floats], float],
    score: Floats,
    label: Floats,
    weight: Floats,
    seed: int,
) -> Interval:
    """A measure with its interval, on at most 20,000 requests a resample."""
    chance = np.random.default_rng(seed)
    size = min(len(label), _MOST_ROWS)
    found = []
    for _ in range(_RESAMPLES):
        rows = chance.integers(0, len(label), size)
        if 0 < label[rows].sum() < size:
            found.append(measured(score[rows], label[rows], weight[rows]))
    value = measured(score, label, weight)
    spread = (np.array(found) - value) * np.sqrt(size / len(label)) if found else np.zeros(1)
    low, high = np.quantile(spread, (0.025, 0.975))
    return Interval(value, value + float(low), value + float(high))
