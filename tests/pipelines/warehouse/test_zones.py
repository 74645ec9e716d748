from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.warehouse.zones import offset_periods

ZONES = (
    "Europe/London",
    "America/New_York",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "UTC",
)
FIRST, LAST = datetime(2009, 12, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)


class TestOffsetPeriods:
    @given(
        moment=st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None)),
        zone=st.sampled_from(ZONES),
    )
    def test_hold_what_the_zone_holds_at_any_moment(self, moment, zone):
        moment = moment.replace(tzinfo=UTC)
        (period,) = [
            each
            for each in offset_periods(ZoneInfo(zone), FIRST, LAST)
            if each.starts_at <= moment < each.ends_at
        ]
        assert (
            timedelta(seconds=period.offset_seconds)
            == moment.astimezone(ZoneInfo(zone)).utcoffset()
        )

    @pytest.mark.parametrize("zone", ZONES)
    def test_have_no_gap_and_no_end(self, zone):
        periods = offset_periods(ZoneInfo(zone), FIRST, LAST)
        assert all(one.ends_at == two.starts_at for one, two in pairwise(periods))
        assert (periods[0].starts_at.year, periods[-1].ends_at.year) == (1, 9999)

    def test_change_at_the_second(self):
        moment = datetime(2011, 6, 1, 0, 0, 0, 5, tzinfo=UTC)
        periods = offset_periods(ZoneInfo("Europe/London"), moment, moment)
        assert [(p.ends_at, p.offset_seconds) for p in periods[:2]] == [
            (datetime(2011, 3, 27, 1, tzinfo=UTC), 0),
            (datetime(2011, 10, 30, 1, tzinfo=UTC), 3600),
        ]

    @given(first=st.integers(0, 364), last=st.integers(0, 364), zone=st.sampled_from(ZONES))
    def test_are_the_same_wherever_in_its_years_a_log_begins_and_ends(self, first, last, zone):
        begin, end = datetime(2011, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, tzinfo=UTC)
        moments = begin + timedelta(days=first), end + timedelta(days=last)
        found = offset_periods(ZoneInfo(zone), *moments)
        assert found == offset_periods(ZoneInfo(zone), begin, end)

    def test_stay_finite_for_an_absurd_range(self):
        always = offset_periods(
            ZoneInfo("Europe/London"),
            datetime(1, 1, 1, tzinfo=UTC),
            datetime(9999, 12, 31, tzinfo=UTC),
        )
        assert len(always) < 500
