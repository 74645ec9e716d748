import random
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations, product
from typing import get_args

import pytest

from service.domain.cases import Outcome
from service.domain.words import Language, Reason
from simulator import texts
from simulator.goods import CATEGORIES
from simulator.phrases import About, Finding, Phrases
from simulator.texts import BOOKS

CAUSES: tuple[Reason, ...] = get_args(Reason)
LANGUAGES: tuple[Language, ...] = get_args(Language)
CATEGORY_NAMES = tuple(category.name for category in CATEGORIES)
CSATS = (1, 2, 3, 4, 5)
Write = Callable[[random.Random, Language], str]

each_language = pytest.mark.parametrize("language", LANGUAGES)
each_cause = pytest.mark.parametrize("cause", CAUSES)


def writers() -> Iterator[Write]:
    """Every kind of text that is written in a given language, with everything that it may be about."""
    for cause, category in product(CAUSES, CATEGORY_NAMES):
        goods = {"cause": cause, "category": category}
        yield from (partial(texts.comment, **goods, csat=csat) for csat in CSATS)
        yield from (partial(texts.complaint, **goods, about=about) for about in get_args(About))
        yield from (partial(texts.answer, **goods, is_evasive=each) for each in (True, False))
    yield from (partial(texts.safety, category=category) for category in CATEGORY_NAMES)
    yield from (partial(texts.question, reason=reason) for reason in CAUSES)
    yield from (partial(texts.case_answer, outcome=outcome) for outcome in get_args(Outcome))
    yield texts.case_news
    yield texts.reply
    yield texts.suggestion
    yield texts.not_received


def all_phrases(language: Language, cause: Reason) -> set[str]:
    """What a cause is called, of whatever category."""
    return {each for name in CATEGORY_NAMES for each in BOOKS[language].phrases(cause, name)}


def told(text: str, phrases: set[str]) -> set[str]:
    return {phrase for phrase in phrases if phrase.casefold() in text.casefold()}


def comments(language: Language, cause: Reason, count: int) -> list[str]:
    rng = random.Random(5)
    return [
        texts.comment(rng, language, cause, rng.choice(CATEGORY_NAMES), rng.choice(CSATS))
        for _ in range(count)
    ]


class TestEveryText:
    @each_language
    def test_is_in_its_language_and_all_of_its_blanks_are_filled(self, language: Language) -> None:
        rng = random.Random(1)

        for write in writers():
            text = write(rng, language)
            assert re.search(r"[\u4e00-\u9fff]", text) if language == "zh" else text.isascii()
            assert not re.search(r"[A-Za-z{}\s]" if language == "zh" else r"[{}]|  ", text), text

    @each_language
    def test_ends_as_a_sentence_does_and_begins_with_a_capital(self, language: Language) -> None:
        rng = random.Random(2)

        for write in writers():
            text = write(rng, language)
            assert text[-1] in ("。！？" if language == "zh" else ".!?")
            assert text[0] == text[0].upper()

    @each_language
    def test_is_the_same_for_the_same_state_of_chance(self, language: Language) -> None:
        once, again = random.Random(3), random.Random(3)

        assert [write(once, language) for write in writers()] == [
            write(again, language) for write in writers()
        ]

    def test_two_languages_know_the_same_things(self) -> None:
        for language in LANGUAGES:
            assert set(BOOKS[language].things) == set(CATEGORY_NAMES)


class TestCauses:
    @each_language
    @each_cause
    def test_a_cause_has_six_names_or_more(self, language: Language, cause: Reason) -> None:
        assert len(set(BOOKS[language].causes[cause])) >= 6

    @each_language
    def test_no_cause_is_called_what_is_a_part_of_anothers_name(self, language: Language) -> None:
        for one, other in combinations(CAUSES, 2):
            for phrase, another in product(
                all_phrases(language, one), all_phrases(language, other)
            ):
                assert phrase not in another
                assert another not in phrase


class TestComment:
    @each_language
    @each_cause
    def test_most_tell_the_cause_and_not_all(self, language: Language, cause: Reason) -> None:
        written = comments(language, cause, 400)

        telling = sum(bool(told(text, all_phrases(language, cause))) for text in written)
        assert 0.7 < telling / len(written) < 0.9

    @each_language
    @each_cause
    def test_none_tells_another_cause(self, language: Language, cause: Reason) -> None:
        others = {
            phrase for other in CAUSES if other != cause for phrase in all_phrases(language, other)
        }

        assert not any(told(text, others) for text in comments(language, cause, 400))

    @each_language
    @each_cause
    def test_hundreds_of_them_differ(self, language: Language, cause: Reason) -> None:
        assert len(set(comments(language, cause, 1000))) > 700

    @each_language
    def test_happy_customers_praise_the_service_and_unhappy_ones_do_not(
        self, language: Language
    ) -> None:
        rng, service = random.Random(6), BOOKS[language].service
        moods = {1: "unhappy", 2: "unhappy", 3: "middling", 4: "happy", 5: "happy"}

        for csat, cause in product(CSATS, CAUSES):
            text = texts.comment(rng, language, cause, "bags", csat)
            found = {mood for mood, said in service.items() if told(text, set(said))}
            assert found == {moods[csat]}

    @each_language
    def test_things_are_those_of_the_category(self, language: Language) -> None:
        rng, things = random.Random(7), BOOKS[language].things
        written = [texts.comment(rng, language, "other", "shoes", 3) for _ in range(200)]

        assert sum(bool(told(text, set(things["shoes"]))) for text in written) > 80
        assert not any(told(text, set(things["bedding"])) for text in written)


class TestComplaint:
    @each_language
    @each_cause
    def test_one_about_the_goods_tells_the_cause(self, language: Language, cause: Reason) -> None:
        text = texts.complaint(random.Random(8), language, "goods", cause, "toys")

        assert told(text, set(BOOKS[language].phrases(cause, "toys")))

    @each_language
    @pytest.mark.parametrize("about", get_args(About))
    def test_it_says_what_it_is_about(self, language: Language, about: About) -> None:
        text = texts.complaint(random.Random(9), language, about, "defect", "toys")

        found = {each for each, said in BOOKS[language].complaints.items() if told(text, set(said))}
        assert found == {about}


class TestAnswer:
    @each_language
    @each_cause
    def test_only_an_honest_one_tells_the_cause(self, language: Language, cause: Reason) -> None:
        rng, phrases = random.Random(10), all_phrases(language, cause)
        honest = [texts.answer(rng, language, cause, "shoes", is_evasive=False) for _ in range(50)]
        evasive = [texts.answer(rng, language, cause, "shoes", is_evasive=True) for _ in range(50)]

        assert all(told(text, phrases) for text in honest)
        assert not any(told(text, phrases) for text in evasive)


class TestStaff:
    @pytest.mark.parametrize("finding", get_args(Finding))
    def test_inspectors_note_what_they_found_each_in_their_own_language(
        self, finding: Finding
    ) -> None:
        rng = random.Random(11)
        noted = {texts.inspection_note(rng, finding) for _ in range(60)}

        ours: tuple[Phrases, Phrases] = (
            BOOKS["en"].findings[finding],
            BOOKS["zh"].findings[finding],
        )
        assert noted == set(ours[0]) | set(ours[1])

    @each_language
    @pytest.mark.parametrize("outcome", get_args(Outcome))
    def test_a_case_is_answered_by_its_outcome(self, language: Language, outcome: Outcome) -> None:
        text = texts.case_answer(random.Random(12), language, outcome)

        assert told(text, set(BOOKS[language].case_answers[outcome]))
