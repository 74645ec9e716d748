from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.domain.cases import answer_due
from service.domain.events import Direction

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALLOWED = timedelta(hours=24)
DIRECTIONS: st.SearchStrategy[list[Direction]] = st.lists(
    st.sampled_from(["from_customer", "to_customer"]), min_size=1
)


class TestAnswerDue:
    @given(DIRECTIONS)
    def test_it_counts_from_the_first_words_that_nobody_answered(
        self, directions: list[Direction]
    ) -> None:
        due = None
        for hour, direction in enumerate(directions):
            due = answer_due(direction, due, NOON + timedelta(hours=hour) + ALLOWED)

        answered = [hour for hour, each in enumerate(directions) if each == "to_customer"]
        first_since = answered[-1] + 1 if answered else 0
        waits = first_since < len(directions)
        assert due == (NOON + timedelta(hours=first_since) + ALLOWED if waits else None)
