"""At the dock. Facts are taken in, whatever the state says; what is wrong with them becomes somebody's work."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.cases.opening import open_case
from service.domain.events import (
    Actor,
    GoodsSentBack,
    InspectionDepth,
    LineInspected,
    LineSplit,
    Outcome,
    ParcelReceived,
    ReturnReceived,
)
from service.domain.lifecycle import HERE_THOUGH_BAD, NOT_HERE, Line, could_have_come
from service.orders.commands import happened_at
from service.platform.clock import from_us, to_us
from service.platform.idempotency import Attempt
from service.platform.ids import read_rma
from service.platform.problems import NotFound, Unacceptable
from service.platform.unit import Context, Transaction
from service.receiving import repository
from service.receiving.schemas import (
    FindingBody,
    InspectionBody,
    MatchBody,
    ParcelBody,
    ParcelTaken,
    PlaceBody,
    SentBackBody,
    UnexpectedBody,
    UnitsBody,
)
from service.returns import repository as returns
from service.returns.consequences import apply_rules, follow, place_goods
from service.returns.held import HeldReturn, NotPossibleNow, hold, units
from service.shipments import repository as shipments
from service.texts.keeping import keep

_GRADED = ("passed", "failed")
_THE_CUSTOMERS = ("awaiting_choice", "to_send_back", "sent_back")


class UnknownParcel(NotFound):
    title = "No such parcel"


class GradeMissing(Unacceptable):
    title = "A grade is missing"


class FindingsDoNotAddUp(Unacceptable):
    title = "The findings do not tell of every unit once"


class LooksTooShallow(Unacceptable):
    title = "This return asks for a full inspection"


@dataclass(frozen=True, slots=True)
class _Look:
    """One inspection: how closely, by whom, and the note that was written of it."""

    depth: InspectionDepth
    by: Actor
    text_ref: str | None


class Receiving:
    """Commands of the dock; each is one transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def receive(self, body: ParcelBody, by: Actor, attempt: Attempt | None = None) -> str:
        """Take a parcel in, whosever it is; its id. Raises `UnknownReturnLine`, `InTheFuture`."""
        parcel_id = self._context.ids.token("pcl")
        received_at = happened_at(self._context.clock, body.received_at, "received_at")
        with self._context.transaction(attempt, parcel_id) as transaction:
            rma = _whose(transaction, body)
            parcel = {
                "parcel_id": parcel_id,
                "rma": rma,
                "tracking": body.tracking,
                "weight_grams": body.weight_grams,
                "received_at_us": to_us(received_at),
            }
            repository.insert(transaction.connection, parcel)
            said = ParcelReceived(parcel_id=parcel_id, rma=rma, weight_grams=body.weight_grams)
            if rma is None:
                transaction.emit(parcel_id, said, by, time=received_at)
                open_case(transaction, "unknown_parcel", by, parcel_id=parcel_id)
            else:
                held = hold(transaction, rma)
                transaction.emit(rma, said, by, time=held.possible(received_at))
                _receive(held, parcel_id, body.lines, by, received_at)
                follow(held)
        return parcel_id

    def parcel(self, parcel_id: str) -> ParcelTaken:
        """A parcel, and whose it is. Raises `UnknownParcel`."""
        with self._context.db.read() as connection:
            found = repository.find(connection, parcel_id)
        if found is None:
            raise UnknownParcel(f"there is no parcel {parcel_id!r}")
        return ParcelTaken(parcel_id=parcel_id, rma=found.rma)

    def match(
        self, parcel_id: str, body: MatchBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """An unknown parcel found its return. Raises `UnknownParcel`, `UnknownReturn`."""
        with self._context.transaction(attempt, parcel_id) as transaction:
            parcel = repository.lock(transaction.connection, parcel_id)
            if parcel is None or parcel.rma is not None:
                raise UnknownParcel(
                    f"there is no parcel {parcel_id!r} without an owner; GET /v1/cases shows those that wait"
                )
            held = hold(transaction, body.rma)
            repository.match(transaction.connection, parcel_id, held.rma)
            _receive(held, parcel_id, body.lines, by, from_us(parcel.received_at_us))
            follow(held)

    def inspect(
        self, rma: str, body: InspectionBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """Record what was found. Raises `FindingsDoNotAddUp`, `LooksTooShallow`, `NotPossibleNow`."""
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            look = _Look(body.depth, by, _keep_note(held, body.note))
            if body.line_no is not None:
                _inspect(held, held.line(body.line_no), body, look)
            for item in body.unexpected:
                _add_unexpected(held, item, look)
            follow(held)

    def place(
        self, rma: str, line_no: int, body: PlaceBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """Say where goods go that no grade sent anywhere. Raises `NotPossibleNow`."""
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            line = held.line(line_no)
            if line.disposition or not _is_the_shops(line):
                raise NotPossibleNow(
                    f"return {held.rma}, line {line_no}: the goods are "
                    f"{line.disposition or 'not here, or not the shop’s'}"
                )
            place_goods(held, line, body.disposition, by)
            follow(held)

    def send_back(
        self, rma: str, body: SentBackBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """The goods went back to the customer. Raises `NotPossibleNow`."""
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            chosen = [held.line(each) for each in body.lines or ()]
            lines = chosen or held.able(GoodsSentBack.type, by) or list(held.lines.values())
            held.happen(GoodsSentBack(rma=held.rma, lines=units(lines)), by, lines)
            follow(held)


def _whose(transaction: Transaction, body: ParcelBody) -> str | None:
    """The return whose number is on the parcel, else the only one whose customer told this tracking number."""
    connection = transaction.connection
    if body.rma and returns.find(connection, read_rma(body.rma)):
        return read_rma(body.rma)
    told = shipments.rmas_by_tracking(connection, body.tracking) if body.tracking else []
    return told[0] if len(told) == 1 else None


def _receive(
    held: HeldReturn,
    parcel_id: str,
    said: Sequence[UnitsBody] | None,
    by: Actor,
    received_at: datetime,
) -> None:
    if said is None:
        lines = could_have_come(held.lines.values())
    else:
        lines = [
            line for line_no, units in _counted(said) for line in _arrived(held, line_no, units)
        ]
    if lines:
        _happen_received(held, parcel_id, lines, by, received_at)
    else:  # nothing of this return is awaited: somebody must see what came
        open_case(
            held.transaction,
            "unknown_parcel",
            by,
            rma=held.rma,
            parcel_id=parcel_id,
            customer_key=held.head.customer_key,
        )


def _counted(said: Sequence[UnitsBody]) -> Iterable[tuple[int, int]]:
    """Units by line: whoever counts a line in two heaps counted one line."""
    counted: Counter[int] = Counter()
    for each in said:
        counted[each.line_no] += each.quantity
    return counted.items()


def _arrived(held: HeldReturn, line_no: int, units: int) -> list[Line]:
    """The units of a line that came. More than were expected are a line of their own, which nobody declared."""
    line = held.line(line_no)
    expected = line.quantity if line.reception in NOT_HERE else 0
    arrived = []
    if expected:
        arrived.append(held.split(line, min(units, expected)))
    if units > expected:
        arrived.append(_undeclared(held, line.sku, units - expected))
    return arrived


def _undeclared(held: HeldReturn, sku: str, quantity: int) -> Line:
    number = held.next_line_no()
    line = Line(number, number, None, sku, quantity, value_minor=0, refund_on=held.head.refund_on)
    held.lines[number] = line
    return line


def _happen_received(
    held: HeldReturn, parcel_id: str | None, lines: Sequence[Line], by: Actor, at: datetime
) -> None:
    """The inspection's clock runs from the carrier's delivery where that was told first."""
    said = ReturnReceived(rma=held.rma, lines=units(lines), parcel_id=parcel_id)
    held.happen(said, by, lines, clock_runs_on=_was_delivered, time=at)


def _was_delivered(line: Line) -> bool:
    return line.reception == "delivered"


def _keep_note(held: HeldReturn, note: str | None) -> str | None:
    if not note:
        return None
    return keep(
        held.transaction,
        note,
        kind="inspection_note",
        rma=held.rma,
        customer_key=held.head.customer_key,
    )


def _inspect(held: HeldReturn, line: Line, body: InspectionBody, look: _Look) -> None:
    _refuse_what_does_not_add_up(held, line, body)
    seen = len(held.emitted)
    if line.reception in NOT_HERE:
        _happen_received(held, None, [line], look.by, held.now)
        apply_rules(
            held
        )  # what the receipt sets off, such as a refund by law, comes before the finding
    to_find = _parts(held, line.line_no, seen)
    for finding in body.findings:
        for part in _taken(held, to_find, finding.quantity):
            _find(held, part, finding, look)


def _parts(held: HeldReturn, line_no: int, seen: int) -> list[int]:
    """A line and what was split from it since so many events; units that are in another return by now come last."""
    numbers = [line_no]
    for _, said in held.emitted[seen:]:
        if isinstance(said, LineSplit) and said.line_no in numbers:
            numbers.append(said.into_line_no)
    return sorted(numbers, key=lambda each: returns.is_given_up(held.line(each)))


def _taken(held: HeldReturn, numbers: list[int], units: int) -> Iterator[Line]:
    """The next so many units of these lines, which are as many at least; lines that are used up are no more among them."""
    while units:
        line = held.line(numbers[0])
        taken = min(units, line.quantity)
        if taken == line.quantity:
            numbers.pop(0)
        units -= taken
        yield held.split(line, taken)


def _find(held: HeldReturn, line: Line, finding: FindingBody, look: _Look) -> None:
    said = LineInspected.model_validate(
        {
            "rma": held.rma,
            "line_no": line.line_no,
            "inspection_depth": look.depth,
            **finding.model_dump(),
            "quantity": line.quantity,
            "text_ref": look.text_ref,
        }
    )
    held.set(line.line_no, grade=finding.grade)
    held.happen(said, look.by, [held.line(line.line_no)], variant=finding.outcome)


def _add_unexpected(held: HeldReturn, item: UnexpectedBody, look: _Look) -> None:
    outcome: Outcome = "unexpected"
    line = _undeclared(held, item.sku, item.quantity)
    held.lines[line.line_no] = replace(line, grade=item.grade)
    said = LineInspected(
        rma=held.rma,
        line_no=line.line_no,
        quantity=item.quantity,
        outcome=outcome,
        grade=item.grade,
        inspection_depth=look.depth,
        sku=item.sku,
        text_ref=look.text_ref,
    )
    held.happen(said, look.by, [held.line(line.line_no)], variant=outcome)


def _refuse_what_does_not_add_up(held: HeldReturn, line: Line, body: InspectionBody) -> None:
    told = sum(each.quantity for each in body.findings)
    if told != line.quantity:
        raise FindingsDoNotAddUp(
            f"line {line.line_no} of return {held.rma} has {line.quantity} units, the findings tell of {told}; "
            "say of each unit once what it is, `short` for those that are not there"
        )
    if held.head.inspection == "full" and body.depth != "full":
        raise LooksTooShallow(
            f"return {held.rma} asks for a full inspection; look closely and send depth `full`"
        )
    for finding in body.findings:
        if finding.outcome in _GRADED and finding.grade is None:
            raise GradeMissing(f"line {line.line_no}: {finding.outcome} needs a grade, A to D")


def _is_the_shops(line: Line) -> bool:
    is_here = line.reception in ("passed", "waived", *HERE_THOUGH_BAD)
    return is_here and line.resolution not in _THE_CUSTOMERS and line.resolution != "open"
