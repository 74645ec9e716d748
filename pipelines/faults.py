"""Which faults of a step pass by themselves: those are tried again. What a person must mend is told at once."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from sqlalchemy.exc import InterfaceError, OperationalError

from retour.errors import UserError

TRIED_AGAIN = dg.RetryPolicy(max_retries=4, delay=2, backoff=dg.Backoff.EXPONENTIAL)
_PASSING = {
    errno.EAGAIN,
    errno.EBUSY,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.EINTR,
    errno.EIO,
    errno.ENOLCK,
    errno.ESTALE,
    errno.ETIMEDOUT,
}
_NO_ROOM = ("No space left", "disk is full", "disk I/O error", "Disk quota exceeded")


@contextmanager
def step() -> Iterator[None]:
    """Around what a step does, under the policy `TRIED_AGAIN`: a fault that does not pass by itself ends the run.

    It is shown in the words of the `UserError` that it is or came from, else by its name.
    """
    try:
        yield
    except dg.Failure:
        raise
    except Exception as fault:
        if passes_by_itself(fault):
            raise
        raise dg.Failure(told(fault), allow_retries=False) from fault


def passes_by_itself(fault: BaseException) -> bool:
    """Whether another try may do: a busy database, a lost connection, a disk that did not answer."""
    return any(_is_passing(each) for each in _chain(fault))


def told(fault: BaseException) -> str:
    """What a user can mend, in its own words, or a disk without room as such; else the fault by its name."""
    chain = list(_chain(fault))
    for each in chain:
        if isinstance(each, UserError):
            return str(each)
    if any(words in str(chain[-1]) for words in _NO_ROOM):
        return (
            f"a disk is full, or cannot be written ({named(chain[-1])}); free space where RETOUR_VAR_DIR, "
            "RETOUR_WAREHOUSE and RETOUR_DATABASE_URL point, then run `retour refresh`: it goes on where it was"
        )
    return f"{named(chain[-1])} (a fault of Retour's; the run's page in Dagster has the details)"


def named(fault: BaseException) -> str:
    """The fault's own words in one line, those of the driver where there is one."""
    words = str(getattr(fault, "orig", None) or fault).strip().splitlines()
    return f"{type(fault).__name__}: {words[0] if words else 'no more is known'}"


def _is_passing(fault: BaseException) -> bool:
    if isinstance(fault, (OperationalError, InterfaceError)):
        is_of_sqlite = type(fault.orig).__module__ == "sqlite3"
        return "locked" in str(fault.orig) if is_of_sqlite else True
    return isinstance(fault, OSError) and fault.errno in _PASSING


def _chain(fault: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = fault
    while cause is not None:
        yield cause
        cause = cause.__cause__
