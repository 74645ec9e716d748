import ast
from pathlib import Path
from typing import get_args

import dashboards
from dashboards.texts import Texts, chinese
from dashboards.words import GLOSSARIES, REASONS
from service.domain.words import Reason

PAGES = Path(dashboards.__path__[0])


class TestTexts:
    def test_every_text_has_its_translation_with_the_same_parts(self) -> None:
        for english, translated in chinese().items():
            assert translated, english
            assert _parts(english) == _parts(translated), english

    def test_every_text_of_the_pages_is_in_the_catalogue(self) -> None:
        sources = [path.read_text() for path in PAGES.rglob("*.py")]

        said = {text for source in sources for text in _texts(source)}

        named = {word for glossary in GLOSSARIES for word in glossary.values()}
        assert (said | named) - set(chinese()) == set()
        assert set(chinese()) - said - named == set()

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
    named = [
        each
        for each in calls
        if isinstance(each.func, ast.Name) and each.func.id in ("texts", "self")
    ]
    return [each.args[0].value for each in named if isinstance(each.args[0], ast.Constant)]
