"""When a product whose flag a buyer answered is flagged again: on new evidence alone.

A buyer who says that a flag is expected, wrong or too small, or who acts on it, has judged the evidence of that day. The
same evidence, a little more of it, or a figure that wavers is no reason to ask again; what the buyer could not have seen is.
"""

from dataclasses import dataclass
from datetime import date

GROWN = 2.0  # how many times as much excess, or as strong a lift, is another matter than the one dismissed
_LEAST_NEW_UNITS = 10.0  # fewer units beyond an unchanged rate's are not worth a second look
_NOWHERE = {
    None,
    "all",
}  # what shows in all returns may later be seen to be of some, and is the same
_ANOTHER_PROBLEM = ("began_later", "another_stream", "another_cause")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is held against a product on a day. `since` is the Monday from which the excess gathers; None: not known.

    `units_expected` were to come back of the goods sold since then, `excess_units` came beyond them; `lift_low` and
    `lift_high` are the ends of the interval around `lift`. `stream`, `cause` and `culprit` are words, None where the
    detector names none.
    """

    lift: float
    lift_low: float
    lift_high: float
    units_expected: float
    excess_units: float
    since: date | None
    stream: str | None = None
    cause: str | None = None
    culprit: str | None = None


def new_evidence(answered: Evidence, answered_on: date, today: Evidence) -> str | None:
    """Why a dismissed product is to be flagged again, as a word; None where today's evidence is the old one.

    `answered` is what was held against the product when the buyer dismissed the flag, `today` must itself be enough for
    a flag. In this order:

    - `began_later`: the excess gathers from a week after the dismissal on;
    - `another_stream`, `another_cause`, `another_culprit`: it shows elsewhere, and both days name where;
    - `excess_grew`: see `_has_grown`;
    - `lift_grew`: the whole interval of the lift lies above twice the lift of then.
    """
    if today.since is not None and today.since > answered_on:
        return "began_later"
    for what in ("stream", "cause", "culprit"):
        before, now = getattr(answered, what), getattr(today, what)
        if before != now and not {before, now} & _NOWHERE:
            return f"another_{what}"
    if _has_grown(answered, today):
        return "excess_grew"
    if today.lift_low > GROWN * answered.lift:
        return "lift_grew"
    return None


def another_problem(answered: Evidence, answered_on: date, today: Evidence) -> str | None:
    """Why a product that somebody acted on is to be flagged again: a problem that the action was not meant for.

    Of the words of `new_evidence` those that tell of one; more of the same is for the action's verdict to say.
    """
    why = new_evidence(answered, answered_on, today)
    return why if why in _ANOTHER_PROBLEM else None


def _has_grown(answered: Evidence, today: Evidence) -> bool:
    """Whether the excess since the answer is at least twice what an unchanged rate brings, and ten units more than that.

    A rate is excess for each unit that is to be expected, so that goods which still come back, a season, or better sales
    are no growth. Ten units more must it be even than what the upper end of the lift's interval promised: a problem that
    had only begun was known vaguely. Where the problem is now said to have begun later, fewer goods are counted than on
    the day of the answer, and all of today's excess is held against that rate.
    """
    gathered, expected = today.excess_units, today.units_expected
    if not _begins_later(answered, today):
        gathered -= answered.excess_units
        expected = max(0.0, expected - answered.units_expected)
    rate = answered.excess_units / answered.units_expected if answered.units_expected > 0 else 0.0
    at_most = max(rate, answered.lift_high - 1)
    return gathered >= GROWN * rate * expected and gathered - at_most * expected >= _LEAST_NEW_UNITS


def _begins_later(answered: Evidence, today: Evidence) -> bool:
    return answered.since is not None and today.since is not None and today.since > answered.since
