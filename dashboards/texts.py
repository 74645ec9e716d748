"""The pages' two languages. English texts are the keys; the Chinese ones stand in `locale/`, read with Babel.

`dashboards.po` holds what the pages say, `definitions.po` what the headers of the marts say of their columns.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from babel import numbers
from babel.dates import format_date, format_datetime, format_skeleton
from babel.messages.pofile import read_po

from dashboards import health_words, risk_words
from dashboards.words import REASONS
from retour.currencies import decimals_of

Language = Literal["en", "zh"]
LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}
_LOCALES: dict[Language, str] = {"en": "en_GB", "zh": "zh_Hans_CN"}
_UNITS = (" (minor units)", "（最小货币单位）")
_CATALOGUES = Path(__file__).parent / "locale" / "zh" / "LC_MESSAGES"
_MINUTE, _HOUR, _DAY = 1 / 60, 1.0, 24.0
_SENTENCES = tuple(
    text
    for glossary in (risk_words.SENTENCES, *health_words.GLOSSARIES)
    for text in glossary.values()
)
_WHOLE = frozenset(text for text in _SENTENCES if "{" not in text)
_WITH_FIGURES = tuple(text for text in _SENTENCES if "{" in text)
_TOLD = "told"  # a figure that is itself sentences that we know
_FREE = {_TOLD: ".+", "words": ".+", "path": ".+?", "folder": ".+?"}
_FIGURE = r"\S+(?:(?:,| ≤| or) \S+)*?"  # a number or a name, or a list of them


class Texts:
    """Texts, numbers, dates and money as one language writes them."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._locale = _LOCALES[language]

    def __call__(self, text: str, **parts: str) -> str:
        """The text in this language, its `{parts}` filled in."""
        written = chinese().get(text, text) if self.language == "zh" else text
        return written.format(**parts) if parts else written

    def word(self, glossary: Mapping[str, str], code: str | None) -> str:
        """A code in words; one that the glossary does not know stays as it is, and none is a dash."""
        return "–" if code is None else self(glossary.get(code, code))

    def sentences(self, told: str) -> str:
        """Sentences that pipeline and models left in a mart, apart by `; `; one that nobody knows stays as it is."""
        whole = self._sentence(told)
        parts = (self._sentence(each) or each for each in told.split("; "))
        return whole or self("; ").join(parts)

    def _sentence(self, told: str) -> str | None:
        if (found := _known(told)) is None:
            return None
        text, figures = found
        inner = {_TOLD: self.sentences(figures[_TOLD])} if _TOLD in figures else {}
        return self(text, **(figures | inner))

    def definition(self, text: str) -> str:
        """What a mart's header says of a column, but for its unit: pages show amounts as people write them."""
        said = definitions().get(text, text) if self.language == "zh" else text
        for unit in _UNITS:
            said = said.replace(unit, "")
        return said

    @staticmethod
    def meaning(definition: str, word: str) -> str:
        """Of a definition that says `word (meaning), …`, one word's meaning; all of it where it does not."""
        found = re.search(rf"\b{re.escape(word)} \(([^()]*)\)", definition)
        return found[1] if found else definition

    def reason(self, code: str) -> str:
        """A reason for a return in words; one that a shop's own history brought stays as it is."""
        return self(REASONS.get(code, code))

    def number(self, value: float, digits: int = 0) -> str:
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return numbers.format_decimal(value, format=pattern, locale=self._locale)

    def share(self, value: float | None, digits: int = 0) -> str:
        """A share from 0 to 1, in percent; a dash where there is none."""
        return "–" if value is None else f"{self.number(100 * value, digits)}\N{NO-BREAK SPACE}%"

    def duration(self, hours: float | None) -> str:
        """Hours as people say them: in seconds, minutes, hours or days; a dash where nothing is known."""
        if hours is None:
            return "–"
        if hours < _MINUTE:
            return self("{n} s", n=self.number(hours * 3600))
        if hours < _HOUR:
            return self("{n} min", n=self.number(hours / _MINUTE))
        if hours < 2 * _DAY:
            return self("{n} h", n=self.number(hours, 1))
        return self("{n} days", n=self.number(hours / _DAY, 1))

    def money(self, minor: int, currency: str) -> str:
        """Whole units of a currency: for judging, not for booking."""
        return numbers.format_currency(
            minor / 10 ** decimals_of(currency),
            currency,
            format="¤#,##0",
            locale=self._locale,
            currency_digits=False,
        )

    def day(self, value: date) -> str:
        return format_date(value, format="medium", locale=self._locale)

    def day_of_year(self, value: date) -> str:
        """A day of a year that goes without saying."""
        return format_skeleton("MMMd", value, locale=self._locale)

    def moment(self, value: datetime) -> str:
        return format_datetime(value, format="medium", locale=self._locale)


def language_of(word: str | None) -> Language:
    """The language that a URL names; English where it names none of ours."""
    return "zh" if word == "zh" else "en"


@lru_cache(maxsize=10_000)
def _known(told: str) -> tuple[str, dict[str, str]] | None:
    """Which text with `{figures}` a sentence is, and its figures; None of one that we do not know."""
    if told in _WHOLE:
        return told, {}
    found = ((text, _pattern(text).fullmatch(told)) for text in _WITH_FIGURES)
    figures = ((text, match.groupdict()) for text, match in found if match)
    return next((each for each in figures if _tells_what_is_known(each[1])), None)


def _tells_what_is_known(figures: Mapping[str, str]) -> bool:
    return all(map(_known, figures[_TOLD].split("; "))) if _TOLD in figures else True


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """What a text with `{figures}` looks like when they are filled in."""

    def figure(name: re.Match[str]) -> str:
        return f"(?P<{name[1]}>{_FREE.get(name[1], _FIGURE)})"

    return re.compile(re.sub(r"\\\{(\w+)\\\}", figure, re.escape(text)), re.DOTALL)


@cache
def chinese() -> dict[str, str]:
    """What the pages say, in Chinese by English."""
    return _catalogue("dashboards.po")


@cache
def definitions() -> dict[str, str]:
    """What the marts' headers say of their columns, in Chinese by English."""
    return _catalogue("definitions.po")


def _catalogue(name: str) -> dict[str, str]:
    with (_CATALOGUES / name).open("rb") as file:
        catalogue = read_po(file)
    return {str(message.id): str(message.string) for message in catalogue if message.id}
