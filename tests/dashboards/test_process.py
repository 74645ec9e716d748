import duckdb
import polars as pl
import pytest
from published_figures import figures, process_edges
from published_shop import PublishMarts, Visit

from dashboards.charts import process as charts
from dashboards.queries import process as queries
from dashboards.texts import Texts

PAGE = "process"


def moves(*rows: tuple[str, str, int]) -> pl.DataFrame:
    """Designed moves of an hour each."""
    return pl.DataFrame(
        {
            "from_step": [row[0] for row in rows],
            "to_step": [row[1] for row in rows],
            "cases": [row[2] for row in rows],
            "returns": [row[2] for row in rows],
            "share": [1.0 for _ in rows],
            "median_hours": [1.0 for _ in rows],
            "p90_hours": [2.0 for _ in rows],
            "is_designed": [True for _ in rows],
            "waiting_hours": [row[2] * 1.0 for row in rows],
            "again": [0 for _ in rows],
            "strays": [0 for _ in rows],
        }
    )


class TestFrequent:
    def test_a_move_is_hidden_where_fewer_returns_make_it_than_asked(self) -> None:
        shown = queries.frequent(process_edges(), 6)

        assert len(shown) == 10
        assert set(shown["returns"]) == {100, 80, 20, 6, 12, 96, 98}

    def test_none_is_hidden_where_every_share_is_enough(self) -> None:
        assert len(queries.frequent(process_edges(), 0)) == len(process_edges())


class TestDesign:
    def test_only_moves_between_shown_steps_are_told_and_whether_they_are_used(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        shown = queries.frequent(queries.edges(marts), 50)

        plan = queries.among(queries.design(marts), shown)

        assert set(plan.rows()) == {
            ("start", "return.requested", True),
            ("return.requested", "return.authorized", True),
            ("return.authorized", "return.received", True),
            ("return.received", "refund.settled", True),
            ("refund.settled", "end", True),
        }

    def test_a_designed_move_that_nobody_makes_is_not_used(self) -> None:
        plan = queries.among(moves(("a", "b", 1), ("b", "c", 1)), moves(("a", "b", 1)))

        assert plan.rows() == [("a", "b", True)]
        back = queries.among(moves(("a", "b", 1), ("b", "a", 1)), moves(("a", "b", 1)))
        assert back.rows() == [("a", "b", True), ("b", "a", False)]


class TestSticking:
    def test_most_time_is_lost_where_many_wait_long(self) -> None:
        rows = queries.sticking(process_edges())

        assert rows.select("from_step", "to_step", "waiting_hours").row(0) == (
            "return.authorized",
            "return.received",
            8640.0,
        )

    def test_where_nobody_waited_nothing_sticks(self) -> None:
        rows = queries.sticking(process_edges())

        assert not {"start", "return.requested"} & set(rows["from_step"])
        assert "end" not in rows["to_step"]


class TestGoingRound:
    def test_only_moves_that_led_back_are_told_with_their_share(self) -> None:
        moves = process_edges().with_columns(
            again=pl.when(pl.col("to_step") == "refund.settled").then(24).otherwise(pl.col("again"))
        )

        rows = queries.going_round(moves.filter(pl.col("cases") != 2))
        assert rows.select("from_step", "to_step", "again", "share_again").rows() == [
            ("return.received", "refund.settled", 24, 0.25)
        ]

    def test_the_most_frequent_comes_first(self) -> None:
        moves = process_edges().with_columns(again=pl.col("cases"))

        assert queries.going_round(moves)["again"].to_list()[:3] == [100, 98, 96]


class TestGraph:
    def test_more_moves_are_thicker_and_slower_ones_darker(self) -> None:
        dot = charts.as_it_runs(process_edges(), Texts("en"))

        widest = next(line for line in dot.splitlines() if '"start" -> ' in line)
        quick = next(line for line in dot.splitlines() if '"return.requested" -> ' in line)
        slow = next(line for line in dot.splitlines() if '-> "return.received"' in line)
        assert 'penwidth="6.8"' in widest
        assert '"  96 · 3.8 days"' in slow
        assert charts.colour_of(90.0) in slow
        assert charts.colour_of(0.0) in quick
        assert charts.colour_of(90.0) != charts.colour_of(0.0)

    def test_a_move_of_which_no_time_is_known_tells_none(self) -> None:
        dot = charts.as_it_runs(process_edges(), Texts("en"))

        begin = next(line for line in dot.splitlines() if '"start" -> ' in line)
        assert 'label="  100"' in begin
        assert charts.colour_of(None) in begin
        assert charts.colour_of(None) != charts.colour_of(0.0)

    def test_what_nobody_designed_is_dashed_as_well_as_orange(self) -> None:
        dot = charts.as_it_runs(process_edges(), Texts("en"))

        (odd,) = [line for line in dot.splitlines() if "dashed" in line]
        assert '"return.authorized" -> "refund.settled"' in odd
        assert "#d55e00" in odd

    def test_steps_are_named_in_the_language_and_unknown_ones_as_they_are(self) -> None:
        dot = charts.as_it_runs(
            moves(("start", "return.requested", 1), ("return.requested", 'a "new\\ one', 1)),
            Texts("zh"),
        )

        assert 'label="申请退货"' in dot
        assert 'label="a \\"new\\\\ one"' in dot

    def test_a_designed_move_that_is_not_seen_is_dotted(self) -> None:
        plan = queries.among(moves(("a", "b", 1), ("b", "a", 1)), moves(("a", "b", 1)))

        lines = charts.as_designed(plan, Texts("en")).splitlines()

        assert [line for line in lines if "dotted" in line] == [
            '  "b" -> "a" [style=dotted, color="#8a949e", constraint=false]'
        ]


@pytest.mark.usefixtures("everything")
class TestPage:
    def test_it_tells_what_sticks_first_and_what_goes_round(self, visit: Visit) -> None:
        page = visit(PAGE)

        sticking, back = (frame.value for frame in page.dataframe)
        assert sticking.iloc[0].to_list()[:3] == ["Return authorized", "Goods received", 8640.0]
        assert back.iloc[0].to_list()[:3] == ["More received", "More asked for", 2]
        assert [each.value for each in page.metric] == ["12", "2", "2"]

    def test_what_is_allowed_and_not_seen_is_drawn_where_it_is_asked_for(
        self, visit: Visit
    ) -> None:
        seen, allowed = visit(PAGE, least="20"), visit(PAGE, least="20", design="all")

        assert "1 moves more are allowed" in " ".join(each.value for each in seen.caption)
        dots = [
            page.get("graphviz_chart")[1].proto.spec.count("dotted") for page in (seen, allowed)
        ]
        assert dots == [0, 1]

    def test_rare_moves_are_hidden_as_the_url_says(self, visit: Visit) -> None:
        assert visit(PAGE).metric[0].delta == "10 shown"
        assert visit(PAGE, least="0").metric[0].delta == "12 shown"
        assert visit(PAGE, least="20").metric[0].delta == "6 shown"
        assert visit(PAGE, least="7").metric[0].delta == "10 shown"

    def test_in_chinese_steps_are_chinese(self, visit: Visit) -> None:
        page = visit(PAGE, lang="zh")

        assert page.dataframe[0].value.iloc[0].to_list()[:2] == ["同意退货", "商品已收到"]
        assert page.dataframe[1].value.iloc[0].to_list()[:2] == ["已补充材料", "要求补充材料"]

    def test_before_the_first_return_it_says_so(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        publish_marts({**figures(), "process_edges": process_edges().clear()})

        page = visit(PAGE)

        assert not page.exception
        assert page.info[0].value == "No return has made a move yet."
