"""An exported model on many applications at once, and what an order of applications is worth under a cap."""

from typing import Any

import numpy as np

from bench.risk.cases import Flags, Floats
from models.risk.linear import Linear


def scores(document: dict[str, Any], features: Floats) -> Floats:
    """The calibrated probabilities (n,) that a model's document gives to features (n, F), as `models.risk.score` does."""
    hint = _forest(document["hint"], features) if document["hint"] else None
    added_up = Linear.read(document["regression"]).raw(features, hint)
    total = 0.5 * (added_up + _forest(document, np.column_stack([features, added_up])))
    knots = document["calibration"]
    return np.asarray(np.interp(total, knots["x"], knots["y"]))


def _forest(document: dict[str, Any], features: Floats) -> Floats:
    total = np.full(len(features), document["baseline"])
    rows = np.arange(len(features))
    for tree in document["trees"]:
        total += _leaves(tree, features, rows)
    return total


def rates(chosen: Flags, abusive: Floats, value: Floats) -> tuple[float, float]:
    """The share of abuse among the chosen ones, by count and by amount; 0 where nothing is chosen."""
    if not chosen.any():
        return 0.0, 0.0
    return float(abusive[chosen].mean()), float(
        np.average(abusive[chosen], weights=value[chosen] + 1e-9)
    )


def coverage(score: Floats, abusive: Floats, value: Floats, cap: float, amount_cap: float) -> float:
    """The largest share of applications from the lowest score up that keeps both caps, when one knows what is abusive."""
    order = np.argsort(score, kind="stable")
    bad, worth = abusive[order], value[order] + 1e-9
    by_count = np.cumsum(bad) / np.arange(1, len(bad) + 1)
    by_amount = np.cumsum(bad * worth) / np.cumsum(worth)
    kept = np.flatnonzero((by_count <= cap) & (by_amount <= amount_cap))
    return float(kept[-1] + 1) / len(score) if len(kept) else 0.0


def _leaves(tree: dict[str, list[Any]], features: Floats, rows: Any) -> Floats:
    feature, left, right = (np.array(tree[name]) for name in ("feature", "left", "right"))
    unknown_left, value = np.array(tree["missing_left"]), np.array(tree["value"])
    threshold = np.array([np.inf if one is None else one for one in tree["threshold"]])
    node = np.zeros(len(rows), dtype=np.int64)
    going = rows[feature[node] >= 0]
    while len(going):
        at = node[going]
        seen = features[going, feature[at]]
        goes_left = (seen <= threshold[at]) | (np.isnan(seen) & (unknown_left[at] != 0))
        node[going] = np.where(goes_left, left[at], right[at])
        going = going[feature[node[going]] >= 0]
    return np.asarray(value[node])
