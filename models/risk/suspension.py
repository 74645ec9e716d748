"""A champion that must not decide for now: it broke its cap, more of what it lets pass fails inspection than its certificate
bears, what it sees is no longer what it learned from, or its certificate was not renewed.

Standard library only. One small file beside the champion's pointer, replaced whole, with the suspension of each version that
has one: the next model to be promoted is not suspended, and one that is gone back to still is.
"""

import json
from collections.abc import Mapping
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


def suspensions(root: Path) -> dict[str, Suspension]:
    """The suspensions in force by version. Raises ModelUnusable if their file is broken."""
    path = root / SUSPENDED
    try:
        found = json.loads(path.read_bytes())
        if not isinstance(found, list) or not found:
            raise ValueError("it holds no list of suspensions")
        return {each["version"]: _checked(Suspension(**each)) for each in found}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelUnusable(
            f"{path} does not say which models are suspended ({error}). `retour model resume` removes it."
        ) from error


def suspend(
    root: Path, version: str, *, at: datetime, cause: Cause, by: str, reason: str
) -> Suspension:
    """Let a version decide nothing until it is resumed. Twice is once: the first word holds."""
    held = _readable(root)
    if version in held:
        return held[version]
    made = _checked(Suspension(version, at.isoformat(), cause, by, reason))
    _keep(root, {**held, version: made})
    return made


def resume(root: Path, version: str | None) -> Suspension | None:
    """Let a version decide again; the suspension that was lifted, where there was one that could be read."""
    held = _readable(root)
    lifted = held.pop(version, None) if version else None
    _keep(root, held)
    return lifted


def _keep(root: Path, held: Mapping[str, Suspension]) -> None:
    if held:
        content = json.dumps([asdict(each) for each in held.values()], ensure_ascii=False)
        replace_file(root / SUSPENDED, content.encode())
    else:
        (root / SUSPENDED).unlink(missing_ok=True)


def _readable(root: Path) -> dict[str, Suspension]:
    try:
        return suspensions(root)
    except ModelUnusable:
        return {}


def _checked(found: Suspension) -> Suspension:
    if found.cause not in get_args(Cause) or not found.version:
        raise ValueError(f"cause is {found.cause!r}; allowed are {', '.join(get_args(Cause))}")
    return found
