"""The pages' two languages. English texts are the keys; the Chinese ones stand in `locale/`, read with Babel."""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from babel import numbers
from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po

Language = Literal["en", "zh"]
LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}
REASONS = {
    "defect": "defect",
    "damaged_in_transit": "damaged in transit",
    "not_as_described": "not as described",
    "size_fit": "size or fit",
    "wrong_item": "wrong item",
    "arrived_late": "arrived late",
    "changed_mind": "changed mind",
    "other": "other",
}
_LOCALES: dict[Language, str] = {"en": "en_GB", "zh": "zh_Hans_CN"}
_CATALOGUE = Path(__file__).parent / "locale" / "zh" / "LC_MESSAGES" / "dashboards.po"


class Texts:
    """Texts, numbers, dates and money as one language writes them."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._locale = _LOCALES[language]

    def __call__(self, text: str, **parts: str) -> str:
        """The text in this language, its `{parts}` filled in."""
        written = chinese().get(text, text) if self.language == "zh" else text
        return written.format(**parts) if parts else written

    def reason(self, code: str) -> str:
        """A reason for a return in words; one that a shop's own history brought stays as it is."""
        return self(REASONS.get(code, code))

    def number(self, value: float, digits: int = 0) -> str:
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return numbers.format_decimal(value, format=pattern, locale=self._locale)

    def money(self, minor: int, currency: str) -> str:
        """Whole units of a currency: for judging, not for booking."""
        digits = numbers.get_currency_precision(currency)
        return numbers.format_currency(
            minor / 10**digits,
            currency,
            format="¤#,##0",
            locale=self._locale,
            currency_digits=False,
        )

    def day(self, value: date) -> str:
        return format_date(value, format="medium", locale=self._locale)

    def moment(self, value: datetime) -> str:
        return format_datetime(value, format="medium", locale=self._locale)


def language_of(word: str | None) -> Language:
    """The language that a URL names; English where it names none of ours."""
    return "zh" if word == "zh" else "en"


@cache
def chinese() -> dict[str, str]:
    """The Chinese texts by their English ones."""
    with _CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    return {str(message.id): str(message.string) for message in catalogue if message.id}
