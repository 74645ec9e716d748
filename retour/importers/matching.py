"""Which purchase does a returned unit come from? The latest one before it that has units left, then the next earlier.

Per customer and product that is a stack: each purchase is laid on top, each return takes from the top.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter


@dataclass(frozen=True, slots=True)
class Purchase:
    """Units bought in an order line, by the customer and of the product that `group` stands for."""

    group: int
    order_n: int
    line_no: int
    quantity: int


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Units that a returned row gives back within a group."""

    group: int
    return_row: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Match:
    """Units of a returned row that were found in an order line; `part` counts a row's matches from 1."""

    return_row: int
    part: int
    order_n: int
    line_no: int
    quantity: int


def match(movements: Iterable[Purchase | GivenBack]) -> Iterator[Match]:
    """Match movements that come group by group and, within one, in order of time.

    At the same moment a return comes before a purchase: only strictly earlier purchases can be meant.
    """
    for _, group in groupby(movements, key=attrgetter("group")):
        yield from _match_group(group)


def _match_group(movements: Iterable[Purchase | GivenBack]) -> Iterator[Match]:
    bought: list[tuple[int, int, int]] = []
    for movement in movements:
        if isinstance(movement, Purchase):
            bought.append((movement.order_n, movement.line_no, movement.quantity))
        else:
            yield from _take(bought, movement.return_row, movement.quantity)


def _take(bought: list[tuple[int, int, int]], row: int, wanted: int) -> Iterator[Match]:
    part = 0
    while wanted and bought:
        order_n, line_no, left = bought.pop()
        taken = min(left, wanted)
        if left > taken:
            bought.append((order_n, line_no, left - taken))
        wanted -= taken
        part += 1
        yield Match(row, part, order_n, line_no, taken)
