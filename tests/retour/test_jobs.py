import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from migrated import migrated_file
from rivals import own_retour
from workers import put

from service.application import Retour
from service.letters.post import letter
from service.platform import jobs
from service.platform.jobs import Job

RETOUR = str(Path(sys.executable).with_name("retour"))
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Retour:
    """The application on the database of the installation that the commands below use."""
    return own_retour(f"sqlite:///{migrated_file(tmp_path / 'var' / 'retour.db')}", NOW)


@pytest.fixture
def parked(shop: Retour) -> str:
    """The id of a job that was given up; another one waits."""
    put(shop, letter("survey", "R1", NOW))
    with shop.context.db.write() as connection:
        claimed = jobs.claim(connection, NOW, timedelta(minutes=5))
        assert claimed is not None
        jobs.park(connection, claimed, "MailRefused: 550")
    put(shop, Job("deadline", "R2", NOW + timedelta(hours=1), key="ship_by:R2"))
    return claimed.job_id


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "RETOUR_VAR_DIR": str(folder / "var")}


def run(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RETOUR, *words],
        env=environment(folder) | more,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestJobsCommand:
    def test_jobs_are_listed_with_state_due_moment_tries_and_error(
        self, tmp_path: Path, parked: str
    ) -> None:
        heading, first, second = run(tmp_path, "jobs", "list").stdout.splitlines()

        assert heading.split() == ["id", "kind", "subject", "state", "due", "(UTC)", "tries", "last", "error"]  # fmt: skip
        assert first.split() == [parked, "mail", "R1", "parked", "2026-03-02", "12:00", "1", "MailRefused:", "550"]  # fmt: skip
        assert second.split()[1:] == ["deadline", "R2", "waiting", "2026-03-02", "13:00", "0"]

    def test_the_parked_ones_can_be_listed_alone(self, tmp_path: Path, parked: str) -> None:
        _, *rows = run(tmp_path, "jobs", "list", "--parked").stdout.splitlines()

        assert [row.split()[0] for row in rows] == [parked]

    def test_where_there_is_none_it_says_so(self, tmp_path: Path) -> None:
        assert run(tmp_path, "jobs", "list").stdout == "No job waits.\n"
        assert run(tmp_path, "jobs", "list", "--parked").stdout == "No job is parked.\n"

    def test_a_parked_job_or_all_of_them_are_put_back(
        self, tmp_path: Path, shop: Retour, parked: str
    ) -> None:
        assert run(tmp_path, "jobs", "retry", parked).returncode == 0
        assert shop.jobs.entries(only_parked=True) == []

        assert run(tmp_path, "jobs", "retry", "--all").stdout == "0 put back.\n"

    @pytest.mark.parametrize(
        ("words", "hint"),
        [
            (["retry", "job_404"], "retour jobs list"),
            (["retry"], "or give --all"),
            (["retry", "job_1", "--all"], "or give --all"),
        ],
    )
    def test_a_mistake_is_one_line_with_the_way_out(
        self, tmp_path: Path, words: list[str], hint: str
    ) -> None:
        answer = run(tmp_path, "jobs", *words)

        assert answer.returncode == 1
        assert hint in answer.stderr
        assert len(answer.stderr.splitlines()) == 1


class TestWorkerCommand:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_it_works_until_a_signal_ends_it_cleanly(
        self, tmp_path: Path, shop: Retour, number: signal.Signals
    ) -> None:
        put(shop, Job("teleport", "R1", NOW))
        process = subprocess.Popen(
            [RETOUR, "worker"], env=environment(tmp_path), stderr=subprocess.PIPE, text=True
        )
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            process.send_signal(number)
            assert process.wait(timeout=60) == 0
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()
            process.communicate()

        assert "(teleport) is parked: Hopeless: this version does nothing with jobs of" in said
        assert [each.subject for each in shop.jobs.entries(only_parked=True)] == ["R1"]

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            ({"RETOUR_SMTP_URL": "pa55word"}, "RETOUR_SMTP_URL is no address of a mail server"),
            ({"RETOUR_SMTP_URL": "smtps://shop:pa55word@mail.example"}, "RETOUR_MAIL_FROM"),
        ],
    )
    def test_mail_that_could_not_go_out_is_said_before_anything_is_done(
        self, tmp_path: Path, more: dict[str, str], told: str
    ) -> None:
        answer = run(tmp_path, "worker", **more)

        assert answer.returncode == 1
        assert told in answer.stderr
        assert "pa55word" not in answer.stderr
        assert len(answer.stderr.splitlines()) == 1
