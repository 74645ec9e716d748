"""Importing a shop's past: the real history against bare sqlite3, and five million order lines."""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.figures import Figure, print_figures

_REAL = Path(__file__).parents[2] / "shared" / "data" / "online_retail.parquet"
_REAL_ROWS = 541_909
_MANY_LINES = 5_000_000
_RUNS = 3

# One import in a process of its own: how long it took after its modules were loaded, and its peak memory.
_IMPORT = """
import json, resource, sys, time
from pathlib import Path
from retour.importers.run import import_history, import_online_retail
from retour.assembly import open_retour
from retour.settings import Settings
folder, *files = sys.argv[1:]
settings = Settings(var_dir=Path(folder))
open_retour(settings)
started = time.perf_counter()
if len(files) == 1:
    import_online_retail(settings, Path(files[0]))
else:
    import_history(settings, Path(files[0]), Path(files[1]), timezone="UTC")
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([seconds, peak]))
"""


def run() -> list[Figure]:
    """Both histories; without the real one there is nothing to measure."""
    if not _REAL.exists():
        return [Figure(f"no file {_REAL.name} in ../shared/data", float("nan"), "")]
    seconds, bare, floor, peak = _real()
    many_seconds, many_peak = _many()
    return [
        Figure("real history: import", seconds, "s"),
        Figure(
            "real history: import ÷ sqlite3 inserting its events' JSON",
            seconds / bare,
            "×",
            "≤ 10 ×",
        ),
        Figure(
            "real history: sqlite3 inserting all rows that the import writes ÷ the same",
            floor / bare,
            "×",
        ),
        Figure("real history: peak memory", peak, "MiB", "≤ 1,024 MiB"),
        Figure("real history: lines per second", _REAL_ROWS / seconds, "1/s"),
        Figure(
            "five million lines: lines per second",
            _MANY_LINES / many_seconds,
            "1/s",
            "no fewer than the real history's",
        ),
        Figure("five million lines: peak memory", many_peak, "MiB", "as the real history's"),
    ]


def _real() -> tuple[float, float, float, float]:
    took, bare, floor, peaks = [], [], [], []
    for _ in range(_RUNS):
        with tempfile.TemporaryDirectory() as folder:
            seconds, peak = _import(Path(folder), _REAL)
            took.append(seconds)
            peaks.append(peak)
            bare.append(_bare_insert(Path(folder)))
            floor.append(_all_rows_insert(Path(folder)))
    return median(took), median(bare), median(floor), max(peaks)


def _import(folder: Path, *files: Path) -> tuple[float, float]:
    answer = subprocess.run(
        [sys.executable, "-c", _IMPORT, str(folder), *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = json.loads(answer.stdout.splitlines()[-1])
    return float(seconds), float(peak)


def _bare_insert(folder: Path) -> float:
    """The same events' JSON into a table of one column, in one transaction, on the same disk."""
    with sqlite3.connect(folder / "retour.db") as log:
        payloads = log.execute("select data from events order by seq").fetchall()
    bare = sqlite3.connect(folder / "bare.db")
    bare.execute("create table payloads (data text not null)")
    started = time.perf_counter()
    with bare:
        bare.executemany("insert into payloads values (?)", payloads)
    seconds = time.perf_counter() - started
    bare.close()
    return seconds


def _all_rows_insert(folder: Path) -> float:
    """Every row that the import left, into the same tables with the same indexes, in one transaction."""
    with sqlite3.connect(folder / "retour.db") as shop:
        made = shop.execute(
            "select type, name, sql from sqlite_master where sql is not null order by type desc"
        ).fetchall()
        rows = {
            name: shop.execute(f"select * from {name}").fetchall()
            for type_, name, _ in made
            if type_ == "table"
        }
    copy = sqlite3.connect(folder / "copy.db")
    copy.execute("pragma journal_mode = wal")
    for _, _, sql in made:
        copy.execute(sql)
    started = time.perf_counter()
    with copy:
        for name, each in rows.items():
            if each:
                marks = ", ".join("?" * len(each[0]))
                copy.executemany(f"insert into {name} values ({marks})", each)
    seconds = time.perf_counter() - started
    copy.close()
    return seconds


def _many() -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        orders, returns = _write_many(Path(folder))
        return _import(Path(folder), orders, returns)


def _write_many(folder: Path) -> tuple[Path, Path]:
    """Orders of twenty lines by 100,000 customers, 10,000 products, one line in fifty returned."""
    import polars as pl

    lines = pl.select(n=pl.int_range(0, _MANY_LINES)).lazy()
    order = pl.col("n") // 20
    moment = pl.datetime(2020, 1, 1) + pl.duration(minutes=order * 8)
    sold = lines.select(
        order_id=pl.format("o{}", order),
        ordered_at=moment,
        customer=pl.format("c{}", order * 7919 % 100_000),
        sku=pl.format("s{}", (pl.col("n") * 104_729) % 10_000),
        quantity=pl.col("n") % 5 + 1,
        unit_price=(pl.col("n") % 5_000) / 100,
        currency=pl.lit("EUR"),
    )
    returned = lines.filter(pl.col("n") % 50 == 0).select(
        return_id=pl.format("r{}", "n"),
        requested_at=moment + pl.duration(days=7),
        refunded_at=moment + pl.duration(days=12),
        customer=pl.format("c{}", order * 7919 % 100_000),
        sku=pl.format("s{}", (pl.col("n") * 104_729) % 10_000),
        quantity=pl.lit(1),
        reason=pl.lit("defect"),
    )
    sold.sink_parquet(folder / "orders.parquet")
    returned.sink_parquet(folder / "returns.parquet")
    return folder / "orders.parquet", folder / "returns.parquet"


if __name__ == "__main__":
    print_figures(__doc__ or "", run())
