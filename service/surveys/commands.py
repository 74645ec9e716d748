"""The customer answers, once; a low score becomes somebody's case."""

from service.cases.opening import open_case
from service.domain.events import Actor, SurveyAnswered, Tag
from service.domain.words import Language, Phrase
from service.platform.clock import to_us
from service.platform.idempotency import Attempt
from service.platform.language import say
from service.platform.problems import Conflict, NotFound
from service.platform.unit import Context
from service.returns import repository as returns
from service.surveys import repository
from service.surveys.schemas import TAGS, AnswerBody, SurveyView
from service.texts.keeping import keep

_QUESTION = Phrase("How was it to return something to us?")


class NoSurvey(NotFound):
    title = "No such survey"

    def __init__(self, rma: str) -> None:
        super().__init__(Phrase("nobody was asked about return {rma} yet", {"rma": rma}))


class AnsweredAlready(Conflict):
    title = "This survey was answered"


class Surveys:
    """Commands and queries on surveys; each is one transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def show(self, rma: str, language: Language) -> SurveyView:
        """The question. Raises `NoSurvey`."""
        with self._context.db.read() as connection:
            found = repository.find(connection, rma)
        if found is None:
            raise NoSurvey(rma)
        return SurveyView(
            rma=rma,
            question=say(_QUESTION, language),
            tags=list(TAGS),
            is_answered=found.answered_at_us is not None,
        )

    def answer(self, rma: str, body: AnswerBody, attempt: Attempt | None = None) -> None:
        """Take the answer. Raises `NoSurvey`, `AnsweredAlready`."""
        with self._context.transaction(attempt, rma) as transaction:
            connection = transaction.connection
            survey = repository.lock(connection, rma)
            if survey is None:
                raise NoSurvey(rma)
            if survey.answered_at_us is not None:
                raise AnsweredAlready(
                    Phrase("return {rma} has its answer; thank you", {"rma": rma})
                )
            head = returns.find(connection, rma)
            customer_key = head.customer_key if head else None
            text_ref = None
            if body.comment:
                text_ref = keep(
                    transaction, body.comment, kind="comment", rma=rma, customer_key=customer_key
                )
            repository.change(
                connection, rma, answered_at_us=to_us(transaction.now), csat=body.csat
            )
            said = SurveyAnswered(
                rma=rma,
                csat=body.csat,
                tags=[Tag(tag=each) for each in dict.fromkeys(body.tags)],
                text_ref=text_ref,
            )
            transaction.emit(rma, said, Actor("customer", customer_key))
            if body.csat <= self._context.policy.survey.low_score:
                open_case(
                    transaction,
                    "low_score",
                    rma=rma,
                    customer_key=customer_key,
                    text_ref=text_ref,
                )
