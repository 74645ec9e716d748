from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from retour.importers.matching import GivenBack, Match, Purchase, match


def test_a_return_takes_the_latest_purchase_then_the_next_earlier_one() -> None:
    found = match(
        [Purchase(1, 10, 1, 2), Purchase(1, 11, 1, 3), GivenBack(1, 7, 4), GivenBack(1, 8, 4)]
    )

    assert list(found) == [Match(7, 1, 11, 1, 3), Match(7, 2, 10, 1, 1), Match(8, 1, 10, 1, 1)]


def test_a_purchase_after_the_return_is_never_matched() -> None:
    assert list(match([GivenBack(1, 7, 1), Purchase(1, 10, 1, 5)])) == []


def test_groups_do_not_mix() -> None:
    assert list(match([Purchase(1, 10, 1, 5), GivenBack(2, 7, 1)])) == []


def _movements(steps: list[tuple[int, bool, int]]) -> list[Purchase | GivenBack]:
    return [
        Purchase(group, place, 1, quantity) if is_purchase else GivenBack(group, place, quantity)
        for place, (group, is_purchase, quantity) in enumerate(sorted(steps, key=lambda s: s[0]))
    ]


def _unit_by_unit(movements: list[Purchase | GivenBack]) -> dict[tuple[int, int], int]:
    """The obvious model: each returned unit looks for the latest earlier unit that nobody took."""
    free: list[tuple[int, int]] = []
    taken: dict[tuple[int, int], int] = defaultdict(int)
    for movement in movements:
        if isinstance(movement, Purchase):
            free += [(movement.group, movement.order_n)] * movement.quantity
            continue
        for _ in range(movement.quantity):
            own = [place for place, unit in enumerate(free) if unit[0] == movement.group]
            if own:
                taken[movement.return_row, free.pop(own[-1])[1]] += 1
    return dict(taken)


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.integers(1, 6)), max_size=30))
def test_it_agrees_with_a_search_unit_by_unit(steps: list[tuple[int, bool, int]]) -> None:
    movements = _movements(steps)

    found: dict[tuple[int, int], int] = defaultdict(int)
    for each in match(movements):
        found[each.return_row, each.order_n] += each.quantity

    assert dict(found) == _unit_by_unit(movements)


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.integers(1, 6)), max_size=30))
def test_no_unit_is_matched_twice(steps: list[tuple[int, bool, int]]) -> None:
    movements = _movements(steps)
    bought = {each.order_n: each.quantity for each in movements if isinstance(each, Purchase)}
    given_back = {
        each.return_row: each.quantity for each in movements if isinstance(each, GivenBack)
    }

    for each in match(movements):
        bought[each.order_n] -= each.quantity
        given_back[each.return_row] -= each.quantity

    assert all(left >= 0 for left in (*bought.values(), *given_back.values()))
