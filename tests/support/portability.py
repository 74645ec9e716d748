"""What SQL must not contain, so that the same files mean the same on another engine, and the same on every run.

Each rule stands for something that was watched: the translation to Spark changed the result without a word, or two
runs over the same rows differed. Measured with sqlglot 30.30 and DuckDB 2.0.
"""

from collections.abc import Callable, Iterator
from typing import ClassVar

import sqlglot
from sqlglot import ErrorLevel, TokenType, exp
from sqlglot.errors import SqlglotError
from sqlglot.generators.spark import SparkGenerator

from pipelines.warehouse.lineage import DIALECT

TARGET = "spark"
_CLOCKS = (exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.CurrentDatetime)
_CLOCK_NAMES = ("now", "get_current_timestamp", "transaction_timestamp", "today")
_RANDOM = (exp.Rand, exp.Randn, exp.Uuid)
_DAY_NUMBERS = ("DOW", "DAYOFWEEK", "ISODOW", "WEEKDAY")
_ORDERED_LISTS = (exp.ArrayAgg, exp.GroupConcat)
_QUANTILES = (exp.PercentileCont, exp.PercentileDisc, exp.ApproxQuantile, exp.Quantile)
_DISCRETE = "percentile_disc(…) within group (order by …)"
_ANY_ROW = (exp.First, exp.Last, exp.AnyValue, exp.Mode)
_NO_COLUMN_TYPES = ("INT128", "UINT128", "INTERVAL", "ENUM")
_WITHIN_GROUP = SparkGenerator.TRANSFORMS[exp.WithinGroup]
_NAMES = (TokenType.STRING, TokenType.IDENTIFIER)

Rule = Callable[[exp.Expr], Iterator[str]]


class _SparkGenerator(SparkGenerator):
    """Spark has exact percentiles since its version 3.3; sqlglot still translates them into approximate ones."""

    TRANSFORMS: ClassVar = {
        **SparkGenerator.TRANSFORMS,
        exp.WithinGroup: lambda self, node: (
            self.withingroup_sql(node) if _is_discrete(node) else _WITHIN_GROUP(self, node)
        ),
    }


def to_spark(tree: exp.Expr) -> str:
    """A parsed SELECT in Spark's words. Raises `SqlglotError` where it has none for a part."""
    generator = _SparkGenerator(dialect=TARGET, unsupported_level=ErrorLevel.RAISE)
    return generator.generate(tree)


def findings(sql: str) -> list[str]:
    """What is wrong with a SELECT, in words; empty where nothing is. Raises `SqlglotError` on broken SQL."""
    tree = sqlglot.parse_one(sql, read=DIALECT)
    found = [problem for node in tree.walk() for rule in _RULES for problem in rule(node)]
    return [*dict.fromkeys(found), *_shouting(sql), *_untranslatable(tree)]


def selects_star(sql: str) -> bool:
    """Whether the outermost SELECT names its columns by `*`."""
    tree = sqlglot.parse_one(sql, read=DIALECT)
    return isinstance(tree, exp.Query) and tree.is_star


def _time_and_chance(node: exp.Expr) -> Iterator[str]:
    is_clock = isinstance(node, exp.Anonymous) and node.name.lower() in _CLOCK_NAMES
    if is_clock or isinstance(node, _CLOCKS):
        yield f"{node.sql(DIALECT)}: a clock; the run's moment is meta.run.as_of"
    elif isinstance(node, _RANDOM):
        yield f"{node.sql(DIALECT)}: chance; two runs over the same rows would differ"
    elif isinstance(node, exp.Anonymous):
        yield f"{node.name}(): passed on to Spark by name, untranslated; use a function that sqlglot knows"


def _date_diff(node: exp.Expr) -> Iterator[str]:
    if (
        isinstance(node, exp.DateDiff)
        and node.text("unit").upper() != "MICROSECOND"  # nothing is smaller: both count it exactly
        and not all(_is_cast(side, "DATE") for side in (node.this, node.expression))
    ):
        yield (
            "date_diff of timestamps counts midnights here and whole days in Spark; "
            "cast both sides to date, or count microseconds"
        )


def _epoch(node: exp.Expr) -> Iterator[str]:
    is_part = isinstance(node, exp.Extract) and node.this.name.upper() == "EPOCH"
    if is_part or isinstance(node, exp.TimeToUnix):
        yield (
            f"{node.sql(DIALECT)}: keeps the fraction of a second here, loses it in Spark; "
            "use date_diff('microsecond', …)"
        )


def _quantile(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, _QUANTILES) and not _is_discrete(node.parent):
        yield (
            f"a percentile becomes approximate in Spark, or fails there; {_DISCRETE} and median are the same in both"
        )


def _ordered_list(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, _ORDERED_LISTS) and node.find(exp.Order):
        yield "an ordered list loses its order in Spark; use arg_max or row_number"


def _day_number(node: exp.Expr) -> Iterator[str]:
    is_part = isinstance(node, exp.Extract) and node.this.name.upper() in _DAY_NUMBERS
    if is_part or isinstance(node, (exp.DayOfWeek, exp.DayOfWeekIso)):
        yield "days of the week are numbered otherwise in Spark; use date_trunc('week', …)"


def _average(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Avg) and not _is_cast(node.this, "DOUBLE"):
        yield "avg of decimals has another type in Spark; write avg(cast(… as double))"


def _division(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, (exp.Div, exp.IntDiv, exp.Mod)) and not _is_never_zero(node.expression):
        yield f"{node.sql(DIALECT)}: division by zero is an error in Spark; divide by nullif(…, 0)"


def _asof(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Join) and node.method.upper() == "ASOF":
        yield "Spark has no asof join; join on a range, or take arg_max"


def _any_row(node: exp.Expr) -> Iterator[str]:
    is_unordered = isinstance(node, exp.Window) and not node.args.get("order")
    if isinstance(node, _ANY_ROW):
        yield f"{node.sql(DIALECT)}: which row it takes is not said; use arg_min or arg_max"
    elif is_unordered and isinstance(node.this, (exp.RowNumber, exp.Lag, exp.Lead)):
        yield f"{node.sql(DIALECT)}: a window without an order numbers the rows as it likes"


def _group_by_number(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Group) and any(
        isinstance(each, exp.Literal) for each in node.expressions
    ):
        yield "group by a number; name the column"


def _type(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Cast) and node.to.this.name in _NO_COLUMN_TYPES:
        yield f"{node.sql(DIALECT)}: other engines have no such type"


_RULES: tuple[Rule, ...] = (
    _time_and_chance,
    _date_diff,
    _epoch,
    _quantile,
    _ordered_list,
    _day_number,
    _average,
    _division,
    _asof,
    _any_row,
    _group_by_number,
    _type,
)


def _shouting(sql: str) -> Iterator[str]:
    for token in sqlglot.tokenize(sql, read=DIALECT):
        written = sql[token.start : token.end + 1]
        if token.token_type not in _NAMES and written != written.lower():
            yield f"{written}: SQL is written in lower case"


def _untranslatable(tree: exp.Expr) -> Iterator[str]:
    try:
        sqlglot.parse_one(to_spark(tree), read=TARGET)
    except SqlglotError as problem:
        yield f"does not translate to Spark: {' '.join(str(problem).split())}"


def _is_discrete(node: exp.Expr | None) -> bool:
    """Whether an aggregate is a percentile that takes one of the values, in the words that both engines have."""
    return isinstance(node, exp.WithinGroup) and isinstance(node.this, exp.PercentileDisc)


def _is_cast(node: exp.Expr, kind: str) -> bool:
    return isinstance(node, exp.Cast) and bool(node.to.is_type(kind))


def _is_never_zero(node: exp.Expr) -> bool:
    node = node.unnest()
    while isinstance(node, exp.Cast):
        node = node.this.unnest()
    if isinstance(node, exp.Literal):
        return bool(node.is_number) and float(node.name) != 0
    return isinstance(node, exp.Nullif)
