"""How many times as often as expected a product comes back, and how sure that is."""

from dataclasses import dataclass

import numpy as np

from models.products.record import Floats

_DOUBLINGS = np.linspace(-4.0, 6.0, 161)  # lifts from 1/16 to 64, 16 points each doubling
_LIFTS: Floats = 2.0**_DOUBLINGS
# Before anything has come back of a product: nine of ten are ordinary, the others lie within two doublings or so.
_ORDINARY_SHARE, _ORDINARY_DOUBLINGS, _OTHER_DOUBLINGS = 0.9, 0.25, 1.2
_HALF = 0.5  # an expectation below half an incident says little (Noren, Hopstadius & Bate, SMMR 22, 2013)
_USUAL_PRODUCTS = 10.0
_ROWS_AT_ONCE = 8192


def _bell(spread: float) -> Floats:
    bell = np.exp(-0.5 * (_DOUBLINGS / spread) ** 2)
    share: Floats = bell / bell.sum()
    return share


_USUAL: Floats = _ORDINARY_SHARE * _bell(_ORDINARY_DOUBLINGS) + (1 - _ORDINARY_SHARE) * _bell(
    _OTHER_DOUBLINGS
)


@dataclass(frozen=True, slots=True)
class Lifts:
    """Per product (S,): the median, and the bounds of the central interval."""

    lift: Floats
    low: Floats
    high: Floats


def lifts(
    before: tuple[Floats, Floats], after: tuple[Floats, Floats], shape: Floats, level: float
) -> Lifts:
    """The factor between what comes back now and what should, of incidents and expected ones `before` and `after` (S,).

    What should come back is the expectation times the product's own level before, a gamma variable of mean 1 and its
    shape (S,) that what came before has narrowed. `level` is the interval's probability, such as 0.9.
    """
    found = [
        _quantiles(below, (0.5, (1 - level) / 2, (1 + level) / 2))
        for below in _distributions(before, after, shape)
    ]
    columns = np.hstack(found) if found else np.empty((3, 0))
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


def _distributions(
    before: tuple[Floats, Floats], after: tuple[Floats, Floats], shape: Floats
) -> list[Floats]:
    """Blocks of (rows, 161): the probability that the lift lies below each point."""
    blocks = []
    for start in range(0, len(after[0]), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        came, ahead = after[0][rows, None] + _HALF, after[1][rows, None] + _HALF
        own = shape[rows, None] + before[0][rows, None]
        narrowed = shape[rows, None] + before[1][rows, None]
        log = came * np.log(_LIFTS) - (own + came) * np.log(narrowed + ahead * _LIFTS)
        weight = np.exp(log - log.max(axis=1, keepdims=True)) * _USUAL
        weight /= weight.sum(axis=1, keepdims=True)
        blocks.append(np.cumsum(weight, axis=1) - weight / 2)
    return blocks


def _quantiles(below: Floats, levels: tuple[float, ...]) -> Floats:
    return np.vstack([_quantile(below, level) for level in levels])


def _quantile(below: Floats, level: float) -> Floats:
    rows = np.arange(len(below))
    right = np.clip((below < level).sum(axis=1), 1, _LIFTS.size - 1)
    low, high = below[rows, right - 1], below[rows, right]
    step = np.divide(level - low, high - low, out=np.zeros(len(below)), where=high > low)
    doublings = _DOUBLINGS[right - 1] + np.clip(step, 0, 1) * (
        _DOUBLINGS[right] - _DOUBLINGS[right - 1]
    )
    quantile: Floats = 2.0**doublings
    return quantile
