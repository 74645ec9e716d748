from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.costs import default_text
from retour.cli import app
from retour.errors import UserError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(default_text())
    return path


def test_show_prints_the_file_in_force(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(app, ["costs", "show"]).stdout == default_text()

    file.write_text(default_text().replace("restock = 5", "restock = 8"))
    monkeypatch.setenv("RETOUR_COSTS", str(file))

    assert CliRunner().invoke(app, ["costs", "show"]).stdout == file.read_text()


def test_check_says_that_a_file_is_sound_and_what_it_holds(file: Path) -> None:
    answer = CliRunner().invoke(app, ["costs", "check", str(file)])

    assert answer.exit_code == 0
    assert answer.stdout == (f"{file} is sound: 44 rates, amounts in CNY, EUR, GBP, JPY, USD\n")


def test_check_names_the_line_of_a_fault(file: Path) -> None:
    file.write_text(default_text().replace("restock = 5", "restock = 500"))

    answer = CliRunner().invoke(app, ["costs", "check", str(file)])

    assert isinstance(answer.exception, UserError)
    assert "write_down.restock is 500; it must be 0 to 100" in str(answer.exception)
