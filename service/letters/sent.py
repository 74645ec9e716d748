"""A letter went out: the log says so, once however often it was sent."""

from service.domain.events import Actor, Event, MessageSent
from service.domain.words import Language
from service.platform import log
from service.platform.clock import to_us
from service.platform.ids import derived_event_id
from service.platform.jobs import ClaimedJob
from service.platform.unit import SOURCE, Transaction


def note_sent(transaction: Transaction, job: ClaimedJob, language: Language) -> None:
    """Note the letter of a job, and when that happened which it tells of."""
    about = log.find(transaction.connection, str(job.payload["event"]))
    said = MessageSent(
        message_id=job.job_id,
        letter=str(job.payload["letter"]),
        language=language,
        about_us=about.recorded_at_us if about else to_us(job.due_at),
    )
    transaction.add(
        Event(
            id=derived_event_id(to_us(job.due_at), SOURCE, said.type, job.job_id),
            source=SOURCE,
            subject=job.subject,
            time=transaction.now,
            data=said,
            actor=Actor("system"),
            origin=transaction.context.origin,
        )
    )
