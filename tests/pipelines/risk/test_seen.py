"""Vectors are computed once: what comes later is added, what stands is not touched, and a changed definition makes all anew."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled_shop import START, apply, labelled_shop

from models.risk.features import NAMES
from pipelines.risk import seen
from pipelines.risk.seen import PARITY_RELATION, SEEN_RELATION, build_parity, build_seen
from pipelines.steps import relations, take_in
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.application import Retour

NAMED = {model.relation: model for model in relations()}


def read(relation: str) -> set[str]:
    """All relations that one is made from, itself included."""
    deps = {dep for dep in NAMED[relation].deps if dep in NAMED}
    return {relation}.union(*(read(dep) for dep in deps))


READ = read(seen.VECTORS_RELATION)


class Shop:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.retour: Retour = labelled_shop(settings, days=6)

    def refresh(self, warehouse: Warehouse) -> None:
        """Take in what the log has, and make all that vectors are computed from."""
        take_in(self.settings, self.retour, warehouse)
        for model in relations():
            if model.relation in READ:
                warehouse.build(model)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(Settings(var_dir=tmp_path / "var", warehouse=tmp_path / "warehouse.duckdb"))


@pytest.fixture
def warehouse(shop: Shop) -> Iterator[Warehouse]:
    with Warehouse.of(shop.settings, say=lambda _: None) as opened:
        shop.refresh(opened)
        build_seen(opened, NAMED)
        yield opened


def later(shop: Shop, warehouse: Warehouse, number: str, **assessed: object) -> str:
    """One more application, taken in."""
    rma = apply(shop.retour, number, START, **assessed)
    shop.refresh(warehouse)
    return rma


class TestSeen:
    def test_they_are_the_rows_of_the_view_to_the_last_bit(self, warehouse: Warehouse) -> None:
        rows = warehouse.query(f"select rma, vector from {SEEN_RELATION} order by rma")
        names = ", ".join(NAMES)
        view = warehouse.query(f"select rma, {names} from features.risk_vectors order by rma")

        assert len(rows) == 6 * 16
        assert [tuple(row["vector"]) for row in rows.iter_rows(named=True)] == view.drop(
            "rma"
        ).rows()

    def test_only_what_is_new_is_computed(self, shop: Shop, warehouse: Warehouse) -> None:
        rma = later(shop, warehouse, "new")

        built = build_seen(warehouse, NAMED)

        assert (built.how, built.touched, built.rows) == ("incremental", 1, 6 * 16 + 1)
        assert rma in warehouse.query(f"select rma from {SEEN_RELATION}")["rma"]
        assert build_seen(warehouse, NAMED).how == "unchanged"

    def test_a_changed_definition_makes_all_anew(
        self, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(seen, "_source", lambda: "another text")

        assert build_seen(warehouse, NAMED).touched == 6 * 16

    def test_in_parts_they_are_the_same(
        self, shop: Shop, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = warehouse.query(f"select * from {SEEN_RELATION} order by rma")
        monkeypatch.setattr(seen, "_AT_ONCE", 7)
        warehouse.distrust(SEEN_RELATION)

        build_seen(warehouse, NAMED)

        assert warehouse.query(f"select * from {SEEN_RELATION} order by rma").equals(whole)


class TestParity:
    def test_every_assessment_is_compared_once(self, shop: Shop, warehouse: Warehouse) -> None:
        first = build_parity(warehouse, NAMED[PARITY_RELATION])
        later(shop, warehouse, "new")
        build_seen(warehouse, NAMED)

        second = build_parity(warehouse, NAMED[PARITY_RELATION])

        assert (first.touched, second.touched) == (6 * 16, 1)
        found = seen.parity(warehouse)
        assert (found.assessments, found.differing, found.missing) == (6 * 16 + 1, 0, 0)

    def test_an_assessment_that_was_not_compared_keeps_parity_from_holding(
        self, shop: Shop, warehouse: Warehouse
    ) -> None:
        build_parity(warehouse, NAMED[PARITY_RELATION])
        later(shop, warehouse, "new")

        found = seen.parity(warehouse)

        assert (found.missing, found.holds) == (1, False)

    @pytest.mark.parametrize(
        ("value", "differs"), [(1.0, False), (1.0 + 2**-52, True), (None, True)]
    )
    def test_a_field_that_differs_in_the_last_bit_is_told(
        self, shop: Shop, warehouse: Warehouse, value: float | None, differs: bool
    ) -> None:
        told = [{"name": "units", "value": value}, {"name": "not one of ours", "value": 5.0}]
        rma = later(shop, warehouse, "odd", features=told)
        build_seen(warehouse, NAMED)

        build_parity(warehouse, NAMED[PARITY_RELATION])

        (row,) = warehouse.query(f"select * from {PARITY_RELATION} where rma = '{rma}'").to_dicts()
        assert (row["compared"], row["differing"]) == (1, int(differs))
        assert row["field"] == ("units" if differs else None)
        assert seen.parity(warehouse).holds is not differs

    @pytest.mark.parametrize(
        ("zone", "hour", "compared", "differing"),
        [
            ("UTC", 8.0, 1, 0),
            ("UTC", 16.0, 1, 1),
            ("Asia/Shanghai", 16.0, 1, 0),
            ("Asia/Shanghai", 8.0, 1, 1),
            (None, 16.0, 0, 0),
        ],
    )
    def test_an_hour_is_that_of_the_zone_which_the_shop_had_then(
        self,
        shop: Shop,
        warehouse: Warehouse,
        zone: str | None,
        hour: float,
        compared: int,
        differing: int,
    ) -> None:
        told = [{"name": "hour", "value": hour}]
        rma = later(shop, warehouse, "moved", features=told, timezone=zone)
        build_seen(warehouse, NAMED)

        build_parity(warehouse, NAMED[PARITY_RELATION])

        (row,) = warehouse.query(f"select * from {PARITY_RELATION} where rma = '{rma}'").to_dicts()
        assert (row["compared"], row["differing"]) == (compared, differing)

    @given(st.floats(allow_nan=False) | st.none(), st.floats(allow_nan=False) | st.none())
    def test_values_are_the_same_where_their_bits_are(
        self, one: float | None, other: float | None
    ) -> None:
        rows = pl.DataFrame(
            {"logged": [one], "recomputed": [other]},
            schema={"logged": pl.Float64, "recomputed": pl.Float64},
        )

        assert seen._marked(rows)["differs"][0] is (repr(one) != repr(other))
