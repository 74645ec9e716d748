"""How many times as often as expected a product comes back, and how sure that is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.products.blocks import blocks, of_each
from models.products.levels import grid_quantile
from models.products.record import Floats

_DOUBLINGS = np.linspace(-4.0, 6.0, 161)  # lifts from 1/16 to 64, 16 points each doubling
_LIFTS: Floats = 2.0**_DOUBLINGS
# Before anything has come back of a product: nine of ten are ordinary, the others lie within two doublings or so.
_ORDINARY_SHARE, _ORDINARY_DOUBLINGS, _OTHER_DOUBLINGS = 0.9, 0.25, 1.2
_HALF = 0.5  # an expectation below half an incident says little (Noren, Hopstadius & Bate, SMMR 22, 2013)
_USUAL_PRODUCTS = 10.0


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
    before: tuple[Floats, Floats], after: tuple[Floats, Floats], shape: float, level: float
) -> Lifts:
    """The factor between what comes back now and what should, of incidents and expected ones `before` and `after` (S,).

    What should come back is the expectation times the product's own level before, a gamma variable of mean 1 and this
    shape that what came before has narrowed. `level` is the interval's probability, such as 0.9.
    """
    tail = (1 - level) / 2

    def of(rows: slice) -> Floats:
        earlier, lately = (before[0][rows], before[1][rows]), (after[0][rows], after[1][rows])
        below = _below(earlier, lately, shape)
        return _quantiles(below, (0.5, tail, 1 - tail))

    found = of_each(of, blocks(len(after[0])))
    return Lifts(*(np.hstack(found) if found else np.empty((3, 0))))


def dispersion(
    incidents_of: Callable[[slice], Floats], expected_of: Callable[[slice], Floats], products: int
) -> float:
    """How much more a product's weekly incidents vary than Poisson's would, at least 1.

    Pearson's statistic per degree of freedom (Wedderburn 1974), among products with two incidents or more. What came
    and what was expected of some products (rows, W) is asked block by block.
    """
    parts = of_each(lambda each: _gaps(incidents_of(each), expected_of(each)), blocks(products))
    gaps, freedom = sum(each for each, _ in parts), sum(each for _, each in parts)
    return max(1.0, (gaps + _USUAL_PRODUCTS) / (freedom + _USUAL_PRODUCTS))


def _gaps(incidents: Floats, expected: Floats) -> tuple[float, int]:
    """Pearson's statistic and its degrees of freedom."""
    total, ahead = incidents.sum(axis=1), expected.sum(axis=1)
    several = (total >= 2) & (ahead > 0)
    ratio = total[several] / ahead[several]
    mean = expected[several] * ratio[:, None]
    counted = mean > 0
    gaps = (incidents[several] - mean)[counted] ** 2 / mean[counted]
    return float(gaps.sum()), int(counted.sum() - several.sum())


def _below(before: tuple[Floats, Floats], after: tuple[Floats, Floats], shape: float) -> Floats:
    """The probability that the lift lies below each point (rows, 161)."""
    came, ahead = after[0][:, None] + _HALF, after[1][:, None] + _HALF
    own, narrowed = shape + before[0][:, None], shape + before[1][:, None]
    log = came * np.log(_LIFTS) - (own + came) * np.log(narrowed + ahead * _LIFTS)
    weight = np.exp(log - log.max(axis=1, keepdims=True)) * _USUAL
    weight /= weight.sum(axis=1, keepdims=True)
    below: Floats = np.cumsum(weight, axis=1) - weight / 2
    return below


def _quantiles(below: Floats, levels: tuple[float, ...]) -> Floats:
    return np.vstack([grid_quantile(_DOUBLINGS, below, level) for level in levels])
