"""Who takes the next item: somebody who speaks its language, is there, and has the most room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may take an item. `capacity` (1 or more) is how many of them may be open at once.

    An absence begins at `absent_from` and is over at `absent_until`.
    """

    key: str
    languages: frozenset[str]
    open: int
    capacity: int
    absent_from: datetime | None = None
    absent_until: datetime | None = None

    def is_present(self, now: datetime) -> bool:
        if self.absent_from is None or self.absent_until is None:
            return True
        return not self.absent_from <= now < self.absent_until

    @property
    def load(self) -> float:
        """The share of the capacity that is taken; above 1 where more was taken on."""
        return self.open / self.capacity

    @property
    def load_with_one_more(self) -> float:
        """The share that would be taken with one item more."""
        return (self.open + 1) / self.capacity


def choose(candidates: Sequence[Candidate], language: str, now: datetime) -> str | None:
    """The key of whoever should take the item; None where nobody is there. Ties go by key.

    Of those present, first who speaks the language (else anyone), then the least loaded: so whoever has room comes before
    those who have none.
    """
    present = [each for each in candidates if each.is_present(now)]
    speaking = [each for each in present if language in each.languages] or present
    return min(speaking, key=lambda each: (each.load, each.key)).key if speaking else None
