"""The manifest: the list of files that are the lake, and its only commit point.

Files are written first; the manifest is replaced last, atomically. Readers open only what it lists, so a
killed run leaves at most files that nobody names.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.lake.tables import payload_tables
from retour.errors import UserError

FORMAT = 1
NAME = "manifest.json"
_CHUNK = 1 << 20


class LakeDamaged(UserError):
    """The lake is not what its manifest says. It is derived, so the way out loses nothing."""

    def __init__(self, lake_dir: Path, what: str) -> None:
        super().__init__(
            f"{what}. Delete {lake_dir}/ and run `retour refresh`: the log holds everything and makes it again"
        )


class LogReplaced(UserError):
    """The log does not hold what the lake was made from: the lake may be the last copy of those events."""

    def __init__(self, lake_dir: Path, what: str) -> None:
        super().__init__(
            f"{what}. If RETOUR_DATABASE_URL or RETOUR_VAR_DIR names the wrong place, mend that; if the database "
            f"was lost, restore its newest backup. If the log is right as it is, move {lake_dir}/ away (it may hold "
            "the only copy of what the log lost) and run `retour refresh`, which makes it from this log"
        )


class LakeUnwritable(UserError):
    """The operating system refused a write; the message names the file and the way out."""

    def __init__(self, refused: OSError, path: Path) -> None:
        super().__init__(
            f"cannot write {refused.filename or path} ({refused.strerror or refused}); free space or make it "
            "writable, then run `retour refresh`: it goes on after the last batch that was committed"
        )


class _File(BaseModel):
    model_config = ConfigDict(frozen=True)

    path: str
    first_seq: int
    last_seq: int
    rows: int
    bytes: int
    sha256: str


class Segment(_File):
    """A Parquet file with one table's rows of the events from `first_seq` to `last_seq`."""

    table: str


class QuarantineFile(_File):
    """A JSON Lines file with the events that one batch set aside."""


class Manifest(BaseModel):
    """What the lake holds: the log up to `through_seq`, read with the event definitions `definitions`.

    Rows are only added to a lake, so those that were there stay as they are for as long as its `generation` is the same.
    """

    model_config = ConfigDict(frozen=True)

    lake_dir: Path = Field(exclude=True)
    format: int = FORMAT
    definitions: str = ""
    generation: str = ""
    through_seq: int = 0
    through_id: str | None = None
    segments: tuple[Segment, ...] = ()
    quarantine: tuple[QuarantineFile, ...] = ()
    schemas: Mapping[str, Mapping[str, str]] = Field(default_factory=payload_tables)

    @classmethod
    def load(cls, lake_dir: Path) -> Self:
        """The committed manifest, or an empty one where there is no lake yet.

        Raises `LakeDamaged` where it cannot be read, or a file it names is missing or of another size.
        """
        path = lake_dir / NAME
        try:
            document = json.loads(path.read_bytes())
        except FileNotFoundError:
            return cls(lake_dir=lake_dir)
        except ValueError as broken:
            raise LakeDamaged(lake_dir, f"{path} is not readable JSON ({broken})") from broken
        except OSError as refused:
            raise UserError(
                f"cannot read {path} ({refused.strerror}); make it readable"
            ) from refused
        loaded = cls._parse(lake_dir, document)
        for segment in loaded.segments:
            check_size(lake_dir, lake_dir / segment.path, segment)
        return loaded

    @classmethod
    def _parse(cls, lake_dir: Path, document: Any) -> Self:
        path = lake_dir / NAME
        found = document.get("format") if isinstance(document, dict) else None
        if found != FORMAT:
            raise LakeDamaged(
                lake_dir,
                f"{path} has format {found!r}, this Retour reads {FORMAT} (was it a newer one?)",
            )
        try:
            return cls.model_validate({**document, "lake_dir": lake_dir})
        except ValidationError as invalid:
            problem = invalid.errors()[0]
            place = ".".join(str(part) for part in problem["loc"])
            raise LakeDamaged(lake_dir, f"{path}: {place}: {problem['msg']}") from invalid

    def files(self, table: str, after: int = 0) -> list[Path]:
        """The table's Parquet files that may hold events after a position, in the order of the log; none where none came."""
        return [
            self.lake_dir / each.path
            for each in self.segments
            if each.table == table and each.last_seq > after
        ]

    def rows(self) -> dict[str, int]:
        """How many rows each table has; those without a row are left out."""
        found: dict[str, int] = {}
        for each in self.segments:
            found[each.table] = found.get(each.table, 0) + each.rows
        return found

    def verify(self, quarantine_dir: Path | None = None) -> None:
        """Read every file, with those of the quarantine if it is named, and compare their hashes.

        Raises `LakeDamaged` naming the first that differs.
        """
        for segment in self.segments:
            check_hash(self.lake_dir, self.lake_dir / segment.path, segment)
        if quarantine_dir:
            for file in self.quarantine:
                check_hash(self.lake_dir, quarantine_dir / file.path, file)

    def commit(self) -> None:
        """Make this the lake, atomically and durably."""
        write_durably(self.lake_dir / NAME, (self.model_dump_json(indent=1) + "\n").encode())


def new_generation() -> str:
    """A name for a lake that starts from nothing: none before it had the same."""
    return uuid.uuid4().hex


def check_size(lake_dir: Path, path: Path, listed: _File) -> None:
    """Raise `LakeDamaged` unless the file is there with the size that the manifest says."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise LakeDamaged(
            lake_dir, f"{path} is missing, though {lake_dir / NAME} lists it"
        ) from None
    if size != listed.bytes:
        raise LakeDamaged(lake_dir, f"{path} has {size} bytes; it was written with {listed.bytes}")


def check_hash(lake_dir: Path, path: Path, listed: _File) -> None:
    """Raise `LakeDamaged` unless the file holds the very bytes that were written."""
    check_size(lake_dir, path, listed)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != listed.sha256:
        raise LakeDamaged(
            lake_dir, f"{path} has changed since it was written (its SHA-256 differs)"
        )


def write_durably(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that after a crash it is either there in full or not at all. Raises `LakeUnwritable`."""
    draft = path.with_name(f"{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync_folder(path.parent)
    except OSError as refused:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise LakeUnwritable(refused, path) from refused


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
