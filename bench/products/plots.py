"""The frontier's plots."""

import polars as pl

from bench.products.replay import ORACLE, PRODUCT
from models.risk.plots import Line, lines

_CLOSE = 0.3  # the rate of false flags up to which a plot looks closely


def plots(frontier: pl.DataFrame) -> dict[str, str]:
    """SVG documents by name; `frontier` is of one scenario, see `verdicts.frontiers`."""
    close = frontier.filter(pl.col("fdr") <= _CLOSE)
    recall, false = "share found", "share of flags that are false"
    return {
        "recall": lines("Found against false flags", false, recall, _shown(frontier, "recall")),
        "recall_close": lines(
            "Found against false flags, close", false, recall, _shown(close, "recall")
        ),
        "delay_close": lines(
            "Weeks until the flag against false flags, close",
            false,
            "median weeks since the fault began",
            _shown(close, "delay"),
        ),
    }


def _shown(frontier: pl.DataFrame, name: str) -> list[Line]:
    known = frontier.filter(pl.col(name).is_not_nan(), pl.col("raised") > 0)
    return [
        Line(str(way), list(one.sort("fdr").select("fdr", name).iter_rows()), way != PRODUCT, True)
        for (way,), one in known.group_by("way", maintain_order=True)
        if way != ORACLE or len(one)
    ]
