"""A clock of a return ran out: what its waiting state says happens by itself is done, if the line still waits.

A choice and an appeal are the customer's: while an objection of theirs is open, nothing happens by itself instead of them.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from service.domain import lifecycle
from service.domain.events import (
    AppealLapsed,
    ChoiceMade,
    ClockBreached,
    ClockPutOff,
    EvidenceLapsed,
    InspectionWaived,
    LossAccepted,
    Payload,
    ReturnExpired,
    ShipmentLost,
    ShipmentOverdue,
)
from service.domain.lifecycle import WAITING, Line, Machine, Waiting
from service.platform.clock import to_us
from service.platform.unit import Transaction
from service.returns import objections
from service.returns.consequences import follow
from service.returns.held import SYSTEM, HeldReturn, hold, set_alarm, units
from service.reviews.commands import authorize, resume
from service.reviews.opening import escalate


def run_out(transaction: Transaction, rma: str) -> None:
    """Do what is due on a return, and set its next alarm."""
    held = hold(transaction, rma)
    while due := _due(held):  # anew after each: what happened may have moved the same lines
        (machine, state, event, variant), lines = next(iter(due.items()))
        _DOERS[event](held, WAITING[machine, state], variant, lines)
    follow(held)
    # Also where nothing was due after all (a machine's clock was set back): the job that came is over now.
    set_alarm(transaction, held.rma, held.lines.values())


def _due(held: HeldReturn) -> dict[tuple[Machine, str, str, str | None], list[Line]]:
    """The lines whose time is over, by where they wait and what happens to them."""
    now_us = to_us(held.now)
    found: dict[tuple[Machine, str, str, str | None], list[Line]] = defaultdict(list)
    for line in held.lines.values():
        for waiting in lifecycle.waits(line):
            due_us = line.due_us(waiting.machine)
            if due_us is not None and due_us <= now_us:
                event, variant = _what_happens(held, line, waiting)
                found[waiting.machine, waiting.state, event, variant].append(line)
    return found


def _what_happens(held: HeldReturn, line: Line, waiting: Waiting) -> tuple[str, str | None]:
    is_theirs = waiting.clock in objections.HELD
    if is_theirs and objections.is_open(held.transaction.connection, held.rma):
        return ClockPutOff.type, None
    return lifecycle.default_of(line, waiting)


def _hold_back(held: HeldReturn, _: Waiting, __: str | None, ___: Sequence[Line]) -> None:
    objections.hold_back(held)


def _breach(held: HeldReturn, waiting: Waiting, variant: str | None, lines: Sequence[Line]) -> None:
    said = ClockBreached(
        rma=held.rma,
        clock=waiting.clock,
        owner_role=waiting.owner,
        due_at_us=min(line.due_us(waiting.machine) or 0 for line in lines),
        lines=units(lines),
    )
    held.happen(said, SYSTEM, lines, variant=variant)
    if waiting.clock == "review":
        escalate(held, min(held.lines[each.line_no].authorization_due_us or 0 for each in lines))


def _authorize(held: HeldReturn, _: Waiting, __: str | None, ___: Sequence[Line]) -> None:
    authorize(held, SYSTEM, "deadline", "full")


def _resume(held: HeldReturn, _: Waiting, __: str | None, ___: Sequence[Line]) -> None:
    resume(held, EvidenceLapsed(rma=held.rma), SYSTEM)


def _lapse(held: HeldReturn, _: Waiting, __: str | None, lines: Sequence[Line]) -> None:
    held.happen(AppealLapsed(rma=held.rma, lines=units(lines)), SYSTEM, lines)


def _choose(held: HeldReturn, _: Waiting, variant: str | None, lines: Sequence[Line]) -> None:
    for line in lines:
        said = ChoiceMade.model_validate(
            {"rma": held.rma, "line_no": line.line_no, "choice": variant, "is_default": True}
        )
        held.happen(said, SYSTEM, [line], variant=variant)


def _say(
    payload: type[ReturnExpired | ShipmentOverdue | ShipmentLost | LossAccepted | InspectionWaived],
    held: HeldReturn,
    _: Waiting,
    variant: str | None,
    lines: Sequence[Line],
) -> None:
    said: Payload = payload(rma=held.rma, lines=units(lines))
    held.happen(said, SYSTEM, lines, variant=variant)


_Doer = Callable[[HeldReturn, Waiting, str | None, Sequence[Line]], None]
_DOERS: dict[str, _Doer] = {
    "clock.breached": _breach,
    "clock.put_off": _hold_back,
    "return.authorized": _authorize,
    "evidence.lapsed": _resume,
    "return.appeal_lapsed": _lapse,
    "choice.made": _choose,
    **{
        payload.type: partial(_say, payload)
        for payload in (
            ReturnExpired,
            ShipmentOverdue,
            ShipmentLost,
            LossAccepted,
            InspectionWaived,
        )
    },
}
