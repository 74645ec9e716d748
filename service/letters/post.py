"""The job `mail`: a letter is asked for in the event's transaction, and written when it is sent.

The job says which letter and about what, never to whom: a writer looks that up, so no personal data waits in a job.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from service.domain.words import Language
from service.letters.parts import LetterKind, LetterParts
from service.letters.rendering import render
from service.platform.clock import Clock
from service.platform.jobs import ClaimedJob, Hopeless, Job, Value
from service.platform.mail import Mail, Mailer, Sender, compose

MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Draft:
    """To whom a letter goes, in which language, and the facts in it."""

    to: str
    language: Language
    parts: LetterParts


# Finds the facts of one kind of letter; None where there is nobody to write to, such as after an erasure.
Writer = Callable[[ClaimedJob], Draft | None]


def letter(kind: LetterKind, subject: str, due_at: datetime, **payload: Value) -> Job:
    """The job that sends this letter about a subject (an RMA, a case); the payload tells its writer what to look up."""
    return Job(MAIL, subject, due_at, {**payload, "letter": kind})


class Post:
    """Writes letters and hands them to the mailer."""

    def __init__(
        self,
        mailer: Mailer,
        sender: Sender,
        clock: Clock,
        writers: Mapping[LetterKind, Writer],
    ) -> None:
        self._mailer, self._sender, self._clock, self._writers = mailer, sender, clock, writers

    def deliver(self, job: ClaimedJob) -> Language | None:
        """The handler of `mail`; the language that it went out in, None where there was nobody to write to. Raises `Hopeless` for a letter that nobody writes, `MailRefused`, `MailDelayed`."""
        kind = cast(LetterKind, job.payload.get("letter"))
        if kind not in self._writers:
            raise Hopeless(f"this version writes no letter {kind!r}")
        draft = self._writers[kind](job)
        if draft is None:
            return None
        written = render(kind, draft.language, draft.parts)
        mail = Mail(draft.to, draft.language, written.subject, written.body)
        self._mailer.send(compose(mail, self._sender, job.job_id, self._clock.now()))
        return draft.language
