"""The way back: announced, handed over, scanned, lost or not, on the dock."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from simulator.behaviour import Floats, by_day_us
from simulator.bulk.applications import Applications
from simulator.bulk.ids import uniform
from simulator.bulk.shop import NEVER, Shop, after, happens, only
from simulator.lives import METHODS
from simulator.world import DAY_US, Flags, Integers

_PICKUP = METHODS.index("pickup")
_TURNS_UP_US = 22 * DAY_US
_NEW_WAY_HOURS, _NEW_HANDOVER_HOURS = 5.0, 26.0
_ANNOUNCED_BY = 0.8  # of the time until it is sent
_OFTEN_SCANNED = 3  # one in so many is scanned on the way too


@dataclass(frozen=True, slots=True)
class Journeys:
    """The goods of each application. Moments that do not come are NEVER.

    `pickup_day` is counted from the play's first; `announced_again_us`: another way, after a pick-up that failed. `lost_us`, `missing_us`: not brought in time by the
    carrier, not found in time by the warehouse. `parcel_us`: a parcel lies on the dock; `received_us`: it is known whose.
    `expired_us`: not sent in time. `inspection_due_us` counts from the carrier's word where that came first.
    """

    announced_us: Integers
    is_pickup: Flags
    pickup_day: Integers
    handover_us: Integers
    pickup_failed_us: Integers
    announced_again_us: Integers
    picked_up_us: Integers
    in_transit_us: Integers
    delivered_us: Integers
    lost_us: Integers
    missing_us: Integers
    given_up_us: Integers
    parcel_us: Integers
    received_us: Integers
    is_unreadable: Flags
    expired_us: Integers
    inspection_due_us: Integers

    @property
    def seen_us(self) -> Integers:
        """When the goods are first known to move."""
        return np.minimum(self.picked_up_us, self.received_us)

    def until(self, end_us: Integers) -> "Journeys":
        """What is left where a return ends early."""
        cut: dict[str, Any] = {
            each.name: only(getattr(self, each.name) < end_us, getattr(self, each.name))
            for each in fields(self)
            if each.name.endswith("_us")
        }
        return replace(self, **cut)


def send(shop: Shop, asked: Applications, sendable_us: Integers, comes: Flags) -> Journeys:
    """`sendable_us`: from when on the goods may be sent; `comes`: whether they are to (not where they are kept)."""
    sends = comes & asked.of("sends") & happens(sendable_us)
    hours = asked.of("send_hours")
    planned_us = only(sends, _by_day(sendable_us, hours))
    ship_by_us = sendable_us + shop.clock_us("ship_by")
    announced_us = only(
        asked.of("announces"),
        np.minimum(
            after(only(sends, sendable_us), asked.of("announce_hours")),
            sendable_us + ((planned_us - sendable_us) * _ANNOUNCED_BY).astype(np.int64),
        ),
    )
    is_by_courier = asked.of("method") == _PICKUP
    comes_too_late = is_by_courier & (planned_us // DAY_US > ship_by_us // DAY_US)
    announced_us = only((announced_us < ship_by_us) & ~comes_too_late, announced_us)
    is_pickup = happens(announced_us) & is_by_courier
    fails = is_pickup & asked.of("pickup_fails") & (planned_us < ship_by_us)
    failed_us = only(fails, planned_us)
    handover_us = np.where(fails, after(planned_us, _NEW_HANDOVER_HOURS), planned_us)
    ship_by_us = np.where(fails, failed_us + shop.clock_us("ship_by"), ship_by_us)
    way = _carried(shop, asked, handover_us)
    is_late = comes & happens(sendable_us) & (way.seen_us >= ship_by_us)
    return replace(
        way,
        announced_us=announced_us,
        is_pickup=is_pickup,
        pickup_day=planned_us // DAY_US,
        pickup_failed_us=failed_us,
        announced_again_us=after(failed_us, _NEW_WAY_HOURS),
        expired_us=only(is_late, ship_by_us),
    )


def _carried(shop: Shop, asked: Applications, handover_us: Integers) -> Journeys:
    """From the handover to the dock, with what gets lost on the way."""
    transit, is_scanned = asked.of("transit_hours"), asked.of("is_scanned")
    is_lost = asked.of("is_lost")
    arrival_us = only(~is_lost, _by_day(handover_us, transit))
    turns_up_us = only(
        is_lost & asked.of("turns_up") & happens(handover_us), handover_us + _TURNS_UP_US
    )
    parcel_us, received_us = _taken_in(shop, asked, np.minimum(arrival_us, turns_up_us))
    picked_up_us = only(is_scanned, handover_us)
    in_transit_us = _scanned_on_the_way(shop, asked, picked_up_us, arrival_us)
    last_scan_us = np.where(happens(in_transit_us), in_transit_us, picked_up_us)
    delivered_us = only(is_scanned, arrival_us)
    lost_us = _too_late(
        last_scan_us, shop.clock_us("transit"), np.minimum(delivered_us, received_us)
    )
    given_up_us = _too_late(lost_us, shop.clock_us("search"), np.minimum(delivered_us, received_us))
    delivered_us = only(~happens(given_up_us), delivered_us)  # nobody waits for it any more
    missing_us = _too_late(delivered_us, shop.clock_us("inspection"), received_us)
    not_found_us = _too_late(missing_us, shop.clock_us("search"), received_us)
    is_expected = happens(delivered_us) & ~happens(missing_us)
    due_from_us = np.where(is_expected, delivered_us, received_us)
    nothing = np.full(len(asked), NEVER)
    return Journeys(
        announced_us=nothing,
        is_pickup=np.zeros(len(asked), dtype=np.bool_),
        pickup_day=nothing,
        handover_us=handover_us,
        pickup_failed_us=nothing,
        announced_again_us=nothing,
        picked_up_us=picked_up_us,
        in_transit_us=in_transit_us,
        delivered_us=delivered_us,
        lost_us=lost_us,
        missing_us=missing_us,
        given_up_us=np.minimum(given_up_us, not_found_us),
        parcel_us=parcel_us,
        received_us=received_us,
        is_unreadable=asked.of("is_unreadable") & happens(parcel_us),
        expired_us=nothing,
        inspection_due_us=only(happens(received_us), due_from_us + shop.clock_us("inspection")),
    )


def _taken_in(shop: Shop, asked: Applications, arrival_us: Integers) -> tuple[Integers, Integers]:
    """When the dock has a parcel, and when it is known whose it is."""
    parcel_us = shop.shift(arrival_us, asked.of("dock_hours"))
    rules, request = shop.world.scenario.staff, asked.of("request")
    is_slow = uniform("slow match", shop.seed, request) < rules.slow_share
    speed = 0.5 + uniform("match", shop.seed, request)
    matched_us = shop.work(parcel_us, rules.case_hours, speed, is_slow)
    return parcel_us, np.where(asked.of("is_unreadable"), matched_us, parcel_us)


def _by_day(from_us: Integers, hours: Floats) -> Integers:
    """So many hours later, in the hours in which carriers and counters are open."""
    at_us = after(from_us, hours)
    open_us = np.asarray(by_day_us(at_us.astype(np.float64))).astype(np.int64)
    return np.where(happens(at_us), np.maximum(open_us, from_us), at_us)


def _scanned_on_the_way(
    shop: Shop, asked: Applications, picked_up_us: Integers, arrival_us: Integers
) -> Integers:
    """A carrier that is so late scans nothing any more."""
    half_us = (arrival_us - picked_up_us) // 2
    often = (asked.of("request") % _OFTEN_SCANNED == 0) & happens(arrival_us)
    in_time = half_us < shop.clock_us("transit")
    return only(often & in_time & happens(picked_up_us), picked_up_us + half_us)


def _too_late(from_us: Integers, allowed_us: int, comes_us: Integers) -> Integers:
    """When a clock runs out that began somewhere, unless what it waits for comes before."""
    due_us = from_us + allowed_us
    return only(happens(from_us) & (comes_us >= due_us), due_us)
