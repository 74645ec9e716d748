"""When a product whose flag a buyer dismissed is flagged again: on new evidence alone.

A buyer who says that a flag is expected, wrong or too small has judged the evidence of that day. The same evidence, a
little more of it, or a figure that wavers is no reason to ask again; what the buyer could not have seen is.
"""

from dataclasses import dataclass
from datetime import date

GROWN = 2.0  # how many times as much excess, or as strong a lift, is another matter than the one dismissed
_LEAST_NEW_UNITS = 10.0  # fewer units beyond those dismissed are not worth a second look


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is held against a product on a day. `since` is the Monday from which the excess gathers; None: not known.

    `lift_low` is the lower end of the interval around `lift`; `stream`, `cause` and `culprit` are words, None where the
    detector names none.
    """

    probability: float
    lift: float
    lift_low: float
    excess_units: float
    since: date | None
    stream: str | None = None
    cause: str | None = None
    culprit: str | None = None


def new_evidence(dismissed: Evidence, dismissed_on: date, today: Evidence) -> str | None:
    """Why a dismissed product is to be flagged again, as a word; None where today's evidence is the old one.

    `dismissed` is what the dismissed flag said, `today` must itself be enough for a flag. In this order:

    - `began_later`: the excess gathers from a week after the dismissal on;
    - `another_stream`, `another_cause`, `another_culprit`: it shows elsewhere, and both days name where;
    - `excess_grew`: at least twice the units are in excess, and at least ten more;
    - `lift_grew`: the whole interval of the lift lies above twice the lift of then.
    """
    if today.since is not None and today.since > dismissed_on:
        return "began_later"
    for what in ("stream", "cause", "culprit"):
        before, now = getattr(dismissed, what), getattr(today, what)
        if before is not None and now is not None and before != now:
            return f"another_{what}"
    more_units = today.excess_units - dismissed.excess_units
    if today.excess_units >= GROWN * dismissed.excess_units and more_units >= _LEAST_NEW_UNITS:
        return "excess_grew"
    if today.lift_low > GROWN * dismissed.lift:
        return "lift_grew"
    return None
