"""`/v1/surveys`: by the signed link of the letter, without any key. Opening the link answers nothing."""

from typing import Annotated

from fastapi import APIRouter, Path

from service.edge import AnonymousAttemptDep, LanguageDep, RetourDep, done, problems
from service.platform.idempotency import IdempotencyKeyReused
from service.platform.proof import CustomerTokenForAnother, CustomerTokenNotValid
from service.surveys.commands import AnsweredAlready, NoSurvey
from service.surveys.schemas import AnswerBody, SurveyView

router = APIRouter(prefix="/v1/surveys", tags=["surveys"])
SurveyToken = Annotated[
    str,
    Path(
        min_length=1,
        max_length=1000,
        description="as in the letter's link",
        examples=["WyJzdXJ2ZXkiLCJSN0szTTktUVgyVkItVyJd.pmVw"],
    ),
]
_REFUSALS = (CustomerTokenNotValid, CustomerTokenForAnother, NoSurvey)


@router.get("/{token}", responses=problems(*_REFUSALS, has_body=False, needs_key=False))
def get_survey(token: SurveyToken, retour: RetourDep, language: LanguageDep) -> SurveyView:
    """The question. A mail scanner that opens the link answers nothing."""
    return retour.surveys.show(retour.customers.read_survey(token), language)


@router.post(
    "/{token}",
    responses=problems(*_REFUSALS, AnsweredAlready, IdempotencyKeyReused, needs_key=False),
)
def post_answer(
    token: SurveyToken,
    body: AnswerBody,
    retour: RetourDep,
    attempt: AnonymousAttemptDep,
    language: LanguageDep,
) -> SurveyView:
    """The customer's answer, once."""
    rma = retour.customers.read_survey(token)
    done(lambda: retour.surveys.answer(rma, body, attempt))
    return retour.surveys.show(rma, language)
