"""Mail: a port with two ways out, files in a folder or an SMTP server. No address and no text enters an error."""

import os
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from retour.errors import UserError
from service.domain.words import Language
from service.platform.jobs import Hopeless

_TIMEOUT_SECONDS = 30
_PORTS = {"smtp": 587, "smtps": 465}
_ENCODINGS: dict[Language, str] = {"en": "quoted-printable", "zh": "base64"}
_NO_ADDRESS = (  # the address itself may hold a password
    "RETOUR_SMTP_URL is no address of a mail server; write smtp://USER:PASSWORD@HOST:587 (STARTTLS) or "
    "smtps://USER:PASSWORD@HOST:465, or leave it empty: mail then goes to files in RETOUR_VAR_DIR/mail"
)


class MailRefused(Hopeless):
    """The mail cannot be delivered, however often it is sent."""


class MailDelayed(UserError):
    """The mail could not be handed over now; it is worth another try."""


class MailServerUnknown(UserError):
    """The setting names no mail server."""


class Mailer(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Hand a message over. Raises `MailRefused`, `MailDelayed`."""
        ...

    def forget(self, job_ids: Sequence[str]) -> int:
        """Delete the messages of these jobs, as far as they are still here; how many there were. Raises `MailDelayed`."""
        ...


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the shop's name and its mail address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A text to one person, in their language."""

    to: str
    language: Language
    subject: str
    body: str


def compose(mail: Mail, sender: Sender, job_id: str, sent_at: datetime) -> EmailMessage:
    """The message that a job sends: the same Message-ID at every try. Raises `MailRefused` where the address is none."""
    message = EmailMessage(policy=SMTP)
    from_ = Address(sender.name, addr_spec=sender.address)
    message["From"] = from_
    message["To"] = _address(mail.to)
    message["Subject"] = " ".join(mail.subject.split())  # a lone CR ended the headers
    message["Date"] = format_datetime(sent_at)
    message["Message-ID"] = f"<{job_id}@{from_.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # so that no absence assistant answers
    message.set_content(mail.body, cte=_ENCODINGS[mail.language])
    message["Content-Language"] = mail.language  # setting the content removes what was said of it
    return message


def _address(text: str) -> Address:
    """One address and nothing else; a domain in other letters than ASCII's is written as mail servers know it."""
    local, _, domain = text.rpartition("@")
    try:
        return Address(addr_spec=f"{local}@{domain.encode('idna').decode()}")
    except (ValueError, IndexError, AttributeError, HeaderParseError) as broken:
        raise MailRefused(
            "no mail can be addressed to what the shop told as the customer's address; "
            "have it send a right one with its order"
        ) from broken


class FolderMailer:
    """Writes each message to a file of its own, named by its Message-ID: sent again, it takes its own place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage) -> None:
        """Raises `MailDelayed` where the folder cannot be written."""
        path = self._folder / f"{str(message['Message-ID']).strip('<>')}.eml"
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(message.as_bytes())
            draft.replace(path)
        except OSError as refused:
            raise MailDelayed(
                f"cannot write to {self._folder}/ ({refused.strerror}); make it writable"
            ) from refused

    def forget(self, job_ids: Sequence[str]) -> int:
        """Delete the messages of these jobs, and drafts of them that a crash left; how many messages there were.

        Raises `MailDelayed` where the folder cannot be written.
        """
        wanted = set(job_ids)
        found = [path for path in self._folder.glob("*@*.eml*") if _job_of(path) in wanted]
        try:
            for path in found:
                path.unlink(missing_ok=True)
        except OSError as refused:
            raise MailDelayed(
                f"cannot delete from {self._folder}/ ({refused.strerror}); make it writable"
            ) from refused
        return sum(path.suffix == ".eml" for path in found)


def _job_of(path: Path) -> str:
    """The job whose message a file holds, or a draft of it (see `FolderMailer.send`)."""
    return path.name.removeprefix(".").partition("@")[0]


class SmtpMailer:
    """Hands each message to a mail server: `smtps://` is encrypted from the start, `smtp://` as soon as it offers STARTTLS.

    A password is only sent to a server that proves by its certificate who it is.
    """

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        """Raises `MailServerUnknown`. `tls` knows which certificates to trust; by default those that the system does."""
        try:
            parts = urlsplit(url)
            self._port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError) as broken:
            raise MailServerUnknown(_NO_ADDRESS) from broken
        if not parts.hostname:
            raise MailServerUnknown(_NO_ADDRESS)
        self._host, self._is_encrypted = parts.hostname, parts.scheme == "smtps"
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._tls = tls or ssl.create_default_context()

    def send(self, message: EmailMessage) -> None:
        with self._connected() as server:
            try:
                server.sendmail(*_envelope(message), message.as_bytes())
            except smtplib.SMTPRecipientsRefused as refused:
                ((code, _),) = refused.recipients.values()
                raise _refusal("the recipient", code) from refused
            except smtplib.SMTPDataError as refused:
                raise _refusal("the message", refused.smtp_code) from refused

    def forget(self, job_ids: Sequence[str]) -> int:
        """What was handed over is here no more."""
        return 0

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A session. What goes wrong with the server, ours or on the way is worth another try."""
        try:
            with _farewell(self._connect()) as server:
                self._log_in(server)
                yield server
        except smtplib.SMTPResponseException as refused:
            raise self._delay(f"{type(refused).__name__} {refused.smtp_code}") from refused
        except (smtplib.SMTPException, OSError) as broken:
            raise self._delay(type(broken).__name__) from broken

    def _connect(self) -> smtplib.SMTP:
        if self._is_encrypted:
            return smtplib.SMTP_SSL(
                self._host, self._port, timeout=_TIMEOUT_SECONDS, context=self._tls
            )
        return smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_SECONDS)

    def _log_in(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if not self._is_encrypted and server.has_extn("starttls"):
            server.starttls(context=self._tls if self._user else _whoever_answers())
        elif not self._is_encrypted and self._user:
            raise self._delay("it offers no STARTTLS, and a password is not sent in the clear")
        if self._user:
            server.login(self._user, self._password)

    def _delay(self, why: str) -> MailDelayed:
        return MailDelayed(
            f"the mail server {self._host}:{self._port} takes no mail ({why}); see RETOUR_SMTP_URL"
        )


@contextmanager
def _farewell(server: smtplib.SMTP) -> Iterator[smtplib.SMTP]:
    """Takes leave, whatever the server says to that: what it took before is its own (RFC 5321, 4.2.5)."""
    try:
        yield server
    finally:
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def _envelope(message: EmailMessage) -> tuple[str, str]:
    """From whom and to whom. (`send_message` would do, but writes `>From` where a line begins with `From`.)"""
    from_, to = (message[each].addresses[0].addr_spec for each in ("From", "To"))
    return from_, to


def _whoever_answers() -> ssl.SSLContext:
    """Without a password the session would be in the clear where no STARTTLS is offered, so any certificate is better.

    A relay on the same machine often has one that nobody signed.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _refusal(what: str, code: int) -> MailRefused | MailDelayed:
    """5xx is for good, 4xx for now (RFC 5321). The server's words are left out: they name the recipient."""
    is_for_good = code >= 500
    words = f"the mail server refused {what} {'for good' if is_for_good else 'for now'} ({code})"
    return MailRefused(words) if is_for_good else MailDelayed(words)
