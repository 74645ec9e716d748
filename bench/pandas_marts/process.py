"""`marts.process_edges` in pandas."""

import numpy as np
import pandas as pd

from bench.pandas_marts.lake import HOUR_US, Lake
from bench.pandas_marts.moves import START, STEPS, lines_now, return_moves
from pipelines.process import design

_WORDS = np.array([*STEPS[:-1], "end", "start"])  # of a step's number


def process_edges(lake: Lake) -> pd.DataFrame:
    """How often returns went from one step to the next, and how long that took."""
    moves = return_moves(lake)
    lines = lines_now(lake).groupby("rma").size().reindex(range(len(lake.rmas)), fill_value=0)
    moves["of_one_line"] = (lines == 1).to_numpy()[moves["rma"]]
    edge = ["from_step", "to_step"]
    edges = moves.groupby(edge).agg(
        cases=("rma", "size"),
        waited_us=("waited_us", "sum"),
        again=("is_again", "sum"),
        of_one_line=("of_one_line", "sum"),
    )
    edges["returns"] = moves.drop_duplicates([*edge, "rma"]).groupby(edge).size()
    edges = edges.join(_times(moves[moves["from_step"] != START], edge)).reset_index()
    named = edges.assign(from_step=_WORDS[edges["from_step"]], to_step=_WORDS[edges["to_step"]])
    is_designed = pd.MultiIndex.from_frame(named[edge]).isin(design())
    return pd.DataFrame(
        {
            "from_step": named["from_step"],
            "to_step": named["to_step"],
            "cases": named["cases"],
            "median_hours": (named["lower_us"] + named["upper_us"]) / (2 * HOUR_US),
            "p90_hours": named["p90_us"] / HOUR_US,
            "returns": named["returns"],
            "share": named["cases"] / named.groupby("from_step")["cases"].transform("sum"),
            "is_designed": is_designed,
            "strays": named["of_one_line"].where(~is_designed, 0),
            "waiting_hours": (named["waited_us"] / HOUR_US).where(named["from_step"] != "start"),
            "again": named["again"],
        }
    )


def _times(moves: pd.DataFrame, edge: list[str]) -> pd.DataFrame:
    """By edge: both middle waits, and the one within which nine in ten lie."""
    ordered = moves.sort_values([*edge, "waited_us"], ignore_index=True)
    waited = ordered["waited_us"].to_numpy()
    sizes = ordered.groupby(edge).size()
    many = sizes.to_numpy()
    first = np.concatenate([[0], many.cumsum()[:-1]]).astype("int64")
    return pd.DataFrame(
        {
            "lower_us": waited[first + (many + 1) // 2 - 1],
            "upper_us": waited[first + many // 2],
            "p90_us": waited[first + (9 * many + 9) // 10 - 1],
        },
        index=sizes.index,
    )
