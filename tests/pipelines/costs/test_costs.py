from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.costs import (
    BadCosts,
    CostRate,
    cost_rates,
    costs_in_force,
    costs_text_in_force,
    default_costs,
    default_text,
    read_costs,
)
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings

Change = Callable[[str, str], Path]


@pytest.fixture
def change(tmp_path: Path) -> Change:
    """Writes the built-in rates with one change into costs.toml."""

    def changed(before: str, after: str) -> Path:
        text = default_text()
        assert text.count(before) >= 1
        path = tmp_path / "costs.toml"
        path.write_text(text.replace(before, after, 1), encoding="utf-8")
        return path

    return changed


class TestReadCosts:
    def test_the_built_in_text_reads_as_the_built_in_rates(self, change: Change) -> None:
        assert read_costs(change("restock = 5", "restock = 5")) == default_costs()

    def test_a_files_own_words_count(self, change: Change) -> None:
        assert read_costs(change("restock = 5", "restock = 8")).write_down.restock == 8

    @pytest.mark.parametrize(
        ("before", "after", "line", "told"),
        [
            ("restock = 5", "restock = 101", "restock", "write_down.restock is 101; it must be 0 to 100"),
            ("restock = 5", "", "[write_down]", "write_down.restock is missing; `retour costs show` prints a whole cost file"),
            ("restock = 5", "restock = 5\nresell = 5", "resell", "write_down.resell is not known; known there are restock"),
            ("EUR = 690", "EUR = 100001", "pickup", "freight.pickup.EUR is 100001; it must be 0 to 100,000"),
            ("EUR = 690", "EUR = 6.90", "pickup", "freight.pickup.EUR is 6.9; it must be a whole number"),
            ("EUR = 690", "euro = 690", "pickup", 'freight.pickup.euro is "euro"; it must be three capital letters'),
        ],
    )  # fmt: skip
    def test_it_names_file_line_key_and_what_is_allowed(
        self, change: Change, before: str, after: str, line: str, told: str
    ) -> None:
        path = change(before, after)
        rows = path.read_text().splitlines()
        number = 1 + next(place for place, row in enumerate(rows) if row.startswith(line))

        with pytest.raises(BadCosts) as refused:
            read_costs(path)

        assert str(refused.value).startswith(f"{path}:{number}: {told}")

    def test_a_file_that_is_not_there_is_named_with_the_way_out(self, tmp_path: Path) -> None:
        with pytest.raises(BadCosts, match=r"cost file .*none\.toml.*leave RETOUR_COSTS empty"):
            read_costs(tmp_path / "none.toml")


class TestCostRates:
    def test_are_a_row_for_each_amount_and_percentage(self) -> None:
        rates = cost_rates(default_costs())

        assert CostRate("freight", "pickup", "EUR", 690, None) in rates
        assert CostRate("handling", "full", "JPY", 600, None) in rates
        assert CostRate("write_down", "recycle", None, None, 100) in rates
        assert len({(rate.kind, rate.word, rate.currency) for rate in rates}) == len(rates) == 44


class TestInForce:
    def test_is_the_file_of_the_setting_else_the_built_in_one(
        self, settings: Settings, change: Change
    ) -> None:
        path = change("restock = 5", "restock = 8")
        own = settings.model_copy(update={"costs": str(path)})

        assert costs_in_force(settings) == default_costs()
        assert costs_text_in_force(settings) == default_text()
        assert costs_in_force(own).write_down.restock == 8
        assert costs_text_in_force(own) == path.read_text()


_PERCENT = "select percent from meta.cost_rates where kind = 'write_down' and word = 'restock'"


class TestInTheWarehouse:
    def test_the_rates_stand_where_sql_reads_them(self, settings: Settings) -> None:
        with Warehouse.of(settings) as warehouse:
            rows = warehouse.query("select * from meta.cost_rates").rows()

        assert sorted(rows, key=str) == sorted(map(tuple, cost_rates(default_costs())), key=str)

    def test_another_file_changes_them_and_what_was_made_of_them(
        self, settings: Settings, change: Change
    ) -> None:
        own = settings.model_copy(update={"costs": str(change("restock = 5", "restock = 8"))})
        seen = []
        for each in (settings, settings, own):
            with Warehouse.of(each) as warehouse:
                standing = warehouse.standing("meta.cost_rates").fingerprint
                seen.append((warehouse.query(_PERCENT).item(), standing))

        assert [percent for percent, _ in seen] == [5, 5, 8]
        assert seen[0][1] == seen[1][1] != seen[2][1]

    def test_a_bad_file_stops_the_run_before_anything_is_touched(
        self, settings: Settings, change: Change
    ) -> None:
        bad = settings.model_copy(update={"costs": str(change("restock = 5", "restock = -1"))})

        with pytest.raises(BadCosts, match=r"write_down\.restock is -1"):
            Warehouse.of(bad)
        assert not settings.warehouse.exists()
