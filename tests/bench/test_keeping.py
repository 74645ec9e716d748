"""What was found before an interruption is not worked out again, and nothing of other code is taken for it."""

from pathlib import Path

import polars as pl
import pytest

from bench.keeping import kept, made_from, opened


def test_a_piece_is_worked_out_once(tmp_path: Path) -> None:
    asked: list[int] = []

    def work(number: int) -> pl.DataFrame:
        asked.append(number)
        return pl.DataFrame({"double": [2 * number]})

    path = tmp_path / "one.parquet"
    assert kept(path, work, 4).item() == 8
    assert kept(path, work, 4).item() == 8
    assert asked == [4]


def test_a_piece_that_failed_leaves_nothing(tmp_path: Path) -> None:
    def fails() -> pl.DataFrame:
        raise ArithmeticError("half done")

    with pytest.raises(ArithmeticError, match="half done"):
        kept(tmp_path / "one.parquet", fails)
    assert opened(tmp_path, "code") == 0


def test_what_other_code_found_is_removed(tmp_path: Path) -> None:
    assert opened(tmp_path / "work", "code") == 0
    kept(tmp_path / "work" / "one.parquet", lambda: pl.DataFrame({"found": [1]}))
    (tmp_path / "work" / "two.part").write_bytes(b"cut short")
    assert opened(tmp_path / "work", "code") == 1
    assert opened(tmp_path / "work", "other code") == 0
    assert [file.name for file in (tmp_path / "work").iterdir()] == ["made-from"]


def test_a_hash_tells_of_code_and_of_what_was_given() -> None:
    assert made_from(["bench/risk"], 1) == made_from(["bench/risk"], 1)
    assert made_from(["bench/risk"], 1) != made_from(["bench/risk"], 2)
    assert made_from(["bench/risk"], 1) != made_from(["bench/risk", "models/risk"], 1)
