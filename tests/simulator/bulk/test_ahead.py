import threading
from collections.abc import Iterator

import pytest

from simulator.bulk.ahead import ahead


class _Broken(RuntimeError):
    pass


def _breaking() -> Iterator[int]:
    yield 1
    raise _Broken("in the maker")


class TestAhead:
    def test_everything_comes_in_order(self) -> None:
        assert list(ahead(range(100), 3)) == list(range(100))
        assert list(ahead([], 3)) == []

    def test_what_goes_wrong_in_the_making_is_raised_where_it_is_used(self) -> None:
        made = ahead(_breaking(), 3)

        assert next(made) == 1
        with pytest.raises(_Broken, match="in the maker"):
            next(made)

    def test_whoever_stops_early_leaves_nobody_at_work(self) -> None:
        before = threading.active_count()
        made = ahead(iter(range(1_000_000)), 2)
        assert next(made) == 0

        made.close()  # type: ignore[attr-defined]  # a generator

        assert threading.active_count() == before

    def test_no_more_is_made_beforehand_than_was_asked_for(self) -> None:
        taken: list[int] = []
        made = ahead((taken.append(number) or number for number in range(100)), 2)

        for number in made:
            assert len(taken) <= number + 5
