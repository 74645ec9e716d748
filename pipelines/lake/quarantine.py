"""Events that cannot go into the lake: set aside with their reason, one JSON Lines file per batch.

The log keeps the event itself; a line here says which it is and why it was not taken in.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipelines.lake.manifest import Manifest, QuarantineFile, write_durably
from service.domain.events import RecordedEvent

Kind = Literal[
    "missing",
    "malformed_envelope",
    "repeated_id",
    "unknown_type",
    "unknown_version",
    "invalid_payload",
    "failed_check",
]


_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An event that was set aside, or, for `missing`, the place in the log where none was."""

    seq: int
    kind: Kind
    reason: str
    id: str | None = None
    type: str | None = None
    subject: str | None = None
    schema_version: int | None = None
    recorded_at_us: int | None = None
    fault: str | None = None  # the reason without a value quoted in it; None where it quotes none


def set_aside(
    event: RecordedEvent, kind: Kind, reason: str, fault: str | None = None
) -> Quarantined:
    """An event with its reason, which may quote a value; what is published says `fault` instead."""
    return Quarantined(
        event.seq,
        kind,
        reason,
        event.id,
        event.type,
        event.subject,
        event.schema_version,
        event.recorded_at_us,
        fault,
    )


def shown(value: object) -> str:
    """A value as a reason quotes it: enough to recognize it, never a whole payload."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def write_quarantine(
    quarantine_dir: Path, rows: Sequence[Quarantined], first_seq: int, last_seq: int
) -> QuarantineFile:
    """Write what a batch set aside, in the order of the log."""
    lines = [json.dumps(asdict(row), ensure_ascii=False, default=repr) for row in rows]
    content = ("\n".join(lines) + "\n").encode()
    path = f"{first_seq:012}-{last_seq:012}.jsonl"
    write_durably(quarantine_dir / path, content)
    return QuarantineFile(
        path=path,
        first_seq=first_seq,
        last_seq=last_seq,
        rows=len(rows),
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def read_quarantine(manifest: Manifest, quarantine_dir: Path) -> list[Quarantined]:
    """Every event that the lake's manifest says was set aside, in the order of the log."""
    return [
        Quarantined(**json.loads(line))
        for file in manifest.quarantine
        for line in (quarantine_dir / file.path).read_bytes().split(b"\n")
        if line
    ]
