"""Draining the log into the lake, batch by batch; each batch is one commit.

The lake is a function of the log and of the event definitions: cut into batches however, killed anywhere,
deleted and made again, it holds the same rows. When a definition changes it is made anew, so events that an
older Retour could not read get their chance, and no table mixes two definitions.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from pipelines.lake.decode import decode
from pipelines.lake.manifest import LogReplaced, Manifest, check_size, new_generation
from pipelines.lake.quarantine import Quarantined, set_aside, write_quarantine
from pipelines.lake.segments import append_rows, sweep
from pipelines.lake.tables import payload_tables, tables
from pipelines.quality import suites
from pipelines.quality.results import (
    BatchQuality,
    CheckBatch,
    ExpectationResult,
    Frames,
    merge_results,
)
from service.domain.events import PAYLOADS, RecordedEvent

BATCH_SIZE = 100_000
BATCH_CHARACTERS = 64_000_000  # orders of a thousand lines are short batches, so memory stays flat
_READ_SIZE = 10_000

ReadLog = Callable[[int, int], Sequence[RecordedEvent]]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What a drain took in: events that arrived, rows by table, what was set aside by kind, and the checks."""

    through_seq: int = 0
    events: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)
    quarantined: Mapping[str, int] = field(default_factory=dict)
    quarantined_in_all: int = 0
    checks: tuple[ExpectationResult, ...] = ()
    was_made_anew: bool = False


@dataclass(frozen=True, slots=True)
class _Judged:
    """A batch after its checks: the rows that go in, what does not, and the report."""

    frames: Frames
    quarantined: tuple[Quarantined, ...]
    quality: BatchQuality


def drain(
    read_log: ReadLog,
    lake_dir: Path,
    quarantine_dir: Path,
    *,
    check_batch: CheckBatch,
    progress: Progress,
    batch_size: int = BATCH_SIZE,
) -> IngestReport:
    """Take in all events after the lake's position. One caller at a time: hold the writer's lock.

    `progress` is told the log's position after each commit. Raises `LakeDamaged`, `LogReplaced` where lake and log do not
    fit, `LakeUnwritable` where the disk refuses; what was committed before stays.
    """
    manifest, was_made_anew = _open(read_log, lake_dir, quarantine_dir)
    report = IngestReport(was_made_anew=was_made_anew)
    while events := _next_batch(read_log, manifest.through_seq, batch_size):
        judged = _judge(events, manifest.through_seq, check_batch)
        manifest = _commit(manifest, quarantine_dir, events, judged)
        report = _counted(report, events, judged)
        progress(manifest.through_seq)
    return replace(
        report,
        through_seq=manifest.through_seq,
        quarantined_in_all=sum(each.rows for each in manifest.quarantine),
    )


def start_anew(read_log: ReadLog, lake_dir: Path) -> None:
    """Empty the lake, so that the next drain makes it anew. Raises `LogReplaced` where the log does not hold all of it."""
    manifest = Manifest.load(lake_dir)
    _check_same_log(read_log, manifest)
    first = next(iter(read_log(0, 1)), None)
    begins = min((each.first_seq for each in manifest.segments), default=0)
    if first and manifest.segments and begins < first.seq:
        raise LogReplaced(
            lake_dir,
            f"the log begins with event {first.seq:,}, and the lake holds events from {begins:,} on",
        )
    Manifest(lake_dir=lake_dir, definitions=definitions(), generation=new_generation()).commit()


# --- before the first batch --------------------------------------------------------------------


def _open(read_log: ReadLog, lake_dir: Path, quarantine_dir: Path) -> tuple[Manifest, bool]:
    """The lake to go on with, without left-overs, and whether it starts anew because a definition changed.

    Its files are told by their sizes: hashing all of them at every refresh cost more the longer a shop lives.
    `Manifest.verify` does that, every night.
    """
    manifest = Manifest.load(lake_dir)
    for file in manifest.quarantine:
        check_size(lake_dir, quarantine_dir / file.path, file)
    _check_same_log(read_log, manifest)
    current = definitions()
    is_outdated = manifest.through_seq > 0 and manifest.definitions != current
    if is_outdated:
        manifest = Manifest(lake_dir=lake_dir, definitions=current, generation=new_generation())
        manifest.commit()
    sweep(manifest, quarantine_dir)
    generation = manifest.generation or new_generation()
    begun = {"definitions": current, "generation": generation}
    return manifest.model_copy(update=begun), is_outdated


def _check_same_log(read_log: ReadLog, manifest: Manifest) -> None:
    """Raise `LogReplaced` where the log does not have the last event that the lake took from it."""
    if manifest.through_seq == 0:
        return
    last = f"event {manifest.through_seq} ({manifest.through_id})"
    found = next(iter(read_log(manifest.through_seq - 1, 1)), None)
    if found is None:
        fault = f"the lake is ahead of the log: it holds {last}, and the log ends before it"
    elif (found.seq, str(found.id)) != (manifest.through_seq, manifest.through_id):
        fault = f"the lake was made from another log: it holds {last}, here stands event {found.seq} ({found.id})"
    else:
        return
    raise LogReplaced(manifest.lake_dir, fault)


def definitions() -> str:
    """A fingerprint of all that decides what an event becomes: payload models, tables, expectations."""
    parts = [
        [type_, model.family, model.schema_version, model.model_json_schema()]
        for type_, model in sorted(PAYLOADS.items())
    ]
    text = json.dumps([parts, payload_tables(), suites.fingerprint()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


# --- one batch ---------------------------------------------------------------------------------


def _next_batch(read_log: ReadLog, after: int, batch_size: int) -> list[RecordedEvent]:
    """The events that follow, bounded in number and in text."""
    events: list[RecordedEvent] = []
    characters = 0
    while len(events) < batch_size and characters < BATCH_CHARACTERS:
        more = read_log(after, min(_READ_SIZE, batch_size - len(events)))
        if not more:
            break
        events.extend(more)
        characters += sum(len(each.data) for each in more)
        after = more[-1].seq
    return events


def _judge(events: Sequence[RecordedEvent], after: int, check_batch: CheckBatch) -> _Judged:
    decoded = decode(events, after)
    quality = check_batch(decoded.frames)
    if not quality.failures:
        return _Judged(decoded.frames, decoded.rejected, quality)
    failed = [
        set_aside(event, "failed_check", "; ".join(quality.failures[event.seq]))
        for event in events
        if event.seq in quality.failures
    ]
    frames = {
        name: frame.filter(~pl.col("seq").is_in(list(quality.failures)))
        for name, frame in decoded.frames.items()
    }
    return _Judged(frames, (*decoded.rejected, *failed), quality)


def _commit(
    manifest: Manifest, quarantine_dir: Path, events: Sequence[RecordedEvent], judged: _Judged
) -> Manifest:
    """Write the batch's files, then the manifest that names them."""
    first_seq, last = manifest.through_seq + 1, events[-1]
    quarantine = manifest.quarantine
    if judged.quarantined:
        ordered = sorted(judged.quarantined, key=lambda each: each.seq)
        written = write_quarantine(quarantine_dir, ordered, first_seq, last.seq)
        quarantine = (*quarantine, written)
    for name, frame in judged.frames.items():
        if not frame.is_empty():
            segments = append_rows(manifest, tables()[name], frame, first_seq, last.seq)
            manifest = manifest.model_copy(update={"segments": segments})
    manifest = manifest.model_copy(
        update={"through_seq": last.seq, "through_id": str(last.id), "quarantine": quarantine}
    )
    manifest.commit()
    return manifest


def _counted(
    report: IngestReport, events: Sequence[RecordedEvent], judged: _Judged
) -> IngestReport:
    return replace(
        report,
        events=report.events + len(events),
        rows=_sum(report.rows, ((name, frame.height) for name, frame in judged.frames.items())),
        quarantined=_sum(report.quarantined, ((each.kind, 1) for each in judged.quarantined)),
        checks=merge_results(report.checks, judged.quality.results),
    )


def _sum(counts: Mapping[str, int], more: Iterable[tuple[str, int]]) -> dict[str, int]:
    total = Counter(counts)
    for name, number in more:
        total[name] += number
    return dict(total)
