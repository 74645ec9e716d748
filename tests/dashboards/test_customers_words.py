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
from dashboards.service_api import Comment, Refused, Service
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

    def test_the_leading_words_of_a_product_are_in_the_readers_language_where_there_are_some(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        told = {
            language: customers_words.leading(connection, language)["phrase"].to_list()
            for language in ("en", "zh")
        }

        assert told == {
            "en": ["runs far too small", "fell apart"],
            "zh": ["尺码偏小", "fell apart"],
        }


def listed(page: AppTest) -> list[str]:
    """What the rows of the list quote."""
    return [each.value for each in page.caption if each.value.startswith("“")]


def has_key(page: AppTest) -> AppTest:
    """The page as it stands once its reader has shown a key."""
    page.session_state["a buyer's key"] = "k"
    page.run()
    assert not page.exception
    return page


class TestList:
    @pytest.fixture(autouse=True)
    def _published(self, publish: Publish) -> None:
        publish(problems(4))

    def test_a_row_quotes_what_many_say(self, visit: Visit) -> None:
        assert listed(visit(PAGE)) == [
            "“fell apart” (3 customers)",
            "“runs far too small” (7 customers)",
        ]
        assert listed(visit(PAGE, lang="zh"))[1] == "“尺码偏小”（4 位顾客）"

    def test_whoever_has_shown_a_key_reads_a_comment_that_says_it_once_a_session(
        self, visit: Visit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []

        def comments(_: Service, flag_id: str) -> tuple[Comment, ...]:
            asked.append(flag_id)
            bodies = {
                "flag-of-SKU-1": ("Nice.", "*Runs far\ntoo small*, " + "really " * 30),
                "flag-of-SKU-3": ("Torn!",),
            }.get(flag_id, ())
            return tuple(Comment(body, "2026-03-01T00:00:00Z", None, None) for body in bodies)

        monkeypatch.setattr(Service, "comments", comments)

        page = has_key(visit(PAGE))
        page.run()

        torn, apart, small = listed(page)
        assert (torn, apart) == (r"“Torn\!”", "“fell apart” (3 customers)")
        assert small.startswith(r"“\*Runs far too small\*, really")
        assert small.endswith("really…”")
        assert len(asked) == len(set(asked)) == 4

    def test_where_the_service_tells_nothing_it_is_asked_once_and_what_many_say_stands(
        self, visit: Visit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []

        def comments(_: Service, flag_id: str) -> tuple[Comment, ...]:
            asked.append(flag_id)
            raise Refused("unreachable", "away")

        monkeypatch.setattr(Service, "comments", comments)

        assert len(listed(has_key(visit(PAGE)))) == 2
        assert len(asked) == 1


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
