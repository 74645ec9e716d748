import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.publish import manifest
from pipelines.publish import publish as writer
from pipelines.publish.manifest import Publication, PublicationUnwritable
from retour.settings import Settings


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.glob("*/*")}


def rows(folder: Path, mart: str) -> list[tuple[object, ...]]:
    """A mart's rows as a reader finds them: through the manifest alone."""
    publication = Publication.load(folder)
    assert publication
    return pl.concat(
        pl.read_parquet(folder / file.path) for file in publication.marts[mart].files
    ).rows()


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.published_dir


class TestPublish:
    def test_lists_every_mart_with_rows_size_and_hash(self, publish_rows, folder):
        publish_rows(letters="ba")
        document = json.loads((folder / "manifest.json").read_text())
        (file,) = document["marts"]["letters"]["files"]
        content = (folder / file["path"]).read_bytes()
        assert file["rows"] == 2
        assert file["bytes"] == len(content)
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert file["path"] == f"letters/{file['sha256'][:16]}.parquet"
        assert set(document["marts"]) == {"letters", "numbers"}
        assert document["format"] == 1
        assert document["published_at"] == "2024-03-01T00:00:00Z"

    def test_orders_rows_by_the_marts_key(self, publish_rows, folder):
        publish_rows(letters="cab")
        assert rows(folder, "letters") == [(1, "a"), (2, "b"), (0, "c")]

    def test_says_which_marts_changed(self, publish_rows):
        assert publish_rows().changed == ("letters", "numbers")
        assert publish_rows(letters="b").changed == ("letters",)
        assert publish_rows(letters="b").changed == ()

    def test_changes_nothing_where_nothing_changed(self, publish_rows, folder):
        publish_rows()
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
        publish_rows(hour=1)
        assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before

    def test_names_the_same_content_the_same(self, publish_rows):
        first = publish_rows(letters="a").publication.snapshot
        assert publish_rows(letters="b").publication.snapshot != first
        assert publish_rows(letters="a").publication.snapshot == first

    def test_carries_what_the_header_says_of_every_mart_and_column(self, publish_rows, folder):
        publish_rows()
        mart = json.loads((folder / "manifest.json").read_text())["marts"]["letters"]
        assert mart["description"] == "What a test needs."
        assert mart["columns"] == {"n": "a number", "k": "a letter"}

    def test_new_words_replace_those_of_a_publication_that_had_none(self, publish_rows, folder):
        files = publish_rows().publication.marts["letters"].files
        older = json.loads((folder / "manifest.json").read_text())
        for mart in older["marts"].values():
            del mart["description"], mart["columns"]
        (folder / "manifest.json").write_text(json.dumps(older))

        again = publish_rows(hour=1)

        assert again.changed == ()
        assert again.publication.marts["letters"].files == files
        written = json.loads((folder / "manifest.json").read_text())["marts"]["letters"]
        assert written["columns"]["k"] == "a letter"

    def test_keeps_the_files_of_publications_that_ended_within_half_an_hour(
        self, publish_rows, folder
    ):
        published = [
            {file.path for file in publish_rows(letters=letter, **at).publication.files()}
            for letter, at in (
                ("a", {}),
                ("b", {"minute": 20}),
                ("c", {"minute": 50}),
                ("d", {"minute": 51}),
            )
        ]
        assert files(folder) == set().union(*published[1:])

    def test_keeps_a_file_that_comes_back_and_goes_again(self, publish_rows, folder):
        (first,) = publish_rows(letters="a").publication.marts["letters"].files
        for letter, hour in (("b", 0), ("a", 1), ("c", 2)):
            publish_rows(letters=letter, hour=hour)
        assert first.path in files(folder)
        publish_rows(letters="d", hour=3)
        assert first.path not in files(folder)

    def test_keeps_no_more_than_so_many_publications(self, publish_rows, folder, monkeypatch):
        monkeypatch.setattr(manifest, "KEPT_GENERATIONS", 2)
        published = [
            {file.path for file in publish_rows(letters=letter, minute=n).publication.files()}
            for n, letter in enumerate("abcde")
        ]
        assert files(folder) == set().union(*published[2:])

    def test_writes_again_a_file_that_somebody_removed(self, publish_rows, folder):
        file = publish_rows().publication.marts["letters"].files[0]
        (folder / file.path).unlink()
        publish_rows()
        assert rows(folder, "letters") == [(0, "a")]

    def test_writes_again_a_file_that_was_cut_short(self, publish_rows, folder):
        file = publish_rows().publication.marts["letters"].files[0]
        path = folder / file.path
        path.write_bytes(path.read_bytes()[:-1])
        publish_rows()
        assert rows(folder, "letters") == [(0, "a")]

    def test_finds_changed_bytes_when_it_reads_the_files(self, publish_rows, folder):
        file = publish_rows().publication.marts["letters"].files[0]
        path = folder / file.path
        changed = bytes(reversed(path.read_bytes()))
        path.write_bytes(changed)
        publish_rows()
        assert path.read_bytes() == changed
        publish_rows(reads_files=True)
        assert rows(folder, "letters") == [(0, "a")]

    def test_starts_anew_from_a_manifest_that_nobody_can_read(self, publish_rows, folder):
        publish_rows()
        (folder / "manifest.json").write_text("{")
        publish_rows()
        assert rows(folder, "letters") == [(0, "a")]

    def test_leaves_files_alone_that_are_not_its_own(self, publish_rows, folder):
        publish_rows()
        note = folder / "letters" / "note.txt"
        note.write_text("mine")
        publish_rows(letters="b")
        assert note.read_text() == "mine"

    def test_keeps_nothing_by_what_nobody_can_read(self, publish_rows, folder):
        publish_rows(letters="a")
        publish_rows(letters="b")
        (folder / "previous.json").write_text("{")
        publish_rows(letters="c")
        assert len([path for path in files(folder) if path.startswith("letters/")]) == 2

    def test_tells_of_a_folder_that_cannot_be_written(self, publish_rows, folder):
        folder.parent.mkdir(exist_ok=True)
        folder.write_text("a file where the folder should be")
        with pytest.raises(PublicationUnwritable, match=r"cannot write .*published.*free space"):
            publish_rows()


class TestKilled:
    """Whatever a publication was doing when it died, readers find the one before, whole."""

    @pytest.mark.parametrize("step", ["make_durable", "_publication", "commit"])
    def test_before_the_manifest_readers_see_the_publication_before(
        self, publish_rows, folder, monkeypatch, step
    ):
        publish_rows(letters="ab")
        with monkeypatch.context() as patched:
            patched.setattr(writer, step, _die)
            with pytest.raises(_Killed):
                publish_rows(letters="xyz", hour=1)
        assert rows(folder, "letters") == [(0, "a"), (1, "b")]
        publish_rows(letters="xyz", hour=2)
        assert rows(folder, "letters") == [(0, "x"), (1, "y"), (2, "z")]

    def test_before_pruning_readers_see_the_new_one_and_the_next_run_prunes(
        self, publish_rows, folder, monkeypatch
    ):
        publish_rows(letters="a")
        publish_rows(letters="b")
        with monkeypatch.context() as patched:
            patched.setattr(writer, "_prune", _die)
            with pytest.raises(_Killed):
                publish_rows(letters="c", hour=1)
        assert rows(folder, "letters") == [(0, "c")]
        publish_rows(letters="c", hour=1)
        assert len([path for path in files(folder) if path.startswith("letters/")]) == 2


class _Killed(BaseException):
    pass


def _die(*_: object) -> None:
    raise _Killed
