"""What the worker does with each kind of job."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from service.application import Retour
from service.cases.deadlines import escalate, escalate_unanswered
from service.customers.repository import keep_reachable
from service.domain.words import Language
from service.letters.post import MAIL, Post
from service.letters.sent import note_sent
from service.letters.writers import House, Writers
from service.platform import idempotency, jobs
from service.platform.clock import to_us
from service.platform.jobs import ClaimedJob
from service.platform.mail import Mailer, Sender
from service.platform.unit import Transaction
from service.returns.deadlines import run_out
from service.reviews.commands import warn_if_late
from service.settlements import refunding
from service.surveys.sending import remind
from service.worker import Effect, Handler, Transactional

HOUSEKEEPING = "housekeeping"
_KEYS_LIVE = timedelta(days=7)
_EVERY = timedelta(days=1)


def handlers(
    retour: Retour,
    mailer: Mailer,
    sender: Sender,
    house: House,
    *,
    are_letters_written: Callable[[], bool] = lambda: True,
) -> Mapping[str, Handler]:
    """Deadlines and tidying up are done in the transaction that deletes them; mail and money reach outside.

    Letters that are not written (asked letter by letter: a simulation has few readers) count as sent in the log alone.
    """
    writers = Writers(retour.context, house)
    post = Post(mailer, sender, retour.context.clock, writers.all())

    def deliver(job: ClaimedJob) -> Language | None:
        return post.deliver(job) if are_letters_written() else writers.language_of(job)

    return {
        "deadline": Transactional(_run_out),
        "review_warning": Transactional(_warn),
        "case_deadline": Transactional(_escalate),
        "case_answer_deadline": Transactional(_escalate_unanswered),
        "survey_reminder": Transactional(_remind),
        HOUSEKEEPING: Transactional(_tidy_up),
        "refund_deadline": Transactional(_call_somebody_if_late),
        "refund": Effect(lambda job: retour.settlements.carry_out(job.subject), "payments"),
        "refund_doubt": Effect(partial(_ask_after, retour), "payments"),
        MAIL: Effect(partial(_deliver, retour, mailer, deliver), "mail"),
    }


def plan_housekeeping(retour: Retour) -> None:
    """Have the worker tidy up from now on, once a day. Repeating it is harmless."""
    with retour.context.transaction() as transaction:
        if not jobs.is_there(transaction.connection, HOUSEKEEPING):
            _plan(transaction)


def _deliver(
    retour: Retour,
    mailer: Mailer,
    deliver: Callable[[ClaimedJob], Language | None],
    job: ClaimedJob,
) -> None:
    """The letter goes out, then the log says so; sent twice after a crash, it is one letter to mail programs and one event.

    A letter and its customer's erasure exclude each other: an erasure deletes the letters that it finds, and one that was
    written after it had looked finds nobody to have written to, and deletes itself.
    """
    if (language := deliver(job)) is None:
        mailer.forget([job.job_id])  # a worker that died may have written it before the erasure
        return
    with retour.context.transaction() as transaction:
        note_sent(transaction, job, language)
        if not keep_reachable(transaction.connection, str(job.payload["customer"])):
            mailer.forget([job.job_id])


def _ask_after(retour: Retour, job: ClaimedJob) -> None:
    retour.settlements.ask_after(job.subject, int(job.payload["attempt"] or 0))


def _run_out(transaction: Transaction, job: ClaimedJob) -> None:
    run_out(transaction, job.subject)


def _warn(transaction: Transaction, job: ClaimedJob) -> None:
    warn_if_late(transaction, job.subject)


def _call_somebody_if_late(transaction: Transaction, job: ClaimedJob) -> None:
    refunding.call_somebody_if_late(transaction, job.subject)


def _escalate(transaction: Transaction, job: ClaimedJob) -> None:
    escalate(transaction, job.subject)


def _escalate_unanswered(transaction: Transaction, job: ClaimedJob) -> None:
    escalate_unanswered(transaction, job.subject)


def _remind(transaction: Transaction, job: ClaimedJob) -> None:
    remind(transaction, job.subject)


def _tidy_up(transaction: Transaction, _: ClaimedJob) -> None:
    idempotency.forget(transaction.connection, to_us(transaction.now - _KEYS_LIVE))
    _plan(transaction)


def _plan(transaction: Transaction) -> None:
    job = jobs.Job(HOUSEKEEPING, "service", transaction.now + _EVERY, key=HOUSEKEEPING)
    jobs.put(transaction.connection, job, transaction.context.ids, transaction.now)
