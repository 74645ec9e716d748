"""Who takes a piece of work: by language, presence and open load."""

from collections.abc import Mapping

from service.domain.assignment import choose
from service.domain.events import Role
from service.platform.unit import Transaction
from service.staff.repository import candidates


def pick(
    transaction: Transaction,
    role: Role,
    language: str,
    load: Mapping[str, int],
    *,
    but: str | None = None,
) -> str | None:
    """The member of staff who should take it; None where nobody of this role is present. `load`: open pieces by person."""
    able = [each for each in candidates(transaction.connection, role, load) if each.key != but]
    return choose(able, language, transaction.now)
