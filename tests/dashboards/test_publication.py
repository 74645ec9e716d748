import json
from pathlib import Path

import pytest
from published_shop import Publish, problems

from dashboards.publication import NothingPublished, PublicationUnreadable, read_publication


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
