"""What the page *Data health* shows: the newest word of each check, what lies in quarantine, and the runs."""

from dataclasses import dataclass

import duckdb
import polars as pl

from dashboards.queries.frames import frame
from dashboards.words import EXPECTATIONS


@dataclass(frozen=True, slots=True)
class Checks:
    """How many checks there are, and how many fail now: those that stop a publication, and the others."""

    all: int
    blocking: int
    warnings: int


_PARAMETRIZED = ("is_known", "not_before", "at_least", "is_a_share", "is_a_known_word")


def checks(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What the newest run found at each door; failing checks on top, those that stop a publication first.

    `kind` is the word of `EXPECTATIONS` for the rule: `closed_at_not_before_opened_at` is a `not_before`.
    """
    rows = frame(
        connection,
        """
        with newest as (
            select door, arg_max(run_id, checked_at) as run_id from data_quality group by door
        )
        select door, table_name, column_name, expectation, description, severity, passed, failing_rows, rows,
               sample, checked_at, run_id
        from data_quality join newest using (door, run_id)
        qualify row_number() over (
            partition by door, table_name, column_name, expectation order by checked_at desc
        ) = 1
        order by passed, severity <> 'blocking', door, table_name, column_name, expectation
        """,
    )
    kind = pl.coalesce(
        pl.when(pl.col("expectation").is_in(list(EXPECTATIONS))).then(pl.col("expectation")),
        pl.col("expectation").str.extract(f"_({'|'.join(_PARAMETRIZED)})(?:_|$)"),
        pl.lit("other"),
    )
    return rows.with_columns(kind.alias("kind"))


def counted(rows: pl.DataFrame) -> Checks:
    """What `checks` found, counted."""
    failing = rows.filter(~pl.col("passed"))
    blocking = failing.filter(pl.col("severity") == "blocking")
    return Checks(len(rows), len(blocking), len(failing) - len(blocking))


def quarantined(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Why events lie in quarantine: how many a reason, since when and until when; the newest reason first."""
    return frame(
        connection,
        """
        select type, kind, reason, count(*) as events, min(recorded_at) as first_at,
               max(recorded_at) as last_at, min(seq) as first_seq, max(seq) as last_seq
        from quarantine group by all order by last_at desc, type, kind, reason
        """,
    )


def quarantine(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Every event in quarantine, in the log's order."""
    return frame(
        connection, "select seq, type, kind, reason, recorded_at from quarantine order by seq"
    )


def runs(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The runs that are remembered, the newest first; `status` in lower case."""
    return frame(
        connection,
        """
        select run_id, job, lower(status) as status, started_at, ended_at, seconds, events, through_seq,
               failed_step, message
        from pipeline_runs order by started_at desc nulls first, run_id
        """,
    )
