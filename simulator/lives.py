"""How each application would go on, as far as people decide it: when they send, what is in the parcel, whether they answer.

Drawn with the plan, so that the play and the fast path carry out the same lives. Hours are counted from what set somebody off.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulator.buying import Bought
from simulator.columns import taken
from simulator.goods import REASONS
from simulator.kinds import KINDS
from simulator.people import Pool
from simulator.returning import Returned
from simulator.world import DAY_US, WITHDRAWAL_DAYS, Floats, Integers, World

METHODS = ("drop_off", "pickup", "own_carrier")
CONTENTS = ("as_sold", "worn", "swapped", "missing", "faultless")
GRADES = ("A", "B", "C", "D")
_METHOD_SHARES = (0.55, 0.30, 0.15)
_AS_SOLD, _WORN, _SWAPPED, _MISSING, _FAULTLESS = range(5)
_KEEP = KINDS.index("keep_item")
# Grades of goods as sold, by the true cause: what is broken is worth less.
_GRADES = {
    "defect": (0.05, 0.20, 0.50, 0.25),
    "damaged_in_transit": (0.02, 0.15, 0.45, 0.38),
    "wrong_item": (0.75, 0.20, 0.04, 0.01),
}
_USUAL_GRADES = (0.78, 0.18, 0.035, 0.005)
# What is in an abuser's parcel, by kind; of the others it is as sold.
_ABUSED = {
    "worn": (_WORN, _WORN, _WORN),
    "swapped": (_SWAPPED, _SWAPPED, _SWAPPED),
    "empty_box": (_MISSING, _MISSING, _MISSING),
    "short_count": (_MISSING, _MISSING, _MISSING),
    "ring": (_SWAPPED, _WORN, _MISSING),
    "false_defect": (_FAULTLESS, _FAULTLESS, _FAULTLESS),
    "keep_item": (_FAULTLESS, _FAULTLESS, _FAULTLESS),
}
HONEST_WORN = 0.002
WITHDRAWS_IF_ABUSIVE = 0.4


def requests_frame(
    world: World,
    pool: Pool,
    rng: np.random.Generator,
    bought: Bought,
    returned: Returned,
    first: int,
    first_order: int,
) -> pl.DataFrame:
    """The applications, numbered from `first`, with all that their people have in mind."""
    at, number = returned.at, len(returned.at)
    kind, rules = bought.kind[at], world.scenario.returns
    honest = ~returned.is_abusive
    is_farming = returned.is_abusive & (kind == _KEEP)
    return pl.DataFrame(
        {
            "request": np.arange(first, first + number),
            "order": at + first_order,
            "customer": pool.number[bought.slot[at]],
            "kind": kind,
            "is_abusive": returned.is_abusive,
            "is_withdrawal": _withdraws(world, rng, bought, returned),
            "requested_us": returned.requested_us,
            "cancels": honest & _yes(rng, number, rules.cancelled_share),
            "cancel_hours": rng.exponential(10.0, number),
            "sends": ~_yes(rng, number, np.where(is_farming, 0.6, rules.never_sent_share)),
            "send_hours": _lognormal(rng, number, 30.0, 0.8),
            "announces": _yes(rng, number, 0.93),
            "announce_hours": _lognormal(rng, number, 5.0, 0.9),
            "method": _choice(rng, number, _METHOD_SHARES),
            "pickup_fails": _yes(rng, number, 0.08),
            "is_scanned": _yes(rng, number, 0.94),
            "transit_hours": _lognormal(rng, number, 60.0, 0.4),
            "is_lost": _yes(rng, number, rules.lost_share),
            "turns_up": _yes(rng, number, 0.3),
            "is_unreadable": _yes(rng, number, rules.unreadable_label_share),
            "dock_hours": rng.exponential(2.0, number),
            "review_speed": _lognormal(rng, number, 1.0, 0.7),
            "is_asked": _yes(rng, number, 0.15),
            "answers": _yes(rng, number, np.where(honest, 0.85, 0.6)),
            "answer_hours": _lognormal(rng, number, 14.0, 1.0),
            "verdict": rng.random(number),
            "inspection_speed": _lognormal(rng, number, 1.0, 0.6),
            "is_slow": _yes(rng, number, world.scenario.staff.slow_share),
            "is_misgraded": _yes(rng, number, world.scenario.staff.wrong_grade_share),
            "look": rng.random(number),
            "chooses": _yes(rng, number, 0.7),
            "choice": rng.random(number),
            "choice_hours": rng.exponential(30.0, number),
            "answers_survey": _yes(rng, number, rules.survey_answer_share),
            "survey_hours": _lognormal(rng, number, 20.0, 1.3),
            "mood": rng.standard_normal(number),
            "complaint": rng.random(number),
            "complaint_hours": rng.exponential(30.0, number),
            "payment": rng.random(number),
            "words": rng.integers(0, 1 << 40, number),
        }
    )


def request_lines_frame(
    rng: np.random.Generator,
    bought: Bought,
    returned: Returned,
    first: int,
    first_order: int,
) -> pl.DataFrame:
    """The lines of `requests_frame`: what is said of them, and what is really in the parcel (`missing` units are not)."""
    at, number = returned.line_at, len(returned.line_at)
    contents = _contents(rng, bought, returned)
    quantity = returned.quantity
    some = 1 + (rng.random(number) * quantity).astype(np.int64)
    is_all = bought.kind[bought.owner[at]] != KINDS.index("short_count")
    missing = np.where(
        contents == _MISSING, np.where(is_all, quantity, np.minimum(some, quantity)), 0
    )
    return pl.DataFrame(
        {
            "request": returned.line_owner + first,
            "order": bought.owner[at] + first_order,
            "order_line_no": bought.line_no[at],
            "product": bought.product[at],
            "quantity": quantity,
            "reason": taken(pl.Series(REASONS), returned.reason),
            "cause": taken(pl.Series(REASONS), returned.cause),
            "is_abused": returned.is_abused,
            "contents": taken(pl.Series(CONTENTS), contents),
            "grade": taken(pl.Series(GRADES), _grades(rng, returned.cause, contents)),
            "missing": missing,
        }
    )


def may_withdraw(world: World, bought: Bought, returned: Returned) -> NDArray[np.bool_]:
    """Which applications might as well be withdrawals: in time, where the law says so, of nothing that is excluded."""
    at = returned.at
    days = np.array([WITHDRAWAL_DAYS.get(each, 0) for each in world.countries])[bought.country[at]]
    excluded = np.zeros(len(bought), dtype=np.bool_)
    excluded[bought.owner[bought.exclusion > 0]] = True
    is_in_time = returned.requested_us < bought.delivered_us[at] + days * DAY_US
    return np.asarray(is_in_time & ~excluded[at])


def _withdraws(
    world: World, rng: np.random.Generator, bought: Bought, returned: Returned
) -> NDArray[np.bool_]:
    """Who declares a withdrawal instead of asking: some of those who may, of abusers fewer."""
    share = world.scenario.returns.withdrawal_share
    wants = _yes(
        rng,
        len(returned.at),
        np.where(returned.is_abusive, share * WITHDRAWS_IF_ABUSIVE, share),
    )
    return may_withdraw(world, bought, returned) & wants


def contents_if_abused() -> Integers:
    """What may be in an abuser's parcel: kinds × equally likely places in `CONTENTS`."""
    return np.array([_ABUSED.get(each, (_AS_SOLD,) * 3) for each in KINDS])


def _contents(rng: np.random.Generator, bought: Bought, returned: Returned) -> Integers:
    """What is in the parcel. An abuser's parcel holds one thing all over; a few honest ones wore what they send back."""
    kind = bought.kind[bought.owner[returned.line_at]]
    mixture = rng.integers(0, 3, len(returned.at))[returned.line_owner]
    abused = contents_if_abused()[kind, mixture]
    honest = np.where(rng.random(len(kind)) < HONEST_WORN, _WORN, _AS_SOLD)
    return np.where(returned.is_abused, abused, honest)


def _grades(rng: np.random.Generator, cause: Integers, contents: Integers) -> Integers:
    table = np.array([_GRADES.get(each, _USUAL_GRADES) for each in REASONS]).cumsum(axis=1)
    as_sold = (table[cause] < rng.random(len(cause))[:, None]).sum(axis=1)
    worn = 1 + _choice(rng, len(cause), (0.15, 0.5, 0.35))
    return np.minimum(np.where(contents == _WORN, worn, as_sold), len(GRADES) - 1)


def _yes(rng: np.random.Generator, number: int, share: float | Floats) -> NDArray[np.bool_]:
    return rng.random(number) < share


def _lognormal(rng: np.random.Generator, number: int, median: float, spread: float) -> Floats:
    return median * np.exp(spread * rng.standard_normal(number))


def _choice(rng: np.random.Generator, number: int, shares: tuple[float, ...]) -> Integers:
    return np.minimum(np.searchsorted(np.cumsum(shares), rng.random(number)), len(shares) - 1)
