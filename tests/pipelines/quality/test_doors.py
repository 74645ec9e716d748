"""The doors on a warehouse of one small table: what is judged, what keeps its verdict, what is shown."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines.quality import doors
from pipelines.quality.doors import (
    Found,
    NotJudged,
    RuleKey,
    Verdict,
    failing_rows,
    failing_rows_sql,
    judge,
)
from pipelines.quality.gate import PublicationStopped, let_pass
from pipelines.quality.rules import (
    Rule,
    adds_up,
    at_least,
    in_order,
    is_share,
    never,
    one_of,
    refers_to,
)
from pipelines.warehouse.models import SqlModel, load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings

_FILE = """/*
description: What a test needs.
grain: a row
owner: operations
refresh: full
key: [{key}]
columns:
{columns}
*/
{select}
"""
TABLE = "marts.sales"

Sales = list[tuple[int | None, int]]
Build = Callable[..., list[SqlModel]]


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    with Warehouse.of(settings) as opened:
        yield opened


@pytest.fixture
def build(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Builds `marts.sales` (day, units) of these rows and `marts.days` of 1 to 9, with these rules."""

    def built(rows: Sales, *rules: Rule) -> list[SqlModel]:
        monkeypatch.setattr(doors, "DECLARED", rules)
        folder = tmp_path / "sql" / "marts"
        folder.mkdir(parents=True, exist_ok=True)
        values = ", ".join(f"({'null' if day is None else day}, {units})" for day, units in rows)
        select = (
            f"select cast(v.day as bigint) as day, v.units from (values {values}) as v (day, units)"
        )
        (folder / "sales.sql").write_text(
            _FILE.format(key="day", columns="  day: a day\n  units: a number", select=select)
        )
        days = "select cast(n as bigint) as day from generate_series(1, 9) as series (n)"
        (folder / "days.sql").write_text(_FILE.format(key="", columns="  day: a day", select=days))
        models = load_models(tmp_path / "sql")
        for model in models:
            warehouse.build(model)
        return models

    return built


def failing(verdicts: tuple[Verdict, ...]) -> dict[str, int]:
    return {each.rule.name: each.found.failing_rows for each in verdicts if not each.passed}


def standing(verdicts: tuple[Verdict, ...]) -> dict[RuleKey, Found]:
    return {(each.rule.relation, each.rule.name): each.found for each in verdicts}


class TestRules:
    @pytest.mark.parametrize(
        ("rule", "units", "fails"),
        [
            (at_least(TABLE, "units"), 0, False),
            (at_least(TABLE, "units"), -1, True),
            (at_least(TABLE, "units", 2), 1, True),
            (is_share(TABLE, "units"), 1, False),
            (is_share(TABLE, "units"), 2, True),
            (is_share(TABLE, "units"), -1, True),
            (one_of(TABLE, "units", ("3", "4")), 3, False),
            (one_of(TABLE, "units", ("3", "4")), 5, True),
            (in_order(TABLE, "day", "units"), 1, False),
            (in_order(TABLE, "day", "units"), 0, True),
            (never(TABLE, "no_seven", "no seven", "units = 7"), 6, False),
            (never(TABLE, "no_seven", "no seven", "units = 7"), 7, True),
            (refers_to(TABLE, "units", "marts.days", their="day"), 9, False),
            (refers_to(TABLE, "units", "marts.days", their="day"), 10, True),
            (adds_up(TABLE, "sum", "sums to 5", f"select sum(units) as n from {TABLE} having sum(units) <> 5"), 5, False),
            (adds_up(TABLE, "sum", "sums to 5", f"select sum(units) as n from {TABLE} having sum(units) <> 5"), 4, True),
        ],
    )  # fmt: skip
    def test_a_rule_holds_or_is_broken(
        self, warehouse: Warehouse, build: Build, rule: Rule, units: int, fails: bool
    ) -> None:
        verdicts = judge(warehouse, build([(1, units)], rule), {})
        assert failing(verdicts) == ({rule.name: 1} if fails else {})

    def test_a_later_moment_is_held_against_each_before_it(self) -> None:
        rule = in_order(TABLE, "a", "b", "c")
        assert rule.fails == "b < a or c < a or c < b"

    def test_the_key_must_be_whole_and_tell_rows_apart(
        self, warehouse: Warehouse, build: Build
    ) -> None:
        verdicts = judge(warehouse, build([(1, 0), (1, 5), (None, 0), (2, 0)]), {})
        assert failing(verdicts) == {"key_is_whole": 1, "key_is_unique": 1}


class TestVerdicts:
    def test_rows_are_counted_and_the_failing_ones_named_by_their_key(
        self, warehouse: Warehouse, build: Build
    ) -> None:
        rows: Sales = [(day, -1 if day % 2 else 1) for day in range(1, 61)]
        rule = at_least(TABLE, "units")
        found = standing(judge(warehouse, build(rows, rule), {}))[TABLE, rule.name]
        assert (found.rows, found.failing_rows) == (60, 30)
        assert found.sample == "; ".join(f"day={day}" for day in range(1, 40, 2))

    def test_every_failing_row_can_be_seen(self, warehouse: Warehouse, build: Build) -> None:
        rule = at_least(TABLE, "units")
        build([(1, -1), (2, 0), (3, -5)], rule)
        assert failing_rows(warehouse, rule).rows() == [(1, -1), (3, -5)]
        assert warehouse.query(failing_rows_sql(rule)).height == 2

    def test_what_did_not_change_keeps_its_verdict_and_asks_nobody(
        self, warehouse: Warehouse, build: Build, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rule = at_least(TABLE, "units")
        first = judge(warehouse, build([(1, -1)], rule), {})
        monkeypatch.setattr(
            doors, "_expect_none", lambda tally: pytest.fail(f"asked {tally}") if tally else None
        )
        monkeypatch.setattr(doors, "_tally", lambda *_: pytest.fail("counted again"))
        again = judge(warehouse, build([(1, -1)], rule), standing(first))
        assert [each.found for each in again] == [each.found for each in first]
        assert {each.is_new for each in again} == {False}

    def test_other_rows_are_judged_again(self, warehouse: Warehouse, build: Build) -> None:
        rule = at_least(TABLE, "units")
        first = judge(warehouse, build([(1, -1)], rule), {})
        again = judge(warehouse, build([(1, 1)], rule), standing(first))
        assert failing(again) == {}
        assert {each.is_new for each in again} == {True}

    def test_another_bound_is_judged_again(self, warehouse: Warehouse, build: Build) -> None:
        strict = at_least(TABLE, "units", 5)
        lax = Rule(TABLE, strict.name, strict.says, fails="units < 0")
        first = judge(warehouse, build([(1, 1)], lax), {})
        again = judge(warehouse, build([(1, 1)], strict), standing(first))
        assert failing(again) == {strict.name: 1}

    def test_a_rule_on_two_tables_is_judged_again_when_the_other_changes(
        self, warehouse: Warehouse, build: Build
    ) -> None:
        rule = refers_to("marts.days", "day", TABLE)
        first = judge(warehouse, build([(day, 0) for day in range(1, 10)], rule), {})
        assert failing(first) == {}
        again = judge(warehouse, build([(day, 0) for day in range(1, 9)], rule), standing(first))
        assert failing(again) == {rule.name: 1}

    def test_great_expectations_must_agree_with_the_count(
        self, warehouse: Warehouse, build: Build, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rule = at_least(TABLE, "units")
        models = build([(1, -1)], rule)
        monkeypatch.setattr("pipelines.quality.great.evaluate", _satisfied)
        with pytest.raises(NotJudged, match=r"cannot evaluate marts\.sales\.units_at_least_0"):
            judge(warehouse, models, {})


def _satisfied(asked: list[object], *_: object) -> list[SimpleNamespace]:
    """A judge who has seen nothing."""
    return [SimpleNamespace(success=True, exception_info={}) for _ in asked]


class TestGate:
    def test_it_lets_pass_what_breaks_no_rule_or_only_warnings(
        self, warehouse: Warehouse, build: Build
    ) -> None:
        lenient = at_least(TABLE, "units", severity="warning")
        let_pass(judge(warehouse, build([(1, -1)], lenient), {}))

    def test_it_stops_what_breaks_a_blocking_rule_and_says_which(
        self, warehouse: Warehouse, build: Build
    ) -> None:
        verdicts = judge(warehouse, build([(1, -1), (2, -1)], at_least(TABLE, "units")), {})
        with pytest.raises(
            PublicationStopped,
            match=r"nothing is published, for marts\.sales breaks a rule in 2 rows: units must be at "
            r"least 0\. What was published before stands.*run `retour refresh`",
        ):
            let_pass(verdicts)

    def test_it_names_a_few_and_counts_the_rest(self, warehouse: Warehouse, build: Build) -> None:
        rules = [never(TABLE, f"rule_{n}", f"saying {n}", "true") for n in range(7)]
        with pytest.raises(PublicationStopped, match=r"saying 4; and 2 more\."):
            let_pass(judge(warehouse, build([(1, 1)], *rules), {}))
