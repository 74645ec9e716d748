from pathlib import Path

import duckdb
import polars as pl
import pytest
from published_shop import Publish, Visit, problems, weekly

from dashboards.queries import problem_products as queries
from dashboards.texts import chinese

PAGE = "problem_products"


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.register("problem_skus", problems(4))
    connection.register("sku_weekly", weekly())
    return connection


class TestQueries:
    def test_flagged_products_come_with_most_money_first_and_cleared_ones_not(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        rows = queries.flagged(connection, queries.Choice())

        assert rows["sku"].to_list() == ["SKU-3", "SKU-2", "SKU-1", "SKU-0"]

    @pytest.mark.parametrize(
        ("choice", "found"),
        [
            (queries.Choice(search="number 2"), ["SKU-2"]),
            (queries.Choice(search="sku-1"), ["SKU-1"]),
            (queries.Choice(search="搪瓷"), ["SKU-0"]),
            (queries.Choice(search="100%"), ["SKU-0"]),
            (queries.Choice(search="_"), []),
            (queries.Choice(search="' or 1=1 --"), []),
            (queries.Choice(category="Lamps"), ["SKU-2", "SKU-0"]),
            (queries.Choice(category="Lamps", vendor="Lumen"), ["SKU-2"]),
        ],
    )
    def test_search_and_filters_take_the_words_as_they_are(
        self, connection: duckdb.DuckDBPyConnection, choice: queries.Choice, found: list[str]
    ) -> None:
        assert queries.flagged(connection, choice)["sku"].to_list() == found

    def test_the_headline_sums_what_is_shown(self, connection: duckdb.DuckDBPyConnection) -> None:
        sums = queries.headline(queries.flagged(connection, queries.Choice()))

        assert (sums.products, sums.excess_units) == (4, 100.0)
        assert sums.money_at_risk == {"EUR": 10_000}


class TestPage:
    def test_before_the_first_run_it_explains_itself(
        self, published_dir: Path, visit: Visit
    ) -> None:
        page = visit(PAGE)

        assert not page.exception
        assert "Nothing is published yet" in page.info[0].value

    def test_it_shows_the_figures_and_the_date_in_the_shops_time(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(4))

        page = visit(PAGE)

        assert not page.exception
        assert [each.value for each in page.metric] == ["4", "100", "€100"]
        assert "20:00:00" in page.caption[0].value  # noon UTC is eight in the evening in Shanghai

    def test_a_new_publication_shows_without_a_restart(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(4))
        page = visit(PAGE)

        publish(problems(7))
        page.run()

        assert page.metric[0].value == "7"

    def test_no_flag_is_good_news_and_not_an_empty_page(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(0))

        page = visit(PAGE)

        assert not page.exception
        assert "No flagged product" in page.success[0].value

    def test_in_chinese_no_text_stays_english(self, publish: Publish, visit: Visit) -> None:
        publish(problems(4))
        page = visit(PAGE, lang="zh")

        assert not page.exception
        assert page.header[0].value == "问题商品"
        english = {text for text, chinese_text in chinese().items() if text != chinese_text}
        shown = [*page.subheader, *page.caption, *page.metric, *page.selectbox, *page.text_input]
        labels = {getattr(each, "label", None) or each.value for each in shown}
        assert (labels | set(page.dataframe[0].value.columns)) & english == set()
        assert "质量问题" in page.dataframe[0].value.to_string()

    @pytest.mark.parametrize(
        ("language", "words"), [("en", "say: **defect**"), ("zh", "**质量问题**")]
    )
    def test_what_customers_say_of_it_is_told(
        self, publish: Publish, language: str, words: str, visit: Visit
    ) -> None:
        publish(problems(4))
        page = visit(PAGE, lang=language)

        assert words in page.markdown[1].value

    def test_a_product_that_a_filter_hides_is_flagged_all_the_same(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(4))
        page = visit(PAGE, q="number 2", sku="SKU-0")

        assert page.metric[0].value == "1"
        assert "came back 2.0 times as often" in page.markdown[0].value

    @pytest.mark.parametrize("search", ["SKU-9", "asa"])
    def test_a_product_that_is_not_flagged_is_found_and_told_of(
        self, publish: Publish, search: str, visit: Visit
    ) -> None:
        publish(problems(4))
        page = visit(PAGE, q=search)

        assert "fits this search" in page.info[0].value
        assert "is not flagged: it came back 1.1 times" in page.markdown[0].value

    def test_a_search_that_finds_nothing_is_no_good_news(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(4))
        page = visit(PAGE, q="zzzz")

        assert not page.success
        assert page.caption[-1].value == "No product has such a number or name."

    def test_a_name_is_shown_as_it_is_whatever_it_holds(
        self, publish: Publish, visit: Visit
    ) -> None:
        rows = problems(1).with_columns(title=pl.lit("*[50 $ off](x)* #1"))
        publish(rows)

        page = visit(PAGE)

        assert r"\*\[50 \$ off\]\(x\)\* \#1" in page.markdown[0].value

    def test_money_of_several_currencies_is_never_added_up(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(2).with_columns(currency=pl.Series(["EUR", "CNY", "EUR"])))

        page = visit(PAGE)

        assert page.metric[2].value == "CN¥20 · €10"
        assert page.dataframe[0].value["Currency"].to_list() == ["CNY", "EUR"]

    @pytest.mark.parametrize(
        "harm", [b"", b"PAR1 cut", b"\0" * 5000], ids=["empty", "cut", "zeroed"]
    )
    def test_a_damaged_file_is_no_traceback(
        self, publish: Publish, published_dir: Path, harm: bytes, visit: Visit
    ) -> None:
        publish(problems(3).with_columns(title=pl.lit(str(harm[:4]))))  # a snapshot of its own
        next((published_dir / "problem_skus").glob("*.parquet")).write_bytes(harm)

        page = visit(PAGE)

        assert not page.exception
        assert "damaged" in page.error[0].value

    def test_what_another_version_published_is_no_traceback(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(1).drop("window_weeks"))

        page = visit(PAGE)

        assert not page.exception
        assert "another version" in page.error[0].value
        assert "retour refresh" in page.caption[-1].value
