"""One writer at a time: an operating-system lock beside the warehouse, for command line and Dagster alike.

The lock dies with its process, however that ends, so nobody ever has to clear it.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from retour.errors import UserError

WAIT_SECONDS = 900.0
_POLL_SECONDS = 0.2

Say = Callable[[str], None]


class WarehouseBusy(UserError):
    """Another process kept the warehouse for longer than we wait."""


class WarehouseUnwritable(UserError):
    """The operating system refused to let us write beside the warehouse."""


@contextmanager
def warehouse_lock(
    warehouse: Path, say: Say, *, wait_seconds: float = WAIT_SECONDS
) -> Iterator[None]:
    """Hold the lock of a warehouse; wait for who has it, saying so once. Raises `WarehouseBusy`."""
    path = warehouse.with_name(f"{warehouse.name}.lock")
    with _opened(path) as file:
        _take(file, path, say, time.monotonic() + wait_seconds)
        _sign(file, path)
        yield


def try_lock(file: IO[str]) -> bool:
    """Whether this process got the lock of an open file, without waiting."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _opened(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+", encoding="ascii")
    except OSError as refused:
        raise WarehouseUnwritable(
            f"cannot write {path} ({refused.strerror}); make its folder writable, "
            "or name another place with RETOUR_WAREHOUSE and RETOUR_VAR_DIR"
        ) from refused


def _take(file: IO[str], path: Path, say: Say, deadline: float) -> None:
    is_said = False
    while not try_lock(file):
        if not is_said:
            say(f"waiting for process {_holder(file)}, which is refreshing this warehouse")
            is_said = True
        if time.monotonic() > deadline:
            raise WarehouseBusy(
                f"process {_holder(file)} still holds {path}; wait until it has ended, or end it if it hangs"
            )
        time.sleep(_POLL_SECONDS)


def _sign(file: IO[str], path: Path) -> None:
    try:
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
    except OSError as refused:
        raise WarehouseUnwritable(
            f"cannot write {path} ({refused.strerror}); free space and run `retour refresh` again"
        ) from refused


def _holder(file: IO[str]) -> str:
    file.seek(0)
    return file.read().strip() or "unknown"
