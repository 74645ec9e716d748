"""What the shop says of a customer, kept apart from orders and log."""

import hashlib

from service.customers import repository
from service.domain.words import Language
from service.platform.identity import Identity
from service.platform.unit import Transaction


def note_contact(
    transaction: Transaction, customer_key: str, email: str | None, language: Language | None
) -> None:
    """The newest word counts; what is not told stays as it was. Makes no event.

    Of a customer who is erased at the same moment nothing is noted: nobody could find it again.
    """
    identity = transaction.context.identity
    told: dict[str, str] = {}
    if email:
        mail_hash = mail_lookup(identity, mail_sha256(email))
        told |= {"email": email, "mail_hash": mail_hash}
    if language:
        told |= {"language": language}
    if told and identity.leads_to_somebody(transaction.connection, customer_key):
        repository.upsert(transaction.connection, customer_key, told)


def mail_sha256(email: str) -> str:
    """What a shop's app sends instead of an address: SHA-256 of it, trimmed, in small letters, as hexadecimal."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


def mail_lookup(identity: Identity, sha256: str) -> str:
    """As the table holds it: keyed, for addresses can be guessed."""
    return identity.keyed_hash("mail", sha256)
