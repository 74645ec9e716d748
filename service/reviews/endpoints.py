"""`/v1/reviews`: reviewers decide, ask, hand over; customers answer."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from service.domain.events import Actor
from service.edge import (
    NOT_PROVEN,
    AttemptDep,
    CallerDep,
    CustomerDep,
    LanguageDep,
    RetourDep,
    acting,
    caller_with,
    customer_of_return,
    done,
    problems,
)
from service.platform.fields import Limit, Rma
from service.returns.endpoints import CHANGES
from service.returns.held import UnknownReturn
from service.returns.schemas import ReturnView
from service.reviews.commands import (
    MustBeInspected,
    NobodyLikeThat,
    NotTheSamePerson,
    NotUnderReview,
    UnitsInAnotherReturn,
)
from service.reviews.schemas import (
    AnswerBody,
    DecisionBody,
    HandOverBody,
    HumanBody,
    KeepBody,
    QuestionBody,
    ReasonsView,
    ReviewView,
)

router = APIRouter(tags=["reviews"])
ReviewerDep = Annotated[Actor, Depends(acting("reviews:decide"))]


@router.get(
    "/v1/reviews",
    responses=problems(has_body=False),
    dependencies=[Depends(caller_with("reviews:decide"))],
)
def get_reviews(
    retour: RetourDep,
    caller: CallerDep,
    language: LanguageDep,
    only_mine: Annotated[
        bool,
        Query(
            description="those of the caller alone; of a key that belongs to nobody, none",
            examples=[True],
        ),
    ] = False,
    limit: Annotated[Limit, Query()] = 100,
) -> list[ReviewView]:
    """Open reviews, those due first, with why a person is to look at each."""
    if only_mine and caller.staff_id is None:
        return []
    return retour.reviews.queue(caller.staff_id if only_mine else None, limit, language)


@router.get(
    "/v1/returns/{rma}/reasons",
    responses=problems(UnknownReturn, *NOT_PROVEN, has_body=False),
    dependencies=[Depends(customer_of_return)],
)
def get_reasons(rma: Rma, retour: RetourDep, language: LanguageDep) -> ReasonsView:
    """Why a return was decided as it was, or why a person is to look at it; and how a person comes to decide."""
    return retour.reviews.reasons(rma, language)


@router.post(
    "/v1/returns/{rma}/human-review",
    responses=problems(*CHANGES, *NOT_PROVEN, UnitsInAnotherReturn),
)
def post_human_review(
    rma: Rma,
    body: HumanBody,
    retour: RetourDep,
    customer: CustomerDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """The customer wants a person to decide: what was declined is looked at anew, never by whoever declined it.

    That is possible until the time for it is over, wherever the goods are, as long as nothing was agreed about them. Where a
    person decides already, nothing changes. Units that are in another return by now stay declined.
    """
    done(lambda: retour.reviews.request(rma, body, customer, attempt))
    return retour.returns.get(rma, language)


@router.post(
    "/v1/returns/{rma}/decision", responses=problems(*CHANGES, NotTheSamePerson, MustBeInspected)
)
def post_decision(
    rma: Rma,
    body: DecisionBody,
    retour: RetourDep,
    reviewer: ReviewerDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """Authorize or decline a return that is under review, though its customer was asked something and did not answer yet."""
    done(lambda: retour.reviews.decide(rma, body, reviewer, attempt))
    return retour.returns.get(rma, language)


@router.post("/v1/returns/{rma}/keep", responses=problems(*CHANGES, MustBeInspected))
def post_keep(
    rma: Rma,
    body: KeepBody,
    retour: RetourDep,
    reviewer: ReviewerDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """Let the customer keep the goods and have the money; not what a lot drew to be inspected."""
    done(lambda: retour.reviews.grant_keeping(rma, body, reviewer, attempt))
    return retour.returns.get(rma, language)


@router.post("/v1/returns/{rma}/question", responses=problems(*CHANGES))
def post_question(
    rma: Rma,
    body: QuestionBody,
    retour: RetourDep,
    reviewer: ReviewerDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """Ask the customer for more. The review's clock stands still until the answer comes, or the time for it is over."""
    done(lambda: retour.reviews.ask(rma, body, reviewer, attempt))
    return retour.returns.get(rma, language)


@router.post("/v1/returns/{rma}/answer", responses=problems(*CHANGES, *NOT_PROVEN))
def post_answer(
    rma: Rma,
    body: AnswerBody,
    retour: RetourDep,
    customer: CustomerDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """The customer answers the reviewer's question."""
    done(lambda: retour.reviews.answer(rma, body, customer, attempt))
    return retour.returns.get(rma, language)


@router.post(
    "/v1/returns/{rma}/assignment",
    responses=problems(*CHANGES, NobodyLikeThat, NotTheSamePerson, NotUnderReview),
)
def post_assignment(
    rma: Rma,
    body: HandOverBody,
    retour: RetourDep,
    reviewer: ReviewerDep,
    attempt: AttemptDep,
    language: LanguageDep,
) -> ReturnView:
    """Give a review to a certain reviewer, or to whoever is free: never to somebody who declined it, where its customer asked for
    another person. Whose it is keeps it where nobody else is there.
    """
    done(lambda: retour.reviews.hand_over(rma, body, reviewer, attempt))
    return retour.returns.get(rma, language)
