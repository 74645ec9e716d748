from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.lake import segments
from pipelines.lake.manifest import Manifest
from pipelines.lake.tables import payload_tables
from pipelines.warehouse import lake_views
from pipelines.warehouse.lake_views import UnknownTimezone, events_after, view_digests
from pipelines.warehouse.warehouse import Warehouse
from service.domain import events as e
from service.platform.clock import to_us


class TestRun:
    def test_is_as_of_the_newest_event_that_is_no_conclusion(self, warehouse, take_in, log):
        take_in(log[:13])
        with warehouse:
            assert warehouse.run.as_of == datetime(2024, 3, 1, 12, 0, 10, tzinfo=UTC)
            assert warehouse.run.through_seq == 13

    def test_does_not_move_on_when_a_buyer_answers_a_flag(self, warehouse, take_in, record):
        today = to_us(datetime(2030, 1, 1, tzinfo=UTC))
        acted = e.SkuActionTaken(sku="MUG", flag_id="f", action="mark_down")
        take_in([record(1, e.ReturnClosed(rma="R1")), record(2, acted, time_us=today)])
        with warehouse:
            assert warehouse.run.as_of == datetime(2024, 3, 1, 12, 0, 1, tzinfo=UTC)
            assert warehouse.run.through_seq == 2

    def test_has_no_moment_for_an_empty_log(self, warehouse):
        with warehouse:
            assert (warehouse.run.as_of, warehouse.run.through_seq) == (None, 0)

    def test_is_in_the_zone_of_the_newest_import(self, warehouse, take_in, record):
        take_in([record(1, _import("Europe/London")), record(2, _import("Asia/Shanghai"))])
        with warehouse:
            assert warehouse.run.timezone == "Asia/Shanghai"

    def test_is_in_the_zone_of_the_setting_whatever_was_imported(self, settings, take_in, record):
        take_in([record(1, _import("Europe/London"))])
        with Warehouse(settings.warehouse, settings.lake_dir, "Asia/Tokyo") as warehouse:
            assert warehouse.run.timezone == "Asia/Tokyo"

    def test_is_in_utc_where_nobody_said_otherwise(self, warehouse):
        with warehouse:
            assert warehouse.run.timezone == "UTC"

    def test_follows_a_changed_setting(self, settings, take_in, log):
        take_in(log)
        with Warehouse(settings.warehouse, settings.lake_dir, "Asia/Tokyo"):
            pass
        with Warehouse(settings.warehouse, settings.lake_dir, "America/New_York") as warehouse:
            assert warehouse.run.timezone == "America/New_York"

    def test_names_an_unknown_zone_and_the_way_out(self, warehouse, take_in, record):
        take_in([record(1, _import("Atlantis/Port"))])
        with (
            pytest.raises(UnknownTimezone, match=r"'Atlantis/Port'.*set RETOUR_TIMEZONE"),
            warehouse,
        ):
            pytest.fail("there is no such zone")


class TestNewEvents:
    @pytest.fixture(autouse=True)
    def each_batch_is_a_segment(self, monkeypatch):
        monkeypatch.setattr(segments, "SMALL_ROWS", 1)

    def test_are_read_from_their_own_files(self, settings, warehouse, take_in, short_log):
        take_in(short_log[:6])
        take_in(short_log)
        manifest = Manifest.load(settings.lake_dir)
        older, newer = (
            manifest.files("return_requested")[:1],
            manifest.files("return_requested")[1:],
        )
        sql = events_after(manifest, "lake.return_requested", 6)
        assert str(older[0]) not in sql
        assert all(str(path) in sql for path in newer)
        with warehouse:
            seqs = warehouse.query(f"select seq from ({sql})")["seq"].to_list()
        assert seqs == [e.seq for e in short_log if e.seq > 6 and e.type == "return.requested"]

    def test_that_are_none_give_no_row_of_the_same_columns(self, settings, warehouse, take_in, log):
        take_in(log)
        sql = events_after(Manifest.load(settings.lake_dir), "lake.return_requested", len(log))
        with warehouse:
            none = warehouse.query(sql)
            assert none.columns == list(warehouse.columns("lake.return_requested"))
            assert none.is_empty()

    def test_move_the_moment_on_but_never_back(self, warehouse, take_in, record, log):
        take_in(log[:9])
        with warehouse:
            before = warehouse.run.as_of
            late = record(
                10, e.ReturnClosed(rma="R9"), time_us=to_us(datetime(2023, 1, 1, tzinfo=UTC))
            )
            take_in([*log[:9], late])
            assert warehouse.attach_lake().as_of == before
            take_in([*log[:9], late, record(11, e.ReturnClosed(rma="R8"))])
            assert warehouse.attach_lake().as_of == datetime(2024, 3, 1, 12, 0, 11, tzinfo=UTC)

    def test_of_a_lake_made_anew_set_the_moment_anew(self, settings, warehouse, take_in, log):
        take_in(log)
        with warehouse:
            (settings.lake_dir / "manifest.json").unlink()
            take_in(log[:5])
            assert warehouse.attach_lake().as_of == datetime(2024, 3, 1, 12, 0, 5, tzinfo=UTC)


class TestZoneOffsets:
    def test_give_local_days_with_daylight_saving(self, settings, take_in, record):
        moments = [
            datetime(2024, 3, 30, 23, 30, tzinfo=UTC),
            datetime(2024, 3, 31, 23, 30, tzinfo=UTC),
        ]
        take_in(
            [
                replace(record(seq, e.ReturnClosed(rma="R1")), time_us=to_us(moment))
                for seq, moment in enumerate(moments, 1)
            ]
        )
        with Warehouse(settings.warehouse, settings.lake_dir, "Europe/London") as warehouse:
            days = warehouse.query(
                "select cast(c.time + z.offset_seconds * interval '1 second' as date) as day "
                "from lake.return_closed as c join meta.zone_offsets as z "
                "on c.time >= z.starts_at and c.time < z.ends_at order by c.seq"
            )["day"].to_list()
        assert days == [moments[0].date(), moments[1].date() + timedelta(days=1)]


class TestViews:
    def test_show_every_table_even_without_an_event(self, warehouse):
        with warehouse:
            columns = warehouse.columns("lake.sku_flagged")
            assert columns["time"] == "TIMESTAMP"
            assert columns["lift"] == "DOUBLE"
            assert (
                warehouse.query("select count(*) from lake.import_completed_set_aside").item() == 0
            )

    def test_show_lists_as_tables_of_their_own(self, warehouse, take_in, log):
        take_in(log)
        with warehouse:
            rows = warehouse.query(
                "select sku, quantity from lake.order_placed_lines where seq = 2"
            )
        assert sorted(rows.rows()) == [("71053", 1), ("85123A", 6)]

    def test_follow_the_lake_within_a_run(self, warehouse, take_in, log):
        with warehouse:
            take_in(log)
            warehouse.attach_lake()
            assert warehouse.query("select count(*) from lake.order_placed").item() == 3

    def test_show_what_files_of_an_older_version_do_not_have_as_null(
        self, warehouse, take_in, log, monkeypatch
    ):
        take_in(log)
        newer = {
            name: {**columns, "told_since": "BIGINT"} for name, columns in payload_tables().items()
        }
        with monkeypatch.context() as upgraded:
            upgraded.setattr(lake_views, "payload_tables", lambda: newer)
            with warehouse:
                rows = warehouse.query("select order_id, told_since from lake.order_placed").rows()
                assert len(rows) == 3
                assert {since for _, since in rows} == {None}

    def test_follow_files_that_were_written_anew_under_the_same_names(self, take_in, log, settings):
        take_in(log)
        manifest = Manifest.load(settings.lake_dir)
        fewer = {**manifest.schemas["order_placed"]}
        fewer.pop("country")
        older = manifest.model_copy(update={"schemas": {**manifest.schemas, "order_placed": fewer}})

        assert view_digests(older)["order_placed"] != view_digests(manifest)["order_placed"]
        assert view_digests(older)["order_delivered"] == view_digests(manifest)["order_delivered"]


def _import(timezone: str) -> e.ImportCompleted:
    return e.ImportCompleted(
        importer="history",
        timezone=timezone,
        content_sha256="0" * 64,
        rows_read=0,
        rows_sold=0,
        rows_returned=0,
        units_sold=0,
        units_returned=0,
        units_matched=0,
        set_aside=[],
    )
