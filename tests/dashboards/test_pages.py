"""What every page does, in every language, whatever is published."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from published_figures import figures, health
from published_shop import PublishMarts, Visit, problems, product_marts
from streamlit.testing.v1 import AppTest

from dashboards.texts import chinese

PAGES = (
    "overview",
    "service_levels",
    "satisfaction",
    "process",
    "money",
    "problem_products",
    "automation",
    "data_health",
)
NEEDS = {
    "overview": "ills_weekly",
    "service_levels": "sla_forecast",
    "satisfaction": "satisfaction_by",
    "process": "process_design",
    "money": "cost_monthly",
    "problem_products": "sku_weekly",
    "automation": "risk_trade_off",
}
KINDS = (
    "header",
    "subheader",
    "caption",
    "metric",
    "selectbox",
    "text_input",
    "segmented_control",
    "select_slider",
    "info",
    "success",
    "warning",
    "error",
    "markdown",
    "download_button",
)


def _cut(file: Path) -> None:
    """Of the file a part is missing, so that it cannot be opened."""
    file.write_bytes(file.read_bytes()[:-20])


def _scratched(file: Path) -> None:
    """The file can be opened, and not be read."""
    whole = file.read_bytes()
    file.write_bytes(whole[:4] + b"\xff" * 200 + whole[204:])


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("page", PAGES)
class TestEveryPage:
    def test_before_the_first_run_it_explains_itself(
        self, published_dir: Path, visit: Visit, page: str, language: str
    ) -> None:
        shown = visit(page, lang=language)

        assert not shown.exception
        assert shown.info[0].value.startswith(("Nothing is published", "尚未发布"))
        assert shown.caption[0].value.startswith(("there is no", "尚无"))
        assert "retour refresh" in shown.caption[0].value
        assert str(published_dir) in shown.caption[0].value

    def test_with_all_marts_it_apologizes_for_nothing(
        self, everything: None, visit: Visit, page: str, language: str
    ) -> None:
        shown = visit(page, lang=language)

        assert not shown.exception
        assert not [each for each in shown.error if "version" in each.value or "版本" in each.value]
        assert shown.metric

    def test_with_empty_marts_it_has_something_to_say(
        self,
        publish_marts: PublishMarts,
        publish_health: PublishMarts,
        visit: Visit,
        page: str,
        language: str,
    ) -> None:
        frames = {**figures(), **product_marts(problems(1))}
        publish_marts({name: frame.clear() for name, frame in frames.items()})
        publish_health({name: frame.clear() for name, frame in health().items()})

        shown = visit(page, lang=language)

        assert not shown.exception
        assert not shown.error
        assert [*shown.info, *shown.success]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("everything")
def test_in_chinese_no_text_stays_english(visit: Visit, page: str) -> None:
    shown = visit(page, lang="zh")

    english = {text for text, written in chinese().items() if text != written}
    assert _said(shown) & english == set()


@pytest.mark.parametrize(("page", "mart"), NEEDS.items())
def test_a_publication_without_a_mart_is_named_with_the_way_out(
    publish_marts: PublishMarts, visit: Visit, page: str, mart: str
) -> None:
    frames = {**figures(), **product_marts(problems(1))}
    del frames[mart]
    publish_marts(frames)

    shown = visit(page)

    assert not shown.exception
    assert "another version" in shown.error[0].value
    assert mart in shown.caption[-1].value
    assert "retour refresh" in shown.caption[-1].value


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("harm", [_cut, _scratched])
def test_a_damaged_file_takes_down_the_pages_that_need_it_and_no_other(
    published_dir: Path, visit: Visit, harm: Callable[[Path], None]
) -> None:
    (file,) = (published_dir / "satisfaction_by").glob("*.parquet")
    harm(file)

    lost, kept = visit("satisfaction"), visit("service_levels")

    assert not lost.exception
    assert "damaged" in lost.error[-1].value
    told = lost.caption[-1].value
    assert told.startswith(f"{file.resolve()} cannot be read")
    assert f"delete {published_dir.resolve()}/ and run `retour refresh`" in told
    assert not kept.error
    assert kept.metric


def test_what_cannot_be_read_is_told_in_the_reader_s_language(
    publish_marts: PublishMarts, published_dir: Path, visit: Visit
) -> None:
    publish_marts({name: frame for name, frame in figures().items() if name != "sla_daily"})

    lacking = visit("service_levels", lang="zh").caption[-1].value
    (published_dir / "manifest.json").write_text("{")
    broken = visit("service_levels", lang="zh").caption[-1].value

    assert "无法读取：其中没有 sla_daily；请删除" in lacking
    assert "无法读取：Expecting property name" in broken
    assert broken.endswith("并运行 `retour refresh`")


@pytest.mark.parametrize("mart", ["data_quality", "quarantine", "pipeline_runs"])
def test_health_without_a_mart_is_named_with_the_way_out(
    publish_health: PublishMarts, visit: Visit, mart: str
) -> None:
    publish_health({name: frame for name, frame in health().items() if name != mart})

    shown = visit("data_health")

    assert not shown.exception
    assert mart in shown.caption[-1].value


@pytest.mark.parametrize(
    "page", ["service_levels", "satisfaction", "process", "money", "automation", "overview"]
)
def test_marts_of_another_version_are_no_traceback(
    publish_marts: PublishMarts, visit: Visit, page: str
) -> None:
    frames = {**figures(), **product_marts(problems(1))}
    publish_marts({name: pl.DataFrame({"other": [len(frame)]}) for name, frame in frames.items()})

    shown = visit(page)

    assert not shown.exception
    assert "another version" in shown.error[0].value


def _said(shown: AppTest) -> set[str]:
    elements = [each for kind in KINDS for each in shown.get(kind)]
    words = {
        str(getattr(each, name))
        for each in elements
        for name in ("label", "value", "help", "placeholder")
        if getattr(each, name, None) and not (name == "value" and hasattr(each, "options"))
    }
    options = {str(word) for each in elements for word in getattr(each, "options", None) or ()}
    cells = {
        str(cell)
        for table in shown.dataframe
        for row in (table.value.columns, *table.value.to_numpy())
        for cell in row
    }
    return words | options | cells
