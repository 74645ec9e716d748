"""What a rule on a table of the warehouse is, and the words for the usual ones.

A rule is a condition under which a row fails, or a SELECT of the failing rows: what failed can be seen row by row
by running it. Two severities: what is `blocking` stops publication, what is a `warning` is shown and goes on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.warehouse.models import SqlModel

Severity = Literal["blocking", "warning"]
Door = Literal["intermediate", "marts"]

KEY_IS_WHOLE = "key_is_whole"
KEY_IS_UNIQUE = "key_is_unique"
_JUDGED_AT_THE_LAKE = "seq"  # rows told apart by their event were judged batch by batch
_UNIQUE_BY_ITSELF = {
    "staging.order_lines",  # orders are unique, and so are line numbers within an event
    "intermediate.return_moves",  # a row for every event, without a join
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule on `relation`. Give `fails`, a condition on one row, or `failing`, a SELECT of the rows that break it."""

    relation: str
    name: str
    says: str
    severity: Severity = "blocking"
    column: str = ""
    fails: str = ""
    failing: str = ""

    @property
    def door(self) -> Door:
        return "marts" if self.relation.startswith("marts.") else "intermediate"


def key_rules(model: SqlModel) -> Iterator[Rule]:
    """What a header's `key` promises: it is never null, and no two rows share it.

    Left out is what would cost much and prove nothing: views whose rows are events, whose keys were judged at the lake's
    door, views that join or gather rows anew each time they are asked, and what cannot be otherwise.
    """
    header, is_view = model.header, model.header.refresh == "view"
    if not header.key or (is_view and not model.text.keeps_every_row):
        return
    if is_view and _JUDGED_AT_THE_LAKE in header.key:
        return
    columns = ", ".join(header.key)
    yield Rule(
        model.relation,
        KEY_IS_WHOLE,
        f"{columns} must not be null",
        column=columns,
        fails=" or ".join(f"{name} is null" for name in header.key),
    )
    if model.relation in _UNIQUE_BY_ITSELF:
        return
    yield Rule(
        model.relation,
        KEY_IS_UNIQUE,
        f"{columns} must tell the rows apart",
        column=columns,
        failing=f"select {columns}, count(*) as rows_alike from {model.relation} group by {columns} having count(*) > 1",
    )


def refers_to(
    relation: str, column: str, other: str, severity: Severity = "warning", *, their: str = ""
) -> Rule:
    """Where `column` is not null, `other` has a row with it (there called `their`)."""
    theirs = their or column
    return Rule(
        relation,
        f"{column}_is_known",
        f"{column} must be found in {other}",
        severity,
        column,
        failing=(
            f"select distinct own.{column} from {relation} as own where own.{column} is not null "
            f"and not exists (select 1 from {other} as other where other.{theirs} = own.{column})"
        ),
    )


def in_order(relation: str, *moments: str, severity: Severity = "warning") -> Rule:
    """Each moment is not before those that precede it here; what did not happen is passed over."""
    pairs = [
        f"{later} < {earlier}" for place, later in enumerate(moments) for earlier in moments[:place]
    ]
    words = " ≤ ".join(moments)
    return Rule(
        relation,
        f"{moments[-1]}_not_before_{moments[0]}",
        f"times must not run backwards: {words}",
        severity,
        ", ".join(moments),
        fails=" or ".join(pairs),
    )


def at_least(relation: str, column: str, least: int = 0, severity: Severity = "blocking") -> Rule:
    """A number is never below a bound."""
    return Rule(
        relation,
        f"{column}_at_least_{least}",
        f"{column} must be at least {least}",
        severity,
        column,
        fails=f"{column} < {least}",
    )


def is_share(relation: str, column: str, severity: Severity = "blocking") -> Rule:
    """A number lies between 0 and 1."""
    return Rule(
        relation,
        f"{column}_is_a_share",
        f"{column} must lie between 0 and 1",
        severity,
        column,
        fails=f"{column} < 0 or {column} > 1",
    )


def one_of(
    relation: str, column: str, words: Sequence[str], severity: Severity = "blocking"
) -> Rule:
    """A word is among those that are known."""
    known = ", ".join(f"'{word}'" for word in words)
    return Rule(
        relation,
        f"{column}_is_a_known_word",
        f"{column} must be one of {', '.join(words)}",
        severity,
        column,
        fails=f"{column} not in ({known})",
    )


def never(
    relation: str,
    name: str,
    says: str,
    fails: str,
    severity: Severity = "blocking",
    column: str = "",
) -> Rule:
    """A row of which this is true fails."""
    return Rule(relation, name, says, severity, column, fails=fails)


def adds_up(
    relation: str, name: str, says: str, failing: str, severity: Severity = "blocking"
) -> Rule:
    """Conservation: the SELECT gives a row for each sum that differs, with both sides."""
    return Rule(relation, name, says, severity, failing=failing)
