import ast
import inspect
import re
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import get_args

import polars as pl

import dashboards
from dashboards.risk_words import FEATURES, RULES
from dashboards.texts import Texts, chinese
from dashboards.words import GLOSSARIES, REASONS
from models.risk import compare as compare_
from models.risk import train
from models.risk.certify import Contradiction
from models.risk.compare import compare, uncertified
from models.risk.features import NAMES
from models.risk.golden import Reproduction
from models.risk.train import TooFewLabels
from pipelines.risk import promotion, watching
from pipelines.risk.frame import rules_of
from pipelines.risk.promotion import not_renewed
from retour.models import rollback
from service.domain.policy import RuleName
from service.domain.words import Reason
from service.policies import default_policy

_FIGURES = {"{what}": "count"}  # the words that stand in a sentence as one of a few
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

    def test_every_feature_and_rule_is_told_in_words(self) -> None:
        assert set(FEATURES) == {"score", *NAMES}
        assert set(RULES) == set(get_args(RuleName))

    def test_what_keeps_a_model_from_deciding_is_said_in_the_reader_s_language(self) -> None:
        """Sentences of the training and the comparison themselves, as they leave them in the mart."""
        few = str(TooFewLabels(12, 3))
        rows = pl.DataFrame(
            {
                "champion": [True, False],
                "challenger": [False, True],
                "label": [0, 1],
                "weight": [1.0, 1.0],
                "value": [100.0, 100.0],
            }
        )
        compared = compare(
            rows,
            rules_of(default_policy(), "EUR"),
            is_certified=True,
            golden=Reproduction(64, (3,)),
            is_in_parity=False,
            seed=1,
        )
        against = "; ".join(compared.against)

        ended = not_renewed(datetime(2026, 5, 1, tzinfo=UTC))
        nothing = [uncertified(by) for by in (None, *get_args(Contradiction))]
        for told in (few, against, ended, *nothing):
            assert Texts("en").sentences(told) == told
            assert not re.search("[a-z]{3}", Texts("zh").sentences(told)), told
        assert Texts("zh").sentences("a person's own words") == "a person's own words"

    def test_no_sentence_of_training_comparison_promotion_and_watch_is_forgotten(self) -> None:
        """All with figures that their sources have, but for SQL."""
        told = [each for module in (compare_, train, promotion, watching) for each in _said(module)]

        assert len(told) > 8
        for each in told:
            assert Texts("en").sentences(each) == each
            assert not re.search("[a-z]{3}", Texts("zh").sentences(each)), each

    def test_why_somebody_went_back_who_gave_no_reason_is_told_in_chinese(self) -> None:
        reason = inspect.signature(rollback).parameters["reason"].default

        assert Texts("zh").sentences(reason) == "手动退回"

    def test_money_is_written_as_the_language_does(self) -> None:
        assert Texts("en").money(123_456, "GBP") == "£1,235"
        assert Texts("zh").money(500, "JPY") == "JP¥500"
        assert Texts("en").money(129_000, "RSD") == "RSD1,290"


def _said(module: ModuleType) -> list[str]:
    """Texts of several words with figures in them, each figure a 1."""
    nodes = ast.walk(ast.parse(inspect.getsource(module)))
    filled = [_filled(node) for node in nodes if isinstance(node, ast.JoinedStr)]
    return [each for each in filled if each.count(" ") > 2 and not each.startswith("select ")]


def _filled(text: ast.JoinedStr) -> str:
    return "".join(
        part.value if isinstance(part, ast.Constant) else _FIGURES.get(ast.unparse(part), "1")
        for part in text.values
    )


def _parts(text: str) -> set[str]:
    return {piece.split("}")[0] for piece in text.split("{")[1:]}


def _texts(source: str) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [each for each in calls if _callee(each) in ("texts", "self")]
    return [each.args[0].value for each in named if isinstance(each.args[0], ast.Constant)]


def _callee(call: ast.Call) -> str:
    """What is called: `texts` of `texts(…)` and of `view.texts(…)`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
