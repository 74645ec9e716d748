"""Workers as real processes have them, and handlers that leave a trace of what they did."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from rivals import flag, own_retour

from service.application import Retour
from service.platform import jobs
from service.platform.jobs import ClaimedJob, Job
from service.platform.unit import Transaction
from service.worker import Effect, Transactional, Worker


def put(retour: Retour, *wanted: Job) -> None:
    """As a command does it: in a transaction of its own."""
    with retour.context.transaction() as transaction:
        for job in wanted:
            jobs.put(transaction.connection, job, retour.context.ids, transaction.now)


def note(transaction: Transaction, job: ClaimedJob) -> None:
    """A transactional handler: its trace is an event of the log."""
    transaction.add(flag(job.subject))


def fail(*_: object) -> None:
    """A handler of either kind that never succeeds."""
    raise ZeroDivisionError("no trace of anna@example.com")


def noted(retour: Retour) -> list[str]:
    """The subjects that `note` was called with and whose transaction was committed, in order."""
    return [event.subject for event in retour.read_log(0, 10_000)]


def work_off(number: int, barrier: Any, url: str, done: Any) -> None:
    """A worker process that does all that is due, and tells of the effects that it had.

    It lets go of its first effect only when the other has one in hand too: both work, however busy the machine is.
    """
    retour = own_retour(url)
    is_first = iter([True])

    def effect(job: ClaimedJob) -> None:
        if next(is_first, False):
            barrier.wait()
        done.put((number, job.subject))

    barrier.wait()
    Worker(retour.context, {"note": Transactional(note), "effect": Effect(effect)}).run_due()


def work_until_killed(url: str, now: datetime, is_effect: bool, in_hand: Any) -> None:
    """A worker process that stops in the middle of its job, after having written, and before the commit."""
    retour = own_retour(url, now)

    def stop_midway(job: ClaimedJob) -> None:
        in_hand.put(job.subject)
        threading.Event().wait()

    def write_and_stop(transaction: Transaction, job: ClaimedJob) -> None:
        note(transaction, job)
        jobs.put(transaction.connection, Job("note", "lost", now), retour.context.ids, now)
        stop_midway(job)

    handler = Effect(stop_midway) if is_effect else Transactional(write_and_stop)
    Worker(retour.context, {"note": handler}, lease=timedelta(minutes=1)).run_due()


def in_thread(work: Callable[[], object]) -> threading.Thread:
    """A thread that does this, started."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
