"""How many return incidents of each product to expect in each week, from what was sold before.

Arrays are products x weeks (S, W); the last week is the current one, of which `share_of_week` has passed.
expected = order lines of earlier weeks x share that comes back so many weeks later
           x rate of the product's peers x level of that week in the whole shop.
A product is never its own yardstick: peers and shop are always counted without it.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Before a shop has taught us anything: three quarters of what is still to come back comes a week later.
_USUAL_WEEKLY_STAY = 0.75
_USUAL_INCIDENTS = 10.0  # the weight of that belief, in incidents
_PEER_INCIDENTS = 20.0  # how many incidents a category must have to count as much as the shop
_SHOP_ORDER_LINES = 1.0
_LEVEL_INCIDENTS = 50.0  # how many incidents a week must have to count as much as an ordinary week


def lag_shares(lag_weeks: Ints, age_weeks: Ints, longest: int) -> Floats:
    """The share of returns that come back 0, 1, … `longest` weeks after their sale: (longest + 1,), sums to 1.

    `lag_weeks` and `age_weeks` (incidents,) are the weeks from sale to return and from sale to now. A young
    sale can only have shown short lags, so each lag is judged among the sales old enough to show it: the
    reverse-time hazard of Lagakos, Barraj & De Gruttola (Biometrika 75, 1988). Incidents whose lag is
    negative or above `longest` are ignored.
    """
    known = (lag_weeks >= 0) & (lag_weeks <= np.minimum(longest, age_weeks))
    lags, ages = lag_weeks[known], age_weeks[known]
    weeks = np.arange(longest + 1)
    usual = (1 - _USUAL_WEEKLY_STAY) * _USUAL_WEEKLY_STAY**weeks
    at = np.bincount(lags, minlength=longest + 1)
    up_to = np.cumsum(at) - _too_young(lags, ages, longest)
    hazard = (at + _USUAL_INCIDENTS * usual) / (up_to + _USUAL_INCIDENTS * np.cumsum(usual))
    still_shorter = np.append(np.cumprod((1 - hazard)[:0:-1])[::-1], 1.0)
    return np.diff(still_shorter, prepend=0.0)


def _too_young(lags: Ints, ages: Ints, longest: int) -> Ints:
    """For each lag, how many incidents with a shorter one come of sales too young to have shown it."""
    gone = np.minimum(ages, longest) + 1
    counts = np.bincount(gone, minlength=longest + 2)[: longest + 1]
    return np.cumsum(counts)


def exposure(order_lines: Floats, shares: Floats, share_of_week: float) -> Floats:
    """Order lines due to be decided on in each week (S, W): each sale spread over the weeks after it."""
    due = np.zeros_like(order_lines)
    weeks = order_lines.shape[1]
    for lag, share in enumerate(shares[:weeks]):
        due[:, lag:] += share * order_lines[:, : weeks - lag]
    due[:, -1:] *= share_of_week
    return due


def expected_incidents(incidents: Floats, due: Floats, peers: Ints, window: int) -> Floats:
    """Expected incidents (S, W). Rates are those of the last `window` weeks; the level is each week's own.

    `peers` (S,) numbers each product's category; -1 where it is not known, which means the whole shop.
    """
    rate = _peer_rates(incidents[:, -window:].sum(axis=1), due[:, -window:].sum(axis=1), peers)
    at_level = due * rate[:, None]
    return at_level * _levels(incidents, at_level)


def _peer_rates(incidents: Floats, due: Floats, peers: Ints) -> Floats:
    """Incidents per order line due, of each product's peers without the product itself (S,)."""
    overall = incidents.sum() / due.sum() if due.sum() > 0 else 0.0
    shop = (incidents.sum() - incidents + _SHOP_ORDER_LINES * overall) / (
        due.sum() - due + _SHOP_ORDER_LINES
    )
    belief = np.divide(_PEER_INCIDENTS, shop, out=np.ones_like(shop), where=shop > 0)
    peer = (_others(incidents, peers) + belief * shop) / (_others(due, peers) + belief)
    rates: Floats = np.where(peers >= 0, peer, shop)
    return rates


def _others(values: Floats, peers: Ints) -> Floats:
    """The sum over each product's peers without itself (S,)."""
    sums = np.bincount(peers + 1, weights=values)
    return np.maximum(sums[peers + 1] - values, 0.0)


def _levels(incidents: Floats, at_level: Floats) -> Floats:
    """How much more came back in each week than the shop's rate says, without the product itself (S, W).

    Seasons, a week in which nobody worked, and a record that begins amid returns of earlier sales move all
    products alike and must not look like a product's fault.
    """
    came = np.maximum(incidents.sum(axis=0) - incidents, 0.0)
    due = np.maximum(at_level.sum(axis=0) - at_level, 0.0)
    levels: Floats = (came + _LEVEL_INCIDENTS) / (due + _LEVEL_INCIDENTS)
    return levels
