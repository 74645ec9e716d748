from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from letter_samples import FULL
from mail_server import Inbox, mail_server
from workers import put

from service.application import Retour
from service.letters import LetterKind
from service.letters.post import MAIL, Draft, Post, letter
from service.platform.clock import VirtualClock
from service.platform.jobs import ClaimedJob, JobEntry
from service.platform.language import Language
from service.platform.mail import FolderMailer, Mailer, Sender, SmtpMailer
from service.worker import Effect, Worker

SHOP = Sender("Teehaus 茶馆", "returns@shop.example")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where mail goes to."""
    return tmp_path / "mail"


def write(job: ClaimedJob) -> Draft | None:
    """Anna reads Chinese, Ben English; nobody else is known."""
    languages: dict[str, Language] = {"anna": "zh", "ben": "en"}
    if job.subject not in languages:
        return None
    return Draft(f"{job.subject}@example.com", languages[job.subject], FULL["survey"])


def worker(retour: Retour, mailer: Mailer, kind: LetterKind = "survey") -> Worker:
    post = Post(mailer, SHOP, retour.context.clock, writers={kind: write})
    return Worker(retour.context, {MAIL: Effect(post.deliver)})


def ask(retour: Retour, *subjects: str) -> None:
    put(retour, *(letter("survey", each, retour.context.clock.now()) for each in subjects))


def only_job(retour: Retour) -> JobEntry:
    (entry,) = retour.jobs.entries()
    return entry


class TestPost:
    def test_each_customer_gets_the_letter_in_their_language(
        self, retour: Retour, folder: Path
    ) -> None:
        ask(retour, "anna", "ben")

        worker(retour, FolderMailer(folder)).run_due()

        sent = [message_from_bytes(path.read_bytes(), policy=default) for path in folder.iterdir()]
        subjects = {str(each["To"]): str(each["Subject"]) for each in sent}
        assert "体验如何" in subjects["anna@example.com"]
        assert "How was your return" in subjects["ben@example.com"]
        for each in sent:
            assert isinstance(each, EmailMessage)
            assert FULL["survey"].link in each.get_content()
        assert retour.jobs.entries() == []

    def test_no_job_names_a_person(self, retour: Retour) -> None:
        put(retour, letter("survey", "anna", retour.context.clock.now(), turn=2))

        assert "example.com" not in repr(only_job(retour))

    def test_nobody_to_write_to_is_no_failure(self, retour: Retour, folder: Path) -> None:
        ask(retour, "erased")

        worker(retour, FolderMailer(folder)).run_due()

        assert not folder.exists()
        assert retour.jobs.entries() == []

    def test_a_letter_that_nobody_writes_is_parked_with_its_kind(
        self, retour: Retour, folder: Path
    ) -> None:
        ask(retour, "anna")

        worker(retour, FolderMailer(folder), kind="expired").run_due()

        assert only_job(retour).state == "parked"
        assert only_job(retour).last_error == "Hopeless: this version writes no letter 'survey'"

    def test_a_recipient_refused_for_good_parks_the_job_at_once_and_nobody_elses(
        self, retour: Retour
    ) -> None:
        inbox = Inbox(answers={"anna@example.com": "550 no such user anna"})
        ask(retour, "anna", "ben")

        with mail_server(inbox) as server:
            worker(retour, SmtpMailer(f"smtp://{server}")).run_due()

        assert inbox.recipients == ["ben@example.com"]
        parked = only_job(retour)
        assert (parked.state, parked.attempts) == ("parked", 1)
        assert parked.last_error == (
            "MailRefused: the mail server refused the recipient for good (550)"
        )

    def test_a_recipient_refused_for_now_gets_the_same_message_later(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        inbox = Inbox(answers={"anna@example.com": "450 mailbox full"})
        ask(retour, "anna")
        with mail_server(inbox) as server:
            both = worker(retour, SmtpMailer(f"smtp://{server}"))
            both.run_due()
            assert (only_job(retour).state, inbox.messages) == ("waiting", [])
            job_id = only_job(retour).job_id
            inbox.answers.clear()
            clock.move_to(clock.now() + MINUTE)
            both.run_due()

        (message,) = inbox.messages
        assert message["Message-ID"] == f"<{job_id}@shop.example>"
        assert retour.jobs.entries() == []

    def test_a_letter_sent_by_a_worker_that_died_before_it_could_say_so_has_the_same_message_id(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        inbox = Inbox()

        class Dying(SmtpMailer):
            def send(self, message: EmailMessage) -> None:
                super().send(message)
                raise KeyboardInterrupt

        ask(retour, "anna")
        with mail_server(inbox) as server:
            with pytest.raises(KeyboardInterrupt):
                worker(retour, Dying(f"smtp://{server}")).run_due()
            clock.move_to(clock.now() + 5 * MINUTE)
            worker(retour, SmtpMailer(f"smtp://{server}")).run_due()

        first, second = inbox.messages
        assert first["Message-ID"] == second["Message-ID"]
        assert retour.jobs.entries() == []

    def test_an_address_that_is_none_parks_the_job_without_naming_it(
        self, retour: Retour, folder: Path
    ) -> None:
        def write_to_nowhere(job: ClaimedJob) -> Draft | None:
            draft = write(job)
            return replace(draft, to="anna@example.com\nBcc: eve@example.com") if draft else None

        ask(retour, "anna")
        clock = retour.context.clock
        post = Post(FolderMailer(folder), SHOP, clock, writers={"survey": write_to_nowhere})
        Worker(retour.context, {MAIL: Effect(post.deliver)}).run_due()

        assert only_job(retour).state == "parked"
        assert "example.com" not in repr(only_job(retour))
        assert not folder.exists()
