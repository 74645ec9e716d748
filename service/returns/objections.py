"""A customer objects by a complaint about the return: what would happen over their head waits until it is answered."""

from typing import Literal

from sqlalchemy import Connection

from service.cases import repository as cases
from service.domain import lifecycle
from service.domain.cases import OBJECTION
from service.domain.events import ClockPutOff
from service.platform.unit import Transaction
from service.returns.held import SYSTEM, HeldReturn, hold, units

HELD: tuple[Literal["choice", "appeal"], ...] = ("choice", "appeal")


def is_open(connection: Connection, rma: str) -> bool:
    """Whether an objection of the customer to anything about this return is open."""
    return cases.has_open(connection, rma, OBJECTION)


def hold_back(held: HeldReturn) -> None:
    """Nothing happens by itself yet: it is looked at anew when a case's time is over."""
    for clock in HELD:
        _put_off(held, clock, held.due_us("case"), "objection_open")


def leave_time(transaction: Transaction, rma: str) -> None:
    """An objection was answered: the customer has at least as long to act as they have to answer a question."""
    if is_open(transaction.connection, rma):
        return
    held = hold(transaction, rma)
    for clock in HELD:
        _put_off(held, clock, held.due_us("evidence"), "objection_answered")
    held.let_go()


def _put_off(
    held: HeldReturn,
    clock: Literal["choice", "appeal"],
    until_us: int,
    cause: Literal["objection_open", "objection_answered"],
) -> None:
    """Let all lines on which a clock runs be due together, no earlier than any of them was. Nothing where all had longer."""
    running = {
        line.line_no: (waiting.machine, due_us)
        for line in held.lines.values()
        for waiting in lifecycle.waits(line)
        if waiting.clock == clock and (due_us := line.due_us(waiting.machine)) is not None
    }
    dues = [due_us for _, due_us in running.values()]
    if not dues or min(dues) >= until_us:
        return
    due_us = max(until_us, *dues)
    for line_no, (machine, _) in running.items():
        held.set(line_no, **{f"{machine}_due_us": due_us})
    lines = units(held.lines[line_no] for line_no in running)
    said = ClockPutOff(rma=held.rma, clock=clock, cause=cause, due_at_us=due_us, lines=lines)
    held.note(said, SYSTEM)
