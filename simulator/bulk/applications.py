"""Applications with all that is known of them beforehand: who applies, for which units of which order, what was paid for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulator.bulk.ids import order_ids, rmas, tokens
from simulator.bulk.terms import NO_REASON
from simulator.buying import CURRENCY_NAMES
from simulator.columns import Words, rows_taken, runs
from simulator.goods import REASONS
from simulator.lives import CONTENTS, GRADES
from simulator.plan import DayPlan
from simulator.world import DAY_US, Flags, Integers, World

LANGUAGES = Words(["en", "zh"])
CURRENCIES = Words(CURRENCY_NAMES)


@dataclass(frozen=True, slots=True)
class Sales:
    """Some days' orders: the plan's frames, one after another."""

    orders: pl.DataFrame
    lines: pl.DataFrame
    requests: pl.DataFrame
    request_lines: pl.DataFrame
    claims: pl.DataFrame

    @property
    def first(self) -> int:
        """The number of the first order."""
        return int(self.orders["order"][0])

    def order_of_line(self) -> Integers:
        """The place in `orders` of each line's order."""
        return self.lines["order"].to_numpy() - self.first

    def parcels_us(self) -> tuple[Integers, Integers]:
        """When the first and when the second parcel of each order comes; the same moment where there is one. -1: never."""
        placed, last = (self.orders[name].to_numpy() for name in ("placed_us", "delivered_us"))
        in_two = np.zeros(len(last), dtype=np.bool_)
        in_two[self.order_of_line()[self.lines["parcel"].to_numpy() == 2]] = True
        earlier = last - np.minimum(DAY_US, (last - placed) // 2)
        return np.where(in_two & (last >= 0), earlier, last), last


def sales_of(days: Sequence[DayPlan]) -> Sales:
    names = ("orders", "lines", "requests", "request_lines", "claims")
    return Sales(*(pl.concat([getattr(day, name) for day in days]) for name in names))


@dataclass(frozen=True, slots=True)
class Applications:
    """Applications (`rows`) and their lines, in the order of the requests' numbers.

    `owner` is the place of each line's application, `starts` that of each application's first line.
    """

    rows: pl.DataFrame
    lines: pl.DataFrame
    owner: Integers
    starts: Integers

    def __len__(self) -> int:
        return self.rows.height

    def of(self, name: str) -> NDArray[Any]:
        """A column of the applications."""
        return self.rows[name].to_numpy()

    def line(self, name: str) -> NDArray[Any]:
        """A column of their lines."""
        return self.lines[name].to_numpy()

    @property
    def counts(self) -> Integers:
        """How many lines each has."""
        return np.diff(np.append(self.starts, self.lines.height))

    def some(self, place: Integers) -> "Applications":
        """Those at these places, which must rise."""
        counts = self.counts[place]
        lines = rows_taken(self.lines, runs(self.starts[place], counts))
        owner = np.repeat(np.arange(len(place)), counts)
        return Applications(rows_taken(self.rows, place), lines, owner, np.cumsum(counts) - counts)

    def lowest(self, of_lines: Integers) -> Integers:
        """The lowest of each application's lines."""
        return np.asarray(np.minimum.reduceat(of_lines, self.starts))

    def highest(self, of_lines: Integers) -> Integers:
        return np.asarray(np.maximum.reduceat(of_lines, self.starts))

    def total(self, of_lines: Integers) -> Integers:
        return np.asarray(np.add.reduceat(of_lines, self.starts))

    def any(self, of_lines: Flags) -> Flags:
        return np.asarray(np.logical_or.reduceat(of_lines, self.starts))

    def all(self, of_lines: Flags) -> Flags:
        return np.asarray(np.logical_and.reduceat(of_lines, self.starts))


def applications(rows: pl.DataFrame, lines: pl.DataFrame) -> Applications:
    owner = np.searchsorted(rows["request"].to_numpy(), lines["request"].to_numpy())
    return Applications(rows, lines, owner, np.searchsorted(owner, np.arange(rows.height)))


def application_rows(world: World, sales: Sales) -> pl.DataFrame:
    """The plan's applications with what they need to know of their orders, and with the names that they bear in events."""
    asked, orders = sales.requests, sales.orders
    place = asked["order"].to_numpy() - sales.first
    bought = orders.select(
        _place("country", world.countries),
        pl.col("currency").cast(CURRENCIES.kind),
        language_of(orders["is_chinese"]).alias("language"),
        pl.col("placed_us", "delivered_us"),
    )
    return asked.hstack(rows_taken(bought, place)).with_columns(
        rma=rmas(world.seed, asked["request"].to_numpy()),
        order_id=order_ids(asked["order"].to_numpy()),
        customer_key=customer_keys(world.seed, asked["customer"].to_numpy()),
    )


def application_lines(sales: Sales) -> pl.DataFrame:
    """The plan's lines of applications with what they need to know of the lines of the order."""
    asked = sales.request_lines
    lines = _asked_orders_lines(sales)
    place = np.searchsorted(_key(lines, "line_no"), _key(asked, "order_line_no"))
    more = lines.select(
        pl.col("quantity").alias("bought"),
        pl.col("exclusion", "goods_minor", "shipping_minor", "delivered_us"),
    )
    found = asked.hstack(rows_taken(more, place))
    value = pl.col("goods_minor") * pl.col("quantity") // pl.col("bought")
    return found.with_columns(
        value_minor=value,
        line_no=pl.Series(_places_within(asked["request"].to_numpy()) + 1),
        reason_place=_place("reason", REASONS),
        contents=_place("contents", CONTENTS),
        grade=_place("grade", GRADES),
    )


def _place(name: str, words: Sequence[str]) -> pl.Expr:
    """A word's place in its list."""
    return pl.col(name).cast(pl.Enum(words)).to_physical().cast(pl.Int64)


def language_of(is_chinese: pl.Series) -> pl.Series:
    return LANGUAGES.at(is_chinese.cast(pl.Int64).to_numpy())


def customer_keys(seed: int, customer: Integers) -> pl.Series:
    return tokens("cus", seed, customer)


def without_reason(is_withdrawal: Flags, reason: Integers) -> Integers:
    """Who declares a withdrawal names no reason."""
    return np.where(is_withdrawal, NO_REASON, reason)


def _asked_orders_lines(sales: Sales) -> pl.DataFrame:
    """The lines of the orders that somebody applies about: what each cost, its share of the shipping, when it came."""
    is_asked = np.zeros(sales.orders.height, dtype=np.bool_)
    is_asked[sales.requests["order"].to_numpy() - sales.first] = True
    of_line = sales.order_of_line()
    at = np.flatnonzero(is_asked[of_line])
    lines, of_line = rows_taken(sales.lines, at), of_line[at]
    first_us, last_us = sales.parcels_us()
    goods = lines.select(pl.col("price_minor") * pl.col("quantity") - pl.col("discount_minor"))
    goods_minor = goods.to_series().to_numpy()
    shipping_minor = sales.orders["shipping_minor"].to_numpy()
    is_first = lines["parcel"].to_numpy() == 1
    return lines.with_columns(
        goods_minor=pl.Series(goods_minor),
        shipping_minor=pl.Series(shares(shipping_minor, of_line, goods_minor)),
        delivered_us=pl.Series(np.where(is_first, first_us[of_line], last_us[of_line])),
    )


def shares(amount: Integers, owner: Integers, weight: Integers) -> Integers:
    """Each owner's amount shared out among its rows by weight, as `service.domain.money.share_out` does. Owners are in order."""
    whole = np.zeros(len(amount), dtype=np.int64)
    np.add.at(whole, owner, weight)
    scaled = amount[owner] * weight
    share, remainder = np.divmod(scaled, np.maximum(whole[owner], 1))
    given = np.zeros(len(amount), dtype=np.int64)
    np.add.at(given, owner, share)
    in_turn = np.lexsort((-remainder, owner))
    rank = np.empty(len(owner), dtype=np.int64)
    rank[in_turn] = _places_within(owner[in_turn])
    return np.asarray(share + (rank < (amount - given)[owner]))


def _places_within(owner: Integers) -> Integers:
    """0, 1, 2 … within each run of the same owner."""
    if not len(owner):
        return owner
    begins = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
    lengths = np.diff(np.append(begins, len(owner)))
    return np.asarray(np.arange(len(owner)) - np.repeat(begins, lengths))


def _key(lines: pl.DataFrame, line_no: str) -> Integers:
    return np.asarray(lines["order"].to_numpy() * 64 + lines[line_no].to_numpy())
