"""One model: gradient-boosted trees on the older requests of a lesson, stopped and calibrated by the later ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from models.risk import calibrate
from models.risk.calibrate import Calibration, Floats
from models.risk.features import FEATURES
from models.risk.split import Lesson, Rows

LEAST_OF_EACH = 20  # abusive and honest labels, below which trees learn nothing
LEAST_TO_CALIBRATE = 3
_PATIENCE = 20
_FEW = 50_000  # rows up to which one thread is the fastest
_ENOUGH = 250_000  # rows beyond which more of them teach next to nothing


@dataclass(frozen=True, slots=True)
class Shape:
    """How trees are grown: the few choices that are worth trying."""

    leaves: int = 6
    learning_rate: float = 0.08
    least_in_leaf: int = 30
    trees: int = 400


SHAPES = (Shape(), Shape(leaves=3, learning_rate=0.1))
LARGE = Shape(leaves=16, learning_rate=0.12, least_in_leaf=80, trees=200)


@dataclass(frozen=True, slots=True)
class Examples:
    """Requests as arrays: features (n, F) with NaN for unknown, labels (n,) with NaN for unknown, weights (n,)."""

    features: Floats
    label: Floats
    weight: Floats


@dataclass(frozen=True, slots=True)
class Grown:
    """A classifier and its calibration."""

    classifier: HistGradientBoostingClassifier
    calibration: Calibration

    def raw(self, features: Floats) -> Floats:
        """Log-odds (n,) of requests (n, F)."""
        with threadpool_limits(_threads(len(features))):
            found: Floats = self.classifier._raw_predict(features)[:, 0]
        return found

    def score(self, features: Floats) -> Floats:
        """Calibrated probabilities (n,) of requests (n, F)."""
        return self.calibration.apply(self.raw(features))


class _Classifier(HistGradientBoostingClassifier):  # type: ignore[misc]
    """The classifier with bins by plain quantiles: by weighted ones they take ten times as long as the trees."""

    def _bin_data(self, X: Floats, sample_weight: object, is_training_data: bool) -> Any:  # noqa: N803
        return super()._bin_data(X, None, is_training_data)


def can_learn(examples: Examples, lesson: Lesson) -> bool:
    """Whether a lesson has labels of both kinds enough, for trees and for calibration."""
    return all(
        min(examples.label[rows].sum(), (1 - examples.label[rows]).sum()) >= least
        for rows, least in ((lesson.train, LEAST_OF_EACH), (lesson.calibrate, LEAST_TO_CALIBRATE))
    )


def grow(examples: Examples, lesson: Lesson, shape: Shape, seed: int) -> Grown:
    """Train on a lesson; `can_learn` must hold."""
    older, later = lesson.train, lesson.calibrate
    examples, older = _thinned(examples, older, seed)
    classifier = _Classifier(
        learning_rate=shape.learning_rate,
        max_leaf_nodes=shape.leaves,
        min_samples_leaf=shape.least_in_leaf,
        max_iter=shape.trees,
        l2_regularization=5.0,
        max_features=0.4,
        monotonic_cst=[feature.monotone for feature in FEATURES],
        categorical_features=None,
        early_stopping=True,
        n_iter_no_change=_PATIENCE,
        random_state=seed,
    )
    with threadpool_limits(_threads(len(older))):
        classifier.fit(
            _splittable(examples.features[older]),
            examples.label[older],
            _even(examples.weight[older]),
            X_val=examples.features[later],
            y_val=examples.label[later],
            sample_weight_val=_even(examples.weight[later]),
        )
        raw = classifier._raw_predict(examples.features[later])[:, 0]
    return Grown(classifier, calibrate.fit(raw, examples.label[later], examples.weight[later]))


def best_shape(examples: Examples, lesson: Lesson, shapes: tuple[Shape, ...], seed: int) -> Shape:
    """The shape with the least log loss on the lesson's later requests; with many requests, one known to do."""
    if len(shapes) == 1:
        return shapes[0]
    if len(lesson.train) > _FEW:
        return LARGE
    return min(shapes, key=lambda shape: _loss(examples, lesson, shape, seed))


def _thinned(examples: Examples, rows: Rows, seed: int) -> tuple[Examples, Rows]:
    """At most 250,000 rows: the abusive ones, and by chance as many of the honest as fit, each counted for more."""
    if len(rows) <= _ENOUGH:
        return examples, rows
    chance = np.random.default_rng(seed)
    weight = examples.weight.copy()
    kept = []
    for label, most in ((1.0, _ENOUGH // 2), (0.0, _ENOUGH // 2)):
        those = rows[examples.label[rows] == label]
        taken = chance.permutation(those)[:most]
        weight[taken] *= len(those) / max(len(taken), 1)
        kept.append(taken)
    return Examples(examples.features, examples.label, weight), np.sort(np.concatenate(kept))


def _loss(examples: Examples, lesson: Lesson, shape: Shape, seed: int) -> float:
    later = lesson.calibrate
    grown = grow(examples, lesson, shape, seed)
    odds = grown.raw(examples.features[later])
    label = examples.label[later]
    losses = np.logaddexp(0, odds) - label * odds
    return float(np.average(losses, weights=examples.weight[later]))


def _splittable(features: Floats) -> Floats:
    """Requests (n, F) with zeros where nothing is known of a feature in any of them: scikit-learn bins no empty column, and
    no tree can split on one of a single value.
    """
    unknown = np.isnan(features).all(axis=0)
    return np.where(unknown, 0.0, features) if unknown.any() else features


def _even(weight: Floats) -> Floats:
    even: Floats = weight / weight.mean()
    return even


def _threads(rows: int) -> int | None:
    return 1 if rows <= _FEW else None
