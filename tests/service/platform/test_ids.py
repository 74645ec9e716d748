from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.platform.ids import (
    ALPHABET,
    SeededIds,
    SystemIds,
    derived_event_id,
    derived_rma,
    format_rma,
    is_rma,
    uuid7,
)

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis wants naive bounds
BITS = st.integers(0, 2**74 - 1)
RMA_NUMBERS = st.integers(0, 2**50 - 1)


class TestUuid7:
    @given(MOMENTS, st.timedeltas(timedelta(milliseconds=1), timedelta(days=9999)), BITS, BITS)
    def test_a_later_millisecond_sorts_later_whatever_the_random_bits(
        self, moment: datetime, later_by: timedelta, bits: int, other_bits: int
    ) -> None:
        assert uuid7(moment, bits) < uuid7(moment + later_by, other_bits)

    @given(MOMENTS, BITS)
    def test_it_is_a_uuid_of_version_7_that_tells_its_time(
        self, moment: datetime, bits: int
    ) -> None:
        made = UUID(uuid7(moment, bits))

        assert made.version == 7
        assert made.variant == "specified in RFC 4122"
        assert made.int >> 80 == int(moment.timestamp() * 1000 + 1e-4)

    @given(MOMENTS, BITS, BITS)
    def test_no_random_bit_is_lost(self, moment: datetime, bits: int, other_bits: int) -> None:
        assert (uuid7(moment, bits) == uuid7(moment, other_bits)) == (bits == other_bits)


class TestRma:
    @given(RMA_NUMBERS)
    def test_what_is_made_is_well_formed(self, number: int) -> None:
        assert is_rma(format_rma(number))

    @given(RMA_NUMBERS, st.data())
    def test_every_slip_of_one_character_is_noticed(self, number: int, data: st.DataObject) -> None:
        rma = format_rma(number)
        places = [place for place, character in enumerate(rma) if place and character != "-"]
        place = data.draw(st.sampled_from(places))
        slip = data.draw(st.sampled_from([each for each in ALPHABET if each != rma[place]]))

        assert not is_rma(rma[:place] + slip + rma[place + 1 :])

    @pytest.mark.parametrize("text", ["", "R", "R--", "R12345-67890", "R12345-67890-", "🎁" * 13])
    def test_what_is_none_is_told_apart(self, text: str) -> None:
        assert not is_rma(text)

    @given(st.text(max_size=20))
    def test_any_text_may_be_asked_about(self, text: str) -> None:
        assert is_rma(text) in {True, False}


class TestDerived:
    def test_the_same_fact_has_the_same_id_and_another_has_another(self) -> None:
        assert derived_event_id(5, "a", "b") == derived_event_id(5, "a", "b")
        assert derived_event_id(5, "a", "b") != derived_event_id(5, "ab", "")
        assert derived_event_id(5, "a", "b") != derived_event_id(6_000, "a", "b")
        assert is_rma(derived_rma("shop", "C1"))


class TestSources:
    def test_a_seed_repeats_and_the_system_does_not(self) -> None:
        assert SeededIds(1).token("cus") == SeededIds(1).token("cus")
        assert SeededIds(1).token("cus") != SeededIds(2).token("cus")
        assert SystemIds().rma() != SystemIds().rma()
