import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.making import Making
from pipelines.warehouse.models import SqlModel, load_models
from pipelines.warehouse.opening import WarehouseDamaged
from pipelines.warehouse.warehouse import BuildFailed, Warehouse

EVIDENCE = pl.DataFrame({"sku": ["85123A"], "lift": [2.5]})


def build_all(warehouse: Warehouse, sql_dir: Path) -> dict[str, Built]:
    """Builds every relation, as a run does."""
    return {model.relation: _build(warehouse, model) for model in load_models(sql_dir)}


def _build(warehouse: Warehouse, model: SqlModel) -> Built:
    if not model.is_python:
        return warehouse.build(model)
    fingerprint = warehouse.fingerprint(model, "v1")
    standing = warehouse.current(model.relation, fingerprint)
    return standing or warehouse.replace(model.relation, EVIDENCE, fingerprint)


def made(built: dict[str, Built]) -> set[str]:
    return {relation for relation, each in built.items() if each.is_new}


class TestBuild:
    def test_builds_sql_and_python_relations(self, warehouse, shop_sql, take_in, log):
        take_in(log)
        with warehouse:
            built = build_all(warehouse, shop_sql)
            rows = warehouse.query("select sku, units, lift from marts.skus order by sku").rows()
        assert rows == [("71053", 3, None), ("85123A", 18, 2.5)]
        assert made(built) == set(built)
        assert built["marts.skus"].rows == 2

    def test_does_not_build_again_what_is_unchanged(self, warehouse, shop_sql, take_in, log):
        take_in(log)
        with warehouse:
            build_all(warehouse, shop_sql)
        with warehouse:
            assert made(build_all(warehouse, shop_sql)) == set()

    def test_lays_rows_down_in_the_order_that_the_header_names(
        self, warehouse, write, sql_dir, take_in, log
    ):
        sql = "select seq, -seq as place from lake.order_placed_lines order by seq"
        write("marts.lines", sql, ["seq", "place"], sort_by="place")
        take_in(log)
        with warehouse:
            build_all(warehouse, sql_dir)
            places = warehouse.query("select place from marts.lines order by rowid")["place"]
        assert places.n_unique() > 1
        assert places.is_sorted()

    def test_builds_again_what_new_events_reach(self, warehouse, shop_sql, take_in, log):
        take_in(log[:13])
        with warehouse:
            build_all(warehouse, shop_sql)
        take_in(log)
        with warehouse:
            assert "marts.skus" in made(build_all(warehouse, shop_sql))
            assert warehouse.query("select max(units) from marts.skus").item() == 18

    def test_leaves_alone_what_new_events_do_not_reach(
        self, warehouse, shop_sql, write, take_in, log
    ):
        write("marts.closed", "select rma from lake.return_closed", ["rma"])
        take_in(log[:5])
        with warehouse:
            build_all(warehouse, shop_sql)
        take_in(log[:6])
        with warehouse:
            assert "marts.closed" not in made(build_all(warehouse, shop_sql))

    def test_builds_again_what_follows_from_a_changed_select(
        self, warehouse, shop_sql, write, take_in, log
    ):
        take_in(log)
        with warehouse:
            build_all(warehouse, shop_sql)
        write(
            "staging.order_lines",
            "select subject, sku, quantity * 2 as quantity from lake.order_placed_lines",
            ["subject", "sku", "quantity"],
            refresh="view",
        )
        with warehouse:
            assert made(build_all(warehouse, shop_sql)) == {
                "staging.order_lines",
                "intermediate.evidence",
                "marts.skus",
            }

    def test_does_not_build_again_for_another_description(self, warehouse, shop_sql, take_in, log):
        take_in(log)
        with warehouse:
            build_all(warehouse, shop_sql)
        for path in shop_sql.glob("*/*"):
            path.write_text(path.read_text().replace("What a test needs.", "Told otherwise."))
        with warehouse:
            assert made(build_all(warehouse, shop_sql)) == set()

    def test_builds_again_for_those_parameters_of_the_run_that_are_read(
        self, warehouse, write, sql_dir, take_in, log
    ):
        write("marts.moment", "select as_of from meta.run", ["as_of"])
        write("marts.position", "select through_seq from meta.run", ["through_seq"])
        take_in(log[:10])
        with warehouse:
            build_all(warehouse, sql_dir)
        take_in(log[:12])  # two conclusions: as_of stays
        with warehouse:
            assert made(build_all(warehouse, sql_dir)) == {"marts.position"}

    def test_brings_back_a_relation_that_somebody_dropped(self, warehouse, shop_sql, settings):
        with warehouse:
            build_all(warehouse, shop_sql)
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute("drop table marts.skus")
        with warehouse:
            assert made(build_all(warehouse, shop_sql)) == {"marts.skus"}

    def test_turns_a_view_into_a_table_and_back(self, warehouse, write, sql_dir):
        for refresh in ("view", "full", "view"):
            write(
                "staging.o", "select subject from lake.order_placed", ["subject"], refresh=refresh
            )
            with warehouse:
                assert made(build_all(warehouse, sql_dir)) == {"staging.o"}

    def test_gives_typed_relations_without_a_single_event(self, warehouse, shop_sql):
        with warehouse:
            build_all(warehouse, shop_sql)
            assert warehouse.columns("marts.skus") == {
                "sku": "VARCHAR",
                "units": "BIGINT",
                "lift": "DOUBLE",
            }

    def test_keeps_the_old_table_when_the_new_one_fails(
        self, warehouse, shop_sql, write, take_in, log
    ):
        take_in(log)
        with warehouse:
            build_all(warehouse, shop_sql)
            before = warehouse.query("from marts.skus order by sku")
        write(
            "marts.skus",
            "select sku, cast(sku as bigint) as units, 1.0 as lift from staging.order_lines",
            ["sku", "units", "lift"],
        )
        with warehouse:
            with pytest.raises(BuildFailed, match=r"marts/skus\.sql: .*Could not convert"):
                build_all(warehouse, shop_sql)
            assert warehouse.query("from marts.skus order by sku").equals(before)

    @pytest.mark.parametrize("refresh", ["full", "view"])
    def test_refuses_a_column_type_that_other_engines_lack(
        self, warehouse, write, sql_dir, refresh
    ):
        summed = "select sum(quantity) as units from lake.order_placed_lines"
        write("marts.s", summed, ["units"], refresh=refresh)
        with (
            warehouse,
            pytest.raises(BuildFailed, match=r"marts\.s: column 'units' came out as HUGEINT"),
        ):
            build_all(warehouse, sql_dir)

    def test_goes_another_way_where_the_planner_trips_over_its_statistics(
        self, warehouse, shop_sql, take_in, log, monkeypatch
    ):
        tried = []

        def trips(_: Making, relation: str, model: object) -> None:
            setting = warehouse.query("select current_setting('disabled_optimizers')").item()
            tried.append((relation, setting))
            if not setting:
                raise duckdb.InvalidInputException("BindBuiltinScalarFunction did not return a …")

        take_in(log)
        monkeypatch.setattr(Making, "_record_lineage", trips)
        with warehouse:
            view = load_models(shop_sql)[0]
            assert warehouse.build(view).is_new
            assert warehouse.query("select current_setting('disabled_optimizers')").item() == ""
        assert tried == [(view.relation, ""), (view.relation, "statistics_propagation")]

    def test_says_what_must_be_built_first(self, warehouse, shop_sql):
        mart = load_models(shop_sql)[2]
        with warehouse, pytest.raises(BuildFailed, match=r"intermediate\.evidence is not built"):
            warehouse.build(mart)

    def test_does_not_build_what_python_builds(self, warehouse, shop_sql):
        evidence = load_models(shop_sql)[1]
        with warehouse, pytest.raises(ValueError, match="built by Python"):
            warehouse.build(evidence)

    def test_writes_the_columns_lineage_into_a_table(self, warehouse, shop_sql):
        with warehouse:
            build_all(warehouse, shop_sql)
            build_all(warehouse, shop_sql)
            rows = warehouse.query(
                "select column_name, source_relation, source_column from meta.column_lineage "
                "where relation = 'marts.skus' order by all"
            ).rows()
        assert rows == [
            ("lift", "intermediate.evidence", "lift"),
            ("sku", "staging.order_lines", "sku"),
            ("units", "staging.order_lines", "quantity"),
        ]


class TestRebuild:
    def test_a_deleted_warehouse_comes_back_row_for_row(
        self, warehouse, shop_sql, settings, take_in, log
    ):
        take_in(log)
        with warehouse:
            build_all(warehouse, shop_sql)
            before = warehouse.query("from marts.skus order by sku")
        settings.warehouse.unlink()
        with warehouse:
            build_all(warehouse, shop_sql)
            assert warehouse.query("from marts.skus order by sku").equals(before)

    def test_a_deleted_lake_leaves_no_rows_behind(
        self, warehouse, shop_sql, settings, take_in, log
    ):
        take_in(log)
        with warehouse:
            build_all(warehouse, shop_sql)
        (settings.lake_dir / "manifest.json").unlink()
        with warehouse:
            build_all(warehouse, shop_sql)
            assert warehouse.query("select count(*) from marts.skus").item() == 0

    def test_a_moved_lake_is_found_again(self, settings, shop_sql, take_in, log, said):
        take_in(log)
        with Warehouse.of(settings, say=said.append) as warehouse:
            build_all(warehouse, shop_sql)
        elsewhere = settings.var_dir / "elsewhere"
        settings.lake_dir.rename(elsewhere)
        with Warehouse(settings.warehouse, elsewhere, say=said.append) as warehouse:
            assert warehouse.query("select count(*) from staging.order_lines").item() == 6


class TestDamage:
    """A block of the file that is read long after it was opened."""

    @pytest.fixture
    def damaged(self, warehouse, settings, write, sql_dir):
        """The warehouse, opened again, of whose relation `intermediate.many` some bytes are others by now."""
        write(
            "intermediate.many",
            "select range as n, hash(range) as h from range(500000)",
            ["n", "h"],
        )
        write(
            "marts.most", "select count(distinct many.h) as h from intermediate.many as many", ["h"]
        )
        with warehouse as opened:
            for model in load_models(sql_dir):
                opened.build(model)
            (block,) = opened.query(
                "select max(block_id) as block from pragma_storage_info('intermediate.many') "
                "where column_name = 'h'"
            )["block"]
        with settings.warehouse.open("r+b") as file:
            file.seek(3 * 4096 + block * 262_144 + 5_000)
            file.write(bytes(64))
        with Warehouse.of(settings, say=lambda _: None) as opened:
            yield opened

    @pytest.mark.parametrize("way", ["rebuild", "query", "copy"])
    def test_is_told_with_the_way_out(self, damaged, sql_dir, settings, tmp_path, way):
        (model,) = [each for each in load_models(sql_dir) if each.relation == "marts.most"]
        rows = "select count(distinct many.h) from intermediate.many as many"
        do = {
            "rebuild": lambda: damaged.rebuild(model),
            "query": lambda: damaged.query(rows),
            "copy": lambda: damaged.copy_to_parquet(rows, tmp_path / "rows.parquet"),
        }

        with pytest.raises(
            WarehouseDamaged, match=r"move it away and run `retour refresh`"
        ) as told:
            do[way]()

        assert str(settings.warehouse) in str(told.value)


class TestReading:
    def test_another_process_is_kept_out_while_the_lock_is_held(self, warehouse, settings):
        with warehouse:
            code = f"import duckdb; duckdb.connect({str(settings.warehouse)!r})"
            other = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=False
            )
        assert "Conflicting lock" in other.stderr
