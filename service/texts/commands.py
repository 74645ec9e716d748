"""Staff read what customers wrote, the pipeline counts their words, and each reading is noted."""

from collections.abc import Sequence

from service.platform import texts
from service.platform.access import note_access, note_analysis
from service.platform.auth import Caller
from service.platform.texts import Words
from service.platform.unit import Context
from service.texts.schemas import TextView


class Texts:
    """Reads texts for people and for analysis; those that write them do so in their own transactions."""

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

    def for_analysis(self, text_refs: Sequence[str], by: str, what_for: str) -> dict[str, Words]:
        """What these texts say, by `text_ref`; those that were erased are missing.

        For the pipeline alone, which publishes nothing that fewer than three customers say. `by` is who reads, `what_for`
        the relation that it is read for; the reading is noted once, with the number of texts, before anything is given.
        """
        if not text_refs:
            return {}
        with self._context.transaction() as transaction:
            told = texts.words(transaction.connection, text_refs)
            note_analysis(transaction.connection, by, len(told), what_for, transaction.now)
        return told

    def count_on_goods(self) -> int:
        """How many texts about goods are kept. It falls when some are erased, of which no event tells."""
        with self._context.db.read() as connection:
            return texts.count_on_goods(connection)
