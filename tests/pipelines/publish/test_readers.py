"""While publications follow each other, a reader that opens the manifest finds one of them, whole.

A reader may take half an hour: until then its files stay.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from pipelines.publish.manifest import Publication
from retour.settings import Settings

ROUNDS = 25


def read(folder: Path) -> tuple[str, str]:
    """What letters and numbers a reader sees, each as one word."""
    publication = Publication.load(folder)
    assert publication
    with duckdb.connect() as connection:
        return tuple(  # type: ignore[return-value]
            _word(connection, [str(folder / file.path) for file in publication.marts[mart].files])
            for mart in ("letters", "numbers")
        )


def _word(connection: duckdb.DuckDBPyConnection, paths: list[str]) -> str:
    row = connection.execute(
        "select string_agg(k, '' order by n) from read_parquet($paths)", {"paths": paths}
    ).fetchone()
    assert row
    return str(row[0])


class TestReaders:
    def test_see_one_publication_or_the_next_and_never_halves(
        self, publish_rows: Callable[..., Any], settings: Settings
    ) -> None:
        publish_rows(letters="a" * 3, numbers="1" * 3)
        seen: list[tuple[str, str]] = []
        faults: list[BaseException] = []
        is_over, has_read = threading.Event(), threading.Semaphore(0)

        def keep_reading() -> None:
            try:
                while not is_over.is_set():
                    seen.append(read(settings.published_dir))
                    has_read.release()
            except BaseException as fault:
                faults.append(fault)
                has_read.release(ROUNDS)

        reader = threading.Thread(target=keep_reading)
        reader.start()
        for number in range(1, ROUNDS):
            letter, digit = chr(ord("a") + number), chr(ord("1") + number)
            publish_rows(letters=letter * 3, numbers=digit * 3)
            while has_read.acquire(blocking=False):
                pass  # what was read before this publication
            assert has_read.acquire(timeout=60)
        is_over.set()
        reader.join()

        assert faults == []
        pairs = {(chr(ord("a") + n) * 3, chr(ord("1") + n) * 3) for n in range(ROUNDS)}
        assert set(seen) <= pairs
        assert len(set(seen)) > 1
        assert seen == sorted(seen)  # never back to an older one
