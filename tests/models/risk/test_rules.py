"""Whom a model may judge, and the words for what a request's customer shares with others."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.rules import may_judge, sharing

_COUNTS = st.none() | st.integers(0, 5)
_LIMITS = {"same_address": 2, "same_device": 1}


@given(st.booleans(), _COUNTS, _COUNTS)
def test_a_model_may_judge_whom_the_rules_pass_and_whose_word_is_not_beyond(
    is_eligible: bool, address: int | None, device: int | None
) -> None:
    seen = {"is_eligible": [is_eligible], "same_address": [address], "same_device": [device]}
    schema = {"is_eligible": pl.Boolean, "same_address": pl.Int64, "same_device": pl.Int64}
    request = pl.DataFrame(seen, schema=schema)

    found = request.select(may=may_judge(_LIMITS), word=sharing(_LIMITS)).row(0, named=True)

    assert found["may"] == (is_eligible and found["word"] != "beyond")


@pytest.mark.parametrize(
    ("address", "device", "word"),
    [
        (None, None, "nothing"),
        (0, None, "nothing"),
        (2, 1, "within"),
        (1, 0, "within"),
        (3, 0, "beyond"),
        (None, 2, "beyond"),
    ],
)
def test_what_somebody_shares_is_told_beside_the_limit(
    address: int | None, device: int | None, word: str
) -> None:
    request = pl.DataFrame({"same_address": [address], "same_device": [device]})
    assert request.select(sharing(_LIMITS)).item() == word


def test_where_nothing_is_limited_there_is_no_word() -> None:
    assert pl.DataFrame({"a": [1]}).select(sharing({})).item() is None
