"""A disk that fills up while marts are being published: a small one of its own, really full."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from small_disk import fill, small_disk

from pipelines.publish.manifest import Publication, PublicationUnwritable
from retour.settings import Settings

Publish = Callable[..., Any]
SIZE, PAGE = 512 * 1024, 4096


@pytest.fixture
def disk(settings: Settings) -> Iterator[Path]:
    """The folder of publications, on a file system that holds half a megabyte."""
    with small_disk(settings.published_dir, SIZE) as folder:
        yield folder


def letters(disk: Path) -> str:
    publication = Publication.load(disk)
    assert publication
    (file,) = publication.marts["letters"].files
    return "".join(pl.read_parquet(disk / file.path).sort("n")["k"])


def names(disk: Path) -> set[str]:
    return {str(path.relative_to(disk)) for path in disk.rglob("*") if path.is_file()}


class TestFullDisk:
    @pytest.mark.parametrize("pages", range(4))
    def test_is_named_and_what_was_published_stands_until_there_is_room(
        self, publish_rows: Publish, disk: Path, pages: int
    ) -> None:
        """Full at the first mart's file, at the second's, and at the manifest."""
        publish_rows(letters="ab", numbers="12")
        before = names(disk)
        ballast = fill(disk, leave=pages * PAGE)
        many = "xyz" * 200
        with pytest.raises(
            PublicationUnwritable,
            match=rf"cannot write {disk}.*free space.*run `retour refresh`.*before stays readable",
        ):
            publish_rows(letters=many, numbers=many, hour=1)
        assert letters(disk) == "ab"
        assert not [name for name in names(disk) - before if "draft" in name]

        ballast.unlink()
        publish_rows(letters=many, numbers=many, hour=2)
        assert letters(disk) == many

    def test_a_mart_of_many_months_is_whole_or_as_it_was(
        self, publish_dated: Publish, disk: Path
    ) -> None:
        rows = [(n, f"{2000 + n // 12}-{1 + n % 12:02}-15") for n in range(40)]
        publish_dated(*rows[:3])
        ballast = fill(disk, leave=20 * PAGE)
        with pytest.raises(PublicationUnwritable):
            publish_dated(*rows)
        publication = Publication.load(disk)
        assert publication
        assert [file.month for file in publication.marts["dated"].files] == [
            "2000-01",
            "2000-02",
            "2000-03",
        ]
        ballast.unlink()
        publish_dated(*rows)
        publication = Publication.load(disk)
        assert publication
        assert sum(file.rows for file in publication.files()) == 40
