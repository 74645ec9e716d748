"""A lake that is not what its manifest says: named, never read as if it were whole, and made again from the log."""

import json
import re
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from unprivileged import unprivileged

from pipelines.lake.manifest import LakeDamaged, LakeUnwritable, LogReplaced
from retour.errors import UserError
from service.domain.events import RecordedEvent

Log = Sequence[RecordedEvent]
Lake = Any


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def rewrite(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.fixture
def made(lake: Lake, mixed_log: Log) -> Lake:
    """A lake that has taken in most of a log."""
    lake.drain(mixed_log[:30])
    return lake


class TestDamagedLake:
    @pytest.mark.parametrize(
        ("harm", "told"),
        [
            (
                lambda lake: truncate(lake.manifest.files("order_placed")[0]),
                r"000000000001-\d{12}\.parquet has \d+ bytes; it was written with \d+",
            ),
            (
                lambda lake: flip_a_byte(lake.manifest.files("return_closed")[0]),
                r"return\.closed/\d{12}-\d{12}\.parquet has changed since it was written",
            ),
            (
                lambda lake: lake.manifest.files("order_placed_lines")[0].unlink(),
                r"order/order\.placed/lines/\d{12}-\d{12}\.parquet is missing, though .*manifest\.json lists it",
            ),
            (
                lambda lake: (lake.quarantine_dir / lake.manifest.quarantine[0].path).unlink(),
                r"quarantine/\d{12}-\d{12}\.jsonl is missing",
            ),
            (
                lambda lake: rewrite(lake.manifest_path, format=2),
                r"manifest\.json has format 2, this Retour reads 1",
            ),
            (
                lambda lake: lake.manifest_path.write_text("[]"),
                r"manifest\.json has format None",
            ),
            (
                lambda lake: truncate(lake.manifest_path),
                r"manifest\.json is not readable JSON",
            ),
            (
                lambda lake: lake.manifest_path.write_bytes(b"\xff\xfe"),
                r"manifest\.json is not readable JSON",
            ),
            (
                lambda lake: rewrite(lake.manifest_path, through_seq="many"),
                r"manifest\.json: through_seq: Input should be a valid integer",
            ),
            (
                lambda lake: rewrite(lake.manifest_path, through_seq=99),
                r"the lake is ahead of the log: it holds event 99",
            ),
            (
                lambda lake: rewrite(lake.manifest_path, through_id="another"),
                r"the lake was made from another log: it holds event 32 \(another\), here stands event 32",
            ),
        ],
    )
    def test_is_named_with_the_way_out_and_the_way_out_works(
        self, harm: Callable[[Lake], None], told: str, made: Lake, mixed_log: Log
    ) -> None:
        harm(made)
        with pytest.raises((LakeDamaged, LogReplaced), match=told) as damaged:
            made.drain(mixed_log)
        assert re.search(
            rf"(Delete|move) {made.lake_dir}/ .*run `retour refresh`", str(damaged.value)
        )
        shutil.rmtree(made.lake_dir)
        made.drain(mixed_log)
        assert made.manifest.through_seq == mixed_log[-1].seq
        made.manifest.verify()

    def test_a_log_that_ends_before_the_lake_is_told(self, made: Lake, mixed_log: Log) -> None:
        with pytest.raises(LogReplaced, match=r"ahead of the log.*RETOUR_DATABASE_URL.*backup"):
            made.drain(mixed_log[:10])
        with pytest.raises(LogReplaced, match=r"ahead of the log"):
            made.drain([])

    def test_another_log_of_the_same_length_is_told(self, made: Lake, mixed_log: Log) -> None:
        other = [replace(event, id=f"other-{event.seq}") for event in mixed_log]
        with pytest.raises(LogReplaced, match=r"another log.*other-32"):
            made.drain(other)

    def test_nothing_is_changed_in_a_lake_that_is_refused(self, made: Lake, mixed_log: Log) -> None:
        files = made.files()
        with pytest.raises(LogReplaced):
            made.drain(mixed_log[:10])
        assert made.files() == files

    def test_a_flipped_byte_in_what_is_not_written_anew_is_found_by_verifying(
        self, made: Lake, mixed_log: Log
    ) -> None:
        flip_a_byte(made.manifest.files("order_placed")[0])
        made.drain(mixed_log[:30])
        with pytest.raises(LakeDamaged, match=r"order\.placed/.*has changed since it was written"):
            made.manifest.verify()

    def test_verifying_reads_the_quarantine_too(self, made: Lake) -> None:
        made.manifest.verify(made.quarantine_dir)
        flip_a_byte(made.quarantine_dir / made.manifest.quarantine[0].path)
        made.manifest.verify()
        with pytest.raises(LakeDamaged, match=r"\.jsonl has changed since it was written"):
            made.manifest.verify(made.quarantine_dir)

    def test_a_flipped_byte_is_found_by_verifying(self, made: Lake) -> None:
        made.manifest.verify()
        flip_a_byte(made.manifest.files("order_placed")[0])
        with pytest.raises(
            LakeDamaged, match=r"order\.placed/.*\.parquet has changed since it was writ"
        ):
            made.manifest.verify()


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The operating system refuses longer writes, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestUnwritable:
    @pytest.fixture
    def read_only(self) -> Iterator[Path]:
        """A folder that everybody may look into and nobody may change."""
        folder = Path(tempfile.mkdtemp())
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
        shutil.rmtree(folder)

    def test_a_read_only_folder_is_named(
        self, read_only: Path, lake_in: Callable[[Path], Lake], log: Log
    ) -> None:
        lake = lake_in(read_only)
        with (
            unprivileged(),
            pytest.raises(LakeUnwritable, match=r"cannot write .*lake.*\(Permission denied"),
        ):
            lake.drain(log)
        assert list(read_only.iterdir()) == []

    def test_a_read_only_lake_can_be_read_and_drained_of_nothing(
        self, lake_in: Callable[[Path], Lake], log: Log
    ) -> None:
        folder = Path(tempfile.mkdtemp())
        folder.chmod(0o755)
        lake = lake_in(folder)
        lake.drain(log)
        for path in (*folder.rglob("*"), folder):
            path.chmod(0o555 if path.is_dir() else 0o444)
        with unprivileged():
            assert lake.drain(log).through_seq == len(log)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
        shutil.rmtree(folder)

    def test_a_file_in_the_place_of_the_lake_is_named(self, lake: Lake, log: Log) -> None:
        lake.lake_dir.write_text("")
        with pytest.raises(UserError, match=r"lake/manifest\.json \(Not a directory\)"):
            lake.drain(log)

    def test_a_disk_that_fills_up_leaves_the_lake_as_it_was(self, lake: Lake, log: Log) -> None:
        lake.drain(log[:20], batch_size=5)
        before = lake.content()
        with files_no_larger_than(2000), pytest.raises(LakeUnwritable, match=r"free space"):
            lake.drain(log)
        assert lake.content() == before
        lake.drain(log)
        assert lake.manifest.through_seq == len(log)
