"""A day's orders: who buys what, for how much, and when it reaches them."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from simulator.columns import taken
from simulator.goods import CATEGORIES
from simulator.kinds import KINDS, column
from simulator.people import CURRENCIES, DEFAULT_CURRENCY, RATE, Pool
from simulator.world import DAY_US, HOUR_US, Flags, Floats, Integers, World

_MOST_PICKS, _EXTRA_PICKS = 4, 0.6
_SIZE_UP_SHARE, _SIZE_DOWN_SHARE = 1.0, 0.4
_THREE_SHARE = 0.3  # of those who buy several
_DELIVERY_DAYS = {"CN": 2.5, "US": 6.0}
_USUAL_DELIVERY_DAYS, _LEAST_DELIVERY_DAYS = 3.5, 0.3
_LATE_DAYS = 6.0
_TWO_PARCELS = 0.12
_OTHER_DISCOUNTS = 0.05
_SHIPPING_MINOR, _FREE_FROM_MINOR = 490, 6000
_EXCLUSIONS = ("unsealed_hygiene", "custom_made", "final_sale")
_HYGIENE_SHARE = np.array([0.06 if each.name == "bedding" else 0.0 for each in CATEGORIES])
_CUSTOM_SHARE = np.array([0.02 if each.name == "toys" else 0.0 for each in CATEGORIES])
_FINAL_SHARE = 0.015
HAS_SIZES = np.array([bool(each.sizes) for each in CATEGORIES])
_RATES = np.array(list(RATE.values()))


@dataclass(slots=True)
class Bought:
    """A day's orders: the first columns have an entry an order, those from `owner` (its place) on an entry a line.

    `delivered_us` is when the last parcel comes, -1 where none ever does. Prices are in the order's currency. `is_added`:
    a size more of what was picked; `is_tried_on`: one of several sizes of which most will go back.
    """

    slot: Integers
    kind: Integers
    country: Integers
    currency: Integers
    placed_us: Integers
    delivered_us: Integers
    is_late: Flags
    brackets: Flags
    is_discounted: Flags
    owner: Integers
    line_no: Integers
    product: Integers
    is_added: Flags
    is_tried_on: Flags
    quantity: Integers
    price_minor: Integers
    discount_minor: Integers
    exclusion: Integers
    parcel: Integers

    def __len__(self) -> int:
        return len(self.slot)


@dataclass(frozen=True, slots=True)
class _Baskets:
    """What each order holds, an entry a line; `brackets` has an entry an order."""

    owner: Integers
    product: Integers
    is_added: Flags
    is_tried_on: Flags
    brackets: Flags


CURRENCY_NAMES = tuple(RATE)


def buy(world: World, pool: Pool, rng: np.random.Generator, day: int, slots: Integers) -> Bought:
    """One order of each of these customers."""
    number, kind, country = len(slots), pool.kind[slots], pool.country[slots]
    baskets = _baskets(world, rng, day, kind)
    owner, product = baskets.owner, baskets.product
    line_no = np.arange(len(owner)) - np.searchsorted(owner, owner) + 1
    quantity = _quantities(rng, kind[owner], baskets.brackets[owner])
    currency = _currencies(world)[country]
    price_minor = np.maximum(
        1, (world.goods.price_minor[product] * _RATES[currency][owner]).astype(np.int64)
    )
    is_discounted = world.is_promoted(day) | (rng.random(number) < _OTHER_DISCOUNTS)
    cut = np.where(is_discounted[owner], world.scenario.demand.promotion_discount, 0.0)
    placed_us = day * DAY_US + _shopping_us(rng, number)
    is_late = rng.random(number) < world.scenario.demand.delivery_late_share
    return Bought(
        slot=slots,
        kind=kind,
        country=country,
        currency=currency,
        placed_us=placed_us,
        delivered_us=_delivered_us(world, rng, placed_us, country, is_late),
        is_late=is_late,
        brackets=baskets.brackets,
        is_discounted=is_discounted,
        owner=owner,
        line_no=line_no,
        product=product,
        is_added=baskets.is_added,
        is_tried_on=baskets.is_tried_on,
        quantity=quantity,
        price_minor=price_minor,
        discount_minor=(price_minor * quantity * cut).astype(np.int64),
        exclusion=_exclusions(world, rng, product, is_discounted[owner]),
        parcel=_parcels(rng, owner, line_no, number),
    )


def who_buys(pool: Pool, rng: np.random.Generator, day: int, number: int) -> Integers:
    """The slots of those who order on a day; whoever came today came to buy."""
    slots = _by_activity(pool, rng, number)
    fresh = np.flatnonzero(pool.joined_day == day)[:number]
    slots[: len(fresh)] = fresh
    return slots


def _by_activity(pool: Pool, rng: np.random.Generator, number: int) -> Integers:
    """So many slots, those of active kinds more often: anybody is drawn, and as likely taken as they are active."""
    taken = column("activity") / column("activity").max()
    slots = np.empty(0, dtype=np.int64)
    while len(slots) < number:
        anybody = rng.integers(0, len(pool), 3 * number)
        is_taken = rng.random(len(anybody)) < taken[pool.kind[anybody]]
        slots = np.concatenate([slots, anybody[is_taken]])
    return slots[:number]


def orders_frame(world: World, pool: Pool, bought: Bought, first: int) -> pl.DataFrame:
    """The orders for those who carry them out, numbered from `first`."""
    slot = bought.slot
    subtotal = np.zeros(len(bought), dtype=np.int64)
    np.add.at(subtotal, bought.owner, bought.price_minor * bought.quantity - bought.discount_minor)
    rate = _RATES[bought.currency]
    is_free = subtotal >= _FREE_FROM_MINOR * rate
    return pl.DataFrame(
        {
            "order": np.arange(first, first + len(bought)),
            "customer": pool.number[slot],
            "kind": bought.kind,
            "country": taken(pl.Series(world.countries), bought.country),
            "currency": taken(pl.Series(CURRENCY_NAMES), bought.currency),
            "is_chinese": pool.chinese[slot],
            "joined_day": pool.joined_day[slot],
            "address": pool.address[slot],
            "device": pool.device[slot],
            "placed_us": bought.placed_us,
            "delivered_us": bought.delivered_us,
            "brackets": bought.brackets,
            "is_discounted": bought.is_discounted,
            "shipping_minor": np.where(is_free, 0, _SHIPPING_MINOR * rate).astype(np.int64),
        }
    )


def lines_frame(bought: Bought, first: int) -> pl.DataFrame:
    """The lines of `orders_frame`."""
    exclusions = taken(pl.Series([None, *_EXCLUSIONS]), bought.exclusion)
    return pl.DataFrame(
        {
            "order": bought.owner + first,
            "line_no": bought.line_no,
            "product": bought.product,
            "quantity": bought.quantity,
            "price_minor": bought.price_minor,
            "discount_minor": bought.discount_minor,
            "exclusion": exclusions,
            "parcel": bought.parcel,
        }
    )


def _baskets(world: World, rng: np.random.Generator, day: int, kind: Integers) -> _Baskets:
    """What each of these customers picks; who buys to try on takes the neighbouring sizes of the first style too."""
    number, style, is_there = len(kind), world.goods.style, world.is_there(day)
    picks = np.minimum(1 + rng.poisson(_EXTRA_PICKS, number), _MOST_PICKS)
    owner = np.repeat(np.arange(number), picks)
    product = _pick(world.pick_weights(day), kind[owner], rng.random(len(owner)))
    main = product[np.searchsorted(owner, np.arange(number))]
    brackets = rng.random(number) < column("bracket_share")[kind]
    brackets &= HAS_SIZES[world.goods.category[main]]
    owners, products = [owner], [product]
    for step, share in ((1, _SIZE_UP_SHARE), (-1, _SIZE_DOWN_SHARE)):
        other = np.clip(main + step, 0, len(style) - 1)
        fits = brackets & (style[other] == style[main]) & (other != main)
        fits &= is_there[other] & (rng.random(number) < share)
        owners.append(np.flatnonzero(fits))
        products.append(other[fits])
    everyone, everything = np.concatenate(owners), np.concatenate(products)
    in_order = np.argsort(everyone, kind="stable")
    owner, product = everyone[in_order], everything[in_order]
    is_tried_on = brackets[owner] & (style[product] == style[main][owner])
    return _Baskets(owner, product, in_order >= int(picks.sum()), is_tried_on, brackets)


def _pick(weights: Floats, kind: Integers, draws: Floats) -> Integers:
    product = np.zeros(len(kind), dtype=np.int64)
    for each in range(len(KINDS)):
        mine = np.flatnonzero(kind == each)
        if len(mine):
            total = np.cumsum(weights[each])
            product[mine] = np.searchsorted(total, draws[mine] * total[-1], side="right")
    return np.asarray(np.minimum(product, weights.shape[1] - 1))


def _quantities(rng: np.random.Generator, kind: Integers, brackets: Flags) -> Integers:
    several = (rng.random(len(kind)) < column("several_share")[kind]) & ~brackets
    return np.where(several, 2 + (rng.random(len(kind)) < _THREE_SHARE), 1)


def _currencies(world: World) -> Integers:
    return np.array(
        [CURRENCY_NAMES.index(CURRENCIES.get(each, DEFAULT_CURRENCY)) for each in world.countries]
    )


def _shopping_us(rng: np.random.Generator, number: int) -> Integers:
    """Moments of a day on which people shop: most in the evening."""
    return (rng.triangular(0, 20, 24, number) * HOUR_US).astype(np.int64)


def _delivered_us(
    world: World, rng: np.random.Generator, placed_us: Integers, country: Integers, is_late: Flags
) -> Integers:
    number = len(placed_us)
    by_country = [_DELIVERY_DAYS.get(each, _USUAL_DELIVERY_DAYS) for each in world.countries]
    days = np.array(by_country)[country] * rng.gamma(9.0, 1 / 9.0, number)
    days += is_late * (3 + rng.exponential(_LATE_DAYS, number))
    at_us = placed_us + ((_LEAST_DELIVERY_DAYS + days) * DAY_US).astype(np.int64)
    at_us = at_us - at_us % DAY_US + ((8 + 12 * rng.random(number)) * HOUR_US).astype(np.int64)
    is_lost = rng.random(number) < world.scenario.demand.never_delivered_share
    return np.where(is_lost, -1, np.maximum(at_us, placed_us + 6 * HOUR_US))


def _exclusions(
    world: World, rng: np.random.Generator, product: Integers, is_discounted: Flags
) -> Integers:
    """What the customer agreed not to send back: 0 nothing, else a place in the list of exclusions."""
    draws = rng.random(len(product))
    category = world.goods.category[product]
    final = is_discounted & (draws > 1 - _FINAL_SHARE)
    hygiene, custom = draws < _HYGIENE_SHARE[category], draws < _CUSTOM_SHARE[category]
    return np.select([hygiene, custom, final], [1, 2, 3], default=0)


def _parcels(rng: np.random.Generator, owner: Integers, line_no: Integers, number: int) -> Integers:
    """In which parcel a line comes: some orders come in two."""
    in_two = rng.random(number) < _TWO_PARCELS
    return np.where(in_two[owner] & (line_no > 1), 2, 1)
