"""The process as it is designed: which step may follow which, by the service's own table of moves.

A step of a return is an event that moves a line of it. The design is told for one line: on a return of several each goes its own
way, and nearly any step may follow any other.
"""

import inspect
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import get_args

import polars as pl

from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.lake_views import digest
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from service.domain import lifecycle
from service.domain.events import (
    RefundOn,
    ReturnReinstated,
    ReturnRequested,
    ReturnWithdrawn,
    ReviewOpened,
    ReviewRequested,
)
from service.domain.lifecycle import TRANSITIONS, Line

DESIGN_RELATION = "marts.process_design"
START, END = "start", "end"
_SCHEMA = pl.Schema({"from_step": pl.String(), "to_step": pl.String()})
_BEGINNINGS = (ReturnRequested.type, ReturnWithdrawn.type)
_ROWS = {
    (event, variant): [
        row for row in TRANSITIONS if row.event == event and row.variant in (None, variant)
    ]
    for event, variant in dict.fromkeys((row.event, row.variant) for row in TRANSITIONS)
}

Edge = tuple[str, str]


def build_design(warehouse: Warehouse, model: SqlModel) -> Built:
    """The relation of all edges, made anew only where the table of moves or this code has changed."""
    fingerprint = warehouse.fingerprint(model, _code())
    if standing := warehouse.current(model.relation, fingerprint):
        return standing
    edges = pl.DataFrame(sorted(design()), schema=_SCHEMA, orient="row")
    return warehouse.replace(model.relation, edges, fingerprint)


def design() -> set[Edge]:
    """Every step that may follow another on a line; `start` stands before the first, `end` for the return's closing."""
    return {
        edge
        for refund_on in get_args(RefundOn)
        for beginning in _BEGINNINGS
        for edge in _design(refund_on, beginning)
    }


@cache
def _code() -> str:
    return digest(inspect.getsource(lifecycle), Path(__file__).read_text(encoding="utf-8"))


def _design(refund_on: RefundOn, beginning: str) -> Iterator[Edge]:
    """Goes every way that a line can go from nothing on, once. Of what the law grants other ways are open than of the rest."""
    by_law = beginning == ReturnWithdrawn.type
    unborn = Line(1, 1, 1, "any", 1, 1, refund_on=refund_on, is_withdrawal=by_law)
    reached = {(START, unborn)}
    todo = [*reached]
    while todo:
        step, line = todo.pop()
        if lifecycle.is_over(line):
            yield step, END
            step = END  # what comes after all comes after the closing
        for event, after in _next_steps(step, line):
            if step == START and event in _BEGINNINGS and event != beginning:
                continue
            if step != START or event in _BEGINNINGS:
                yield step, event
            if (event, after) not in reached:
                reached.add((event, after))
                todo.append((event, after))


def _next_steps(step: str, line: Line) -> Iterator[tuple[str, Line]]:
    """What moves the line, and the opening of a review where the step before it brought the line under review."""
    is_reviewed = line.authorization == "under_review"
    if step in (ReturnReinstated.type, ReviewRequested.type) and is_reviewed:
        yield ReviewOpened.type, line
    yield from _moves(line)


def _moves(line: Line) -> Iterator[tuple[str, Line]]:
    for (event, variant), rows in _ROWS.items():
        fitting = [row for row in rows if row.fits(line, event, variant)]
        if fitting:
            states = {row.machine: row.to_state for row in fitting}
            yield event, replace(line, **states)  # type: ignore[arg-type]  # names and types are those of Line
