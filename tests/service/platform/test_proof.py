from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.platform.clock import VirtualClock
from service.platform.proof import (
    LIFETIMES,
    Claim,
    CustomerTokenMissing,
    CustomerTokenNotValid,
    Proofs,
    Purpose,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PURPOSES = st.sampled_from(get_args(Purpose))


def proofs(now: datetime = NOON, secret: bytes = b"a test's secret") -> Proofs:
    return Proofs(secret, VirtualClock(now))


class TestProofs:
    @given(purpose=PURPOSES, subject=st.text(max_size=200))
    def test_a_token_says_what_it_was_made_for(self, purpose: Purpose, subject: str) -> None:
        made = proofs().make(purpose, subject)

        assert proofs().read(made.token) == Claim(purpose, subject)
        assert made.token.isascii()
        assert len(made.token) <= 4000  # what a header may hold here

    @given(purpose=PURPOSES)
    def test_it_ends_at_its_moment_and_not_before(self, purpose: Purpose) -> None:
        made = proofs().make(purpose, "A-1")

        assert made.expires_at == NOON + LIFETIMES[purpose]
        last = made.expires_at - timedelta(microseconds=1)
        assert proofs(last).read(made.token).subject == "A-1"
        with pytest.raises(CustomerTokenNotValid, match="ask for a new one"):
            proofs(made.expires_at).read(made.token)

    @given(data=st.data(), purpose=PURPOSES)
    def test_changed_in_any_place_it_is_refused(
        self, data: st.DataObject, purpose: Purpose
    ) -> None:
        token = proofs().make(purpose, "A-1").token
        place = data.draw(st.integers(0, len(token) - 2))  # the last character has bits to spare
        other = data.draw(st.sampled_from([each for each in "aZ0_." if each != token[place]]))

        with pytest.raises(CustomerTokenNotValid, match="changed on its way"):
            proofs().read(token[:place] + other + token[place + 1 :])

    @pytest.mark.parametrize("token", ["x", "a.b", "....", "é", "W10.x"])
    def test_what_is_no_token_is_refused(self, token: str) -> None:
        with pytest.raises(CustomerTokenNotValid):
            proofs().read(token)

    @pytest.mark.parametrize("token", [None, ""])
    def test_where_there_is_none_it_is_said_how_to_get_one(self, token: str | None) -> None:
        with pytest.raises(CustomerTokenMissing, match="POST /v1/customer-tokens"):
            proofs().read(token)

    def test_one_of_another_installation_is_refused(self) -> None:
        token = proofs(secret=b"another secret").make("order", "A-1").token

        with pytest.raises(CustomerTokenNotValid):
            proofs().read(token)
