"""What waits now: every open clock, and every line by the service's own table of waiting, followed event by event."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from clocks_by_hand import clocks
from lives_by_hand import at, by_rma, return_lifecycle
from replayed import Lines, replay
from told import Told, hours, told

from service.domain import lifecycle
from service.domain.events import RecordedEvent
from service.domain.lifecycle import MACHINES, Machine

Row = dict[str, Any]
Stay = tuple[int, Machine]
_CLOCKS = ("review", "escalation", "inspection", "refund")  # of them the open clocks tell
_CLOCK_OF = {"authorization": "review", "reception": "inspection"}
_MOVING = {row.event for row in lifecycle.TRANSITIONS}


@dataclass(frozen=True, slots=True)
class _Wait:
    """Something that is waited for; all moments in microseconds. `promised_us` is the due moment told at its beginning."""

    subject: str
    kind: str
    owner_role: str
    owner_key: str | None
    opened_us: int
    due_us: int | None
    promised_us: int | None
    paused: bool
    rma: str | None
    instance: str

    @property
    def together(self) -> tuple[Any, ...]:
        """What waits alike is one."""
        return (
            self.subject,
            self.kind,
            self.owner_role,
            self.owner_key,
            self.opened_us,
            self.due_us,
            self.paused,
        )


def work_now(log: Sequence[RecordedEvent], as_of_us: int, zone: ZoneInfo) -> list[Row]:
    """The rows of the mart."""
    lives = {life["rma"]: life for life in return_lifecycle(log, zone)}
    together: dict[tuple[Any, ...], list[_Wait]] = defaultdict(list)
    for wait in (*_of_clocks(log), *_of_lines(log)):
        together[wait.together].append(wait)
    return [_row(those, lives, as_of_us) for those in together.values()]


def waits_now(log: Sequence[RecordedEvent]) -> set[tuple[str, str, str, Any]]:
    """What every line waits for by the service's own table alone: return, kind, whose turn it is, and by when."""
    found = set()
    for rma, events in by_rma(log).items():
        for line in replay(events, _refund_on(events)).values():
            for wait in [] if lifecycle.is_over(line) else lifecycle.waits(line):
                kind = _CLOCK_OF[wait.machine] if wait.clock == "escalation" else wait.clock
                found.add((rma, kind, wait.owner, at(line.due_us(wait.machine))))
    return found


def _row(those: Sequence[_Wait], lives: Mapping[str, Row], as_of_us: int) -> Row:
    first = min(those, key=lambda each: each.instance)
    promises = [each.promised_us for each in those if each.promised_us is not None]
    return {
        "subject": first.subject,
        "kind": first.kind,
        "owner_role": first.owner_role,
        "owner_key": first.owner_key,
        "opened_at": at(first.opened_us),
        "due_at": at(first.due_us),
        "paused": first.paused,
        "rma": first.rma,
        "is_overdue": not first.paused and any(each < as_of_us for each in promises),
        "hours_left": None
        if first.paused or first.due_us is None
        else hours(as_of_us, first.due_us),
        "items": len(those),
        "instance": first.instance,
        **_of_customer(lives.get(first.rma or ""), as_of_us),
    }


def _of_customer(life: Row | None, as_of_us: int) -> Row:
    if life is None:
        return dict.fromkeys(("value_minor", "currency", "customer_waits_hours"))
    waits = life["waited_hours"] is None
    return {
        "value_minor": life["value_minor"],
        "currency": life["currency"],
        "customer_waits_hours": (at(as_of_us) - life["requested_at"]).total_seconds() / 3600
        if waits
        else None,
    }


def _of_clocks(log: Sequence[RecordedEvent]) -> Iterator[_Wait]:
    """A decision is waited for as a review."""
    for clock in clocks(log):
        if clock.ended_us is None and clock.clock != "decision":
            yield _Wait(
                clock.subject,
                clock.clock,
                clock.owner_role,
                clock.owner_key,
                clock.opened_us,
                clock.next_due_us,
                clock.due_us,
                clock.paused_since is not None,
                clock.rma,
                clock.instance,
            )


def _of_lines(log: Sequence[RecordedEvent]) -> Iterator[_Wait]:
    """What lines wait for of customers, carriers, after-sales and the dock; what was imported waits for nothing."""
    for rma, events in by_rma(log).items():
        if events[0].origin == "import":
            continue
        lines, stays = _followed(events)
        put_off = [each for each in told(events) if each.type == "clock.put_off"]
        for no, line in lines.items():
            for wait in [] if lifecycle.is_over(line) else lifecycle.waits(line):
                if wait.clock not in _CLOCKS:
                    since_us, promised_us = stays[no, wait.machine]
                    due_us = line.due_us(wait.machine)
                    if any(_is_of(each, no, wait.clock, since_us) for each in put_off):
                        promised_us = due_us
                    yield _Wait(
                        rma, wait.clock, wait.owner, None, since_us, due_us, promised_us, False,
                        rma, str(no),
                    )  # fmt: skip


def _is_of(put_off: Told, line_no: int, clock: str, since_us: int) -> bool:
    """Whether an objection put off what a line waits for since then: that moves the promise, too."""
    says = put_off.says
    return says["clock"] == clock and line_no in _named(put_off) and put_off.at_us > since_us


def _followed(
    events: Sequence[RecordedEvent],
) -> tuple[Lines, dict[Stay, tuple[int, int | None]]]:
    """A return's lines in the end; and since when each machine is in its state, with the due moment told then.

    A sign of the parcel begins the wait for it anew.
    """
    moves = iter([each for each in told(events) if each.type in _MOVING])
    parents = {
        each.says["into_line_no"]: each.says["line_no"]
        for each in told(events)
        if each.type == "line.split"
    }
    states: dict[Stay, str | None] = {}
    stays: dict[Stay, tuple[int, int | None]] = {}

    def watch(lines: Lines) -> None:
        event = next(moves)
        seen = _named(event) if event.type in ("shipment.created", "shipment.scanned") else set()
        for no in sorted(lines):
            for machine in MACHINES:
                stay, state = (no, machine), lines[no].state(machine)
                if stay not in states and no in parents:
                    states[stay] = states[parents[no], machine]
                    stays[stay] = stays[parents[no], machine]
                if states.get(stay) != state or (machine == "reception" and no in seen):
                    states[stay], stays[stay] = state, (event.at_us, lines[no].due_us(machine))

    return replay(events, _refund_on(events), watch), stays


def _named(event: Told) -> set[int]:
    return {line["line_no"] for line in event.says["lines"]}


def _refund_on(events: Sequence[RecordedEvent]) -> str:
    said = (each.says for each in told(events))
    return next((str(each["refund_on"]) for each in said if each.get("refund_on")), "inspected")
