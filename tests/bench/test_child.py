"""A measurement in a process of its own counts that process alone."""

from operator import mul
from pathlib import Path

import pytest

from bench.child import in_own_process


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells a process's own peak"
)
def test_the_peak_is_that_of_the_work_and_not_of_whoever_asked() -> None:
    held = b"x" * 2**29

    little, much = in_own_process(len, "four"), in_own_process(mul, b"x", 2**28)

    assert (little.answer, len(much.answer)) == (4, len(held) // 2)
    assert little.peak_gib < 0.25 < much.peak_gib < 0.5


def test_what_the_work_prints_is_no_answer(capfd: pytest.CaptureFixture[str]) -> None:
    assert in_own_process(print, "on the way").answer is None

    assert "on the way" in capfd.readouterr().err
