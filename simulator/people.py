"""Who buys: a pool of customers of bounded size, in which people come and go. Only the plan knows of what kind they are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.kinds import HONEST, KINDS, column
from simulator.scenario import Scenario

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

CURRENCIES: Mapping[str, str] = {"CN": "CNY", "US": "USD", "GB": "GBP"}
DEFAULT_CURRENCY = "EUR"
RATE: Mapping[str, float] = {"EUR": 1.0, "CNY": 7.8, "USD": 1.1, "GBP": 0.86}
_CHINESE_ABROAD = 0.06
_RING_SIZE = 6
_ORDERS_A_SLOT = 1 / 45  # pool slots: so many customers for each order a day
_OLDEST_DAYS = 700
_LONGEST_DAYS = 1e6
_FEWEST_COME = 1e-6
_RING = KINDS.index("ring")


@dataclass(slots=True)
class Pool:
    """The customers of today, one a slot, as columns. Numbers are for ever, slots are taken over by those who come later.

    `made` counts all customers there ever were, `ring_members` those of them who belong to rings.
    """

    number: Integers
    kind: Integers
    country: Integers
    chinese: NDArray[np.bool_]
    joined_day: Integers
    leaves_day: Integers
    address: Integers
    device: Integers
    made: int
    ring_members: int

    def __len__(self) -> int:
        return len(self.number)


def pool_of(
    scenario: Scenario, shares: Floats, rng: np.random.Generator, orders_per_day: float
) -> Pool:
    """The customers at the beginning. `shares` is how many are of each kind, in the order of `KINDS`."""
    slots = max(50, round(orders_per_day / _ORDERS_A_SLOT))
    pool = everybody(np.zeros(slots, dtype=np.int64), 1)
    pool.made = 0
    _move_in(pool, np.arange(slots), scenario, shares, rng, shares)
    pool.joined_day[:] = -rng.integers(0, _OLDEST_DAYS, slots)
    return pool


def everybody(kinds: Integers, countries: int) -> Pool:
    """A pool to measure with: one customer of each of these kinds, from everywhere in turn."""
    number = len(kinds)
    zeros = np.zeros(number, dtype=np.int64)
    chinese = np.zeros(number, dtype=np.bool_)
    return Pool(
        number=np.arange(number), kind=kinds, country=np.arange(number) % countries, chinese=chinese,
        joined_day=zeros - 100, leaves_day=zeros, address=np.arange(number), device=np.arange(number),
        made=number, ring_members=0,
    )  # fmt: skip


def come_and_go(
    pool: Pool,
    scenario: Scenario,
    shares: Floats,
    rng: np.random.Generator,
    day: int,
    newcomers: int,
) -> None:
    """As many leave as come: those whose time is up, longest overdue first, then anybody."""
    overdue = np.flatnonzero(pool.leaves_day <= day)
    first = overdue[np.argsort(pool.leaves_day[overdue], kind="stable")][:newcomers]
    others = rng.integers(0, len(pool), newcomers - len(first))
    slots = np.unique(np.concatenate([first, others]))
    coming = shares * leaving(scenario, shares)
    _move_in(pool, slots, scenario, shares, rng, coming / coming.sum())
    pool.joined_day[slots] = day
    pool.leaves_day[slots] += day


def leaving(scenario: Scenario, shares: Floats) -> Floats:
    """Which part of each kind leaves a day: as many in all as come, and the sooner, the shorter a kind stays."""
    soon = 1 / column("stays_days")
    come = max(_FEWEST_COME, scenario.demand.new_customer_share) * _ORDERS_A_SLOT
    return np.asarray(soon * come / (shares @ soon))


def staying_orders(scenario: Scenario, shares: Floats) -> Floats:
    """How many orders a customer of each kind places a day once they are there, on the average day."""
    active = column("activity")
    old = (1 - scenario.demand.new_customer_share) * _ORDERS_A_SLOT
    return np.asarray(old * active / (shares @ active))


def orders_a_customer(scenario: Scenario, shares: Floats) -> Floats:
    """How much a slot of each kind orders a day: who comes orders at once, the rest as they are active."""
    return staying_orders(scenario, shares) + leaving(scenario, shares)


def _move_in(
    pool: Pool,
    slots: Integers,
    scenario: Scenario,
    shares: Floats,
    rng: np.random.Generator,
    coming: Floats,
) -> None:
    """New customers take these slots, of kinds as `coming` says; `leaves_day` counts from today."""
    number = len(slots)
    kind = rng.choice(len(KINDS), number, p=coming)
    weights = np.array(list(scenario.shop.countries.values()))
    country = rng.choice(len(weights), number, p=weights / weights.sum())
    is_china = np.array([name == "CN" for name in scenario.shop.countries])[country]
    pool.number[slots] = np.arange(pool.made, pool.made + number)
    pool.kind[slots] = kind
    pool.country[slots] = country
    pool.chinese[slots] = is_china | (rng.random(number) < _CHINESE_ABROAD)
    stays = rng.exponential(1 / leaving(scenario, shares)[kind])
    pool.leaves_day[slots] = 1 + np.minimum(stays, _LONGEST_DAYS).astype(np.int64)
    pool.made += number
    _share(pool, slots, rng)


def _share(pool: Pool, slots: Integers, rng: np.random.Generator) -> None:
    """Who shares an address or a device: a family with somebody who is there, a ring's members with one another."""
    kind = pool.kind[slots]
    others = rng.integers(0, len(pool), len(slots))
    is_ring = kind == _RING
    ring = (pool.ring_members + np.cumsum(is_ring)) // _RING_SIZE
    pool.ring_members += int(is_ring.sum())
    for name in ("address", "device"):
        at = getattr(pool, name)
        theirs = np.where(is_ring, -1 - ring, at[others])
        shares = rng.random(len(slots)) < column(f"shares_{name}")[kind]
        at[slots] = np.where(shares, theirs, pool.number[slots])


def honest_shares() -> Floats:
    """How many of the honest are of each kind; nothing for the others."""
    weights = column("weight") * np.array([kind in HONEST for kind in KINDS])
    return np.asarray(weights / weights.sum())
