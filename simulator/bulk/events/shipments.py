"""Goods on their way back."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from service.domain.clocks import ClockName
from simulator.bulk.events.shared import of_returns, units
from simulator.bulk.happening import Events, Said, only_where, when
from simulator.bulk.ids import tokens
from simulator.bulk.lives import Lives
from simulator.bulk.shop import Shop, happens
from simulator.columns import Words
from simulator.lives import METHODS
from simulator.world import DAY_US, Integers

_METHODS = Words(METHODS)
_DROP_OFF, _OWN = METHODS.index("drop_off"), METHODS.index("own_carrier")
_SCANS = Words(["picked_up", "in_transit", "delivered"])
_REASONS = Words(["nobody_there"])
_DAY = "%Y-%m-%d"


def sent(shop: Shop, lives: Lives) -> Iterator[Events]:
    way, asked = lives.way, lives.asked
    method = asked.of("method")
    first_us = lives.decisions.authorized_us
    yield _created(shop, lives, way.announced_us, method, 0, first_us)
    by_hand = np.full(len(asked), _DROP_OFF)
    yield _created(shop, lives, way.announced_again_us, by_hand, 1, way.pickup_failed_us)
    yield from _pickups(shop, lives)
    scans: tuple[tuple[Integers, str, ClockName], ...] = (
        (way.picked_up_us, "picked_up", "transit"),
        (way.in_transit_us, "in_transit", "transit"),
        (way.delivered_us, "delivered", "inspection"),
    )
    for at_us, scan, clock in scans:
        yield _scanned(shop, lives, at_us, scan, clock)
    yield _lost(shop, lives, way.lost_us)
    yield _lost(shop, lives, way.missing_us)
    yield _of_lines(lives, "shipment.loss_accepted", way.given_up_us)
    yield _of_lines(lives, "shipment.overdue", lives.overdue_us)


def _of_lines(lives: Lives, type_: str, at_us: Integers, **said: Said) -> Events:
    place, us = when(at_us)
    lines = units(lives.asked, place)
    return of_returns(type_, lives.asked, place, us, "system", None, lines, **said)


def _lost(shop: Shop, lives: Lives, at_us: Integers) -> Events:
    _, us = when(at_us)
    due_us = us + shop.clock_us("search") + shop.start_us
    return _of_lines(lives, "shipment.lost", at_us, due_at_us=due_us)


def _created(
    shop: Shop, lives: Lives, at_us: Integers, method: Integers, turn: int, from_us: Integers
) -> Events:
    """`from_us`: since when the goods are to be sent. Choosing a way does not lengthen the time for it."""
    place, us = when(at_us)
    return of_returns(
        "shipment.created",
        lives.asked,
        place,
        us,
        "customer",
        None,
        units(lives.asked, place),
        shipment_id=_shipment(shop, lives, place, np.full(len(place), turn)),
        method=_METHODS.at(method[place]),
        has_tracking=method[place] == _OWN,
        due_at_us=from_us[place] + shop.clock_us("ship_by") + shop.start_us,
    )


def _pickups(shop: Shop, lives: Lives) -> Iterator[Events]:
    """A courier is booked for the day of the handover; some come in vain."""
    way, asked = lives.way, lives.asked
    place = np.flatnonzero(way.is_pickup & happens(way.announced_us))
    first = _shipment(shop, lives, place, np.zeros(len(place), dtype=np.int64))
    day = (
        pl.Series(way.pickup_day[place] + shop.start_us // DAY_US)
        .cast(pl.Int32)
        .cast(pl.Date)
        .dt.to_string(_DAY)
    )
    at_us = way.announced_us[place]
    yield of_returns("pickup.booked", asked, place, at_us, "customer", shipment_id=first, day=day)
    place, us = when(way.pickup_failed_us)
    yield of_returns(
        "pickup.failed",
        asked,
        place,
        us,
        "carrier",
        None,
        units(asked, place),
        shipment_id=_shipment(shop, lives, place, np.zeros(len(place), dtype=np.int64)),
        reason=_REASONS.always("nobody_there", len(place)),
        due_at_us=us + shop.clock_us("ship_by") + shop.start_us,
    )


def _scanned(shop: Shop, lives: Lives, at_us: Integers, scan: str, clock: ClockName) -> Events:
    """A parcel that nobody announced is scanned under its RMA alone. `clock` runs from then on."""
    place, us = when(at_us)
    again = happens(lives.way.announced_again_us[place]).astype(np.int64)
    shipment = _shipment(shop, lives, place, again)
    told = happens(lives.way.announced_us[place])
    return of_returns(
        "shipment.scanned",
        lives.asked,
        place,
        us,
        "carrier",
        None,
        units(lives.asked, place),
        shipment_id=only_where(told, shipment),
        scan=_SCANS.always(scan, len(place)),
        due_at_us=us + shop.clock_us(clock) + shop.start_us,
    )


def _shipment(shop: Shop, lives: Lives, place: Integers, turn: Integers) -> pl.Series:
    return tokens("shp", shop.seed, lives.asked.of("request")[place] * 2 + turn)
