"""How many times as often as expected a product comes back, and how sure that is.

Incidents are Poisson about lift x expected; the lifts of a shop's products follow a distribution of their own, which
the shop's record teaches (empirical Bayes: DuMouchel, The American Statistician 53, 1999). Its form is left free:
a mixture of bumps on the scale of doublings, fitted by maximum likelihood (Kiefer & Wolfowitz 1956; Koenker & Mizera,
JASA 109, 2014), so that a few wild products neither spread out the ordinary ones nor are pulled in by them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.products.expected import Floats

_DOUBLINGS = np.linspace(-5.0, 6.0, 265)  # lifts from 1/32 to 64, 24 points each doubling
LIFTS: Floats = 2.0**_DOUBLINGS
_CENTRES = np.arange(-4.5, 5.51, 0.5)
_BUMPS = np.exp(-2.0 * (_DOUBLINGS - _CENTRES[:, None]) ** 2)
_BUMPS /= _BUMPS.sum(axis=1, keepdims=True)
_USUAL = np.exp(-0.5 * _CENTRES**2)  # before a shop has taught us: most lifts are between 1/2 and 2
_USUAL /= _USUAL.sum()
_USUAL_PRODUCTS = 10.0  # the weight of that belief, in products
_ROUNDS = 400
_SETTLED = 1e-6
_ROWS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class Lifts:
    """Per product (S,): median, bounds of the central interval, and the probability of exceeding the practical lift."""

    lift: Floats
    low: Floats
    high: Floats
    probability: Floats


def fit_priors(incidents: Floats, expected: Floats) -> Floats:
    """What the rest of the shop says of each product's lift: weights of the bumps (S, 21), a row sums to 1.

    `incidents` and `expected` are (S,). A product's own record is taken out again: one that came back three times
    where 0.02 were expected would otherwise teach the shop that such lifts happen, and then prove it.
    """
    seen = expected > 0
    fits = [rows @ _BUMPS.T for rows in _likelihoods(incidents[seen], expected[seen])]
    fit = np.concatenate(fits) if fits else np.empty((0, _CENTRES.size))
    total = len(fit) + _USUAL_PRODUCTS
    weights = _USUAL
    for _ in range(_ROUNDS):
        before = weights
        weights = (_shares(fit, before).sum(axis=0) + _USUAL_PRODUCTS * _USUAL) / total
        if np.abs(weights - before).max() < _SETTLED:
            break
    priors = np.tile(weights, (len(expected), 1))
    priors[seen] = (weights * total - _shares(fit, weights)) / (total - 1)
    rest: Floats = np.maximum(priors, 0.0)
    return rest


def _shares(fit: Floats, weights: Floats) -> Floats:
    """How much of each product is of each bump (S, 21); a row sums to 1."""
    shares: Floats = fit / (fit @ weights)[:, None] * weights
    return shares


def judge(
    priors: Floats, incidents: Floats, expected: Floats, *, practical: float, level: float
) -> Lifts:
    """Each product's lift given its incidents and expected ones (S,); with nothing expected, what its prior says.

    `priors` (S, 21) are those of `fit_priors`.     `practical` is the lift worth acting on, `level` the interval's probability, such as 0.9.
    """
    incidents = np.where(expected > 0, incidents, 0.0)
    tail = (1 - level) / 2
    found = [
        (*_quantiles(below, (0.5, tail, 1 - tail)), 1 - _below(below, practical))
        for below in _distributions(priors, incidents, expected)
    ]
    columns = [np.concatenate(parts) for parts in zip(*found, strict=True)] or [np.empty(0)] * 4
    return Lifts(*columns)


def dispersion(incidents: Floats, expected: Floats) -> float:
    """How much more a product's weekly incidents (S, W) vary than Poisson's would, at least 1.

    Pearson's statistic per degree of freedom (Wedderburn 1974), among products with two incidents or more.
    """
    total, ahead = incidents.sum(axis=1), expected.sum(axis=1)
    several = (total >= 2) & (ahead > 0)
    ratio = total[several] / ahead[several]
    mean = expected[several] * ratio[:, None]
    counted = mean > 0
    freedom = counted.sum() - several.sum()
    gaps = ((incidents[several] - mean)[counted] ** 2 / mean[counted]).sum()
    return max(1.0, float((gaps + _USUAL_PRODUCTS) / (freedom + _USUAL_PRODUCTS)))


def _likelihoods(incidents: Floats, expected: Floats) -> Iterator[Floats]:
    """Blocks of (rows, 265): how likely each lift makes the incidents, relative to the likeliest."""
    for start in range(0, len(incidents), _ROWS_AT_ONCE):
        came = incidents[start : start + _ROWS_AT_ONCE, None]
        ahead = expected[start : start + _ROWS_AT_ONCE, None]
        log = came * np.log(LIFTS) - ahead * LIFTS
        yield np.exp(log - log.max(axis=1, keepdims=True))


def _distributions(priors: Floats, incidents: Floats, expected: Floats) -> Iterator[Floats]:
    """Blocks of (rows, 265): the probability that the lift lies below each of `LIFTS`."""
    for block, likelihood in enumerate(_likelihoods(incidents, expected)):
        start = block * _ROWS_AT_ONCE
        weight = likelihood * (priors[start : start + _ROWS_AT_ONCE] @ _BUMPS)
        weight /= weight.sum(axis=1, keepdims=True)
        yield np.cumsum(weight, axis=1) - weight / 2


def _quantiles(below: Floats, levels: tuple[float, ...]) -> list[Floats]:
    return [_quantile(below, level) for level in levels]


def _quantile(below: Floats, level: float) -> Floats:
    rows = np.arange(len(below))
    right = np.clip((below < level).sum(axis=1), 1, LIFTS.size - 1)
    low, high = below[rows, right - 1], below[rows, right]
    step = np.divide(level - low, high - low, out=np.zeros(len(below)), where=high > low)
    doublings = _DOUBLINGS[right - 1] + np.clip(step, 0, 1) * (_DOUBLINGS[1] - _DOUBLINGS[0])
    quantile: Floats = 2.0**doublings
    return quantile


def _below(below: Floats, lift: float) -> Floats:
    """The probability that the lift lies below one value, between the points of the grid."""
    doublings = float(np.log2(lift))
    right = int(np.clip(np.searchsorted(_DOUBLINGS, doublings), 1, LIFTS.size - 1))
    step = (doublings - _DOUBLINGS[right - 1]) / (_DOUBLINGS[right] - _DOUBLINGS[right - 1])
    between = (1 - step) * below[:, right - 1] + step * below[:, right]
    probability: Floats = np.clip(between, 0.0, 1.0)  # sums of 265 floats end a hair beside 1
    return probability
