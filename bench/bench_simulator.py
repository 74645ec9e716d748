"""The practice shop: events a second through the real service and straight to the lake, and memory by length."""

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median

import polars as pl

from bench.figures import Figure, print_figures
from pipelines.lake.manifest import Manifest
from retour.assembly import open_database, open_retour
from retour.bulk import write_bulk
from retour.settings import Settings
from retour.simulate import simulate
from service.domain.events import RecordedEvent
from service.platform import log
from service.platform.db import Database, OpenTransaction
from simulator.scenario import Scenario

_RUNS = 3
_DAYS, _ORDERS_PER_DAY, _SEED = 60, 40.0, 7
_BULK_EVENTS = 10_000_000
_SHORT, _LONG = 30, 120
_MEMORY = """
import resource, sys
from pathlib import Path
from retour.bulk import write_bulk
from retour.settings import Settings
from retour.simulate import simulate
from simulator.scenario import Scenario

settings, days = Settings(var_dir=Path(sys.argv[1])), int(sys.argv[3])
if sys.argv[2] == "play":
    simulate(settings, Scenario(), days=days, orders_per_day=8, seed=7)
else:
    write_bulk(settings, Scenario(), seed=7, events=days * 10_000, days=days)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def run() -> list[Figure]:
    """Medians of several plays and bulk runs, each in a folder of its own."""
    plays = [_play() for _ in range(_RUNS)]
    bulks = [_bulk() for _ in range(_RUNS)]
    return [
        Figure("play: events through the real service", median(each[0] for each in plays), "1/s", "≥ 1,000"),
        Figure("appending the same events alone (baseline)", median(each[1] for each in plays), "1/s"),
        Figure("play ÷ appending alone, time", median(each[1] / each[0] for each in plays), "×"),
        Figure("bulk: events to the lake", median(each[0] for each in bulks), "1/s", "≥ 500,000"),
        Figure("writing the same frames alone (baseline)", median(each[1] for each in bulks), "1/s"),
        Figure("bulk ÷ writing alone, time", median(each[1] / each[0] for each in bulks), "×"),
        *(
            Figure(f"{what}: peak memory, {_LONG} days ÷ {_SHORT}", _memory(what, _LONG) / _memory(what, _SHORT), "×", "≈ 1")
            for what in ("play", "bulk")
        ),
    ]  # fmt: skip


def _play() -> tuple[float, float]:
    """Events a second of a play, and of appending what it appended, one event at a time in one transaction."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var_dir=Path(folder) / "play")
        seconds = _seconds(
            lambda: simulate(
                settings, Scenario(), days=_DAYS, orders_per_day=_ORDERS_PER_DAY, seed=_SEED
            )
        )
        events = open_retour(settings).read_log(0, 10_000_000)
        again = open_database(Settings(var_dir=Path(folder) / "again"), durable=False)
        return len(events) / seconds, len(events) / _seconds(lambda: _append(again, events))


def _append(db: Database, events: Sequence[RecordedEvent]) -> None:
    with db.write() as connection:
        joined = OpenTransaction(db, connection)
        for event in events:
            with joined.write() as inner:
                log.append_rows(inner, [event], may_be_known=False)


def _bulk() -> tuple[float, float]:
    """Events a second of the fast path, and of writing the frames that it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var_dir=Path(folder))
        seconds = _seconds(
            lambda: write_bulk(settings, Scenario(), seed=_SEED, events=_BULK_EVENTS)
        )
        events = Manifest.load(settings.lake_dir).through_seq
        frames = [pl.read_parquet(path) for path in settings.lake_dir.rglob("*.parquet")]
        return events / seconds, events / _seconds(lambda: _write(frames, Path(folder) / "again"))


def _write(frames: Sequence[pl.DataFrame], folder: Path) -> None:
    folder.mkdir()
    for number, frame in enumerate(frames):
        frame.write_parquet(folder / f"{number}.parquet")


def _memory(what: str, days: int) -> float:
    """Peak memory in kilobytes of a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        answer = subprocess.run(
            [sys.executable, "-c", _MEMORY, folder, what, str(days)],
            check=True,
            capture_output=True,
            text=True,
        )
    return float(answer.stderr.split()[-1])


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    with redirect_stdout(io.StringIO()):
        work()
    return time.perf_counter() - started


if __name__ == "__main__":
    print_figures(__doc__ or "", run())
