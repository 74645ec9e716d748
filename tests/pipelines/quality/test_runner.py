import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from payloads import EVERY_PAYLOAD

from pipelines.lake.decode import decode
from pipelines.quality import runner
from pipelines.quality.great import great_expectations
from pipelines.quality.results import BatchQuality, ExpectationResult, merge_results
from pipelines.quality.runner import CheckFailed, check_batch
from pipelines.quality.suites import EVENTS, Expectation, suite
from service.domain.events import (
    ImportCompleted,
    RecordedEvent,
    RefundSettled,
    SetAside,
    SkuFlagged,
)

Log = Sequence[RecordedEvent]
Record = Callable[..., RecordedEvent]
Frames = Mapping[str, pl.DataFrame]

DAY_US = 86_400_000_000


@pytest.fixture
def frames(log: Log) -> dict[str, pl.DataFrame]:
    return dict(decode(log, 0).frames)


def spoilt(frame: pl.DataFrame, seq: int, **values: Any) -> pl.DataFrame:
    """A frame with other values in the rows of one event, as a faulty decoder might leave it."""
    return frame.with_columns(
        pl.when(pl.col("seq") == seq)
        .then(pl.lit(value, frame.schema[name]))
        .otherwise(name)
        .alias(name)
        for name, value in values.items()
    )


def failing(quality: BatchQuality) -> list[tuple[str, str, str, int, tuple[int, ...]]]:
    return [
        (each.table, each.column, each.expectation, each.failing_rows, each.failing_seqs)
        for each in quality.results
        if not each.passed
    ]


class TestGoodBatch:
    def test_every_expectation_is_judged_on_every_row_and_passes(
        self, frames: Frames, log: Log
    ) -> None:
        quality = check_batch(frames)
        assert quality.failures == {}
        assert all(each.passed for each in quality.results)
        judged = {each.table for each in quality.results}
        assert judged == {EVENTS, *(name for name, frame in frames.items() if not frame.is_empty())}
        assert {each.rows for each in quality.results if each.table == EVENTS} == {len(log)}
        lines = [each for each in quality.results if each.table == "order_placed_lines"]
        assert [each.description for each in lines] == [
            each.description for each in suite("order_placed_lines")
        ]

    def test_a_batch_of_nothing_passes(self) -> None:
        assert check_batch({}) == BatchQuality()

    def test_tables_without_rows_may_be_left_out(self, frames: Frames) -> None:
        quality = check_batch({"return_closed": frames["return_closed"]})
        assert {each.table for each in quality.results} == {EVENTS, "return_closed"}
        assert quality.failures == {}

    def test_it_writes_no_file_and_calls_nobody(
        self, frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("a check went to the network")

        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setattr(socket.socket, "connect", refuse)
        great_expectations.cache_clear()
        check_batch(frames)
        assert list(tmp_path.iterdir()) == []

    def test_it_prints_nothing(self, frames: Frames, capfd: pytest.CaptureFixture[str]) -> None:
        check_batch(frames)
        assert capfd.readouterr() == ("", "")


class TestBadRows:
    @pytest.mark.parametrize(
        ("table", "seq", "values", "column", "rule"),
        [
            ("order_placed_lines", 2, {"quantity": 0}, "quantity", "between"),
            ("order_placed_lines", 2, {"unit_price_minor": -1}, "unit_price_minor", "between"),
            ("order_placed_lines", 2, {"sku": None}, "sku", "not_null"),
            ("order_placed_lines", 2, {"line_no": 1}, "seq, line_no", "unique_together"),
            ("order_placed", 2, {"currency": "Gbp"}, "currency", "matches"),
            ("return_authorized", 5, {"score": 1.5}, "score", "between"),
            ("return_authorized", 5, {"inspection": "none"}, "inspection", "in_set"),
            ("line_inspected", 8, {"grade": "E"}, "grade", "in_set"),
        ],
    )
    def test_are_found_in_their_table_with_their_event(
        self,
        table: str,
        seq: int,
        values: dict[str, Any],
        column: str,
        rule: str,
        frames: dict[str, pl.DataFrame],
    ) -> None:
        bad = spoilt(frames[table], seq, **values)
        quality = check_batch({table: bad})
        ((found_table, found_column, found_rule, rows, seqs),) = failing(quality)
        assert (found_table, found_column, found_rule, seqs) == (table, column, rule, (seq,))
        assert rows == bad.filter(seq=seq).height
        assert list(quality.failures) == [seq]
        assert quality.failures[seq][0].startswith(f"{table}.{column} must")

    @pytest.mark.parametrize(
        ("values", "column", "rule"),
        [
            ({"origin": "elsewhere"}, "origin", "in_set"),
            ({"subject": None}, "subject", "not_null"),
            ({"id": f"00000000-0000-7000-8000-{10 + len(EVERY_PAYLOAD):012}"}, "id", "unique"),
        ],
    )
    def test_are_found_in_the_envelope_whatever_the_type(
        self, values: dict[str, Any], column: str, rule: str, frames: dict[str, pl.DataFrame]
    ) -> None:
        bad = spoilt(frames["return_closed"], 10, **values)
        quality = check_batch({"return_closed": bad})
        assert [each[:3] for each in failing(quality)] == [(EVENTS, column, rule)]
        assert 10 in quality.failures

    def test_an_event_that_fails_twice_is_told_both(self, frames: dict[str, pl.DataFrame]) -> None:
        bad = spoilt(frames["order_placed_lines"], 2, quantity=0, unit_price_minor=-1)
        assert len(check_batch({"order_placed_lines": bad}).failures[2]) == 2

    def test_a_position_that_does_not_increase_is_found(
        self, frames: dict[str, pl.DataFrame]
    ) -> None:
        bad = frames["return_closed"].with_columns(seq=pl.lit(1, pl.Int64))
        results = check_batch({"return_closed": bad}).results
        rules = {each.expectation for each in results if not each.passed}
        assert "increasing" in rules

    def test_every_failing_event_is_named_and_the_report_shows_the_first_twenty(
        self, record: Record
    ) -> None:
        refund = RefundSettled(rma="R", means=None, currency="GBP", amount_minor=1, lines=[])
        frames = dict(decode([record(seq, refund) for seq in range(1, 101)], 0).frames)
        frames["refund_settled"] = frames["refund_settled"].with_columns(amount_minor=pl.lit(-1))
        quality = check_batch(frames)
        assert sorted(quality.failures) == list(range(1, 101))
        ((_, _, _, rows, seqs),) = failing(quality)
        assert (rows, seqs) == (100, tuple(range(1, 21)))


class TestMeasures:
    def judged(self, events: Log) -> dict[int, tuple[str, ...]]:
        return dict(check_batch(decode(events, 0).frames).failures)

    def test_a_time_after_its_recording_is_wrong_beyond_a_day(
        self, log: Log, record: Record
    ) -> None:
        closed = next(each for each in log if each.type == "return.closed")

        def at(seq: int, ahead_us: int, **changes: Any) -> RecordedEvent:
            time_us = closed.recorded_at_us + ahead_us
            return replace(closed, seq=seq, id=str(seq), time_us=time_us, **changes)

        failed = self.judged(
            [
                at(1, DAY_US),
                at(2, DAY_US + 1),
                at(3, -900 * DAY_US),
                at(4, 900 * DAY_US, origin="import"),
                at(5, 900 * DAY_US, origin="simulated"),
            ]
        )
        assert sorted(failed) == [2, 5]

    def test_a_conclusion_may_carry_the_time_of_the_history_it_is_about(
        self, record: Record
    ) -> None:
        flag = SkuFlagged(
            sku="A",
            since="2024-01-01",
            lift=2,
            lift_low=1,
            lift_high=3,
            excess_units=1,
            detector_version="1",
        )
        assert self.judged([record(1, flag, recorded_at_us=0)]) == {}

    @pytest.mark.parametrize(("lift", "is_bad"), [(0.9, True), (1, False), (3, False), (3.1, True)])
    def test_a_flags_lift_lies_in_its_interval(
        self, lift: float, is_bad: bool, record: Record
    ) -> None:
        flag = SkuFlagged(
            sku="A",
            since="2024-01-01",
            lift=lift,
            lift_low=1,
            lift_high=3,
            excess_units=1,
            detector_version="1",
        )
        assert bool(self.judged([record(1, flag)])) == is_bad

    @pytest.mark.parametrize(
        ("amount", "lines", "is_bad"),
        [(5, [2, 3], False), (5, [2, 2], True), (5, [], False), (0, [0], False), (5, [6], True)],
    )
    def test_a_refunds_lines_sum_to_its_amount(
        self, amount: int, lines: list[int], is_bad: bool, record: Record
    ) -> None:
        refund = RefundSettled.model_validate(
            {
                "rma": "R",
                "means": None,
                "currency": "GBP",
                "amount_minor": amount,
                "lines": [{"line_no": n, "amount_minor": each} for n, each in enumerate(lines, 1)],
            }
        )
        assert bool(self.judged([record(1, refund)])) == is_bad

    @pytest.mark.parametrize(
        ("aside", "is_bad"), [([3, 2], False), ([3], True), ([], True), ([3, 3], True)]
    )
    def test_an_imports_rows_add_up(self, aside: list[int], is_bad: bool, record: Record) -> None:
        done = ImportCompleted(
            importer="x",
            timezone="UTC",
            content_sha256="0" * 64,
            rows_read=10,
            rows_sold=4,
            rows_returned=1,
            units_sold=4,
            units_returned=1,
            units_matched=1,
            set_aside=[SetAside(reason=str(n), rows=rows, units=0) for n, rows in enumerate(aside)],
        )
        assert bool(self.judged([record(1, done)])) == is_bad


class TestFaultsOfOurs:
    def test_an_expectation_that_cannot_be_evaluated_is_an_error_not_a_verdict(
        self, frames: Frames
    ) -> None:
        asked = Expectation("order_placed", "currency", "between", 1, 2)
        with pytest.raises(
            CheckFailed, match=r"cannot evaluate `order_placed\.currency must be at le"
        ):
            runner._evaluate([asked], frames["order_placed"].to_pandas())


class TestMergedResults:
    def test_batches_add_up_per_expectation(self) -> None:
        def result(table: str, failing_rows: int, *seqs: int) -> ExpectationResult:
            return ExpectationResult(table, "c", "not_null", "…", 10, failing_rows, seqs)

        merged = merge_results(
            (result("a", 0), result("b", 2, 1)), (result("b", 1, 5), result("c", 0))
        )
        assert [(each.table, each.rows, each.failing_rows) for each in merged] == [
            ("a", 10, 0),
            ("b", 20, 3),
            ("c", 10, 0),
        ]
        assert merged[1].failing_seqs == (1, 5)
        assert [each.passed for each in merged] == [True, False, True]
