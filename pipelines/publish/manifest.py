"""The publication's manifest: which files are the marts, and of what they tell.

It is replaced last, atomically. The files of publications before it are listed beside it, with the moment since when
they are of the past, and stay for a while: a page that was opened on them may take a table along half an hour later.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from retour.errors import UserError

FORMAT = 1
CURRENT = "manifest.json"
PREVIOUS = "previous.json"
KEPT_FOR = timedelta(minutes=30)
KEPT_GENERATIONS = 50  # at a refresh every 45 s, those of well over half an hour


class PublicationUnwritable(UserError):
    """The operating system refused a write; what was published before stands."""

    def __init__(self, path: str | Path, reason: str) -> None:
        super().__init__(
            f"cannot write {path} ({reason}); free space or make it writable, then run `retour refresh`. "
            "What was published before stays readable"
        )


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class PublishedFile(_Frozen):
    """One file of a mart. Where the mart is cut by months, `month` (`2026-03`, or `undated`) and what tells its rows."""

    path: str
    rows: int
    bytes: int
    sha256: str
    month: str = ""
    content: str = ""


class PublishedMart(_Frozen):
    """A mart's files in order; `fingerprint` tells what they were computed from.

    `description` and `columns` are its header's words, by column: what readers show beside a figure.
    """

    fingerprint: str
    files: tuple[PublishedFile, ...]
    description: str = ""
    columns: Mapping[str, str] = {}


class Publication(_Frozen):
    """All marts of one run. `snapshot` names their content: the same marts, the same name."""

    format: int = FORMAT
    snapshot: str
    as_of: datetime | None
    through_seq: int
    timezone: str
    published_at: datetime
    marts: Mapping[str, PublishedMart]

    @classmethod
    def load(cls, published_dir: Path) -> Self | None:
        """What is published; None where nothing is, or nothing that this version can read."""
        try:
            publication = cls.model_validate_json((published_dir / CURRENT).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        return publication if publication.format == FORMAT else None

    def files(self) -> Iterator[PublishedFile]:
        for mart in self.marts.values():
            yield from mart.files

    def says_the_same_as(self, other: Self) -> bool:
        """Whether both differ in nothing but the hour of publication."""
        return self == other.model_copy(update={"published_at": self.published_at})


class Previous(_Frozen):
    """Files of earlier publications by path, each with the moment at which the first without it was published."""

    files: Mapping[str, datetime] = {}

    @classmethod
    def load(cls, published_dir: Path) -> Self:
        """What is kept; nothing where nothing is, or nothing that this version can read."""
        try:
            return cls.model_validate_json((published_dir / PREVIOUS).read_bytes())
        except (FileNotFoundError, ValidationError):
            return cls()

    def after(self, publication: Publication, before: Publication) -> Self:
        """What to keep beside a publication: what the one before had, and of older ones what is not too old.

        A generation ends at a moment; the newest `KEPT_GENERATIONS` stay for `KEPT_FOR`.
        """
        now = publication.published_at
        ended = {**self.files, **{file.path: now for file in before.files()}}
        newest = sorted({*ended.values()}, reverse=True)[:KEPT_GENERATIONS]
        current = {file.path for file in publication.files()}
        return type(self)(
            files={
                path: moment
                for path, moment in sorted(ended.items())
                if path not in current and moment in newest and now - moment <= KEPT_FOR
            }
        )


def snapshot_of(as_of: datetime | None, timezone: str, marts: Mapping[str, PublishedMart]) -> str:
    """The name of a content."""
    hashes = [
        f"{name}={file.sha256}" for name, mart in sorted(marts.items()) for file in mart.files
    ]
    text = "\n".join([str(as_of), timezone, *hashes])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def commit(published_dir: Path, publication: Publication, before: Publication | None) -> None:
    """Make a publication the current one. A kill between the two writes leaves the one before current."""
    if before and before.snapshot != publication.snapshot:
        _replace(published_dir / PREVIOUS, Previous.load(published_dir).after(publication, before))
    _replace(published_dir / CURRENT, publication)


def make_durable(path: Path) -> None:
    """Return only when a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def drafted(draft: Path) -> Iterator[Path]:
    """A file to be written and renamed; where that fails it goes, since the disk may be full because of it."""
    try:
        yield draft
    except Exception:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def _replace(path: Path, content: Publication | Previous) -> None:
    with drafted(path.with_name(f"{path.name}.draft")) as draft:
        draft.write_text(content.model_dump_json(indent=1) + "\n", encoding="utf-8")
        make_durable(draft)
        draft.replace(path)
    make_durable(path.parent)
