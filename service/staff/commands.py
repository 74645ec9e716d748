"""Who works on returns: roles, languages, room and absences. It makes no event, for it is about people."""

from typing import Any

from sqlalchemy import Row

from service.platform.auth import KeyRole, insert_key, revoke_keys_of
from service.platform.clock import from_us, to_us
from service.platform.db import insert_unless_known
from service.platform.problems import Conflict, NotFound
from service.platform.unit import Context, Transaction
from service.reviews.opening import be_away, leave
from service.staff import repository
from service.staff.schemas import Absence, StaffBody, StaffView


class UnknownStaff(NotFound):
    title = "No such member of staff"

    def __init__(self, staff_id: str) -> None:
        super().__init__(
            f"no member of staff {staff_id!r} is known; GET /v1/staff shows all, "
            "PUT /v1/staff/{staff_id} makes one known"
        )


class OtherRole(Conflict):
    title = "The member of staff has another role"


class Staff:
    """Commands and queries on staff; each is one transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def put(self, staff_id: str, body: StaffBody) -> bool:
        """Take in the newest word on a member; keys that go beyond it are revoked, and the reviews of one who left are others'.

        Says whether it changed anything.
        """
        languages = ",".join(sorted(set(body.languages)))
        said = {**body.model_dump(), "languages": languages}
        with self._context.transaction() as transaction:
            connection = transaction.connection
            row = {"staff_id": staff_id, **said}
            if insert_unless_known(connection, repository.staff, row):
                return True
            known = repository.lock(connection, staff_id)
            if known is None:
                raise UnknownStaff(staff_id)
            is_changed = any(getattr(known, name) != value for name, value in said.items())
            repository.change(connection, staff_id, said)
            assert known is not None  # noqa: S101  # it was there to be inserted a second time
            if known.is_active and (not body.is_active or body.role != known.role):
                leave(transaction, staff_id, known.role)
            keep = body.role if body.is_active else None
            revoke_keys_of(connection, staff_id, keep, transaction.now)
            return is_changed

    def be_absent(self, staff_id: str, absence: Absence) -> None:
        """From then until then the member gets no new items; where it has begun, reviews that are due before its end go to others.

        Raises `UnknownStaff`.
        """
        self._note_absence(staff_id, to_us(absence.from_), to_us(absence.until))

    def be_back(self, staff_id: str) -> None:
        """The member's absence is over, or does not come to be. Raises `UnknownStaff`."""
        self._note_absence(staff_id, None, None)

    def members(self) -> list[StaffView]:
        """Everybody, those who left too, by id."""
        with self._context.db.read() as connection:
            return [_view(row) for row in repository.members(connection)]

    def create_key(self, staff_id: str, role: KeyRole, name: str) -> str:
        """A new API key of a member; it is kept nowhere. Raises `UnknownStaff`, `OtherRole`."""
        with self._context.transaction() as transaction:
            member = repository.lock(transaction.connection, staff_id)
            if member is None or not member.is_active:
                raise UnknownStaff(staff_id)
            if member.role != role:
                raise OtherRole(
                    f"{staff_id!r} is {member.role}, not {role}; make a key of role {member.role}, "
                    "or change the member's role first with PUT /v1/staff/{staff_id}"
                )
            key_id = self._context.ids.token("key")
            return insert_key(transaction.connection, key_id, role, name, transaction.now, staff_id)

    def _note_absence(self, staff_id: str, from_us: int | None, until_us: int | None) -> None:
        with self._context.transaction() as transaction:
            values = {"absent_from_us": from_us, "absent_until_us": until_us}
            if not repository.change(transaction.connection, staff_id, values):
                raise UnknownStaff(staff_id)
            if from_us is not None and until_us is not None:
                self._hand_on(transaction, staff_id, from_us, until_us)

    def _hand_on(
        self, transaction: Transaction, staff_id: str, from_us: int, until_us: int
    ) -> None:
        member = repository.lock(transaction.connection, staff_id)
        if member is not None and from_us <= to_us(transaction.now) < until_us:
            be_away(transaction, staff_id, member.role, until_us)


def _view(row: Row[Any]) -> StaffView:
    absence = None
    if row.absent_from_us is not None:
        moments = {"from": from_us(row.absent_from_us), "until": from_us(row.absent_until_us)}
        absence = Absence.model_validate(moments)
    return StaffView(
        staff_id=row.staff_id,
        role=row.role,
        name=row.name,
        languages=row.languages.split(","),
        capacity=row.capacity,
        is_active=row.is_active,
        absence=absence,
    )
