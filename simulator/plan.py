"""What people will do, day by day, before the service has said a word: orders, deliveries, and who sends back what and how.

The plan draws all of chance; the play (`simulator.play`) and the fast path (`simulator.bulk`) carry out the same plan,
one through the service, the other as events straight away. Everything is columns: a day is a few hundred array operations
however much is sold.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from simulator.buying import buy, lines_frame, orders_frame, who_buys
from simulator.chance import stream
from simulator.effort import effort_frame
from simulator.evidence import Evidence
from simulator.kinds import ARCHETYPES, KINDS
from simulator.lives import request_lines_frame, requests_frame
from simulator.people import Pool, come_and_go, everybody, honest_shares, orders_a_customer, pool_of
from simulator.returning import claims_frame, send_back
from simulator.scenario import Scenario
from simulator.weighing import weigh
from simulator.world import FIRST_ARCHETYPE, Floats, Integers, World, world_of

_PILOT_ORDERS, _PILOT_DAYS = 40_000, 16
_ROUNDS = 3
_LEAST = 1e-9
_NOT_RECEIVED = KINDS.index("not_received")


@dataclass(frozen=True, slots=True)
class DayPlan:
    """One day's orders with all that will come of them. Moments are microseconds since the play's first midnight.

    `orders` and `lines`: see `simulator.buying`; an order whose `delivered_us` is -1 never comes. `requests` and
    `request_lines`: see `simulator.lives` and `simulator.effort`. `claims`: who says that nothing came.
    """

    day: int
    orders: pl.DataFrame
    lines: pl.DataFrame
    requests: pl.DataFrame
    request_lines: pl.DataFrame
    claims: pl.DataFrame
    evidence: Evidence | None


class Plan:
    """A practice shop's days. The same scenario, seed, length, size and feedback give the same plan."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        days: int,
        orders_per_day: float,
        *,
        with_evidence: bool = False,
    ) -> None:
        self.world: World = world_of(scenario, seed, days, orders_per_day)
        self.shares = _balanced(self.world)
        self.pool: Pool = pool_of(scenario, self.shares, stream(seed, "pool"), orders_per_day)
        self._with_evidence = with_evidence
        self.orders = self.requests = 0

    def learn(self, got_through: float) -> None:
        """Tell those who adapt which share of their applications passed without a closer look since the last time.

        They get careful (less dear goods, more like everybody) while they are caught, and bolder while they are not.
        """
        step = 0.25 if got_through < 0.5 else -0.1
        self.world.caution = min(1.0, max(0.0, self.world.caution + step))

    def __iter__(self) -> Iterator[DayPlan]:
        return (self.day(day) for day in range(self.world.days))

    def day(self, day: int) -> DayPlan:
        """The next day; days must be asked for in order."""
        world, rng = self.world, stream(self.world.seed, "day", day)
        demand = self._come_and_go(rng, day)
        slots = who_buys(self.pool, rng, day, rng.poisson(demand))
        planned = _planned(
            world,
            self.pool,
            rng,
            day,
            slots,
            self.orders,
            self.requests,
            with_evidence=self._with_evidence,
        )
        self.orders += planned.orders.height
        self.requests += planned.requests.height
        return planned

    def skip_to(self, day: int) -> None:
        """Let the days before this one pass without an order: customers come and go. For measuring single days."""
        if day > 0:
            self._come_and_go(stream(self.world.seed, "day", day - 1), day - 1)

    def _come_and_go(self, rng: np.random.Generator, day: int) -> float:
        """Customers come and go; how many orders are to be expected, none where nothing can be bought."""
        world = self.world
        demand = world.demand(day) if world.is_there(day).any() else 0.0
        newcomers = rng.poisson(demand * world.scenario.demand.new_customer_share)
        come_and_go(self.pool, world.scenario, self.shares, rng, day, newcomers)
        return demand


def _planned(
    world: World,
    pool: Pool,
    rng: np.random.Generator,
    day: int,
    slots: Integers,
    orders: int,
    requests: int,
    *,
    with_evidence: bool = False,
) -> DayPlan:
    bought = buy(world, pool, rng, day, slots)
    returned = send_back(world, rng, day, bought)
    asked = requests_frame(world, pool, rng, bought, returned, requests, orders)
    asked_lines = request_lines_frame(rng, bought, returned, requests, orders)
    delivered_us = bought.delivered_us[returned.at]
    effort = effort_frame(world.seed, day, asked, asked_lines, delivered_us)
    evidence = weigh(world, day, bought, returned, asked, asked_lines) if with_evidence else None
    return DayPlan(
        day=day,
        orders=orders_frame(world, pool, bought, orders),
        lines=lines_frame(bought, orders),
        requests=asked.hstack(effort),
        request_lines=asked_lines,
        claims=claims_frame(bought, returned, orders),
        evidence=evidence,
    )


def _balanced(world: World) -> Floats:
    """How many customers must be of each kind so that the scenario's share of returns is abusive.

    Measured on some days' orders, as many of each kind, not computed: whatever the table of kinds says, it fits. Who says
    that nothing came sends nothing back and comes on top; where there is nobody else, their claims count instead.
    """
    rules, honest_only = world.scenario.abuse, honest_shares()
    abusive, honest = _returns_by_kind(world)
    wanted = np.zeros(len(KINDS))
    wanted[FIRST_ARCHETYPE:] = [rules.archetypes.get(name, 0.0) for name in ARCHETYPES]
    wanted[abusive <= 0] = 0.0
    if not rules.share or not wanted.any():
        return honest_only
    wanted /= wanted.sum()
    asked = (1 - wanted[_NOT_RECEIVED]) or 1.0
    ratio, shares = rules.share / (1 - rules.share), honest_only
    for _ in range(
        _ROUNDS
    ):  # who buys how much depends a little on how many there are of each kind
        orders = orders_a_customer(world.scenario, shares)
        people = np.divide(wanted, abusive * orders, out=np.zeros_like(wanted), where=wanted > 0)
        by_honest, by_abusers = honest_only @ (honest * orders), people @ (honest * orders)
        found = honest_only + people * ratio * by_honest / max(_LEAST, asked - ratio * by_abusers)
        shares = found / found.sum()
    return np.asarray(shares)


def _returns_by_kind(world: World) -> tuple[Floats, Floats]:
    """How many abusive and how many honest applications come of an order of each kind, over the whole time."""
    rules = world.scenario.abuse
    pilot = replace(world, scenario=_with_everybody_from_the_start(world.scenario))
    each = _PILOT_ORDERS // (len(KINDS) * _PILOT_DAYS)
    kinds = np.repeat(np.arange(len(KINDS)), each)
    rng, pool = stream(world.seed, "pilot"), everybody(kinds, len(world.countries))
    abusive, honest = np.zeros(len(KINDS)), np.zeros(len(KINDS))
    for day in _pilot_days(world):
        plan = _planned(pilot, pool, rng, day, np.arange(len(kinds)), 0, 0)
        by_kind, is_abusive = (plan.requests[name].to_numpy() for name in ("kind", "is_abusive"))
        abusive += np.bincount(by_kind[is_abusive], minlength=len(KINDS))
        abusive[_NOT_RECEIVED] += plan.claims.filter("is_abusive").height
        honest += np.bincount(by_kind[~is_abusive], minlength=len(KINDS))
    if rules.late:
        abusive[KINDS.index(rules.late)] *= 1 - rules.late_from
    return abusive / (each * _PILOT_DAYS), honest / (each * _PILOT_DAYS)


def _pilot_days(world: World) -> list[int]:
    """Days spread over the time as what is bought is, so that a promotion weighs what it sells."""
    sold = np.cumsum([world.demand(day) for day in range(world.days)])
    wanted = (np.arange(_PILOT_DAYS) + 0.5) / _PILOT_DAYS * sold[-1]
    return [int(day) for day in np.searchsorted(sold, wanted)]


def _with_everybody_from_the_start(scenario: Scenario) -> Scenario:
    abuse = scenario.abuse.model_copy(update={"late": None})
    return scenario.model_copy(update={"abuse": abuse})
