"""How staff work and how customers feel: rules that the play asks of one person and the fast path of a million at once.

Every function takes numbers or arrays alike. Moments are microseconds since the play's first midnight, a Monday's or not:
`Shifts` is told the weekday.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.scenario import Scenario
from simulator.world import DAY_US, HOUR_US, World

Floats = NDArray[np.float64]
Numbers = float | Floats

_LEAST_HANDS = 0.02
_CLOSED = 1e-6  # hours' work while closed: not nothing, so that every moment can be found again
_SLOW = 6.0  # who is slow takes so many times as long: clocks run out
_BUSY_DAYS = 7
_BUSY_POWER = 1.3
# How likely an inspection finds out what is in the parcel, by what it is: (at a basic check, at a full one). What is
# faultless was said to be broken: only who tries it finds out.
FINDS = {
    "worn": (0.55, 0.92),
    "swapped": (0.65, 0.97),
    "missing": (0.97, 0.995),
    "faultless": (0.12, 0.88),
}
# How likely a reviewer declines: an honest application, one that looks late, an abusive one (something is odd about it).
_DECLINES_HONEST, _DECLINES_LATE, _DECLINES_ABUSIVE = 0.08, 0.30, 0.45
_STRICTNESS = (0.6, 0.9, 1.1, 1.5)  # by reviewer, in turn
HANDED_ON_SHARE = 0.05  # of cases: a colleague takes them over midway
# Of what customers bring up: how much is answered before it is done, after which part of the time; how many write back.
ANSWERED_SHARE, ANSWERED_AFTER, WRITES_BACK_SHARE = 0.6, 0.3, 0.3
_KEEP_BELOW_MINOR, _KEEPS = 2500, 0.3


@dataclass(frozen=True, slots=True)
class Shifts:
    """The working week: `worked` is how many hours' work is done by each of `knots_us`, from one week's beginning to its end."""

    knots_us: Floats
    worked: Floats

    def done_us(self, from_us: Numbers, work_hours: Numbers) -> Numbers:
        """When work of so many hours that begins to wait at `from_us` is done."""
        week_us, week_hours = self.knots_us[-1], self.worked[-1]
        weeks, rest = np.divmod(np.asarray(from_us, dtype=np.float64), week_us)
        done = np.interp(rest, self.knots_us, self.worked) + work_hours
        more_weeks, done_rest = np.divmod(done, week_hours)
        found = (weeks + more_weeks) * week_us + np.interp(done_rest, self.worked, self.knots_us)
        found = np.maximum(found, from_us)  # closed hours pass in no time, but for rounding
        return float(found) if np.ndim(found) == 0 else np.asarray(found)


def shifts_of(scenario: Scenario, first_weekday: int) -> Shifts:
    """The working week of a shop whose play begins on this weekday (0 is a Monday), at weekends with fewer hands."""
    rules, knots, worked = scenario.staff, [0.0], [0.0]
    for day in range(7):
        rate = rules.weekend_share if (first_weekday + day) % 7 >= 5 else 1.0
        length = (rules.closes - rules.opens) * max(rate, _LEAST_HANDS)
        knots += [(day * 24 + rules.opens) * HOUR_US, (day * 24 + rules.closes) * HOUR_US]
        worked += [worked[-1] + _CLOSED, worked[-1] + _CLOSED + length]
    knots.append(7 * DAY_US)
    worked.append(worked[-1] + _CLOSED)
    return Shifts(np.array(knots, dtype=np.float64), np.array(worked))


def by_day_us(at_us: Numbers) -> Numbers:
    """The moment of the same day at which carriers and counters are open: a day's hours pressed into those from 8 to 20."""
    day_us = at_us - np.mod(at_us, DAY_US)
    found = day_us + 8 * HOUR_US + (at_us - day_us) / 2
    return float(found) if np.ndim(found) == 0 else np.asarray(found)


def busy(world: World, day: int) -> float:
    """How much longer work takes on a day, since more was sold in the week before: queues grow faster than work."""
    lately = np.mean([world.demand(each) for each in range(day - _BUSY_DAYS, day)])
    return float((lately / world.orders_per_day) ** _BUSY_POWER)


def work_hours(
    usual_hours: float, speed: Numbers, is_slow: "bool | NDArray[np.bool_]", busy_factor: Numbers
) -> Numbers:
    """How long something takes somebody, waiting in line included. `speed` is around 1, more is slower."""
    return usual_hours * speed * busy_factor * np.where(is_slow, _SLOW, 1.0)


def declines(
    verdict: Numbers,
    is_abusive: "bool | NDArray[np.bool_]",
    is_late: "bool | NDArray[np.bool_]",
    reviewer: "int | NDArray[np.int64]",
) -> "NDArray[np.bool_]":
    """Whether a reviewer (by number) declines; `verdict` is uniform."""
    chance = np.where(
        is_abusive, _DECLINES_ABUSIVE, np.where(is_late, _DECLINES_LATE, _DECLINES_HONEST)
    )
    return np.asarray(
        verdict < chance * np.take(_STRICTNESS, np.asarray(reviewer) % len(_STRICTNESS))
    )


def lets_keep(
    verdict: Numbers, euro_minor: Numbers, is_broken: "bool | NDArray[np.bool_]"
) -> "NDArray[np.bool_]":
    """Whether a reviewer who authorizes lets the customer keep goods of this value."""
    return np.asarray(is_broken & (euro_minor < _KEEP_BELOW_MINOR) & (verdict > 1 - _KEEPS))


def notices(
    look: Numbers, contents: str, is_full: "bool | NDArray[np.bool_]"
) -> "NDArray[np.bool_]":
    """Whether an inspector finds out; goods as sold are never taken for something else."""
    basic, full = FINDS.get(contents, (0.0, 0.0))
    return np.asarray(look < np.where(is_full, full, basic))


def csat(
    mood: Numbers,
    decision_hours: Numbers,
    days: Numbers,
    is_declined: "bool | NDArray[np.bool_]",
    is_reduced: "bool | NDArray[np.bool_]",
    was_asked: "bool | NDArray[np.bool_]",
) -> "NDArray[np.int64]":
    """How satisfied somebody is, 1 to 5: less the longer they waited for a decision and for the end, and by the outcome.

    The slope over the first day is that of a shop's tickets (4.43 for an answer at once, 3.31 beyond a day).
    """
    waited = 0.75 * np.log1p(np.asarray(decision_hours) / 6)
    lasted = 0.45 * np.log1p(np.asarray(days) / 10)
    outcome = 1.6 * np.asarray(is_declined) + 1.0 * np.asarray(is_reduced)
    score = 4.85 + 0.9 * np.asarray(mood) - waited - lasted - outcome - 0.3 * np.asarray(was_asked)
    return np.clip(np.rint(score), 1, 5).astype(np.int64)
