import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.warehouse.lock import WarehouseBusy, WarehouseUnwritable, warehouse_lock

HOLD = """
import sys, pathlib
from pipelines.warehouse.lock import warehouse_lock
with warehouse_lock(pathlib.Path(sys.argv[1]), print):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "warehouse.duckdb"


@pytest.fixture
def holder(path):
    """Another process that holds the lock until a line is written to it, or it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


class TestWarehouseLock:
    def test_names_the_process_that_holds_it(self, path, said):
        with warehouse_lock(path, said.append):
            assert path.with_name("warehouse.duckdb.lock").read_text() == str(os.getpid())
        assert said == []

    def test_waits_and_says_for_whom(self, path, holder):
        said = []

        def release(message: str) -> None:
            said.append(message)
            holder.communicate("\n")

        with warehouse_lock(path, release):
            pass
        assert said == [f"waiting for process {holder.pid}, which is refreshing this warehouse"]

    def test_gives_up_in_the_end_and_says_what_to_do(self, path, holder, said):
        with (
            pytest.raises(WarehouseBusy, match=rf"process {holder.pid} still holds .*end it"),
            warehouse_lock(path, said.append, wait_seconds=0),
        ):
            pytest.fail("it was held")

    def test_is_free_once_its_holder_was_killed(self, path, holder, said):
        holder.kill()
        holder.wait()
        with warehouse_lock(path, said.append, wait_seconds=0):
            pass

    def test_tells_of_a_folder_that_cannot_be_written(self, tmp_path, said):
        (tmp_path / "file").touch()
        with (
            pytest.raises(WarehouseUnwritable, match="RETOUR_WAREHOUSE"),
            warehouse_lock(tmp_path / "file" / "w.duckdb", said.append),
        ):
            pytest.fail("it cannot be")
