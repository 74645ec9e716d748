import ast
import json
from pathlib import Path
from typing import get_args

import duckdb
import polars as pl
import pytest
from published_shop import Publish, problems, weekly
from streamlit.testing.v1 import AppTest

from dashboards.publication import NothingPublished, PublicationUnreadable, read_publication
from dashboards.queries import problem_products as queries
from dashboards.texts import REASONS, Texts, chinese
from service.domain.words import Reason

APP = str(Path(__file__).parents[2] / "dashboards" / "streamlit_app.py")


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


class TestPublication:
    def test_nothing_published_says_what_to_run(self, published_dir: Path) -> None:
        with pytest.raises(NothingPublished, match="retour refresh"):
            read_publication(published_dir)

    @pytest.mark.parametrize("text", ["{", "[]", "null", '{"format": 99}', '{"format": 1}'])
    def test_a_manifest_that_cannot_be_read_is_named_with_the_way_out(
        self, published_dir: Path, text: str
    ) -> None:
        published_dir.mkdir(parents=True)
        (published_dir / "manifest.json").write_text(text)

        with pytest.raises(PublicationUnreadable, match=r"manifest.json.*retour refresh"):
            read_publication(published_dir)

    @pytest.mark.parametrize(
        "changed",
        [
            {"marts": None},
            {"marts": {"problem_skus": {}}},
            {"marts": {"problem_skus": {"files": [{}]}}},
            {"timezone": "Nowhere/Else"},
            {"as_of": "noon"},
            {"published_at": None},
        ],
        ids=lambda changed: next(iter(changed)),
    )
    def test_a_manifest_that_lacks_a_part_is_named_with_the_way_out(
        self, publish: Publish, published_dir: Path, changed: dict[str, object]
    ) -> None:
        publish(problems(1))
        path = published_dir / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))

        with pytest.raises(PublicationUnreadable, match=r"manifest.json.*retour refresh"):
            read_publication(published_dir)

    def test_a_missing_file_is_named(self, publish: Publish, published_dir: Path) -> None:
        publish(problems(1))
        next((published_dir / "sku_weekly").glob("*.parquet")).unlink()

        with pytest.raises(PublicationUnreadable, match="sku_weekly"):
            read_publication(published_dir)


class TestPage:
    def test_before_the_first_run_it_explains_itself(self, published_dir: Path) -> None:
        page = AppTest.from_file(APP, default_timeout=60).run()

        assert not page.exception
        assert "Nothing is published yet" in page.info[0].value

    def test_it_shows_the_figures_and_the_date_in_the_shops_time(self, publish: Publish) -> None:
        publish(problems(4))

        page = AppTest.from_file(APP, default_timeout=60).run()

        assert not page.exception
        assert [each.value for each in page.metric] == ["4", "100", "€100"]
        assert "20:00:00" in page.caption[0].value  # noon UTC is eight in the evening in Shanghai

    def test_a_new_publication_shows_without_a_restart(self, publish: Publish) -> None:
        publish(problems(4))
        page = AppTest.from_file(APP, default_timeout=60).run()

        publish(problems(7))
        page.run()

        assert page.metric[0].value == "7"

    def test_no_flag_is_good_news_and_not_an_empty_page(self, publish: Publish) -> None:
        publish(problems(0))

        page = AppTest.from_file(APP, default_timeout=60).run()

        assert not page.exception
        assert "No flagged product" in page.success[0].value

    def test_in_chinese_no_text_stays_english(self, publish: Publish) -> None:
        publish(problems(4))
        page = AppTest.from_file(APP, default_timeout=60)
        page.query_params["lang"] = "zh"

        page.run()

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
        self, publish: Publish, language: str, words: str
    ) -> None:
        publish(problems(4))
        page = AppTest.from_file(APP, default_timeout=60)
        page.query_params["lang"] = language

        page.run()

        assert words in page.markdown[1].value

    def test_a_product_that_a_filter_hides_is_flagged_all_the_same(self, publish: Publish) -> None:
        publish(problems(4))
        page = AppTest.from_file(APP, default_timeout=60)
        page.query_params["q"] = "number 2"
        page.query_params["sku"] = "SKU-0"

        page.run()

        assert page.metric[0].value == "1"
        assert "came back 2.0 times as often" in page.markdown[0].value

    @pytest.mark.parametrize("search", ["SKU-9", "asa"])
    def test_a_product_that_is_not_flagged_is_found_and_told_of(
        self, publish: Publish, search: str
    ) -> None:
        publish(problems(4))
        page = AppTest.from_file(APP, default_timeout=60)
        page.query_params["q"] = search

        page.run()

        assert "fits this search" in page.info[0].value
        assert "is not flagged: it came back 1.1 times" in page.markdown[0].value

    def test_a_search_that_finds_nothing_is_no_good_news(self, publish: Publish) -> None:
        publish(problems(4))
        page = AppTest.from_file(APP, default_timeout=60)
        page.query_params["q"] = "zzzz"

        page.run()

        assert not page.success
        assert page.caption[-1].value == "No product has such a number or name."

    def test_a_name_is_shown_as_it_is_whatever_it_holds(self, publish: Publish) -> None:
        rows = problems(1).with_columns(title=pl.lit("*[50 $ off](x)* #1"))
        publish(rows)

        page = AppTest.from_file(APP, default_timeout=60).run()

        assert r"\*\[50 \$ off\]\(x\)\* \#1" in page.markdown[0].value

    def test_money_of_several_currencies_is_never_added_up(self, publish: Publish) -> None:
        publish(problems(2).with_columns(currency=pl.Series(["EUR", "CNY", "EUR"])))

        page = AppTest.from_file(APP, default_timeout=60).run()

        assert page.metric[2].value == "CN¥20 · €10"
        assert page.dataframe[0].value["Currency"].to_list() == ["CNY", "EUR"]

    @pytest.mark.parametrize(
        "harm", [b"", b"PAR1 cut", b"\0" * 5000], ids=["empty", "cut", "zeroed"]
    )
    def test_a_damaged_file_is_no_traceback(
        self, publish: Publish, published_dir: Path, harm: bytes
    ) -> None:
        publish(problems(3).with_columns(title=pl.lit(str(harm[:4]))))  # a snapshot of its own
        next((published_dir / "problem_skus").glob("*.parquet")).write_bytes(harm)

        page = AppTest.from_file(APP, default_timeout=60).run()

        assert not page.exception
        assert "damaged" in page.error[0].value

    def test_what_another_version_published_is_no_traceback(self, publish: Publish) -> None:
        publish(problems(1).drop("window_weeks"))

        page = AppTest.from_file(APP, default_timeout=60).run()

        assert not page.exception
        assert "another version" in page.error[0].value
        assert "retour refresh" in page.caption[-1].value


class TestTexts:
    def test_every_text_has_its_translation_with_the_same_parts(self) -> None:
        for english, translated in chinese().items():
            assert translated, english
            assert _parts(english) == _parts(translated), english

    def test_every_text_of_the_pages_is_in_the_catalogue(self) -> None:
        sources = [path.read_text() for path in Path(APP).parent.rglob("*.py")]

        said = {text for source in sources for text in _texts(source)}

        assert said - set(chinese()) == set()
        assert set(chinese()) - said - set(REASONS.values()) == set()

    def test_every_reason_of_the_service_is_told_in_both_languages(self) -> None:
        assert set(REASONS) == set(get_args(Reason))
        assert set(REASONS.values()) <= set(chinese())
        assert (Texts("en").reason("size_fit"), Texts("zh").reason("size_fit")) == (
            "size or fit",
            "尺码不合",
        )

    def test_money_is_written_as_the_language_does(self) -> None:
        assert Texts("en").money(123_456, "GBP") == "£1,235"
        assert Texts("zh").money(500, "JPY") == "JP¥500"


def _parts(text: str) -> set[str]:
    return {piece.split("}")[0] for piece in text.split("{")[1:]}


def _texts(source: str) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [each for each in calls if isinstance(each.func, ast.Name) and each.func.id == "texts"]
    return [each.args[0].value for each in named if isinstance(each.args[0], ast.Constant)]
