"""Staff read what customers wrote, and each reading is noted."""

from service.platform import texts
from service.platform.access import note_access
from service.platform.auth import Caller
from service.platform.unit import Context
from service.texts.schemas import TextView


class Texts:
    """Reads texts for people; those that write them do so in their own transactions."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def read(self, text_ref: str, by: Caller) -> TextView:
        """A text; that it was read is noted first, or it is not shown. Raises `UnknownText`."""
        with self._context.transaction() as transaction:
            text = texts.read(transaction.connection, text_ref)
            note_access(transaction.connection, by, "text", text_ref, transaction.now)
        return TextView(
            text_ref=text_ref,
            kind=text.kind,
            body=text.body,
            language=text.language,
            written_at=text.written_at,
            rma=text.rma,
            case_id=text.case_id,
        )
