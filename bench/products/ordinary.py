"""What an ordinary order line of each product brings, as only the generator knows it; the oracle's yardstick."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from bench.products.shops import OPENED, Shop
from models.products.lags import category_shares
from models.products.record import REASONS, Flags, Floats, Ints, counted, to_grid
from simulator.goods import CATEGORIES, FAULT_REASONS, NEVER, RATES
from simulator.goods import REASONS as ALL_REASONS
from simulator.returning import said_by_cause
from simulator.world import World

KINDS = len(REASONS) + 1  # incidents by the reason given: the three of faults, and all others
_DISCOUNT_SHARE, _DISCOUNT = 0.05, 0.12  # who has a discount, and how much likelier it goes back
_LATE_RATE = 0.10
_LEVEL_INCIDENTS = 200.0


@dataclass(frozen=True, slots=True)
class Ordinary:
    """`rates` (S, W): incidents an order line brings in the end. `lags` (C, longest + 1): when, by category.

    `kinds` (C, K): shares of the reasons given. `said` (faults, K): what customers of a fault give as their reason.
    `multiplied` (C,): the share of incidents that a fault multiplies; abuse and lateness it does not.
    """

    rates: Floats
    lags: Floats
    kinds: Floats
    said: Floats
    multiplied: Floats


def weekly_lines(shop: Shop) -> Floats:
    """Order lines (S, W) in the order of the goods."""
    place = {sku: number for number, sku in enumerate(shop.goods.sku)}
    sku, week = _places(shop.sales, place), _weeks(shop.sales["week_start"])
    return counted((len(shop.goods), shop.weeks), sku, week, shop.sales["order_lines"].to_numpy())


def incidents_of(shop: Shop) -> tuple[Ints, Ints, Ints, Ints]:
    """Every incident (N,) by product, week of sale, week of return, and kind of reason."""
    place = {sku: number for number, sku in enumerate(shop.goods.sku)}
    numbers = {reason: number for number, reason in enumerate(REASONS)}
    kind = shop.incidents["reason"].replace_strict(
        numbers, default=KINDS - 1, return_dtype=pl.Int64
    )
    sold, back = (_weeks(shop.incidents[name]) for name in ("sold_week_start", "week_start"))
    return _places(shop.incidents, place), sold, back, kind.to_numpy()


def ordinary_of(shop: Shop, world: World, longest_lag: int) -> Ordinary:
    """Measure what the generator does not say in a formula on the products that never have a fault, over all time."""
    lines = weekly_lines(shop)
    sku, sold, back, kind = incidents_of(shop)
    is_ordinary = shop.goods.fault_from >= NEVER
    grid = to_grid(shop.until(shop.weeks - 1))
    names = sorted(each.name for each in CATEGORIES)
    lags = category_shares(grid, longest_lag)[[names.index(each.name) for each in CATEGORIES]]
    seen = is_ordinary[sku] & (back < shop.weeks)
    found = counted(lines.shape, sku[seen], sold[seen])
    known = np.cumsum(lags, axis=1)[:, np.minimum(np.arange(shop.weeks)[::-1], longest_lag)]
    due = lines * known[shop.goods.category]
    rates = _rates(found, due, _factors(world), shop.goods.category, is_ordinary)
    kinds = np.array(
        [
            np.bincount(kind[seen & (shop.goods.category[sku] == each)], minlength=KINDS) + 1.0
            for each in range(len(CATEGORIES))
        ]
    )
    kinds /= kinds.sum(axis=1, keepdims=True)
    no_reason = float(shop.incidents["reason"].is_null().to_numpy().mean())
    return Ordinary(rates, lags, kinds, _said(world, no_reason), _multiplied(world))


def _factors(world: World) -> Floats:
    """How much likelier than its category's a product's lines of each week come back, faults aside (S, W)."""
    days = np.arange(world.days)
    bought = np.array([world.factor(int(day)) for day in days])
    discount = np.where(
        [world.is_promoted(int(day)) for day in days],
        1 + _DISCOUNT,
        1 + _DISCOUNT_SHARE * _DISCOUNT,
    )
    daily = np.column_stack([world.goods.return_factor(int(day)) for day in days])
    shape = (len(world.goods), world.days // 7, 7)
    weekly = (daily * (discount * bought)).reshape(shape).sum(axis=2)
    factors: Floats = weekly / bought.reshape(-1, 7).sum(axis=1)
    return factors


def _rates(
    found: Floats, due: Floats, factors: Floats, category: Ints, is_ordinary: Flags
) -> Floats:
    """Category by category what a line brings by the formula's factor and what besides, then the level of each week."""
    rates = np.zeros_like(factors)
    for each in range(len(CATEGORIES)):
        mine = category == each
        fit = mine & is_ordinary & (due.sum(axis=1) > 0)
        lines = due[fit].sum(axis=1)
        causes = np.column_stack([(due[fit] * factors[fit]).sum(axis=1), lines]) / np.sqrt(
            lines[:, None]
        )
        by_factor, besides = np.linalg.lstsq(
            causes, found[fit].sum(axis=1) / np.sqrt(lines), rcond=None
        )[0]
        rates[mine] = np.maximum(by_factor * factors[mine] + besides, RATES[each] / 20)
    ahead = (due * rates)[is_ordinary].sum(axis=0)
    level = (found[is_ordinary].sum(axis=0) + _LEVEL_INCIDENTS) / (ahead + _LEVEL_INCIDENTS)
    scaled: Floats = rates * level
    return scaled


def _said(world: World, no_reason: float) -> Floats:
    """By `FAULT_REASONS`: what honest customers give as their reason, those who withdraw without one included."""
    said = said_by_cause(world)
    columns = [ALL_REASONS.index(reason) for reason in REASONS]
    rows = said[[ALL_REASONS.index(reason) for reason in FAULT_REASONS.values()]][:, columns]
    rows = rows * (1 - no_reason)
    return np.column_stack([rows, 1 - rows.sum(axis=1)])


def _multiplied(world: World) -> Floats:
    """Abuse is a share of what comes back; late parcels bring a little of every line."""
    rules = world.scenario
    late = rules.demand.delivery_late_share * _LATE_RATE / (RATES * rules.returns.rate_factor)
    shares: Floats = np.clip(1 - rules.abuse.share - late, 0.1, 1.0)
    return shares


def _places(frame: pl.DataFrame, place: dict[str, int]) -> Ints:
    found: Ints = frame["sku"].replace_strict(place, return_dtype=pl.Int64).to_numpy()
    return found


def _weeks(starts: pl.Series) -> Ints:
    return ((starts - OPENED).dt.total_days() // 7).to_numpy()
