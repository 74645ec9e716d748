"""What somebody wrote is kept, within the transaction of what it was written for."""

from service.platform.texts import StoredText, write
from service.platform.unit import Transaction


def keep(
    transaction: Transaction, body: str, *, kind: str, rma: str | None, customer_key: str | None
) -> str:
    """Keep a text; its `text_ref`. Where its customer is known, erasing them erases it."""
    text = StoredText(body, kind, transaction.now, customer_key=customer_key, rma=rma)
    return write(transaction.connection, transaction.context.ids, text)
