"""A return is done: its customer is asked how it was, and reminded once."""

from datetime import timedelta

from service.domain.events import SurveyReminded, SurveySent
from service.letters.news import tell
from service.platform import jobs
from service.platform.clock import to_us
from service.platform.unit import Transaction
from service.returns import repository as returns
from service.returns.held import SYSTEM, HeldReturn
from service.surveys import repository


def send_survey(held: HeldReturn) -> None:
    """Ask, unless this return was asked about before."""
    transaction = held.transaction
    if not repository.insert(transaction.connection, held.rma, to_us(held.now)):
        return
    held.note(SurveySent(rma=held.rma), SYSTEM)
    wait: timedelta = transaction.context.policy.hours("survey_reminder")
    reminder = jobs.Job("survey_reminder", held.rma, held.now + wait)
    jobs.put(transaction.connection, reminder, transaction.context.ids, held.now)


def remind(transaction: Transaction, rma: str) -> bool:
    """Ask once more where no answer came; whether that was needed."""
    survey = repository.lock(transaction.connection, rma)
    if survey is None or survey.answered_at_us or survey.reminded_at_us:
        return False
    repository.change(transaction.connection, rma, reminded_at_us=to_us(transaction.now))
    said = SurveyReminded(rma=rma)
    event_id = transaction.emit(rma, said, SYSTEM)
    head = returns.find(transaction.connection, rma)
    tell(transaction, rma, head.customer_key if head else None, [(event_id, said)])
    return True
