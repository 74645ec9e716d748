"""What events of several families say: who acted, which units, what the rules said."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from simulator.bulk.applications import Applications
from simulator.bulk.happening import Events, Items, Said, events, roles, text
from simulator.bulk.lives import Lives
from simulator.bulk.reviewing import HEAD, NOBODY
from simulator.columns import runs, taken
from simulator.world import Integers

HEAD_KEY = "head-1"


def of_returns(
    type_: str,
    asked: Applications,
    place: Integers,
    at_us: Integers,
    role: Any,
    key: "str | pl.Series | None" = None,
    items: dict[str, Items] | None = None,
    **said: Said,
) -> Events:
    """Events about the returns at these places: their RMA is subject and first field."""
    rma = taken(asked.rows["rma"], place)
    told = events(type_, at_us, rma, role, key, items, rma=rma, **said)
    return replace(told, language=taken(asked.rows["language"], place))


def units(asked: Applications, place: Integers) -> dict[str, Items]:
    """All units that were applied for, line by line, as the items `lines`."""
    counts = asked.counts[place]
    line = runs(asked.starts[place], counts)
    names = ("line_no", "quantity")
    return {"lines": Items(counts, pl.DataFrame({name: asked.line(name)[line] for name in names}))}


def staff_keys(name: str, number: Integers) -> pl.Series:
    """Keys such as `reviewer-3`."""
    return taken(_names(name, number), number)


def deciders(by: Integers) -> tuple[pl.Series, pl.Series]:
    """Role and key of who decided: a reviewer, the head, or the clock."""
    role = roles(("system", "admin", "reviewer"), np.minimum(by - NOBODY, 2))
    keys = _names("reviewer", by)
    keys[HEAD] = HEAD_KEY
    keys = pl.concat([text(None, 1), keys])
    return role, taken(keys, by - NOBODY)


def rules(lives: Lives, place: Integers) -> dict[str, Items]:
    """What the rules said of these applications, as the items `rules`."""
    outcomes = lives.judged.outcomes
    owner = outcomes["owner"].to_numpy()
    begins = np.searchsorted(owner, place)
    counts = np.searchsorted(owner, place, "right") - begins
    at = pl.Series(runs(begins, counts).astype(np.uint32))
    return {"rules": Items(counts, outcomes.select("rule", "passed", "detail")[at])}


def no_rules(like: dict[str, Items]) -> dict[str, Items]:
    """A decision that no rule made names none."""
    return {name: Items(each.counts * 0, each.rows.clear()) for name, each in like.items()}


def _names(name: str, number: Integers) -> pl.Series:
    return pl.Series([f"{name}-{each}" for each in range(int(number.max(initial=0)) + 1)])
