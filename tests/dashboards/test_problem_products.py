"""The page *Problem products*: its figures, its list, and what stands below."""

from pathlib import Path

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

from dashboards.parts import flagged_list
from dashboards.texts import chinese

PAGE = "problem_products"


class TestPage:
    def test_before_the_first_run_it_explains_itself(
        self, published_dir: Path, visit: Visit
    ) -> None:
        page = visit(PAGE)

        assert not page.exception
        assert "Nothing is published yet" in page.info[0].value

    def test_it_shows_the_figures_and_the_date_in_the_shops_time(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(4))

        page = visit(PAGE)

        assert not page.exception
        assert [each.value for each in page.metric] == ["€1,500", "4", "€100", "2"]
        assert page.metric[0].delta == "more than expected: €800 to €1,200"
        assert "20:00:00" in page.caption[0].value  # noon UTC is eight in the evening in Shanghai

    def test_a_new_publication_shows_without_a_restart(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(4))
        page = visit(PAGE)

        publish(problems(7))
        page.run()

        assert page.metric[1].value == "7"

    def test_no_flag_is_good_news_and_not_an_empty_page(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(0))

        page = visit(PAGE)

        assert not page.exception
        assert "No flagged product" in page.success[0].value

    def test_each_row_says_what_how_much_why_and_proposes_one_action(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(4))

        page = visit(PAGE)

        assert page.button(key="open SKU-3").label == "**Thing number 3**"
        assert page.button(key="act SKU-3").label == "Claim from the supplier"
        shown = [each.value for each in page.markdown]
        assert "**€40** in 30 days (€35 to €50)  \n**40** units too many since 5 Jan 2026" in [
            each.replace("\\", "") for each in shown
        ]
        assert "**defect** · batch 2026\\-02  \n3.0 × as often as expected" in shown

    def test_ten_rows_are_enough_for_a_monday_and_all_can_be_asked_for(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(12))
        page = visit(PAGE)
        assert len([each for each in page.button if str(each.key).startswith("open ")]) == 10

        page.toggle(key="all rows").set_value(True).run()

        assert len([each for each in page.button if str(each.key).startswith("open ")]) == 12

    def test_without_a_proposal_it_asks_to_look_closer(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(1).with_columns(suggested_action=pl.lit(None, pl.String)))

        assert visit(PAGE).button(key="act SKU-0").label == "Look closer"

    def test_a_shop_that_tells_no_category_is_not_shown_one_without_a_name(
        self, publish: Publish, visit: Visit
    ) -> None:
        heading = "By category and vendor"
        publish(problems(2))
        assert heading in [each.value for each in visit(PAGE).subheader]

        none = pl.lit(None, pl.String)
        publish(problems(2).with_columns(category=none, vendor=none))

        page = visit(PAGE)
        assert not page.exception
        assert heading not in [each.value for each in page.subheader]

    def test_what_nobody_knows_to_be_lost_is_not_said_to_be_nothing(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(1).with_columns(lost_minor=pl.lit(0, pl.Int64)))

        page = visit(PAGE, sku="SKU-0")

        assert page.metric[2].delta == ""
        assert "cannot be had back" not in page.code[0].value

    def test_what_was_answered_stands_in_lists_of_its_own(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        rows = problems(3)
        answered = flags(rows, SKU_0="acted", SKU_1="dismissed")
        publish_marts({**product_marts(rows), "product_flags": answered, "cases_daily": cases()})

        for state, sku in (("open", "SKU-2"), ("acted", "SKU-0"), ("dismissed", "SKU-1")):
            page = visit(PAGE, state=state)
            opened = [each.key for each in page.button if str(each.key).startswith("open ")]
            assert opened == [f"open {sku}"]

    def test_when_all_is_answered_it_says_so(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        rows = problems(1)
        answered = flags(rows, SKU_0="acted")
        publish_marts({**product_marts(rows), "product_flags": answered, "cases_daily": cases()})

        assert "Every flag is answered" in visit(PAGE).success[0].value

    def test_four_sizes_are_one_row(self, publish: Publish, visit: Visit) -> None:
        publish(family(4))

        page = visit(PAGE)

        assert [each.key for each in page.button if str(each.key).startswith("open ")] == [
            "open SKU-3"
        ]
        assert any("4 variants" in each.value for each in page.caption)

    def test_the_figure_says_products_and_rows_where_sizes_share_a_row(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(family(4))
        assert (visit(PAGE).metric[1].value, visit(PAGE).metric[1].delta) == (
            "4",
            "4 to answer · 1 in the list",
        )

        publish(problems(4))
        assert visit(PAGE).metric[1].delta == "4 to answer"

    def test_what_is_taken_along_is_what_the_list_is_filtered_to(
        self, publish_marts: PublishMarts, visit: Visit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = problems(4)
        answered = flags(rows, SKU_0="acted", SKU_1="dismissed")
        publish_marts({**product_marts(rows), "product_flags": answered, "cases_daily": cases()})
        taken: dict[str, list[str]] = {}
        monkeypatch.setattr(
            flagged_list,
            "offer_csv",
            lambda _, table, file: taken.update({file: table()["sku"].to_list()}),
        )

        for state, skus in (
            ("open", ["SKU-3", "SKU-2"]),
            ("acted", ["SKU-0"]),
            ("dismissed", ["SKU-1"]),
        ):
            visit(PAGE, state=state)
            assert taken == {"problem-products": skus}

    def test_filters_come_from_the_url(self, publish: Publish, visit: Visit) -> None:
        publish(problems(4))

        page = visit(PAGE, category="Lamps", vendor="Lumen")

        assert page.metric[1].value == "1"
        assert (page.selectbox(key="category").value, page.text_input(key="q").value) == (
            "Lamps",
            "",
        )

    def test_in_chinese_no_text_stays_english(self, publish: Publish, visit: Visit) -> None:
        publish(problems(4))
        page = visit(PAGE, lang="zh")

        assert not page.exception
        assert page.header[0].value == "问题商品"
        english = {text for text, chinese_text in chinese().items() if text != chinese_text}
        shown = [*page.subheader, *page.caption, *page.metric, *page.selectbox, *page.text_input]
        labels = {getattr(each, "label", None) or each.value for each in [*shown, *page.button]}
        assert (labels | set(page.dataframe[0].value.columns)) & english == set()
        assert any("质量问题" in each.value for each in page.markdown)

    def test_a_search_that_finds_nothing_is_no_good_news(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(4))
        page = visit(PAGE, q="zzzz")

        assert not page.success
        assert "No product has such a number or name." in [each.value for each in page.caption]

    @pytest.mark.parametrize("search", ["SKU-9", "asa"])
    def test_a_product_that_is_not_flagged_is_found_and_told_of(
        self, publish: Publish, search: str, visit: Visit
    ) -> None:
        publish(problems(4))
        page = visit(PAGE, q=search)

        assert "fits this search" in page.info[0].value
        assert any("is not flagged: it came back 1.1 times" in each.value for each in page.markdown)
        assert any(
            "**100** units sold; returns: **28**, expected: **9.5**" in each.value
            for each in page.caption
        )

    def test_a_name_is_shown_as_it_is_whatever_it_holds(
        self, publish: Publish, visit: Visit
    ) -> None:
        rows = problems(1).with_columns(title=pl.lit("*[50 $ off](x)* #1"))
        publish(rows)

        page = visit(PAGE)

        assert page.button(key="open SKU-0").label == r"**\*\[50 \$ off\]\(x\)\* \#1**"

    def test_money_of_several_currencies_is_never_added_up(
        self, publish: Publish, visit: Visit
    ) -> None:
        publish(problems(2).with_columns(currency=pl.Series(["EUR", "CNY", "EUR"])))

        page = visit(PAGE)

        assert page.metric[2].value == "CN¥20 · €10"
        by_category = page.dataframe[-1].value
        assert set(by_category["At stake in 30 days"]) == {"CN¥20", "€10"}

    def test_past_actions_say_whether_they_worked(self, publish: Publish, visit: Visit) -> None:
        publish(problems(1))

        page = visit(PAGE)

        assert page.dataframe[0].value["Did it work?"].to_list() == [
            "… too early to say",
            "✗ did not",
            "✓ worked",
        ]
        assert page.dataframe[0].value["After"].to_list() == [
            "–",
            "3.0 × (2.2 – 4.0)",
            "1.0 × (0.4 – 2.1)",
        ]

    @pytest.mark.parametrize(
        "harm", [b"", b"PAR1 cut", b"\0" * 5000], ids=["empty", "cut", "zeroed"]
    )
    def test_a_damaged_file_is_no_traceback(
        self, publish: Publish, published_dir: Path, harm: bytes, visit: Visit
    ) -> None:
        publish(problems(3).with_columns(title=pl.lit(str(harm[:4]))))  # a snapshot of its own
        next((published_dir / "problem_skus").glob("*.parquet")).write_bytes(harm)

        page = visit(PAGE)

        assert not page.exception
        assert "damaged" in page.error[0].value

    @pytest.mark.parametrize("column", ["window_weeks", "of_family"])
    def test_what_another_version_published_is_no_traceback(
        self, publish_marts: PublishMarts, column: str, visit: Visit
    ) -> None:
        frames = product_marts(problems(1))
        old = {name: frame.drop(column, strict=False) for name, frame in frames.items()}
        publish_marts({**old, "cases_daily": cases()})

        page = visit(PAGE, sku="SKU-0")

        assert not page.exception
        assert "another version" in page.error[0].value
        assert "retour refresh" in page.caption[-1].value
