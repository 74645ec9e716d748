import math
from datetime import date, timedelta

import duckdb
import polars as pl
import pytest
from published_figures import LAST, MONDAYS, figures, ills_weekly
from published_shop import PublishMarts, Visit, problems, product_marts

from dashboards.queries import overview as queries
from dashboards.words import ILLS

PAGE = "overview"


class TestMeasures:
    def test_the_week_that_is_not_over_does_not_count(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        on_sunday = queries.measures(marts, LAST)
        on_monday = queries.measures(marts, LAST + timedelta(days=1))

        assert {each.week_start for each in on_sunday} == {MONDAYS[-2]}
        assert {each.week_start for each in on_monday} == {MONDAYS[-1]}

    def test_they_come_in_the_order_of_the_ills(self, marts: duckdb.DuckDBPyConnection) -> None:
        found = queries.measures(marts, LAST)

        assert list(dict.fromkeys(each.ill for each in found)) == list(ILLS)
        assert [each.measure for each in found[:2]] == ["inputs_median", "minutes_median"]

    def test_the_last_week_stands_beside_the_mean_of_four_before(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        first = queries.measures(marts, LAST)[0]

        assert first.value == pytest.approx(5 * 1.11)
        assert first.usual == pytest.approx(5 * (1.10 + 1.09 + 1.08 + 1.07) / 4)
        assert len(first.course) == 12

    def test_a_first_week_has_nothing_to_stand_beside(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        marts.register("ills_weekly", ills_weekly().filter(pl.col("week_start") == MONDAYS[-2]))

        assert {each.usual for each in queries.measures(marts, LAST)} == {None}

    def test_a_measure_that_the_last_week_lacks_tells_of_which_week_it_is(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        marts.register("ills_weekly", without_answers_since(MONDAYS[5]))

        found = {each.measure: each for each in queries.measures(marts, LAST)}

        assert queries.last_week(LAST) == found["inputs_median"].week_start == MONDAYS[-2]
        assert found["first_answer_hours_median"].week_start == MONDAYS[4]
        assert found["first_answer_hours_median"].value == pytest.approx(6 * 1.04)

    def test_weeks_longer_ago_than_four_are_not_what_is_usual(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        gap = pl.col("week_start").is_between(MONDAYS[7], MONDAYS[10])
        marts.register("ills_weekly", ills_weekly().filter(~gap))

        last = queries.measures(marts, LAST)[0]

        assert last.usual is None
        assert [value is None for value in last.course] == [False] * 7 + [True] * 4 + [False]

    def test_before_the_first_whole_week_there_are_none(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        assert queries.measures(marts, date(2025, 12, 7)) == []


def without_answers_since(week: date) -> pl.DataFrame:
    """The ills of a shop whose customers opened no case any more."""
    answers = pl.col("measure") == "first_answer_hours_median"
    return ills_weekly().filter(~answers | (pl.col("week_start") < week))


@pytest.mark.usefixtures("everything")
class TestPage:
    def test_it_is_where_one_arrives(self, visit: Visit) -> None:
        page = visit(PAGE)

        assert page.header[0].value == "Overview"
        assert [each.value for each in page.metric][:5] == ["65", "15", "20", "7.5", "6"]

    def test_each_measure_is_written_in_its_unit(self, visit: Visit) -> None:
        values = {each.label: each.value for each in visit(PAGE).metric}

        assert values["Inputs to apply"] == "5.6"
        assert values["Time to apply"] == "3 min"
        assert values["Time to the decision"] == "2.2 h"
        assert values["Stalled for"] == "9.3 days"
        assert values["Decided by rule"] == "89\xa0%"

    def test_what_the_week_did_not_have_is_a_dash_above_the_week_that_had_it(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        quiet = without_answers_since(date(2026, 2, 9))
        publish_marts({**figures(), **product_marts(problems(2)), "ills_weekly": quiet})

        page = visit(PAGE)

        figure = {each.label: each for each in page.metric}
        told = " ".join(each.value for each in page.caption)
        assert figure["Time to the first answer"].value == "–"
        assert figure["Time to the first answer"].delta == "week of 2 Feb: 6.5 h"
        assert figure["Time to the decision"].value == "2.2 h"
        assert "In the week of 16 Feb 2026" in told
        assert "there was nothing to measure in that week" in told

    def test_the_line_of_a_measure_is_broken_where_a_week_had_nothing(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        gap = pl.col("week_start").is_between(MONDAYS[7], MONDAYS[8])
        rows = ills_weekly().filter(~gap)
        publish_marts({**figures(), **product_marts(problems(2)), "ills_weekly": rows})

        figure = {each.label: each for each in visit(PAGE).metric}

        drawn = figure["Inputs to apply"].proto.chart_data
        assert [math.isnan(value) for value in drawn] == [False] * 7 + [True] * 2 + [False] * 3

    def test_it_leads_to_every_other_page(self, visit: Visit) -> None:
        links = [each.proto.label for each in visit(PAGE).get("page_link")]

        assert links == [
            "Service levels",
            "Satisfaction",
            "Process",
            "Money",
            "Problem products",
            "Automation & risk",
            "Data health",
        ]

    def test_a_week_that_had_all_needs_no_dash_explained(self, visit: Visit) -> None:
        told = " ".join(each.value for each in visit(PAGE).caption)

        assert "nothing to measure" not in told

    def test_a_shop_in_its_first_week_is_told_when_it_begins(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        young = ills_weekly().filter(pl.col("week_start") > LAST)
        publish_marts({**figures(), **product_marts(problems(2)), "ills_weekly": young})

        page = visit(PAGE)

        assert not page.exception
        assert "first Monday" in page.info[0].value
