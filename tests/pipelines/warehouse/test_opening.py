import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse.opening import (
    VERSION,
    NotAWarehouse,
    WarehouseDamaged,
    WarehouseNewer,
    open_warehouse,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


def version_of(path: Path) -> int:
    with duckdb.connect(str(path)) as connection:
        return int(connection.execute("select version from meta.version").fetchall()[0][0])


def make_version(path: Path, version: int) -> None:
    open_warehouse(path, print).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("update meta.version set version = ?", [version])


class TestOpenWarehouse:
    def test_makes_a_file_where_there_is_none(self, path, said):
        open_warehouse(path, said.append).close()
        assert (version_of(path), said) == (VERSION, [])

    def test_opens_what_it_made(self, path, said):
        open_warehouse(path, said.append).close()
        open_warehouse(path, said.append).close()
        assert (version_of(path), said) == (VERSION, [])

    def test_sets_an_older_version_aside_and_says_so(self, path, said):
        make_version(path, VERSION - 1)
        open_warehouse(path, said.append).close()
        aside = path.with_name(f"warehouse.duckdb.v{VERSION - 1}")
        assert version_of(path) == VERSION
        assert version_of(aside) == VERSION - 1
        assert str(aside) in said[0]

    def test_leaves_a_newer_version_alone(self, path, said):
        make_version(path, VERSION + 1)
        with pytest.raises(WarehouseNewer, match=r"newer Retour.*upgrade.*or move the file away"):
            open_warehouse(path, said.append)
        assert version_of(path) == VERSION + 1

    @pytest.mark.parametrize("content", [b"", b"hi", b"PAR1" * 100, b"not a database" * 999])
    def test_leaves_a_file_that_is_no_database_alone(self, path, said, content):
        path.write_bytes(content)
        with pytest.raises(NotAWarehouse, match=r"warehouse\.duckdb is no DuckDB database; move"):
            open_warehouse(path, said.append)
        assert path.read_bytes() == content

    def test_leaves_a_sqlite_database_alone(self, path, said):
        with sqlite3.connect(path) as other:
            other.execute("create table mine (a)")
        other.close()
        with pytest.raises(NotAWarehouse, match="is no DuckDB database"):
            open_warehouse(path, said.append)

    def test_leaves_somebody_elses_duckdb_database_alone(self, path, said):
        with duckdb.connect(str(path)) as connection:
            connection.execute("create table mine as select 1 as a")
        with pytest.raises(NotAWarehouse, match="none that Retour made; move it away"):
            open_warehouse(path, said.append)
        with duckdb.connect(str(path)) as connection:
            assert connection.execute("select a from mine").fetchall() == [(1,)]

    def test_tells_of_a_damaged_file(self, path, said):
        open_warehouse(path, said.append).close()
        path.write_bytes(path.read_bytes()[:5000])
        with pytest.raises(WarehouseDamaged, match=r"move it away and run `retour refresh`"):
            open_warehouse(path, said.append)

    def test_tells_of_another_program_that_has_the_file_open(self, path, said):
        open_warehouse(path, said.append).close()
        code = (
            f"import duckdb; c = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other:
            assert other.stdout
            other.stdout.readline()
            with pytest.raises(NotAWarehouse, match=rf"PID {other.pid}.*close it"):
                open_warehouse(path, said.append)
            other.kill()
