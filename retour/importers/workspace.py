"""Where an import sorts and joins what does not fit into memory: a DuckDB file of its own, gone afterwards.

A process that died leaves its folder behind; the next import finds it unlocked and sweeps it away.
"""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from retour.errors import UserError

_MEMORY = "384MB"


@contextmanager
def open_workspace(imports_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to an empty database on disk. Raises `UserError` where nothing can be written."""
    folder = _make_folder(imports_dir)
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with duckdb.connect(str(folder / "work.duckdb")) as connection:
                connection.execute(f"set memory_limit = '{_MEMORY}'")
                connection.execute("set temp_directory = ?", [str(folder / "spill")])
                connection.execute("set enable_progress_bar = false")
                connection.execute("set TimeZone = 'UTC'")
                # What is thrown away need not be tidied first.
                connection.execute("pragma disable_checkpoint_on_shutdown")
                yield connection
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_folder(imports_dir: Path) -> Path:
    try:
        imports_dir.mkdir(parents=True, exist_ok=True)
        _sweep(imports_dir)
        return Path(tempfile.mkdtemp(prefix=".work-", dir=imports_dir))
    except OSError as refused:
        raise UserError(
            f"cannot write to {imports_dir}/ ({refused.strerror}); "
            "make it writable or point RETOUR_VAR_DIR elsewhere"
        ) from refused


def _sweep(imports_dir: Path) -> None:
    for lock in imports_dir.glob(".work-*/lock"):
        with lock.open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # its import is running
        shutil.rmtree(lock.parent, ignore_errors=True)
