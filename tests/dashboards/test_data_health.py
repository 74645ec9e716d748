import duckdb
import polars as pl
import pytest
from published_figures import data_quality, figures, health, pipeline_runs
from published_shop import PublishMarts, Visit

from dashboards.queries import data_health as queries

PAGE = "data_health"


class TestChecks:
    def test_only_the_newest_run_counts_and_failing_checks_come_first(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        rows = queries.checks(marts)

        assert rows["table_name"].to_list() == ["marts.return_lifecycle", "marts.sla_daily"]
        assert rows["run_id"].to_list() == ["run-1", "run-1"]
        assert rows["sample"].to_list() == ["R-1, R-2", ""]

    def test_of_those_that_fail_what_stops_a_publication_comes_first(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        failing = data_quality().with_columns(
            passed=pl.lit(value=False),
            severity=pl.when(pl.col("table_name") == "marts.sla_daily")
            .then(pl.lit("blocking"))
            .otherwise(pl.lit("warning")),
        )
        marts.register("data_quality", failing)

        assert queries.checks(marts)["severity"].to_list() == ["blocking", "warning"]

    def test_each_door_has_a_newest_run_of_its_own(self, marts: duckdb.DuckDBPyConnection) -> None:
        batch = (
            data_quality().filter(pl.col("run_id") == "run-0").with_columns(door=pl.lit("batch"))
        )
        marts.register("data_quality", pl.concat([data_quality(), batch]))

        rows = queries.checks(marts)

        assert rows["run_id"].unique().sort().to_list() == ["run-0", "run-1"]
        assert len(rows) == 4

    @pytest.mark.parametrize(
        ("expectation", "kind"),
        [
            ("unique_together", "unique_together"),
            ("closed_at_not_before_opened_at", "not_before"),
            ("value_minor_at_least_0", "at_least"),
            ("rma_is_known", "is_known"),
            ("kind_is_a_known_word", "is_a_known_word"),
            ("probability_is_a_share", "is_a_share"),
            ("days_sum_to_all_orders", "other"),
        ],
    )
    def test_a_rule_is_told_by_its_kind(
        self, marts: duckdb.DuckDBPyConnection, expectation: str, kind: str
    ) -> None:
        renamed = data_quality().with_columns(expectation=pl.lit(expectation))
        marts.register("data_quality", renamed)

        assert set(queries.checks(marts)["kind"]) == {kind}

    def test_what_stops_a_publication_is_counted_apart(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        assert queries.counted(queries.checks(marts)) == queries.Checks(2, 1, 0)
        harmless = data_quality().with_columns(severity=pl.lit("warning"))
        marts.register("data_quality", harmless)
        assert queries.counted(queries.checks(marts)) == queries.Checks(2, 0, 1)


class TestQuarantine:
    def test_reasons_are_counted_with_the_newest_first(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        rows = queries.quarantined(marts)

        assert rows.select("type", "reason", "events", "first_seq", "last_seq").rows() == [
            ("line.inspected", "unknown version 9", 1, 12, 12),
            ("order.placed", "quantity is negative", 2, 7, 9),
        ]

    def test_every_event_can_be_taken_along(self, marts: duckdb.DuckDBPyConnection) -> None:
        assert queries.quarantine(marts)["seq"].to_list() == [7, 9, 12]


class TestRuns:
    def test_the_newest_comes_first(self, marts: duckdb.DuckDBPyConnection) -> None:
        rows = queries.runs(marts)

        assert rows["run_id"].to_list()[:2] == ["run-19", "run-18"]
        assert set(rows["status"]) == {"success", "failure"}

    def test_one_that_never_started_comes_before_all(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        waiting = pipeline_runs().with_columns(
            started_at=pl.when(pl.col("run_id") != "run-3").then(pl.col("started_at"))
        )
        marts.register("pipeline_runs", waiting)

        assert queries.runs(marts)["run_id"].to_list()[0] == "run-3"


@pytest.mark.usefixtures("everything")
class TestPage:
    def test_it_shows_how_far_the_data_are_and_what_fails(self, visit: Visit) -> None:
        page = visit(PAGE)

        assert page.metric[1].value == "12.0 h"
        assert page.metric[2].value == "9"
        assert page.error[0].value.startswith("1 of 2 checks fail and stop the publication")
        assert page.dataframe[0].value["Passed"].to_list() == ["✗", "✓"]

    def test_a_failed_run_says_where_and_why(self, visit: Visit) -> None:
        runs = visit(PAGE).dataframe[2].value

        failed = runs[runs["How it ended"] == "failed"].iloc[0]
        assert (failed["Failed step"], failed["Message"]) == ("published", "the disk is full")

    def test_what_the_pipeline_says_is_read_in_chinese_and_taken_along_as_it_is(
        self, publish_health: PublishMarts, visit: Visit
    ) -> None:
        said = {
            "data_quality": ("description", "rma must tell the rows apart"),
            "quarantine": ("reason", "lines.0.quantity: Field required (and 2 more)"),
            "pipeline_runs": (
                "message",
                "process 7 still holds /v/x; wait until it has ended, or end it if it hangs",
            ),
        }
        frames = {
            name: frame.with_columns(pl.lit(said[name][1]).alias(said[name][0]))
            for name, frame in health().items()
        }
        publish_health(
            {**frames, "pipeline_runs": frames["pipeline_runs"].with_columns(job=pl.lit("prune"))}
        )

        checks, quarantined, runs = (each.value for each in visit(PAGE, lang="zh").dataframe)

        assert set(checks["完整规则"]) == {"rma 必须能区分每一行"}
        assert set(quarantined["原因"]) == {"lines.0.quantity：缺少该字段（另有 2 处）"}
        assert set(runs["信息"]) == {"进程 7 仍占用 /v/x；请等它结束，若已卡住则将其终止"}
        assert set(runs["任务"]) == {"清理旧的运行记录"}

    def test_words_of_nobody_s_stay_as_they_are(self, visit: Visit) -> None:
        runs = visit(PAGE, lang="zh").dataframe[2].value

        assert set(runs["信息"]) == {"", "the disk is full"}

    def test_moments_are_the_shops(self, visit: Visit) -> None:
        started = visit(PAGE).dataframe[2].value["Started at"]

        assert str(started.iloc[0]) == "2026-03-01 19:00:00"  # eleven in UTC, in Shanghai

    def test_where_all_is_well_it_says_so(self, publish_health: PublishMarts, visit: Visit) -> None:
        good = data_quality().with_columns(passed=pl.lit(True))
        publish_health(
            {**health(), "data_quality": good, "quarantine": health()["quarantine"].clear()}
        )

        page = visit(PAGE)

        assert [each.value for each in page.success] == [
            "All 2 checks pass.",
            "No event lies in quarantine.",
        ]

    def test_before_the_first_check_and_run_it_says_so(
        self, publish_health: PublishMarts, visit: Visit
    ) -> None:
        publish_health({name: frame.clear() for name, frame in health().items()})

        page = visit(PAGE)

        assert not page.exception
        assert [each.value for each in page.info] == [
            "No check has run yet.",
            "No run is remembered.",
        ]


class TestHalfPublished:
    def test_checks_are_told_even_where_nothing_could_be_published(
        self, publish_health: PublishMarts, visit: Visit
    ) -> None:
        publish_health(health())

        page = visit(PAGE)

        assert "Nothing is published yet" in page.info[0].value
        assert page.error[0].value.startswith("1 of 2 checks fail")

    def test_figures_are_dated_even_where_no_check_has_been_published(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        publish_marts(figures())

        page = visit(PAGE)

        assert page.metric[2].value == "9"
        assert "health" in page.caption[-1].value
