"""The words for what a model found: for every group of features, the strongest first, and nothing of the model itself."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from models.risk.features import FEATURES, NAMES, Group
from service.risk.reasons import MOST_REASONS, SOMETHING, SUSPICIONS, in_words, reasons_for


def test_every_group_of_features_has_its_words() -> None:
    assert set(SUSPICIONS) == set(get_args(Group))
    assert all(in_words(each.name) is SUSPICIONS[each.group] for each in FEATURES)


def test_a_feature_that_no_longer_exists_is_something_unusual() -> None:
    assert in_words("zodiac") is SOMETHING


def test_the_strongest_comes_first_each_thing_is_said_once_and_what_speaks_for_the_customer_is_not() -> (
    None
):
    made = reasons_for(
        [
            ("units", 0.4),
            ("hour", 0.9),
            ("lines", 0.5),
            ("returns_good", -2.0),
            ("returns_bad", 0.1),
        ]
    )

    assert [each.code for each in made] == ["hour", "lines", "returns_bad"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.floats(-5, 5))))
def test_there_is_always_a_reason_and_never_more_than_three(
    explanation: list[tuple[str, float]],
) -> None:
    made = reasons_for(explanation)

    assert 1 <= len(made) <= MOST_REASONS
    assert len({each.words for each in made}) == len(made)
    assert not any(digit in each.words for each in made for digit in "0123456789")
