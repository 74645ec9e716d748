"""Drains a pickled log as a process of its own, and kills itself before a given step on the lake's files.

    python draining.py LOG FOLDER STEP      (STEP 0: never; says how many steps there were)

A step is an open, rename, mkdir or removal below FOLDER: between any two of them the lake must be sound.
"""

import os
import pickle
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from pipelines.lake import segments
from pipelines.lake.ingest import drain
from pipelines.quality.results import BatchQuality

_EVENTS = {"open", "os.rename", "os.mkdir", "os.remove"}


def main(log_path: str, folder: str, fatal_step: str) -> None:
    steps = count(1)
    taken = 0

    def on_step(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal taken
        if event in _EVENTS and str(arguments[0]).startswith(folder):
            taken = next(steps)
            if taken == int(fatal_step):
                os.kill(os.getpid(), signal.SIGKILL)

    log = pickle.loads(Path(log_path).read_bytes())
    segments.SMALL_ROWS = 4  # so that joining small segments is killed too
    sys.addaudithook(on_step)
    drain(
        lambda after, limit: [event for event in log if event.seq > after][:limit],
        Path(folder) / "lake",
        Path(folder) / "quarantine",
        check_batch=lambda _: BatchQuality(),
        progress=lambda _: None,
        batch_size=7,
    )
    sys.stdout.write(str(taken))


if __name__ == "__main__":
    main(*sys.argv[1:])
