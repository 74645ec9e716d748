"""How often a product has always come back beside its peers, whatever the reason."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from models.products.blocks import blocks, of_each
from models.products.record import Floats

_DOUBLINGS = np.linspace(-5.0, 6.0, 177)  # levels from 1/32 to 64, 16 points each doubling
_LEVELS: Floats = 2.0**_DOUBLINGS


@dataclass(frozen=True, slots=True)
class Levels:
    """What is known of products' levels: the chances that they lie above some bounds (bounds, S), and quantiles
    (quantiles, S).
    """

    above: Floats
    quantiles: Floats


def levels(
    found: Floats,
    expected: Floats,
    prior: Floats,
    bounds: tuple[float, ...],
    probabilities: tuple[float, ...],
) -> Levels:
    """The levels of products, by their incidents and what was expected of them (S,) and by the shop's `prior`."""

    def of(rows: slice) -> tuple[Floats, Floats]:
        came, ahead = found[rows, None], expected[rows, None]
        log = came * np.log(_LEVELS) - ahead * _LEVELS
        weight = np.exp(log - log.max(axis=1, keepdims=True)) * prior
        weight /= np.maximum(weight.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        above = np.array([weight[:, bound <= _LEVELS].sum(axis=1) for bound in bounds])
        below = np.cumsum(weight, axis=1) - weight / 2
        return above, np.array([grid_quantile(_DOUBLINGS, below, each) for each in probabilities])

    parts = of_each(of, blocks(len(found)))
    if not parts:
        return Levels(np.empty((len(bounds), 0)), np.empty((len(probabilities), 0)))
    above, quantiles = (np.hstack(each) for each in zip(*parts, strict=True))
    return Levels(above, quantiles)


def prior_of_levels(shape: float, multipliers: tuple[float, ...], shares: Floats) -> Floats:
    """What a shop's products are like before anything came back: how many lie about each point, adding up to 1.

    Levels are gamma variables of mean 1 and this `shape`, and of so many products as `shares` (M,) say, so many times that
    as `multipliers`.
    """
    prior: Floats = (1 - shares.sum()) * _density(shape, 1.0)
    for share, by in zip(shares, multipliers, strict=True):
        prior += share * _density(shape, by)
    return prior


def _density(shape: float, mean: float) -> Floats:
    """A gamma variable's density on the scale of doublings, adding up to 1 over the points."""
    log = shape * np.log(shape * _LEVELS / mean) - shape * _LEVELS / mean - gammaln(shape)
    density = np.exp(log)
    share: Floats = density / density.sum()
    return share


def grid_quantile(doublings: Floats, below: Floats, probability: float) -> Floats:
    """Quantiles (rows,) of what lies on a grid of doublings; `below` (rows, points) is the probability below each point."""
    rows = np.arange(len(below))
    right = np.clip((below < probability).sum(axis=1), 1, doublings.size - 1)
    low, high = below[rows, right - 1], below[rows, right]
    step = np.divide(probability - low, high - low, out=np.zeros(len(below)), where=high > low)
    between = doublings[right - 1] + np.clip(step, 0, 1) * (doublings[right] - doublings[right - 1])
    quantile: Floats = 2.0**between
    return quantile
