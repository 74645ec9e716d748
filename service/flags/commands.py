"""Buyers answer flags on products. Two who answer at once: one has their way, the other is told what is possible now."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row

from service.domain.events import (
    Actor,
    RecordedEvent,
    SkuAcknowledged,
    SkuActionTaken,
    SkuAssigned,
    SkuCleared,
    SkuDismissed,
    SkuFlagged,
)
from service.domain.flags import STEPS, FlagStatus, FlagStep
from service.flags import comments, repository
from service.flags.schemas import (
    AcknowledgeBody,
    ActionBody,
    AssignBody,
    CommentView,
    DismissBody,
    FlagStepView,
    FlagStory,
    FlagView,
)
from service.platform import log, texts
from service.platform.access import note_access
from service.platform.auth import Caller
from service.platform.clock import from_us, to_us
from service.platform.idempotency import Attempt
from service.platform.problems import Conflict, NotFound, Unacceptable
from service.platform.unit import Context, Transaction
from service.staff.repository import is_present
from service.texts.keeping import keep

_ANSWERS = tuple(each.type for each in (SkuAcknowledged, SkuAssigned, SkuActionTaken, SkuDismissed))


class UnknownFlag(NotFound):
    title = "No such flag"

    def __init__(self, flag_id: str) -> None:
        super().__init__(f"there is no flag {flag_id!r}; GET /v1/flags shows those that stand")


class FlagChangedMeanwhile(Conflict):
    title = "The flag was changed meanwhile"


class NotPossibleForFlag(Conflict):
    title = "This is not possible at this point of the flag"


class NoSuchBuyer(Unacceptable):
    title = "No such buyer can take this"


class Flags:
    """Commands and queries on flags; each is one transaction.

    Each command raises `UnknownFlag`, `FlagChangedMeanwhile`, `NotPossibleForFlag`.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def acknowledge(
        self, flag_id: str, body: AcknowledgeBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """A buyer has seen the flag and looks into it."""
        with self._context.transaction(attempt, flag_id) as transaction:
            flag = _step(transaction, flag_id, body.version, "acknowledge")
            transaction.emit(flag.sku, SkuAcknowledged(sku=flag.sku, flag_id=flag_id), by)

    def assign(
        self, flag_id: str, body: AssignBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """Give the flag to a buyer, to whoever asks where none is named. Raises `NoSuchBuyer`."""
        owner = body.owner or by.key or ""
        with self._context.transaction(attempt, flag_id) as transaction:
            flag = _step(transaction, flag_id, body.version, "assign", owner_key=owner)
            if not is_present(transaction.connection, owner, "buyer", transaction.now):
                raise NoSuchBuyer(
                    f"{owner!r} is no buyer who is present; an admin sees with GET /v1/staff who is"
                )
            said = SkuAssigned(sku=flag.sku, flag_id=flag_id, owner_key=owner)
            transaction.emit(flag.sku, said, by)

    def act(
        self, flag_id: str, body: ActionBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """A buyer did something about the product; it becomes theirs if it was nobody's."""
        with self._context.transaction(attempt, flag_id) as transaction:
            flag = _step(transaction, flag_id, body.version, "act")
            if flag.owner_key is None and by.role == "buyer":
                repository.change(transaction.connection, flag_id, {"owner_key": by.key})
            said = SkuActionTaken(
                sku=flag.sku,
                flag_id=flag_id,
                action=body.action,
                text_ref=_kept(transaction, body.note),
            )
            transaction.emit(flag.sku, said, by)

    def dismiss(
        self, flag_id: str, body: DismissBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """Nothing is to be done; the product is flagged again on new evidence alone."""
        with self._context.transaction(attempt, flag_id) as transaction:
            flag = _step(transaction, flag_id, body.version, "dismiss")
            said = SkuDismissed(
                sku=flag.sku,
                flag_id=flag_id,
                reason=body.reason,
                text_ref=_kept(transaction, body.note),
            )
            transaction.emit(flag.sku, said, by)

    def listed(
        self,
        status: FlagStatus | None = None,
        sku: str | None = None,
        vendor: str | None = None,
        limit: int = 100,
    ) -> list[FlagView]:
        """Flags of this status, product and vendor, the newest first; without a status those that stand."""
        with self._context.db.read() as connection:
            rows = repository.listed(connection, status, sku, vendor, limit)
        return [FlagView(**_shown(row)) for row in rows]

    def get(self, flag_id: str) -> FlagView:
        """Raises `UnknownFlag`."""
        with self._context.db.read() as connection:
            return FlagView(**_shown(_find(connection, flag_id)))

    def story(self, flag_id: str) -> FlagStory:
        """A flag and all that happened to it, with what buyers noted. Raises `UnknownFlag`."""
        with self._context.db.read() as connection:
            row = _find(connection, flag_id)
            events = [
                (event, json.loads(event.data)) for event in _history(connection, row.sku, flag_id)
            ]
            refs = [ref for _, said in events if (ref := said.get("text_ref"))]
            notes = texts.bodies(connection, refs) if refs else {}
        history = [_step_view(event, said, notes) for event, said in events]
        return FlagStory(**_shown(row), history=history)

    def comments(self, flag_id: str, by: Caller) -> list[CommentView]:
        """What customers wrote of the flag's product, the newest first. Raises `UnknownFlag`.

        Each reading is noted first, or nothing is shown; looking them up may take long, and keeps nobody from writing.
        """
        with self._context.db.read() as connection:
            flag = SkuFlagged.model_validate_json(_find(connection, flag_id).said)
            rows = comments.newest(connection, flag)
        if rows:
            with self._context.transaction() as transaction:
                for row in rows:
                    note_access(transaction.connection, by, "text", row.text_ref, transaction.now)
        return [
            CommentView(
                kind=row.kind,
                body=row.body,
                language=row.language,
                written_at=from_us(row.written_at_us),
                csat=row.csat,
                reason=row.reason,
            )
            for row in rows
        ]


def _step(
    transaction: Transaction, flag_id: str, version: int, step: FlagStep, **changed: object
) -> Row[Any]:
    """Take a step on a flag that is still as it was looked at; the flag as it was before."""
    flag = repository.lock(transaction.connection, flag_id)
    if flag is None:
        raise UnknownFlag(flag_id)
    allowed = STEPS[flag.status]
    if flag.version != version:
        raise FlagChangedMeanwhile(
            f"flag {flag_id} is {flag.status} at version {flag.version}, not {version}: "
            f"look at it again; possible now: {_listed(allowed)}"
        )
    if step not in allowed:
        raise NotPossibleForFlag(
            f"flag {flag_id} is {flag.status}, so it cannot be: {step}; possible now: {_listed(allowed)}"
        )
    values = {
        "status": allowed[step],
        "version": version + 1,
        "changed_at_us": to_us(transaction.now),
        **changed,
    }
    repository.change(transaction.connection, flag_id, values)
    return flag


def _listed(steps: Mapping[FlagStep, FlagStatus]) -> str:
    return ", ".join(steps) or "nothing"


def _kept(transaction: Transaction, note: str | None) -> str | None:
    if note is None:
        return None
    return keep(transaction, note, kind="flag_note", rma=None, customer_key=None)


def _find(connection: Connection, flag_id: str) -> Row[Any]:
    found = repository.shown(connection, flag_id)
    if found is None:
        raise UnknownFlag(flag_id)
    return found


def _history(connection: Connection, sku: str, flag_id: str) -> list[RecordedEvent]:
    """The flag's own event, those that name it, and that which ended it by clearing the product."""
    found: list[RecordedEvent] = []
    stands = False
    for event in log.read_subject(connection, sku):
        if event.type == SkuFlagged.type:
            stands = event.id == flag_id
        ends = event.type == SkuCleared.type and stands
        names = event.type in _ANSWERS and json.loads(event.data)["flag_id"] == flag_id
        if event.id == flag_id or ends or names:
            found.append(event)
        stands = stands and not ends
    return found


def _step_view(
    event: RecordedEvent, said: Mapping[str, Any], notes: Mapping[str, str]
) -> FlagStepView:
    return FlagStepView.model_validate(
        {
            "step": event.type.removeprefix("sku."),
            "at": from_us(event.time_us),
            "by_role": event.actor_role,
            "by": event.actor_key,
            "owner": said.get("owner_key"),
            "action": said.get("action"),
            "reason": said.get("reason"),
            "note": notes.get(said.get("text_ref") or ""),
        }
    )


def _shown(row: Row[Any]) -> dict[str, Any]:
    """The fields of a `FlagView`."""
    said = SkuFlagged.model_validate_json(row.said).model_dump(
        exclude={"sku", "detector_version", "own_level"}
    )
    return {
        **said,
        "flag_id": row.flag_id,
        "sku": row.sku,
        "title": row.title,
        "category": row.category,
        "vendor": row.vendor,
        "status": row.status,
        "version": row.version,
        "possible": list(STEPS[row.status]),
        "owner": row.owner_key,
        "flagged_at": from_us(row.flagged_at_us),
        "changed_at": from_us(row.changed_at_us),
    }
