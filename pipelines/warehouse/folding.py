"""How the columns of a fold are merged: what stands of a key, with what new events alone give for it.

The merge of a column is read from its aggregate. New events follow the folded ones in the log, so of an `arg_max` by `seq`
the new value holds wherever there is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import sqlglot
from sqlglot import exp

from pipelines.warehouse.lineage import DIALECT
from pipelines.warehouse.rowwise import NotRowWise, check_row_wise

Merge = Literal["key", "least", "greatest", "sum", "or", "and", "oldest", "newest"]
_WRITE = (
    "a fold's columns are its key and min, max, sum, count, bool_or, bool_and, arg_min(…, seq), arg_max(…, seq); "
    "what follows from several of them belongs in a relation that reads this one"
)
_MERGES: Mapping[type[exp.Expr], Merge] = {
    exp.Min: "least",
    exp.Max: "greatest",
    exp.Sum: "sum",
    exp.Count: "sum",
    exp.LogicalOr: "or",
    exp.LogicalAnd: "and",
    exp.ArgMin: "oldest",
    exp.ArgMax: "newest",
}


class NotFoldable(Exception):
    """A SELECT that new events alone cannot bring up to date; the message says which part, and what to write."""


@dataclass(frozen=True, slots=True)
class Fold:
    """The merge of each column; without any, each event's rows are added as they are.

    `summed` is a SELECT of what the columns sum up, empty where none does: their types decide whether the order matters.
    """

    merges: Mapping[str, Merge]
    summed: str = ""


def read_fold(sql: str, key: tuple[str, ...]) -> Fold:
    """What a fold's SELECT says of merging. Raises `NotFoldable`."""
    query = sqlglot.parse_one(sql, read=DIALECT)
    if not isinstance(query, exp.Select) or not query.args.get("group"):
        _require_row_wise(query)
        return Fold({})
    _require_key(query, key)
    merges = {each.alias_or_name: _merge_of(each, key) for each in query.expressions}
    _require_row_wise(_rows(query, [exp.Literal.number(1)]))
    sums = [
        plain.this
        for each in query.expressions
        if isinstance(plain := _unwrapped(each.unalias()), exp.Sum)
    ]
    return Fold(merges, _rows(query, sums).sql(DIALECT) if sums else "")


def _rows(query: exp.Select, columns: list[exp.Expr]) -> exp.Select:
    """Columns of the rows that are folded, before they are."""
    rows = query.copy().select(*(each.copy() for each in columns), append=False)
    rows.set("group", None)
    return rows


def _require_row_wise(query: exp.Expr) -> None:
    try:
        check_row_wise(query)
    except NotRowWise as reason:
        raise NotFoldable(f"cannot be folded: {reason}; a fold reads events one by one") from reason


def _require_key(query: exp.Select, key: tuple[str, ...]) -> None:
    group = query.args["group"]
    if any(value for name, value in group.args.items() if name != "expressions"):
        raise NotFoldable("cannot be folded: it groups in several ways at once; name the key alone")
    named = {each.alias_or_name: each.unalias() for each in query.expressions}
    grouped = {
        name
        for name, column in named.items()
        if any(each == column or _names(each, name) for each in group.expressions)
    }
    if grouped != set(key) or len(group.expressions) != len(key):
        said = ", ".join(each.sql(DIALECT).lower() for each in group.expressions)
        raise NotFoldable(
            f"cannot be folded: it groups by {said}, but its key is {', '.join(key)}; group by the key"
        )


def _names(expression: exp.Expr, alias: str) -> bool:
    return isinstance(expression, exp.Column) and not expression.table and expression.name == alias


def _merge_of(selected: exp.Expr, key: tuple[str, ...]) -> Merge:
    name, column = selected.alias_or_name, selected.unalias()
    if name in key:
        return "key"
    problem = _problem(column)
    if problem:
        raise NotFoldable(f"column {name!r} cannot be folded: {problem}; {_WRITE}")
    return _MERGES[type(_unwrapped(column))]


def _problem(column: exp.Expr) -> str:
    """Why a column cannot be merged; empty where it can."""
    plain = _unwrapped(column)
    if type(plain) not in _MERGES:
        return "its old value and new events do not tell its new value"
    if isinstance(plain.this, exp.Distinct) or plain.args.get("count") or plain.expressions:
        return "it is about several values at once"
    if plain.find(exp.Window, exp.Select):
        return "it looks at other rows"
    if isinstance(plain, (exp.ArgMin, exp.ArgMax)) and not _is_seq(plain.expression):
        return "only the order by `seq` alone puts new events after the folded ones"
    if not all(_keeps_sums(each) for each in _wrappers(column)):
        return "a cast around a sum must give bigint"
    if _wrappers(column) and not isinstance(plain, (exp.Sum, exp.Count)):
        return "put what is around the aggregate inside of it"
    return ""


def _wrappers(column: exp.Expr) -> list[exp.Expr]:
    """The casts and `coalesce(…, 0)` around an aggregate."""
    found: list[exp.Expr] = []
    while isinstance(column, (exp.Cast, exp.Coalesce)):
        found.append(column)
        column = column.this
    return found


def _keeps_sums(wrapper: exp.Expr) -> bool:
    if isinstance(wrapper, exp.Coalesce):
        return [each.sql() for each in wrapper.expressions] == ["0"]
    return bool(wrapper.args["to"].is_type("BIGINT"))


def _unwrapped(column: exp.Expr) -> exp.Expr:
    """The aggregate, out of what is around it and of its filter."""
    while isinstance(column, (exp.Cast, exp.Coalesce, exp.Filter)):
        column = column.this
    return column


def _is_seq(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and node.name == "seq"
