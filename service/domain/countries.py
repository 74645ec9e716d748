"""Countries as orders name them: by ISO code, or by a name in English or Chinese where an import brings one; and their time."""

import re
from collections.abc import Mapping
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global

_UNIONS = {"EU", "EZ", "UN"}  # in Babel's list, but no order goes there
_PLACEHOLDERS = {"XA", "XB", "ZZ", "QO"}
_NOT_OFFICIAL = {"Asia/Urumqi"}  # in use beside the time that the law means
# What shops write that Babel's list does not have; the shouted ones stand in UCI Online Retail.
_OTHER_NAMES = {
    "uk": "GB",
    "great britain": "GB",
    "eire": "IE",
    "republic of ireland": "IE",
    "usa": "US",
    "united states of america": "US",
    "rsa": "ZA",
    "czech republic": "CZ",
    "holland": "NL",
    "the netherlands": "NL",
    "hong kong": "HK",
    "macau": "MO",
    "korea": "KR",
    "russian federation": "RU",
    "turkey": "TR",
    "viet nam": "VN",
    "uae": "AE",
    "mainland china": "CN",
    "people's republic of china": "CN",
    "中国大陆": "CN",
    "中华人民共和国": "CN",
    "香港": "HK",
    "澳门": "MO",
}


def country_code(country: str | None) -> str | None:
    """The ISO 3166 alpha-2 code of a country that is given by code or name; None where it is none that we know."""
    if country is None:
        return None
    written = " ".join(country.split())
    return written if written in _codes() else _codes_by_name().get(written.casefold())


def zones_of(country: str | None) -> tuple[ZoneInfo, ...]:
    """The time zones of a country that is given by code or name; none where it is none that we know."""
    code = country_code(country)
    return _zones(code) if code else ()


@cache
def _zones(code: str) -> tuple[ZoneInfo, ...]:
    names = set(get_global("territory_zones").get(code, ())) - _NOT_OFFICIAL
    return tuple(ZoneInfo(each) for each in sorted(names & available_timezones()))


@cache
def _codes() -> frozenset[str]:
    territories = Locale("en").territories
    return frozenset(filter(_is_country, territories))


def _is_country(code: str) -> bool:
    return bool(re.fullmatch("[A-Z]{2}", code)) and code not in _UNIONS | _PLACEHOLDERS


@cache
def _codes_by_name() -> Mapping[str, str]:
    named = {
        name.casefold(): code
        for language in ("en", "zh")
        for code, name in Locale(language).territories.items()
        if code in _codes()
    }
    return named | {code.casefold(): code for code in _codes()} | _OTHER_NAMES
