"""Staff read what customers wrote, the pipeline counts their words, and each reading is noted."""

import json
from collections.abc import Mapping, Sequence

from service.domain.events import (
    EvidenceReceived,
    EvidenceRequested,
    LineInspected,
    RecordedEvent,
    ReviewRequested,
)
from service.platform import log, texts
from service.platform.access import note_access, note_analysis
from service.platform.auth import Caller
from service.platform.clock import from_us
from service.platform.ids import read_rma
from service.platform.texts import Words
from service.platform.unit import Context
from service.returns import repository as returns
from service.returns.held import UnknownReturn
from service.texts.schemas import ReturnTextView, TextKind, TextView


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

    def of_return(self, rma: str, by: Caller) -> list[ReturnTextView]:
        """What was written on a return, the oldest first. Raises `UnknownReturn`.

        Whoever may read texts gets the words, and each reading is noted first, or nothing is shown.
        """
        rma = read_rma(rma)
        with self._context.transaction() as transaction:
            connection = transaction.connection
            if returns.find(connection, rma) is None:
                raise UnknownReturn(rma)
            written = _written(log.read_subject(connection, rma))
            refs = [each.text_ref for each in written]
            told = texts.bodies(connection, refs) if by.may("texts:read") else {}
            for text_ref in told:
                note_access(connection, by, "text", text_ref, transaction.now)
        return [each.model_copy(update={"body": told.get(each.text_ref)}) for each in written]

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


_KINDS: Mapping[str, TextKind] = {
    EvidenceRequested.type: "question",
    EvidenceReceived.type: "answer",
    ReviewRequested.type: "appeal",
    LineInspected.type: "inspection_note",
}


def _written(events: Sequence[RecordedEvent]) -> list[ReturnTextView]:
    """The texts that a return's events name, without their words; a note on several lines is one."""
    found: dict[str, ReturnTextView] = {}
    for event in events:
        text_ref = json.loads(event.data).get("text_ref") if event.type in _KINDS else None
        if text_ref:
            view = ReturnTextView(
                text_ref=text_ref,
                kind=_KINDS[event.type],
                written_by=event.actor_role,
                written_at=from_us(event.time_us),
                body=None,
            )
            found.setdefault(text_ref, view)
    return list(found.values())
