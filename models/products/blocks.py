"""Work on many products at once: blocks of rows that fit a processor's cache, as many at a time as there are processors."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from models.products.record import Ints

ROWS_AT_ONCE = 4096
Item = TypeVar("Item")
Result = TypeVar("Result")


def blocks(number: int) -> list[slice]:
    """So many rows in blocks."""
    return [
        slice(start, min(start + ROWS_AT_ONCE, number)) for start in range(0, number, ROWS_AT_ONCE)
    ]


def blocks_of_families(families: Ints) -> list[slice]:
    """Rows in blocks that split no family; `families` (S,) numbers them without a step back."""
    starts = np.append(np.flatnonzero(np.diff(families, prepend=-1)), len(families))
    found, begin = [], 0
    while begin < len(families):
        end = int(starts[starts > min(begin + ROWS_AT_ONCE, len(families)) - 1][0])
        found.append(slice(begin, end))
        begin = end
    return found


def of_each(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """What comes of each, in their order. NumPy lets go of the interpreter while it computes, so threads are enough."""
    if len(items) < 2:
        return [work(each) for each in items]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(work, items))
