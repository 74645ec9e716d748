import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from service.policies import default_text

RETOUR = str(Path(sys.executable).with_name("retour"))
ORDERS = """\
order_id,ordered_at,sku,quantity,unit_price,customer,country,currency
1,2024-05-01 10:00:00,MUG,2,9.50,anna,United Kingdom,GBP
2,2024-05-02 10:00:00,POT,1,600.00,ben,United Kingdom,GBP
3,2024-05-03 10:00:00,MUG,1,9.50,clara,Germany,GBP
"""
RETURNS = """\
return_id,requested_at,sku,quantity,order_id,customer,unit_price
R1,2024-05-20 10:00:00,MUG,1,1,anna,9.50
R2,2024-05-04 10:00:00,POT,1,2,ben,600.00
R3,2024-05-16 10:00:00,MUG,1,3,clara,9.50
R4,2024-05-16 10:00:00,HAT,1,,dora,5.00
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a policy of fourteen days, my.toml."""
    text = default_text().replace("days = 30", "days = 14", 1)
    (tmp_path / "my.toml").write_text(text.replace("2026-11", "fortnight", 1))
    return tmp_path


def policy(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RETOUR, *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class TestCheck:
    def test_a_sound_policy_is_said_to_be_so_with_what_it_says(self, folder: Path) -> None:
        answer = policy(folder, "policy", "check", "my.toml")

        assert answer.returncode == 0, answer.stderr
        first, *rows = answer.stdout.splitlines()
        assert first == "policy fortnight is sound:"
        assert "14 days after delivery; what is later goes to a person" in rows[0]
        assert any("7 days in CN" in row for row in rows)
        assert any("500.00 EUR" in row for row in rows)
        (unscored,) = [
            row.split(maxsplit=3)[3] for row in rows if row.startswith("  no model yet ")
        ]
        assert unscored.startswith("of what the rules pass, by itself up to 25.00 EUR")
        assert "30.0% drawn by lot; the rest goes to a person" in unscored

    def test_a_fault_is_one_clear_line(self, folder: Path) -> None:
        text = (folder / "my.toml").read_text()
        (folder / "my.toml").write_text(text.replace('late = "review"', 'late = "maybe"'))
        line = text.splitlines().index('late = "review"') + 1

        answer = policy(folder, "policy", "check", "my.toml")

        assert answer.returncode == 1
        assert answer.stderr == (
            f'retour: my.toml:{line}: window.late is "maybe"; allowed are "review", "decline"\n'
        )


class TestShow:
    def test_what_it_prints_is_a_policy_and_the_one_in_force(self, folder: Path) -> None:
        built_in = policy(folder, "policy", "show")
        own = policy(folder, "policy", "show", RETOUR_POLICY="my.toml")

        assert built_in.stdout == default_text()
        assert own.stdout == (folder / "my.toml").read_text()

    def test_a_policy_in_force_that_cannot_be_used_stops_every_command(self, folder: Path) -> None:
        for command in (("policy", "show"), ("migrate",)):
            answer = policy(folder, *command, RETOUR_POLICY="none.toml")

            assert answer.returncode == 1
            assert answer.stderr.startswith("retour: cannot read the policy none.toml")
        assert not (folder / "var").exists()


class TestReplay:
    def test_it_prints_what_another_policy_would_have_made_of_the_past(self, folder: Path) -> None:
        (folder / "orders.csv").write_text(ORDERS)
        (folder / "returns.csv").write_text(RETURNS)
        imported = policy(
            folder, "import", "history", "orders.csv", "returns.csv", RETOUR_TIMEZONE="UTC"
        )
        assert imported.returncode == 0, imported.stderr

        answer = policy(folder, "policy", "replay", "my.toml")

        assert answer.returncode == 0, answer.stderr
        assert "Past returns judged: 3, of 2024-05-04 to 2024-05-20" in answer.stdout
        assert "Policy fortnight would judge 1 of them (33.3%) otherwise than 2026-11" in (
            answer.stdout
        )
        rows = [
            [cell.strip() for cell in row.split("│")[1:-1]] for row in answer.stdout.splitlines()
        ]
        assert ["pass → review", "1", "9.50 GBP"] in rows
        assert ["pass, as now", "1", "9.50 GBP"] in rows
        assert ["review, as now", "1", "600.00 GBP"] in rows
        assert ["return_window", "pass → review", "1", "9.50 GBP"] in rows
        assert "3 of these returns: no delivery is recorded" in answer.stdout
        assert "left out because their order is not known: 1" in answer.stdout
        assert "the log does not hold what was seen of them then: 3" in answer.stdout

    def test_a_shop_without_a_past_is_told_so(self, folder: Path) -> None:
        answer = policy(folder, "policy", "replay", "my.toml")

        assert answer.stdout == "There is no past request that could be judged.\n"

    @pytest.mark.slow
    def test_decisions_record_the_version_of_the_policy_in_force(self, folder: Path) -> None:
        (folder / "shop.toml").write_text("[shop]\nproducts = 40\n[trial]\ndays = 0\n")
        size = ("--days", "20", "--orders-per-day", "10", "--scenario", "shop.toml")
        played = policy(folder, "simulate", *size, RETOUR_POLICY="my.toml")
        assert played.returncode == 0, played.stderr

        answer = policy(folder, "policy", "replay", "my.toml", RETOUR_POLICY="my.toml")

        assert "would judge 0 of them" in answer.stdout
        assert (
            "without a model (there is none yet), and by the same lots: 0 (0.0%)" in answer.stdout
        )
        assert "of those, drawn by lot" in answer.stdout
        assert "the deliveries are a practice shop's" in answer.stdout
        with sqlite3.connect(folder / "var" / "retour.db") as connection:
            rows = connection.execute(
                """select distinct json_extract(data, '$.policy_version') from events
                   where type in ('return.authorized', 'review.opened')"""
            ).fetchall()
        assert rows == [("fortnight",)]
