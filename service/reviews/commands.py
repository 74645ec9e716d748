"""A reviewer decides, asks the customer, or hands a review over; a late one goes to somebody who is free."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Row

from service.domain.clocks import after_pause
from service.domain.events import (
    Actor,
    ClockBreached,
    EvidenceLapsed,
    EvidenceReceived,
    EvidenceRequested,
    InspectionDepth,
    LineKeepGranted,
    RecordedEvent,
    ReturnAuthorized,
    ReturnDeclined,
    ReviewDecided,
    ReviewOpened,
    ReviewRequested,
)
from service.domain.lifecycle import UNDECIDED, Line
from service.domain.words import Language, Phrase
from service.platform import log
from service.platform.clock import from_us, to_us
from service.platform.idempotency import Attempt
from service.platform.problems import Conflict, Unacceptable
from service.platform.unit import Context, Transaction
from service.returns import repository as returns
from service.returns.consequences import follow
from service.returns.crowding import with_room
from service.returns.held import HeldReturn, hold, units
from service.reviews import repository
from service.reviews.opening import barred, hand_over, open_review, pass_on, relieve, warn
from service.reviews.reasons import reasons_of, who_declined, whys_of
from service.reviews.schemas import (
    AnswerBody,
    DecisionBody,
    HandOverBody,
    HumanBody,
    KeepBody,
    QuestionBody,
    ReasonsView,
    ReviewView,
    WhyView,
)
from service.staff.repository import is_present
from service.texts.keeping import keep


class NobodyLikeThat(Unacceptable):
    title = "No such member of staff can take this"


class NotTheSamePerson(Conflict):
    title = "Another person must decide this"


class MustBeInspected(Conflict):
    title = "A lot drew this return to be inspected"


class NotUnderReview(Conflict):
    title = "Nobody reviews this return"


class UnitsInAnotherReturn(Conflict):
    title = "The units are in another return by now"


class Reviews:
    """Commands and queries on reviews; each is one transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def decide(
        self, rma: str, body: DecisionBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """Authorize or decline, while a question is open too.

        Raises `UnknownReturn`, `ChangedMeanwhile`, `NotPossibleNow`, `NotTheSamePerson`, `MustBeInspected`.
        """
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            review = repository.find_open(transaction.connection, held.rma)
            _refuse_who_declined(held, by)
            if body.decision == "authorize":
                _authorize(held, by, body)
            else:
                _decline(held, by, body)
            if review:
                said = ReviewDecided(
                    rma=held.rma,
                    decision=body.decision,
                    reason_code=body.reason_code,
                    reviewer_key=by.key,
                    opened_at_us=review.opened_at_us,
                    paused_us=_paused_us(review, held),
                )
                held.note(said, by)
            follow(held)

    def grant_keeping(
        self, rma: str, body: KeepBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """Let the customer keep goods that were not sent yet. Raises `UnknownReturn`, `NotPossibleNow`, `MustBeInspected`."""
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            _refuse_what_must_be_inspected(held)
            lines = [held.line(each) for each in body.lines or ()]
            lines = lines or held.able(LineKeepGranted.type, by) or list(held.lines.values())
            held.happen(LineKeepGranted(rma=held.rma, lines=units(lines)), by, lines)
            follow(held)

    def ask(self, rma: str, body: QuestionBody, by: Actor, attempt: Attempt | None = None) -> None:
        """Ask the customer for more; the review's clock stands still meanwhile."""
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            text_ref = _keep(held, body.question, "question")
            said = EvidenceRequested(
                rma=held.rma, text_ref=text_ref, due_at_us=held.due_us("evidence")
            )
            lines = held.able(said.type, by) or list(held.lines.values())
            held.happen(said, by, lines)
            repository.change(
                transaction.connection, held.rma, paused_since_us=to_us(transaction.now)
            )
            follow(held)

    def answer(self, rma: str, body: AnswerBody, by: Actor, attempt: Attempt | None = None) -> None:
        """The customer answers: the review goes on, with the time that was left."""
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            text_ref = _keep(held, body.answer, "answer")
            resume(held, EvidenceReceived(rma=held.rma, text_ref=text_ref), by)
            follow(held)

    def hand_over(
        self, rma: str, body: HandOverBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """Give a review to a certain reviewer, or to whoever is free. Whose it is keeps it where nobody else is there.

        Raises `UnknownReturn`, `ChangedMeanwhile`, `NotUnderReview`, `NobodyLikeThat`, `NotTheSamePerson`.
        """
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            review = repository.find_open(transaction.connection, held.rma)
            if review is None:
                raise NotUnderReview(f"return {held.rma} is not under review")
            if body.reviewer is None:
                pass_on(transaction, review)
                return
            _refuse_who_cannot_take_it(transaction, held.rma, body.reviewer)
            hand_over(transaction, held.rma, body.reviewer, "by_hand", by)

    def request(self, rma: str, body: HumanBody, by: Actor, attempt: Attempt | None = None) -> None:
        """The customer wants a person to decide: what was declined is looked at anew, by another one than before.

        Where a person decides already, nothing changes. Units that are in another return by now stay declined. What is to
        become of goods that are here is asked anew when it is decided.
        Raises `UnknownReturn`, `ChangedMeanwhile`, `NotPossibleNow`, `UnitsInAnotherReturn`.
        """
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            if any(line.authorization in UNDECIDED for line in held.lines.values()):
                return
            lines = _appealed(held, by)
            earlier = who_declined(log.read_subject(transaction.connection, held.rma))
            text_ref = _keep(held, body.text, "appeal") if body.text else None
            said = ReviewRequested(rma=held.rma, lines=units(lines), text_ref=text_ref)
            held.happen(said, by, lines)
            open_review(held, [], but=earlier)
            follow(held)

    def reasons(self, rma: str, language: Language) -> ReasonsView:
        """Why a return was decided as it was, for its customer. Raises `UnknownReturn`."""
        return reasons_of(self._context, rma, language)

    def queue(
        self, reviewer_key: str | None, limit: int = 100, language: Language = "en"
    ) -> list[ReviewView]:
        """Open reviews, those due first, with why a person is to look at each."""
        with self._context.db.read() as connection:
            rows = repository.queue(connection, reviewer_key, limit)
            whys = whys_of(connection, rows, language)
        return [_view(row, whys.get(row.rma, [])) for row in rows]


def _keep(held: HeldReturn, text: str, kind: str) -> str:
    customer_key = held.head.customer_key
    return keep(held.transaction, text, kind=kind, rma=held.rma, customer_key=customer_key)


def _appealed(held: HeldReturn, by: Actor) -> list[Line]:
    """What was declined, as far as it is in no other return; where nothing was, all, so that the refusal says what is possible."""
    declined = held.able(ReviewRequested.type, by)
    free = with_room(held, declined)
    if declined and not free:
        raise UnitsInAnotherReturn(
            Phrase(
                "return {rma}: what was declined of order {order} is in another return by now; "
                "ask for a person there, or cancel that return first",
                {"rma": held.rma, "order": repr(held.head.order_id)},
            )
        )
    return free or list(held.lines.values())


def authorize(
    held: HeldReturn, by: Actor, mode: Literal["reviewer", "deadline"], inspection: InspectionDepth
) -> None:
    """Let the undecided lines come back."""
    said = ReturnAuthorized(
        rma=held.rma,
        mode=mode,
        policy_version=held.transaction.context.policy.version,
        model_version=None,
        score=None,
        refund_on=held.head.refund_on,
        inspection=inspection,
        rules=[],
    )
    held.happen(said, by, held.able(said.type, by) or list(held.lines.values()))
    returns.change(held.transaction.connection, held.rma, inspection=inspection)


def _paused_us(review: Row[Any], held: HeldReturn) -> int:
    """How long the review stood still until now."""
    since_us = review.paused_since_us
    running_us = 0 if since_us is None else to_us(held.now) - since_us
    return int(review.paused_us + running_us)


def _refuse_what_must_be_inspected(held: HeldReturn) -> None:
    """What a lot drew is looked at closely: what is found in it speaks for all that is like it."""
    said = repository.assessments(held.transaction.connection, [held.rma]).get(held.rma)
    if said and (said.is_audit or said.hidden_decision is not None):
        raise MustBeInspected(
            f"return {held.rma} was drawn by lot to be inspected in full, so that model and rules can be judged by it; "
            "let the goods come, and give goodwill with POST /v1/returns/{rma}/goodwill if need be"
        )


def _authorize(held: HeldReturn, by: Actor, body: DecisionBody) -> None:
    if body.keep_item or body.inspection == "basic":
        _refuse_what_must_be_inspected(held)
    authorize(held, by, "reviewer", body.inspection or held.head.inspection)
    if body.keep_item:
        lines = held.able(LineKeepGranted.type, by) or list(held.lines.values())
        held.happen(LineKeepGranted(rma=held.rma, lines=units(lines)), by, lines)


def _decline(held: HeldReturn, by: Actor, body: DecisionBody) -> None:
    appeal_until_us = held.due_us("appeal")
    said = ReturnDeclined(
        rma=held.rma,
        mode="reviewer",
        policy_version=held.transaction.context.policy.version,
        rule=body.reason_code,
        rules=[],
        appeal_until_us=appeal_until_us,
    )
    lines = held.able(said.type, by) or list(held.lines.values())
    held.happen(said, by, lines, due_us={"authorization": appeal_until_us})


def resume(held: HeldReturn, said: EvidenceReceived | EvidenceLapsed, by: Actor) -> None:
    """Let the review's clock run on from where it stood. What was late before the question stays late, and is the head's again."""
    transaction, context = held.transaction, held.transaction.context
    review = repository.find_open(transaction.connection, held.rma)
    due_us = held.due_us("review")
    if review is not None and review.paused_since_us is not None:
        due_us = _missed_us(log.read_subject(transaction.connection, held.rma)) or to_us(
            after_pause(
                from_us(review.due_at_us),
                from_us(review.paused_since_us),
                held.now,
                context.policy.calendar,
                context.zone,
            )
        )
        paused_us = review.paused_us + to_us(held.now) - review.paused_since_us
        repository.change(
            transaction.connection,
            held.rma,
            due_at_us=due_us,
            paused_since_us=None,
            paused_us=paused_us,
        )
        warn(transaction, held.rma, to_us(held.now), due_us)
    lines = held.able(said.type, by) or list(held.lines.values())
    held.happen(said, by, lines, due_us={"authorization": due_us})


def _missed_us(events: Sequence[RecordedEvent]) -> int | None:
    """When the time of the review that is open was over; None where it is not."""
    missed_us = None
    for event in events:
        if event.type == ReviewOpened.type:
            missed_us = None
        elif event.type == ClockBreached.type:
            said = ClockBreached.model_validate_json(event.data)
            missed_us = said.due_at_us if said.clock == "review" else missed_us
    return missed_us


def warn_if_late(transaction: Transaction, rma: str) -> None:
    """Most of a review's time is used up: whoever is free and has less to do takes it over."""
    review = repository.find_open(transaction.connection, rma)
    if review and review.paused_since_us is None:
        relieve(transaction, review)


def _refuse_who_cannot_take_it(transaction: Transaction, rma: str, reviewer: str) -> None:
    """A review is for those who decide, are there, and have not declined it before its customer asked for somebody else."""
    roles = ("reviewer", "admin")
    connection, now = transaction.connection, transaction.now
    if not any(is_present(connection, reviewer, role, now) for role in roles):
        raise NobodyLikeThat(
            f"{reviewer!r} is no reviewer who is present; GET /v1/staff shows who is"
        )
    if reviewer in barred(transaction, rma):
        raise NotTheSamePerson(
            f"return {rma}: {reviewer!r} declined it, and its customer asked for another person; name somebody else"
        )


def _refuse_who_declined(held: HeldReturn, by: Actor) -> None:
    """What a customer asked another person for is not decided by the same one."""
    if by.key in barred(held.transaction, held.rma):
        raise NotTheSamePerson(
            f"return {held.rma}: you declined it, and its customer asked for another person; "
            f"hand it over with POST /v1/returns/{held.rma}/assignment"
        )


def _view(row: Row[Any], reasons: list[WhyView]) -> ReviewView:
    return ReviewView(
        rma=row.rma,
        reviewer=row.reviewer_key,
        language=row.language,
        opened_at=from_us(row.opened_at_us),
        due_at=from_us(row.due_at_us),
        reasons=reasons,
    )
