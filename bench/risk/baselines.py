"""What else could decide the same applications: the usual ways, each with the labels that the product has."""

from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from bench.risk.cases import Flags, Floats, features_of
from models.risk.train import Trained

_TUNED_ON = 0.2  # the latest labels, by which a threshold is tuned


def approved_by_logistic(known: pl.DataFrame, later: Floats, cap: float, seed: int) -> Flags:
    """Logistic regression on the older labels, its threshold tuned on the later ones."""
    model = make_pipeline(
        FunctionTransformer(_squeezed),
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=0.1, max_iter=500, random_state=seed),
    )
    cut = round(len(known) * (1 - _TUNED_ON))
    features, label = features_of(known), known["label"].to_numpy()
    model.fit(features[:cut], label[:cut])
    tuned = tuned_threshold(model.decision_function(features[cut:]), label[cut:], cap)
    return np.asarray(model.decision_function(later) <= tuned)


def approved_by_half(known: pl.DataFrame, later: Floats, seed: int) -> Flags:
    """Gradient-boosted trees as they come, approving whatever is more probably honest than not."""
    model: Any = HistGradientBoostingClassifier(categorical_features=None, random_state=seed)
    model.fit(features_of(known), known["label"].to_numpy())
    return np.asarray(model.predict_proba(later)[:, 1] < 0.5)


def tuned_share(trained: Trained, cap: float) -> float:
    """The largest share whose abuse rate was seen to keep the cap among the product's own judged labels, without a bound."""
    seen = trained.judged.filter(pl.col("label").is_not_null(), ~pl.col("is_test")).sort("rank")
    if seen.is_empty():
        return 0.0
    rate = (seen["label"] * seen["weight"]).cum_sum() / seen["weight"].cum_sum()
    kept = seen.filter(rate <= cap)["rank"]
    return float(kept[-1]) if len(kept) else 0.0


def tuned_threshold(score: Floats, label: Floats, cap: float) -> float:
    """The highest score up to which the abuse rate was seen to keep the cap; minus infinity for none."""
    order = np.argsort(score, kind="stable")
    rate = np.cumsum(label[order]) / np.arange(1, len(order) + 1)
    kept = np.flatnonzero(rate <= cap)
    return float(score[order[kept[-1]]]) if len(kept) else float("-inf")


def _squeezed(features: Floats) -> Floats:
    return np.asarray(np.sign(features) * np.log1p(np.abs(features)))
