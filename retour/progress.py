"""How much of the practice shop's past is played, as the player tells it: for who waits for it.

A file of its own, so that nobody has to import the player to ask.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from retour.settings import Settings

STALE = timedelta(minutes=3)  # a stretch of the past takes seconds


@dataclass(frozen=True, slots=True)
class HowFar:
    """How much of the past is played: a share, with the events and returns that it has by now."""

    share: float
    events: int
    returns: int


def read_progress(settings: Settings) -> HowFar | None:
    """How far the play is, as it says itself; None before it began."""
    try:
        return HowFar(**json.loads(_file(settings).read_text()))
    except FileNotFoundError:
        return None


def past_being_played(settings: Settings, now: datetime) -> HowFar | None:
    """How far the play is while it is under way; None where none is, or where it stopped without a word."""
    how_far = read_progress(settings)
    if how_far is None or how_far.share >= 1:
        return None
    told_at = datetime.fromtimestamp(_file(settings).stat().st_mtime, UTC)
    return how_far if now - told_at < STALE else None


def write_progress(settings: Settings, how_far: HowFar) -> None:
    """Tell how far the play is."""
    path = _file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(how_far)))
    draft.replace(path)


def forget_progress(settings: Settings) -> None:
    """What an earlier play said of itself does not count any more."""
    _file(settings).unlink(missing_ok=True)


def _file(settings: Settings) -> Path:
    return settings.var_dir / "practice" / "progress.json"
