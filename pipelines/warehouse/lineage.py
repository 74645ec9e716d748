"""What a SELECT reads, which columns it gives, and where each of them comes from: asked of the SQL by sqlglot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope
from sqlglot.schema import MappingSchema

DIALECT = "duckdb"

_Columns = tuple[tuple[str, str], ...]


class NotAnalysable(Exception):
    """A text that is no single, well-formed SELECT over known columns; the message says why."""


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A column of a relation: `staging.orders`, `order_id`."""

    relation: str
    column: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """`reads` are sorted. Where one of them is unknown, columns could not be resolved and lineage is empty."""

    reads: tuple[str, ...]
    columns: tuple[str, ...] = ()
    lineage: Mapping[str, tuple[ColumnRef, ...]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    is_resolved: bool = False

    def run_columns(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Those parameters of the run that the SELECT mentions."""
        if "meta.run" not in self.reads:
            return ()
        return tuple(name for name in columns if name in self.names)


def analyse(sql: str, known: Mapping[str, Mapping[str, str]]) -> Analysis:
    """Read one SELECT, given the columns of every relation it may name. Raises `NotAnalysable`."""
    reads = reads_of(sql)
    if any(relation not in known for relation in reads):
        return Analysis(reads)
    return _resolved(sql, tuple((name, tuple(known[name].items())) for name in reads))


@cache
def reads_of(sql: str) -> tuple[str, ...]:
    """The relations that one SELECT reads, sorted. Raises `NotAnalysable`."""
    return _reads(_parse(sql))


@cache  # several parts of one process ask the same, and each answer takes 40 ms
def _resolved(sql: str, read: tuple[tuple[str, _Columns], ...]) -> Analysis:
    try:
        return _traced(_parse(sql), {name: dict(columns) for name, columns in read})
    except SqlglotError as problem:
        raise NotAnalysable(_one_line(problem)) from problem


def _parse(sql: str) -> exp.Expr:
    try:
        statements = [each for each in sqlglot.parse(sql, read=DIALECT) if each is not None]
    except SqlglotError as problem:
        raise NotAnalysable(f"is not valid SQL: {_one_line(problem)}") from problem
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise NotAnalysable("holds something other than one SELECT")
    return statements[0]


def _reads(tree: exp.Expr) -> tuple[str, ...]:
    steps = {cte.alias for cte in tree.find_all(exp.CTE)}
    found = set()
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue  # a table function such as generate_series
        if table.db:
            found.add(f"{table.db}.{table.name}")
        elif table.name not in steps:
            raise NotAnalysable(f"reads {table.name!r}; write it with its layer, as staging.orders")
    return tuple(sorted(found))


def _schema(known: Mapping[str, Mapping[str, str]]) -> MappingSchema:
    nested: dict[str, dict[str, Mapping[str, str]]] = {}
    for relation, columns in known.items():
        layer, name = relation.split(".", 1)
        nested.setdefault(layer, {})[name] = columns
    return MappingSchema(dict(nested), dialect=DIALECT)


def _traced(tree: exp.Expr, read: Mapping[str, Mapping[str, str]]) -> Analysis:
    schema = _schema(read)
    qualified = qualify(tree, dialect=DIALECT, schema=schema, identify=False)
    scope = build_scope(qualified)
    nodes = lineage(
        None, qualified, schema, dialect=DIALECT, scope=scope, trim_selects=False, copy=False
    )
    return Analysis(
        reads=tuple(read),
        columns=tuple(nodes),
        lineage={name: _sources(node) for name, node in nodes.items()},
        names=frozenset(column.name for column in qualified.find_all(exp.Column)),
        is_resolved=True,
    )


def _sources(node: Node) -> tuple[ColumnRef, ...]:
    found = {
        ColumnRef(f"{leaf.expression.db}.{leaf.expression.name}", exp.to_column(leaf.name).name)
        for leaf in node.walk()
        if isinstance(leaf.expression, exp.Table) and leaf.expression.db
    }
    return tuple(sorted(found, key=lambda ref: (ref.relation, ref.column)))


def _one_line(problem: Exception) -> str:
    return " ".join(str(problem).split())
