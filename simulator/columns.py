"""Columns of text made of numbers, without the detour through expressions: that costs more than most columns here are long."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def taken(column: pl.Series, place: Integers) -> pl.Series:
    """The entries at these places."""
    return column[pl.Series(place.astype(np.uint32))]


def rows_taken(frame: pl.DataFrame, place: Integers) -> pl.DataFrame:
    """The rows at these places."""
    return frame[pl.Series(place.astype(np.uint32))]


def runs(starts: Integers, counts: Integers) -> Integers:
    """The places of runs, each from its start on for its length, one run after another."""
    return np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())


class Words:
    """A closed list of words, and columns of them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.kind = pl.Enum(self.names)
        self._column = pl.Series([*self.names, None], dtype=self.kind)

    def __len__(self) -> int:
        return len(self.names)

    def place(self, word: str) -> int:
        return self.names.index(word)

    def at(self, place: Integers) -> pl.Series:
        """The words at these places; at -1 is none."""
        return taken(self._column, np.where(place < 0, len(self.names), place))

    def always(self, word: str, number: int) -> pl.Series:
        """The same word, so many times."""
        return self._column.new_from_index(self.place(word), number)
