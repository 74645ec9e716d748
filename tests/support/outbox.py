"""Where letters go in tests."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class Outbox:
    """Implements `service.platform.mail.Mailer`: keeps what was sent, in order."""

    sent: list[EmailMessage] = field(default_factory=list)

    def send(self, message: EmailMessage) -> None:
        self.sent.append(message)

    def forget(self, job_ids: Sequence[str]) -> int:
        """Deletes those whose Message-ID is of these jobs."""
        before = len(self.sent)
        self.sent = [
            each
            for each in self.sent
            if str(each["Message-ID"]).strip("<>").partition("@")[0] not in job_ids
        ]
        return before - len(self.sent)

    @property
    def subjects(self) -> list[str]:
        return [str(each["Subject"]) for each in self.sent]

    @property
    def bodies(self) -> list[str]:
        return [str(each.get_content()) for each in self.sent]
