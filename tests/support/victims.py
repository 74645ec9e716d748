"""Worker processes that do the job of one kind, all of it, and are killed before anybody hears of it."""

import threading
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from house import house_handlers
from pay_server import SECRET
from rivals import own_retour

from service.application import Retour
from service.platform.jobs import ClaimedJob
from service.platform.mail import FolderMailer, SmtpMailer
from service.platform.payments import ShopsPayments
from service.platform.unit import Transaction
from service.worker import Effect, Handler, Transactional, Worker


def outside_retour(url: str, now: datetime, payments_url: str) -> Retour:
    """The application of a worker that has refunds paid over HTTP."""
    return own_retour(url, now, ShopsPayments(payments_url, SECRET, timeout_seconds=2))


def real_handlers(retour: Retour, mail_url: str) -> Mapping[str, Handler]:
    return house_handlers(retour, SmtpMailer(mail_url))


def stop_after_job(
    url: str, now: datetime, kind: str, payments_url: str, mail_url: str, in_hand: Any
) -> None:
    """Works until it has done a job of this kind; then it stands still: nothing of it is committed, or noted as done."""
    retour = outside_retour(url, now, payments_url)
    handlers = dict(real_handlers(retour, mail_url))
    handlers[kind] = _standing_still(handlers[kind], in_hand)
    Worker(retour.context, handlers).run_due()


def write_letter_when_told(
    url: str, now: datetime, folder: Path, is_killed: bool, in_hand: Any, go: Any
) -> None:
    """Has read all that a letter says, and writes it to a file when it is told; then stands still, or goes on."""

    class Slow(FolderMailer):
        def send(self, message: EmailMessage) -> None:
            in_hand.set()
            go.wait()
            super().send(message)
            if is_killed:
                threading.Event().wait()

    retour = own_retour(url, now)
    Worker(retour.context, house_handlers(retour, Slow(folder))).run_due(limit=1)


def _standing_still(handler: Handler, in_hand: Any) -> Handler:
    run = handler.run

    def in_transaction(transaction: Transaction, job: ClaimedJob) -> None:
        run(transaction, job)  # type: ignore[call-arg, arg-type]
        _stand_still(job, in_hand)

    def outside(job: ClaimedJob) -> None:
        run(job)  # type: ignore[call-arg, arg-type]
        _stand_still(job, in_hand)

    return Transactional(in_transaction) if isinstance(handler, Transactional) else Effect(outside)


def _stand_still(job: ClaimedJob, in_hand: Any) -> None:
    in_hand.put(job.subject)
    threading.Event().wait()
