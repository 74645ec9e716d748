"""Marts cut by months: what changed is written, what did not keeps its file."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from pipelines.publish.manifest import Publication, PublishedFile
from retour.settings import Settings

Publish = Any
JANUARY, FEBRUARY, LAST_OF_FEBRUARY = "2024-01-31 23:59:59.999999", "2024-02-01", "2024-02-29 12:00"


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.published_dir


def files(folder: Path) -> dict[str, PublishedFile]:
    """The mart's files by month, in the order of the manifest."""
    publication = Publication.load(folder)
    assert publication
    return {file.month: file for file in publication.marts["dated"].files}


def rows(folder: Path) -> list[int]:
    return pl.concat(pl.read_parquet(folder / each.path) for each in files(folder).values())[
        "n"
    ].to_list()


class TestCutByMonths:
    def test_each_month_is_a_file_in_order_and_what_has_no_date_comes_last(
        self, publish_dated: Publish, folder: Path
    ) -> None:
        publish_dated(
            (5, None), (4, FEBRUARY), (1, LAST_OF_FEBRUARY), (3, JANUARY), (2, "2025-12-31")
        )
        assert {month: file.rows for month, file in files(folder).items()} == {
            "2024-01": 1, "2024-02": 2, "2025-12": 1, "undated": 1,
        }  # fmt: skip
        assert rows(folder) == [3, 1, 4, 2, 5]

    def test_only_the_month_whose_rows_changed_is_written(
        self, publish_dated: Publish, folder: Path
    ) -> None:
        publish_dated((1, JANUARY), (2, FEBRUARY))
        before = files(folder)
        january = (folder / before["2024-01"].path).stat().st_mtime_ns
        publish_dated((1, JANUARY), (2, FEBRUARY), (3, FEBRUARY))
        after = files(folder)
        assert after["2024-01"] == before["2024-01"]
        assert (folder / after["2024-01"].path).stat().st_mtime_ns == january
        assert after["2024-02"].path != before["2024-02"].path
        assert rows(folder) == [1, 2, 3]

    @pytest.mark.parametrize("other", [(9, JANUARY), (1, "2024-01-30")])
    def test_another_value_in_a_row_is_a_change(
        self, publish_dated: Publish, folder: Path, other: tuple[int, str]
    ) -> None:
        publish_dated((1, JANUARY), (2, FEBRUARY))
        before = files(folder)["2024-01"]
        publish_dated(other, (2, FEBRUARY))
        assert files(folder)["2024-01"].content != before.content
        assert rows(folder)[0] == other[0]

    def test_a_month_that_lost_all_its_rows_has_no_file(
        self, publish_dated: Publish, folder: Path
    ) -> None:
        publish_dated((1, JANUARY), (2, FEBRUARY))
        publish_dated((2, FEBRUARY))
        assert list(files(folder)) == ["2024-02"]

    def test_a_mart_without_rows_is_one_file_with_its_columns(
        self, publish_dated: Publish, folder: Path
    ) -> None:
        publish_dated((1, JANUARY))
        publish_dated()
        (file,) = files(folder).values()
        assert (file.month, file.rows) == ("", 0)
        assert pl.read_parquet(folder / file.path).columns == ["n", "happened_at"]

    @pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"")])
    def test_a_file_that_is_not_whole_is_written_again_and_the_others_stay(
        self, publish_dated: Publish, folder: Path, harm: Callable[[Path], object]
    ) -> None:
        publish_dated((1, JANUARY), (2, FEBRUARY))
        before = files(folder)
        harm(folder / before["2024-01"].path)
        publish_dated((1, JANUARY), (2, FEBRUARY))
        assert files(folder) == before
        assert rows(folder) == [1, 2]

    @examples(
        max_examples=25,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        held=st.dictionaries(
            st.integers(0, 20),
            st.none() | st.dates(date(2023, 11, 1), date(2024, 4, 30)),
            max_size=12,
        )
    )
    def test_whatever_was_published_before_the_rows_are_those_of_the_mart(
        self, publish_dated: Publish, folder: Path, held: dict[int, date | None]
    ) -> None:
        before = files(folder) if (folder / "manifest.json").exists() else {}
        contents = {month: months_rows(folder / file.path) for month, file in before.items()}
        publish_dated(*((n, str(day) if day else None) for n, day in held.items()))
        assert sorted(rows(folder)) == sorted(held)
        for month, file in files(folder).items():
            is_same = month and contents.get(month) == months_rows(folder / file.path)
            assert (before.get(month) == file) or not is_same


def months_rows(path: Path) -> list[tuple[object, ...]]:
    return pl.read_parquet(path).rows()
