"""A return as its events alone tell it: what the tables say must be the same."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from service.domain import events as e
from service.domain import lifecycle
from service.domain.events import PAYLOADS, RecordedEvent
from service.domain.lifecycle import MACHINES, WAITING, Line, Machine

Lines = dict[int, Line]
Place = tuple[int, str | None, str | None, str | None]
_DUE_FIELDS = ("next_due_at_us", "due_at_us", "appeal_until_us")
_UNTOUCHED: dict[str, Any] = {f"{machine}_due_us": -1 for machine in MACHINES}


def places(lines: Lines) -> dict[int, Place]:
    """Of each line: units, and the states of its three machines."""
    return {
        no: (each.quantity, each.authorization, each.reception, each.resolution)
        for no, each in lines.items()
    }


def dues(lines: Lines) -> dict[tuple[int, Machine], int]:
    """When the clocks of lines run out, by line and machine."""
    return {
        (no, machine): us
        for no, line in lines.items()
        for machine in MACHINES
        if (us := line.due_us(machine)) is not None
    }


def replay(
    events: Sequence[RecordedEvent],
    refund_on: str,
    watch: Callable[[Lines], None] = lambda _: None,
) -> Lines:
    """The lines of a return after all its events; `watch` sees them after each. What waits is due when the event said that began it."""
    lines: Lines = {}
    refunds: dict[str, list[int]] = {}
    for event in events:
        said: Any = PAYLOADS[event.type].model_validate_json(event.data)
        if isinstance(said, e.ReturnRequested | e.ReturnWithdrawn):
            lines.update(_begun(said, refund_on))
        elif isinstance(said, e.LineSplit):
            _split(lines, said)
            for paid in refunds.values():
                paid += [said.into_line_no] if said.line_no in paid else []
        elif isinstance(said, e.ReturnReceived):
            lines.update(_undeclared(lines, [(u.line_no, u.quantity) for u in said.lines]))
        elif isinstance(said, e.LineInspected):
            lines.update(_undeclared(lines, [(said.line_no, said.quantity)]))
        elif isinstance(said, e.ClockPutOff):
            _put_off(lines, said)
        elif isinstance(said, e.RefundRequested):
            refunds[said.refund_id] = [each.line_no for each in said.lines]
        if event.type in _EVENTS:
            _move(lines, event, said, refunds)
            watch(lines)
    return lines


_EVENTS = {row.event for row in lifecycle.TRANSITIONS}
_VARIANTS: dict[str, Callable[[Any], str]] = {
    "shipment.scanned": lambda said: str(said.scan),
    "line.inspected": lambda said: str(said.outcome),
    "choice.made": lambda said: str(said.choice),
    "clock.breached": lambda said: str(said.clock),
}


def _begun(said: Any, refund_on: str) -> Lines:
    return {
        each.line_no: Line(
            each.line_no,
            each.line_no,
            each.order_line_no,
            each.sku,
            each.quantity,
            each.value_minor,
            refund_on=refund_on,  # type: ignore[arg-type]
            is_withdrawal=isinstance(said, e.ReturnWithdrawn),
        )
        for each in said.lines
    }


def _split(lines: Lines, said: e.LineSplit) -> None:
    whole = lines[said.line_no]
    lines[said.into_line_no] = replace(whole, line_no=said.into_line_no, quantity=said.quantity)
    lines[said.line_no] = replace(whole, quantity=whole.quantity - said.quantity)


def _put_off(lines: Lines, said: e.ClockPutOff) -> None:
    for no in (each.line_no for each in said.lines):
        for waiting in lifecycle.waits(lines[no]):
            if waiting.clock == said.clock:
                due: dict[str, Any] = {f"{waiting.machine}_due_us": said.due_at_us}
                lines[no] = replace(lines[no], **due)


def _undeclared(lines: Lines, units: Sequence[tuple[int, int]]) -> Lines:
    return {no: Line(no, no, None, "?", count, 0) for no, count in units if no not in lines}


def _move(lines: Lines, event: RecordedEvent, said: Any, refunds: dict[str, list[int]]) -> None:
    variant = _VARIANTS[event.type](said) if event.type in _VARIANTS else None
    role: Any = event.actor_role
    for no in _meant(lines, event.type, said, refunds, role, variant):
        lines[no] = _moved(lines[no], event.type, said, role, variant)


def _moved(line: Line, event: str, said: Any, role: Any, variant: str | None) -> Line:
    """The line after an event; a machine that it moved is due when the event says, if it waits."""
    moved = lifecycle.move(replace(line, **_UNTOUCHED), event, role, variant)
    due: dict[str, Any] = {}
    for machine in MACHINES:
        waits = (machine, str(moved.state(machine))) in WAITING
        untouched = moved.due_us(machine) is not None
        due[f"{machine}_due_us"] = (
            line.due_us(machine) if untouched else _told_due(said) if waits else None
        )
    return replace(moved, **due)


def _told_due(said: Any) -> int | None:
    name = next((each for each in _DUE_FIELDS if hasattr(said, each)), None)
    return None if name is None else getattr(said, name)


def _meant(
    lines: Lines,
    event: str,
    said: Any,
    refunds: dict[str, list[int]],
    role: Any,
    variant: str | None,
) -> Sequence[int]:
    if hasattr(said, "refund_id"):
        return refunds[said.refund_id]
    if hasattr(said, "line_no"):
        return [said.line_no]
    if hasattr(said, "lines") and not isinstance(said, e.ReturnRequested | e.ReturnWithdrawn):
        named = [each.line_no for each in said.lines]
        if named or not isinstance(said, e.AppealLapsed):
            return named
    return [no for no, line in lines.items() if lifecycle.can(line, event, role, variant)]
