from datetime import date, timedelta

import duckdb
import polars as pl
import pytest
from published_figures import CLOCKS, LAST, MONDAYS, figures, sla_daily, work_now
from published_shop import PublishMarts, Visit, problems, product_marts

from dashboards.queries import service_levels as queries
from dashboards.queries.periods import Period, recent

PAGE = "service_levels"
WEEK = Period(LAST - timedelta(days=6), LAST)
BEFORE = Period(date(2020, 1, 1), date(2020, 1, 31))


class TestClocks:
    def test_a_period_counts_both_its_ends_and_no_day_beside(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        rows = queries.by_clock(marts, WEEK)

        assert rows["clock"].to_list() == list(CLOCKS)
        assert rows.row(0, named=True) | {"within_low": 0, "within_high": 0} == {
            "clock": "decision",
            "opened": 70,
            "met": 6 * 9 + 6,
            "breached": 7,
            "still_open": 3,
            "no_due": 0,
            "automatic": 56,
            "p50_hours": 4.0,
            "p90_hours": 23.0,
            "p95_hours": 30.0,
            "within": pytest.approx(60 / 67),
            "within_low": 0,
            "within_high": 0,
        }

    def test_a_days_hours_count_by_its_clocks_and_unknown_ones_are_longer_than_all_others(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        days = pl.DataFrame(
            {
                "day": [LAST - timedelta(days=n) for n in range(3)],
                "opened": [10, 30, 25],
                "p50_hours": [None, 2.0, 6.0],
                "p90_hours": [None, None, 20.0],
                "p95_hours": pl.Series([None, None, None], dtype=pl.Float64),
            }
        )
        others = dict.fromkeys(("met", "breached", "still_open", "no_due", "automatic"), 0)
        marts.register("sla_daily", days.with_columns(clock=pl.lit("case")).with_columns(**others))

        rows = queries.by_clock(marts, WEEK)

        assert rows.select("p50_hours", "p90_hours", "p95_hours").row(0) == (6.0, None, None)

    def test_what_is_still_open_is_neither_kept_nor_missed(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        marts.register("sla_daily", sla_daily().with_columns(met=0, breached=0))

        assert queries.by_clock(marts, WEEK)["within"].null_count() == len(CLOCKS)

    def test_a_period_without_clocks_has_no_rows(self, marts: duckdb.DuckDBPyConnection) -> None:
        assert queries.by_clock(marts, BEFORE).is_empty()
        assert queries.over_time(marts, "decision", BEFORE)[1].is_empty()
        assert queries.hours(marts, "decision", BEFORE).is_empty()

    def test_a_clock_that_another_version_brings_comes_last(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        clock = pl.when(pl.col("clock") == "decision").then(pl.lit("a_new_one"))
        marts.register(
            "sla_daily", sla_daily().with_columns(clock=clock.otherwise(pl.col("clock")))
        )

        assert queries.by_clock(marts, WEEK)["clock"].to_list()[-1] == "a_new_one"

    def test_a_short_period_is_told_by_days_and_a_long_one_by_weeks_with_the_same_sums(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        month, quarter = recent("4w", LAST), recent("all", LAST)

        assert queries.over_time(marts, "refund", month)[0] == "day"
        step, rows = queries.over_time(marts, "refund", quarter)

        assert step == "week"
        assert {day.weekday() for day in rows["starts"]} == {0}
        assert rows["opened"].sum() == 910
        assert (rows["met"] + rows["breached"] + rows["still_open"]).sum() == 910

    def test_hours_are_those_of_the_clock_in_the_order_of_days(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        rows = queries.hours(marts, "review", WEEK)

        assert rows["day"].to_list() == [WEEK.first + timedelta(days=n) for n in range(7)]
        assert rows["p95_hours"].to_list()[-1] is None


class TestWhoAndWhat:
    def test_stages_with_most_over_a_day_come_first(self, marts: duckdb.DuckDBPyConnection) -> None:
        rows = queries.stages(marts, WEEK)

        assert rows.select("stage", "owner_role", "ended", "over_24h", "share_over_24h").rows() == [
            ("inspect", "inspector", 35, 28, 0.8),
            ("decide", "reviewer", 35, 14, 0.4),
            ("decide", "system", 35, 0, 0.0),
        ]

    def test_stages_take_the_hours_of_their_middle_day_each_by_what_ended(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        busy = pl.col("day") == LAST
        marts.register(
            "stage_daily",
            figures()["stage_daily"].with_columns(
                ended=pl.when(busy).then(31).otherwise("ended"),
                median_hours=pl.when(busy).then(9.0).otherwise("median_hours"),
                p90_hours=pl.when(busy).then(44.0).otherwise("p90_hours"),
            ),
        )

        rows = queries.stages(marts, WEEK)

        assert rows["median_hours"].to_list() == [9.0] * 3  # six days of five, one of 31
        assert rows["p90_hours"].to_list() == [44.0] * 3

    def test_reviewers_take_the_minutes_of_their_weeks_each_by_its_decisions(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        one = figures()["reviewer_weekly"].filter(reviewer_key="reviewer-0")
        marts.register(
            "reviewer_weekly",
            one.with_columns(
                decided=pl.when(pl.col("week_start") == MONDAYS[-1]).then(60).otherwise("decided"),
                median_minutes=pl.when(pl.col("week_start") == MONDAYS[-1])
                .then(10.0)
                .otherwise("median_minutes"),
            ),
        )

        rows = queries.reviewers(marts, Period(MONDAYS[-2], LAST))

        assert rows["median_minutes"].to_list() == [15.0]  # 20 of half an hour, 60 of ten minutes

    def test_reviewers_are_counted_over_the_weeks_that_touch_the_period(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        tuesday_to_tuesday = Period(date(2026, 2, 17), date(2026, 2, 24))

        rows = queries.reviewers(marts, tuesday_to_tuesday)

        assert rows["reviewer_key"].to_list() == ["reviewer-2", "reviewer-1", "reviewer-0"]
        assert rows["decided"].to_list() == [44, 42, 40]
        assert rows["late"].to_list() == [8, 4, 0]
        assert rows["blind"].to_list() == [4, 2, 0]
        assert rows["blind_agreed"].to_list() == [2, 0, 0]


class TestForecast:
    def test_all_clocks_together_count_an_open_decision_once_as_a_review(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        rows, total = queries.forecast(marts), queries.forecast_sum(marts)

        assert rows["clock"].to_list() == list(CLOCKS)
        assert (total.open_now, total.overdue_now, total.due_24h) == (65, 15, 20)
        assert total.expected_breaches == pytest.approx(7.5)

    def test_where_no_clock_runs_nothing_is_late(self, marts: duckdb.DuckDBPyConnection) -> None:
        marts.register("sla_forecast", queries.forecast(marts).clear())

        assert queries.forecast_sum(marts) == queries.Forecast(0, 0, 0, 0.0)


class TestQueue:
    def test_what_escalated_is_as_late_as_it_is_though_its_new_owner_has_time(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        marts.register("work_now", escalated(work_now(7), {"R-3": 4.0, "R-5": 10.0}))

        rows = queries.queue(marts, queries.Queue(), 5)
        owners = queries.owners(marts).select("owner_role", "overdue", "worst_hours")

        assert rows["subject"].to_list() == ["R-5", "R-0", "R-3", "R-1", "R-2"]
        assert rows["hours_over"].to_list() == [10.0, 5.0, 4.0, 3.0, 1.0]
        assert owners.rows() == [
            ("inspector", 2, 5.0),
            ("admin", 2, 10.0),
            ("reviewer", 1, 3.0),
        ]

    def test_the_most_overdue_comes_first_and_what_is_never_due_last(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        rows = queries.queue(marts, queries.Queue(), None)

        assert rows["subject"].to_list() == [f"R-{n}" for n in range(7)]
        assert rows["hours_left"].to_list()[-1] is None

    def test_of_what_is_in_time_the_soonest_due_comes_first_whenever_it_began(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        work = work_now(7)
        marts.register("work_now", work.with_columns(opened_at=work["opened_at"].reverse()))

        rows = queries.queue(marts, queries.Queue(), None)

        assert rows["hours_left"].to_list()[3:] == [1.0, 3.0, 5.0, None]

    def test_it_is_cut_where_it_is_shown_and_counted_whole(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        assert queries.queue(marts, queries.Queue(), 2)["subject"].to_list() == ["R-0", "R-1"]
        assert queries.queue_length(marts, queries.Queue()) == (7, 3)

    def test_lines_that_wait_together_count_each_as_their_clocks_do(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        lines = pl.when(pl.col("subject") == "R-2").then(3).otherwise("items").alias("items")
        marts.register("work_now", work_now(7).with_columns(lines))

        assert queries.queue_length(marts, queries.Queue()) == (9, 5)
        assert queries.owners(marts).select("waiting", "overdue").row(0) == (6, 4)

    @pytest.mark.parametrize(
        ("asked", "subjects"),
        [
            (queries.Queue(kind="review"), ["R-1", "R-3", "R-5"]),
            (queries.Queue(owner_role="inspector"), ["R-0", "R-2", "R-4", "R-6"]),
            (queries.Queue(only_overdue=True), ["R-0", "R-1", "R-2"]),
            (queries.Queue(kind="review", only_overdue=True), ["R-1"]),
            (queries.Queue(kind="' or 1=1 --"), []),
        ],
    )
    def test_filters_leave_what_is_asked_for(
        self, marts: duckdb.DuckDBPyConnection, asked: queries.Queue, subjects: list[str]
    ) -> None:
        assert queries.queue(marts, asked, None)["subject"].to_list() == subjects
        assert queries.queue_length(marts, asked)[0] == len(subjects)

    def test_owners_with_most_overdue_come_first(self, marts: duckdb.DuckDBPyConnection) -> None:
        rows = queries.owners(marts)

        assert rows.rows() == [
            ("inspector", "inspection", 4, 2, 5.0),
            ("reviewer", "review", 3, 1, 3.0),
        ]


def escalated(work: pl.DataFrame, hours_over: dict[str, float]) -> pl.DataFrame:
    """The work, of which some is late by so many hours and has a new owner with fourteen hours left."""
    late = pl.col("subject").is_in(list(hours_over))
    over = pl.col("subject").replace_strict(hours_over, default=pl.col("hours_over"))
    return work.with_columns(
        owner_role=pl.when(late).then(pl.lit("admin")).otherwise("owner_role"),
        is_overdue=late | pl.col("is_overdue"),
        hours_over=over,
        hours_left=pl.when(late).then(14.0).otherwise("hours_left"),
    )


@pytest.mark.usefixtures("everything")
class TestPage:
    def test_it_opens_on_the_last_four_weeks_of_decisions(self, visit: Visit) -> None:
        page = visit(PAGE)

        figures = [each.value for each in page.metric]
        assert figures[:5] == ["89.9\xa0%", "312", "35", "3", "80.0\xa0%"]
        assert page.metric[1].help == "what met is"

    def test_the_url_says_period_and_clock(self, visit: Visit) -> None:
        page = visit(PAGE, period="13w", clock="refund")

        assert page.metric[4].label == "Clocks running"  # a refund needs nobody's decision
        assert page.metric[1].value == "816"  # 90 days of nine and a last of six
        assert page.segmented_control(key="clock").value == "refund"

    def test_days_of_ones_own_stand_in_the_url(self, visit: Visit) -> None:
        page = visit(PAGE, **{"period": "own", "from": "2026-02-28", "to": "2026-02-27"})

        assert page.metric[1].value == "18"

    def test_days_of_ones_own_leave_the_url_with_their_period_and_come_back_with_it(
        self, visit: Visit
    ) -> None:
        page = visit(PAGE, **{"period": "own", "from": "2026-02-27", "to": "2026-02-28"})

        page.segmented_control(key="period").set_value("13w").run()
        assert not {"from", "to"} & set(page.query_params)
        page.segmented_control(key="period").set_value("own").run()

        assert page.query_params["from"] == "2026-02-27"
        assert page.metric[1].value == "18"

    def test_a_day_that_is_picked_stands_in_the_url(self, visit: Visit) -> None:
        page = visit(PAGE, **{"period": "own", "from": "2026-02-27", "to": "2026-02-28"})

        page.date_input(key="from").set_value(date(2026, 2, 20)).run()

        assert page.query_params["from"] == "2026-02-20"
        assert page.metric[1].value == "81"

    def test_on_the_same_page_the_url_alone_decides_and_the_widgets_follow_it(
        self, visit: Visit
    ) -> None:
        page = visit(PAGE, period="13w", clock="refund")
        page.segmented_control(key="clock").set_value("decision").run()
        page.segmented_control(key="clock").set_value("refund").run()

        del page.query_params["clock"]
        page.query_params["period"] = "all"
        page.run()

        assert page.segmented_control(key="clock").value == "decision"
        assert page.segmented_control(key="period").value == "all"
        assert page.metric[4].label == "Decided by rule"

    def test_what_the_url_says_wrongly_is_as_if_it_said_nothing(self, visit: Visit) -> None:
        page = visit(PAGE, **{"period": "4y", "clock": "sun", "kind": "x", "from": "soon"})

        assert not page.exception
        assert page.metric[1].value == "312"

    def test_the_queue_can_be_filtered_and_the_url_tells(self, visit: Visit) -> None:
        page = visit(PAGE)

        page.selectbox(key="kind").select("review").run()
        page.segmented_control(key="due").set_value("overdue").run()

        assert page.query_params["kind"] == "review"
        assert page.query_params["due"] == "overdue"
        assert "1 waiting, 1 of them overdue" in " ".join(each.value for each in page.caption)

    def test_a_choice_comes_along_to_the_next_page_and_into_the_other_language(
        self, visit: Visit
    ) -> None:
        page = visit(PAGE, period="13w", lang="zh")

        page.switch_page("app_pages/satisfaction.py").run()

        assert page.header[0].value == "满意度"
        assert page.metric[3].value == "364"  # answers of 91 days, four a day
        page.segmented_control(key="language").set_value("en").run()
        assert page.header[0].value == "Satisfaction"
        assert page.metric[3].value == "364"

    def test_what_escalated_is_told_with_the_hours_it_is_over(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        late = escalated(work_now(7), {"R-3": 4.0, "R-5": 10.0})
        publish_marts({**figures(), "work_now": late})

        page = visit(PAGE)

        owners, queue = page.dataframe[2].value, page.dataframe[3].value
        assert owners.iloc[1].to_dict() == {
            "Whose turn": "administrator",
            "What it waits for": "Review",
            "Waiting": 2.0,
            "Overdue": 2.0,
            "Hours over": 10.0,
        }
        assert queue["Hours over"].to_list()[:3] == [10.0, 5.0, 4.0]
        assert queue["Hours left"].to_list()[:3] == [14.0, -5.0, 14.0]

    def test_how_long_it_took_stands_beside_how_much_it_was(self, visit: Visit) -> None:
        clocks, _, _, _, stages, reviewers = (each.value for each in visit(PAGE).dataframe)

        hours = clocks[["Median, h", "9 of 10, h", "19 of 20, h"]]
        assert hours.iloc[0].to_list() == [4.0, 23.0, 30.0]
        assert stages[["Median, h", "9 of 10, h"]].iloc[0].to_list() == [3.0, 26.0]
        assert reviewers["Minutes"].to_list() == [30, 30, 30]

    def test_the_table_has_the_clocks_in_words(self, visit: Visit) -> None:
        assert visit(PAGE, lang="zh").dataframe[0].value["时限"].to_list()[:2] == ["决定", "审核"]


class TestEmptyPage:
    def test_a_period_without_clocks_says_how_to_find_some(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        frames = {**figures(), **product_marts(problems(1))}
        early = frames["sla_daily"].with_columns(day=date(2020, 1, 1))
        publish_marts(
            {
                **frames,
                "sla_daily": early,
                "work_now": work_now(7).clear(),
                "sla_forecast": frames["sla_forecast"].clear(),
            }
        )

        page = visit(PAGE)

        assert not page.exception
        assert "Choose a longer one" in page.info[0].value
        assert len(page.success) == 2  # nothing can be late, nothing waits
