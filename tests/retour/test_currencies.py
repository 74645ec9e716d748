import re
from pathlib import Path

import pytest

import retour
from retour.currencies import decimals_of

ROOT = Path(retour.__path__[0]).parent


class TestDecimalsOf:
    @pytest.mark.parametrize(
        ("decimals", "currencies"),
        [
            (0, ["JPY", "KRW", "CLP", "ISK", "VND", "XOF"]),
            (2, ["EUR", "CNY", "RSD", "ALL", "IRR", "AFN", "LBP", "MMK", "LAK", "MGA", "YER", "SYP", "HUF"]),
            (3, ["KWD", "BHD", "IQD", "TND"]),
            (4, ["CLF"]),
            (2, ["XXX"]),
        ],
    )  # fmt: skip
    def test_are_those_of_iso_4217(self, decimals: int, currencies: list[str]) -> None:
        assert {each: decimals_of(each) for each in currencies} == dict.fromkeys(
            currencies, decimals
        )

    def test_nobody_asks_for_the_digits_that_people_write(self) -> None:
        """An amount of ours that is scaled by those is a hundred times too much in Belgrade."""
        folders = ("retour", "service", "simulator", "models", "pipelines", "dashboards", "bench")
        asking = [
            path.name
            for folder in folders
            for path in (ROOT / folder).rglob("*.py")
            if re.search(r"get_currency_precision(,|\(|$)", path.read_text(), re.MULTILINE)
        ]

        assert asking == []
