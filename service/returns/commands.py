"""A customer applies, withdraws, cancels, chooses. Within policy a return is authorized at once, else a reviewer decides."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from service.domain.events import (
    Actor,
    ChoiceMade,
    LineKeepGranted,
    ReturnAssessed,
    ReturnAuthorized,
    ReturnCancelled,
    ReturnDeclined,
    ReturnRequested,
    ReturnWithdrawn,
)
from service.domain.lifecycle import Line
from service.domain.policy import Judgement, Request, judge
from service.domain.risk import Application as RiskApplication
from service.domain.risk import Assessment, feature_vector, within_terms
from service.domain.words import Language, Phrase
from service.platform.clock import to_us
from service.platform.idempotency import Attempt, Repeated
from service.platform.problems import Unacceptable
from service.platform.proof import CustomerTokenForAnother
from service.platform.unit import Context, Transaction
from service.returns import queries, repository
from service.returns.applying import (
    Application,
    Wanted,
    lacking,
    own_order,
    read_application,
)
from service.returns.consequences import follow
from service.returns.effort import Effort, effort_of
from service.returns.features import features_of, seen, vector
from service.returns.held import SYSTEM, HeldReturn, begin, hold, units
from service.returns.schemas import (
    CancelBody,
    ChoiceBody,
    ConfirmationBody,
    DeclarationView,
    EffortBody,
    ReturnBody,
    ReturnView,
    WithdrawalBody,
)
from service.returns.takeover import (
    TakenOver,
    freed,
    give_up,
    of_requests,
    undecided_requests,
)
from service.reviews.opening import open_review

_YEAR = timedelta(days=365)
_NOTHING_TOLD = EffortBody()


class NotAnOption(Unacceptable):
    title = "This choice is not offered"


class Returns:
    """Commands and queries on returns; each is one transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def request(self, body: ReturnBody, attempt: Attempt | None = None) -> str:
        """Apply for a return; its RMA.

        Raises `UnknownOrder`, `UnknownOrderLine`, `MoreThanDelivered`, `NotWhenItBegan`, `Repeated`.

        The order is held meanwhile, so that two applications for its last unit take turns.
        """
        rma = self._context.ids.rma()
        with self._context.transaction(attempt, rma) as transaction:
            order = own_order(transaction, body.order_id, body.customer)
            wanted = [Wanted(each.line_no, each.quantity, each.reason) for each in body.lines]
            application = read_application(transaction, order, wanted, "return")
            effort = effort_of(body, transaction.now)
            held = _begin_request(transaction, rma, application, effort)
            _decide(held, application)
            follow(held)
        return rma

    def withdraw(
        self,
        body: WithdrawalBody,
        attempt: Attempt | None = None,
        told: EffortBody = _NOTHING_TOLD,
        confirmation: Attempt | None = None,
    ) -> str:
        """Declare the statutory withdrawal; its RMA. Needs no reason, score or decision, and takes over what waits for one.

        A `confirmation` declares once, whichever attempts bring it. Raises `UnknownOrder`, `UnknownOrderLine`,
        `MoreThanDelivered`, `NotDeliveredYet`, `NoWithdrawal`, `NotWhenItBegan`, `Repeated`.
        """
        rma = self._context.ids.rma()
        with self._context.transaction(attempt, rma) as transaction:
            declared = _declared_before(transaction, confirmation, rma)
            if declared is None:
                _declare(transaction, rma, body, told)
            elif attempt:
                attempt.stand_for(transaction.connection, declared)
        if declared is not None:
            raise Repeated(declared)
        return rma

    def prepare_withdrawal(self, body: WithdrawalBody, language: Language) -> DeclarationView:
        """The declaration that its customer is to confirm. Changes nothing.

        Raises `UnknownOrder`, `UnknownOrderLine`, `MoreThanDelivered`, `NotDeliveredYet`, `NoWithdrawal`.
        """
        with self._context.transaction() as transaction:
            application, taken_over = _withdrawal(transaction, body)
            declaration = queries.declaration_of(
                transaction.connection,
                [(line.said.quantity, line.said.sku) for line in application.lines],
                body.order_id,
                language,
            )
        proof = self._context.proofs.make("withdrawal", body.model_dump_json())
        return DeclarationView(
            declaration=declaration,
            takes_over=sorted({each.request.rma for each in taken_over}),
            confirmation=proof.token,
            expires_at=proof.expires_at,
        )

    def confirm_withdrawal(self, body: ConfirmationBody, attempt: Attempt | None = None) -> str:
        """Declare what was prepared, once; its RMA. Raises as `withdraw`, and `CustomerTokenNotValid`."""
        claim = self._context.proofs.read(body.confirmation)
        if claim.purpose != "withdrawal":
            raise CustomerTokenForAnother
        name = self._context.identity.keyed_hash("confirmation", body.confirmation)
        once = Attempt("confirmation", name, name)
        withdrawal = WithdrawalBody.model_validate_json(claim.subject)
        return self.withdraw(withdrawal, attempt, body, once)

    def cancel(self, rma: str, body: CancelBody, by: Actor, attempt: Attempt | None = None) -> None:
        """Give up lines of a return, before goods or money moved. Raises `UnknownReturn`, `NotPossibleNow`."""
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            lines = [held.line(each) for each in body.lines or ()]
            lines = lines or held.able(ReturnCancelled.type, by) or list(held.lines.values())
            held.happen(ReturnCancelled(rma=held.rma, lines=units(lines)), by, lines)
            follow(held)

    def choose(
        self, rma: str, line_no: int, body: ChoiceBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """Choose what becomes of goods that did not pass. Raises `NotAnOption`, `NotPossibleNow`."""
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            line = held.line(line_no)
            said = ChoiceMade(rma=held.rma, line_no=line_no, choice=body.choice, is_default=False)
            options = queries.options_of(transaction.connection, held.rma, line_no)
            if line.resolution == "awaiting_choice" and body.choice not in options:
                raise NotAnOption(
                    Phrase(
                        "line {line} of return {rma}: {choice} is not offered; choose one of {offered}",
                        {
                            "line": line_no,
                            "rma": held.rma,
                            "choice": body.choice,
                            "offered": ", ".join(options),
                        },
                    )
                )
            held.happen(said, by, [line], variant=body.choice)
            follow(held)

    def assessed(self, rma: str) -> ReturnAssessed:
        """What the approval step saw and said of a return. Raises `UnknownReturn`, `NeverAssessed`."""
        return queries.assessment_of(self._context, rma)

    def get(self, rma: str, language: Language = "en", *, is_customer: bool = False) -> ReturnView:
        """A return as its customer may see it, in their language; our questions are for the customer alone. Raises `UnknownReturn`."""
        return queries.view(self._context, rma, language, is_customer=is_customer)


def _declared_before(
    transaction: Transaction, confirmation: Attempt | None, rma: str
) -> str | None:
    """The return that a confirmation has made; None where it declares just now, and makes `rma`."""
    try:
        if confirmation:
            confirmation.begin(transaction.connection, rma, transaction.now)
    except Repeated as repeated:
        return repeated.subject
    return None


def _declare(transaction: Transaction, rma: str, body: WithdrawalBody, told: EffortBody) -> None:
    application, taken_over = _withdrawal(transaction, body)
    effort = effort_of(told, transaction.now)
    give_up(taken_over, Actor("customer", application.order.customer_key))
    follow(_begin_withdrawal(transaction, rma, application, effort))


def _withdrawal(
    transaction: Transaction, body: WithdrawalBody
) -> tuple[Application, list[TakenOver]]:
    """What is declared, and the units of undecided requests that it takes over; as yet nothing is changed."""
    requests = undecided_requests(transaction, body.order_id)
    order = own_order(transaction, body.order_id, body.customer)
    wanted = [Wanted(each.line_no, each.quantity, None) for each in body.lines]
    taken_over = of_requests(requests, lacking(transaction.connection, order.order_id, wanted))
    application = read_application(transaction, order, wanted, "withdrawal", freed(taken_over))
    return application, taken_over


def _begin_request(
    transaction: Transaction, rma: str, application: Application, effort: Effort
) -> HeldReturn:
    order, context = application.order, transaction.context
    agreed = application.loosest
    head = application.head(rma, "return", context.policy.version, transaction.now)
    head |= {"refund_on": agreed.refund_on, "inspection": context.policy.inspection.default}
    said = ReturnRequested(
        rma=rma,
        order_id=order.order_id,
        customer_key=order.customer_key,
        currency=order.currency,
        lines=[line.said for line in application.lines],
        returnable_until_us=to_us(application.until),
        **effort,
    )
    customer = Actor("customer", order.customer_key)
    return begin(transaction, head, _lines(application, head), said, customer)


def _begin_withdrawal(
    transaction: Transaction, rma: str, application: Application, effort: Effort
) -> HeldReturn:
    order, policy = application.order, transaction.context.policy
    agreed = application.loosest
    head = application.head(rma, "withdrawal", policy.version, transaction.now)
    head |= {"refund_on": agreed.refund_on, "inspection": policy.inspection.default}
    said = ReturnWithdrawn(
        rma=rma,
        order_id=order.order_id,
        customer_key=order.customer_key,
        currency=order.currency,
        regime=application.regime or "",
        policy_version=policy.version,
        refund_on=agreed.refund_on,
        lines=[line.said for line in application.lines],
        **effort,
    )
    customer = Actor("customer", order.customer_key)
    return begin(transaction, head, _lines(application, head), said, customer)


def _lines(application: Application, head: Mapping[str, Any]) -> list[Line]:
    return [line.as_line(head["refund_on"], head["kind"]) for line in application.lines]


def _decide(held: HeldReturn, application: Application) -> None:
    """Policy first, then the risk port; what it approves is authorized, a hard rule declines, the rest is reviewed."""
    transaction, context = held.transaction, held.transaction.context
    rule = context.policy.rules.history
    known = seen(
        transaction.connection,
        application.order.customer_key,
        held.now,
        timedelta(days=rule.within_days),
        timedelta(days=rule.failed_within_days),
    )
    lines = tuple(line.as_request_line() for line in application.lines)
    judged = judge(
        context.policy,
        Request(
            country=application.order.country,
            currency=application.order.currency,
            lines=lines,
            history=known,
            now=held.now,
            zone=context.zone,
            order_delivered_at=application.order_delivered_at,
        ),
    )
    if judged.verdict == "decline":
        _decline(held, judged)
        return
    looks = vector(
        transaction.connection,
        held.rma,
        application.order.customer_key,
        application.order.order_id,
        [line.said for line in application.lines],
        application.until,
        held.now,
        context.zone,
    )
    risk_application = RiskApplication(
        judgement=judged,
        value_minor=sum(line.value_minor for line in lines),
        currency=application.order.currency,
        features={**looks.features, **features_of(lines, known, application.until, held.now)},
        as_of_seq=looks.as_of_seq,
        refund_on=held.head.refund_on,
        inspection=held.head.inspection,
        audit=context.policy.audit,
        terms=context.policy.risk,
        draw=context.ids.draw(),
    )
    assessment = within_terms(risk_application, context.risk.assess(risk_application))
    _act_on(held, judged, risk_application, assessment)


def _act_on(
    held: HeldReturn, judged: Judgement, application: RiskApplication, assessment: Assessment
) -> None:
    held.note(_assessed(held, application, assessment), SYSTEM)
    held.agree(refund_on=assessment.refund_on, inspection=assessment.inspection)
    if assessment.decision == "review":
        open_review(held, judged.outcomes)
        return
    said = ReturnAuthorized(
        rma=held.rma,
        mode="rule",
        policy_version=held.transaction.context.policy.version,
        model_version=assessment.model_version,
        score=assessment.score,
        refund_on=assessment.refund_on,
        inspection=assessment.inspection,
        rules=list(judged.outcomes),
    )
    held.happen(said, SYSTEM, held.lines.values())
    if not assessment.is_audit:  # what stays with the customer is never inspected
        _grant_keeping(held)


def _grant_keeping(held: HeldReturn) -> None:
    """Goods of little value stay with a customer who kept few, and whose earlier ones never failed."""
    policy, head = held.transaction.context.policy, held.head
    value_minor = sum(line.value_minor for line in held.lines.values())
    if head.currency not in policy.keep_item.up_to_minor:
        return
    since_us = to_us(held.now - _YEAR)
    kept, failed = repository.kept_and_failed(
        held.transaction.connection, head.customer_key, since_us
    )
    if not failed and policy.may_keep(value_minor, head.currency, kept):
        lines = list(held.lines.values())
        held.happen(LineKeepGranted(rma=held.rma, lines=units(lines)), SYSTEM, lines)


def _assessed(
    held: HeldReturn, application: RiskApplication, assessment: Assessment
) -> ReturnAssessed:
    return ReturnAssessed(
        rma=held.rma,
        as_of_seq=application.as_of_seq,
        policy_version=held.transaction.context.policy.version,
        model_version=assessment.model_version,
        score=assessment.score,
        decision=assessment.decision,
        refund_on=assessment.refund_on,
        inspection=assessment.inspection,
        is_audit=assessment.is_audit,
        propensity=assessment.propensity,
        approve_propensity=assessment.approve_propensity,
        features=feature_vector(application.features),
        reasons=list(assessment.reasons),
        basis=assessment.basis,
        challenger_version=assessment.challenger_version,
        challenger_score=assessment.challenger_score,
        hidden_decision=assessment.hidden_decision,
        is_drawn_doubt=assessment.is_drawn_doubt,
        timezone=held.transaction.context.zone.key,
    )


def _decline(held: HeldReturn, judged: Judgement) -> None:
    """Only a published hard rule declines; it names itself and can be appealed."""
    appeal_until_us = held.due_us("appeal")
    said = ReturnDeclined(
        rma=held.rma,
        mode="rule",
        policy_version=held.transaction.context.policy.version,
        rule=judged.declined_by or "",
        rules=list(judged.outcomes),
        appeal_until_us=appeal_until_us,
    )
    held.happen(said, SYSTEM, held.lines.values(), due_us={"authorization": appeal_until_us})
