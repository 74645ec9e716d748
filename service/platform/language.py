"""The two languages of everything a customer reads. English texts are the keys; the Chinese stand in `service/locale/`."""

from datetime import datetime, tzinfo
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_timezone_name
from babel.messages.pofile import read_po
from babel.numbers import format_currency

import service
from retour.currencies import decimals_of
from service.domain.words import Language, Money, Part, Phrase

_LOCALES: dict[Language, str] = {"en": "en_GB", "zh": "zh_Hans_CN"}
_MOMENTS: dict[Language, str] = {"en": "EEEE d MMMM y, HH:mm", "zh": "y年M月d日EEEE HH:mm"}
_WORLD_TIME = ("UTC", "Etc/UTC")
_CATALOGUE = Path(service.__path__[0]) / "locale" / "zh" / "LC_MESSAGES" / "service.po"


def say(
    phrase: Phrase | str, language: Language, *, zone: tzinfo | None = None, **parts: Part
) -> str:
    """A phrase in this language. Moments are those of `zone`, or of the zone that they carry."""
    text, own = (phrase.text, phrase.parts) if isinstance(phrase, Phrase) else (phrase, {})
    written = chinese().get(text, text) if language == "zh" else text
    filled = {**own, **parts}
    if not filled:
        return written
    return written.format(**{name: _in_words(filled[name], language, zone) for name in filled})


def say_moment(moment: datetime, language: Language, zone: tzinfo | None = None) -> str:
    """Day of the week, date and minute in `zone`, or in the zone that the moment carries."""
    local = moment.astimezone(zone) if zone else moment
    return format_datetime(
        local, _MOMENTS[language], tzinfo=local.tzinfo, locale=_LOCALES[language]
    )


def say_money(amount: Money, language: Language) -> str:
    """To the last minor unit, with the currency's sign."""
    decimals = decimals_of(amount.currency)
    return format_currency(
        Decimal(amount.minor).scaleb(-decimals),
        amount.currency,
        format="¤#,##0" + ("." + "0" * decimals if decimals else ""),
        locale=_LOCALES[language],
        currency_digits=False,
    )


def say_zone(zone: ZoneInfo, language: Language) -> str:
    """Whose time it is, such as `Central European Time`."""
    if zone.key in _WORLD_TIME:
        return "UTC"  # CLDR knows no place for it: "Unknown Region (UTC) Time"
    return get_timezone_name(zone, locale=_LOCALES[language])


def negotiate(accept_language: str | None) -> Language:
    """The language that a browser's `Accept-Language` likes best of ours; English where it likes neither."""
    wishes = [_wish(each) for each in (accept_language or "").split(",")]
    liked = [(weight, language) for language, weight in wishes if language and weight > 0]
    best = max((weight for weight, _ in liked), default=0.0)
    return next((language for weight, language in liked if weight == best), "en")


def _wish(text: str) -> tuple[Language | None, float]:
    """One of the header's wishes and its weight; a broken weight counts for nothing."""
    tag, _, weight = text.partition(";")
    primary = tag.strip().lower().partition("-")[0]
    language: Language | None = "zh" if primary == "zh" else "en" if primary == "en" else None
    try:
        return language, float(weight.strip().removeprefix("q=")) if weight else 1.0
    except ValueError:
        return language, 0.0


def _in_words(part: Part, language: Language, zone: tzinfo | None) -> str:
    if isinstance(part, datetime):
        return say_moment(part, language, zone)
    if isinstance(part, Phrase):
        return say(part, language, zone=zone)
    return say_money(part, language) if isinstance(part, Money) else str(part)


@cache
def chinese() -> dict[str, str]:
    """The Chinese texts by their English ones."""
    with _CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    return {str(message.id): str(message.string) for message in catalogue if message.id}
