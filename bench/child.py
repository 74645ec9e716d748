"""Work done in a process of its own, so that its peak memory is its own: nothing that was done before counts."""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a work answered, its seconds (the process's start left out), and the most memory it held (GiB; NaN without /proc)."""

    answer: Any
    seconds: float
    peak_gib: float


def in_own_process(work: Callable[..., Any], *arguments: object) -> Measured:
    """Do a work that can be named from outside, and wait for it. What it prints goes to stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.child"],
        input=pickle.dumps((work, arguments)),
        stdout=subprocess.PIPE,
        check=True,
    )
    measured: Measured = pickle.loads(done.stdout)
    return measured


def main() -> None:
    """The child: takes its work from stdin, answers on stdout."""
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        work, arguments = pickle.load(sys.stdin.buffer)
        started = time.perf_counter()
        answer = work(*arguments)
        seconds = time.perf_counter() - started
        from bench.child import Measured  # as the parent knows it: here we are `__main__`

        pickle.dump(Measured(answer, seconds, _peak_gib()), answers)


def _peak_gib() -> float:
    """The most that this process held at once. What getrusage tells begins with what its parent held."""
    if not _STATUS.exists():
        return float("nan")
    told = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return int(told["VmHWM"].split()[0]) / 2**20


if __name__ == "__main__":
    main()
