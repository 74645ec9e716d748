from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.clocks import (
    EVERY_HOUR,
    WEEKDAYS,
    Calendar,
    after_pause,
    due_at,
    elapsed,
    end_of_day,
    share_point,
)

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
OFFICE = Calendar("business")  # Monday to Friday, 09:00 to 18:00
NIGHT = Calendar("business", WEEKDAYS, time(1), time(4))
H = timedelta(hours=1)

ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "Asia/Shanghai", "America/Sao_Paulo")]
)
WITHOUT_MARCH = Calendar("business", holidays=frozenset(date(2026, 3, day) for day in range(1, 32)))
CALENDARS = st.sampled_from([EVERY_HOUR, OFFICE, NIGHT, WITHOUT_MARCH])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis wants naive bounds
SPANS = st.timedeltas(timedelta(), timedelta(hours=400))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


class TestDueAt:
    def test_calendar_hours_run_through_nights_and_weekends(self) -> None:
        friday = berlin("2026-03-06T17:00")

        assert due_at(friday, 24 * H, EVERY_HOUR, BERLIN) == berlin("2026-03-07T17:00")

    @pytest.mark.parametrize(
        ("opened", "hours", "due"),
        [
            ("2026-03-02T10:00", 4, "2026-03-02T14:00"),  # within a day
            ("2026-03-02T17:00", 2, "2026-03-03T10:00"),  # over a night
            ("2026-03-06T17:00", 2, "2026-03-09T10:00"),  # over a weekend
            ("2026-03-07T12:00", 1, "2026-03-09T10:00"),  # opened on a Saturday
            ("2026-03-02T20:00", 1, "2026-03-03T10:00"),  # opened after hours
            ("2026-03-02T06:00", 1, "2026-03-02T10:00"),  # opened before hours
            ("2026-03-02T09:00", 9, "2026-03-02T18:00"),  # to the last moment of a day
            ("2026-03-02T09:00", 45, "2026-03-06T18:00"),  # a working week
        ],
    )
    def test_business_hours_are_those_in_which_the_shop_works(
        self, opened: str, hours: int, due: str
    ) -> None:
        assert due_at(berlin(opened), hours * H, OFFICE, BERLIN) == berlin(due)

    def test_a_holiday_is_no_working_day_and_counts_where_every_hour_does(self) -> None:
        christmas = frozenset({date(2026, 12, 25), date(2026, 12, 28)})
        opened = berlin("2026-12-24T17:00")  # a Thursday

        assert due_at(opened, 2 * H, Calendar("business", holidays=christmas), BERLIN) == berlin(
            "2026-12-29T10:00"
        )
        assert due_at(opened, 24 * H, Calendar(holidays=christmas), BERLIN) == opened + 24 * H

    def test_business_hours_are_the_shops_not_the_machines(self) -> None:
        opened = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Shanghai, 02:00 in Berlin

        assert due_at(opened, H, OFFICE, SHANGHAI) == datetime(2026, 3, 2, 2, tzinfo=UTC)
        assert due_at(opened, H, OFFICE, BERLIN) == datetime(2026, 3, 2, 9, tzinfo=UTC)

    def test_the_night_on_which_the_clocks_go_forward_has_an_hour_less(self) -> None:
        before = berlin("2026-03-28T18:00")  # at 02:00 of the 29th it becomes 03:00

        assert due_at(before, 24 * H, EVERY_HOUR, BERLIN) == berlin("2026-03-29T19:00")
        assert due_at(before, 2 * H, NIGHT, BERLIN) == berlin("2026-03-29T04:00")

    def test_and_the_one_on_which_they_go_back_an_hour_more(self) -> None:
        before = berlin("2026-10-24T18:00")  # at 03:00 of the 25th it becomes 02:00

        assert due_at(before, 4 * H, NIGHT, BERLIN) == berlin("2026-10-25T04:00")

    @given(MOMENTS, SPANS, CALENDARS, ZONES)
    def test_until_it_is_due_exactly_the_allowed_time_counts(
        self, opened: datetime, allowed: timedelta, calendar: Calendar, zone: ZoneInfo
    ) -> None:
        due = due_at(opened, allowed, calendar, zone)

        assert due >= opened
        assert elapsed(opened, due, calendar, zone) == allowed

    @given(MOMENTS, SPANS, SPANS, CALENDARS, ZONES)
    def test_waiting_twice_is_waiting_for_both(
        self,
        opened: datetime,
        first: timedelta,
        then: timedelta,
        calendar: Calendar,
        zone: ZoneInfo,
    ) -> None:
        halfway = due_at(opened, first, calendar, zone)
        together = due_at(opened, first + then, calendar, zone)

        assert elapsed(halfway, together, calendar, zone) == then


class TestAfterPause:
    def test_a_pause_across_midnight_moves_the_due_moment_by_its_length(self) -> None:
        due, paused = berlin("2026-03-03T12:00"), berlin("2026-03-02T23:00")

        moved = after_pause(due, paused, berlin("2026-03-03T02:30"))

        assert moved == berlin("2026-03-03T15:30")

    def test_in_business_hours_a_pause_in_the_night_costs_nothing(self) -> None:
        due, paused = berlin("2026-03-03T12:00"), berlin("2026-03-02T20:00")

        moved = after_pause(due, paused, berlin("2026-03-03T08:00"), OFFICE, BERLIN)

        assert moved == due

    def test_a_pause_that_ends_after_it_was_due_leaves_what_was_left(self) -> None:
        due, paused = berlin("2026-03-02T12:00"), berlin("2026-03-02T10:00")

        moved = after_pause(due, paused, berlin("2026-03-05T17:00"), OFFICE, BERLIN)

        assert moved == berlin("2026-03-06T10:00")

    def test_what_was_overdue_before_the_pause_stays_overdue(self) -> None:
        due = berlin("2026-03-02T12:00")

        assert after_pause(due, due + H, due + 9 * H) == due

    @given(MOMENTS, SPANS, SPANS, SPANS, CALENDARS, ZONES)
    def test_what_is_left_after_a_pause_is_what_was_left_before_it(
        self,
        opened: datetime,
        allowed: timedelta,
        until_pause: timedelta,
        pause: timedelta,
        calendar: Calendar,
        zone: ZoneInfo,
    ) -> None:
        due = due_at(opened, allowed, calendar, zone)
        paused, now = opened + until_pause, opened + until_pause + pause

        moved = after_pause(due, paused, now, calendar, zone)

        assert moved >= due
        if paused < due:
            left = elapsed(paused, due, calendar, zone)
            assert elapsed(now, moved, calendar, zone) == left


class TestSharePoint:
    def test_it_is_the_moment_at_which_so_much_of_the_time_is_used_up(self) -> None:
        opened = berlin("2026-03-02T10:00")

        assert share_point(opened, opened + 10 * H, 0.8) == opened + 8 * H

    def test_in_business_hours_the_warning_comes_while_somebody_is_there(self) -> None:
        opened, due = berlin("2026-03-06T16:00"), berlin("2026-03-09T12:00")

        warned = share_point(opened, due, 0.8, OFFICE, BERLIN)

        assert warned == berlin("2026-03-09T11:00")


class TestEndOfDay:
    def test_it_is_the_days_last_moment_also_where_the_clocks_change(self) -> None:
        last = end_of_day(berlin("2026-03-29T12:00").date(), BERLIN)

        assert last.astimezone(BERLIN).isoformat() == "2026-03-29T23:59:59.999999+02:00"
        assert last == datetime(2026, 3, 29, 22, tzinfo=UTC) - timedelta.resolution
