"""The worker: takes what is due from the jobs table and does it. Any number of them may run.

A *transactional* job is done in the transaction that deletes it: exactly once. An *effect* reaches outside (mail, a
carrier): it is leased in one transaction, done, and deleted in another: at least once, so it must bear repetition.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from traceback import extract_tb

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from retour.errors import UserError
from service.platform import jobs
from service.platform.db import DatabaseUnavailable
from service.platform.jobs import EVERYTHING, ClaimedJob, Hopeless, Share
from service.platform.unit import Context, Transaction

TransactionalHandler = Callable[[Transaction, ClaimedJob], None]
EffectHandler = Callable[[ClaimedJob], None]

LEASE = timedelta(minutes=5)
POLL_SECONDS = 1.0
_log = logging.getLogger("retour.worker")


@dataclass(frozen=True, slots=True)
class Transactional:
    """Runs in one transaction with deleting the job.

    It locks its subject and tests its guard again: a command that moved or withdrew the job may have come first.
    """

    run: TransactionalHandler


@dataclass(frozen=True, slots=True)
class Effect:
    """Runs outside any transaction, within the lease. `waits_for` is a word for whoever may keep it waiting."""

    run: EffectHandler
    waits_for: str = "outside"


Handler = Transactional | Effect


class Worker:
    """Works off jobs by kind. What a job fails with stays with the job; its neighbours go on."""

    def __init__(
        self,
        context: Context,
        handlers: Mapping[str, Handler],
        *,
        lease: timedelta = LEASE,
        share: Share = EVERYTHING,
    ) -> None:
        self._context, self._handlers, self._lease, self._share = context, handlers, lease, share

    def run_due(self, limit: int | None = None) -> int:
        """Do everything that is due by the clock, also what that makes due, or `limit` jobs; how many were taken."""
        taken = 0
        while (limit is None or taken < limit) and (job := self._take()):
            self._do(job)
            taken += 1
        return taken

    def catch_up(self) -> datetime | None:
        """As `run_due`; when the next job can be taken after that. Whoever moves the clock need not look twice."""
        while (due := self.next_due()) is not None and due <= self._now():
            if job := self._claim():
                self._do(job)
        return due

    def next_due(self) -> datetime | None:
        """When the next job can be taken; None while no job waits."""
        with self._context.db.read() as connection:
            return jobs.next_due(connection)

    def run_forever(self, stop: threading.Event) -> None:
        """Work until `stop` is set; the job in hand is finished. A database that is away is waited for."""
        told = ""
        while not stop.is_set():
            try:
                if not self.run_due(limit=1):
                    stop.wait(POLL_SECONDS)
                told = ""
            except (OperationalError, InterfaceError, NoConnection, DatabaseUnavailable) as away:
                told = _tell_once(in_brief(away), told)
                stop.wait(POLL_SECONDS)

    def _take(self) -> ClaimedJob | None:
        """Looks before it claims: on SQLite claiming takes the one writer's place."""
        with self._context.db.read() as connection:
            is_due = jobs.is_due(connection, self._now(), self._share)
        return self._claim() if is_due else None

    def _claim(self) -> ClaimedJob | None:
        with self._context.db.write() as connection:
            return jobs.claim(connection, self._now(), self._lease, self._share)

    def _do(self, job: ClaimedJob) -> None:
        try:
            self._run(job)
        except Hopeless as hopeless:
            self._park(job, in_brief(hopeless))
        except jobs.NotYet as not_yet:
            self._postpone(job, in_brief(not_yet))
        except Exception as error:
            self._fail(job, in_brief(error))

    def _run(self, job: ClaimedJob) -> None:
        handler = self._handlers.get(job.kind)
        if handler is None:
            raise Hopeless(
                f"this version does nothing with jobs of kind {job.kind!r}; "
                "start a worker of the version that put it, then `retour jobs retry`"
            )
        if job.attempt > jobs.TRIES:
            raise Hopeless(f"its worker ended in the middle of it, {jobs.TRIES} times")
        if isinstance(handler, Transactional):
            self._run_in_one(handler, job)
        else:
            self._run_outside(handler, job)

    def _run_in_one(self, handler: Transactional, job: ClaimedJob) -> None:
        with self._context.transaction() as transaction:
            if jobs.hold(transaction.connection, job):
                handler.run(transaction, job)
                jobs.finish(transaction.connection, job)

    def _run_outside(self, handler: Effect, job: ClaimedJob) -> None:
        handler.run(job)
        with self._context.db.write() as connection:
            jobs.finish(connection, job)

    def _fail(self, job: ClaimedJob, error: str) -> None:
        _log.warning("job %s (%s) failed, try %d: %s", job.job_id, job.kind, job.attempt, error)
        with self._context.db.write() as connection:
            jobs.fail(connection, job, error, self._now())

    def _postpone(self, job: ClaimedJob, why: str) -> None:
        _log.info(
            "job %s (%s) is not done yet, look %d: %s", job.job_id, job.kind, job.attempt, why
        )
        with self._context.db.write() as connection:
            jobs.postpone(connection, job, why, self._now())

    def _park(self, job: ClaimedJob, error: str) -> None:
        _log.error("job %s (%s) is parked: %s", job.job_id, job.kind, error)
        with self._context.db.write() as connection:
            jobs.park(connection, job, error)

    def _now(self) -> datetime:
        return self._context.clock.now()


def workers_apart(context: Context, handlers: Mapping[str, Handler]) -> Sequence[Worker]:
    """A worker for all effects that wait for the same, and one for the rest: who is silent holds up nothing else."""
    apart: dict[str, set[str]] = defaultdict(set)
    for kind, handler in handlers.items():
        if isinstance(handler, Effect):
            apart[handler.waits_for].add(kind)
    rest = Share(frozenset().union(*apart.values()))
    shares = [rest, *(Share(frozenset(kinds), are_left_out=False) for kinds in apart.values())]
    return [Worker(context, handlers, share=each) for each in shares]


def _tell_once(why: str, told: str) -> str:
    """One line for an outage, not one a second."""
    if why != told:
        _log.error("the database does not answer (%s); the worker waits for it", why)
    return why


def in_brief(error: Exception) -> str:
    """An error without personal data: its class, with the message where we wrote it, else with its place."""
    name = type(error).__name__
    if isinstance(error, UserError):
        return f"{name}: {error}"
    frames = extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{name}{place}"
