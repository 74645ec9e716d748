"""How fast the risk model answers and learns, beside scikit-learn asked for one row, and what learning from a million takes."""

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from bench.child import in_own_process
from bench.figures import Figure
from bench.risk.cases import (
    CASES,
    OPENED,
    Size,
    features_of,
    played,
    risk_rules,
    scenario_of,
    with_labels,
)
from models.risk import export
from models.risk.score import Model
from models.risk.train import train

_SHOP = Size(before_days=0, learning_days=240, later_days=30, orders_per_day=400.0)
_MANY = 1_000_000
_ASKED = 5_000
_INSPECTED = 0.5  # of the applications in full, the others as usual
_ASKED_BASELINE = 300


def figures(many: int = _MANY, size: Size = _SHOP) -> list[Figure]:
    """Score and reasons of single requests; training on many requests, drawn with replacement from a played shop's."""
    is_asked = many >= _MANY
    with tempfile.TemporaryDirectory() as folder:
        shop, large = Path(folder) / "shop.parquet", Path(folder) / "large.parquet"
        _labelled_shop(size).write_parquet(shop)
        single = in_own_process(_answers, shop, size).answer
        _many_of(pl.read_parquet(shop), many).write_parquet(large)
        learned = in_own_process(_learn, large, size)
        plain = in_own_process(_learn_plainly, large)
    return [
        Figure("risk score, p99", single["score"], "ms", "≤ 1 ms"),
        Figure("risk score with its reasons, p99", single["explain"], "ms", "≤ 5 ms"),
        Figure("scikit-learn asked for one row, p99 (baseline)", single["baseline"], "ms"),
        Figure("risk score ÷ scikit-learn, p99", single["score"] / single["baseline"], "×"),
        Figure(f"training on {many:,} requests", learned.seconds, "s", "≤ 180 s" * is_asked),
        Figure("  peak memory of that", learned.peak_gib, "GiB", "≤ 4 GiB" * is_asked),
        Figure("the same trees alone, uncertified (baseline)", plain.seconds, "s"),
        Figure("training ÷ the trees alone, time", learned.seconds / plain.seconds, "×"),
    ]


def _labelled_shop(size: Size) -> pl.DataFrame:
    applications = played(scenario_of(CASES[1]), 1, size.days, size.orders_per_day)
    inspected = np.random.default_rng(1).random(len(applications)) < _INSPECTED
    return with_labels(applications, inspected, np.ones(len(applications)))


def _many_of(frame: pl.DataFrame, many: int) -> pl.DataFrame:
    drawn = frame.sample(many, with_replacement=True, seed=1).sort("requested_at")
    return drawn.with_columns(rma=pl.concat_str(pl.lit("r"), pl.int_range(pl.len())))


def _answers(shop: Path, size: Size) -> dict[str, float]:
    frame = pl.read_parquet(shop)
    trained = train(frame, size.as_of, risk_rules(), 1, explain=False)
    model = export.unsaved(trained.document)
    features = features_of(frame)[-_ASKED:]
    vectors = [[None if value != value else value for value in row] for row in features.tolist()]
    return {
        "score": _p99(model.score, vectors),
        "explain": _p99(_scored_with_reasons(model), vectors),
        "baseline": _scikit_learn(trained.document, frame),
    }


def _scored_with_reasons(model: Model) -> Callable[[list[float | None]], object]:
    return lambda vector: (model.score(vector), model.explain(vector))


def _scikit_learn(document: dict[str, Any], frame: pl.DataFrame) -> float:
    """One row by `predict_proba` of a classifier with as many trees, on one thread."""
    known = frame.filter(pl.col("label").is_not_null())
    classifier = HistGradientBoostingClassifier(
        max_iter=len(document["trees"])
        + len(document["hint"]["trees"] if document["hint"] else ()),
        max_leaf_nodes=6,
        early_stopping=False,
        categorical_features=None,
    )
    with threadpool_limits(1):
        classifier.fit(features_of(known), known["label"].to_numpy())
        rows = [row[None, :] for row in features_of(frame)[-_ASKED_BASELINE:]]
        return _p99(classifier.predict_proba, rows)


def _p99(work: Callable[[Any], object], inputs: list[Any]) -> float:
    """The 99th percentile of the milliseconds that a call takes, after some to warm up."""
    for each in inputs[:50]:
        work(each)
    took = []
    for each in inputs:
        started = time.perf_counter()
        work(each)
        took.append(time.perf_counter() - started)
    return float(np.quantile(took, 0.99)) * 1000


def _learn(large: Path, size: Size) -> int:
    as_of = OPENED + timedelta(days=size.days)
    return len(
        train(pl.read_parquet(large), as_of, risk_rules(), 1, explain=False).document["trees"]
    )


def _learn_plainly(large: Path) -> int:
    known = pl.read_parquet(large).filter(pl.col("label").is_not_null())
    classifier = HistGradientBoostingClassifier(
        max_iter=200, max_leaf_nodes=16, categorical_features=None
    )
    return int(classifier.fit(features_of(known), known["label"].to_numpy()).n_iter_)
