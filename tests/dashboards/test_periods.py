from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.queries.periods import WEEKS, Period, between, grain, monday, recent

SUNDAY = date(2026, 3, 1)


class TestRecent:
    def test_four_weeks_are_whole_ones_and_the_days_of_the_current_one(self) -> None:
        assert recent("4w", SUNDAY) == Period(date(2026, 1, 26), SUNDAY)
        assert recent("4w", date(2026, 3, 2)) == Period(date(2026, 2, 2), date(2026, 3, 2))

    def test_all_days_have_no_beginning(self) -> None:
        assert recent("all", SUNDAY) == Period(date.min, SUNDAY)
        assert recent("all", SUNDAY).first_week == date.min

    @given(day=st.dates(date(2000, 1, 1)), word=st.sampled_from([w for w, n in WEEKS.items() if n]))
    def test_it_begins_on_a_monday_and_has_as_many_whole_weeks_before_the_current_one(
        self, day: date, word: str
    ) -> None:
        period = recent(word, day)

        assert period.first.weekday() == 0
        assert (monday(day) - period.first).days == 7 * (WEEKS[word] or 0)
        assert period.last == day


class TestBetween:
    @given(one=st.dates(), other=st.dates())
    def test_the_order_of_two_days_does_not_matter(self, one: date, other: date) -> None:
        period = between(one, other)

        assert period == between(other, one)
        assert period.first <= period.last

    def test_a_week_that_touches_the_period_begins_on_its_monday(self) -> None:
        assert between(date(2026, 2, 4), date(2026, 2, 5)).first_week == date(2026, 2, 2)


class TestGrain:
    @pytest.mark.parametrize(
        ("days", "step"), [(0, "day"), (62, "day"), (63, "week"), (800, "week"), (801, "month")]
    )
    def test_longer_pictures_have_wider_bars(self, days: int, step: str) -> None:
        assert grain(SUNDAY, SUNDAY + timedelta(days=days)) == step
