import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.behaviour import busy, csat, declines, lets_keep, notices, shifts_of, work_hours
from simulator.scenario import Demand, Scenario, Staff
from simulator.world import DAY_US, HOUR_US, world_of

SECOND_US = 1_000_000
moments = st.integers(0, 3 * 365 * DAY_US)
hours = st.floats(0, 500)
weekdays = st.integers(0, 6)
staffs = st.builds(
    Staff,
    opens=st.integers(0, 11),
    closes=st.integers(12, 24),
    weekend_share=st.floats(0, 1),
)


class TestShifts:
    @given(staff=staffs, weekday=weekdays, at_us=moments, work=hours, more=hours)
    def test_more_work_is_never_done_sooner_and_none_before_it_begins(
        self, staff: Staff, weekday: int, at_us: int, work: float, more: float
    ) -> None:
        shifts = shifts_of(Scenario(staff=staff), weekday)

        assert at_us <= shifts.done_us(at_us, work) <= shifts.done_us(at_us, work + more)

    @given(staff=staffs, weekday=weekdays, at_us=moments, wait_us=moments, work=hours)
    def test_who_comes_later_is_never_served_sooner(
        self, staff: Staff, weekday: int, at_us: int, wait_us: int, work: float
    ) -> None:
        shifts = shifts_of(Scenario(staff=staff), weekday)

        first, second = shifts.done_us(at_us, work), shifts.done_us(at_us + wait_us, work)

        assert first <= second + SECOND_US

    @given(staff=staffs, weekday=weekdays, at_us=moments, first=hours, second=hours)
    def test_two_pieces_of_work_take_as_long_as_one_of_their_sum(
        self, staff: Staff, weekday: int, at_us: int, first: float, second: float
    ) -> None:
        shifts = shifts_of(Scenario(staff=staff), weekday)
        one_by_one = shifts.done_us(shifts.done_us(at_us, first), second)

        rest = shifts.done_us(
            one_by_one, 1.0
        )  # a moment at closing time may be called opening time

        assert rest == pytest.approx(shifts.done_us(at_us, first + second + 1.0), abs=SECOND_US)

    @given(day=st.integers(0, 900), hour=st.floats(0, 11.99), work=st.floats(0.1, 200))
    def test_nothing_is_done_in_closed_hours(self, day: int, hour: float, work: float) -> None:
        shifts = shifts_of(Scenario(staff=Staff(opens=8, closes=20)), 0)
        closed_us = (day * 24 + 20 + hour) * HOUR_US
        opens_us = ((day + 1) * 24 + 8) * HOUR_US

        done = shifts.done_us(closed_us, work)

        assert done == pytest.approx(shifts.done_us(opens_us, work), abs=SECOND_US)

    @given(day=st.integers(0, 900), hour=st.integers(8, 18))
    def test_an_hour_takes_an_hour_on_a_working_day_and_two_at_weekends_with_half_the_hands(
        self, day: int, hour: int
    ) -> None:
        shifts = shifts_of(Scenario(staff=Staff(opens=8, closes=20, weekend_share=0.5)), 0)
        at_us = (day * 24 + hour) * HOUR_US
        factor = 2 if day % 7 >= 5 else 1

        done = shifts.done_us(at_us, 0.5)

        assert done - at_us == pytest.approx(0.5 * factor * HOUR_US, abs=SECOND_US)

    @given(weekday=weekdays)
    def test_the_weekend_lies_where_the_first_weekday_says(self, weekday: int) -> None:
        shifts = shifts_of(Scenario(staff=Staff(opens=0, closes=24, weekend_share=0.25)), weekday)

        taken = [shifts.done_us((day * 24 + 1) * HOUR_US, 1) - (day * 24 + 1) * HOUR_US for day in range(7)]  # fmt: skip

        is_weekend = [(weekday + day) % 7 >= 5 for day in range(7)]
        assert [each > 2 * HOUR_US for each in taken] == is_weekend

    @given(staff=staffs, at_us=st.lists(moments, min_size=1), work=hours)
    def test_many_are_answered_as_each_alone(
        self, staff: Staff, at_us: list[int], work: float
    ) -> None:
        shifts = shifts_of(Scenario(staff=staff), 0)

        together = np.asarray(shifts.done_us(np.array(at_us, dtype=np.float64), work))

        assert together.tolist() == [shifts.done_us(each, work) for each in at_us]


class TestBusy:
    def test_a_usual_week_is_not_busy_and_a_promotion_makes_the_next_one_so(self) -> None:
        demand = Demand(
            yearly_growth=0.0, weekend_factor=1.0, promotions_a_year=1, promotion_lift=2
        )
        world = world_of(Scenario(demand=demand), 1, 365, 100)
        begin = int(np.flatnonzero(world.promotions)[0])

        usual = busy(world, begin)
        assert usual == pytest.approx(
            1.0, abs=0.03
        )  # a little less: the promotion is in the average
        assert busy(world, begin + 5) > 1.5 * usual
        assert busy(world, begin + 20) == pytest.approx(usual)


class TestWork:
    @given(speed=st.floats(0.1, 10), factor=st.floats(0.1, 10))
    def test_it_grows_with_speed_and_business_and_slow_people(
        self, speed: float, factor: float
    ) -> None:
        usual = work_hours(2.0, speed, is_slow=False, busy_factor=factor)

        assert usual == pytest.approx(2.0 * speed * factor)
        assert work_hours(2.0, speed, is_slow=True, busy_factor=factor) > 5 * usual


class TestDecisions:
    def test_reviewers_decline_abuse_most_and_honest_applications_least(self) -> None:
        verdicts, reviewers = np.linspace(0, 1, 1000), np.arange(1000)

        honest, late, abusive = (
            declines(verdicts, is_abusive, is_late, reviewers).mean()
            for is_abusive, is_late in ((False, False), (False, True), (True, False))
        )

        assert 0.02 < honest < 0.15 < late < abusive < 0.7

    def test_some_reviewers_are_stricter(self) -> None:
        verdicts = np.linspace(0, 1, 1000)
        shares = [declines(verdicts, False, True, reviewer).mean() for reviewer in range(4)]

        assert shares == sorted(shares)
        assert shares[-1] > 2 * shares[0]

    def test_only_cheap_broken_goods_are_left_with_the_customer_and_not_always(self) -> None:
        verdicts = np.linspace(0, 1, 100)

        assert 0 < lets_keep(verdicts, 1000, is_broken=True).sum() < 50
        assert not lets_keep(verdicts, 1000, is_broken=False).any()
        assert not lets_keep(verdicts, 9000, is_broken=True).any()

    @given(
        look=st.floats(0, 1), contents=st.sampled_from(["worn", "swapped", "missing", "faultless"])
    )
    def test_who_looks_closely_finds_what_a_glance_finds(self, look: float, contents: str) -> None:
        assert notices(look, contents, is_full=True) >= notices(look, contents, is_full=False)

    @given(look=st.floats(0, 1), is_full=st.booleans())
    def test_goods_as_sold_are_never_taken_for_something_else(
        self, look: float, is_full: bool
    ) -> None:
        assert not notices(look, "as_sold", is_full)


waits = st.floats(0, 2000)
outcomes = st.fixed_dictionaries(
    {"is_declined": st.booleans(), "is_reduced": st.booleans(), "was_asked": st.booleans()}
)


class TestCsat:
    @given(mood=st.floats(-4, 4), decision=waits, days=waits, more=waits, outcome=outcomes)
    def test_it_never_rises_with_waiting_and_is_a_score(
        self, mood: float, decision: float, days: float, more: float, outcome: dict[str, bool]
    ) -> None:
        score = csat(mood, decision, days, **outcome)

        assert 1 <= csat(mood, decision + more, days, **outcome) <= score <= 5
        assert 1 <= csat(mood, decision, days + more, **outcome) <= score <= 5

    @given(mood=st.floats(-4, 4), decision=waits, days=waits, outcome=outcomes)
    def test_a_worse_outcome_never_pleases_more(
        self, mood: float, decision: float, days: float, outcome: dict[str, bool]
    ) -> None:
        score = csat(mood, decision, days, **outcome)

        for worse in outcome:
            assert csat(mood, decision, days, **{**outcome, worse: True}) <= score

    def test_it_falls_over_the_first_day_as_a_shops_tickets_do(self) -> None:
        moods = np.random.default_rng(1).standard_normal(20_000)

        at_once, next_day = (
            csat(moods, waited, 5, is_declined=False, is_reduced=False, was_asked=False).mean()
            for waited in (0.1, 30)
        )

        assert at_once == pytest.approx(4.43, abs=0.15)
        assert next_day == pytest.approx(3.31, abs=0.2)
