"""What the page *Process* shows: the moves that returns make, where time is lost on them, and which go round."""

import duckdb
import polars as pl

from dashboards.queries.frames import frame

START, END = "start", "end"


def edges(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Every move from step to step, the most frequent first."""
    return frame(
        connection,
        """
        select from_step, to_step, cases, returns, share, median_hours, p90_hours, waiting_hours,
               again, is_designed, strays
        from process_edges order by cases desc, from_step, to_step
        """,
    )


def design(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Every move that the table of transitions allows."""
    return frame(
        connection, "select from_step, to_step from process_design order by from_step, to_step"
    )


def frequent(moves: pl.DataFrame, least_percent: int) -> pl.DataFrame:
    """The moves that at least so many of a hundred returns made."""
    begun = int(moves.filter(pl.col("from_step") == START)["returns"].sum())
    least = begun * least_percent / 100
    return moves.filter(pl.col("returns") >= least)


def among(designed: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    """The designed moves between steps that are shown, with `is_used`: whether returns make them."""
    steps = pl.concat([shown["from_step"], shown["to_step"]]).unique()
    used = shown.select("from_step", "to_step", is_used=pl.lit(True))
    between = designed.select("from_step", "to_step").filter(
        pl.col("from_step").is_in(steps.implode()) & pl.col("to_step").is_in(steps.implode())
    )
    joined = between.join(used, on=["from_step", "to_step"], how="left")
    return joined.with_columns(pl.col("is_used").fill_null(False)).sort("from_step", "to_step")


def sticking(moves: pl.DataFrame) -> pl.DataFrame:
    """The moves on which returns waited at all, those that took most of all time first."""
    return moves.filter(pl.col("waiting_hours") > 0).sort(
        "waiting_hours", "from_step", "to_step", descending=[True, False, False]
    )


def going_round(moves: pl.DataFrame) -> pl.DataFrame:
    """The moves that brought returns to a step where they had been before, the most frequent first.

    `share_again` is the share of these among all that went that way.
    """
    repeated = moves.filter(pl.col("again") > 0)
    return repeated.with_columns(share_again=pl.col("again") / pl.col("cases")).sort(
        "again", "from_step", "to_step", descending=[True, False, False]
    )
