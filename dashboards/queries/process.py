"""What the page *Process* shows: the moves that returns make, where time is lost on them, and which go round."""

from dataclasses import dataclass

import duckdb
import polars as pl

from dashboards.queries.frames import frame

START, END = "start", "end"


@dataclass(frozen=True, slots=True)
class Loop:
    """Steps that lead back to the first of them, and how many moves closed the circle."""

    steps: tuple[str, ...]
    moves: int


def edges(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Every move from step to step, the most frequent first."""
    return frame(
        connection,
        """
        select from_step, to_step, cases, returns, share, median_hours, p90_hours, is_designed
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
    """The moves by the time lost on them: `waiting_hours` = moves × their median; the most first."""
    timed = moves.filter(~pl.col("from_step").is_in([START]) & (pl.col("to_step") != END))
    lost = timed.with_columns(waiting_hours=pl.col("cases") * pl.col("median_hours"))
    return lost.sort("waiting_hours", "from_step", "to_step", descending=[True, False, False])


def undesigned(moves: pl.DataFrame) -> pl.DataFrame:
    """The moves that the table of transitions does not know."""
    return moves.filter(~pl.col("is_designed"))


def circles(connection: duckdb.DuckDBPyConnection) -> list[Loop]:
    """Where returns go round, of all moves."""
    return loops(edges(connection))


def loops(moves: pl.DataFrame) -> list[Loop]:
    """Where returns go round: each move back to a step that the same way had passed, the most frequent first."""
    onward: dict[str, list[tuple[str, int]]] = {}
    for source, target, cases in moves.select("from_step", "to_step", "cases").iter_rows():
        onward.setdefault(source, []).append((target, int(cases)))
    found: list[Loop] = []
    seen: set[str] = set()
    for first in (START, *sorted(onward)):
        if first not in seen:
            _walk(first, onward, [], seen, found)
    return sorted(found, key=lambda loop: (-loop.moves, loop.steps))


def _walk(
    step: str,
    onward: dict[str, list[tuple[str, int]]],
    way: list[str],
    seen: set[str],
    found: list[Loop],
) -> None:
    seen.add(step)
    way = [*way, step]
    for target, cases in sorted(onward.get(step, []), key=lambda move: (-move[1], move[0])):
        if target in way:
            found.append(Loop(tuple(way[way.index(target) :]), cases))
        elif target not in seen:
            _walk(target, onward, way, seen, found)
