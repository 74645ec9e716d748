"""`/v1/returns`: a shop's own app applies for a return, shows where it stands, and does what its customer wants."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from service.edge import (
    NOT_PROVEN,
    AttemptDep,
    CustomerDep,
    LanguageDep,
    RetourDep,
    caller_with,
    customer_of_return,
    done,
    once,
    problems,
)
from service.orders.commands import UnknownOrder, UnknownOrderLine
from service.platform.fields import PathLineNo, Rma
from service.platform.idempotency import IdempotencyKeyReused
from service.returns.applying import MoreThanDelivered, NotDeliveredYet, NoWithdrawal
from service.returns.commands import NotAnOption
from service.returns.effort import NotWhenItBegan
from service.returns.held import (
    ChangedMeanwhile,
    NotPossibleNow,
    UnknownReturn,
    UnknownReturnLine,
)
from service.returns.schemas import (
    CancelBody,
    ChoiceBody,
    ConfirmationBody,
    DeclarationView,
    ReturnBody,
    ReturnView,
    WithdrawalBody,
)

router = APIRouter(tags=["returns"])
CHANGES = (
    UnknownReturn,
    UnknownReturnLine,
    NotPossibleNow,
    ChangedMeanwhile,
    IdempotencyKeyReused,
)
_APPLIED = {
    "description": "This request was sent with its Idempotency-Key before: the same return",
    "model": ReturnView,
}


@router.post(
    "/v1/returns",
    status_code=201,
    dependencies=[Depends(caller_with("returns:write"))],
    responses={
        200: _APPLIED,
        **problems(
            UnknownOrder, UnknownOrderLine, MoreThanDelivered, NotWhenItBegan, IdempotencyKeyReused
        ),
    },
)
def post_return(
    body: ReturnBody,
    retour: RetourDep,
    attempt: AttemptDep,
    response: Response,
    language: LanguageDep,
) -> ReturnView:
    """Apply for a return. Within policy it is authorized at once, else a reviewer decides.

    Send an `Idempotency-Key`, so that a repeated request cannot make a second return.
    """
    rma, is_new = once(lambda: retour.returns.request(body, attempt))
    return _applied(retour, rma, is_new, response, language)


@router.post(
    "/v1/withdrawals",
    dependencies=[Depends(caller_with("returns:write"))],
    responses=problems(
        UnknownOrder,
        UnknownOrderLine,
        MoreThanDelivered,
        NotDeliveredYet,
        NoWithdrawal,
        IdempotencyKeyReused,
    ),
)
def post_withdrawal(
    body: WithdrawalBody, retour: RetourDep, _: AttemptDep, language: LanguageDep
) -> DeclarationView:
    """The first step of the statutory withdrawal: what will be declared, for the customer to confirm. Changes nothing.

    Units on whose return nobody has decided yet are taken over from there when it is confirmed.
    """
    return retour.returns.prepare_withdrawal(body, language)


@router.post(
    "/v1/withdrawals/confirmations",
    status_code=201,
    dependencies=[Depends(caller_with("returns:write"))],
    responses={
        200: _APPLIED,
        **problems(
            UnknownOrder,
            UnknownOrderLine,
            MoreThanDelivered,
            NotDeliveredYet,
            NoWithdrawal,
            NotWhenItBegan,
            IdempotencyKeyReused,
            *NOT_PROVEN,
        ),
    },
)
def post_confirmation(
    body: ConfirmationBody,
    retour: RetourDep,
    attempt: AttemptDep,
    response: Response,
    language: LanguageDep,
) -> ReturnView:
    """The second step: the withdrawal is declared, acknowledged by mail at once, and the goods may be sent.

    A confirmation declares once: sent again, with an `Idempotency-Key` or without, it is answered with the same return.
    """
    rma, is_new = once(lambda: retour.returns.confirm_withdrawal(body, attempt))
    return _applied(retour, rma, is_new, response, language)


@router.get(
    "/v1/returns/{rma}",
    responses=problems(UnknownReturn, *NOT_PROVEN, has_body=False),
)
def get_return(
    rma: Rma,
    retour: RetourDep,
    language: LanguageDep,
    is_customer: Annotated[bool, Depends(customer_of_return)],
) -> ReturnView:
    """Where a return stands, what happened, what happens next, who does it, and when the money comes.

    A shop's app sends the customer's token; without one that fits it does not learn whether there is such a return.
    With it, the answer has the questions that we wait to have answered; staff read them with `GET /v1/texts/{ref}`.
    """
    return retour.returns.get(rma, language, is_customer=is_customer)


@router.post("/v1/returns/{rma}/cancellation", responses=problems(*CHANGES, *NOT_PROVEN))
def post_cancellation(
    rma: Rma,
    body: CancelBody,
    retour: RetourDep,
    customer: CustomerDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """Give a return up, or some lines of it, before goods or money moved."""
    done(lambda: retour.returns.cancel(rma, body, customer, attempt))
    return retour.returns.get(rma, language)


@router.post(
    "/v1/returns/{rma}/lines/{line_no}/choice",
    responses=problems(*CHANGES, NotAnOption, *NOT_PROVEN),
)
def post_choice(
    rma: Rma,
    line_no: PathLineNo,
    body: ChoiceBody,
    retour: RetourDep,
    customer: CustomerDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """Choose what becomes of goods that did not pass: one of the line's `choices`."""
    done(lambda: retour.returns.choose(rma, line_no, body, customer, attempt))
    return retour.returns.get(rma, language)


def _applied(
    retour: RetourDep, rma: str, is_new: bool, response: Response, language: LanguageDep
) -> ReturnView:
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/v1/returns/{rma}"
    proof = retour.customers.return_token(rma)
    return retour.returns.get(rma, language).model_copy(update={"customer_token": proof.token})
