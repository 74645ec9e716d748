import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from published_shop import Publish, problems

from dashboards.parts.frame import View
from dashboards.publication import NothingPublished, PublicationUnreadable, read_publication
from dashboards.texts import Texts


class TestPublication:
    def test_nothing_published_says_what_to_run(self, published_dir: Path) -> None:
        with pytest.raises(NothingPublished, match="retour refresh"):
            read_publication(published_dir)

    @pytest.mark.parametrize("text", ["{", "[]", "null", '{"format": 99}', '{"format": 1}'])
    def test_a_manifest_that_cannot_be_read_is_named_with_the_way_out(
        self, published_dir: Path, text: str
    ) -> None:
        published_dir.mkdir(parents=True)
        (published_dir / "manifest.json").write_text(text)

        with pytest.raises(PublicationUnreadable, match=r"manifest.json.*retour refresh"):
            read_publication(published_dir)

    @pytest.mark.parametrize(
        "changed",
        [
            {"marts": None},
            {"marts": {"problem_skus": {}}},
            {"marts": {"problem_skus": {"files": [{}]}}},
            {"timezone": "Nowhere/Else"},
            {"as_of": "noon"},
            {"published_at": None},
        ],
        ids=lambda changed: next(iter(changed)),
    )
    def test_a_manifest_that_lacks_a_part_is_named_with_the_way_out(
        self, publish: Publish, published_dir: Path, changed: dict[str, object]
    ) -> None:
        publish(problems(1))
        path = published_dir / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))

        with pytest.raises(PublicationUnreadable, match=r"manifest.json.*retour refresh"):
            read_publication(published_dir)

    def test_a_missing_file_is_named(self, publish: Publish, published_dir: Path) -> None:
        publish(problems(1))
        next((published_dir / "sku_weekly").glob("*.parquet")).unlink()

        with pytest.raises(PublicationUnreadable, match="sku_weekly"):
            read_publication(published_dir)

    def test_a_moment_of_a_mart_is_of_the_shops_day_which_begins_at_its_midnight(
        self, publish: Publish, published_dir: Path
    ) -> None:
        publish(problems(1))  # a shop in Shanghai
        shown = read_publication(published_dir)

        assert shown.day_of(datetime(2026, 2, 28, 15, 59)) == date(2026, 2, 28)  # noqa: DTZ001
        assert shown.day_of(datetime(2026, 2, 28, 16, 0)) == date(2026, 3, 1)  # noqa: DTZ001
        assert shown.day_of(datetime(2026, 2, 28, 16, 0, tzinfo=UTC)) == date(2026, 3, 1)
        assert shown.begin_of(date(2026, 3, 1)) == datetime(2026, 2, 28, 16)  # noqa: DTZ001


class TestView:
    def test_what_is_taken_along_late_is_of_the_publication_that_stands_while_it_is_there(
        self, publish: Publish, published_dir: Path
    ) -> None:
        publish(problems(1))
        view = View(Texts("en"), read_publication(published_dir))
        publish(problems(4))

        assert view.take(_products) == 2

    def test_and_of_the_newest_when_its_files_are_gone(
        self, publish: Publish, published_dir: Path
    ) -> None:
        publish(problems(2))
        view = View(Texts("en"), read_publication(published_dir))
        shutil.rmtree(published_dir)
        publish(problems(5))

        assert view.take(_products) == 6


def _products(cursor: duckdb.DuckDBPyConnection) -> int:
    (rows,) = cursor.execute("select count(*) from problem_skus").fetchall()
    return int(rows[0])
