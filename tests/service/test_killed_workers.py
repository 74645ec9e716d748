"""`kill -9` of a worker when all of a job is done and nobody knows it yet: another one ends it, and it was done once."""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from house import DAY, House
from mail_server import Inbox, mail_server
from pay_server import SECRET, Till, pay_server
from rivals import SECRET as RETOUR_SECRET
from sqlalchemy import text
from victims import outside_retour, real_handlers, stop_after_job

from service.handlers import HOUSEKEEPING, plan_housekeeping
from service.platform.db import Database
from service.worker import LEASE, Worker

HOUR = timedelta(hours=1)
RETOUR = str(Path(sys.executable).with_name("retour"))


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def payments_url(till: Till) -> Iterator[str]:
    with pay_server(till) as address:
        yield address


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def mail_url(inbox: Inbox) -> Iterator[str]:
    with mail_server(inbox) as address:
        yield f"smtp://{address}"


def expire(house: House) -> None:
    house.begin()
    house.clock.move_to(house.clock.now() + 15 * DAY)


def review_late(house: House) -> None:
    house.begin_late()
    body = {"role": "reviewer", "name": "Anna", "languages": ["en"], "capacity": 5}
    assert house.call("admin", "PUT", "/v1/staff/s-1", json=body).is_success
    house.clock.move_to(house.clock.now() + 20 * HOUR)


def complain(house: House) -> str:
    """The case's id."""
    house.begin()
    body = {"kind": "complaint", "rma": house.rma, "text": "Why?"}
    answer = house.call("after_sales", "POST", "/v1/cases", json=body)
    assert answer.status_code == 201
    return str(answer.json()["case_id"])


def leave_case(house: House) -> None:
    path = f"/v1/cases/{complain(house)}/messages"
    assert house.call("after_sales", "POST", path, json={"text": "Soon."}).status_code == 201
    house.clock.move_to(house.clock.now() + 49 * HOUR)


def answer_nobody(house: House) -> None:
    complain(house)
    house.clock.move_to(house.clock.now() + 25 * HOUR)


def leave_survey(house: House) -> None:
    be_owed(house)
    house.pays()
    house.clock.move_to(house.clock.now() + 73 * HOUR)


def write_letter(house: House) -> None:
    house.begin(email="anna@example.org")


def tidy_up(house: House) -> None:
    plan_housekeeping(house.retour)
    house.clock.move_to(house.clock.now() + 25 * HOUR)


def be_owed(house: House) -> None:
    house.begin()
    house.arrive()
    house.find("passed", grade="A")


# The kind of job, what leads to it, and the event that it makes, once.
JOBS: dict[str, tuple[Callable[[House], None], str | None]] = {
    "deadline": (expire, "return.expired"),
    "review_warning": (review_late, "review.assigned"),
    "case_deadline": (leave_case, "case.escalated"),
    "case_answer_deadline": (answer_nobody, "case.escalated"),
    "survey_reminder": (leave_survey, "survey.reminded"),
    "mail": (write_letter, "message.sent"),
    "refund": (be_owed, "refund.settled"),
    HOUSEKEEPING: (tidy_up, None),
}


class TestEachKindOfJob:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("database_url", "kind"),
        [
            *(("postgresql", kind) for kind in JOBS),
            *(("sqlite", kind) for kind in ("deadline", "mail", "refund")),
        ],
        indirect=["database_url"],
    )
    def test_it_is_done_once_though_its_worker_is_killed_at_its_end(
        self,
        kind: str,
        house: House,
        db: Database,
        database_url: str,
        till: Till,
        payments_url: str,
        inbox: Inbox,
        mail_url: str,
    ) -> None:
        prepare, event = JOBS[kind]
        prepare(house)
        before = house.types()
        spawn = multiprocessing.get_context("spawn")
        in_hand, now = spawn.Queue(), house.clock.now()
        victim = spawn.Process(
            target=stop_after_job, args=(database_url, now, kind, payments_url, mail_url, in_hand)
        )
        victim.start()
        in_hand.get(timeout=60)
        victim.kill()
        victim.join()
        _wait_until_alone(db)

        _work(database_url, now + LEASE, payments_url, mail_url)

        made = house.types()[len(before) :]
        if event:
            assert made.count(event) == 1
        (*left,) = [each for each in house.retour.jobs.entries() if each.kind == kind]
        assert [each for each in left if each.due_at <= now + LEASE] == []
        assert len(till.paid_minor) == (kind == "refund")
        letters = {str(each["Message-ID"]) for each in inbox.messages}
        assert len(letters) == made.count("message.sent")


class TestAPaymentThatWentThrough:
    @pytest.mark.slow
    def test_it_is_found_when_the_real_worker_that_ordered_it_was_killed(
        self,
        house: House,
        db: Database,
        database_url: str,
        till: Till,
        payments_url: str,
        tmp_path: Path,
    ) -> None:
        be_owed(house)
        till.is_silent = True
        environment = {
            **os.environ,
            "RETOUR_VAR_DIR": str(tmp_path / "var"),
            "RETOUR_DATABASE_URL": database_url,
            "RETOUR_SECRET_KEY": RETOUR_SECRET.decode(),
            "RETOUR_PAYMENTS_URL": payments_url,
            "RETOUR_PAYMENTS_SECRET": SECRET,
        }
        worker = subprocess.Popen([RETOUR, "worker"], env=environment)
        try:
            assert till.was_asked.wait(60)
        finally:
            worker.kill()
            worker.wait()
        _wait_until_alone(db)
        till.is_silent = False

        _work(database_url, datetime.now(UTC) + LEASE, payments_url, "smtp://127.0.0.1:9")

        assert [each["amount_minor"] for each in house.told("refund.settled")] == [1290]
        assert (len(till.orders), sum(till.paid_minor.values())) == (2, 1290)

    def test_it_is_found_when_its_answer_did_not_come_in_time(
        self, house: House, database_url: str, till: Till, payments_url: str
    ) -> None:
        be_owed(house)
        till.is_silent = True
        _work(database_url, house.clock.now(), payments_url, "smtp://127.0.0.1:9")
        assert house.state == "refund_unknown"
        till.is_silent = False

        _work(database_url, house.clock.now() + HOUR, payments_url, "smtp://127.0.0.1:9")

        assert house.state == "closed"
        assert house.told("refund.settled")[0]["is_reconciled"] is True
        assert (len(till.orders), sum(till.paid_minor.values())) == (1, 1290)


def _work(url: str, now: datetime, payments_url: str, mail_url: str) -> None:
    """Another worker does all that is due."""
    retour = outside_retour(url, now, payments_url)
    Worker(retour.context, real_handlers(retour, mail_url)).run_due()
    retour.context.db.dispose()


def _wait_until_alone(db: Database) -> None:
    """PostgreSQL ends the transaction of a killed client when it notices; SQLite's ended with the process."""
    until = time.monotonic() + 60
    while not db.is_sqlite and _others(db):
        assert time.monotonic() < until
        time.sleep(0.05)


def _others(db: Database) -> int:
    query = """select count(*) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'"""
    with db.read() as connection:
        return int(connection.execute(text(query)).scalar_one())
