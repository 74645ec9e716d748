from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.domain.policy_sections import HistoryRule
from simulator.bulk.history import History
from simulator.bulk.shop import NEVER
from simulator.world import DAY_US

RULE = HistoryRule(
    max_returns=3,
    within_days=5,
    max_failed_inspections=1,
    failed_within_days=9,
    when_failed="review",
)
_SECOND_US = 1_000_000
_STRETCH_DAYS = 4
_STRETCHES = 4
# Moments are whole seconds, each another one: the history counts by seconds.
moments = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, _STRETCHES * _STRETCH_DAYS * 86_400 - 1)),
    max_size=40,
    unique_by=lambda each: each[1],
)


def _of_stretch(told: Sequence[tuple[int, int]], number: int) -> list[tuple[int, int]]:
    begin, end = (each * _STRETCH_DAYS * 86_400 for each in (number, number + 1))
    return [(who, at) for who, at in told if begin <= at < end]


def _columns(told: Sequence[tuple[int, int]]) -> tuple[Any, Any]:
    customer = np.array([who for who, _ in told], dtype=np.int64)
    return customer, np.array([at * _SECOND_US for _, at in told], dtype=np.int64)


class TestHistory:
    @given(moments, moments, moments)
    def test_it_counts_what_was_there_before(
        self,
        orders: list[tuple[int, int]],
        returns: list[tuple[int, int]],
        failures: list[tuple[int, int]],
    ) -> None:
        history = History(RULE)
        history.note_orders(np.array([4]), np.array([0]))  # so that there is room for the others
        for number in range(_STRETCHES):
            history.note_orders(*_columns(_of_stretch(orders, number)))
            history.note_failures(*_columns(_of_stretch(failures, number)))
            asked = _of_stretch(returns, number)
            found = history.known(*_columns(asked))
            for place, (who, now) in enumerate(asked):
                bought = [at for by, at in orders if by == who and at < now]
                before = [at for by, at in returns if by == who and at < now]
                failed = [at for by, at in failures if by == who and at < now]
                assert found.orders[place] == len(bought)
                assert found.returns[place] == len(before)
                assert found.recent[place] == sum(at >= now - 5 * 86_400 for at in before)
                assert found.failed[place] == sum(at >= now - 9 * 86_400 for at in failed)
                first = [at for by, at in orders if by == who and at <= now]
                assert found.first_us[place] == (min(first) * _SECOND_US if first else NEVER)
            history.forget((number + 1) * _STRETCH_DAYS * DAY_US)

    def test_what_no_window_reaches_is_forgotten(self) -> None:
        history = History(RULE)
        customer = np.zeros(100, dtype=np.int64)
        history.note_orders(customer, np.arange(100) * _SECOND_US)
        history.known(customer, np.arange(100) * _SECOND_US)
        history.note_failures(customer, np.arange(100) * _SECOND_US)

        history.forget(6 * DAY_US)
        assert len(history.recent_keys) == 0
        assert len(history.failed_keys) == 100

        history.forget(10 * DAY_US)
        assert len(history.failed_keys) == 0
