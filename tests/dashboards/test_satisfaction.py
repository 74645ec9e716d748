from datetime import date, timedelta
from typing import get_args

import duckdb
import polars as pl
import pytest
from published_figures import FIRST, LAST, cases_daily, figures, satisfaction_answers
from published_shop import PublishMarts, Visit

from dashboards.queries import satisfaction as queries
from dashboards.queries.periods import Period
from dashboards.words import CASES, TAGS
from service.domain.events.cases import CaseKind
from service.domain.words import SurveyTag

PAGE = "satisfaction"
WEEK = Period(LAST - timedelta(days=6), LAST)
BEFORE = Period(date(2020, 1, 1), date(2020, 1, 31))


class TestScore:
    def test_it_weighs_days_by_their_answers(self, marts: duckdb.DuckDBPyConnection) -> None:
        days = pl.DataFrame(
            {
                "day": [LAST - timedelta(days=1), LAST],
                "sent": [10, 10],
                "answered": [9, 1],
                "csat_mean": [5.0, 1.0],
                "satisfied": [9, 0],
            }
        )
        marts.register("satisfaction_daily", days)

        found = queries.score(marts, WEEK)

        assert (found.sent, found.answered, found.satisfied) == (20, 10, 9)
        assert found.csat == pytest.approx(4.6)
        assert (found.share, found.response) == (0.9, 0.5)
        assert found.csat_low is not None
        assert found.csat_high is not None
        assert found.csat_low < 4.6 < found.csat_high

    def test_a_day_without_answers_has_no_say(self, marts: duckdb.DuckDBPyConnection) -> None:
        days = figures()["satisfaction_daily"].with_columns(
            answered=pl.when(pl.col("day") == LAST).then(0).otherwise(pl.col("answered")),
            csat_mean=pl.when(pl.col("day") < LAST).then(pl.col("csat_mean")),
        )
        marts.register("satisfaction_daily", days)

        assert queries.score(marts, WEEK).csat == pytest.approx(4.25)
        assert queries.score(marts, WEEK).answered == 24

    def test_without_surveys_nothing_is_known(self, marts: duckdb.DuckDBPyConnection) -> None:
        found = queries.score(marts, BEFORE)

        assert (found.sent, found.answered, found.csat, found.response) == (0, 0, None, None)
        assert queries.over_time(marts, BEFORE)[1].is_empty()

    def test_over_time_all_answers_are_counted_once(self, marts: duckdb.DuckDBPyConnection) -> None:
        step, rows = queries.over_time(marts, Period(FIRST, LAST))

        assert step == "week"
        assert rows["answered"].sum() == 4 * 91
        assert rows["csat"].to_list() == pytest.approx([4.25] * len(rows))


class TestGroups:
    def test_weeks_are_added_up_and_waiting_goes_from_short_to_long(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        rows = queries.by(marts, "waiting", Period(date(2026, 2, 17), date(2026, 2, 24)))

        assert rows["value"].to_list() == ["<2d", "5-10d", ">20d"]
        assert rows["answered"].to_list() == [20, 32, 4]
        assert rows["csat"].to_list() == pytest.approx([4.6, 3.75, 2.0])
        assert rows["response"].to_list() == pytest.approx([0.5, 0.4, 0.2])

    def test_other_values_come_with_most_answers_first(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        assert queries.by(marts, "outcome", WEEK)["value"].to_list() == ["refunded", "declined"]

    def test_a_value_that_nobody_answered_is_told_without_a_score(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        silent = figures()["satisfaction_by"].with_columns(
            answered=pl.lit(0), csat_sum=pl.lit(0), satisfied=pl.lit(0)
        )
        marts.register("satisfaction_by", silent)

        rows = queries.by(marts, "outcome", WEEK)

        assert rows["csat"].to_list() == [None, None]
        assert rows["sent"].to_list() == [20, 50]


class TestAnswers:
    def test_each_word_of_an_answer_counts(self, marts: duckdb.DuckDBPyConnection) -> None:
        rows = queries.tags(marts, WEEK)

        assert rows.rows() == [("easy", 4, 5.0), ("slow", 3, 1.0), ("unclear", 3, 1.0)]

    def test_an_answer_without_words_has_none(self, marts: duckdb.DuckDBPyConnection) -> None:
        marts.register("satisfaction_answers", satisfaction_answers().with_columns(tags=pl.lit("")))

        assert queries.tags(marts, WEEK).is_empty()

    def test_low_answers_are_ones_and_twos_with_the_newest_first(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        scores = [1 + place % 5 for place in range(91)]
        marts.register(
            "satisfaction_answers", satisfaction_answers().with_columns(csat=pl.Series(scores))
        )

        rows = queries.low_answers(marts, WEEK, None)

        assert rows["csat"].to_list() == [1, 2, 1]
        assert rows["day"].is_sorted(descending=True)
        assert len(queries.low_answers(marts, WEEK, 2)) == 2

    def test_the_words_themselves_are_not_read(self, marts: duckdb.DuckDBPyConnection) -> None:
        assert "text_ref" not in queries.low_answers(marts, WEEK, None).columns


class TestComments:
    def test_they_are_of_any_score_with_the_newest_first(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        marts.register("satisfaction_answers", commented())

        rows = queries.comments(marts, WEEK, None, None)

        assert rows.select("csat", "is_low").rows() == [
            (1, True),
            (5, False),
            (4, False),
            (3, False),
            (2, True),
            (1, True),
        ]
        assert rows["day"].is_sorted(descending=True)
        assert queries.comment_count(marts, WEEK, None) == 6
        assert queries.comments(marts, WEEK, None, 2)["csat"].to_list() == [1, 5]

    def test_one_score_leaves_its_own(self, marts: duckdb.DuckDBPyConnection) -> None:
        marts.register("satisfaction_answers", commented())

        assert queries.comments(marts, WEEK, 1, None)["csat"].to_list() == [1, 1]
        assert queries.comment_count(marts, WEEK, 1) == 2
        assert queries.comment_count(marts, BEFORE, None) == 0

    def test_each_says_which_return_how_long_it_took_and_where_the_words_are_kept(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        marts.register("satisfaction_answers", commented())

        newest = queries.comments(marts, WEEK, None, 1).row(0, named=True)

        assert (newest["rma"], newest["waited_hours"]) == ("R-90", 110.0)
        assert newest["text_ref"] == "text-90"


def commented() -> pl.DataFrame:
    """An answer a day, from very bad to very good and again; all but one of the last week with a comment."""
    answers = satisfaction_answers()
    silent = pl.col("rma") == "R-84"
    return answers.with_columns(
        csat=pl.Series([1 + place % 5 for place in range(len(answers))]),
        has_comment=~silent,
        text_ref=pl.when(~silent).then(pl.col("rma").str.replace("R", "text")),
    )


class TestCases:
    def test_each_kind_is_added_up_over_the_period_alone(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        assert queries.cases(marts, WEEK).rows() == [
            ("complaint", 14, 14, 7, 0, 14, 4.0, 45.0, 60.0),
            ("stalled", 14, 7, 7, 7, 7, 4.0, 30.0, 30.0),
        ]
        assert queries.cases(marts, BEFORE).is_empty()

    def test_hours_are_those_of_all_that_ended_in_the_period_together(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        first = WEEK.first
        ends = {first - timedelta(days=1): [99.0] * 9, first: [1.0] * 9, LAST: [50.0, 60.0]}
        rows = [("safety", day, hours, hours / 2) for day, those in ends.items() for hours in those]
        names = ("kind", "day", "hours", "first_answer_hours")
        marts.register("case_ends", pl.DataFrame(rows, schema=names, orient="row"))
        opened = cases_daily().filter(pl.col("day") < first)
        marts.register("cases_daily", opened)

        told = queries.cases(marts, WEEK).row(0, named=True)

        assert (told["kind"], told["opened"], told["ended"]) == ("safety", 0, 11)
        assert (told["first_answer_median_hours"], told["median_hours"]) == (0.5, 1.0)
        assert told["p90_hours"] == 50.0


@pytest.mark.usefixtures("everything")
class TestPage:
    def test_it_shows_score_share_and_response_with_how_sure_they_are(self, visit: Visit) -> None:
        page = visit(PAGE)

        assert [each.value for each in page.metric] == ["4.25", "75\xa0%", "40\xa0%", "140"]
        assert page.metric[0].delta == "95 %: 3.96 – 4.47"
        assert page.metric[2].delta == "of 350 sent"

    def test_it_can_be_compared_by_what_the_url_says(self, visit: Visit) -> None:
        outcomes = visit(PAGE)
        reasons = visit(PAGE, by="reason")

        assert outcomes.dataframe[1].value.iloc[:, 0].to_list() == ["refunded", "declined"]
        assert "No survey was sent" in reasons.info[0].value

    def test_cases_say_how_long_they_took(self, visit: Visit) -> None:
        cases = visit(PAGE).dataframe[-1].value

        hours = cases[["First answer, h", "Closed after, h", "9 of 10, h"]]
        assert hours.iloc[0].to_list() == [4.0, 45.0, 60.0]

    def test_what_is_low_is_said(self, visit: Visit) -> None:
        told = [each.value for each in visit(PAGE).caption]

        assert any("Low is a score of 2 or less" in each for each in told)

    def test_comments_are_filtered_by_the_score_that_the_url_says(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        publish_marts({**figures(), "satisfaction_answers": commented()})

        page = visit(PAGE, score="4")

        shown = page.dataframe[4].value
        assert shown["Score"].unique().tolist() == [4]
        assert shown["Number of the text"].to_list()[0] == "text-88"
        assert "GET /v1/texts" in " ".join(each.value for each in page.caption)
        page.segmented_control(key="score").set_value("5").run()
        assert page.query_params["score"] == "5"
        assert page.dataframe[4].value["Score"].unique().tolist() == [5]

    def test_where_nobody_wrote_the_page_says_so(self, visit: Visit) -> None:
        page = visit(PAGE, score="3")

        assert "No answer here has a comment." in [each.value for each in page.info]

    def test_in_chinese_values_and_words_are_chinese(self, visit: Visit) -> None:
        page = visit(PAGE, lang="zh")

        tables = [frame.value.to_string() for frame in page.dataframe]
        assert "5–10 天" in tables[0]
        assert "已退款" in tables[1]
        assert "轻松" in tables[2]
        assert "缓慢, 不清楚" in tables[3]

    def test_a_period_of_nothing_says_so(self, visit: Visit) -> None:
        page = visit(PAGE, **{"period": "own", "from": "2020-01-01", "to": "2020-01-31"})

        assert not page.exception
        assert "No survey was sent in this period" in page.info[0].value

    def test_surveys_that_nobody_answered_are_no_score(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        silent = figures()["satisfaction_daily"].with_columns(
            answered=pl.lit(0),
            satisfied=pl.lit(0),
            csat_mean=pl.lit(None, dtype=pl.Float64),
        )
        publish_marts({**figures(), "satisfaction_daily": silent})

        page = visit(PAGE)

        assert not page.exception
        assert page.info[0].value == "350 surveys were sent, none is answered yet."


def test_every_kind_of_case_is_told_in_words() -> None:
    assert set(CASES) == set(get_args(CaseKind))


def test_every_word_that_an_answer_may_carry_is_told_in_words() -> None:
    assert set(TAGS) == set(get_args(SurveyTag))
