"""What is still to happen, in order of time; what is planned for the same moment happens in the order of planning."""

import heapq
from dataclasses import dataclass, field

Argument = int | str


@dataclass(order=True, frozen=True, slots=True)
class Item:
    """Somebody does something (`verb`) at a moment, in microseconds since 1970."""

    due_us: int
    number: int
    verb: str = field(compare=False)
    about: tuple[Argument, ...] = field(compare=False)


@dataclass(slots=True)
class Agenda:
    """Items by time."""

    items: list[Item] = field(default_factory=list)
    planned: int = 0

    def plan(self, due_us: int, verb: str, *about: Argument) -> None:
        self.planned += 1
        heapq.heappush(self.items, Item(due_us, self.planned, verb, about))

    @property
    def next_us(self) -> int | None:
        """When the next item is due; None where nothing is planned."""
        return self.items[0].due_us if self.items else None

    def take(self) -> Item:
        """The next item, which is on the agenda no more."""
        return heapq.heappop(self.items)
