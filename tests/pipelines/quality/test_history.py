from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake.manifest import LakeUnwritable
from pipelines.quality.doors import Found, Verdict
from pipelines.quality.history import KEPT, NAME, SCHEMA, History, thinned
from pipelines.quality.results import ExpectationResult
from pipelines.quality.rules import Rule, at_least

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULE = at_least("marts.volume_daily", "orders")
OTHER = at_least("intermediate.refunds", "amount_minor", severity="warning")


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "quality")


def verdict(failing_rows: int = 0, rule: Rule = RULE, *, is_new: bool = True) -> Verdict:
    sample = "day=2026-03-01" if failing_rows else ""
    return Verdict(rule, Found(7, failing_rows, sample, f"print {failing_rows}"), is_new)


def told(history: History) -> list[tuple[str, int]]:
    """Each kept result's run and failing rows, in order."""
    return history.load().select("run_id", "failing_rows").rows()


class TestHistory:
    def test_before_the_first_run_there_is_nothing(self, history: History) -> None:
        assert history.load().is_empty()
        assert history.load().schema == SCHEMA
        assert history.standing() == {}

    def test_a_verdict_is_kept_with_all_that_is_known_of_it(self, history: History) -> None:
        history.add_verdicts([verdict(2)], "run", NOON)
        assert history.load().row(0, named=True) == {
            "run_id": "run",
            "checked_at": NOON.replace(tzinfo=None),
            "door": "marts",
            "table_name": "marts.volume_daily",
            "expectation": "orders_at_least_0",
            "passed": False,
            "failing_rows": 2,
            "column_name": "orders",
            "severity": "blocking",
            "rows": 7,
            "sample": "day=2026-03-01",
            "description": "orders must be at least 0",
            "fingerprint": "print 2",
        }

    def test_what_the_lakes_door_found_is_kept_with_its_events(self, history: History) -> None:
        found = ExpectationResult("refund_settled", "means", "not_null", "…", 9, 2, (4, 8))
        history.add_batch([found], "run", NOON)
        row = history.load().row(0, named=True)
        assert (row["door"], row["severity"], row["sample"]) == ("batch", "warning", "seq=4, seq=8")
        assert (row["passed"], row["failing_rows"], row["rows"]) == (False, 2, 9)

    def test_the_newest_verdict_stands(self, history: History) -> None:
        history.add_verdicts([verdict(2), verdict(0, OTHER)], "first", NOON)
        history.add_verdicts([verdict(3)], "second", NOON + timedelta(minutes=1))
        assert history.standing() == {
            (RULE.relation, RULE.name): verdict(3).found,
            (OTHER.relation, OTHER.name): verdict(0).found,
        }

    def test_a_run_that_judged_nothing_anew_leaves_no_trace(self, history: History) -> None:
        history.add_verdicts([verdict()], "first", NOON)
        history.add_verdicts([verdict(is_new=False)], "second", NOON + timedelta(minutes=1))
        history.add_batch([], "second", NOON + timedelta(minutes=1))
        assert told(history) == [("first", 0)]

    def test_a_run_that_judges_a_door_and_then_all_of_them_tells_each_check_once(
        self, history: History
    ) -> None:
        history.add_verdicts([verdict(0, OTHER)], "run", NOON)
        again = [verdict(1, OTHER, is_new=False), verdict(2)]
        history.add_verdicts(again, "run", NOON + timedelta(minutes=1))

        assert sorted(told(history)) == [("run", 1), ("run", 2)]

    def test_a_file_that_cannot_be_read_is_set_aside(
        self, history: History, tmp_path: Path
    ) -> None:
        (tmp_path / "quality").mkdir()
        (tmp_path / "quality" / NAME).write_bytes(b"not Parquet")
        history.add_verdicts([verdict()], "run", NOON)
        assert told(history) == [("run", 0)]
        assert (tmp_path / "quality" / "results.damaged").read_bytes() == b"not Parquet"

    def test_a_folder_that_cannot_be_written_is_named(
        self, history: History, tmp_path: Path
    ) -> None:
        (tmp_path / "quality").write_text("a file where the folder should be")
        with pytest.raises(LakeUnwritable, match=r"cannot write .*quality.*free space"):
            history.add_verdicts([verdict()], "run", NOON)


class TestThinned:
    def test_between_days_ends_only_what_changed_is_kept(self, history: History) -> None:
        for minute, failing in enumerate((0, 0, 0, 4, 4, 0, 0, 0)):
            history.add_verdicts([verdict(failing)], f"{minute}", NOON + timedelta(minutes=minute))
        assert told(history) == [("0", 0), ("3", 4), ("5", 0), ("7", 0)]

    def test_each_day_keeps_its_last_result(self, history: History) -> None:
        for hour in (0, 1, 13, 14, 38):
            history.add_verdicts([verdict()], f"{hour}", NOON + timedelta(hours=hour))
        assert [run for run, _ in told(history)] == ["0", "1", "14", "38"]

    def test_the_newest_run_is_whole(self, history: History) -> None:
        history.add_verdicts([verdict(), verdict(0, OTHER)], "first", NOON)
        history.add_verdicts([verdict(), verdict(0, OTHER)], "second", NOON + timedelta(hours=1))
        newest = history.load().filter(run_id="second")
        assert newest["table_name"].to_list() == [RULE.relation, OTHER.relation]

    def test_after_ninety_days_results_are_forgotten(self, history: History) -> None:
        history.add_verdicts([verdict(1)], "old", NOON)
        history.add_verdicts([verdict(2)], "late", NOON + timedelta(days=1))
        history.add_verdicts([verdict(3)], "now", NOON + KEPT + timedelta(hours=1))
        assert told(history) == [("late", 2), ("now", 3)]

    @given(
        st.lists(
            st.tuples(st.integers(0, 40), st.sampled_from("ab"), st.integers(0, 2)), max_size=40
        )
    )
    def test_no_change_is_ever_lost(self, runs: list[tuple[int, str, int]]) -> None:
        """Thinned run by run, the history still says at every hour what each check found last."""
        hours: dict[str, list[tuple[int, int]]] = {"a": [], "b": []}
        kept, hour = SCHEMA.to_frame(), 0
        for later, check, failing in runs:
            hour += later + 1
            hours[check].append((hour, failing))
            kept = thinned(pl.concat([kept, one(check, hour, failing)]), datetime(1970, 1, 1))  # noqa: DTZ001  # as kept
        for check, found in hours.items():
            rows = kept.filter(table_name=check).select("checked_at", "failing_rows").rows()
            assert changes(rows) == changes([(moment(hour), n) for hour, n in found])
            days = {moment(hour).date(): n for hour, n in found}
            assert {at.date(): n for at, n in rows} == days


def moment(hour: int) -> datetime:
    return NOON.replace(tzinfo=None) + timedelta(hours=hour)


def one(check: str, hour: int, failing: int) -> pl.DataFrame:
    """One result."""
    empty = dict.fromkeys(SCHEMA)
    said = {"door": "marts", "table_name": check, "failing_rows": failing}
    return pl.DataFrame([{**empty, **said, "checked_at": moment(hour)}], schema=SCHEMA)


def changes(found: list[tuple[datetime, int]]) -> list[tuple[date, int]]:
    """When a check's number of failing rows became another."""
    before = [None, *(failing for _, failing in found)]
    return [each for each, earlier in zip(found, before, strict=False) if each[1] != earlier]
