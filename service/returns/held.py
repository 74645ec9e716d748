"""A return held for change: events move its lines by the table of `lifecycle`, clocks start and stop with the states."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from service.domain import lifecycle
from service.domain.clocks import ClockName, due_at
from service.domain.events import Actor, InspectionDepth, LineSplit, Payload, RefundOn, UnitsOfLine
from service.domain.lifecycle import MACHINES, WAITING, Line, Machine
from service.domain.words import Part, Phrase
from service.platform import jobs
from service.platform.clock import from_us, to_us
from service.platform.ids import is_rma, read_rma
from service.platform.problems import Conflict, NotFound
from service.platform.unit import Transaction
from service.returns import repository
from service.settlements import repository as settlements

SYSTEM = Actor("system")
DueTimes = Mapping[Machine, int]
_DUE_FIELDS = ("next_due_at_us", "due_at_us")


_UNKNOWN = Phrase("no return {rma} is known; check the number")
_MISTYPED = Phrase("no return {rma} is known; its check character says that it is mistyped")
_NOTHING = Phrase("nothing")


class UnknownReturn(NotFound):
    title = "No such return"

    def __init__(self, rma: str) -> None:
        words = _UNKNOWN if is_rma(rma) else _MISTYPED
        super().__init__(Phrase(words.text, {"rma": repr(rma)}))


class UnknownReturnLine(NotFound):
    title = "The return has no such line"

    def __init__(self, rma: str, line_no: int, known: Iterable[int]) -> None:
        numbers = ", ".join(str(each) for each in sorted(known))
        parts: dict[str, Part] = {"rma": rma, "line": line_no, "known": numbers}
        super().__init__(Phrase("return {rma} has no line {line}; its lines are {known}", parts))


class ChangedMeanwhile(Conflict):
    title = "The return was changed meanwhile"


class NotPossibleNow(Conflict):
    title = "This is not possible at this point of the return"


@dataclass(slots=True)
class HeldReturn:
    """A return within a transaction that alone may change it.

    `lines` are as they are now, `before` as they were found; `moved` are the numbers of the lines that each event moved, by its
    id; `facts` of the return itself are new. Nothing is written before `let_go`.
    """

    transaction: Transaction
    head: Row[Any]
    lines: dict[int, Line]
    before: dict[int, Line]
    emitted: list[tuple[str, Payload]] = field(default_factory=list)
    moved: dict[str, list[int]] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def rma(self) -> str:
        return str(self.head.rma)

    @property
    def now(self) -> datetime:
        return self.transaction.now

    def line(self, line_no: int) -> Line:
        """Raises `UnknownReturnLine`."""
        if line_no not in self.lines:
            raise UnknownReturnLine(self.rma, line_no, self.lines)
        return self.lines[line_no]

    def able(self, event: str, by: Actor, variant: str | None = None) -> list[Line]:
        """The lines that may make this move."""
        return [
            line for line in self.lines.values() if lifecycle.can(line, event, by.role, variant)
        ]

    def happen(
        self,
        payload: Payload,
        by: Actor,
        lines: Iterable[Line],
        *,
        variant: str | None = None,
        due_us: DueTimes | None = None,
        clock_runs_on: Callable[[Line], bool] | None = None,
        time: datetime | None = None,
    ) -> None:
        """Let an event move these lines, and say by when the next step is due. Raises `NotPossibleNow`, naming what is possible.

        A clock runs its policy's time from when that happened (`possible(time)`, or now), but for those that `due_us` sets,
        and on lines of which `clock_runs_on` says that what their machine waited for until now is due when it was.
        """
        moment = self.possible(time) if time else None
        since = moment or self.now
        dues: list[int] = []
        moving = list(lines)
        for line in moving:
            runs_on = clock_runs_on is not None and clock_runs_on(line)
            dues += self._move(
                line, payload.type, by, variant, _running(line) if runs_on else due_us, since
            )
        event_id = self.note(_with_due(payload, dues), by, time=moment)
        self.moved[event_id] = [line.line_no for line in moving]

    def possible(self, told: datetime) -> datetime:
        """When something happened that was told: not before anybody applied, whatever the teller's clock says."""
        return max(told, from_us(self.head.requested_at_us))

    def note(self, payload: Payload, by: Actor, *, time: datetime | None = None) -> str:
        """Let an event be known that moves no line; its id. What follows within the transaction names the first as its cause."""
        cause = self.emitted[0][0] if self.emitted else None
        event_id = self.transaction.emit(self.rma, payload, by, time=time, causation_id=cause)
        self.emitted.append((event_id, payload))
        return event_id

    def set(self, line_no: int, **facts: Any) -> None:
        """Note facts of a line that are no state."""
        self.lines[line_no] = replace(self.lines[line_no], **facts)

    def agree(self, *, refund_on: RefundOn, inspection: InspectionDepth) -> None:
        """Fix what the approval step decided for the whole return."""
        self.facts |= {"refund_on": refund_on, "inspection": inspection}
        for line in self.lines.values():
            self.set(line.line_no, refund_on=refund_on)

    def due_us(self, clock: ClockName) -> int:
        """When a clock that starts now runs out."""
        return _due_us(self.transaction, clock, self.now)

    def next_line_no(self) -> int:
        return max(self.lines, default=0) + 1

    def split(self, line: Line, quantity: int) -> Line:
        """These units of a line, as a line of their own if they are not all of it."""
        if quantity == line.quantity:
            return line
        value = line.value_minor * quantity // line.quantity
        apart = replace(line, line_no=self.next_line_no(), quantity=quantity, value_minor=value)
        self.lines[line.line_no] = replace(
            line, quantity=line.quantity - quantity, value_minor=line.value_minor - value
        )
        self.lines[apart.line_no] = apart
        settlements.split_open(
            self.transaction.connection, self.rma, line.line_no, apart.line_no, quantity
        )
        said = LineSplit(
            rma=self.rma,
            line_no=line.line_no,
            root_line_no=line.root_line_no,
            into_line_no=apart.line_no,
            quantity=quantity,
            value_minor=value,
        )
        self.note(said, SYSTEM)
        return apart

    def entered(self, machine: Machine, *states: str) -> list[Line]:
        """Lines that came into one of these states within this transaction."""
        return [
            line
            for line in self.lines.values()
            if line.state(machine) in states
            and (
                line.line_no not in self.before
                or self.before[line.line_no].state(machine) != line.state(machine)
            )
        ]

    def let_go(self) -> None:
        """Write what changed, and set the alarm for the next clock that runs out."""
        connection = self.transaction.connection
        old = [line for no, line in self.lines.items() if no in self.before]
        new = [line for no, line in self.lines.items() if no not in self.before]
        changed = [line for line in old if line != self.before[line.line_no]]
        if not (changed or new or self.emitted or self.facts):
            return
        repository.change_lines(connection, self.rma, changed)
        if new:
            repository.insert_lines(connection, self.rma, self.head.order_id, new)
        facts = {"version": self.head.version + bool(self.before), **self.facts}
        if any(getattr(self.head, name) != fact for name, fact in facts.items()):
            repository.change(connection, self.rma, **facts)
        set_alarm(self.transaction, self.rma, self.lines.values())

    def _move(
        self,
        line: Line,
        event: str,
        by: Actor,
        variant: str | None,
        due_us: DueTimes | None,
        since: datetime,
    ) -> Collection[int]:
        """Move one line; when the clocks that this starts run out."""
        try:
            moved = lifecycle.move(line, event, by.role, variant)
        except lifecycle.MoveNotAllowed as refused:
            raise NotPossibleNow(_why_not(self.rma, line, event, by, refused.allowed)) from refused
        clocks = _started_clocks(self.transaction, line, moved, due_us or {}, since)
        self.lines[line.line_no] = replace(moved, **clocks) if clocks else moved
        return clocks.values()


def begin(
    transaction: Transaction,
    head: Mapping[str, Any],
    lines: Iterable[Line],
    said: Payload,
    by: Actor,
) -> HeldReturn:
    """A return that begins with this event; its lines have their first states, and are written when it is let go."""
    made = repository.insert(transaction.connection, head)
    held = HeldReturn(transaction, made, {line.line_no: line for line in lines}, {})
    held.happen(said, by, held.lines.values())
    return held


def hold(transaction: Transaction, rma: str, version: int | None = None) -> HeldReturn:
    """Hold a return for change. Raises `UnknownReturn`, and `ChangedMeanwhile` where it is no longer at `version`."""
    rma = read_rma(rma)
    head = repository.lock(transaction.connection, rma)
    if head is None:
        raise UnknownReturn(rma)
    rows = repository.rows_of(transaction.connection, rma)
    lines = repository.lines_of(rows, head)
    if version is not None and version != head.version:
        allowed = dict.fromkeys(
            event for line in lines.values() for event in lifecycle.allowed_events(line)
        )
        raise ChangedMeanwhile(
            Phrase(
                "return {rma} is at version {version}, not {told}: look at it again; possible now: {allowed}",
                {
                    "rma": rma,
                    "version": head.version,
                    "told": version,
                    "allowed": ", ".join(allowed) or _NOTHING,
                },
            )
        )
    return HeldReturn(transaction, head, lines, dict(lines))


def _why_not(rma: str, line: Line, event: str, by: Actor, allowed: Sequence[str]) -> Phrase:
    return Phrase(
        "return {rma}, line {line}: {event} by {role} cannot follow on {state}; possible now: {allowed}",
        {
            "rma": rma,
            "line": line.line_no,
            "event": event,
            "role": by.role,
            "state": lifecycle.status(line),
            "allowed": ", ".join(allowed) or _NOTHING,
        },
    )


def _started_clocks(
    transaction: Transaction, old: Line, new: Line, due_us: DueTimes, since: datetime
) -> dict[str, Any]:
    """When the clock of each waiting state runs out that a line entered, or entered anew; by the names of `Line`."""
    clocks: dict[str, Any] = {}
    for machine in MACHINES:
        waiting = WAITING.get((machine, str(new.state(machine))))
        if waiting is None or new.due_us(machine) is not None or new.state(machine) is None:
            continue
        if old.state(machine) == new.state(machine) and old.due_us(machine) is None:
            continue  # an imported past runs no clocks
        clocks[f"{machine}_due_us"] = due_us.get(machine) or _due_us(
            transaction, waiting.clock, since
        )
    return clocks


def _running(line: Line) -> DueTimes:
    return {machine: us for machine in MACHINES if (us := line.due_us(machine)) is not None}


def _with_due(payload: Payload, dues: Collection[int]) -> Payload:
    """The event with the moment by which the earliest of its lines is due, where it has a field for that and does not tell yet."""
    fields = type(payload).model_fields
    name = next((each for each in _DUE_FIELDS if each in fields), None)
    if not dues or name is None or getattr(payload, name) is not None:
        return payload
    return payload.model_copy(update={name: min(dues)})


def units(lines: Iterable[Line]) -> list[UnitsOfLine]:
    """Lines as events name them."""
    return [UnitsOfLine(line_no=line.line_no, quantity=line.quantity) for line in lines]


def alarm_key(rma: str) -> str:
    return f"deadline:{rma}"


def set_alarm(transaction: Transaction, rma: str, lines: Iterable[Line]) -> None:
    """One job a return, due when the first of its clocks runs out."""
    context = transaction.context
    due = [us for line in lines for machine in MACHINES if (us := line.due_us(machine))]
    if not due:
        jobs.withdraw(transaction.connection, alarm_key(rma))
        return
    alarm = jobs.Job("deadline", rma, from_us(min(due)), key=alarm_key(rma))
    jobs.put(transaction.connection, alarm, context.ids, transaction.now)


def _due_us(transaction: Transaction, clock: ClockName, since: datetime) -> int:
    policy, zone = transaction.context.policy, transaction.context.zone
    return to_us(due_at(since, policy.hours(clock), policy.calendar, zone))
