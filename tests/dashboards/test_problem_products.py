import ast
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.publication import NothingPublished, PublicationUnreadable, read_publication
from dashboards.queries import problem_products as queries
from dashboards.texts import Texts, chinese

APP = str(Path(__file__).parents[2] / "dashboards" / "streamlit_app.py")
Publish = Callable[[pl.DataFrame], None]


def problems(count: int) -> pl.DataFrame:
    """`count` flagged products, the last with most money at stake, and one cleared."""
    rows = range(count + 1)
    return pl.DataFrame(
        {
            "sku": [f"SKU-{n}" for n in rows],
            "title": ["搪瓷杯 100%" if n == 0 else f"Thing number {n}" for n in rows],
            "category": ["Kitchen" if n % 2 else "Lamps" for n in rows],
            "vendor": [None if n % 3 == 0 else "Lumen" for n in rows],
            "flagged_at": [datetime(2026, 3, 1) for _ in rows],  # noqa: DTZ001  # UTC, as published
            "since": [date(2026, 1, 5) for _ in rows],
            "lift": [2.0 + n for n in rows],
            "lift_low": [1.5 + n for n in rows],
            "lift_high": [3.0 + n for n in rows],
            "excess_units": [10.0 * (n + 1) for n in rows],
            "likely_cause": ["defect" for _ in rows],
            "money_at_risk_minor": [1000 * (n + 1) for n in rows],
            "currency": ["EUR" for _ in rows],
            "units_sold": [100 for _ in rows],
            "units_returned": [30 for _ in rows],
            "units_expected": [10.0 for _ in rows],
            "status": ["flagged"] * count + ["cleared"],
        },
        schema_overrides={"vendor": pl.String, "flagged_at": pl.Datetime("us")},
    )


def weekly() -> pl.DataFrame:
    weeks = [date(2026, 1, day) for day in (5, 12, 19, 26)]
    return pl.DataFrame(
        {
            "sku": ["SKU-0"] * 4,
            "week_start": weeks,
            "units_sold": [50, 50, 40, 60],
            "units_returned": [1, 2, 8, 9],
            "units_expected": [1.0, 2.0, 2.5, 2.5],
            "expected_low": [0.0, 0.5, 0.5, 0.5],
            "expected_high": [3.0, 5.0, 5.0, 5.0],
        }
    )


@pytest.fixture
def published_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETOUR_VAR_DIR", str(tmp_path))
    return tmp_path / "published"


@pytest.fixture
def publish(published_dir: Path) -> Publish:
    """Writes a publication as the pipeline does: files first, the manifest last."""

    def written(rows: pl.DataFrame) -> None:
        snapshot = f"snapshot-{len(rows)}"
        marts = {}
        for name, frame in {"problem_skus": rows, "sku_weekly": weekly()}.items():
            path = published_dir / name / f"{snapshot}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.write_parquet(path)
            marts[name] = {"files": [{"path": f"{name}/{path.name}", "rows": len(frame)}]}
        manifest = {
            "format": 1,
            "snapshot": snapshot,
            "as_of": "2026-03-01T12:00:00Z",
            "through_seq": 9,
            "timezone": "Asia/Shanghai",
            "published_at": "2026-03-02T00:00:00Z",
            "marts": marts,
        }
        (published_dir / "manifest.json").write_text(json.dumps(manifest))

    return written


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

    @pytest.mark.parametrize("text", ["{", '{"format": 99}'])
    def test_a_manifest_that_cannot_be_read_is_named_with_the_way_out(
        self, published_dir: Path, text: str
    ) -> None:
        published_dir.mkdir(parents=True)
        (published_dir / "manifest.json").write_text(text)

        with pytest.raises(PublicationUnreadable, match=r"manifest.json.*retour refresh"):
            read_publication(published_dir)

    def test_a_missing_file_is_named(self, publish: Publish, published_dir: Path) -> None:
        publish(problems(1))
        (published_dir / "sku_weekly" / "snapshot-2.parquet").unlink()

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
        assert page.title[0].value == "问题商品"
        english = {text for text, chinese_text in chinese().items() if text != chinese_text}
        shown = [*page.subheader, *page.caption, *page.metric, *page.selectbox]
        labels = {getattr(each, "label", None) or each.value for each in shown}
        assert labels & english == set()


class TestTexts:
    def test_every_text_has_its_translation_with_the_same_parts(self) -> None:
        for english, translated in chinese().items():
            assert translated, english
            assert _parts(english) == _parts(translated), english

    def test_every_text_of_the_page_is_in_the_catalogue(self) -> None:
        page = (Path(APP).parent / "app_pages" / "problem_products.py").read_text()

        missing = [text for text in _texts(page) if text not in chinese()]

        assert missing == []

    def test_money_is_written_as_the_language_does(self) -> None:
        assert Texts("en").money(123_456, "GBP") == "£1,235"
        assert Texts("zh").money(500, "JPY") == "JP¥500"


def _parts(text: str) -> set[str]:
    return {piece.split("}")[0] for piece in text.split("{")[1:]}


def _texts(source: str) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [each for each in calls if isinstance(each.func, ast.Name) and each.func.id == "texts"]
    return [each.args[0].value for each in named if isinstance(each.args[0], ast.Constant)]
