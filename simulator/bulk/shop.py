"""What every step of the fast path needs: the world, the rules in force, the clocks, the hours in which people work.

Moments are microseconds since the play's first midnight; what does not happen happens `NEVER`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from retour.errors import UserError
from service.domain.clocks import ClockName, end_of_day
from service.domain.countries import zones_of
from service.domain.policy import Policy
from service.platform.clock import to_us
from simulator.behaviour import Floats, Shifts, busy, shifts_of, work_hours
from simulator.bulk.terms import TermsTable, terms_table
from simulator.world import DAY_US, HOUR_US, Flags, Integers, World

NEVER = 1 << 60
_EPOCH = date(1970, 1, 1)
_DAYS_AFTER = 120  # what ends later than so many days after the play is as busy as that day


class NotForBulk(UserError):
    """The policy has a rule that the fast path does not know."""


@dataclass(frozen=True, slots=True)
class Shop:
    """`start_us` is the play's first midnight in microseconds since 1970, `busy` a factor for each day.

    `zones` are those of each country of the world in which a law grants withdrawals.
    """

    world: World
    policy: Policy
    zone: ZoneInfo
    zones: tuple[tuple[ZoneInfo, ...], ...]
    start_us: int
    shifts: Shifts
    busy: Floats
    terms: TermsTable
    skus: pl.Series

    @property
    def seed(self) -> int:
        return self.world.seed

    def clock_us(self, clock: ClockName) -> int:
        """How long a clock allows."""
        return round(self.policy.hours(clock).total_seconds() * 1_000_000)

    def shift(self, from_us: Integers, hours: "float | Floats") -> Integers:
        """When work of so many hours is done; what never begins is never done."""
        begins = np.where(from_us < NEVER, from_us, 0)
        done = np.asarray(self.shifts.done_us(begins, hours)).astype(np.int64)
        return np.where(from_us < NEVER, np.maximum(done, begins), NEVER)

    def work(
        self, from_us: Integers, usual_hours: float, speed: "float | Floats", is_slow: Flags
    ) -> Integers:
        """As `shift`, for what usually takes so many hours: longer on a busy day, or with somebody slow."""
        day = np.where(from_us < NEVER, from_us, 0) // DAY_US
        crowd = np.take(self.busy, day, mode="clip")
        return self.shift(from_us, np.asarray(work_hours(usual_hours, speed, is_slow, crowd)))

    def end_of_day(self, at_us: Integers, days: Integers, country: Integers) -> Integers:
        """The last moment of the day so many days after the one in which these moments lie: in the shop's zone or in one of
        the country's, wherever it is the latest."""
        ends = self._end_of_day(at_us, days, self.zone)
        for place, zones in enumerate(self.zones):
            there = country == place
            for zone in zones if there.any() else ():
                here = self._end_of_day(at_us[there], days[there], zone)
                ends[there] = np.maximum(ends[there], here)
        return ends

    def _end_of_day(self, at_us: Integers, days: Integers, zone: ZoneInfo) -> Integers:
        moments = pl.Series(at_us + self.start_us).cast(pl.Datetime("us", "UTC"))
        dates = moments.dt.convert_time_zone(zone.key).dt.date().cast(pl.Int64).to_numpy()
        last, place = np.unique(dates + days, return_inverse=True)
        ends_us = [to_us(end_of_day(_EPOCH + timedelta(days=int(day)), zone)) for day in last]
        return np.array(ends_us, dtype=np.int64)[place] - self.start_us


def shop_of(world: World, policy: Policy, zone: ZoneInfo, start_us: int) -> Shop:
    """Raises `NotForBulk`."""
    _refuse_what_is_not_known(policy)
    weekday = datetime.fromtimestamp(start_us / 1_000_000, UTC).weekday()
    days = range(world.days + _DAYS_AFTER)
    return Shop(
        world=world,
        policy=policy,
        zone=zone,
        zones=tuple(zones_of(each) if policy.regime_of(each) else () for each in world.countries),
        start_us=start_us,
        shifts=shifts_of(world.scenario, weekday),
        busy=np.array([busy(world, day) for day in days]),
        terms=terms_table(policy, world.countries),
        skus=pl.Series(world.goods.sku),
    )


def after(from_us: Integers, hours: "float | Floats") -> Integers:
    """So many hours later; never stays never."""
    later = from_us + (np.asarray(hours) * HOUR_US).astype(np.int64)
    return np.where(from_us < NEVER, later, NEVER)


def only(where: Flags, at_us: Integers) -> Integers:
    """These moments where something holds, else never."""
    return np.where(where, at_us, NEVER)


def happens(at_us: Integers) -> Flags:
    return np.asarray(at_us < NEVER)


def overruns(from_us: Integers, every_us: int, until_us: Integers) -> tuple[Integers, Integers]:
    """A clock that starts anew whenever it runs out: which of these it ran out on, as often as it did, and when."""
    lasts = np.where(happens(until_us), until_us - from_us, 0)
    times = lasts // every_us
    which = np.repeat(np.arange(len(times)), times)
    turn = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
    return which, from_us[which] + (turn + 1) * every_us


def _refuse_what_is_not_known(policy: Policy) -> None:
    if policy.clocks.calendar != "calendar":
        raise NotForBulk(
            f'policy {policy.version}: with --bulk clocks.calendar must be "calendar", '
            f'not "{policy.clocks.calendar}"; play it through the service, without --bulk'
        )
    if policy.keep_item.up_to_minor:
        raise NotForBulk(
            f"policy {policy.version}: with --bulk keep_item.up_to_minor must be {{}}; "
            "play it through the service, without --bulk"
        )
