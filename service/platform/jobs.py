"""Side effects and deadlines: rows of one table, written in the event's transaction, worked off when they are due.

A job with a key is the only one of that key: putting it again moves it, so a deadline can be moved. A job in hand
carries a lease; whoever finds the lease run out takes the job over. What is done is deleted, what fails too often
is parked until a person puts it back. Payloads hold no personal data.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from retour.errors import UserError
from service.platform.clock import Clock, from_us, to_us
from service.platform.db import Database, metadata, put_row
from service.platform.ids import Ids
from service.platform.problems import Conflict, NotFound

Value = str | int | None
State = Literal["waiting", "parked"]

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, unique=True),
    Column("subject", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("due_at_us", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_until_us", BigInteger),
    Column("state", Text, nullable=False),
    Column("last_error", Text),
    Column("created_at_us", BigInteger, nullable=False),
    Index("jobs_by_due", "state", "due_at_us", "job_id"),
    Index("jobs_by_lease", "lease_until_us"),
)

_PAUSES_SECONDS = (15, 60, 240, 960, 3840, 15_360, 61_440)  # fourfold each time: a day in all
TRIES = len(_PAUSES_SECONDS) + 1
_PATIENT_TRIES = 5  # what is not done yet is looked at every hour, about
_WAITING = jobs.c.state == "waiting"
_IN_HAND = jobs.c.lease_until_us.is_not(None)
_FAILED = ~_IN_HAND & ((jobs.c.state == "parked") | (jobs.c.attempts > 0))

# Put together once: that takes longer than SQLite needs to answer.
_HELD = 0x4A4F42  # "JOB": the name space of the locks on single jobs
_MAKE_MINE = select(
    func.pg_try_advisory_xact_lock(_HELD, func.hashtext(bindparam("of_job", type_=Text)))
)
_THERE = select(jobs.c.job_id).where(jobs.c.job_id == bindparam("of_job"))
_FINISH = delete(jobs).where(jobs.c.job_id == bindparam("of_job"))
_OF_KEY = select(jobs.c.job_id).where(jobs.c.key == bindparam("of_key"))
_WITHDRAW = delete(jobs).where(jobs.c.key == bindparam("of_key"))
# On PostgreSQL workers pass over what another is just taking; on SQLite they take turns.
_NOW_US = bindparam("now_us", type_=BigInteger)
_IS_DUE = (
    _WAITING & (jobs.c.due_at_us <= _NOW_US) & (~_IN_HAND | (jobs.c.lease_until_us <= _NOW_US))
)
_NEXT_MOMENTS = select(
    select(func.min(jobs.c.due_at_us)).where(_WAITING, ~_IN_HAND).scalar_subquery(),
    select(func.min(jobs.c.lease_until_us)).where(_IN_HAND).scalar_subquery(),
)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do at `due_at`, about a subject (an RMA, a case). With a key it is the only one of that key."""

    kind: str
    subject: str
    due_at: datetime
    payload: Mapping[str, Value] = field(default_factory=dict)
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job in a worker's hand. `attempt` counts from 1; a retried job was due when its pause was over."""

    job_id: str
    kind: str
    key: str | None
    subject: str
    payload: Mapping[str, Value]
    due_at: datetime
    attempt: int


@dataclass(frozen=True, slots=True)
class JobEntry:
    """What people see of a job. `in_hand_until` is the lease of the worker that has it."""

    job_id: str
    kind: str
    key: str | None
    subject: str
    state: State
    due_at: datetime
    attempts: int
    in_hand_until: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Share:
    """Some kinds of job: these, or all but these."""

    kinds: frozenset[str] = frozenset()
    are_left_out: bool = True


EVERYTHING = Share()


class Hopeless(UserError):
    """Raised by a handler where trying again cannot help: the job is parked at once."""


class UnknownJob(NotFound):
    title = "No such job"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"there is no job {job_id!r}; `retour jobs list` shows those that wait")


class NothingToRetry(Conflict):
    title = "This job has not failed"


class NotYet(Exception):
    """Raised by an effect that did not fail but is not over: it is looked at again for as long as that takes."""


def put(connection: Connection, job: Job, ids: Ids, now: datetime) -> str:
    """Note a job in the caller's transaction; returns its id. With a key it takes the place of the job of that key."""
    return _put(connection, job, ids.event_id(now), now)


def put_in_turn(connection: Connection, in_turn: Sequence[Job], ids: Ids, now: datetime) -> None:
    """Note several jobs at once: those that are due at the same moment are taken in this order."""
    job_ids = sorted(ids.event_id(now) for _ in in_turn)
    for job, job_id in zip(in_turn, job_ids, strict=True):
        _put(connection, job, job_id, now)


def _put(connection: Connection, job: Job, job_id: str, now: datetime) -> str:
    row = {
        "job_id": job_id,
        "kind": job.kind,
        "key": job.key,
        "subject": job.subject,
        "payload": json.dumps(dict(job.payload), ensure_ascii=False, sort_keys=True),
        "due_at_us": to_us(job.due_at),
        "attempts": 0,
        "lease_until_us": None,
        "state": "waiting",
        "last_error": None,
        "created_at_us": to_us(now),
    }
    put_row(connection, jobs, row, "key")
    return str(row["job_id"])


def withdraw(connection: Connection, key: str) -> None:
    """Forget the job of this key, if there is one: a deadline that no longer applies."""
    connection.execute(_WITHDRAW, {"of_key": key})


def is_there(connection: Connection, key: str) -> bool:
    """Whether a job of this key waits, is in hand or parked."""
    return connection.execute(_OF_KEY, {"of_key": key}).first() is not None


def is_due(connection: Connection, now: datetime, share: Share = EVERYTHING) -> bool:
    """Whether a job of these kinds can be taken."""
    return connection.execute(_due(share), {"now_us": to_us(now)}).first() is not None


def claim(
    connection: Connection, now: datetime, lease: timedelta, share: Share = EVERYTHING
) -> ClaimedJob | None:
    """Take the job of these kinds that has been due longest, or None; it is nobody else's until the lease runs out.

    Its attempt is counted here, before anything is done: a job that kills its worker runs out of tries too.
    """
    asked = {"now_us": to_us(now), "until_us": to_us(now + lease)}
    row = connection.execute(_claim(share), asked).one_or_none()
    if row is None:
        return None
    return ClaimedJob(
        row.job_id,
        row.kind,
        row.key,
        row.subject,
        json.loads(row.payload),
        from_us(row.due_at_us),
        row.attempts,
    )


@cache
def _due(share: Share) -> Select[tuple[str]]:
    query = select(jobs.c.job_id).where(_IS_DUE).limit(1)
    if share == EVERYTHING:
        return query
    named = jobs.c.kind.in_(sorted(share.kinds))
    return query.where(~named if share.are_left_out else named)


@cache
def _claim(share: Share) -> ReturningUpdate[Any]:
    longest = _due(share).order_by(jobs.c.due_at_us, jobs.c.job_id)
    return (
        update(jobs)
        .where(jobs.c.job_id == longest.with_for_update(skip_locked=True).scalar_subquery())
        .values(attempts=jobs.c.attempts + 1, lease_until_us=bindparam("until_us"))
        .returning(*jobs.c)
    )


def hold(connection: Connection, job: ClaimedJob) -> bool:
    """Keep every other worker from this job until the transaction ends. False: it is done, withdrawn or held.

    On PostgreSQL the lock is an advisory one, for the row's own would be taken in the wrong order: a command locks
    its return first and then moves the job, so a worker that locked the job first and the return then would stand
    in its way, and it in the worker's.
    """
    if connection.dialect.name == "postgresql":
        mine = connection.execute(_MAKE_MINE, {"of_job": job.job_id})
        if not mine.scalar_one():
            return False
    return connection.execute(_THERE, {"of_job": job.job_id}).first() is not None


def finish(connection: Connection, job: ClaimedJob) -> None:
    """Delete a job that is done. One that took its place meanwhile, under its key, stays."""
    connection.execute(_FINISH, {"of_job": job.job_id})


def fail(connection: Connection, job: ClaimedJob, error: str, now: datetime) -> None:
    """Try again after a pause that grows fourfold; parked after the last try.

    Does nothing where another worker took the job over meanwhile.
    """
    if job.attempt >= TRIES:
        park(connection, job, error)
    else:
        due_at_us = to_us(now + pause(job.attempt))
        _set_aside(connection, job, error, due_at_us=due_at_us)


def postpone(connection: Connection, job: ClaimedJob, why: str, now: datetime) -> None:
    """Look again after a pause that grows to an hour; never parked. As `fail`, it touches no job taken over."""
    tries = min(job.attempt, _PATIENT_TRIES)
    due_at_us = to_us(now + pause(tries))
    _set_aside(connection, job, why, due_at_us=due_at_us, attempts=tries)


def park(connection: Connection, job: ClaimedJob, error: str) -> None:
    """Leave a job until a person puts it back; as `fail`, it touches no job that another worker took over."""
    _set_aside(connection, job, error, state="parked")


def pause(attempt: int) -> timedelta:
    """How long to wait after the first, second … failed attempt."""
    return timedelta(seconds=_PAUSES_SECONDS[attempt - 1])


def next_due(connection: Connection) -> datetime | None:
    """The next moment at which a job can be taken: it is due, or its lease has run out. None: no job waits."""
    moments = connection.execute(_NEXT_MOMENTS).one()
    return min((from_us(each) for each in moments if each is not None), default=None)


class Jobs:
    """What a person may see of jobs and do about them."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def entries(self, *, only_parked: bool = False) -> Sequence[JobEntry]:
        """Every job, the one that is due first at the top; or the parked ones alone."""
        query = select(jobs).order_by(jobs.c.due_at_us, jobs.c.job_id)
        if only_parked:
            query = query.where(jobs.c.state == "parked")
        with self._db.read() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def retry(self, job_id: str) -> None:
        """Put a failed job back, due now and with all its tries. Raises `UnknownJob`, `NothingToRetry`."""
        with self._db.write() as connection:
            found = connection.execute(select(jobs).where(jobs.c.job_id == job_id)).one_or_none()
            if found is None:
                raise UnknownJob(job_id)
            if not self._put_back(connection, jobs.c.job_id == job_id):
                raise NothingToRetry(
                    f"job {job_id!r} has not failed: it is in hand, or waits for its time; leave it"
                )

    def retry_all(self) -> int:
        """Put every failed job back, the parked ones and those in a pause; how many there were."""
        with self._db.write() as connection:
            return self._put_back(connection, _FAILED)

    def _put_back(self, connection: Connection, which: ColumnElement[bool]) -> int:
        now_us = to_us(self._clock.now())
        values = {"state": "waiting", "due_at_us": now_us, "attempts": 0}
        return connection.execute(update(jobs).where(_FAILED, which).values(values)).rowcount


def _set_aside(connection: Connection, job: ClaimedJob, error: str, **changed: int | str) -> None:
    is_still_ours = (jobs.c.job_id == job.job_id) & (jobs.c.attempts == job.attempt)
    connection.execute(
        update(jobs).where(is_still_ours).values(lease_until_us=None, last_error=error, **changed)
    )


def _entry(row: Row[Any]) -> JobEntry:
    lease_us = row.lease_until_us
    return JobEntry(
        row.job_id,
        row.kind,
        row.key,
        row.subject,
        row.state,
        from_us(row.due_at_us),
        row.attempts,
        None if lease_us is None else from_us(lease_us),
        row.last_error,
    )
