import random
import signal
import sqlite3
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from cli_shop import Shop

KILLS = 20


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A small file in the published form: 600 invoices, every tenth followed by a credit note."""
    rng = random.Random(5)
    rows = []
    for number in range(600):
        at = datetime(2011, 3, 1, 9) + timedelta(hours=number)  # noqa: DTZ001  # London's, as published
        code, customer = f"{10000 + rng.randrange(40)}", 12000 + rng.randrange(50)
        rows.append((f"{500000 + number}", code, f"THING {code}", 6, at, 1.25, customer))
        if number % 10 == 0:
            later = at + timedelta(days=3)
            rows.append((f"C{500000 + number}", code, f"THING {code}", -2, later, 1.25, customer))
    frame = pl.DataFrame(
        rows,
        schema=[
            "InvoiceNo",
            "StockCode",
            "Description",
            "Quantity",
            "InvoiceDate",
            "UnitPrice",
            "CustomerID",
        ],
        orient="row",
    ).with_columns(Country=pl.lit("United Kingdom"))
    path = tmp_path / "history.parquet"
    frame.write_parquet(path)
    return path


@pytest.mark.slow
@pytest.mark.timeout(600)
class TestKilledImport:
    def test_an_import_killed_anywhere_leaves_all_or_nothing_and_can_be_repeated(
        self, tmp_path: Path, history: Path
    ) -> None:
        clean, shop = Shop(tmp_path / "clean"), Shop(tmp_path / "killed")
        started = time.monotonic()
        clean.retour("import", "online-retail", str(history))
        whole = time.monotonic() - started
        expected = _log(clean)
        rng = random.Random(11)
        killed = 0

        for _ in range(KILLS):
            started = time.monotonic()
            if _import_and_kill(shop, history, rng.uniform(0.1, 1.1) * whole):
                killed += 1
            else:
                whole = time.monotonic() - started  # a busy machine became less so
            assert _log(shop) in ([], expected)

        shop.retour("import", "online-retail", str(history))
        assert _log(shop) == expected
        assert killed > KILLS / 2


def _import_and_kill(shop: Shop, history: Path, after_seconds: float) -> bool:
    process = subprocess.Popen(
        shop.command("import", "online-retail", str(history)),
        env=shop.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(after_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait() == -signal.SIGKILL


def _log(shop: Shop) -> list[tuple[object, ...]]:
    path = shop.folder / "var" / "retour.db"
    if not path.exists():
        return []
    with sqlite3.connect(path) as connection:
        if not connection.execute("select 1 from sqlite_master where name = 'events'").fetchone():
            return []
        return connection.execute(
            "select seq, id, type, subject, time_us from events order by seq"
        ).fetchall()
