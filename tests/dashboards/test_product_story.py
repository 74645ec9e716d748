from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest
from published_shop import (
    Publish,
    PublishMarts,
    Visit,
    cases,
    family,
    flags,
    problems,
    product_marts,
)

from dashboards.parts.forwarding import story
from dashboards.parts.frame import View
from dashboards.parts.why_not import sentence
from dashboards.publication import Publication
from dashboards.queries import product_story as queries
from dashboards.texts import Language, Texts
from models.products.detector import Detector

PAGE = "problem_products"
DISMISSED = queries.FlagState(
    "f-1",
    "dismissed",
    datetime(2026, 2, 2, 18),  # noqa: DTZ001  # UTC, as published: 3 Feb in the shop
    None,
    "too_small",
)


def shown(language: Language) -> View:
    """A view of a shop in Shanghai."""
    made = datetime(2026, 3, 1, tzinfo=UTC)
    zone = ZoneInfo("Asia/Shanghai")
    return View(Texts(language), Publication("s", None, made, zone, {}, Path("m"), 0, {}))


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, frame in product_marts(problems(4)).items():
        connection.register(name, frame)
    return connection


@pytest.fixture
def of(connection: duckdb.DuckDBPyConnection) -> queries.Evidence:
    """The evidence against a flagged product that one batch explains."""
    found = queries.evidence(connection, "SKU-1")
    assert found
    return found


class TestQueries:
    def test_what_was_never_sold_or_returned_is_not_known(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        assert queries.evidence(connection, "SKU-77") is None
        assert queries.flag_state(connection, "SKU-77") is None
        assert queries.weeks(connection, ["SKU-77"]).is_empty()
        assert queries.reasons(connection, ["SKU-77"]).is_empty()

    def test_reasons_stand_beside_those_of_the_category_most_over_first(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        assert queries.reasons(connection, ["SKU-1"]).rows() == [
            ("defect", 8, 0.8, 0.2),
            ("size_fit", 2, 0.2, 0.8),
        ]

    def test_a_product_is_compared_with_the_others_of_its_category(
        self, connection: duckdb.DuckDBPyConnection, of: queries.Evidence
    ) -> None:
        # Kitchen has SKU-1 and SKU-3; of the former 100 were sold, and 30 came back where 10 were expected, and 8 of its peers.
        assert queries.peers(connection, of, ["SKU-1"]) == queries.Peers(0.3, 0.1, 0.08, 1)

    def test_the_only_one_of_its_category_has_nobody_beside_it(
        self, connection: duckdb.DuckDBPyConnection, of: queries.Evidence
    ) -> None:
        alone = replace(of, category="Umbrellas", units_sold=0)

        assert queries.peers(connection, alone, ["SKU-1"]) == queries.Peers(None, None, None, 0)

    def test_weeks_of_variants_are_added_up_and_their_band_is_narrower_than_the_sum(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        alone = queries.weeks(connection, ["SKU-1"]).row(2, named=True)
        both = queries.weeks(connection, ["SKU-1", "SKU-2"]).row(2, named=True)

        assert (alone["units_returned"], alone["expected_low"], alone["expected_high"]) == (
            8,
            0.5,
            5,
        )
        assert (both["units_returned"], both["units_expected"]) == (16, 5.0)
        assert both["expected_high"] == pytest.approx(5 + 2.5 * 2**0.5)

    def test_variants_are_told_of_together_and_never_add_up_two_currencies(
        self, of: queries.Evidence
    ) -> None:
        other = replace(of, title="Thing of jade", money=(queries.Money("CNY", 900, 300),))

        told = queries.together([of, other, of])

        assert (told.title, told.variants, told.units_returned) == ("Thing", 3, 90)
        assert told.money == (queries.Money("EUR", 4000, 1600), queries.Money("CNY", 900, 300))

    @pytest.mark.parametrize(
        ("titles", "shared"),
        [
            (["Shoe red 39", "Shoe red 40"], "Shoe red"),
            (["布鞋 09 39", "布鞋 09 41"], "布鞋 09"),
            (["Shoe", "Boot"], "Shoe"),
            (["Shoe 39"], "Shoe 39"),
        ],
    )
    def test_variants_are_called_by_what_their_titles_share(
        self, titles: list[str], shared: str
    ) -> None:
        assert queries.shared_title(titles) == shared

    def test_certainty_is_asked_for_as_the_detector_asks_for_it(self) -> None:
        detector = Detector()

        assert detector.least_probability == queries.LEAST_PROBABILITY
        assert 1 - detector.false_discovery_rate == queries.CERTAIN_ENOUGH
        assert detector.least_incidents == queries.LEAST_INCIDENTS


class TestWhyNot:
    @pytest.mark.parametrize(
        ("changed", "why", "words"),
        [
            ({"units_sold": 0, "since": None}, "not_sold", "nothing of it was sold"),
            ({"probability": 0.99, "ended": 0.8}, "ended", "not flagged any more"),
            ({"probability": 0.7, "incidents": 2}, "too_few", "with 2 returns there is too little"),
            ({"probability": 0.1, "always_high": 0.9}, "always_high", "always come back often"),
            ({"probability": 0.7}, "unsure", "70 % sure that something is wrong"),
            ({"probability": 0.9}, "unsure", "needs 80 % to 95 %"),
            ({"probability": 0.1}, "in_line", "in line with its category"),
        ],
    )
    def test_each_case_has_a_sentence_of_its_own(
        self, of: queries.Evidence, changed: dict[str, object], why: str, words: str
    ) -> None:
        ordinary = replace(of, status="ordinary", ended=0.0, always_high=0.0)
        told = replace(ordinary, **changed)

        assert queries.why_not(told, None) == why
        assert words in sentence(told, None, shown("en")).replace("\N{NO-BREAK SPACE}", " ")

    def test_a_dismissed_flag_says_when_and_why(self, of: queries.Evidence) -> None:
        assert queries.why_not(of, DISMISSED) == "dismissed"
        assert "on 3 Feb 2026: too small to matter" in sentence(of, DISMISSED, shown("en"))
        assert "2026年2月3日 被采购员忽略：影响太小" in sentence(of, DISMISSED, shown("zh"))

    def test_a_flagged_product_is_flagged(self, of: queries.Evidence) -> None:
        assert queries.why_not(of, None) == "flagged"


class TestWordsToForward:
    def test_say_since_when_how_often_how_many_why_where_how_dear_and_what_to_do(
        self, of: queries.Evidence
    ) -> None:
        assert story(of, Texts("en")).replace("\N{NO-BREAK SPACE}", " ").splitlines() == [
            "Since the week of 5 Jan 2026, Thing number 1 (SKU-1) comes back 3.0 times as often as expected (90 % interval 2.5 to 4.0).",
            "Of 100 units sold since, 30 came back; about 20 of these are too many.",
            "More than elsewhere, customers say: defect.",
            "It is not all of it: batch 2026-02 explains it.",
            "In 30 days it costs about €20, of which €8 cannot be had back (freight, handling, write-down).",
            "Proposed: Claim from the supplier.",
            "How sure we are: 99 %.",
        ]

    def test_in_chinese_hold_no_english(self, of: queries.Evidence) -> None:
        told = story(replace(of, title="搪瓷杯", parent="P-1", variants=3), Texts("zh"))

        assert told.startswith(
            "自 2026年1月5日 当周起，搪瓷杯（P-1 的 3 个款式）的退货是预期的 3.0 倍"
        )
        assert "批次 2026-02" in told
        assert "向供应商索赔" in told

    def test_leave_out_what_is_not_known(self, of: queries.Evidence) -> None:
        bare = replace(
            of,
            has_changed=None,
            since=None,
            likely_cause=None,
            culprit_dimension=None,
            money=(),
            suggested_action=None,
        )

        told = story(bare, Texts("en"))

        assert told.startswith("Ever since its first sale, ")
        assert len(told.splitlines()) == 3


class TestPage:
    def test_a_row_opens_its_story_and_the_url_says_which(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(4))
        page = visit(PAGE)

        page.button(key="open SKU-1").click().run()

        assert not page.exception
        assert page.query_params["sku"] == "SKU-1"
        assert "Thing number 1" in [each.value for each in page.subheader]
        assert [each.value for each in page.metric] == [
            "3.0 ×",
            "20",
            "€20",
            "99\N{NO-BREAK SPACE}%",
        ]
        assert "Since the week of 5 Jan 2026: **defect** · batch **2026\\-02**" in [
            each.value for each in page.markdown
        ]

    def test_the_way_back_leads_to_the_list(self, publish: Publish, visit: Visit) -> None:
        publish(problems(4))
        page = visit(PAGE, sku="SKU-1")

        next(each for each in page.button if each.label == "Back to the list").click().run()

        assert "sku" not in page.query_params
        assert page.metric[1].value == "4"

    @pytest.mark.parametrize(("language", "words"), [("en", "defect."), ("zh", "质量问题。")])
    def test_what_customers_say_of_it_is_told(
        self, publish: Publish, language: str, words: str, visit: Visit
    ) -> None:
        publish(problems(4))

        page = visit(PAGE, lang=language, sku="SKU-1")

        assert words in page.code[0].value

    def test_a_product_that_a_filter_hides_is_flagged_all_the_same(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(4))

        page = visit(PAGE, q="number 2", sku="SKU-0")

        assert "comes back 2.0 times as often" in page.code[0].value

    def test_one_size_tells_of_all_that_share_its_problem(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(family(3))

        page = visit(PAGE, sku="SKU-0")

        assert "SKU\\-2, SKU\\-1, SKU\\-0" in page.caption[1].value
        assert "(3 variants of SHOE) comes back" in page.code[0].value
        assert "Of 300 units sold since, 90 came back; about" in page.code[0].value
        assert (page.metric[1].value, page.metric[2].value) == ("60", "€60")

    def test_one_that_is_not_flagged_says_why(self, publish: Publish, visit: Visit) -> None:
        publish(problems(4))

        page = visit(PAGE, sku="SKU-9")

        assert any("in line with its category" in each.value for each in page.markdown)
        assert not page.code

    def test_one_that_was_dismissed_says_when_and_can_be_taken_up_again(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        rows = problems(1)
        answered = flags(rows, SKU_0="dismissed")
        publish_marts({**product_marts(rows), "product_flags": answered, "cases_daily": cases()})

        page = visit(PAGE, sku="SKU-0")

        assert any("was dismissed by a buyer on 1 Mar 2026" in each.value for each in page.markdown)
        assert "Your API key" in [each.label for each in page.text_input]

    def test_one_that_was_never_sold_explains_itself(self, publish: Publish, visit: Visit) -> None:
        publish(problems(4))

        page = visit(PAGE, sku="*nothing*")

        assert not page.exception
        assert r"under \*nothing\*" in page.info[0].value

    def test_what_was_done_about_it_stands_below(self, publish: Publish, visit: Visit) -> None:
        publish(problems(4))

        page = visit(PAGE, sku="SKU-0")

        assert page.dataframe[0].value["Did it work?"].to_list() == ["✓ worked"]

    def test_what_was_done_in_the_shops_small_hours_was_done_on_the_shops_day(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        marts = product_marts(problems(4))
        late = datetime(2026, 1, 20, 18)  # noqa: DTZ001  # UTC, as published: 2:00 in Shanghai
        acted = marts["sku_actions"].with_columns(taken_at=pl.lit(late))
        publish_marts({**marts, "sku_actions": acted, "cases_daily": cases()})

        page = visit(PAGE, sku="SKU-0")

        assert any("21 Jan 2026: worked" in each.value for each in page.markdown)
        drawn = " ".join(each.proto.spec for each in page.get("vega_lite_chart"))
        assert '"date": 21, "month": 1, "year": 2026' in drawn

    def test_a_problem_of_old_is_told_as_one(self, publish: Publish, visit: Visit) -> None:
        publish(problems(1).with_columns(has_changed=pl.lit(value=False)))

        page = visit(PAGE, sku="SKU-0")

        assert "Ever since its first sale" in page.code[0].value
