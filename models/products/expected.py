"""How many return incidents of each product to expect, from what was sold and what comes back of its peers.

Arrays are products x weeks (S, W). Everything is counted by cohort, the week of *sale*: a fault lies in what was sold.
expected = order lines of the week x share of their returns that has come by now
           x rate of the product's peers x level of that week in its category and in the whole shop.
A product is never its own yardstick: peers and levels are counted without it, and without what is known to be at fault.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.products.blocks import blocks, of_each
from models.products.lags import category_shares, known_by_now
from models.products.record import REASONS, STREAMS, Floats, Grid, Ints

_PEER_INCIDENTS = 20.0  # how many incidents a category must have to count as much as the shop
_SHOP_ORDER_LINES = 1.0
_LEVEL_INCIDENTS = 50.0  # how many incidents a week must have to count as much as an ordinary week


@dataclass(frozen=True, slots=True)
class Cohorts:
    """What was sold in each week and what has come back of it by now.

    `due` (S, W): order lines times the share of their returns that is known by now. `found`: incidents (S, W) of each
    stream, sparse as they are. `shares` (C + 1, lags): see `category_shares`. An incident whose sale is not known is spread
    over the weeks that it may be of; one of a product that was not sold before is in none.
    """

    due: Floats
    found: dict[str, sparse.csr_array]
    shares: Floats

    def came(self, stream: str, rows: Ints | slice = slice(None)) -> Floats:
        """Incidents of a stream, of each cohort of some products (rows, W)."""
        dense: Floats = self.found[stream][rows].toarray()
        return dense

    def total(self, stream: str) -> Floats:
        """Incidents of a stream, of all cohorts of each product together (S,)."""
        return np.asarray(self.found[stream].sum(axis=1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of every cohort: order lines `due` x `levels` (S, W) x `rates` (S,) of each stream.

    `lines` (S,): the sum of due x levels over the weeks.
    """

    due: Floats
    levels: Floats
    lines: Floats
    rates: dict[str, Floats]

    def of(self, stream: str, rows: Ints | slice = slice(None)) -> Floats:
        """Incidents of a stream that are to be expected by now of each cohort of some products (rows, W)."""
        expected: Floats = self.due[rows] * self.levels[rows]
        expected *= self.rates[stream][rows, None]
        return expected

    def total(self, stream: str, rows: Ints | slice = slice(None)) -> Floats:
        """Incidents of a stream that are to be expected by now of all cohorts of some products together (rows,)."""
        whole: Floats = self.lines[rows] * self.rates[stream][rows]
        return whole

    def a_line(self, rows: Ints | slice = slice(None)) -> Floats:
        """Incidents, for whatever reason, that an order line of each cohort brings in the end (rows, W)."""
        whole: Floats = self.levels[rows] * self.rates["all"][rows, None]
        return whole


def cohorts(grid: Grid, longest_lag: int) -> Cohorts:
    """Count a record by cohort."""
    shares = category_shares(grid, longest_lag)
    known = known_by_now(shares, grid.shape[1], grid.share_of_week)
    return Cohorts(
        due=grid.order_lines * known[grid.peers],
        found={stream: _found(grid, shares, stream) for stream in STREAMS},
        shares=shares,
    )


def expectation(grid: Grid, cohorts: Cohorts, weights: Floats) -> Expected:
    """What is expected of every cohort, had it come back like its peers' goods.

    `weights` (S,) says how much each product counts as a yardstick for others, from 0 to 1.
    """
    due = cohorts.due
    lines = due.sum(axis=1)
    rates = {
        stream: _peer_rates(cohorts.total(stream), lines, grid.peers, weights)
        for stream in cohorts.found
    }
    levels = _levels(cohorts.found["all"], due, rates["all"], grid.peers, weights)
    return Expected(due, levels, np.einsum("sw,sw->s", due, levels), rates)


def by_week_of_return(
    grid: Grid, cohorts: Cohorts, rate: Floats, rows: Ints | slice = slice(None)
) -> Floats:
    """Expected incidents (rows, W) in each week, whenever their goods were sold; `rate` (rows, W) is incidents an order line
    of each cohort.
    """
    to_come = grid.order_lines[rows] * rate
    weeks = grid.shape[1]
    expected = np.zeros_like(to_come)
    for lag in range(min(cohorts.shares.shape[1], weeks)):
        share = cohorts.shares[grid.peers[rows], lag][:, None]
        expected[:, lag:] += share * to_come[:, : weeks - lag]
    expected[:, -1:] *= grid.share_of_week
    return expected


def _found(grid: Grid, shares: Floats, stream: str) -> sparse.csr_array:
    incidents = grid.incidents
    wanted = np.ones(len(incidents.sku), dtype=np.bool_)
    if stream != "all":
        wanted = incidents.reason == REASONS.index(stream)
    matched, lost = wanted & (incidents.sold_week >= 0), wanted & (incidents.sold_week < 0)
    sku, week = incidents.sku[matched], incidents.sold_week[matched]
    parts = np.ones(len(sku))
    if lost.any():
        spread = _spread(grid, shares, incidents.sku[lost], incidents.week[lost])
        sku, week, parts = (
            np.concatenate(each) for each in zip((sku, week, parts), spread, strict=True)
        )
    return sparse.csr_array((parts, (sku, week)), shape=grid.shape)


def _spread(grid: Grid, shares: Floats, sku: Ints, week: Ints) -> tuple[Ints, Ints, Floats]:
    """Incidents of which only the week of return is known, by what was sold before and how likely it comes back then.

    Products, weeks of sale, and which part of an incident is of these.
    """
    lags = np.arange(shares.shape[1])
    sold_week = week[:, None] - lags
    lines = grid.order_lines[sku[:, None], np.maximum(sold_week, 0)] * (sold_week >= 0)
    likely = lines * shares[grid.peers[sku]]
    total = likely.sum(axis=1)
    known = total > 0
    parts = likely[known] / total[known, None]
    sku_of = np.broadcast_to(sku[known, None], parts.shape)
    of = parts > 0
    return sku_of[of], sold_week[known][of], parts[of]


def _peer_rates(incidents: Floats, due: Floats, peers: Ints, weights: Floats) -> Floats:
    """Incidents per order line due of each product's peers (S,), of which each counts as much as its weight."""
    counts, lines = incidents * weights, due * weights
    overall = counts.sum() / lines.sum() if lines.sum() > 0 else 0.0
    shop = (counts.sum() - counts + _SHOP_ORDER_LINES * overall) / (
        lines.sum() - lines + _SHOP_ORDER_LINES
    )
    belief = np.divide(_PEER_INCIDENTS, shop, out=np.ones_like(shop), where=shop > 0)
    peer = (_others(counts, peers) + belief * shop) / (_others(lines, peers) + belief)
    rates: Floats = np.where(peers >= 0, peer, shop)
    return rates


def _others(values: Floats, peers: Ints) -> Floats:
    """The sum over each product's peers without itself, of (S,)."""
    sums = np.bincount(peers + 1, weights=values)
    return np.maximum(sums[peers + 1] - values, 0.0)


def _levels(
    found: sparse.csr_array, due: Floats, rates: Floats, peers: Ints, weights: Floats
) -> Floats:
    """How much more comes back of each week's sales than the peers' rate says, without the product itself (S, W).

    Seasons, promotions, and a category out of fashion move many products alike and must not look like one's fault. A
    category's level leans on the shop's, and the shop's on 1. A product's peers are measured by its own yardstick, in
    which it does not count.
    """
    counts, lines = _by_peer(weights, peers, found), _by_peer(weights, peers, due)
    all_counts, all_lines = counts.sum(axis=0), lines.sum(axis=0)
    all_ahead = _by_peer(weights * rates, peers, due).sum(axis=0)
    levels = np.empty_like(due)

    def measure(rows: slice) -> None:
        own_counts, own_lines = (
            each * weights[rows, None] for each in (found[rows].toarray(), due[rows])
        )
        rate, peer = rates[rows, None], peers[rows]
        has_peers = (peer >= 0)[:, None]
        others = np.maximum(all_counts - own_counts, 0.0)
        ahead = np.maximum(all_ahead - own_lines * rate, 0.0)
        shop = (others + _LEVEL_INCIDENTS) / (ahead + _LEVEL_INCIDENTS)
        came = np.where(has_peers, np.maximum(counts[peer + 1] - own_counts, 0.0), others)
        of_lines = np.where(has_peers, lines[peer + 1], all_lines)
        due_others = np.maximum(of_lines - own_lines, 0.0)
        belief = np.where(has_peers, shop, 1.0)
        levels[rows] = (came + _LEVEL_INCIDENTS * belief) / (due_others * rate + _LEVEL_INCIDENTS)

    of_each(measure, blocks(len(due)))
    return levels


def _by_peer(weights: Floats, peers: Ints, values: Floats | sparse.csr_array) -> Floats:
    """The sums of `values` (S, W), each times its product's weight, over categories (C + 1, W); the first row is of products
    without one.
    """
    shape = (int(peers.max(initial=-1)) + 2, len(peers))
    belongs = sparse.csr_array((weights, (peers + 1, np.arange(len(peers)))), shape=shape)
    sums = belongs @ values
    return sums.toarray() if sparse.issparse(sums) else np.asarray(sums)
