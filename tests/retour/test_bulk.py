"""`retour simulate --bulk`: a lake written past the log, whole or not at all, and everything downstream reads it."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from known_truth import read_truth
from without_dagster import run_steps

from pipelines.lake.manifest import Manifest
from pipelines.lake.recall import recall_newest
from pipelines.lake.tables import tables
from retour.assembly import open_retour
from retour.bulk import NotEmpty, write_bulk
from retour.settings import Settings
from service.catalog.schemas import ProductBody
from simulator.scenario import Scenario

NOW = datetime(2026, 11, 26, 13, 45, tzinfo=UTC)
_EVENTS, _DAYS = 20_000, 75


def write(settings: Settings) -> None:
    write_bulk(settings, Scenario(), 7, _EVENTS, days=_DAYS, now=NOW)


def rows(settings: Settings, name: str) -> pl.DataFrame:
    paths = Manifest.load(settings.lake_dir).files(name)
    return pl.concat([pl.read_parquet(path) for path in paths])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A shop that nobody changes."""
    folder = tmp_path_factory.mktemp("bulk")
    settings = Settings(var_dir=folder / "var", warehouse=folder / "warehouse.duckdb")
    write(settings)
    return settings


class TestTheLake:
    def test_it_is_sound_and_about_as_large_as_was_asked_for(self, written: Settings) -> None:
        manifest = Manifest.load(written.lake_dir)

        manifest.verify()
        assert abs(manifest.through_seq - _EVENTS) < 0.15 * _EVENTS

    def test_its_days_end_before_now(self, written: Settings) -> None:
        placed = rows(written, "order_placed")["time"].dt.date()

        assert (placed.max() - placed.min()).days == _DAYS - 1  # type: ignore[operator,union-attr]
        assert placed.min().weekday() == 0  # type: ignore[union-attr]
        assert 0 < (NOW.date() - placed.max()).days <= 7  # type: ignore[operator]

    def test_its_tables_have_their_types(self, written: Settings) -> None:
        for name in {each.table for each in Manifest.load(written.lake_dir).segments}:
            assert rows(written, name).schema == tables()[name].polars_schema


class TestTheLog:
    def test_it_holds_the_last_event_of_the_lake_under_its_number(self, written: Settings) -> None:
        manifest = Manifest.load(written.lake_dir)
        names = {each.table for each in manifest.segments}
        last = recall_newest({name: rows(written, name) for name in names})

        assert open_retour(written).read_log(0, 10) == [last]
        assert last is not None
        assert (last.seq, last.id) == (manifest.through_seq, manifest.through_id)


class TestDownstream:
    def test_the_marts_count_what_was_played_and_what_happens_next_comes_after_it(
        self, settings: Settings
    ) -> None:
        write(settings)
        retour = open_retour(settings)
        played = Manifest.load(settings.lake_dir).through_seq
        run_steps(settings, retour, NOW)

        with duckdb.connect(str(settings.warehouse)) as connection:
            orders, returned, units = connection.execute(
                "select sum(orders), sum(returns_requested), sum(units_returned) from marts.volume_daily"
            ).fetchall()[0]
            lines, refunds = connection.execute(
                "select count(*), sum(refund_minor) from marts.return_lines"
            ).fetchall()[0]
        asked = [rows(settings, f"return_{kind}_lines") for kind in ("requested", "withdrawn")]
        assert orders == rows(settings, "order_placed").height
        assert returned == sum(each["subject"].n_unique() for each in asked)
        assert units == sum(each["quantity"].sum() for each in asked)
        assert lines == sum(each.height for each in asked) + rows(settings, "line_split").height
        assert refunds == rows(settings, "refund_settled")["amount_minor"].sum()

        retour.catalog.put("NEW", ProductBody(title="something new"))
        run_steps(settings, retour, NOW)
        products = rows(settings, "product_upserted")
        assert products["sku"][-1] == "NEW"
        assert products["seq"][-1] > played


class TestTruth:
    def test_it_tells_of_returns_claims_and_products_what_nobody_else_knows(
        self, written: Settings
    ) -> None:
        returns, claims, products = (
            read_truth(written.var_dir / "truth", name)
            for name in ("returns", "claims", "products")
        )
        asked = pl.concat(
            [rows(written, f"return_{kind}")["rma"] for kind in ("requested", "withdrawn")]
        )

        assert set(returns["rma"]) == set(asked)
        assert 0 < returns["is_abusive"].mean() < 0.3  # type: ignore[operator]
        assert set(claims["order_id"]) <= set(rows(written, "order_placed")["order_id"])
        assert set(products["sku"]) == set(rows(written, "product_upserted")["sku"])


class TestRefusal:
    def test_a_log_with_events_is_left_as_it_is(self, settings: Settings) -> None:
        open_retour(settings).catalog.put("MUG", ProductBody(title="a real mug"))

        with pytest.raises(NotEmpty, match=r"holds events.*RETOUR_VAR_DIR"):
            write(settings)

        assert open_retour(settings).log_head() == 1
        assert not settings.lake_dir.exists()

    def test_a_lake_is_left_as_it_is(self, settings: Settings, written: Settings) -> None:
        settings.lake_dir.parent.mkdir(parents=True)
        settings.lake_dir.symlink_to(written.lake_dir.resolve())

        with pytest.raises(NotEmpty, match=r"holds a lake.*delete that folder"):
            write(settings)

        Manifest.load(written.lake_dir).verify()
        assert open_retour(settings).log_head() == 0


_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from pipelines.lake.whole import WholeLake
from retour import bulk
from retour.settings import Settings
from simulator.bulk import play
from simulator.scenario import Scenario

play._MOST_DAYS = 10
bulk.WholeLake = partial(WholeLake, segment_rows=500)
added = bulk.Truth.add
told = []

def add(truth, number, tables):
    added(truth, number, tables)
    told.append(number)
    if len(told) == 5:
        os.kill(os.getpid(), signal.SIGKILL)

bulk.Truth.add = add
folder = Path(sys.argv[1])
settings = Settings(var_dir=folder / "var", warehouse=folder / "warehouse.duckdb")
bulk.write_bulk(settings, Scenario(), 7, 20_000, days=80, now=datetime(2026, 11, 26, tzinfo=UTC))
"""


class TestKilled:
    def test_there_is_no_lake_and_the_next_run_leaves_nothing_of_the_killed_one(
        self, settings: Settings, tmp_path: Path
    ) -> None:
        run = subprocess.run(
            [sys.executable, "-c", _KILLED, str(tmp_path)], capture_output=True, check=False
        )
        assert run.returncode == -signal.SIGKILL, run.stderr.decode()
        left = set(settings.lake_dir.rglob("*.parquet"))

        assert left
        assert Manifest.load(settings.lake_dir).through_seq == 0
        assert open_retour(settings).log_head() == 0

        write(settings)
        manifest = Manifest.load(settings.lake_dir)
        listed = {settings.lake_dir / each.path for each in manifest.segments}
        assert set(settings.lake_dir.rglob("*.parquet")) == listed
        assert not left & listed
        told = read_truth(settings.var_dir / "truth", "returns")["rma"]
        assert told.n_unique() == len(told)
