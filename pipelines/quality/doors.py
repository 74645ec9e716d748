"""The second and third door: the rules on the warehouse's tables, tallied by DuckDB, judged by Great Expectations.

Tables of millions of rows never leave DuckDB: it counts the rows that break each rule, all rules on one row in one
scan. What Great Expectations is handed is the tally, one row with a column per rule, and the suite that expects zeros.
A rule whose text and tables stand as they did when it was last judged keeps its verdict.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import polars as pl

from pipelines.quality.relations import DECLARED
from pipelines.quality.results import SAMPLE
from pipelines.quality.rules import Rule, key_rules
from pipelines.warehouse.lake_views import digest
from pipelines.warehouse.lineage import reads_of
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse

RuleKey = tuple[str, str]  # relation, rule


class NotJudged(RuntimeError):
    """A rule could not be evaluated: a fault of ours, not of the rows."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a rule: rows of its table, how many break it, and the first of those in words.

    `fingerprint` tells what was judged: the rule's text and the content of all that it reads.
    """

    rows: int
    failing_rows: int
    sample: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule and what came of it; `is_new` if it was judged now."""

    rule: Rule
    found: Found
    is_new: bool

    @property
    def passed(self) -> bool:
        return self.found.failing_rows == 0

    @property
    def stops_publication(self) -> bool:
        return not self.passed and self.rule.severity == "blocking"


def rules_for(models: Iterable[SqlModel]) -> tuple[Rule, ...]:
    """Every rule on these relations: what their keys promise, and what is declared."""
    declared = defaultdict(list)
    for rule in DECLARED:
        declared[rule.relation].append(rule)
    return tuple(
        rule for model in models for rule in (*key_rules(model), *declared[model.relation])
    )


def judge(
    warehouse: Warehouse, models: Sequence[SqlModel], standing: Mapping[RuleKey, Found]
) -> tuple[Verdict, ...]:
    """A verdict for every rule on these relations, which must be built. `standing` are those of earlier runs."""
    rules = rules_for(models)
    keys = {model.relation: model.header.key for model in models}
    prints = {rule: _fingerprint(warehouse, rule) for rule in rules}
    kept = {
        rule: found
        for rule in rules
        if (found := standing.get((rule.relation, rule.name))) and found.fingerprint == prints[rule]
    }
    tallies = {
        rule: tally
        for its in _by_relation(rule for rule in rules if rule not in kept).values()
        for rule, tally in _tally(warehouse, its).items()
    }
    _expect_none({rule: failing for rule, (_, failing) in tallies.items()})
    found_now = {
        rule: Found(rows, failing, _sample(warehouse, rule, keys) if failing else "", prints[rule])
        for rule, (rows, failing) in tallies.items()
    }
    return tuple(Verdict(rule, (kept | found_now)[rule], rule in found_now) for rule in rules)


def failing_rows_sql(rule: Rule) -> str:
    """The SELECT that shows every row that breaks a rule."""
    return rule.failing or f"select * from {rule.relation} where {rule.fails}"


def _by_relation(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    found = defaultdict(list)
    for rule in rules:
        found[rule.relation].append(rule)
    return found


def _fingerprint(warehouse: Warehouse, rule: Rule) -> str:
    read = [f"{name}={_content(warehouse, name)}" for name in _reads(rule)]
    return digest(rule.fails, rule.failing, rule.severity, *read)


def _content(warehouse: Warehouse, relation: str) -> str:
    if relation == "meta.run":
        return str(warehouse.run)
    return warehouse.standing(relation).fingerprint


@cache
def _reads(rule: Rule) -> tuple[str, ...]:
    return tuple(sorted({rule.relation, *(reads_of(rule.failing) if rule.failing else ())}))


def _tally(warehouse: Warehouse, rules: Sequence[Rule]) -> dict[Rule, tuple[int, int]]:
    """Of the rules on one relation: its rows, and how many break each."""
    conditions = [rule for rule in rules if rule.fails]
    counted = ", ".join(
        ["count(*)", *(f"count(*) filter (where {rule.fails})" for rule in conditions)]
    )
    rows, *failing = warehouse.query(f"select {counted} from {rules[0].relation}").row(0)
    found = dict(zip(conditions, failing, strict=True))
    for rule in rules:
        if rule.failing:
            found[rule] = warehouse.query(f"select count(*) from ({rule.failing})").item()
    return {rule: (rows, found[rule]) for rule in rules}


def _expect_none(tally: Mapping[Rule, int]) -> None:
    """Hand the tally to Great Expectations; it must judge every rule, and as DuckDB counted."""
    if not tally:
        return
    import pandas as pd

    from pipelines.quality.great import Ask, evaluate

    def none_of(rule: Rule) -> Ask:
        severity = "critical" if rule.severity == "blocking" else "warning"
        return lambda great: great.ExpectColumnValuesToBeBetween(
            column=_column(rule), min_value=0, max_value=0, severity=severity, notes=rule.says
        )

    frame = pd.DataFrame({_column(rule): [count] for rule, count in tally.items()})
    answers = evaluate([none_of(rule) for rule in tally], frame)
    for (rule, count), answer in zip(tally.items(), answers, strict=True):
        if answer.exception_info.get("raised_exception") or answer.success != (count == 0):
            raise NotJudged(f"cannot evaluate {_column(rule)}: {answer}")


def _column(rule: Rule) -> str:
    return f"{rule.relation}.{rule.name}"


def _sample(warehouse: Warehouse, rule: Rule, keys: Mapping[str, Sequence[str]]) -> str:
    """The first rows that break a rule, each by its key, or whole where it has none."""
    rows = failing_rows(warehouse, rule)
    shown = [name for name in keys[rule.relation] if name in rows.columns] or rows.columns
    return "; ".join(
        ", ".join(f"{name}={value}" for name, value in row.items())
        for row in rows.select(shown).iter_rows(named=True)
    )


def failing_rows(warehouse: Warehouse, rule: Rule) -> pl.DataFrame:
    """Up to twenty rows that break a rule, always the same ones."""
    return warehouse.query(
        f"select * from ({failing_rows_sql(rule)}) order by all limit {SAMPLE}"
    )  # our own rules
