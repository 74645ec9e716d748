import os
import subprocess
import sys
from pathlib import Path

import pytest

RETOUR = str(Path(sys.executable).with_name("retour"))


def retour(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RETOUR, *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class TestCommandLine:
    def test_settings_prints_each_variable_with_its_source_and_no_secret(
        self, tmp_path: Path
    ) -> None:
        answer = retour(
            tmp_path, "settings", RETOUR_SERVICE_PORT="9001", RETOUR_SECRET_KEY="hush-hush"
        )

        assert answer.returncode == 0, answer.stderr
        row = next(line for line in answer.stdout.splitlines() if "SERVICE_PORT" in line)
        assert "9001" in row
        assert "environment" in row
        assert "RETOUR_DATABASE_URL" in answer.stdout
        assert "hush-hush" not in answer.stdout

    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("smtps://shop:pa55word@mail.example:465", "smtps://shop:***@mail.example:465"),
            ("pa55word", "(no address)"),
        ],
    )
    def test_settings_hides_a_mail_servers_password(
        self, tmp_path: Path, url: str, shown: str
    ) -> None:
        answer = retour(tmp_path, "settings", RETOUR_SMTP_URL=url)

        assert shown in answer.stdout
        assert "pa55word" not in answer.stdout

    def test_settings_hides_a_payment_systems_password(self, tmp_path: Path) -> None:
        url = "https://shop:pa55word@pay.example/refunds"

        answer = retour(tmp_path, "settings", RETOUR_PAYMENTS_URL=url)

        assert "https://shop:***@pay.example/refunds" in answer.stdout
        assert "pa55word" not in answer.stdout

    def test_a_payment_system_that_cannot_be_asked_is_told_of_at_the_start(
        self, tmp_path: Path
    ) -> None:
        answer = retour(tmp_path, "jobs", "list", RETOUR_PAYMENTS_URL="http://[::1")

        assert answer.returncode == 1
        assert answer.stderr.startswith("retour: RETOUR_PAYMENTS_URL is no address")
        assert len(answer.stderr.splitlines()) == 1

    def test_days_and_all_of_the_log_are_not_made_anew_at_once(self, tmp_path: Path) -> None:
        answer = retour(tmp_path, "rebuild", "--from-log", "--first-day", "2026-03-01")

        assert answer.returncode == 1
        assert answer.stderr.startswith("retour: --from-log makes all days anew; leave it out")

    def test_settings_hides_a_databases_password_and_names_what_is_mistyped(
        self, tmp_path: Path
    ) -> None:
        answer = retour(
            tmp_path,
            "settings",
            RETOUR_DATABASE_URL="postgresql://shop:pa55word@db/retour",
            RETOUR_PROT="9",
            COLUMNS="40",
        )

        assert "postgresql://shop:***@db/retour" in answer.stdout
        assert "pa55word" not in answer.stdout
        assert "RETOUR_PROT is set, but there is no such setting" in answer.stdout

    @pytest.mark.parametrize(
        "url",
        [
            "garbage",
            "mysql://x/y",
            "nosuch://x",
            "postgresql://a:word/x",
            "postgresql+asyncpg://x/y",
        ],
    )
    def test_an_address_that_is_none_is_told_with_those_that_are(
        self, tmp_path: Path, url: str
    ) -> None:
        answer = retour(tmp_path, "migrate", RETOUR_DATABASE_URL=url)

        assert answer.returncode == 1
        assert answer.stderr.startswith("retour: RETOUR_DATABASE_URL is no address")
        assert "postgresql://USER:PASSWORD@HOST" in answer.stderr

    def test_a_file_that_is_no_database_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "var").mkdir()
        (tmp_path / "var" / "retour.db").write_bytes(b"no database" * 1000)

        answer = retour(tmp_path, "migrate")

        assert answer.returncode == 1
        assert "retour.db (file is not a database)" in answer.stderr
        assert "Traceback" not in answer.stderr

    @pytest.mark.parametrize(
        ("environment", "told"),
        [
            ({"RETOUR_DASHBOARD_PORT": "8001", "RETOUR_SERVICE_PORT": "8001"}, "both to listen on"),
            ({"RETOUR_HOST": "no.such.host.invalid"}, "set RETOUR_HOST"),
            ({"RETOUR_HOST": "203.0.113.9"}, "set RETOUR_HOST"),
            ({"RETOUR_TIMEZONE": "Europe"}, "RETOUR_TIMEZONE is 'Europe': 'Europe' is not an IANA"),
        ],
    )
    def test_what_cannot_be_listened_on_is_said_before_anything_is_done(
        self, tmp_path: Path, environment: dict[str, str], told: str
    ) -> None:
        answer = retour(tmp_path, "run", **environment)

        assert answer.returncode == 1
        assert told in answer.stderr
        assert not (tmp_path / "var").exists()

    def test_keys_are_listed_under_headings_or_said_to_be_none(self, tmp_path: Path) -> None:
        none = retour(tmp_path, "keys", "list")
        retour(tmp_path, "keys", "create", "--role", "shop", "--name", "my shop")
        one = retour(tmp_path, "keys", "list")

        assert "There is no key yet" in none.stdout
        heading, row = one.stdout.splitlines()
        assert heading.index("role") == row.index("shop")
        assert heading.index("name") == row.index("my shop")

    def test_a_bad_setting_is_one_clear_line(self, tmp_path: Path) -> None:
        answer = retour(tmp_path, "migrate", RETOUR_TIMEZONE="Mars/Olympus")

        assert answer.returncode == 1
        assert answer.stderr.startswith("retour: RETOUR_TIMEZONE is 'Mars/Olympus'")
        assert "Traceback" not in answer.stderr

    def test_a_var_folder_that_cannot_be_made_is_named_with_the_way_out(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "var").write_text("a file stands where the folder should be")

        answer = retour(tmp_path, "migrate")

        assert answer.returncode == 1
        assert "var" in answer.stderr
        assert "RETOUR_VAR_DIR" in answer.stderr
        assert "Traceback" not in answer.stderr

    def test_a_database_that_does_not_answer_is_named_without_its_password(
        self, tmp_path: Path
    ) -> None:
        url = "postgresql://shop:pa55word@127.0.0.1:1/retour"

        answer = retour(tmp_path, "migrate", RETOUR_DATABASE_URL=url)

        assert answer.returncode == 1
        assert "127.0.0.1:1/retour" in answer.stderr
        assert "RETOUR_DATABASE_URL" in answer.stderr
        assert "pa55word" not in answer.stderr
        assert "Traceback" not in answer.stderr

    def test_help_is_there_for_every_command(self, tmp_path: Path) -> None:
        answer = retour(tmp_path, "--help")

        for command in (
            "refresh",
            "serve",
            "worker",
            "dashboard",
            "run",
            "import",
            "keys",
            "policy",
            "jobs",
            "settings",
        ):
            assert command in answer.stdout
