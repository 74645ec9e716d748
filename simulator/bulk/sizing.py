"""How many orders a day make a wanted number of events: measured on a few days' orders and all that comes of them."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np

from service.domain.policy import Policy
from simulator.bulk.applications import (
    Applications,
    Sales,
    application_lines,
    application_rows,
    applications,
    sales_of,
)
from simulator.bulk.ending import Desk
from simulator.bulk.events.letters import with_letters
from simulator.bulk.happening import Events
from simulator.bulk.history import Known
from simulator.bulk.judging import judge
from simulator.bulk.lives import live
from simulator.bulk.play import lived, sold
from simulator.bulk.shop import NEVER, Shop, shop_of
from simulator.people import leaving
from simulator.plan import DayPlan, Plan
from simulator.scenario import Scenario
from simulator.world import DAY_US, Floats, Integers

_ORDERS, _DAYS = 600, 24
_LOT_DAYS = 56


def orders_for(
    scenario: Scenario, seed: int, days: int, policy: Policy, zone: ZoneInfo, events: int
) -> float:
    """The orders a day of a play of so many days, for about so many events. Raises `NotForBulk`.

    How many events an order makes is measured on days from all over the play; how soon they come, on the last of them.
    """
    plan = Plan(scenario, seed, days, _ORDERS)
    shop = shop_of(plan.world, policy, zone, 0)
    sample = np.unique(np.linspace(0, days - 1, _DAYS).astype(np.int64)).tolist()
    planned = [_day_alone(plan, day) for day in sample]
    sales = sales_of(planned)
    an_order = len(_moments(shop, sales)) / max(1, sales.orders.height)
    delays = _moments(shop, sales_of(planned[-1:])) // DAY_US - sample[-1]
    so_soon = np.cumsum(np.bincount(delays, minlength=days)) / max(1, len(delays))
    demand = np.array([plan.world.demand(day) for day in range(days)])
    in_time = an_order * float(demand @ so_soon[days - 1 :: -1]) + _first_orders(plan, demand)
    catalogue = len(plan.world.goods) * (1 + days / _LOT_DAYS)
    return max(1.0, _ORDERS * (events - catalogue) / in_time)


def _first_orders(plan: Plan, demand: Floats) -> float:
    """How many customers order for the first time: each makes an event more. Who comes newly orders at once; of those who
    were there at the beginning, some leave before they do."""
    scenario, slots = plan.world.scenario, float(len(plan.pool))
    newcomers = scenario.demand.new_customer_share * demand
    leaves = float(plan.shares @ leaving(scenario, plan.shares))
    unknown, found = slots, float(newcomers.sum())
    for orders in demand - newcomers:
        first = unknown * -np.expm1(-orders / slots)
        found += first
        unknown -= first + leaves * unknown
    return found


def _day_alone(plan: Plan, day: int) -> DayPlan:
    plan.skip_to(day)
    return plan.day(day)


def _moments(shop: Shop, sales: Sales) -> Integers:
    """When everything happens that comes of these orders."""
    told = [each.rows["at"].to_numpy() for each in _events(shop, sales)]
    return np.concatenate(told) if told else np.zeros(0, dtype=np.int64)


def _events(shop: Shop, sales: Sales) -> Iterator[Events]:
    desk = Desk(shop)
    yield from with_letters(sold(shop, desk, sales), shop.start_us)
    if sales.requests.height:
        asked = applications(application_rows(shop.world, sales), application_lines(sales))
        known = _unknown(asked)
        lives = live(desk, asked, judge(shop, asked, known, asked.of("verdict")))
        yield from with_letters(lived(shop, lives, known), shop.start_us)


def _unknown(asked: Applications) -> Known:
    """Nothing is known of anybody."""
    none = np.zeros(len(asked), dtype=np.int64)
    return Known(none, none, none, none, np.full(len(asked), NEVER))
