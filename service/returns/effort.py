"""How laborious an application was for its customer: inputs given and the moment of the first, as the shop's app tells."""

from datetime import datetime, timedelta
from typing import TypedDict

from service.domain.words import Phrase
from service.orders.commands import CLOCKS_MAY_DIFFER
from service.platform.clock import to_us
from service.platform.problems import Unacceptable
from service.returns.schemas import EffortBody

_LONGEST = timedelta(days=1)


class NotWhenItBegan(Unacceptable):
    title = "An application cannot have begun then"


class Effort(TypedDict):
    """As the events of applications have it."""

    inputs: int | None
    started_at_us: int | None


def effort_of(body: EffortBody, now: datetime) -> Effort:
    """What the events say of it. Raises `NotWhenItBegan` for a beginning after now, or more than a day before.

    A clock that is a little fast does not keep anybody from applying: they began now.
    """
    began = body.started_at
    if began is None:
        return {"inputs": body.inputs, "started_at_us": None}
    if not now - _LONGEST <= began <= now + CLOCKS_MAY_DIFFER:
        raise NotWhenItBegan(
            Phrase(
                "started_at is {began}, but here it is {now}; "
                "send when the customer opened the first page, within the last 24 hours and with its offset from UTC, "
                "or leave it out",
                {"began": began.isoformat(), "now": f"{now:%Y-%m-%dT%H:%M:%SZ}"},
            )
        )
    return {"inputs": body.inputs, "started_at_us": to_us(min(began, now))}
