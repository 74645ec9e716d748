import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from letter_samples import FULL, SPARE
from service_words import placeholders

from service.domain.words import Money, Phrase
from service.letters import PARTS, LetterKind, LetterParts, render
from service.letters.parts import EvidenceWanted, LineParts, Refunded
from service.letters.rendering import TEMPLATES
from service.platform.language import Language, say, say_moment, say_money, say_zone

KINDS: tuple[LetterKind, ...] = get_args(LetterKind)
LANGUAGES: tuple[Language, ...] = get_args(Language)
SAMPLES = [*FULL.items(), *SPARE.items()]
BERLIN = ZoneInfo("Europe/Berlin")

in_both = pytest.mark.parametrize("language", LANGUAGES)
every_letter = pytest.mark.parametrize(("kind", "parts"), SAMPLES)


class TestTemplates:
    def test_each_kind_has_its_parts_a_sample_and_a_template_in_both_languages(self) -> None:
        assert set(PARTS) == set(FULL) == set(KINDS)
        for language in LANGUAGES:
            written = {path.stem for path in (TEMPLATES / language).glob("[!_]*.txt")}
            assert written == set(KINDS)

    def test_no_template_lacks_its_sibling_and_siblings_use_the_same_facts(self) -> None:
        english, chinese = (
            {path.name: placeholders(path.read_text()) for path in (TEMPLATES / each).iterdir()}
            for each in LANGUAGES
        )

        assert english == chinese


class TestRender:
    @every_letter
    @in_both
    def test_every_fact_is_in_the_letter_as_its_language_says_it(
        self, kind: LetterKind, parts: LetterParts, language: Language
    ) -> None:
        letter = render(kind, language, parts)

        said = letter.subject + letter.body
        missing = [each for each in _facts(parts, language) if each not in said]
        assert missing == []

    @every_letter
    @in_both
    def test_a_letter_is_well_set(
        self, kind: LetterKind, parts: LetterParts, language: Language
    ) -> None:
        letter = render(kind, language, parts)

        assert letter.subject
        assert "\n" not in letter.subject
        assert "Subject" not in letter.subject
        assert letter.body.startswith("Hello,\n" if language == "en" else "您好！\n")
        assert letter.body.endswith("\n")
        assert not re.search(r"\n\n\n|[ \t]\n|\bNone\b|[{}]|Phrase\(", letter.body)

    @every_letter
    def test_the_chinese_letter_is_chinese_and_the_english_one_is_not(
        self, kind: LetterKind, parts: LetterParts
    ) -> None:
        facts = sorted(_facts(parts, "zh") | _facts(parts, "en"), key=len, reverse=True)
        bare: dict[Language, str] = {}
        for language in LANGUAGES:
            letter = render(kind, language, parts)
            bare[language] = letter.subject + letter.body
            for fact in facts:
                bare[language] = bare[language].replace(fact, "")

        assert not re.search(r"[a-zA-Z]{2,}", bare["zh"])
        assert not re.search(r"[\u3000-\u9fff\uff00-\uffef]", bare["en"])

    def test_moments_are_the_shops_and_the_letter_says_whose(self) -> None:
        parts = FULL["evidence_wanted"]

        english, chinese = (render("evidence_wanted", each, parts).body for each in LANGUAGES)

        assert "by Thursday 5 March 2026, 18:30" in english
        assert "Times in this letter are Central European Time." in english
        assert "2026年3月5日星期四 18:30" in chinese
        assert "本邮件中的时间均为中欧时间。" in chinese

    @in_both
    def test_a_moment_within_a_phrase_is_the_shops_too(self, language: Language) -> None:
        body = render("refunded", language, FULL["refunded"]).body

        assert "18:30" in body
        assert say_zone(BERLIN, language) in body

    @in_both
    def test_a_letter_without_a_moment_does_not_speak_of_times(self, language: Language) -> None:
        assert say_zone(BERLIN, language) not in render("survey", language, FULL["survey"]).body

    @in_both
    def test_a_title_is_said_as_it_is_and_carries_out_nothing(self, language: Language) -> None:
        parts = replace(FULL["cancelled"], lines=(LineParts("{{ 7 * 7 }} <b>&amp; {% x %}", 1),))

        assert "{{ 7 * 7 }} <b>&amp; {% x %}" in render("cancelled", language, parts).body

    def test_parts_of_another_kind_are_refused(self) -> None:
        with pytest.raises(TypeError, match="'survey' is made of Survey, not of Declined"):
            render("survey", "en", FULL["declined"])

    @given(
        question=st.text(st.characters(exclude_categories=["C", "Z"])),
        minor=st.integers(0, 10**12),
        currency=st.sampled_from(["EUR", "CNY", "JPY", "KWD"]),
        language=st.sampled_from(LANGUAGES),
    )
    def test_whatever_is_written_and_paid_is_said_to_the_last_character_and_minor_unit(
        self, question: str, minor: int, currency: str, language: Language
    ) -> None:
        wanted, refunded = FULL["evidence_wanted"], FULL["refunded"]
        assert isinstance(wanted, EvidenceWanted)
        assert isinstance(refunded, Refunded)

        said = render("evidence_wanted", language, replace(wanted, question=question)).body
        paid = render("refunded", language, replace(refunded, amount=Money(minor, currency)))

        assert question in said
        digits = re.sub(r"\D", "", paid.subject.replace(refunded.rma, ""))
        assert int(digits) == minor


def _facts(parts: Any, language: Language) -> set[str]:
    """Every fact of a letter, as this language says it; who pays the freight, and whether something is so, are choices of sentences."""
    return {_said(each, language) for each in _leaves(parts) if each not in (None, "", "shop", "customer") and not isinstance(each, bool)}  # fmt: skip


def _leaves(fact: Any) -> Iterator[Any]:
    if is_dataclass(fact) and not isinstance(fact, Phrase | Money):
        for each in fields(fact):
            if not isinstance(getattr(fact, each.name), ZoneInfo):
                yield from _leaves(getattr(fact, each.name))
    elif isinstance(fact, tuple):
        for each in fact:
            yield from _leaves(each)
    else:
        yield fact


def _said(fact: Any, language: Language) -> str:
    match fact:
        case datetime():
            return say_moment(fact, language, BERLIN)
        case Money():
            return say_money(fact, language)
        case Phrase():
            return say(fact, language, zone=BERLIN)
    return str(fact)
