"""The door of the lake: Great Expectations, run on a batch's frames."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from pipelines.lake.tables import ENVELOPE, tables
from pipelines.quality.great import Ask, evaluate
from pipelines.quality.results import SAMPLE, BatchQuality, ExpectationResult, Frames
from pipelines.quality.suites import EVENTS, MEASURES, Expectation, Rule, suite


class CheckFailed(RuntimeError):
    """An expectation could not be evaluated: a fault of ours, not of the batch."""


def check_batch(frames: Frames) -> BatchQuality:
    """Judge a batch, given by its lake tables; those without rows may be left out."""
    complete = _completed(frames)
    judged = [
        verdict
        for table, frame in complete.items()
        if not frame.is_empty() and suite(table)
        for verdict in _judge(suite(table), frame)
    ]
    return BatchQuality(tuple(result for result, _ in judged), _reasons(judged))


def _completed(frames: Frames) -> dict[str, pl.DataFrame]:
    """All tables, the envelopes of all events, and the measures as further columns."""
    empty = {name: pl.DataFrame(schema=table.polars_schema) for name, table in tables().items()}
    complete = {**empty, **frames}
    complete = {EVENTS: _envelopes(complete), **complete}
    for measure in MEASURES:
        if not complete[measure.table].is_empty():
            column = measure.compute(complete)
            complete[measure.table] = complete[measure.table].join(column, on="seq", how="left")
    return complete


def _envelopes(frames: Frames) -> pl.DataFrame:
    names = [column.name for column in ENVELOPE]
    own = [table for table in tables().values() if table.item_field is None]
    parts = [
        frames[table.name].select(
            *names, pl.lit(table.family == "conclusion").alias("is_conclusion")
        )
        for table in own
    ]
    return pl.concat(parts).sort("seq")


def _judge(
    expectations: Sequence[Expectation], frame: pl.DataFrame
) -> Iterator[tuple[ExpectationResult, tuple[int, ...]]]:
    """Each expectation's result with every failing `seq`."""
    needed = {name for each in expectations for name in each.column.split(", ")} | {"seq"}
    outcomes = _evaluate(expectations, frame.select(sorted(needed)).to_pandas())
    for expectation, outcome in zip(expectations, outcomes, strict=True):
        rows = [int(row["seq"]) for row in outcome.get("unexpected_index_list") or ()]
        seqs = tuple(sorted(set(rows)))
        yield (
            ExpectationResult(
                expectation.table,
                expectation.column,
                expectation.rule,
                expectation.description,
                frame.height,
                len(rows),
                seqs[:SAMPLE],
            ),
            seqs,
        )


def _reasons(
    judged: Iterable[tuple[ExpectationResult, tuple[int, ...]]],
) -> Mapping[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for result, seqs in judged:
        for seq in seqs:
            found[seq] = (*found.get(seq, ()), result.description)
    return found


def _evaluate(expectations: Sequence[Expectation], frame: Any) -> list[Mapping[str, Any]]:
    """Great Expectations' own result of each expectation, in order."""
    answers = evaluate([_asked(each) for each in expectations], frame, index=["seq"])
    return [_outcome(each, answer) for each, answer in zip(expectations, answers, strict=True)]


def _outcome(expectation: Expectation, answer: Any) -> Mapping[str, Any]:
    outcome: Mapping[str, Any] = answer.result
    if "element_count" not in outcome:
        raise CheckFailed(f"cannot evaluate `{expectation.description}`: {answer.exception_info}")
    return outcome


_GREAT_NAMES: Mapping[Rule, str] = {
    "not_null": "ExpectColumnValuesToNotBeNull",
    "between": "ExpectColumnValuesToBeBetween",
    "in_set": "ExpectColumnValuesToBeInSet",
    "matches": "ExpectColumnValuesToMatchRegex",
    "unique": "ExpectColumnValuesToBeUnique",
    "unique_together": "ExpectCompoundColumnsToBeUnique",
    "increasing": "ExpectColumnValuesToBeIncreasing",
}
_ARGUMENTS: Mapping[Rule, Callable[[Expectation], Mapping[str, Any]]] = {
    "not_null": lambda each: {"column": each.column},
    "between": lambda each: {
        "column": each.column,
        "min_value": each.at_least,
        "max_value": each.at_most,
    },
    "in_set": lambda each: {"column": each.column, "value_set": list(each.choices)},
    "matches": lambda each: {"column": each.column, "regex": each.pattern},
    "unique": lambda each: {"column": each.column},
    "unique_together": lambda each: {"column_list": each.column.split(", ")},
    "increasing": lambda each: {"column": each.column, "strictly": True},
}


def _asked(each: Expectation) -> Ask:
    return lambda great: getattr(great, _GREAT_NAMES[each.rule])(**_ARGUMENTS[each.rule](each))
