"""Where letters go in tests."""

from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class Outbox:
    """Implements `service.platform.mail.Mailer`: keeps what was sent, in order."""

    sent: list[EmailMessage] = field(default_factory=list)

    def send(self, message: EmailMessage) -> None:
        self.sent.append(message)

    @property
    def subjects(self) -> list[str]:
        return [str(each["Subject"]) for each in self.sent]

    @property
    def bodies(self) -> list[str]:
        return [str(each.get_content()) for each in self.sent]
