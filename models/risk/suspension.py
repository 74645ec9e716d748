"""A champion that must not decide for now: it broke its cap, more of what it lets pass fails inspection than its certificate
bears, what it sees is no longer what it learned from, or its certificate was not renewed.

Standard library only. One small file beside the champion's pointer, replaced whole; it names the version that it holds
for, so that the next model to be promoted is not suspended.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from models.risk.registry import replace_file
from models.risk.score import ModelUnusable

SUSPENDED = "suspended.json"
Cause = Literal["cap_breached", "findings_exceeded", "drift", "not_renewed", "by_hand"]


@dataclass(frozen=True, slots=True)
class Suspension:
    """Which version is suspended, since when, for what cause, by whose hand, and what exactly was seen."""

    version: str
    since: str
    cause: Cause
    by: str
    reason: str


def suspension(root: Path) -> Suspension | None:
    """The suspension in force, or None. Raises ModelUnusable if its file is broken."""
    path = root / SUSPENDED
    try:
        return _checked(Suspension(**json.loads(path.read_bytes())))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ModelUnusable(
            f"{path} does not say which model is suspended ({error}). `retour model resume` removes it."
        ) from error


def suspend(
    root: Path, version: str, *, at: datetime, cause: Cause, by: str, reason: str
) -> Suspension:
    """Let a version decide nothing until it is resumed, or another one is promoted. Twice is once: the first word holds."""
    standing = _readable(root)
    if standing is not None and standing.version == version:
        return standing
    made = _checked(Suspension(version, at.isoformat(), cause, by, reason))
    replace_file(root / SUSPENDED, json.dumps(asdict(made), ensure_ascii=False).encode())
    return made


def resume(root: Path) -> Suspension | None:
    """Let the suspended version decide again; the suspension that was lifted, where there was one that could be read."""
    lifted = _readable(root)
    (root / SUSPENDED).unlink(missing_ok=True)
    return lifted


def _readable(root: Path) -> Suspension | None:
    try:
        return suspension(root)
    except ModelUnusable:
        return None


def _checked(found: Suspension) -> Suspension:
    if found.cause not in get_args(Cause) or not found.version:
        raise ValueError(f"cause is {found.cause!r}; allowed are {', '.join(get_args(Cause))}")
    return found
