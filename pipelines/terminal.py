"""Keeps from the terminal what the user is told in better words. It knows nothing of ours: a logger that is set up meanwhile holds
on to the filter for ever, and so would it to all that this module knows.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any, TextIO, cast


@contextmanager
def without_lines(beginning: str) -> Iterator[None]:
    """Leave out what is written to the terminal in lines of this beginning."""
    with redirect_stderr(cast("TextIO", _Filtered(sys.stderr, beginning))):
        yield


class _Filtered:
    def __init__(self, stream: TextIO, beginning: str) -> None:
        self._stream, self._beginning = stream, beginning

    def write(self, text: str) -> int:
        return len(text) if text.startswith(self._beginning) else self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
