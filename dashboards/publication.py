"""The newest publication: the files that its manifest names, opened in memory.

Files are never changed once named, so a page that began on one publication ends on it; the next run of the page
sees the next one. No lock is taken, and no half-finished run is ever visible.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import streamlit as st

from retour.errors import UserError

_FORMAT = 1


class NothingPublished(UserError):
    """No run has published anything here yet."""


class PublicationUnreadable(UserError):
    """The publication cannot be read; the message says why and the way out."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What a manifest says. `files` are absolute paths by mart."""

    snapshot: str
    as_of: datetime | None
    published_at: datetime
    timezone: ZoneInfo
    files: dict[str, tuple[str, ...]]
    manifest: Path

    def unreadable(self, misfit: Exception) -> PublicationUnreadable:
        """What to say where a mart's files are damaged, or of a version that has not what a page asks for."""
        return PublicationUnreadable(_way_out(self.manifest, str(misfit).splitlines()[0]))


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


@st.cache_resource(max_entries=2, show_spinner=False, on_release=lambda c: c.close())
def connect(snapshot: str, _publication: Publication) -> duckdb.DuckDBPyConnection:
    """One connection per publication, a view per mart. Take a `.cursor()` of it: threads must not share one."""
    connection = duckdb.connect(config={"threads": 1})
    for mart, files in _publication.files.items():
        connection.read_parquet(list(files)).create_view(mart)
    return connection


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
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _way_out(path: Path, problem: str) -> str:
    return f"{path} cannot be read: {problem}; delete {path.parent}/ and run `retour refresh`"
