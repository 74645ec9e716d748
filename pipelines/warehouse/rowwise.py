"""Which SELECTs make each of their rows of one row of what they read: only of those can changes be followed row by row.

Such a SELECT filters, computes and appends (`union all`). It does not group, rank, or look things up, but for the
shop's time (`meta`) and for another part of the same event, joined on `seq`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp

from pipelines.warehouse.lineage import DIALECT

_META = "meta."
_OVER_ROWS: Mapping[type[exp.Expr], str] = {
    exp.Having: "`having` is about groups",
    exp.Window: "a window function looks at other rows",
    exp.Group: "it groups",
    exp.AggFunc: "it aggregates",
    exp.Qualify: "`qualify` looks at other rows",
    exp.Distinct: "`distinct` looks at other rows",
    exp.Limit: "`limit` takes some rows only",
    exp.Offset: "`offset` takes some rows only",
    exp.Except: "`except` looks at other rows",
    exp.Intersect: "`intersect` looks at other rows",
    exp.Exists: "`exists` looks at other rows",
    exp.Unnest: "`unnest` makes rows of its own",
}


class NotRowWise(Exception):
    """A SELECT whose rows depend on more than one row each; the message says by what."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A relation named in a SELECT: where in the text, and whether it is given another name there."""

    relation: str
    start: int
    end: int
    has_alias: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A SELECT as it was read once: what its places, and the rows that it makes, say without reading it again.

    `rows_of` are the relations of each of whose rows it makes its own; none where it looks at several rows at once.
    """

    sql: str
    mentions: tuple[Mention, ...] = ()
    rows_of: tuple[str, ...] = ()
    keeps_every_row: bool = False

    def reading(self, sources: Mapping[str, str]) -> str:
        """The same SELECT, reading other SELECTs in place of some of its relations."""
        text, after = [], 0
        for each in self.mentions:
            if source := sources.get(each.relation):
                name = "" if each.has_alias else f" as {each.relation.partition('.')[2]}"
                text += [self.sql[after : each.start], f"({source}){name}"]
                after = each.end
        return "".join((*text, self.sql[after:]))


@cache
def read_text(sql: str) -> Text:
    """Read a SELECT: reading those of a refresh anew took a tenth of its work."""
    try:
        rows_of = row_wise(sql)
    except NotRowWise:
        return Text(sql, _mentions(sql))
    return Text(sql, _mentions(sql), rows_of, keeps_every_row=_keeps_every_row(sql))


def _mentions(sql: str) -> tuple[Mention, ...]:
    """Every place where a SELECT names a relation, in the order of the text."""
    found = [
        Mention(
            f"{table.db}.{table.name}",
            table.args["db"].meta["start"],
            table.this.meta["end"] + 1,
            bool(table.alias),
        )
        for table in sqlglot.parse_one(sql, read=DIALECT).find_all(exp.Table)
        if table.db and isinstance(table.this, exp.Identifier)
    ]
    return tuple(sorted(found, key=lambda each: each.start))


def with_sources(sql: str, sources: Mapping[str, str]) -> str:
    """As `Text.reading`, of a SELECT that nobody has read yet."""
    return read_text(sql).reading(sources)


def _keeps_every_row(sql: str) -> bool:
    """Whether a SELECT over single rows gives one for each row of each relation that it names."""
    return not sqlglot.parse_one(sql, read=DIALECT).find(exp.Where, exp.Join, exp.CTE)


@cache
def row_wise(sql: str) -> tuple[str, ...]:
    """The relations of whose rows a SELECT makes its own, `meta` left out. Raises `NotRowWise`."""
    query = sqlglot.parse_one(sql, read=DIALECT)
    return check_row_wise(query)


def check_row_wise(query: exp.Expr) -> tuple[str, ...]:
    """As `row_wise`, of a SELECT that is parsed already."""
    for kind, reason in _OVER_ROWS.items():
        if query.find(kind):
            raise NotRowWise(reason)
    return tuple(sorted(_sources(query, {})))


def _sources(query: exp.Expr, outer: Mapping[str, exp.Expr]) -> set[str]:
    own = query.ctes if isinstance(query, exp.Query) else ()
    steps = {**outer, **{step.alias: step.this for step in own}}
    if isinstance(query, exp.Subquery):
        return _sources(query.this, steps)
    if isinstance(query, exp.Union):
        if query.args.get("distinct"):
            raise NotRowWise("`union` compares rows; write `union all`")
        return _sources(query.this, steps) | _sources(query.expression, steps)
    if not isinstance(query, exp.Select):
        raise NotRowWise("it is no SELECT over relations")
    return _sources_of_select(query, steps)


def _sources_of_select(select: exp.Select, steps: Mapping[str, exp.Expr]) -> set[str]:
    _refuse_look_ups(select)
    if not select.args.get("from_"):
        raise NotRowWise("it reads nothing")
    found = _source(select.args["from_"].this, steps)
    for join in select.args.get("joins") or ():
        joined = _source(join.this, steps)
        if joined and found:
            _require_same_event(join)
        found |= joined
    return found


def _source(source: exp.Expr, steps: Mapping[str, exp.Expr]) -> set[str]:
    if isinstance(source, exp.Subquery):
        return _sources(source, steps)
    if not isinstance(source, exp.Table) or not isinstance(source.this, exp.Identifier):
        raise NotRowWise("it reads a table function")
    if not source.db:
        if source.name not in steps:
            raise NotRowWise(f"{source.name!r} names itself")
        rest = {name: step for name, step in steps.items() if name != source.name}
        return _sources(steps[source.name], rest)
    relation = f"{source.db}.{source.name}"
    return set() if relation.startswith(_META) else {relation}


def _refuse_look_ups(select: exp.Select) -> None:
    """A subquery among the columns or conditions would read whole relations."""
    for part in (*select.expressions, select.args.get("where")):
        if part and part.find(exp.Select):
            raise NotRowWise("a subquery among its columns or conditions looks at other rows")


def _require_same_event(join: exp.Join) -> None:
    """Parts of one event come together, so what is new of one finds its other parts among what is new."""
    is_inner = not join.side and join.kind.upper() in ("", "INNER")
    on = join.args.get("on")
    conditions = on.flatten() if isinstance(on, exp.And) else (on,)
    is_on_seq = any(
        isinstance(each, exp.EQ)
        and isinstance(each.this, exp.Column)
        and isinstance(each.expression, exp.Column)
        and each.this.name == each.expression.name == "seq"
        and each.this.table != each.expression.table
        for each in conditions
    )
    if not (is_inner and is_on_seq):
        raise NotRowWise(
            "it joins rows of different events; parts of one event join with `inner join … on a.seq = b.seq`"
        )
