from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.domain.assignment import Candidate, choose

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENTS = st.none() | st.integers(-2, 2).map(lambda hours: NOON + hours * HOUR)


@st.composite
def crowds(draw: st.DrawFn) -> list[Candidate]:
    """Up to six people, all told apart by their keys."""
    return [
        Candidate(
            key=key,
            languages=draw(st.frozensets(st.sampled_from(["en", "zh"]))),
            open=draw(st.integers(0, 6)),
            capacity=draw(st.integers(1, 4)),
            absent_from=draw(MOMENTS),
            absent_until=draw(MOMENTS),
        )
        for key in draw(st.lists(st.sampled_from("abcdef"), unique=True))
    ]


def person(key: str, open_: int = 0, languages: str = "en", **absence: datetime) -> Candidate:
    return Candidate(key, frozenset(languages.split()), open_, 10, **absence)


class TestChoose:
    @given(crowd=crowds())
    def test_somebody_is_chosen_exactly_when_somebody_is_there(
        self, crowd: list[Candidate]
    ) -> None:
        present = {each.key for each in crowd if each.is_present(NOON)}
        chosen = choose(crowd, "en", NOON)

        assert chosen in present if present else chosen is None

    @given(crowd=crowds(), language=st.sampled_from(["en", "zh"]))
    def test_nobody_who_is_there_would_be_better(
        self, crowd: list[Candidate], language: str
    ) -> None:
        def rank(each: Candidate) -> tuple[bool, bool, float, str]:
            return language not in each.languages, each.load >= 1, each.load, each.key

        ranked = sorted((each for each in crowd if each.is_present(NOON)), key=rank)

        assert choose(crowd, language, NOON) == (ranked[0].key if ranked else None)

    @given(crowd=crowds(), data=st.data())
    def test_in_whatever_order_they_stand_it_is_the_same_one(
        self, crowd: list[Candidate], data: st.DataObject
    ) -> None:
        shuffled = data.draw(st.permutations(crowd))

        assert choose(shuffled, "zh", NOON) == choose(crowd, "zh", NOON)

    def test_the_share_of_the_capacity_counts_and_not_the_number(self) -> None:
        small, large = Candidate("a", frozenset(), 2, 3), Candidate("b", frozenset(), 5, 10)

        assert choose([small, large], "en", NOON) == "b"

    def test_the_language_comes_before_room(self) -> None:
        assert choose([person("a", 10, "zh"), person("b", 0, "en")], "zh", NOON) == "a"

    def test_where_nobody_speaks_it_anyone_who_is_there_takes_it(self) -> None:
        assert choose([person("a", 3), person("b", 2)], "zh", NOON) == "b"

    def test_where_nobody_has_room_the_least_loaded_takes_it(self) -> None:
        assert choose([person("a", 12), person("b", 11)], "en", NOON) == "b"

    def test_an_absence_begins_at_its_first_moment_and_is_over_at_its_last(self) -> None:
        away = person("a", absent_from=NOON, absent_until=NOON + HOUR)

        told = [choose([away], "en", NOON + minutes * HOUR / 60) for minutes in (-1, 0, 59, 60)]

        assert told == ["a", None, None, "a"]
