import socket
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mail_server import PASSWORD, USER, Certificate, Inbox, certificate, mail_server
from unprivileged import unprivileged

from service.platform import mail
from service.platform.mail import (
    FolderMailer,
    Mail,
    MailDelayed,
    MailRefused,
    MailServerUnknown,
    Sender,
    SmtpMailer,
    compose,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHOP = Sender("Teehaus 茶馆", "returns@shop.example")
LOGIN = f"{USER}:{quote(PASSWORD, safe='')}@"
CHINESE = Mail(
    "anna@example.com",
    "zh",
    "已收到您的退货申请 R7K3M9-QX2VB-W",
    "您好！\n\n谢谢。" + "很长" * 600 + "\n",
)
ENGLISH = Mail("anna@example.com", "en", "We have your return", "Hello,\n\n€ and ü\n.\nFrom us\n")


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("certificate"))


def message(text: Mail = CHINESE, job_id: str = "job-1") -> EmailMessage:
    return compose(text, SHOP, job_id, NOON)


def read(content: bytes) -> EmailMessage:
    parsed = message_from_bytes(content, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def text_of(message: EmailMessage) -> str:
    """What a person reads; a mail's lines end as mail's lines do."""
    return str(message.get_content()).replace("\r\n", "\n")


class TestCompose:
    @pytest.mark.parametrize("text", [CHINESE, ENGLISH])
    def test_both_languages_arrive_to_the_last_character(self, text: Mail) -> None:
        arrived = read(message(text).as_bytes())

        assert arrived["Subject"] == text.subject
        assert arrived["From"] == "Teehaus 茶馆 <returns@shop.example>"
        assert arrived["To"] == "anna@example.com"
        assert arrived["Content-Language"] == text.language
        assert arrived["Date"].datetime == NOON
        assert arrived.get_content_charset() == "utf-8"
        assert text_of(arrived) == text.body
        assert max(len(line) for line in message(text).as_bytes().splitlines()) <= 998

    def test_the_message_id_follows_from_the_job_so_that_a_second_try_is_known_as_one(self) -> None:
        assert message()["Message-ID"] == message()["Message-ID"] == "<job-1@shop.example>"
        assert message(job_id="job-2")["Message-ID"] != message()["Message-ID"]

    @pytest.mark.parametrize(
        "to",
        [
            "",
            "anna",
            "anna@",
            "@example.com",
            "anna@example.com, eve@example.com",
            "anna@example.com\r\nBcc: eve@example.com",
            "anna@example.com\nX: y",
            "Anna <anna@example.com>",
            "a b@example.com",
            "anna@exa mple.com",
            "änna@example.com",
        ],
    )
    def test_what_is_not_one_address_is_refused_without_being_repeated(self, to: str) -> None:
        with pytest.raises(MailRefused, match="no mail can be addressed") as refused:
            message(replace(ENGLISH, to=to))

        assert "example" not in str(refused.value)

    def test_a_domain_in_other_letters_is_written_as_mail_servers_know_it(self) -> None:
        assert message(replace(ENGLISH, to="anna@bücher.example"))["To"] == (
            "anna@xn--bcher-kva.example"
        )

    @given(st.text(), st.text(), st.text())
    @example("a", "\r", "")
    @example("0@[", "", "")
    def test_no_text_makes_a_header(self, to: str, subject: str, body: str) -> None:
        """Whatever a shop or customer wrote: a header more is refused, or stands within its field."""
        try:
            made = message(Mail(f"{to}@example.com", "en", subject, body))
        except (MailRefused, ValueError):
            return

        arrived = read(made.as_bytes())
        assert sorted(arrived.keys()) == sorted(message(ENGLISH).keys())
        assert len(arrived["To"].addresses) == 1


class TestFolderMailer:
    def test_each_message_is_a_file_and_sent_again_it_takes_its_own_place(
        self, tmp_path: Path
    ) -> None:
        mailer = FolderMailer(tmp_path / "mail")
        for job_id, subject in (("job-1", "one"), ("job-2", "two"), ("job-1", "one again")):
            mailer.send(message(replace(ENGLISH, subject=subject), job_id))

        found = {path.name: read(path.read_bytes()) for path in (tmp_path / "mail").iterdir()}
        assert {name: each["Subject"] for name, each in found.items()} == {
            "job-1@shop.example.eml": "one again",
            "job-2@shop.example.eml": "two",
        }

    def test_a_message_is_forgotten_with_what_a_crash_left_of_it(self, tmp_path: Path) -> None:
        mailer = FolderMailer(tmp_path / "mail")
        assert mailer.forget(["job-1"]) == 0
        for job_id in ("job-1", "job-11"):
            mailer.send(message(ENGLISH, job_id))
        (tmp_path / "mail" / ".job-1@shop.example.eml.77").touch()

        assert mailer.forget(["job-1", "job-9"]) == 1

        left = [path.name for path in (tmp_path / "mail").iterdir()]
        assert left == ["job-11@shop.example.eml"]

    def test_a_folder_that_cannot_be_written_is_named_and_tried_again(self, tmp_path: Path) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o555)
        tmp_path.chmod(0o755)

        with unprivileged(), pytest.raises(MailDelayed, match=r"mail/ \(.*\); make it writable"):
            FolderMailer(closed / "mail").send(message())


@pytest.mark.filterwarnings(
    "ignore:Requiring AUTH while not requiring TLS"
)  # smtps: it is TLS already
class TestSmtpMailer:
    @pytest.fixture
    def inbox(self) -> Inbox:
        return Inbox()

    def test_both_languages_arrive_at_a_plain_server_without_a_login(self, inbox: Inbox) -> None:
        with mail_server(inbox) as server:
            for text in (CHINESE, ENGLISH):
                SmtpMailer(f"smtp://{server}").send(message(text))

        assert [each["Subject"] for each in inbox.messages] == [CHINESE.subject, ENGLISH.subject]
        assert [text_of(each) for each in inbox.messages] == [CHINESE.body, ENGLISH.body]
        assert inbox.recipients == ["anna@example.com"] * 2

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    def test_a_login_is_sent_over_an_encrypted_connection(
        self, inbox: Inbox, trusted: Certificate, scheme: str
    ) -> None:
        options = _encrypted(scheme, inbox, trusted)
        with mail_server(inbox, **options) as server:
            SmtpMailer(f"{scheme}://{LOGIN}{server}", tls=trusted.client).send(message())

        assert (inbox.were_encrypted, inbox.logins) == ([True], [USER])

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    def test_a_server_that_cannot_prove_who_it_is_gets_no_password(
        self, inbox: Inbox, trusted: Certificate, scheme: str
    ) -> None:
        options = _encrypted(scheme, inbox, trusted)
        with (
            mail_server(inbox, **options) as server,
            pytest.raises(MailDelayed, match="SSLCertVerificationError"),
        ):
            SmtpMailer(f"{scheme}://{LOGIN}{server}").send(message())

        assert inbox.logins == []

    def test_a_server_without_encryption_gets_no_password(self, inbox: Inbox) -> None:
        with mail_server(inbox) as server, pytest.raises(MailDelayed, match="no STARTTLS") as told:
            SmtpMailer(f"smtp://{LOGIN}{server}").send(message())

        assert inbox.messages == []
        assert server in str(told.value)
        assert "p@ss" not in str(told.value)

    def test_without_a_password_any_certificate_is_better_than_none(
        self, inbox: Inbox, trusted: Certificate
    ) -> None:
        with mail_server(inbox, tls_context=trusted.server) as server:
            SmtpMailer(f"smtp://{server}").send(message())

        assert inbox.were_encrypted == [True]

    def test_a_wrong_password_is_ours_to_mend_so_the_mail_waits(
        self, inbox: Inbox, trusted: Certificate
    ) -> None:
        options = _encrypted("smtps", inbox, trusted)
        with mail_server(inbox, **options) as server, pytest.raises(MailDelayed) as told:
            SmtpMailer(f"smtps://{USER}:wrong@{server}", tls=trusted.client).send(message())

        assert "(SMTPAuthenticationError 535); see RETOUR_SMTP_URL" in str(told.value)

    @pytest.mark.parametrize(
        ("answer", "kind", "words"),
        [
            ("550 no such user anna", MailRefused, "refused the recipient for good (550)"),
            ("450 anna is full", MailDelayed, "refused the recipient for now (450)"),
            ("421 anna comes too often", MailDelayed, "refused the recipient for now (421)"),
        ],
    )
    def test_a_refused_recipient_is_for_good_or_for_now_and_never_named(
        self, inbox: Inbox, answer: str, kind: type[Exception], words: str
    ) -> None:
        inbox.answers["anna@example.com"] = answer

        with mail_server(inbox) as server, pytest.raises(kind) as told:
            SmtpMailer(f"smtp://{server}").send(message())

        assert words in str(told.value)
        assert "anna" not in str(told.value)

    @pytest.mark.parametrize(
        ("answer", "kind"), [("554 spam", MailRefused), ("451 later", MailDelayed)]
    )
    def test_a_refused_text_is_for_good_or_for_now(
        self, inbox: Inbox, answer: str, kind: type[Exception]
    ) -> None:
        inbox.data_answer = answer

        with mail_server(inbox) as server, pytest.raises(kind, match="refused the message"):
            SmtpMailer(f"smtp://{server}").send(message())

    @pytest.mark.parametrize("answer", ["421 closing now", "250 OK", "500 what?"])
    def test_what_was_taken_is_sent_whatever_the_server_says_to_the_farewell(
        self, inbox: Inbox, answer: str
    ) -> None:
        inbox.quit_answer = answer
        with mail_server(inbox) as server:
            SmtpMailer(f"smtp://{server}").send(message())

            assert len(inbox.messages) == 1
            inbox.data_answer = "554 spam"
            with pytest.raises(MailRefused, match="refused the message for good"):
                SmtpMailer(f"smtp://{server}").send(message())

    def test_a_server_that_is_away_is_named_and_tried_again(self) -> None:
        with pytest.raises(MailDelayed, match=r"127\.0\.0\.1:1 takes no mail \(ConnectionRefused"):
            SmtpMailer("smtp://127.0.0.1:1").send(message())

    def test_a_server_that_never_answers_is_given_up_in_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mail, "_TIMEOUT_SECONDS", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            with pytest.raises(MailDelayed, match="SMTPServerDisconnected"):
                SmtpMailer(f"smtp://127.0.0.1:{port}").send(message())

    @pytest.mark.parametrize(
        "url",
        [
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtp://u:s3cret@:25",
            "smtp://h:s3cret",
        ],
    )
    def test_an_address_that_is_none_is_told_with_those_that_are(self, url: str) -> None:
        with pytest.raises(MailServerUnknown, match=r"smtps://USER:PASSWORD@HOST:465") as told:
            SmtpMailer(url)

        assert "s3cret" not in str(told.value)


def _encrypted(scheme: str, inbox: Inbox, trusted: Certificate) -> dict[str, Any]:
    """The options of a server that wants TLS, by STARTTLS or from the start, and a login."""
    login = {
        "authenticator": inbox.authenticate,
        "auth_required": True,
    }
    if scheme == "smtps":
        return {"ssl_context": trusted.server, "auth_require_tls": False, **login}
    return {"tls_context": trusted.server, "require_starttls": True, **login}
