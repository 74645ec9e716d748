"""The practice shop's world: what stays the same over a play, and what depends on the day alone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.chance import stream
from simulator.goods import CATEGORIES, Goods, goods_of
from simulator.kinds import ARCHETYPES, KINDS, affinities, column
from simulator.scenario import Scenario

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
WITHDRAWAL_DAYS: Mapping[str, int] = {"CN": 7, "DE": 14, "FR": 14, "NL": 14}
FIRST_ARCHETYPE = len(KINDS) - len(ARCHETYPES)
_STOCK_DAYS = 4


@dataclass(slots=True)
class World:
    """`caution`: how careful those have become who adapt to what gets through, from 0 to 1."""

    scenario: Scenario
    seed: int
    days: int
    orders_per_day: float
    goods: Goods
    countries: list[str]
    promotions: Flags
    level: Floats
    affinity: Floats
    caution: float = 0.0
    usual: float = 1.0

    def demand(self, day: int) -> float:
        """How many orders are to be expected on a day; on the average of the play `orders_per_day`."""
        return self.orders_per_day * self.factor(day) / self.usual

    def factor(self, day: int) -> float:
        """How much is bought on a day beside others, not scaled."""
        rules = self.scenario.demand
        growth = (1 + rules.yearly_growth) ** ((day - self.days / 2) / 365)
        weekend = rules.weekend_factor if day % 7 >= 5 else 1.0
        lift = rules.promotion_lift if self.is_promoted(day) else 1.0
        return float(growth * weekend * lift)

    def is_promoted(self, day: int) -> bool:
        return bool(self.promotions[day % len(self.promotions)])

    def is_there(self, day: int) -> Flags:
        """Which products can be bought on a day: launched, and in stock."""
        stock = stream(self.seed, "stock", day // _STOCK_DAYS).random(len(self.goods))
        is_in_stock = stock >= self.scenario.demand.stock_out_share
        return np.asarray((self.goods.launch_day <= day) & is_in_stock)

    def pick_weights(self, day: int) -> Floats:
        """How likely each kind is to pick each product on a day: kinds × products, not scaled."""
        goods = self.goods
        angle = 2 * np.pi * (day - np.array([each.season for each in CATEGORIES])) / 365
        season = np.exp(np.array([each.swing for each in CATEGORIES]) * np.cos(angle))
        base = goods.popularity * season[goods.category] * self.is_there(day)
        tilt = column("price_tilt")
        tilt[self.adapting] *= 1 - self.caution
        weights = base * self.affinity[:, goods.category] * np.exp(np.outer(tilt, self.level))
        return np.asarray(weights)

    @property
    def adapting(self) -> list[int]:
        """The kinds that learn from what gets through."""
        name = self.scenario.abuse.adapting
        return [KINDS.index(name)] if name else []

    def abuse_shares(self, day: int) -> Floats:
        """What part of the units that reach them each kind abuses on a day."""
        rules, shares = self.scenario.abuse, column("abuse_share")
        for place, name in enumerate(ARCHETYPES, FIRST_ARCHETYPE):
            is_too_early = name == rules.late and day < rules.late_from * self.days
            if is_too_early or not rules.archetypes.get(name):
                shares[place] = 0.0
        return shares


def world_of(scenario: Scenario, seed: int, days: int, orders_per_day: float) -> World:
    """The world of a play that begins on day 0. The same arguments give the same world."""
    goods = goods_of(scenario, seed, days)
    world = World(
        scenario=scenario,
        seed=seed,
        days=days,
        orders_per_day=orders_per_day,
        goods=goods,
        countries=list(scenario.shop.countries),
        promotions=_promotions(scenario, seed),
        level=_price_levels(goods),
        affinity=affinities(),
    )
    world.usual = float(np.mean([world.factor(day) for day in range(days)]))
    return world


def _price_levels(goods: Goods) -> Floats:
    """How dear each product is beside its category, in standard deviations of the logarithm."""
    price = np.log(goods.price_minor)
    level = np.zeros(len(goods))
    for category in range(len(CATEGORIES)):
        mine = goods.category == category
        spread = price[mine].std() or 1.0
        level[mine] = (price[mine] - price[mine].mean()) / spread
    return np.clip(level, -2.0, 2.0)


def _promotions(scenario: Scenario, seed: int) -> Flags:
    """The promoted days of a year."""
    promoted = np.zeros(365, dtype=np.bool_)
    rules = scenario.demand
    rng = stream(seed, "promotions")
    for begin in rng.choice(365, rules.promotions_a_year, replace=False):
        promoted[begin : begin + rules.promotion_days] = True
    return promoted
