"""A shop's whole log told anew, in place: as dear as events may be, and drawn by as small a chance."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from sqlite3 import connect
from typing import Any

from retour.settings import Settings
from service.domain.events import MOST_MINOR, PAYLOADS

LEAST_CHANCE = 1e-300
_CURRENCY = "IDR"  # of which a hundred thousand minor units are a few euros
_Change = Callable[[str, Any], Any]


def retell_dearly(settings: Settings) -> None:
    """Let the largest amount of the log be the largest that an event may carry, and all others keep their share of it."""
    payloads = [json.loads(data) for data in _told(settings)]
    times = MOST_MINOR // max(each for payload in payloads for each in _amounts(payload))

    def change(name: str, value: Any) -> Any:
        return _CURRENCY if name == "currency" else value * times if _is_amount(name) else value

    _retell(settings, change)


def retell_by_least_chance(settings: Settings) -> None:
    """Let every draw have come out as it did by the smallest chance."""
    _retell(settings, lambda name, value: LEAST_CHANCE if name == "propensity" else value)


def _told(settings: Settings) -> list[str]:
    with closing(connect(settings.var_dir / "retour.db")) as log:
        return [data for (data,) in log.execute("select data from events")]


def _retell(settings: Settings, change: _Change) -> None:
    with closing(connect(settings.var_dir / "retour.db")) as log, log:
        for seq, type_, data in log.execute("select seq, type, data from events").fetchall():
            told = json.dumps(_changed("", json.loads(data), change))
            PAYLOADS[type_].model_validate_json(told)
            log.execute("update events set data = ? where seq = ?", (told, seq))


def _changed(name: str, value: Any, change: _Change) -> Any:
    if isinstance(value, dict):
        return {inner: _changed(inner, each, change) for inner, each in value.items()}
    if isinstance(value, list):
        return [_changed("", each, change) for each in value]
    return None if value is None else change(name, value)


def _amounts(told: Any) -> Iterator[int]:
    """Every amount, and what each line of an order comes to without its discount."""
    if isinstance(told, dict):
        yield told.get("quantity", 1) * told.get("unit_price_minor", 0)
        for name, value in told.items():
            yield from [value or 0] if _is_amount(name) else _amounts(value)
    elif isinstance(told, list):
        for each in told:
            yield from _amounts(each)


def _is_amount(name: str) -> bool:
    return name.endswith("_minor")
