from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from buyers_service import BuyersService, buyers_service
from published_shop import Publish, PublishMarts, Visit, cases, flags, problems, product_marts
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Expander

from dashboards.parts.forwarding import story
from dashboards.queries import customers_words, product_story
from dashboards.texts import Texts

PAGE = "problem_products"


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, frame in product_marts(problems(4)).items():
        connection.register(name, frame)
    return connection


class TestQueries:
    def test_words_are_those_of_the_product(self, connection: duckdb.DuckDBPyConnection) -> None:
        said = customers_words.phrases(connection, ["SKU-1"])

        assert said["phrase"].to_list() == ["runs far too small", "尺码偏小"]
        assert said.row(0, named=True)["comments"] == 7

    def test_what_sizes_of_one_dress_share_is_told_once(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        alike = pl.DataFrame(
            {
                "sku": ["S", "M"],
                "language": ["en", "en"],
                "place": [1, 1],
                "phrase": ["too small", "too small"],
                "comments": [4, 9],
                "share": [0.4, 0.5],
                "usual_share": [0.1, 0.1],
            }
        )
        connection.register("sku_phrases", alike)

        assert customers_words.phrases(connection, ["S", "M"])["comments"].to_list() == [9]

    def test_words_to_forward_quote_the_most_telling_ones(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        of = product_story.evidence(connection, "SKU-1")
        assert of

        english, chinese = (
            story(of, Texts(language), ["fell apart", "尺码偏小"]) for language in ("en", "zh")
        )

        assert "In their words: “fell apart” “尺码偏小”." in english
        assert "顾客的原话：“fell apart” “尺码偏小”。" in chinese


class TestPage:
    def test_the_story_quotes_what_customers_write_and_how_many(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(4))

        page = visit(PAGE, sku="SKU-1")

        told = " ".join(each.value for each in page.markdown)
        assert "“**runs far too small**”: 7 customers, 35" in told
        assert "runs far too small" in page.code[0].value

    def test_where_no_words_stand_out_it_says_why(self, publish: Publish, visit: Visit) -> None:
        publish(problems(4))

        page = visit(PAGE, sku="SKU-3")

        assert any("fewer than three customers" in each.value for each in page.caption)

    def test_comments_are_read_by_whoever_has_shown_a_key(
        self, visit: Visit, publish_marts: PublishMarts, service: BuyersService
    ) -> None:
        known = flags(problems(3)).with_columns(
            flag_id=pl.col("sku").replace_strict(service.flag_ids, default="f-0")
        )
        publish_marts(
            {**product_marts(problems(3)), "product_flags": known, "cases_daily": cases()}
        )
        page = visit(PAGE, sku="SKU-1")
        assert not _comments(page)

        page.text_input(key="key typed").set_value(service.keys["buyer"])
        page = next(each for each in page.button if each.label == "Use this key").click().run()

        (comments,) = _comments(page)
        assert any("Nobody has written" in each.value for each in comments.caption)


def _comments(page: AppTest) -> list[Expander]:
    return [each for each in page.expander if each.label == "Read some comments"]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BuyersService]:
    with buyers_service(tmp_path, "SKU-0", "SKU-1", "SKU-2") as running:
        monkeypatch.setenv("RETOUR_SERVICE_URL", running.address)
        yield running
