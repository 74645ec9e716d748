"""How often a product has always come back beside its peers, whatever the reason."""

import numpy as np
from scipy.special import gammaln

from models.products.record import Floats

_DOUBLINGS = np.linspace(-5.0, 6.0, 177)  # levels from 1/32 to 64, 16 points each doubling
_LEVELS: Floats = 2.0**_DOUBLINGS
_ROWS_AT_ONCE = 8192


def chances_above(
    found: Floats,
    expected: Floats,
    shape: float,
    multipliers: tuple[float, ...],
    shares: Floats,
    bounds: tuple[float, ...],
) -> Floats:
    """The probability that each product's level lies above each of the bounds (bounds, S), given its incidents.

    `found` and `expected` (S,) are incidents and what was expected of them. Beforehand levels are gamma variables of mean 1
    and this `shape`, and of so many products as `shares` (M,) say, so many times that as `multipliers`.
    """
    prior = _prior(shape, multipliers, shares)
    parts = []
    for start in range(0, len(found), _ROWS_AT_ONCE):
        came = found[start : start + _ROWS_AT_ONCE, None]
        ahead = expected[start : start + _ROWS_AT_ONCE, None]
        log = came * np.log(_LEVELS) - ahead * _LEVELS
        weight = np.exp(log - log.max(axis=1, keepdims=True)) * prior
        total = weight.sum(axis=1)
        above = [weight[:, bound <= _LEVELS].sum(axis=1) for bound in bounds]
        parts.append(np.array(above) / np.maximum(total, np.finfo(float).tiny))
    return np.hstack(parts) if parts else np.empty((len(bounds), 0))


def _prior(shape: float, multipliers: tuple[float, ...], shares: Floats) -> Floats:
    """How much of the shop's products lies about each point, on the scale of doublings."""
    ordinary = (1 - shares.sum()) * _density(shape, 1.0)
    high = sum(
        (share * _density(shape, by) for share, by in zip(shares, multipliers, strict=True)),
        start=np.zeros_like(ordinary),
    )
    prior: Floats = ordinary + high
    return prior


def _density(shape: float, mean: float) -> Floats:
    """A gamma variable's density on the scale of doublings, adding up to 1 over the points."""
    log = shape * np.log(shape * _LEVELS / mean) - shape * _LEVELS / mean - gammaln(shape)
    density = np.exp(log)
    share: Floats = density / density.sum()
    return share
