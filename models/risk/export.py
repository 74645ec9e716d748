"""A trained model as plain numbers: the trees of scikit-learn as flat arrays, the regression's terms, and the calibration's knots.

JSON keeps doubles exactly (shortest digits that give the same double again), so nothing is lost on the way.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from models.risk import golden
from models.risk.arrays import Floats
from models.risk.features import NAMES
from models.risk.grow import Grown
from models.risk.score import Model, from_document

_GOLDEN_SAMPLE = 200


def to_document(grown: Grown) -> dict[str, Any]:
    """The content of `model.json`. Raises ValueError for a classifier with categorical splits or several classes."""
    knots = grown.calibration
    return {
        "hint": None if grown.hint is None else _forest(grown.hint),
        "regression": grown.regression.to_document(),
        **_forest(grown.classifier),
        "calibration": {"x": knots.x.tolist(), "y": knots.y.tolist()},
    }


def to_golden(grown: Grown, document: dict[str, Any], sample: Floats, seed: int) -> golden.Golden:
    """Golden rows: requests of the sample (n, F), the same with what is known hidden by chance, and extremes.

    The raw scores are those of training, the trees' of scikit-learn; the probabilities are the calibration of those.
    """
    chance = np.random.default_rng(seed)
    rows = sample[chance.permutation(len(sample))[:_GOLDEN_SAMPLE]]
    hidden = np.where(chance.random(rows.shape) < 0.3, np.nan, rows)
    vectors = np.vstack([rows, hidden, _extremes(sample.shape[1], chance)])
    raw = [float(one) for one in grown.raw(vectors)]
    model = unsaved(document)
    return golden.Golden(
        golden.vectors_of(vectors.tolist()), tuple(raw), tuple(model.calibrate(one) for one in raw)
    )


def unsaved(document: dict[str, Any], threshold: float | None = None) -> Model:
    """The scorer of a model that has no folder yet."""
    manifest = {"version": "unsaved", "features": list(NAMES), "threshold": threshold}
    return from_document(document, manifest)


def _extremes(features: int, chance: np.random.Generator) -> Floats:
    """All unknown, all zero, all huge, all tiny, and mixtures of those."""
    values = np.array([np.nan, 0.0, 1e300, -1e300, 1e-300])
    plain = np.tile(values[:, None], (1, features))
    mixed: Floats = values[chance.integers(0, len(values), size=(_GOLDEN_SAMPLE, features))]
    return np.vstack([plain, mixed])


def _forest(classifier: HistGradientBoostingClassifier) -> dict[str, Any]:
    if classifier.n_trees_per_iteration_ != 1:
        raise ValueError(f"two classes are needed, not {len(classifier.classes_)}")
    return {
        "baseline": float(classifier._baseline_prediction[0, 0]),
        "trees": [_tree(predictors[0].nodes) for predictors in classifier._predictors],
    }


def _tree(nodes: NDArray[Any]) -> dict[str, list[Any]]:
    """Arrays of one tree, a node each, parents before children; a leaf's feature is -1, an endless threshold null."""
    if nodes["is_categorical"].any():
        raise ValueError("a split on categories cannot be exported: encode them as numbers")
    leaf = nodes["is_leaf"].astype(bool)
    thresholds = nodes["num_threshold"].tolist()
    return {
        "feature": np.where(leaf, -1, nodes["feature_idx"]).tolist(),
        "threshold": [one if np.isfinite(one) else None for one in thresholds],
        "left": np.where(leaf, 0, nodes["left"]).tolist(),
        "right": np.where(leaf, 0, nodes["right"]).tolist(),
        "missing_left": nodes["missing_go_to_left"].tolist(),
        "value": nodes["value"].tolist(),
        "count": nodes["count"].tolist(),
    }
