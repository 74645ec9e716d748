"""The words of a product's customers: told where its neighbours' customers do not say them, and never one person's."""

from typing import get_args

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from models.products.phrases import (
    COMMENTS,
    LEAST_COMMENTS,
    LEAST_SCORE,
    MOST_PHRASES,
    log_likelihood_ratio,
    top_phrases,
)
from models.products.words import Language, language_of, phrases_of

USUAL = {
    "en": ("Nice mug but too small for me.", "The colour is not mine.", "Changed my mind, sorry!"),
    "zh": ("颜色不喜欢。", "杯子有点小，不太实用", "买多了，退一个"),
}


def frame(rows: list[tuple[str, str | None, str, str, str]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=COMMENTS, orient="row")


def shelf(
    own: list[str], language: str = "en", others: int = 60, sku: str = "MUG"
) -> list[tuple[str, str | None, str, str, str]]:
    """The comments of a product, among those of others on its shelf."""
    usual = USUAL[language]
    about = [(f"{sku}-{number}", sku, "mugs", language, text) for number, text in enumerate(own)]
    return [
        *about,
        *(
            (f"{sku}-o-{language}-{number}", None, "mugs", language, usual[number % len(usual)])
            for number in range(others)
        ),
    ]


def phrases(rows: list[tuple[str, str | None, str, str, str]]) -> list[str]:
    return top_phrases(frame(rows))["phrase"].to_list()


BROKEN = [
    "The handle broke off after two days",
    "Sadly, its handle broke off. Too small as well.",
    "Handle broke off!",
    "I like it, but the handle broke off when I lifted it",
    "The colour is not mine.",
]
BROKEN_ZH = ["用了两天把手断了", "把手断了，很失望", "刚买把手断了！", "颜色不喜欢。"]


class TestTopPhrases:
    def test_tells_what_is_said_of_this_product_alone_in_its_longest_form(self) -> None:
        (told,) = top_phrases(frame(shelf(BROKEN))).to_dicts()

        assert (told["sku"], told["language"], told["place"]) == ("MUG", "en", 1)
        assert told["phrase"] == "handle broke off"
        assert (told["comments"], told["share"], told["usual_share"]) == (4, 0.8, 0.0)

    def test_tells_it_in_chinese_where_nothing_parts_the_words(self) -> None:
        (told,) = top_phrases(frame(shelf(BROKEN_ZH, "zh"))).to_dicts()

        assert (told["phrase"], told["language"]) == ("把手断了", "zh")
        assert (told["comments"], told["share"]) == (3, 0.75)

    def test_tells_each_language_by_itself(self) -> None:
        assert phrases(shelf(BROKEN) + shelf(BROKEN_ZH, "zh", sku="MUG2")) == [
            "handle broke off",
            "把手断了",
        ]

    def test_is_silent_on_what_the_whole_shelf_says(self) -> None:
        assert phrases(shelf(list(USUAL["en"]) * 5)) == []

    def test_says_how_usual_a_phrase_is(self) -> None:
        rows = shelf(["Too small"] * 12)
        (told,) = top_phrases(frame(rows)).filter(pl.col("phrase") == "too small").to_dicts()

        assert told["usual_share"] == pytest.approx(1 / 3)

    def test_a_sentence_of_two_people_is_not_published(self) -> None:
        assert phrases(shelf(["It exploded in my kitchen"] * 2)) == []
        assert phrases(shelf(["It exploded in my kitchen"] * 3)) == ["exploded in my kitchen"]

    def test_no_number_and_no_address_is_published(self) -> None:
        text = "handle broke anna@example.org call 0301234567 www.example.org/a"
        told = phrases(shelf([text] * 5))

        assert told == ["handle broke"]

    def test_two_complaints_are_two_phrases(self) -> None:
        rows = shelf(["Handle broke off"] * 5 + ["Lid leaks"] * 4 + ["The glaze is cracked"] * 4)

        told = phrases(rows)

        assert set(told) == {"handle broke off", "lid leaks", "glaze is cracked"}

    def test_the_pieces_of_one_sentence_are_one_phrase(self) -> None:
        text = "A button fell off the first day that I wore it outside"

        assert phrases(shelf([text] * 4)) == ["button fell off"]

    def test_a_category_of_one_has_nothing_to_be_compared_with(self) -> None:
        assert phrases(shelf(BROKEN, others=0)) == []

    def test_no_comments_no_phrases(self) -> None:
        assert top_phrases(frame([])).is_empty()

    def test_a_comment_on_two_products_counts_for_both_and_once_on_the_shelf(self) -> None:
        both = [(*row[:1], "POT", *row[2:]) for row in shelf(BROKEN, others=0)]

        told = top_phrases(frame(shelf(BROKEN) + both))

        assert told["sku"].to_list() == ["MUG", "POT"]
        assert told["usual_share"].to_list() == [0.0, 0.0]

    @given(
        st.lists(
            st.text(alphabet="断把手了坏杯 broke handle lid.,5@", max_size=40),
            min_size=0,
            max_size=12,
        ),
        st.sampled_from(get_args(Language)),
    )
    def test_whatever_is_said_few_phrases_are_told_each_of_three_comments_and_once(
        self, texts: list[str], language: Language
    ) -> None:
        told = top_phrases(frame(shelf(texts, language)))

        assert told.height <= MOST_PHRASES
        for row in told.iter_rows(named=True):
            having = [text for text in texts if row["phrase"] in phrases_of(text, language)]
            assert len(having) == row["comments"] >= LEAST_COMMENTS
            assert row["share"] > row["usual_share"]
        found = told["phrase"].to_list()
        assert not any(f" {one} " in f" {two} " for one in found for two in found if one != two)


class TestLogLikelihoodRatio:
    @given(st.integers(1, 50), st.integers(0, 50), st.integers(1, 500), st.integers(0, 500))
    def test_is_the_g_test_of_the_two_shares(
        self, has: int, lacks: int, others_have: int, others_lack: int
    ) -> None:
        ours = log_likelihood_ratio(has, has + lacks, others_have, others_have + others_lack)

        if lacks + others_lack:
            table = [[has, lacks], [others_have, others_lack]]
            theirs = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
            assert ours == pytest.approx(theirs, abs=1e-6)
        else:
            assert ours == 0

    def test_three_of_three_among_hundreds_is_enough(self) -> None:
        assert log_likelihood_ratio(3, 3, 0, 300) > LEAST_SCORE > log_likelihood_ratio(3, 3, 0, 3)


class TestPhrasesOf:
    def test_none_begins_or_ends_with_a_word_that_says_nothing(self) -> None:
        assert phrases_of("The lid of the pot", "en") == {"lid", "pot", "lid of the pot"}

    def test_none_spans_punctuation_or_a_number(self) -> None:
        assert phrases_of("Leaks, badly 3x daily", "en") == {"leaks", "badly", "daily"}
        assert phrases_of("漏水，断裂5次", "zh") == {"漏水", "断裂"}

    def test_an_apostrophe_is_part_of_a_word_however_it_is_typed(self) -> None:
        assert phrases_of("doesn’t fit", "en") == phrases_of("doesn't fit", "en")
        assert "doesn't fit" in phrases_of("doesn’t fit", "en")

    @given(st.text(max_size=60), st.sampled_from(get_args(Language)))
    def test_each_is_short_and_of_letters_alone(self, text: str, language: Language) -> None:
        for phrase in phrases_of(text, language):
            assert all(each.isalpha() or each in " '-" for each in phrase)
            assert len(phrase.split()) <= 4 if language == "en" else 2 <= len(phrase) <= 8


class TestLanguageOf:
    def test_one_chinese_character_is_chinese(self) -> None:
        assert [language_of(text) for text in ("USB 坏了", "broken", "")] == ["zh", "en", "en"]
