import os
import subprocess
import sys
from pathlib import Path

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

        for command in ("refresh", "serve", "dashboard", "run", "import", "keys", "settings"):
            assert command in answer.stdout
