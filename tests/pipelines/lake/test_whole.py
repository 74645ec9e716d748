from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.lake.decode import decode
from pipelines.lake.ingest import definitions
from pipelines.lake.manifest import LakeUnwritable, Manifest
from pipelines.lake.tables import tables
from pipelines.lake.whole import WholeLake
from service.domain.events import RecordedEvent

CUT = 30


def written(folder: Path, log: Sequence[RecordedEvent], *, segment_rows: int = 5) -> Manifest:
    """A lake of this log, taken in batches."""
    with WholeLake(folder, segment_rows=segment_rows) as lake:
        for begin in range(0, len(log), CUT):
            batch = log[begin : begin + CUT]
            lake.add(decode(batch, begin).frames, batch[-1].seq)
        return lake.commit(log[-1].seq, log[-1].id)


def rows(manifest: Manifest, name: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in manifest.files(name)])


class TestWholeLake:
    def test_it_holds_the_rows_that_a_drain_would_have_made_as_the_same_types(
        self, tmp_path: Path, log: Sequence[RecordedEvent]
    ) -> None:
        manifest = written(tmp_path, log)

        expected = {name: frame for name, frame in decode(log, 0).frames.items() if frame.height}
        assert {each.table for each in manifest.segments} == set(expected)
        for name, frame in expected.items():
            assert rows(manifest, name).equals(frame), name
            assert rows(manifest, name).schema == frame.schema

    def test_words_of_closed_lists_and_columns_without_a_value_are_read_as_their_types(
        self, tmp_path: Path, log: Sequence[RecordedEvent]
    ) -> None:
        decoded = decode(log, 0).frames
        name = "return_authorized"
        told = decoded[name].with_columns(
            pl.col("mode").cast(pl.Enum(["rule", "reviewer", "deadline"])),
            pl.Series("corrects", [None] * decoded[name].height, dtype=pl.Null),
            pl.Series("model_version", [None] * decoded[name].height, dtype=pl.Null),
        )
        with WholeLake(tmp_path) as lake:
            lake.add({name: told}, log[-1].seq)
            manifest = lake.commit(log[-1].seq, log[-1].id)

        assert rows(manifest, name).schema == tables()[name].polars_schema
        with duckdb.connect() as connection:
            described = connection.execute(
                "describe select * from read_parquet($paths)",
                {"paths": [str(path) for path in manifest.files(name)]},
            ).fetchall()
        assert {row[0]: row[1] for row in described} == tables()[name].duckdb_types

    def test_its_manifest_is_sound_and_says_what_each_segment_covers(
        self, tmp_path: Path, log: Sequence[RecordedEvent]
    ) -> None:
        written(tmp_path, log)
        manifest = Manifest.load(tmp_path)

        manifest.verify()
        assert (manifest.through_seq, manifest.through_id) == (log[-1].seq, log[-1].id)
        assert manifest.definitions == definitions()
        for name in {each.table for each in manifest.segments}:
            mine = [each for each in manifest.segments if each.table == name]
            assert mine[0].first_seq == 1
            for before, after in pairwise(mine):
                assert after.first_seq == before.last_seq + 1
            for each in mine:
                seqs = pl.read_parquet(tmp_path / each.path)["seq"]
                assert each.rows == len(seqs)
                assert seqs.is_sorted()
                assert seqs.is_between(each.first_seq, each.last_seq).all()

    def test_without_commit_there_is_no_lake(
        self, tmp_path: Path, log: Sequence[RecordedEvent]
    ) -> None:
        with WholeLake(tmp_path, segment_rows=1) as lake:
            lake.add(decode(log, 0).frames, log[-1].seq)

        assert list(tmp_path.rglob("*.parquet"))
        assert Manifest.load(tmp_path).through_seq == 0

    def test_a_disk_that_refuses_is_told_of(
        self, tmp_path: Path, log: Sequence[RecordedEvent]
    ) -> None:
        (tmp_path / "order").write_text("a file where a folder must be")

        with pytest.raises(LakeUnwritable, match="order"):
            written(tmp_path, log)

    def test_many_rare_events_do_not_wait_in_memory_for_ever(
        self, tmp_path: Path, log: Sequence[RecordedEvent], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("pipelines.lake.whole._HELD_ROWS", 10)
        monkeypatch.setattr("pipelines.lake.whole.SMALL_ROWS", 2)

        manifest = written(tmp_path, log, segment_rows=1_000)

        assert len([each for each in manifest.segments if each.table == "order_placed_lines"]) > 1
        assert rows(manifest, "order_placed_lines").equals(
            decode(log, 0).frames["order_placed_lines"]
        )
