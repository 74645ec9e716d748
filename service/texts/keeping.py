"""What somebody wrote is kept, within the transaction of what it was written for."""

from service.domain.words import Language
from service.platform.texts import StoredText, write
from service.platform.unit import Transaction


def keep(
    transaction: Transaction,
    body: str,
    *,
    kind: str,
    rma: str | None,
    customer_key: str | None,
    case_id: str | None = None,
    language: Language | None = None,
) -> str:
    """Keep a text; its `text_ref`. Where its customer is known, erasing them erases it."""
    text = StoredText(
        body,
        kind,
        transaction.now,
        customer_key=customer_key,
        rma=rma,
        case_id=case_id,
        language=language,
    )
    return write(transaction.connection, transaction.context.ids, text)
