"""One model of what a lesson teaches, in three stages, each of which sees what the one before it says.

The *hint*: trees that foretell what a basic inspection finds. Those findings are no labels, for much escapes them (most
claims of faults that are none); but there are many times as many of them, of requests that no label is known of, and who
is caught by the one is often caught by the other. The *regression* (`models.risk.linear`) adds up what is known, the
hint with it. The *trees* take the request and what the regression says of it (in training: regressions that had not
seen it, "stacking": Wolpert 1992), and find what does not add up. The mean of both is the raw score, which the later
requests of the lesson stop and calibrate.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from models.risk import calibrate, linear
from models.risk.arrays import Floats
from models.risk.calibrate import Calibration
from models.risk.features import FEATURES
from models.risk.linear import Linear
from models.risk.rules import LEAST_OF_EACH, LEAST_TO_CALIBRATE
from models.risk.split import Lesson, Rows

_BESIDE_A_BLOCK = (8, 1)  # the same where a block of all labels is left out
_PATIENCE = 20
_FEW = 50_000  # rows up to which one thread is the fastest
_ENOUGH = 250_000  # rows beyond which more of them teach trees next to nothing
_ENOUGH_TO_ADD_UP = 60_000  # ... and a regression
_LEAST_FINDINGS = 60  # of a basic inspection, bad ones: below, no hint
_STOPS_BY = 0.1  # of the findings, the latest
_FOLDS = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """How trees are grown: the few choices that are worth trying."""

    leaves: int = 6
    learning_rate: float = 0.08
    least_in_leaf: int = 30
    trees: int = 400


SHAPES = (Shape(), Shape(leaves=3, learning_rate=0.1))
LARGE = Shape(leaves=16, learning_rate=0.12, least_in_leaf=80, trees=200)
_HINTING = Shape(leaves=12, learning_rate=0.16, least_in_leaf=40)


@dataclass(frozen=True, slots=True)
class Examples:
    """Requests as arrays: features (n, F), labels (n,), findings of basic inspections (n,), all with NaN for unknown;
    weights (n,)."""

    features: Floats
    label: Floats
    weight: Floats
    finding: Floats


@dataclass(frozen=True, slots=True)
class Grown:
    """The stages and the calibration. `hint` is None where too few findings are known. `classifier` takes the features
    and what the regression says, F + 1 columns.
    """

    hint: HistGradientBoostingClassifier | None
    regression: Linear
    classifier: HistGradientBoostingClassifier
    calibration: Calibration

    def raw(self, features: Floats) -> Floats:
        """Log-odds (n,) of requests (n, F)."""
        if len(features) == 0:  # scikit-learn predicts nothing of nothing
            return np.empty(0)
        with threadpool_limits(_threads(len(features))):
            added_up = self.regression.raw(features, _hints(self.hint, features))
            grown = self.classifier._raw_predict(np.column_stack([features, added_up]))[:, 0]
        mean: Floats = 0.5 * (added_up + grown)
        return mean

    def score(self, features: Floats) -> Floats:
        """Calibrated probabilities (n,) of requests (n, F)."""
        return self.calibration.apply(self.raw(features))


@dataclass(frozen=True, slots=True)
class _Led:
    """The stages before the trees, and what the regression says (n,) of the lesson's requests that the trees learn from."""

    hint: HistGradientBoostingClassifier | None
    regression: Linear
    told: Floats


class _Classifier(HistGradientBoostingClassifier):  # type: ignore[misc]
    """The classifier with bins by plain quantiles: by weighted ones they take ten times as long as the trees."""

    def _bin_data(self, X: Floats, sample_weight: object, is_training_data: bool) -> Any:  # noqa: N803
        return super()._bin_data(X, None, is_training_data)


def can_learn(examples: Examples, lesson: Lesson, *, beside_a_block: bool = False) -> bool:
    """Whether a lesson has labels of both kinds enough, to learn from and to calibrate by."""
    least = _BESIDE_A_BLOCK if beside_a_block else (LEAST_OF_EACH, LEAST_TO_CALIBRATE)
    return all(
        min(examples.label[rows].sum(), (1 - examples.label[rows]).sum()) >= enough
        for rows, enough in zip((lesson.train, lesson.calibrate), least, strict=True)
    )


def grow(examples: Examples, lesson: Lesson, shape: Shape, seed: int) -> Grown:
    """Train on a lesson; `can_learn` must hold."""
    return _grown(examples, lesson, shape, _led(examples, lesson, seed), seed)


def grow_best(
    examples: Examples, lesson: Lesson, shapes: tuple[Shape, ...], seed: int
) -> tuple[Shape, Grown]:
    """The shape with the least log loss on the lesson's later requests, and what it grew; with many requests, one known to do."""
    if len(shapes) > 1 and len(lesson.train) > _FEW:
        shapes = (LARGE,)
    led = _led(examples, lesson, seed)
    grown = {shape: _grown(examples, lesson, shape, led, seed) for shape in shapes}
    best = min(grown, key=lambda shape: _loss(examples, lesson, grown[shape]))
    return best, grown[best]


def _led(examples: Examples, lesson: Lesson, seed: int) -> _Led:
    hint = _hint(examples, lesson, seed)
    with threadpool_limits(1):  # more threads wait for each other longer than they add up
        regression, told = _regression(examples, hint, lesson.train, seed)
    return _Led(hint, regression, told)


def _grown(examples: Examples, lesson: Lesson, shape: Shape, led: _Led, seed: int) -> Grown:
    later, hint, regression = lesson.calibrate, led.hint, led.regression
    examples, older, told = _thinned(examples, lesson.train, led.told, seed)
    seen = np.column_stack([examples.features[older], told])
    held = examples.features[later]
    added_up = regression.raw(held, _hints(hint, held))
    classifier = _trees(shape, seed)
    with threadpool_limits(_threads(len(older))):
        classifier.fit(
            _splittable(seen),
            examples.label[older],
            _even(examples.weight[older]),
            X_val=np.column_stack([held, added_up]),
            y_val=examples.label[later],
            sample_weight_val=_even(examples.weight[later]),
        )
    grown = Grown(hint, regression, classifier, _UNFIT)
    calibration = calibrate.fit(grown.raw(held), examples.label[later], examples.weight[later])
    return replace(grown, calibration=calibration)


def _hint(examples: Examples, lesson: Lesson, seed: int) -> HistGradientBoostingClassifier | None:
    """Trees of what basic inspections find, or None where that is hardly known."""
    rows = lesson.findings
    rows = np.sort(np.random.default_rng(seed).permutation(rows)[:_ENOUGH])
    older, later = np.split(rows, [round(len(rows) * (1 - _STOPS_BY))])
    found = examples.finding
    if found[older].sum() < _LEAST_FINDINGS or not 0 < found[later].sum() < len(later):
        return None
    classifier = _trees(_HINTING, seed, takes_regression=False)
    with threadpool_limits(_threads(len(older))):
        classifier.fit(
            _splittable(examples.features[older]),
            found[older],
            X_val=examples.features[later],
            y_val=found[later],
        )
    return classifier


def _hints(hint: HistGradientBoostingClassifier | None, features: Floats) -> Floats | None:
    return None if hint is None else hint._raw_predict(features)[:, 0]


def _regression(
    examples: Examples, hint: HistGradientBoostingClassifier | None, rows: Rows, seed: int
) -> tuple[Linear, Floats]:
    """The regression of these rows (n,), and what it would say of each had it not seen it (n,).

    The rows are left out by thirds of the time, so that neighbours in time do not tell of each other.
    """
    features = examples.features[rows]
    hints = _hints(hint, features)
    label, weight = examples.label[rows], examples.weight[rows]

    def learned(among: Rows) -> Linear:
        taken = np.sort(np.random.default_rng(seed).permutation(among)[:_ENOUGH_TO_ADD_UP])
        known = None if hints is None else hints[taken]
        return linear.fit(features[taken], known, label[taken], weight[taken])

    everything = np.arange(len(rows))
    fold = everything * _FOLDS // max(len(rows), 1)
    told = np.empty(len(rows))
    for one in range(_FOLDS):
        out = fold == one
        known = None if hints is None else hints[out]
        told[out] = learned(everything[~out]).raw(features[out], known)
    return learned(everything), told


def _trees(shape: Shape, seed: int, *, takes_regression: bool = True) -> "_Classifier":
    return _Classifier(
        learning_rate=shape.learning_rate,
        max_leaf_nodes=shape.leaves,
        min_samples_leaf=shape.least_in_leaf,
        max_iter=shape.trees,
        l2_regularization=5.0,
        max_features=0.4,
        monotonic_cst=[*(each.monotone for each in FEATURES), *([1] if takes_regression else [])],
        categorical_features=None,
        early_stopping=True,
        n_iter_no_change=_PATIENCE,
        random_state=seed,
    )


def _thinned(
    examples: Examples, rows: Rows, told: Floats, seed: int
) -> tuple[Examples, Rows, Floats]:
    """At most 250,000 rows: the abusive ones, and by chance as many of the honest as fit, each counted for more."""
    if len(rows) <= _ENOUGH:
        return examples, rows, told
    chance = np.random.default_rng(seed)
    weight = examples.weight.copy()
    kept = []
    for label, most in ((1.0, _ENOUGH // 2), (0.0, _ENOUGH // 2)):
        those = np.flatnonzero(examples.label[rows] == label)
        taken = chance.permutation(those)[:most]
        weight[rows[taken]] *= len(those) / max(len(taken), 1)
        kept.append(taken)
    places = np.sort(np.concatenate(kept))
    return replace(examples, weight=weight), rows[places], told[places]


def _loss(examples: Examples, lesson: Lesson, grown: Grown) -> float:
    later = lesson.calibrate
    odds = grown.raw(examples.features[later])
    label = examples.label[later]
    losses = np.logaddexp(0, odds) - label * odds
    return float(np.average(losses, weights=examples.weight[later]))


_UNFIT = Calibration("logistic", np.array([-1.0, 1.0]), np.array([0.0, 1.0]))


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
