"""The oracle: what could be known of each product at the end of a week by somebody who knows how such shops are made.

It is the mixture of changes that the product fits (`models.products`), with nothing left to estimate. It knows
- what an ordinary order line brings: each product's own factor, launches, shocks and promotions; the rest (sizes tried on,
  late parcels, abuse) as a constant of its category, and the level of each week, both measured over the whole time, the
  future included, on products that never have a fault;
- how long returns take and which reasons ordinary customers give by category, measured the same way;
- how faults are planted: how many styles are hit and that what sells is likelier to be; one variant by a batch, all of them
  by a listing or a size chart; never what always comes back a lot; between which days they begin, how long they last if they
  end, that multipliers are uniform between the scenario's bounds, and which reasons their customers give.
It does not know which products are hit, since when, by what and by how much. Days are taken as weeks.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import brentq

from bench.products.ordinary import KINDS, Ordinary, incidents_of, ordinary_of, weekly_lines
from bench.products.shops import Shop
from models.products.record import Flags, Floats, Ints, counted
from simulator.goods import CATEGORIES, FAULT_REASONS
from simulator.scenario import Faults
from simulator.world import World

_MULTIPLIERS = 4
_BATCH, _LISTING, _SIZES = range(len(FAULT_REASONS))
_BATCH_WEEKS, _FAULT_WEEKS = (8,), (4, 8, 12)
_BATCH_ENDS, _ONSET = 0.5, (0.25, 0.7)  # as `simulator.goods` plants them
_ALWAYS_HIGH = 2.0
_SURE = 650.0


@dataclass(frozen=True, slots=True)
class Oracle:
    """Arrays in the order of the goods, S products of T styles.

    `onset` (faults, S, W): how likely a fault begins in each week. `hit` (T,): how likely a style has one. `kinds`
    (faults, S): how likely it is of each kind. `free` (S,): which products may have one. `starts` (T,): each style's first.
    """

    skus: list[str]
    style: Ints
    starts: Ints
    category: Ints
    lines: Floats
    incidents: tuple[Ints, Ints, Ints, Ints]
    ordinary: Ordinary
    onset: Floats
    hit: Floats
    kinds: Floats
    free: Flags
    rules: Faults

    def scores(self, week: int) -> pl.DataFrame:
        """Of every product: `sku, score` (the posterior probability of a fault, over or not), and what `decide` asks for besides."""
        found, ahead = _until(self, week)
        onset = self.onset[:, :, : week + 1]
        likely = self.kinds * _likelihoods(self, found, ahead, onset)
        members = np.maximum(self.together(self.free * 1.0), 1.0)
        of_one = likely[_BATCH] / members[self.style] * self.free
        yet = (self.kinds * (1 - onset.sum(axis=2))).sum(axis=0)[self.starts]
        of_style = self.together(of_one) + likely[_LISTING:, self.starts].sum(axis=0) + yet
        odds = self.hit / (1 - self.hit + self.hit * of_style)
        probable = odds[self.style] * np.vstack([of_one, likely[_LISTING:] * self.free])
        reasons = pl.Series(list(FAULT_REASONS.values()))
        return pl.DataFrame(
            {
                "sku": self.skus,
                "score": np.minimum(probable.sum(axis=0), 1.0),
                "ended": np.zeros(len(self.skus)),
                "incidents": found.sum(axis=(0, 2)).astype(np.int64),
                "excess_units": np.ones(len(self.skus)),
                "likely_cause": reasons.gather(probable.argmax(axis=0)),
            }
        )

    def together(self, values: NDArray[np.floating]) -> Floats:
        """Sums by style (T, …)."""
        sums: Floats = np.add.reduceat(values, self.starts, axis=0)
        return sums


def oracle_of(shop: Shop, world: World, longest_lag: int) -> Oracle:
    """All that the oracle knows of a shop from the beginning, and what it is shown week by week."""
    goods, rules = shop.goods, world.scenario.faults
    starts = np.flatnonzero(np.diff(goods.style, prepend=-1))
    free = goods.rate_factor < _ALWAYS_HIGH
    has_sizes = np.array([bool(each.sizes) for each in CATEGORIES])[goods.category]
    return Oracle(
        skus=goods.sku,
        style=goods.style,
        starts=starts,
        category=goods.category,
        lines=weekly_lines(shop),
        incidents=incidents_of(shop),
        ordinary=ordinary_of(shop, world, longest_lag),
        onset=_onset(goods.launch_day, shop.weeks),
        hit=_hit(shop, np.sqrt(goods.popularity) * free, starts),
        kinds=np.where(has_sizes, np.full((3, 1), 1 / 3), np.array([[0.5], [0.5], [0.0]])),
        free=free,
        rules=rules,
    )


def _onset(launch_day: Ints, weeks: int) -> Floats:
    """Uniform over the middle of the time in which a product is sold; a batch waits for the next one, up to eight weeks."""
    ends = np.arange(weeks + 1) * 7.0
    first, length = launch_day[:, None], weeks * 7 - launch_day[:, None]
    low, high = (first + part * length for part in _ONSET)

    def by(day: NDArray[np.floating]) -> Floats:
        share: Floats = np.clip((day - low) / np.maximum(high - low, 1), 0.0, 1.0)
        return share

    waits = 7 * (np.arange(_BATCH_WEEKS[0]) + 0.5)
    of_batch = np.mean([by(ends - wait) for wait in waits], axis=0)
    onset: Floats = np.diff(np.stack([of_batch, by(ends), by(ends)]), axis=2)
    return onset


def _hit(shop: Shop, appeal: Floats, starts: Ints) -> Floats:
    """How likely each style has a fault, so that as many as have one are to be expected."""
    of_style = np.add.reduceat(appeal, starts)
    hit = {shop.goods.style[place] for place, fault in enumerate(shop.goods.fault) if fault}
    if not hit:
        return np.zeros(len(starts))
    most = 50.0 / of_style[of_style > 0].min()
    speed = brentq(lambda by: (1 - np.exp(-by * of_style)).sum() - len(hit), 0.0, most)
    likely: Floats = 1 - np.exp(-speed * of_style)
    return likely


def _until(known: Oracle, week: int) -> tuple[Floats, Floats]:
    """Incidents by kind (K, S, weeks) of each week of sale, and all that are ordinarily to be expected by now (S, weeks)."""
    sku, sold, back, kind = known.incidents
    shape = (len(known.skus), week + 1)
    found = np.stack(
        [
            counted(shape, sku[seen], sold[seen])
            for seen in ((kind == each) & (back <= week) for each in range(KINDS))
        ]
    )
    lags = known.ordinary.lags
    age = np.minimum(np.arange(week, -1, -1), lags.shape[1] - 1)
    by_now = np.cumsum(lags, axis=1)[:, age][known.category]
    return found, known.lines[:, : week + 1] * known.ordinary.rates[:, : week + 1] * by_now


def _likelihoods(known: Oracle, found: Floats, ahead: Floats, onset: Floats) -> Floats:
    """The likelihood ratio (faults, S) of each kind of fault, begun by now, against none; of a style where it is all of it."""
    came, due = _from_week_on(found), _from_week_on(ahead)
    rules, likely = known.rules, np.zeros((len(onset), len(known.skus)))
    steps = (np.arange(_MULTIPLIERS) + 0.5) / _MULTIPLIERS
    multipliers = rules.multiplier_low + steps * (rules.multiplier_high - rules.multiplier_low)
    for fault in range(len(onset)):
        is_batch = fault == _BATCH
        ends = max(_BATCH_ENDS * is_batch, rules.ending_share)
        lengths = _BATCH_WEEKS if is_batch else _FAULT_WEEKS
        for multiplier in multipliers:
            gain = _gains(known, came, due, fault, float(multiplier))
            when = onset[fault]
            if not is_batch:
                gain, when = known.together(gain * known.free[:, None]), when[known.starts]
            of_each = (1 - ends) * _mean(gain, when, gain.shape[1])
            of_each += sum(ends / len(lengths) * _mean(gain, when, each) for each in lengths)
            likely[fault] += (of_each if is_batch else of_each[known.style]) / _MULTIPLIERS
    return likely


def _gains(known: Oracle, came: Floats, due: Floats, fault: int, multiplier: float) -> Floats:
    """Log-likelihood ratio (S, weeks + 1) of a fault in all that is sold from each week on."""
    ordinary = known.ordinary
    more = (multiplier - 1) * ordinary.multiplied
    logs = np.log1p(more[:, None] * ordinary.said[fault] / ordinary.kinds)[known.category]
    gain: Floats = -more[known.category, None] * due
    for kind in range(KINDS):
        gain += logs[:, kind, None] * came[kind]
    return gain


def _mean(gain: Floats, onset: Floats, weeks: int) -> Floats:
    """Likelihood ratio of a fault that lasts so many weeks, averaged over the week in which it begins."""
    begins = np.arange(onset.shape[1])
    ends = np.minimum(begins + weeks, onset.shape[1])
    logs = np.minimum(gain[:, begins] - gain[:, ends], _SURE)
    mean: Floats = (onset * np.exp(logs)).sum(axis=1)
    return mean


def _from_week_on(values: Floats) -> Floats:
    """Sums from each week on (…, weeks + 1), 0 after the last."""
    sums = np.cumsum(values[..., ::-1], axis=-1)[..., ::-1]
    return np.concatenate([sums, np.zeros((*sums.shape[:-1], 1))], axis=-1)
