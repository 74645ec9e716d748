"""From raw score to probability, learned on requests later than those that grew the trees.

Two forms are tried and the better one by held-out log loss is taken: logistic (Platt 1999), which needs little, and
isotonic (Zadrozny & Elkan 2002), which follows any rising curve. Either becomes knots with straight lines between.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from models.risk.arrays import Floats

Form = Literal["logistic", "isotonic"]
_FOLDS = 5
_LOGISTIC_KNOTS = 201
_BEYOND = 1.0  # log-odds beyond the raw scores that were seen
_LEAST_PROBABILITY = 1e-5
_LEAST_BLOCK = 30.0  # labels that an isotonic step must rest on


@dataclass(frozen=True, slots=True)
class Calibration:
    """Knots of a rising, piecewise linear map: `x` raw scores (K,), `y` probabilities (K,); flat beyond the ends."""

    form: Form
    x: Floats
    y: Floats

    def apply(self, raw: Floats) -> Floats:
        """Probabilities (n,) of raw scores (n,)."""
        probability: Floats = np.interp(raw, self.x, self.y)
        return probability


def fit(raw: Floats, label: Floats, weight: Floats) -> Calibration:
    """The better of the two forms for raw scores, labels 0 or 1 and weights, each (n,) in order of time.

    The comparison is by folds that are stretches of time, so that neighbours in time do not help each other.
    """
    losses = {form: _held_out_loss(form, raw, label, weight) for form in ("logistic", "isotonic")}
    best: Form = "isotonic" if losses["isotonic"] < losses["logistic"] else "logistic"
    return fit_form(best, raw, label, weight)


def fit_form(form: Form, raw: Floats, label: Floats, weight: Floats) -> Calibration:
    """One form's map. Both keep a rising slope throughout, so that no two scores become one."""
    if form == "logistic":
        return _logistic(raw, label, weight)
    return _isotonic(raw, label, weight)


def log_loss(probability: Floats, label: Floats, weight: Floats) -> float:
    """Mean weighted log loss of probabilities (n,) against labels (n,)."""
    sure = np.clip(probability, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    losses = -(label * np.log(sure) + (1 - label) * np.log1p(-sure))
    return float(np.average(losses, weights=weight))


def _held_out_loss(form: Form, raw: Floats, label: Floats, weight: Floats) -> float:
    fold = np.arange(len(raw)) * _FOLDS // max(len(raw), 1)
    probability = np.empty(len(raw))
    for one in range(_FOLDS):
        rest = fold != one
        if not _has_both(label[rest]):
            return float("inf")
        held = fit_form(form, raw[rest], label[rest], weight[rest])
        probability[~rest] = held.apply(raw[~rest])
    return log_loss(probability, label, weight)


def _logistic(raw: Floats, label: Floats, weight: Floats) -> Calibration:
    """Slope and intercept by maximum likelihood, drawn towards the raw score itself (slope 1, intercept 0).

    The pull is worth two labels, one of each kind at the middle (Platt's own smoothing); the slope stays above zero.
    """
    weight = weight / weight.mean()

    def loss(parameters: Floats) -> float:
        odds = np.exp(parameters[0]) * raw + parameters[1]
        fit = float(np.sum(weight * (np.logaddexp(0, odds) - label * odds)))
        return fit + float(parameters[0] ** 2 + parameters[1] ** 2)

    slope, intercept = minimize(loss, np.zeros(2), method="L-BFGS-B").x
    x = np.linspace(raw.min() - _BEYOND, raw.max() + _BEYOND, _LOGISTIC_KNOTS)
    return Calibration("logistic", x, expit(np.exp(slope) * x + intercept))


def _isotonic(raw: Floats, label: Floats, weight: Floats) -> Calibration:
    """Pooled steps, each a knot at its mean raw score; the ends go on to the outermost scores with half a label more.

    Steps of fewer than 30 labels are pooled with their neighbours: the outermost ones would else be 0 and 1.
    """
    order = np.argsort(raw, kind="stable")
    raw, label, weight = raw[order], label[order], weight[order]
    fitted = IsotonicRegression().fit_transform(raw, label, sample_weight=weight)
    step = _steps(fitted, raw)
    size = np.bincount(step, weights=weight)
    x = np.bincount(step, weights=weight * raw) / size
    rate = np.bincount(step, weights=weight * label) / size
    count = np.bincount(step)
    y = np.maximum.accumulate((rate * count + 0.5 * label.mean()) / (count + 0.5))
    low, high = raw[0] - _BEYOND, raw[-1] + _BEYOND
    x = np.concatenate([[min(low, x[0] - _BEYOND)], x, [max(high, x[-1] + _BEYOND)]])
    y = np.concatenate([[y[0] / 2], y, [(1 + y[-1]) / 2]])
    return Calibration("isotonic", x, _rising(y))


def _steps(fitted: Floats, raw: Floats) -> NDArray[np.int64]:
    """Numbers of the pooled steps (n,), each of at least 30 labels, equal raw scores in one."""
    changes = np.flatnonzero((np.diff(fitted) > 0) & (np.diff(raw) > 0)) + 1
    starts = [0]
    for change in changes:
        if change - starts[-1] >= _LEAST_BLOCK and len(fitted) - change >= _LEAST_BLOCK:
            starts.append(int(change))
    step = np.zeros(len(fitted), dtype=np.int64)
    step[starts[1:]] = 1
    return np.cumsum(step)


def _rising(y: Floats) -> Floats:
    """The same levels with each a hair above the one before, so that the map loses no order."""
    rising: Floats = y + np.arange(len(y)) * 1e-9
    return rising


def _has_both(label: Floats) -> bool:
    return bool(0 < label.sum() < len(label))
