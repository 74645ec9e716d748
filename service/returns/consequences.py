"""What follows by itself from where a return's lines are: refunds, choices, stock, cases, closing.

Each rule looks at the lines and either does something (and says so) or not; they are applied until none does.
"""

from collections.abc import Callable, Sequence
from typing import cast

from service.cases.opening import open_case, open_once
from service.domain import lifecycle
from service.domain.events import (
    Actor,
    ChoiceRequested,
    LineDispositioned,
    Option,
    Payload,
    ReturnAuthorized,
    ReturnClosed,
    ReturnReinstated,
    ReviewOpened,
    Trigger,
)
from service.domain.lifecycle import BAD, HERE_THOUGH_BAD, UNDECIDED, Line
from service.domain.words import BadOutcome, Choice, Disposition
from service.letters.news import Moved, tell
from service.platform.clock import to_us
from service.returns.crowding import with_room
from service.returns.held import SYSTEM, HeldReturn, units
from service.reviews.opening import barred, close_review, open_review
from service.settlements import refunding
from service.stock.commands import adjust
from service.surveys.sending import send_survey

_TRIGGERS: dict[str, Trigger] = {"kept": "keep", "lost_for_good": "loss"}
_REFUSED_CHOICES: tuple[Choice, ...] = ("send_back", "dispose")
_DISPOSED_OF: Disposition = "recycle"


def follow(held: HeldReturn) -> None:
    """Do all that follows, and let the return go."""
    apply_rules(held)
    _end_review(held)
    _tell_of_what_went_wrong(held)
    _close(held)
    moved = {
        event_id: _moved(held, said, held.moved[event_id])
        for event_id, said in held.emitted
        if event_id in held.moved
    }
    tell(held.transaction, held.rma, held.head.customer_key, held.emitted, moved=moved)
    held.let_go()


def _moved(held: HeldReturn, said: Payload, numbers: Sequence[int]) -> Moved:
    """What a letter about an event is about: the lines that it moved.

    Of an approval those that are to be sent; of a review all that came under it, though another event moved them there.
    """
    if isinstance(said, ReturnAuthorized):
        return Moved([each for each in numbers if held.line(each).reception == "awaited"])
    if isinstance(said, ReviewOpened):
        return Moved([line.line_no for line in held.entered("authorization", "under_review")])
    before = [held.before[each] for each in numbers if each in held.before]
    was_due = [line.reception_due_us for line in before if line.reception_due_us is not None]
    return Moved(numbers, min(was_due, default=None))


def apply_rules(held: HeldReturn) -> None:
    """Do what follows by itself, until nothing does."""
    while any(rule(held) for rule in _RULES):
        pass


def _reinstate(held: HeldReturn) -> bool:
    lines = with_room(held, held.able(ReturnReinstated.type, SYSTEM))
    by_law = [line for line in lines if _is_authorized_again(line)]
    if by_law:
        said = ReturnReinstated(rma=held.rma, lines=units(by_law), permission="authorized")
        held.happen(said, SYSTEM, by_law)
    for_a_person = [line for line in lines if line not in by_law]
    if for_a_person:
        held.happen(ReturnReinstated(rma=held.rma, lines=units(for_a_person)), SYSTEM, for_a_person)
        open_review(held, [], but=barred(held.transaction, held.rma))
    return bool(lines)


def _is_authorized_again(line: Line) -> bool:
    moved = lifecycle.move(line, ReturnReinstated.type, SYSTEM.role)
    return moved.authorization == "authorized"


def _refund(held: HeldReturn) -> bool:
    lines = held.able("refund.requested", SYSTEM)
    if lines:
        refunding.request(held, lines, _trigger(held, lines[0]))
    return bool(lines)


def _trigger(held: HeldReturn, line: Line) -> Trigger:
    if line.resolution == "refund_agreed":
        return "choice"
    refund_on: Trigger = held.head.refund_on
    return _TRIGGERS.get(str(line.reception), refund_on)


def _ask_what_to_do(held: HeldReturn) -> bool:
    lines = held.able("choice.requested", SYSTEM)
    for line in lines:
        _ask(held, line)
    return bool(lines)


def _ask(held: HeldReturn, line: Line) -> None:
    policy = held.transaction.context.policy
    is_refused = line.reception not in BAD
    percent = policy.offer_percent(line.grade) if _may_be_offered(line) else 0
    offer_minor = refunding.offer(held, line, percent)
    outcome = "unexpected" if is_refused else cast(BadOutcome, line.reception)
    choices = _REFUSED_CHOICES if is_refused else policy.choices(outcome)
    default = policy.default_choice(outcome, offer_minor)
    said = ChoiceRequested(
        rma=held.rma,
        line_no=line.line_no,
        options=[
            Option(choice=each) for each in choices if each != "partial_refund" or offer_minor
        ],
        default_choice=default,
        offer_minor=offer_minor,
        due_at_us=held.due_us("choice"),
    )
    held.happen(said, SYSTEM, [line], due_us={"resolution": said.due_at_us})
    held.set(line.line_no, offer_minor=offer_minor, default_choice=default)


def _may_be_offered(line: Line) -> bool:
    return line.reception == "failed" and line.authorization == "authorized"


def _disposition(held: HeldReturn) -> bool:
    """Goods that are the shop's now go where their grade says; those that nobody graded wait for the dock."""
    lines = [line for line in held.lines.values() if _is_to_be_placed(line)]
    for line in sorted(lines, key=lambda each: each.sku):  # two returns take their turns at a SKU
        policy = held.transaction.context.policy
        place = (
            policy.disposition(line.grade)
            if line.grade and line.resolution != "disposed"
            else _DISPOSED_OF
        )
        place_goods(held, line, place, SYSTEM)
    return bool(lines)


def _is_to_be_placed(line: Line) -> bool:
    is_here = line.reception in ("passed", *HERE_THOUGH_BAD)
    is_the_shops = lifecycle.paid(line) or line.resolution == "disposed"
    is_accepted = line.reception == "passed" and line.authorization == "authorized"
    where_to_is_known = line.grade is not None or line.resolution == "disposed"
    return (
        line.disposition is None and is_here and (is_accepted or is_the_shops) and where_to_is_known
    )


def place_goods(held: HeldReturn, line: Line, place: Disposition, by: Actor) -> None:
    """Note where units go, and count them into the stock there."""
    said = LineDispositioned(
        rma=held.rma,
        line_no=line.line_no,
        sku=line.sku,
        quantity=line.quantity,
        disposition=place,
    )
    held.note(said, by)
    held.set(line.line_no, disposition=place)
    adjust(held.transaction, line.sku, place, line.quantity, "returned", by, held.rma, line.line_no)


_RULES: tuple[Callable[[HeldReturn], bool], ...] = (
    _reinstate,
    _disposition,
    _refund,
    _ask_what_to_do,
)


def _end_review(held: HeldReturn) -> None:
    was_open = any(line.authorization in UNDECIDED for line in held.before.values())
    is_open = any(line.authorization in UNDECIDED for line in held.lines.values())
    if was_open and not is_open:
        close_review(held.transaction, held.rma)


def _tell_of_what_went_wrong(held: HeldReturn) -> None:
    """Money that went for goods that are not right, and work that nobody did, are somebody's case."""
    transaction, customer = held.transaction, held.head.customer_key
    spoiled = held.entered("reception", *BAD, "not_sent")
    if any(lifecycle.paid(line) for line in spoiled):
        open_case(transaction, "recovery", rma=held.rma, customer_key=customer)
    is_stalled = (
        held.entered("authorization", "escalated")
        or held.entered("reception", "lost", "inspection_overdue")
        or any(payload.type == "clock.breached" for _, payload in held.emitted)
    )
    if is_stalled:
        open_once(transaction, "stalled", held.rma, customer)


def _close(held: HeldReturn) -> None:
    is_over = lifecycle.roll_up(held.lines.values()) == "closed"
    if is_over and held.head.closed_at_us is None:
        held.note(ReturnClosed(rma=held.rma), SYSTEM)
        held.facts["closed_at_us"] = to_us(held.now)
        if any(map(lifecycle.came_to_something, held.lines.values())):
            send_survey(held)
    elif not is_over and held.head.closed_at_us is not None:
        held.facts["closed_at_us"] = None
