"""Puts the application together from settings: the one place where the real clock, ids and database are chosen."""

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DatabaseError

from retour.errors import UserError
from retour.settings import Settings
from service.application import Retour
from service.domain.policy import Policy
from service.handlers import handlers
from service.history.commands import newest_timezone
from service.letters.writers import House
from service.platform import migrate
from service.platform.clock import SystemClock
from service.platform.db import Database, DatabaseUnavailable
from service.platform.ids import SystemIds
from service.platform.mail import FolderMailer, Mailer, Sender, SmtpMailer
from service.platform.payments import ByHand, Payments, ShopsPayments
from service.policies import default_policy, default_text
from service.policies.reading import read_policy
from service.risk.model_risk import ModelRisk
from service.worker import Handler


class NoSender(UserError):
    """Mail would go out from an address that is nobody's."""


def open_retour(settings: Settings, *, patience_seconds: float = 30) -> Retour:
    """The application on this installation's database, brought to this version's tables.

    A command that waits for others who write waits `patience_seconds`.
    """
    policy = policy_in_force(settings)
    db = open_database(settings, patience_seconds=patience_seconds)
    return Retour(
        db,
        policy,
        ModelRisk(settings.risk_dir),
        SystemClock(),
        SystemIds(),
        secret=settings.secret(),
        zone=shop_zone(settings, db),
        payments=_payments(settings),
    )


def open_handlers(settings: Settings, retour: Retour) -> Mapping[str, Handler]:
    """What a worker does: letters go to a mail server or to files in var_dir/mail. Raises `MailServerUnknown`, `NoSender`."""
    sender = Sender(settings.shop_name, settings.mail_from)
    house = House(settings.shop_name, settings.public_address)
    return handlers(retour, open_mailer(settings), sender, house)


def policy_in_force(settings: Settings) -> Policy:
    """The policy of this installation. Raises `BadPolicy`."""
    path = policy_file(settings)
    return read_policy(path) if path else default_policy()


def policy_text_in_force(settings: Settings) -> str:
    """The file of `policy_in_force`, comments and all. Raises `BadPolicy`."""
    path = policy_file(settings)
    if not path:
        return default_text()
    read_policy(path)
    return path.read_text(encoding="utf-8-sig")


def policy_file(settings: Settings) -> Path | None:
    """The file of RETOUR_POLICY, else that of a practice shop; None: the built-in policy is in force."""
    if settings.policy:
        return Path(settings.policy)
    return settings.practice_policy if settings.practice_policy.exists() else None


def shop_zone(settings: Settings, db: Database) -> ZoneInfo:
    """The shop's time zone: RETOUR_TIMEZONE, else that of the newest import, else UTC."""
    return ZoneInfo(settings.timezone or newest_timezone(db) or "UTC")


def _payments(settings: Settings) -> Payments:
    if not settings.payments_url:
        return ByHand()
    return ShopsPayments(settings.payments_url, settings.payments_secret.get_secret_value())


def open_mailer(settings: Settings) -> Mailer:
    """The way out for mail: RETOUR_SMTP_URL, else files in var_dir/mail. Raises `MailServerUnknown`, `NoSender`."""
    if not settings.smtp_url:
        return FolderMailer(settings.mail_dir)
    mailer = SmtpMailer(settings.smtp_url)
    if "mail_from" not in settings.model_fields_set:
        raise NoSender(
            "RETOUR_SMTP_URL names a mail server, but RETOUR_MAIL_FROM no address that mails come from; "
            "set it to one of the shop's, such as returns@example.com"
        )
    return mailer


def open_database(
    settings: Settings, *, durable: bool = True, patience_seconds: float = 30
) -> Database:
    """This installation's database, brought to this version's tables. Raises `DatabaseUnavailable`."""
    db = Database(settings.database, durable=durable, patience_seconds=patience_seconds)
    try:
        migrate.upgrade(db)
    except DatabaseError as refused:
        reason = str(refused.orig).strip().splitlines()[0]
        raise DatabaseUnavailable(
            f"cannot use the database {db.url.render_as_string()} ({reason}); "
            "start it, make its folder writable, move away a file that is no database, or set RETOUR_DATABASE_URL"
        ) from refused
    return db
