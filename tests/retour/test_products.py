"""The supplier's report: right rows, readable by a spreadsheet, and harmless to it."""

import csv
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from published_shop import problems, write_marts
from typer.testing import CliRunner

from retour.cli import app
from retour.errors import UserError
from retour.spreadsheet import csv_text

BOM = "\ufeff"


def flags(dismissed: str = "") -> pl.DataFrame:
    """A flag on each of four products; the second one's is explained by a batch."""
    skus = [f"SKU-{number}" for number in range(4)]
    return pl.DataFrame(
        {
            "flag_id": [f"f-{sku}" for sku in skus],
            "sku": skus,
            "status": ["dismissed" if sku == dismissed else "flagged" for sku in skus],
            "flagged_at": [datetime(2026, 3, 1)] * 4,  # noqa: DTZ001  # UTC, as published
            "stream": ["defect"] * 4,
            "culprit_dimension": [None, "lot", "region", None],
            "culprit_value": [None, "L2", "DE", None],
        }
    )


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETOUR_VAR_DIR", str(tmp_path / "var"))
    return tmp_path / "var" / "published"


def report(folder: Path, *options: str) -> list[Path]:
    """The files that the command writes."""
    into = folder / "reports"
    run = CliRunner().invoke(app, ["products", "supplier-report", "--into", str(into), *options])
    if run.exception:
        raise run.exception
    return [Path(line) for line in run.output.splitlines()]


def rows_of(path: Path) -> list[dict[str, str]]:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(BOM)
    return list(csv.DictReader(text.removeprefix(BOM).splitlines()))


class TestSupplierReport:
    def test_has_the_vendors_flagged_products_with_most_excess_first(
        self, published: Path, tmp_path: Path
    ) -> None:
        write_marts(published, {"problem_skus": problems(3), "product_flags": flags()})

        (path,) = report(tmp_path, "--vendor", "Lumen")

        rows = rows_of(path)
        assert [row["sku"] for row in rows] == ["SKU-2", "SKU-1"]
        assert rows[1] == {
            "vendor": "Lumen", "sku": "SKU-1", "title": "Thing number 1", "category": "Kitchen",
            "since": "2026-01-05", "units_sold": "100", "units_returned": "30", "units_expected": "10.0",
            "excess_units": "20.0", "lift": "3.0", "lot": "2026-02", "cause": "defect", "currency": "EUR",
            "money_at_risk": "20.0",
        }  # fmt: skip
        assert rows[0]["lot"] == ""  # a region explains it, no batch

    def test_leaves_out_what_a_buyer_dismissed(self, published: Path, tmp_path: Path) -> None:
        write_marts(published, {"problem_skus": problems(3), "product_flags": flags("SKU-1")})

        (path,) = report(tmp_path, "--vendor", "Lumen")

        assert [row["sku"] for row in rows_of(path)] == ["SKU-2"]

    def test_is_a_file_each_where_no_vendor_is_named(self, published: Path, tmp_path: Path) -> None:
        two = problems(3).with_columns(
            vendor=pl.Series(["a/b", "a:b", "Lumen", None], dtype=pl.String)
        )
        write_marts(published, {"problem_skus": two, "product_flags": flags()})

        paths = report(tmp_path)

        assert len(set(paths)) == 3
        assert [row["vendor"] for path in paths for row in rows_of(path)] == ["Lumen", "a/b", "a:b"]

    def test_of_an_unknown_vendor_says_who_is_known(self, published: Path, tmp_path: Path) -> None:
        write_marts(published, {"problem_skus": problems(3), "product_flags": flags()})

        with pytest.raises(UserError, match=r"vendor 'Nobody' is flagged.*: Lumen"):
            report(tmp_path, "--vendor", "Nobody")

    def test_needs_a_refresh_first(self, published: Path, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="retour refresh"):
            report(tmp_path)

    def test_says_where_it_could_not_be_written(self, published: Path, tmp_path: Path) -> None:
        write_marts(published, {"problem_skus": problems(3), "product_flags": flags()})
        (tmp_path / "reports").write_text("a file, no folder")

        with pytest.raises(UserError, match="--into"):
            report(tmp_path)


class TestCsvText:
    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
    def test_a_text_that_would_be_computed_is_told_as_text(self, text: str) -> None:
        told = csv_text(pl.DataFrame({"title": [text, "plain", None], "number": [-1, 2, 3]}))

        rows = list(csv.reader(told.removeprefix(BOM).splitlines(keepends=True)))
        assert rows[1][0] == f"'{text}"
        assert rows[1][1] == "-1"
        assert rows[2:] == [["plain", "2"], ["", "3"]]

    def test_a_moment_carries_its_zone(self) -> None:
        rows = pl.DataFrame({"at": [datetime(2026, 3, 1, 20, 5), None]})  # noqa: DTZ001  # UTC, as marts have it

        assert csv_text(rows) == f"{BOM}at\n2026-03-01T20:05:00.000000Z\n\n"

    def test_rows_without_a_text_are_rows_too(self) -> None:
        assert csv_text(pl.DataFrame({"number": [-1]})) == f"{BOM}number\n-1\n"
