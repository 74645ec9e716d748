"""Whether the requests have moved away from those that a model was taught: population stability index by feature."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.risk.arrays import Floats
from models.risk.features import NAMES

LIMIT = 0.25  # the usual line of "has moved"
LEAST_ROWS = 300  # with fewer, chance alone looks like movement
_BINS = 10
_FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class Bins:
    """A distribution: `edges` (K,) rising; `shares` (K + 2,): unknown, up to the first edge, …, above the last."""

    edges: Floats
    shares: Floats


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a feature has moved; `has_moved` beyond the limit, never on fewer requests than say something."""

    feature: str
    index: float
    limit: float
    has_moved: bool


def bins_of(values: Floats) -> Bins:
    """Tenths of the known values (n,), fewer where values repeat."""
    known = values[~np.isnan(values)]
    edges = (
        np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS)) if len(known) else np.empty(0)
    )
    return Bins(edges, _shares(values, edges))


def reference(features: Floats) -> dict[str, dict[str, list[float]]]:
    """The distribution of each feature among training requests (n, F), as a manifest keeps it."""
    bins = {name: bins_of(features[:, column]) for column, name in enumerate(NAMES)}
    return {
        name: {"edges": one.edges.tolist(), "shares": one.shares.tolist()}
        for name, one in bins.items()
    }


def drift(
    taught: Mapping[str, Mapping[str, list[float]]], features: Floats, limit: float = LIMIT
) -> list[Drift]:
    """Compare requests (n, F) with the `reference` of a model's manifest; the most moved first."""
    found = []
    for column, name in enumerate(NAMES):
        bins = Bins(np.array(taught[name]["edges"]), np.array(taught[name]["shares"]))
        index = stability_index(bins, features[:, column])
        moved = index > limit and len(features) >= LEAST_ROWS
        found.append(Drift(name, index, limit, moved))
    return sorted(found, key=lambda one: (-one.index, one.feature))


def stability_index(bins: Bins, values: Floats) -> float:
    """Sum over bins of (now - then) * log(now / then), an empty bin counted as a thousandth; 0 for the same shares."""
    if len(values) == 0:
        return 0.0
    now = np.maximum(_shares(values, bins.edges), _FLOOR)
    then = np.maximum(bins.shares, _FLOOR)
    return float(((now - then) * np.log(now / then)).sum())


def _shares(values: Floats, edges: Floats) -> Floats:
    unknown = np.isnan(values)
    bin_of = np.where(unknown, 0, 1 + np.searchsorted(edges, values, side="left"))
    shares: Floats = np.bincount(bin_of, minlength=len(edges) + 2) / max(len(values), 1)
    return shares
