"""The life of a return line: three small machines, one table of moves, and one of waiting.

*authorization*: may it come back? *reception*: where are the goods? *resolution*: what does the customer get?
`TRANSITIONS` says which event moves which machine from where to where, by whom, and under which guard; a line
moves in no other way. `WAITING` says for each state in which a line waits: whose turn it is, which clock runs,
and what happens by itself when it runs out. Code, flowchart and manuals follow from these two.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

from service.domain.clocks import ClockName
from service.domain.events import RefundOn, Role
from service.domain.words import Choice, Disposition, Grade, Phrase

Machine = Literal["authorization", "reception", "resolution"]
Authorization = Literal[
    "requested",
    "under_review",
    "escalated",
    "info_requested",
    "authorized",
    "declined",
    "declined_finally",
    "cancelled",
    "expired",
    "undeclared",
]
Reception = Literal[
    "not_expected",
    "awaited",
    "announced",
    "in_transit",
    "delivered",
    "lost",
    "lost_for_good",
    "received",
    "inspection_overdue",
    "passed",
    "failed",
    "short",
    "wrong_item",
    "empty",
    "unexpected",
    "waived",
    "kept",
    "not_sent",
]
Resolution = Literal[
    "open",
    "awaiting_choice",
    "refund_agreed",
    "refund_pending",
    "refund_unknown",
    "refund_failed",
    "refunded",
    "to_send_back",
    "sent_back",
    "disposed",
    "not_refunded",
]
State = Authorization | Reception | Resolution
MACHINES: tuple[Machine, ...] = get_args(Machine)
STATES: dict[Machine, tuple[str, ...]] = {
    "authorization": get_args(Authorization),
    "reception": get_args(Reception),
    "resolution": get_args(Resolution),
}

UNDECIDED = ("under_review", "escalated", "info_requested")
_NOT_SENT_YET = ("not_expected", "awaited", "announced")
NOT_HERE = (*_NOT_SENT_YET, "in_transit", "delivered", "lost", "lost_for_good", "not_sent")
_UNDER_WAY = ("in_transit", "delivered", "lost")
_TO_INSPECT = ("received", "inspection_overdue")
_TO_BE_FOUND = (*_TO_INSPECT, "waived")  # a finding is a fact, however late
_ACCEPTED = ("passed", "waived")
HERE_THOUGH_BAD = ("failed", "wrong_item", "unexpected")
BAD = ("short", "empty", *HERE_THOUGH_BAD)
_DEAD = ("declined_finally", "cancelled", "expired")
_UNPAID = ("open", "awaiting_choice", "to_send_back", "sent_back", "disposed", "not_refunded")
_MONEY_OVER = ("refunded", "sent_back", "disposed", "not_refunded")
_NEVER_CAME = ("not_expected", "not_sent", "lost_for_good")
_GOODS_OVER = (*_ACCEPTED, *BAD, "kept", "not_sent", "lost_for_good")

# What must have happened to the goods before the money goes back.
_REACHED: dict[RefundOn, tuple[str, ...]] = {
    "authorized": get_args(Reception),
    "first_scan": (*_UNDER_WAY, "lost_for_good", *_TO_INSPECT, *_ACCEPTED, "kept"),
    "received": (*_TO_INSPECT, *_ACCEPTED, "lost_for_good", "kept"),
    "inspected": (*_ACCEPTED, "lost_for_good", "kept"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """Some units of a return that go one way. `due_us` by machine: when the time of its state is over, where a clock runs."""

    line_no: int
    root_line_no: int
    order_line_no: int | None
    sku: str
    quantity: int
    value_minor: int
    reason: str | None = None
    fee_percent: int = 0
    refunds_shipping: bool = False
    refund_on: RefundOn = "inspected"
    is_withdrawal: bool = False
    authorization: str | None = None
    reception: str | None = None
    resolution: str | None = None
    authorization_due_us: int | None = None
    reception_due_us: int | None = None
    resolution_due_us: int | None = None
    grade: Grade | None = None
    disposition: Disposition | None = None
    offer_minor: int = 0
    default_choice: Choice | None = None

    def state(self, machine: Machine) -> str | None:
        found: str | None = getattr(self, machine)
        return found

    def due_us(self, machine: Machine) -> int | None:
        found: int | None = getattr(self, f"{machine}_due_us")
        return found


Guard = Callable[[Line], bool]


def always(_: Line) -> bool:
    """No condition."""
    return True


def undecided(line: Line) -> bool:
    """Somebody or something is still to decide whether it may come back."""
    return line.authorization in ("requested", *UNDECIDED)


def open_to_decision(line: Line) -> bool:
    """A decision can be made now; a person need not wait for the answer to a question."""
    return undecided(line)


def nothing_moved(line: Line) -> bool:
    """Not refused or given up, and neither goods nor money moved."""
    is_alive = line.authorization in (*UNDECIDED, "authorized")
    return is_alive and line.reception in _NOT_SENT_YET and line.resolution == "open"


def nothing_is_settled(line: Line) -> bool:
    """Wherever the goods are, nothing was agreed about them, and no money moved."""
    return line.resolution in ("open", "awaiting_choice")


def was_declined(line: Line) -> bool:
    """It may not come back, and that can be appealed."""
    return line.authorization == "declined"


def authorized_and_unpaid(line: Line) -> bool:
    """It may come back, and no money went back or is on its way."""
    return line.authorization == "authorized" and not paid(line)


def paid(line: Line) -> bool:
    """Money went back or is on its way."""
    return line.resolution not in _UNPAID


def came_to_something(line: Line) -> bool:
    """Goods or money moved, or went on their way."""
    return line.reception not in (*_NOT_SENT_YET, "not_sent") or paid(line)


def came_after_all(line: Line) -> bool:
    """The goods are here or on their way although nobody expects them any more, and nothing was agreed about them."""
    is_there = line.reception in _UNDER_WAY or line.reception not in NOT_HERE
    return is_there and line.resolution == "open"


def came_late_by_law(line: Line) -> bool:
    """They came after all, of a statutory withdrawal: sending late does not undo what was declared."""
    return came_after_all(line) and line.is_withdrawal


def came_late_otherwise(line: Line) -> bool:
    """They came after all, of a return that no law grants."""
    return came_after_all(line) and not line.is_withdrawal


def is_expected(line: Line) -> bool:
    """Its units are on the way, or are to be sent as was agreed or may yet be."""
    may_come = line.authorization in ("requested", *UNDECIDED, "authorized")
    return line.reception in _UNDER_WAY or (may_come and line.reception in _NOT_SENT_YET)


def refund_is_due(line: Line) -> bool:
    """Authorized, and the goods are where the return's refund trigger wants them."""
    return line.authorization == "authorized" and line.reception in _REACHED[line.refund_on]


def goods_are_in_question(line: Line) -> bool:
    """They did not pass, or passed without being authorized: they stay the customer's."""
    is_refused = line.reception in _ACCEPTED and line.authorization != "authorized"
    return not undecided(line) and (line.reception in BAD or is_refused)


@dataclass(frozen=True, slots=True)
class Transition:
    """A move of one machine (from None: the beginning), the event that makes it, who may, and when."""

    machine: Machine
    from_state: str | None
    to_state: str
    event: str
    actors: tuple[Role, ...]
    guard: Guard = always
    variant: str | None = None

    def fits(self, line: Line, event: str, variant: str | None) -> bool:
        return (
            event == self.event
            and self.variant in (None, variant)
            and line.state(self.machine) == self.from_state
            and self.guard(line)
        )


def _rows(
    machine: Machine,
    from_states: str | Iterable[str] | None,
    to_state: str | None,
    event: str,
    *actors: Role,
    guard: Guard = always,
    variant: str | None = None,
) -> Iterator[Transition]:
    """A row of the table for each state that it begins in; without `to_state` the line stays where it is."""
    origins = [from_states] if from_states is None or isinstance(from_states, str) else from_states
    for each in origins:
        yield Transition(machine, each, to_state or str(each), event, actors, guard, variant)


_REVIEWERS: tuple[Role, ...] = ("reviewer", "admin")
_DOCK: tuple[Role, ...] = ("inspector", "admin")
_CASHIERS: tuple[Role, ...] = ("system", "finance", "admin")

TRANSITIONS: tuple[Transition, ...] = (
    # --- may it come back? ---
    *_rows("authorization", None, "requested", "return.requested", "customer"),
    *_rows("authorization", None, "authorized", "return.withdrawn", "customer"),
    *_rows("authorization", None, "undeclared", "return.received", *_DOCK),
    *_rows("authorization", None, "undeclared", "line.inspected", *_DOCK, variant="unexpected"),
    *_rows("authorization", "requested", "authorized", "return.authorized", "system"),
    *_rows("authorization", "requested", "declined", "return.declined", "system"),
    *_rows("authorization", "requested", "under_review", "review.opened", "system"),
    *_rows("authorization", "under_review", "escalated", "clock.breached", "system", variant="review"),
    *_rows("authorization", ("under_review", "info_requested"), "authorized", "return.authorized", *_REVIEWERS),
    *_rows("authorization", "escalated", "authorized", "return.authorized", *_REVIEWERS, "system"),
    *_rows("authorization", UNDECIDED, "declined", "return.declined", *_REVIEWERS),
    *_rows("authorization", ("under_review", "escalated"), "info_requested", "evidence.requested", *_REVIEWERS),
    *_rows("authorization", "info_requested", "under_review", "evidence.received", "customer"),
    *_rows("authorization", "info_requested", "under_review", "evidence.lapsed", "system"),
    *_rows("authorization", "declined", "under_review", "review.requested", "customer", guard=nothing_is_settled),
    *_rows("authorization", "declined", "declined_finally", "return.appeal_lapsed", "system"),
    *_rows("authorization", (*UNDECIDED, "authorized"), "cancelled", "return.cancelled", "customer", guard=nothing_moved),
    *_rows("authorization", "authorized", "expired", "return.expired", "system", guard=nothing_moved),
    *_rows("authorization", "cancelled", "under_review", "return.reinstated", "system", guard=came_after_all),
    *_rows("authorization", "expired", "under_review", "return.reinstated", "system", guard=came_late_otherwise),
    *_rows("authorization", "expired", "authorized", "return.reinstated", "system", guard=came_late_by_law),
    # --- where are the goods? ---
    *_rows("reception", None, "not_expected", "return.requested", "customer"),
    *_rows("reception", None, "awaited", "return.withdrawn", "customer"),
    *_rows("reception", None, "received", "return.received", *_DOCK),
    *_rows("reception", None, "unexpected", "line.inspected", *_DOCK, variant="unexpected"),
    *_rows("reception", "not_expected", "awaited", "return.authorized", "system", *_REVIEWERS, guard=open_to_decision),
    *_rows("reception", ("awaited", "announced"), "announced", "shipment.created", "customer"),
    *_rows("reception", "announced", "awaited", "pickup.failed", "carrier", "shop", "admin"),
    *_rows("reception", ("awaited", "announced"), "kept", "line.keep_granted", *_REVIEWERS, "system", guard=authorized_and_unpaid),
    *_rows("reception", _NOT_SENT_YET, "not_sent", "return.cancelled", "customer", guard=nothing_moved),
    *_rows("reception", ("awaited", "announced"), "not_sent", "return.expired", "system", guard=nothing_moved),
    *_rows("reception", ("awaited", "announced"), "not_sent", "shipment.overdue", "system", guard=paid),
    *_rows("reception", (*_NOT_SENT_YET, "not_sent"), "in_transit", "shipment.scanned", "carrier", "shop", "admin", variant="picked_up"),
    *_rows("reception", (*_NOT_SENT_YET, "not_sent", "in_transit", "lost"), "in_transit", "shipment.scanned", "carrier", "shop", "admin", variant="in_transit"),
    *_rows("reception", (*_NOT_SENT_YET, "not_sent", "in_transit", "lost"), "delivered", "shipment.scanned", "carrier", "shop", "admin", variant="delivered"),
    *_rows("reception", ("in_transit", "delivered"), "lost", "shipment.lost", "system"),
    *_rows("reception", "lost", "lost_for_good", "shipment.loss_accepted", "system", "after_sales", "admin"),
    *_rows("reception", NOT_HERE, "received", "return.received", *_DOCK),
    *_rows("reception", "received", "inspection_overdue", "clock.breached", "system", variant="inspection"),
    *_rows("reception", "inspection_overdue", "waived", "inspection.waived", "system"),
    *(row for outcome in ("passed", *BAD) for row in _rows("reception", _TO_BE_FOUND, outcome, "line.inspected", *_DOCK, variant=outcome)),
    # --- what does the customer get? ---
    *_rows("resolution", None, "open", "return.requested", "customer"),
    *_rows("resolution", None, "open", "return.withdrawn", "customer"),
    *_rows("resolution", None, "open", "return.received", *_DOCK),
    *_rows("resolution", None, "open", "line.inspected", *_DOCK, variant="unexpected"),
    *_rows("resolution", "open", "refund_pending", "refund.requested", "system", guard=refund_is_due),
    *_rows("resolution", "open", "awaiting_choice", "choice.requested", "system", guard=goods_are_in_question),
    *_rows("resolution", "awaiting_choice", "open", "review.requested", "customer", guard=was_declined),
    *_rows("resolution", "awaiting_choice", "refund_agreed", "choice.made", "customer", "system", variant="partial_refund"),
    *_rows("resolution", "awaiting_choice", "to_send_back", "choice.made", "customer", "system", variant="send_back"),
    *_rows("resolution", "awaiting_choice", "disposed", "choice.made", "customer", "system", variant="dispose"),
    *_rows("resolution", "awaiting_choice", "not_refunded", "choice.made", "customer", "system", variant="accept"),
    *_rows("resolution", "to_send_back", "sent_back", "goods.sent_back", *_DOCK),
    *_rows("resolution", "to_send_back", None, "clock.breached", "system", variant="send_back"),
    *_rows("resolution", "refund_agreed", "refund_pending", "refund.requested", "system"),
    *_rows("resolution", ("refund_pending", "refund_unknown"), "refunded", "refund.settled", *_CASHIERS),
    *_rows("resolution", "refund_pending", "refund_unknown", "refund.unknown", "system"),
    *_rows("resolution", ("refund_pending", "refund_unknown"), "refund_failed", "refund.failed", *_CASHIERS),
    *_rows("resolution", "refund_failed", "refund_pending", "refund.requested", "finance", "admin"),
    *_rows("resolution", ("refund_pending", "refund_unknown", "refund_failed"), None, "clock.breached", "system", variant="refund"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waiting:
    """A state in which a line waits: whose turn it is, until when, and what happens by itself after that.

    `defaults` are events (with a variant, where one decides): the first whose guard holds is done.
    """

    machine: Machine
    state: str
    owner: Role
    clock: ClockName
    defaults: tuple[tuple[str, str | None], ...]
    next_step: Phrase


WAITING: dict[tuple[Machine, str], Waiting] = {
    (each.machine, each.state): each
    for each in (
        Waiting("authorization", "under_review", "reviewer", "review", (("clock.breached", "review"),),
                Phrase("A reviewer decides.")),
        Waiting("authorization", "escalated", "admin", "escalation", (("return.authorized", None),),
                Phrase("The head of the reviewers decides; without a decision the return is authorized.")),
        Waiting("authorization", "info_requested", "customer", "evidence", (("evidence.lapsed", None),),
                Phrase("Answer our question; without an answer we decide on what we have.")),
        Waiting("authorization", "declined", "customer", "appeal", (("return.appeal_lapsed", None),),
                Phrase("You can appeal; after that the return is closed.")),
        Waiting("reception", "awaited", "customer", "ship_by",
                (("return.expired", None), ("shipment.overdue", None)), Phrase("Send the goods back.")),
        Waiting("reception", "announced", "customer", "ship_by",
                (("return.expired", None), ("shipment.overdue", None)), Phrase("Hand the parcel over.")),
        Waiting("reception", "in_transit", "carrier", "transit", (("shipment.lost", None),),
                Phrase("The carrier brings the goods; if they do not arrive, we search for them.")),
        Waiting("reception", "delivered", "inspector", "inspection", (("shipment.lost", None),),
                Phrase("The warehouse looks for the parcel that the carrier delivered.")),
        Waiting("reception", "lost", "after_sales", "search", (("shipment.loss_accepted", None),),
                Phrase("We search for the parcel; if it is not found, you get your money.")),
        Waiting("reception", "received", "inspector", "inspection", (("clock.breached", "inspection"),),
                Phrase("The warehouse inspects the goods.")),
        Waiting("reception", "inspection_overdue", "admin", "escalation", (("inspection.waived", None),),
                Phrase("The inspection is late; if it does not come, the goods are accepted as they are.")),
        Waiting("resolution", "awaiting_choice", "customer", "choice",
                tuple(("choice.made", each) for each in ("partial_refund", "send_back", "dispose", "accept")),
                Phrase("Choose what becomes of the goods; otherwise the announced default happens.")),
        Waiting("resolution", "to_send_back", "inspector", "send_back", (("clock.breached", "send_back"),),
                Phrase("The warehouse sends the goods back to you.")),
        Waiting("resolution", "refund_pending", "finance", "refund", (("clock.breached", "refund"),),
                Phrase("The money is on its way to you.")),
        Waiting("resolution", "refund_unknown", "system", "refund", (("clock.breached", "refund"),),
                Phrase("The payment is being checked.")),
        Waiting("resolution", "refund_failed", "finance", "refund", (("clock.breached", "refund"),),
                Phrase("The payment was refused; we find another way to pay you.")),
    )
}  # fmt: skip

# A line that may be sent is "authorized" until it is sent; the permission itself is no place to stand.
_WORDS = {"authorized": "", "awaited": "authorized"}

# How far a return is, in one word; a line is as far as its machine that is least far, a return as its line.
Status = Literal[
    "requested",
    "under_review",
    "escalated",
    "info_requested",
    "authorized",
    "announced",
    "in_transit",
    "delivered",
    "lost",
    "received",
    "inspection_overdue",
    "awaiting_choice",
    "refund_agreed",
    "to_send_back",
    "refund_failed",
    "refund_unknown",
    "refund_pending",
    "declined",
    "refunded",
    "sent_back",
    "disposed",
    "not_refunded",
    "expired",
    "cancelled",
    "declined_finally",
    "closed",
]
ROLL_UP: tuple[Status, ...] = get_args(Status)


class MoveNotAllowed(ValueError):
    """The table has no such move from here. `allowed` are the events that it has."""

    def __init__(self, line: Line, event: str, by: Role) -> None:
        self.allowed = allowed_events(line)
        super().__init__(
            f"{event} by {by} cannot follow on {status(line)}; "
            f"possible now: {', '.join(self.allowed) or 'nothing'}"
        )


_BY_EVENT: dict[str, tuple[Transition, ...]] = {
    event: tuple(row for row in TRANSITIONS if row.event == event)
    for event in dict.fromkeys(row.event for row in TRANSITIONS)
}


def move(line: Line, event: str, by: Role, variant: str | None = None) -> Line:
    """The line after an event. Raises `MoveNotAllowed`. A machine that entered another state has no due moment yet."""
    if not can(line, event, by, variant):
        raise MoveNotAllowed(line, event, by)
    changes: dict[str, str | None] = {}
    for row in _fitting(line, event, variant):
        changes[row.machine] = row.to_state
        changes[f"{row.machine}_due_us"] = None
    return replace(line, **changes)  # type: ignore[arg-type]  # names and types are those of Line


def can(line: Line, event: str, by: Role, variant: str | None = None) -> bool:
    """Whether the table has this move, and this role may make it."""
    rows = _fitting(line, event, variant)
    return bool(rows) and all(by in row.actors for row in rows)


def _fitting(line: Line, event: str, variant: str | None) -> list[Transition]:
    return [row for row in _BY_EVENT.get(event, ()) if row.fits(line, event, variant)]


def allowed_events(line: Line) -> tuple[str, ...]:
    """The events that may follow now, whoever makes them."""
    fitting = (row.event for row in TRANSITIONS if row.fits(line, row.event, row.variant))
    return tuple(dict.fromkeys(fitting))


def waits(line: Line) -> list[Waiting]:
    """What this line waits for, machine by machine. Goods that nobody expects any more are not waited for."""
    found = (WAITING.get((machine, str(line.state(machine)))) for machine in MACHINES)
    return [each for each in found if each]


def could_have_come(lines: Iterable[Line]) -> list[Line]:
    """The lines that a parcel tells of which nobody counted, or a scan that names none.

    They are those that are expected. Only where nothing is, they are all that are not here, though cancelled, expired,
    declined or given up for lost: a parcel is there, and that is taken in.
    """
    not_here = [line for line in lines if line.reception in NOT_HERE]
    return [line for line in not_here if is_expected(line)] or not_here


def is_told_late(line: Line, scan: str) -> bool:
    """Whether a carrier's scan tells of where the goods were before they were seen further on: carriers report late, and in
    any order. That is noted, and moves nothing.
    """
    is_further_on = line.reception not in (*_NOT_SENT_YET, "not_sent", "kept")
    return is_further_on and not can(line, "shipment.scanned", "carrier", scan)


def default_of(line: Line, waiting: Waiting) -> tuple[str, str | None]:
    """What happens by itself when this line's time in a state is over. Of several choices: the one announced."""
    for event, variant in waiting.defaults:
        is_announced = waiting.clock != "choice" or variant == line.default_choice
        if is_announced and can(line, event, "system", variant):
            return event, variant
    raise MoveNotAllowed(line, waiting.defaults[0][0], "system")


def is_over(line: Line) -> bool:
    """Whether nothing more will happen to these units by themselves or by anybody's duty."""
    never_came = line.authorization in _DEAD and line.reception in _NEVER_CAME
    is_settled = line.resolution in _MONEY_OVER and line.reception in _GOODS_OVER
    return (never_came and line.resolution in ("open", *_MONEY_OVER)) or is_settled


def status(line: Line) -> Status:
    """How far a line is: as its machine that is least far."""
    words = [_WORDS.get(str(state), str(state)) for state in map(line.state, MACHINES)]
    return next((known for known in ROLL_UP if known in words), "received")


def roll_up(lines: Iterable[Line]) -> Status:
    """The status of an RMA: `closed`, or as far as its line that is least far."""
    unfinished = {status(line) for line in lines if not is_over(line)}
    return next((known for known in ROLL_UP if known in unfinished), "closed")
