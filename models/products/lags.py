"""How long after its sale a product comes back, and which part of a cohort's returns is therefore known by now.

A cohort is what was sold of a product in one week. Lags are whole weeks from the week of sale to that of the return.
"""

import numpy as np

from models.products.record import Floats, Grid, Ints

# Before a shop has taught us anything: three quarters of what is still to come back comes a week later.
_USUAL_WEEKLY_STAY = 0.75
_USUAL_INCIDENTS = 10.0  # the weight of that belief, in incidents
_SHOP_INCIDENTS = 50.0  # the weight of the whole shop beside a category's own incidents


def usual_shares(longest: int) -> Floats:
    """The share of returns that come back 0, 1, … `longest` weeks after their sale in a shop of which nothing is known."""
    shares = (1 - _USUAL_WEEKLY_STAY) * _USUAL_WEEKLY_STAY ** np.arange(longest + 1)
    usual: Floats = shares / shares.sum()
    return usual


def lag_shares(lag_weeks: Ints, age_weeks: Ints, belief: Floats, weight: float) -> Floats:
    """The share of returns that come back 0, 1, … weeks after their sale, as many as `belief` has; they sum to 1.

    `lag_weeks` and `age_weeks` (incidents,) are the weeks from sale to return and from sale to now. A young
    sale can only have shown short lags, so each lag is judged among the sales old enough to show it: the
    reverse-time hazard of Lagakos, Barraj & De Gruttola (Biometrika 75, 1988). `belief` counts as so many incidents
    as `weight` says. Incidents whose lag is negative or longer than the belief reaches are ignored.
    """
    longest = len(belief) - 1
    known = (lag_weeks >= 0) & (lag_weeks <= np.minimum(longest, age_weeks))
    lags, ages = lag_weeks[known], age_weeks[known]
    at = np.bincount(lags, minlength=longest + 1)
    up_to = np.cumsum(at) - _too_young(ages, longest)
    hazard = (at + weight * belief) / (up_to + weight * np.cumsum(belief))
    still_shorter = np.append(np.cumprod((1 - hazard)[:0:-1])[::-1], 1.0)
    return np.diff(still_shorter, prepend=0.0)


def category_shares(grid: Grid, longest: int) -> Floats:
    """The lag shares of each category (C + 1, longest + 1); the last row is the whole shop's, which index -1 means, too.

    A category with few returns leans on the shop, and a shop with few on what is usual.
    """
    incidents, weeks = grid.incidents, grid.shape[1]
    matched = incidents.sold_week >= 0
    lags = (incidents.week - incidents.sold_week)[matched]
    ages = (weeks - 1 - incidents.sold_week)[matched]
    of_shop = lag_shares(lags, ages, usual_shares(longest), _USUAL_INCIDENTS)
    peer = grid.peers[incidents.sku[matched]]
    rows = [
        lag_shares(lags[peer == each], ages[peer == each], of_shop, _SHOP_INCIDENTS)
        for each in range(int(grid.peers.max(initial=-1)) + 1)
    ]
    return np.vstack([*rows, of_shop])


def known_by_now(shares: Floats, weeks: int, share_of_week: float) -> Floats:
    """Which part of the returns of each week's sales has come by now (…, weeks), of a record of so many weeks.

    `shares` is (…, lags); of the current week only `share_of_week` has passed.
    """
    longest = shares.shape[-1] - 1
    lag = np.minimum(np.arange(weeks), longest)
    is_past = np.arange(weeks) > longest
    so_far = np.cumsum(shares, axis=-1)[..., lag] - shares[..., lag] * (1 - share_of_week)
    known: Floats = np.where(is_past, 1.0, so_far)[..., ::-1]
    return known


def _too_young(ages: Ints, longest: int) -> Ints:
    """For each lag, how many incidents with a shorter one come of sales too young to have shown it."""
    gone = np.minimum(ages, longest) + 1
    counts = np.bincount(gone, minlength=longest + 2)[: longest + 1]
    return np.cumsum(counts)
