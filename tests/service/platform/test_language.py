import re
from datetime import UTC, datetime
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_words import phrases

from service.domain.words import Money, Phrase
from service.platform.language import Language, chinese, negotiate, say, say_money, say_zone

HALF_PAST_FIVE = datetime(2026, 3, 5, 17, 30, tzinfo=UTC)


class TestCatalogue:
    def test_every_phrase_of_the_service_has_its_chinese(self) -> None:
        missing = [
            f"{place}: {text}" for text, place in phrases().items() if not chinese().get(text)
        ]

        assert missing == []

    def test_phrases_are_found_at_all(self) -> None:
        assert "Very good" in phrases()

    def test_a_translation_fills_in_what_the_english_fills_in(self) -> None:
        differing = {
            english
            for english, translated in chinese().items()
            if _filled_in(english) != _filled_in(translated)
        }

        assert differing == set()

    def test_a_translation_is_chinese(self) -> None:
        english = [each for each in chinese().values() if not re.search(r"[\u4e00-\u9fff]", each)]

        assert english == []


class TestSay:
    def test_a_phrase_is_said_with_its_parts_in_either_language(self) -> None:
        offer = Phrase("We keep the goods and pay you {amount}.", {"amount": Money(645, "EUR")})

        assert say(offer, "en") == "We keep the goods and pay you €6.45."
        assert say(offer, "zh") == "商品由我们保留，并向您退款 €6.45。"

    def test_parts_given_at_the_call_come_on_top_of_the_phrases_own(self) -> None:
        assert say(Phrase("{a} {b}", {"a": 1, "b": 2}), "en", b="two") == "1 two"

    def test_a_phrase_within_a_phrase_is_said_in_the_same_language(self) -> None:
        reason = Phrase("It does not fit what returns are for.")
        declined = Phrase("The return was declined by a reviewer: {reason}", {"reason": reason})

        assert say(declined, "zh") == "退货未通过审核：不属于退货服务的适用范围。"

    def test_a_text_is_a_phrase_without_parts_and_its_braces_stay(self) -> None:
        assert say("Very good", "zh") == "非常满意"
        assert say("{not a part}", "en") == "{not a part}"

    def test_what_the_catalogue_lacks_is_said_in_english(self) -> None:
        assert say(Phrase("The {n}th of its kind", {"n": 7}), "zh") == "The 7th of its kind"

    @pytest.mark.parametrize(
        ("language", "said"),
        [("en", "Friday 6 March 2026, 01:30"), ("zh", "2026年3月6日星期五 01:30")],
    )
    def test_a_moment_is_said_in_the_zone_or_in_its_own(
        self, language: Language, said: str
    ) -> None:
        shanghai = ZoneInfo("Asia/Shanghai")

        assert say("{at}", language, zone=shanghai, at=HALF_PAST_FIVE) == said
        assert say("{at}", language, at=HALF_PAST_FIVE.astimezone(shanghai)) == said

    @pytest.mark.parametrize(
        ("amount", "english", "chinese"),
        [
            (Money(123450, "EUR"), "€1,234.50", "€1,234.50"),
            (Money(1999, "CNY"), "CN¥19.99", "¥19.99"),
            (Money(1999, "JPY"), "JP¥1,999", "JP¥1,999"),
            (Money(1999, "KWD"), "KWD1.999", "KWD1.999"),
            (Money(129000, "RSD"), "RSD1,290.00", "RSD1,290.00"),
            (Money(1999, "IQD"), "IQD1.999", "IQD1.999"),
            (Money(-5, "GBP"), "-£0.05", "-£0.05"),
        ],
    )
    def test_money_is_said_to_its_last_minor_unit(
        self, amount: Money, english: str, chinese: str
    ) -> None:
        assert say_money(amount, "en").replace("\xa0", "") == english
        assert say_money(amount, "zh").replace("\xa0", "") == chinese

    def test_utc_is_called_so(self) -> None:
        assert {say_zone(ZoneInfo("UTC"), "en"), say_zone(ZoneInfo("Etc/UTC"), "zh")} == {"UTC"}


class TestNegotiate:
    @pytest.mark.parametrize(
        ("header", "language"),
        [
            (None, "en"),
            ("", "en"),
            ("de-DE,de;q=0.9", "en"),
            ("zh", "zh"),
            ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
            ("zh-Hans-CN", "zh"),
            ("zh-TW;q=0.5, en-US;q=0.4", "zh"),
            ("ZH-hk", "zh"),
            ("en-GB,en;q=0.9,zh;q=0.8", "en"),
            ("en;q=0.3, zh;q=0.7", "zh"),
            ("en, zh", "en"),
            ("zh, en", "zh"),
            ("de, zh;q=0.1", "zh"),
            ("zh;q=0", "en"),
            ("zh;q=0, en;q=0", "en"),
            ("zh; q=0.9 , en;q=0.8", "zh"),
            ("zh;q=much, en;q=0.1", "en"),
            ("zh;q=nan, en;q=0.1", "en"),
            ("*", "en"),
            ("zha", "en"),
        ],
    )
    def test_the_language_liked_best_of_ours_wins(
        self, header: str | None, language: Language
    ) -> None:
        assert negotiate(header) == language

    @given(st.text())
    def test_any_header_has_an_answer(self, header: str) -> None:
        assert negotiate(header) in ("en", "zh")


def _filled_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
