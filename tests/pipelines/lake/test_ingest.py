import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from payloads import EVERY_PAYLOAD

from pipelines.lake import ingest, segments
from pipelines.lake.decode import decode
from pipelines.lake.tables import payload_tables, tables
from pipelines.quality import suites
from pipelines.quality.results import BatchQuality, Frames
from service.domain.events import PAYLOADS, Payload, ProductUpserted, RecordedEvent

Record = Callable[..., RecordedEvent]
Log = Sequence[RecordedEvent]
Lake = Any

TYPES, EVENTS = len(EVERY_PAYLOAD), 3 * len(EVERY_PAYLOAD)
ORDERS = [2 + start for start in range(0, EVENTS, TYPES)]


def everything_but(*seqs: int) -> Callable[[Frames], BatchQuality]:
    """A check that some events fail."""

    def check(frames: Frames) -> BatchQuality:
        here = {seq for frame in frames.values() for seq in frame["seq"]}
        return BatchQuality(failures={seq: ("x must be y", "and z") for seq in seqs if seq in here})

    return check


class TestDraining:
    def test_every_event_arrives_once_in_the_order_of_the_log(self, lake: Lake, log: Log) -> None:
        report = lake.drain(log)
        assert lake.rows() == {
            name: decode(log, 0).frames[name].to_dicts() for name in payload_tables()
        }
        assert (report.events, report.through_seq) == (EVENTS, EVENTS)
        assert report.rows["order_placed_lines"] == 6
        assert (dict(report.quarantined), report.quarantined_in_all) == ({}, 0)

    def test_files_have_the_columns_and_types_that_are_promised(self, lake: Lake, log: Log) -> None:
        lake.drain(log)
        for name, columns in payload_tables().items():
            for file in lake.manifest.files(name):
                found = duckdb.execute("describe from read_parquet(?)", [str(file)]).fetchall()
                assert {row[0]: row[1] for row in found} == columns
        assert lake.manifest.schemas == payload_tables()

    def test_what_is_there_already_is_not_read_again(self, lake: Lake, log: Log) -> None:
        lake.drain(log[:20])
        report = lake.drain(log)
        assert (report.events, report.through_seq) == (EVENTS - 20, EVENTS)

    def test_a_drain_with_nothing_new_writes_nothing(self, lake: Lake, log: Log) -> None:
        lake.drain(log)
        before = lake.manifest_path.stat()
        report = lake.drain(log)
        assert lake.manifest_path.stat() == before
        assert (report.events, report.through_seq, report.rows) == (0, EVENTS, {})

    def test_an_empty_log_makes_no_lake(self, lake: Lake) -> None:
        assert lake.drain([]).through_seq == 0
        assert not lake.lake_dir.exists()
        assert lake.manifest.through_seq == 0

    def test_progress_is_told_after_every_commit(self, lake: Lake, log: Log) -> None:
        told: list[tuple[int, int]] = []
        lake.drain(
            log,
            batch_size=TYPES,
            progress=lambda seq: told.append((seq, lake.manifest.through_seq)),
        )
        assert told == [(TYPES, TYPES), (2 * TYPES, 2 * TYPES), (EVENTS, EVENTS)]

    def test_a_batch_is_bounded_in_text_too(
        self, lake: Lake, log: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ingest, "BATCH_CHARACTERS", 1)
        monkeypatch.setattr(ingest, "_READ_SIZE", TYPES + 1)
        told: list[int] = []
        lake.drain(log, progress=told.append)
        assert told == [TYPES + 1, 2 * TYPES + 2, EVENTS]

    def test_a_read_may_give_fewer_events_than_asked_for(self, lake: Lake, log: Log) -> None:
        lake.drain([event for event in log if event.seq <= 7], batch_size=1)
        assert lake.drain(log, batch_size=1000).through_seq == EVENTS


class TestSameLogSameLake:
    @given(
        cuts=st.lists(st.tuples(st.integers(1, 39), st.integers(1, 12)), max_size=6),
        batch_size=st.integers(1, 40),
        small=st.integers(0, 5),
    )
    @hypothesis_settings(
        max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    def test_however_it_was_cut_into_runs_and_batches(
        self,
        cuts: list[tuple[int, int]],
        batch_size: int,
        small: int,
        mixed_log: Log,
        lake_in: Callable[[Path], Lake],
        tmp_path_factory: pytest.TempPathFactory,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(segments, "SMALL_ROWS", small)
        check = everything_but(7, 12, 30)
        whole = lake_in(tmp_path_factory.mktemp("whole"))
        whole.drain(mixed_log, check_batch=check)
        parts = lake_in(tmp_path_factory.mktemp("parts"))
        for head, size in sorted(cuts):
            known = [event for event in mixed_log if event.seq <= head]
            parts.drain(known, batch_size=size, check_batch=check)
        parts.drain(mixed_log, batch_size=batch_size, check_batch=check)
        assert parts.content() == whole.content()
        parts.drain(mixed_log, check_batch=check)
        assert parts.files() == parts.listed()

    def test_when_the_lake_is_deleted_and_made_again(self, lake: Lake, mixed_log: Log) -> None:
        lake.drain(mixed_log)
        before = lake.content()
        shutil.rmtree(lake.lake_dir)
        lake.drain(mixed_log, batch_size=4)
        assert lake.content() == before

    def test_when_lake_and_quarantine_are_deleted(self, lake: Lake, mixed_log: Log) -> None:
        lake.drain(mixed_log)
        before = lake.content()
        shutil.rmtree(lake.lake_dir)
        shutil.rmtree(lake.quarantine_dir)
        lake.drain(mixed_log)
        assert lake.content() == before


class TestQuarantine:
    def test_all_of_an_event_that_fails_a_check_stays_out(self, lake: Lake, log: Log) -> None:
        report = lake.drain(log, check_batch=everything_but(2))
        (bad,) = lake.quarantined
        assert (bad.seq, bad.kind, bad.type) == (2, "failed_check", "order.placed")
        assert bad.reason == "x must be y; and z"
        assert [row["seq"] for row in lake.rows()["order_placed"]] == ORDERS[1:]
        assert [row["seq"] for row in lake.rows()["order_placed_lines"]] == [
            seq for seq in ORDERS[1:] for _ in range(2)
        ]
        assert (dict(report.quarantined), report.rows["order_placed"]) == ({"failed_check": 1}, 2)

    def test_it_says_who_and_why_in_the_order_of_the_log(self, lake: Lake, mixed_log: Log) -> None:
        report = lake.drain(mixed_log, batch_size=9, check_batch=everything_but(3))
        assert [(bad.seq, bad.kind) for bad in lake.quarantined] == [
            (3, "failed_check"),
            (5, "unknown_type"),
            (15, "unknown_version"),
            (20, "missing"),
            (25, "invalid_payload"),
            (35, "malformed_envelope"),
        ]
        assert report.quarantined_in_all == 6
        assert lake.quarantined[1].subject == "subject-5"

    def test_it_is_counted_on_later_runs_too(self, lake: Lake, mixed_log: Log) -> None:
        lake.drain(mixed_log)
        report = lake.drain(mixed_log)
        assert (dict(report.quarantined), report.quarantined_in_all) == ({}, 5)

    def test_a_batch_of_which_nothing_is_good_moves_on(self, lake: Lake, record: Record) -> None:
        bad = record(1, ProductUpserted(sku="A", title="t"), data="{")
        good = record(2, ProductUpserted(sku="A", title="t"))
        lake.drain([bad, good], batch_size=1)
        assert [row["seq"] for row in lake.rows()["product_upserted"]] == [2]

    def test_a_subject_with_line_separators_stays_one_entry(
        self, lake: Lake, record: Record
    ) -> None:
        odd = "a\u2028b\x85c\rd\ne"
        lake.drain([record(1, ProductUpserted(sku="A", title="t"), data="{", subject=odd)])
        assert [bad.subject for bad in lake.quarantined] == [odd]

    def test_bytes_in_an_envelope_are_shown_and_do_not_stop_the_lake(
        self, lake: Lake, record: Record
    ) -> None:
        event = record(1, ProductUpserted(sku="A", title="t"), id=b"\xff", subject=b"x")
        lake.drain([event])
        lake.drain([event, record(2, ProductUpserted(sku="A", title="t"))])
        assert [bad.seq for bad in lake.quarantined] == [1]
        assert lake.manifest.through_seq == 2


class TestSegments:
    def test_small_ones_are_joined_with_their_successor(self, lake: Lake, short_log: Log) -> None:
        for head in range(1, len(short_log) + 1):
            lake.drain(short_log[:head])
        assert len(lake.manifest.files("order_placed_lines")) == 1
        assert all(len(lake.manifest.files(name)) <= 1 for name in tables())
        lake.drain(short_log)
        assert lake.files() == lake.listed()

    def test_large_ones_are_left_alone(
        self, lake: Lake, log: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(segments, "SMALL_ROWS", 2)
        lake.drain(log, batch_size=TYPES)
        assert [pl.read_parquet(file).height for file in lake.manifest.files("order_placed")] == [
            2,
            1,
        ]
        assert [pl.read_parquet(f).height for f in lake.manifest.files("order_placed_lines")] == [
            2,
            2,
            2,
        ]

    def test_one_that_was_replaced_stays_for_its_readers_until_the_next_run(
        self, lake: Lake, log: Log
    ) -> None:
        lake.drain(log[:20])
        before = lake.manifest.files("order_placed")
        lake.drain(log)
        assert lake.manifest.files("order_placed") != before
        assert all(file.exists() for file in before)
        lake.drain(log)
        assert not any(file.exists() for file in before)

    def test_files_that_nobody_lists_are_removed_and_others_never(
        self, lake: Lake, log: Log
    ) -> None:
        lake.drain(log)
        left_over = lake.lake_dir / "order/order.placed/lines/000000000900-000000000950.parquet"
        drafts = [
            left_over.with_suffix(".parquet.draft"),
            lake.lake_dir / "manifest.json.draft",
            lake.quarantine_dir / "000000000900-000000000950.jsonl",
        ]
        somebodys = [lake.lake_dir / "notes.txt", lake.lake_dir / "order/mine.parquet"]
        lake.quarantine_dir.mkdir()
        for path in (left_over, *drafts, *somebodys):
            path.write_text("x")
        lake.drain(log)
        assert not any(path.exists() for path in (left_over, *drafts))
        assert all(path.exists() for path in somebodys)


class Teleported(Payload):
    """An event type that only a newer Retour knows."""

    type: ClassVar[str] = "return.teleported"
    family: ClassVar[str] = "return"

    sku: str


class TestUpgrade:
    @pytest.fixture
    def upgraded(self) -> Iterator[Callable[[type[Payload]], None]]:
        """Teaches this Retour another payload model."""
        before = dict(PAYLOADS)

        def forget() -> None:
            tables.cache_clear()
            suites.suite.cache_clear()

        def learn(model: type[Payload]) -> None:
            PAYLOADS[model.type] = model
            forget()

        yield learn
        PAYLOADS.clear()
        PAYLOADS.update(before)
        forget()

    def test_an_event_of_an_unknown_type_arrives_once_its_type_is_known(
        self,
        lake: Lake,
        log: Log,
        record: Record,
        upgraded: Callable[[type[Payload]], None],
    ) -> None:
        newer = [*log, record(EVENTS + 1, Teleported(sku="A"))]
        lake.drain(newer, batch_size=TYPES)
        assert [bad.kind for bad in lake.quarantined] == ["unknown_type"]
        upgraded(Teleported)
        report = lake.drain(newer)
        assert report.was_made_anew
        assert lake.quarantined == []
        assert [row["sku"] for row in lake.rows()["return_teleported"]] == ["A"]
        assert len(lake.rows()["order_placed"]) == 3
        assert lake.files() == lake.listed()

    def test_an_event_of_a_newer_version_arrives_once_that_is_known(
        self,
        lake: Lake,
        log: Log,
        upgraded: Callable[[type[Payload]], None],
    ) -> None:
        class WithColour(ProductUpserted):
            schema_version: ClassVar[int] = 2
            colour: str | None = None

        newer = replace(
            log[0],
            seq=EVENTS + 1,
            id="v2",
            schema_version=2,
            data='{"sku": "A", "title": "t", "colour": "red"}',
        )
        lake.drain([*log, newer])
        assert [bad.kind for bad in lake.quarantined] == ["unknown_version"]
        upgraded(WithColour)
        lake.drain([*log, newer])
        assert lake.quarantined == []
        assert [row["colour"] for row in lake.rows()["product_upserted"]] == [
            None,
            None,
            None,
            "red",
        ]

    def test_the_same_definitions_make_nothing_anew(self, lake: Lake, log: Log) -> None:
        lake.drain(log[:20])
        assert not lake.drain(log).was_made_anew

    def test_a_changed_expectation_judges_every_event_again(
        self, lake: Lake, log: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lake.drain(log)
        monkeypatch.setattr(suites, "fingerprint", lambda: "stricter")
        report = lake.drain(log, check_batch=everything_but(1))
        assert (report.was_made_anew, report.events) == (True, EVENTS)
        assert [bad.seq for bad in lake.quarantined] == [1]
