"""Events as columns, before the log has given them a place: when, about what, by whom, and what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, get_args

import numpy as np
import polars as pl

from service.domain.events import Role
from simulator.bulk.shop import happens
from simulator.columns import Words, taken
from simulator.world import Flags, Integers

ROLES = Words(get_args(Role))
_NOTHING = pl.Series([None], dtype=pl.Null)
Said = Any  # a column, or one word for all rows


@dataclass(frozen=True, slots=True)
class Items:
    """The lists of some events, one after another: `counts` says how many rows each event's list has."""

    counts: Integers
    rows: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Events:
    """Events of one type, a row each: `at` (when they are recorded), `subject`, `actor_role`, `actor_key`, and the payload.

    `time`, where there is one, is when they happened, else that is `at`. `items` are the payload's lists by field. What a
    payload leaves null may be left out. Where customers are told of it by letter, `language` is theirs; `is_news` says of
    which rows, if not of all.
    """

    type: str
    rows: pl.DataFrame
    items: Mapping[str, Items] = field(default_factory=dict)
    language: pl.Series | None = None
    is_news: Flags | None = None

    def __len__(self) -> int:
        return self.rows.height


def events(
    type_: str,
    at_us: Integers,
    subject: pl.Series,
    role: "Role | pl.Series",
    key: "str | pl.Series | None" = None,
    items: Mapping[str, Items] | None = None,
    **said: Said,
) -> Events:
    """Events at these moments; `said` are columns, or one word for all."""
    number = len(at_us)
    columns = {
        "at": pl.Series(at_us, dtype=pl.Int64),
        "subject": subject,
        "actor_role": role if isinstance(role, pl.Series) else ROLES.always(role, number),
        "actor_key": key if isinstance(key, pl.Series) else text(key, number),
        **{name: _column(each, number) for name, each in said.items()},
    }
    return Events(type_, pl.DataFrame(columns), items or {})


# --- columns -------------------------------------------------------------------------------------


def roles(names: Sequence[Role], place: Integers) -> pl.Series:
    """Roles by their places in a list of one's own."""
    return ROLES.at(np.array([ROLES.place(each) for each in names])[place])


def either(which: Flags, one: str, other: str) -> pl.Series:
    """One of two words."""
    return _words((other, one)).at(which.astype(np.int64))


def nothing(number: int) -> pl.Series:
    """A column without a value, so long."""
    return _NOTHING.new_from_index(0, number)


def text(one: str | None, number: int) -> pl.Series:
    """The same text, or none, so many times."""
    return pl.Series([one], dtype=pl.String).new_from_index(0, number)


def only_where(which: Flags, column: pl.Series) -> pl.Series:
    """The column's entries where something holds, null elsewhere."""
    return either_of(which, column, text(None, len(column)))


def known_where(which: Flags, numbers: Integers) -> pl.Series:
    """The numbers where something holds, null elsewhere."""
    return pl.Series(numbers).set(pl.Series(~which), None)


def either_of(which: Flags, one: pl.Series, other: pl.Series) -> pl.Series:
    """Entries of one column where something holds, of the other elsewhere."""
    place = np.arange(len(one)) + np.where(which, 0, len(one))
    return taken(pl.concat([one, other], rechunk=True), place)


def when(at_us: Integers) -> tuple[Integers, Integers]:
    """The places where something happens, and when."""
    place = np.flatnonzero(happens(at_us))
    return place, at_us[place]


@lru_cache(maxsize=256)
def _words(names: tuple[str, ...]) -> Words:
    return Words(names)


def _column(said: Said, number: int) -> pl.Series:
    if said is None:
        return nothing(number)
    if isinstance(said, pl.Series):
        return said
    if isinstance(said, np.ndarray):
        return pl.Series(said)
    if isinstance(said, str):
        return _words((said,)).always(said, number)
    return pl.Series([said]).new_from_index(0, number)
