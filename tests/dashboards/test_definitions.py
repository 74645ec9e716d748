"""What figures mean: the words of the marts' own headers, in both languages."""

import ast
from pathlib import Path

import pytest
from published_shop import Visit

import dashboards
from dashboards.parts.frame import View
from dashboards.publication import read_publication
from dashboards.texts import Texts, definitions
from dashboards.words import CLOCKS, MEASURES, STAGES
from pipelines.warehouse.models import load_models

PAGES = Path(dashboards.__path__[0])
SQL = PAGES.parent / "sql"


@pytest.fixture(scope="module")
def headers() -> dict[str, str]:
    """What the headers say of each `mart.column`."""
    return {
        f"{model.name}.{column}": words
        for model in load_models(SQL)
        if model.schema == "marts"
        for column, words in model.header.columns.items()
    }


def shown() -> set[str]:
    """Every figure whose definition a page shows."""
    calls = [
        node
        for path in PAGES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "define"
    ]
    return {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}


class TestDefinitions:
    def test_pages_show_definitions_of_columns_that_there_are(
        self, headers: dict[str, str]
    ) -> None:
        assert shown() - set(headers) == set()

    def test_every_one_that_is_shown_is_told_in_chinese_and_no_other(
        self, headers: dict[str, str]
    ) -> None:
        told = {headers[figure] for figure in shown() & set(headers)}

        assert told - set(definitions()) == set()
        assert set(definitions()) - told == set()
        assert all(definitions().values())

    @pytest.mark.parametrize(
        ("figure", "words"),
        [
            ("sla_daily.clock", CLOCKS),
            ("ills_weekly.measure", MEASURES),
            ("stage_daily.stage", STAGES),
        ],
    )
    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_each_word_of_a_column_has_a_meaning_of_its_own(
        self, headers: dict[str, str], figure: str, words: dict[str, str], language: str
    ) -> None:
        text = headers[figure] if language == "en" else definitions()[headers[figure]]

        meanings = {Texts(language).meaning(text, word) for word in words}

        assert len(meanings) == len(words)
        assert text not in meanings


class TestView:
    def test_a_publication_without_words_defines_nothing(
        self, everything: None, published_dir: Path
    ) -> None:
        publication = read_publication(published_dir)
        view = View(Texts("zh"), publication)

        assert view.define("sla_daily.met") == "what met is"
        assert view.define("sla_daily.unheard_of") is None
        assert view.define("nowhere.met") is None


def test_no_definition_leans_on_one_that_is_not_shown_with_it(headers: dict[str, str]) -> None:
    leaning = {
        figure for figure in shown() & set(headers) if headers[figure].startswith("of those, ")
    }

    assert leaning == set()


def test_a_share_says_of_what_it_is_one(everything: None, visit: Visit) -> None:
    shares = {each.label: each.help for each in visit("satisfaction").metric}
    shares |= {each.label: each.help for each in visit("service_levels").metric}

    assert shares["Satisfied"] == "Of the answers, those of 4 or 5."
    assert shares["Within time"] == "Of the clocks met or breached, those met."
    assert shares["Decided by rule"].startswith("Of the applications of the period, ")


@pytest.mark.usefixtures("everything")
def test_a_figure_carries_its_definition(visit: Visit) -> None:
    page = visit("satisfaction")

    assert page.metric[0].help == "what csat_mean is"
