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

    def test_before_the_first_whole_week_there_are_none(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        assert queries.measures(marts, date(2025, 12, 7)) == []


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

    def test_a_shop_in_its_first_week_is_told_when_it_begins(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        young = ills_weekly().filter(pl.col("week_start") > LAST)
        publish_marts({**figures(), **product_marts(problems(2)), "ills_weekly": young})

        page = visit(PAGE)

        assert not page.exception
        assert "first Monday" in page.info[0].value
