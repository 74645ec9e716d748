"""A disk that fills up under lake and warehouse: a small one of its own, really full."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from small_disk import fill, small_disk
from toy_shop import order, write_toy_shop

from pipelines.lake.manifest import LakeUnwritable, Manifest
from pipelines.warehouse.lock import WarehouseUnwritable
from pipelines.warehouse.models import SqlModel, load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings

Rows = Mapping[str, list[tuple[Any, ...]]]
SIZE = 24 * 1024 * 1024
WAY_OUT = r"free space.*run `retour refresh`"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", SIZE) as folder:
        yield folder


class TestAFullDiskUnderTheWarehouse:
    @pytest.fixture
    def settings(self, settings: Settings, disk: Path) -> Settings:
        return settings.model_copy(update={"warehouse": disk / "warehouse.duckdb"})

    def test_is_named_and_each_relation_is_as_before_or_as_it_should_be(
        self, settings, disk, write, sql_dir, take_in, record, tmp_path
    ):
        """With ever more room: full as the lake is shown, as a relation is written, and as it is committed."""
        write_toy_shop(write)
        models = load_models(sql_dir)
        told = [order(n, f"cus_{n}", quantities=(2,) * 9) for n in range(1500)]
        log = [record(seq, payload, **said) for seq, (payload, said) in enumerate(told, 1)]
        take_in(log[:9])
        before = built(settings, models)
        take_in(log)
        after = built(settings.model_copy(update={"warehouse": tmp_path / "anew.duckdb"}), models)

        refusals = list(refused(settings, models, disk, (before, after)))
        assert refusals
        assert all(
            re.search(rf"cannot write {disk}/warehouse.*{WAY_OUT}", each) for each in refusals
        )
        assert built(settings, models) == after


def refused(
    settings: Settings, models: Sequence[SqlModel], disk: Path, may_stand: Sequence[Rows]
) -> Iterator[str]:
    """What is said with ever more room on the disk, until there is enough; each relation must be one of two after it."""
    for room in range(0, SIZE, 64 * 1024):
        ballast = fill(disk, leave=room)
        try:
            built(settings, models)
        except WarehouseUnwritable as told:
            yield str(told)
        else:
            return
        finally:
            ballast.unlink()
        for relation, found in rows(settings, models).items():
            assert found in [each[relation] for each in may_stand]


def built(settings: Settings, models: Sequence[SqlModel]) -> Rows:
    with Warehouse.of(settings, say=lambda _: None) as warehouse:
        for model in models:
            warehouse.build(model)
    return rows(settings, models)


def rows(settings: Settings, models: Sequence[SqlModel]) -> Rows:
    with Warehouse.of(settings, say=lambda _: None) as warehouse:
        return {
            model.relation: sorted(warehouse.query(f"from {model.relation}").rows(), key=repr)
            for model in models
            if model.header.refresh != "view"
        }


class TestAFullDiskUnderTheLake:
    @pytest.fixture
    def settings(self, settings: Settings, disk: Path) -> Settings:
        return settings.model_copy(update={"var_dir": disk})

    def test_is_named_and_the_lake_holds_what_was_committed(self, settings, disk, take_in, log):
        take_in(log[:20])
        before = Manifest.load(settings.lake_dir)
        ballast = fill(disk, leave=8 * 1024)
        with pytest.raises(LakeUnwritable, match=rf"cannot write {disk}/lake/.*{WAY_OUT}"):
            take_in(log)
        assert Manifest.load(settings.lake_dir) == before
        before.verify()
        assert not list(settings.lake_dir.rglob("*.draft"))
        ballast.unlink()
        take_in(log)
        assert Manifest.load(settings.lake_dir).through_seq == len(log)
