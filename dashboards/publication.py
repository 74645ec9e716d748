"""The newest publication: the files that its manifest names, opened in memory.

Files are never changed once named, so a page that began on one publication ends on it; the next run of the page
sees the next one. No lock is taken, and no half-finished run is ever visible.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import streamlit as st

from retour.errors import UserError

_FORMAT = 1
_CONFIG: dict[str, str | bool | int | float | list[str]] = {"threads": 1}


class NothingPublished(UserError):
    """No run has published anything here yet."""


class PublicationUnreadable(UserError):
    """The publication cannot be read; the message says why and the way out."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What a manifest says. `files` are absolute paths by mart, `definitions` a mart's words by column."""

    snapshot: str
    as_of: datetime | None
    published_at: datetime
    timezone: ZoneInfo
    files: dict[str, tuple[str, ...]]
    manifest: Path
    through_seq: int
    definitions: dict[str, dict[str, str]]

    @property
    def today(self) -> date:
        """The shop's day on which the data end; where there are none, the one of the publication."""
        return self.day_of(self.as_of or self.published_at)

    def day_of(self, moment: datetime) -> date:
        """The shop's day of a moment; the marts' moments are UTC without saying so."""
        known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return known.astimezone(self.timezone).date()

    def begin_of(self, day: date) -> datetime:
        """When a day of the shop begins, as the marts write moments: UTC without saying so."""
        midnight = datetime.combine(day, time(), self.timezone)
        return midnight.astimezone(UTC).replace(tzinfo=None)

    def definition(self, figure: str) -> str | None:
        """What the header of `mart.column` says; None where the publication carries no words."""
        mart, _, column = figure.partition(".")
        return self.definitions.get(mart, {}).get(column)

    def lacks(self, marts: Iterable[str]) -> PublicationUnreadable | None:
        """What to say where another version made the publication, without a mart that a page asks for."""
        missing = [mart for mart in marts if mart not in self.files]
        return self._unreadable(f"it has no {missing[0]}") if missing else None

    def unreadable(self, misfit: Exception) -> PublicationUnreadable:
        """What to say where a mart's files are damaged, or of a version that has not what a page asks for."""
        return self._unreadable(str(misfit).splitlines()[0])

    def _unreadable(self, problem: str) -> PublicationUnreadable:
        return PublicationUnreadable(_way_out(self.manifest, problem))


def read_publication(published_dir: Path) -> Publication:
    """The newest publication. Raises `NothingPublished`, `PublicationUnreadable`."""
    path = published_dir / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NothingPublished(f"there is no {path} yet; run `retour refresh`") from None
    except (OSError, ValueError) as broken:
        raise PublicationUnreadable(_way_out(path, str(broken))) from broken
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if found != _FORMAT:
        raise PublicationUnreadable(_way_out(path, f"its format is {found!r}"))
    try:
        return _publication(path, manifest)
    except (KeyError, TypeError, AttributeError, ValueError, ZoneInfoNotFoundError) as damaged:
        problem = f"{type(damaged).__name__} {damaged}"
        raise PublicationUnreadable(_way_out(path, problem)) from damaged


def connect(publication: Publication) -> duckdb.DuckDBPyConnection:
    """A cursor of the publication's one connection, in which each mart is a view: threads must not share one.

    A mart of which a file is damaged is none: only the pages that ask for it go without.
    """
    return _connection(publication.snapshot, str(publication.manifest), publication).cursor()


@st.cache_resource(max_entries=4, show_spinner=False, on_release=lambda c: c.close())
def _connection(
    snapshot: str, manifest: str, _publication: Publication
) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config=_CONFIG)
    for mart, files in _publication.files.items():
        try:
            connection.read_parquet(list(files)).create_view(mart)
        except duckdb.Error:
            if not all(
                Path(file).exists() for file in files
            ):  # swept up: another publication stands
                raise
    return connection


def damaged(publication: Publication, marts: Iterable[str]) -> PublicationUnreadable | None:
    """What to say of the first file of some marts that cannot be read to its end; None where all of them can."""
    with duckdb.connect(config=_CONFIG) as connection:
        for file in (name for mart in marts for name in publication.files.get(mart, ())):
            try:
                connection.execute(
                    "select max(hash(rows)) from read_parquet($file) as rows", {"file": file}
                )
            except duckdb.Error as broken:
                folder, problem = publication.manifest.parent, str(broken).splitlines()[0]
                return PublicationUnreadable(_way_out(Path(file), problem, folder))
    return None


def _publication(path: Path, manifest: dict[str, Any]) -> Publication:
    files = {
        str(mart): tuple(str((path.parent / file["path"]).resolve()) for file in entry["files"])
        for mart, entry in manifest["marts"].items()
    }
    for name in (name for names in files.values() for name in names):
        if not Path(name).is_file():
            raise PublicationUnreadable(_way_out(path, f"it names {name}, which is not there"))
    as_of = manifest["as_of"]
    return Publication(
        snapshot=str(manifest["snapshot"]),
        as_of=_moment(str(as_of)) if as_of else None,
        published_at=_moment(str(manifest["published_at"])),
        timezone=ZoneInfo(str(manifest["timezone"])),
        files=files,
        manifest=path,
        through_seq=int(manifest["through_seq"]),
        definitions={
            str(mart): dict(entry.get("columns", {})) for mart, entry in manifest["marts"].items()
        },
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _way_out(path: Path, problem: str, folder: Path | None = None) -> str:
    """What to do about a file of the publication in a folder; else the file's own."""
    return f"{path} cannot be read: {problem}; delete {folder or path.parent}/ and run `retour refresh`"
