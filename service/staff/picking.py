"""Who takes a piece of work: by language, presence and open load."""

from collections.abc import Collection, Mapping

from service.domain.assignment import Candidate, choose
from service.domain.events import Role
from service.platform.unit import Transaction
from service.staff.repository import at_work, candidates


def pick(
    transaction: Transaction,
    role: Role,
    language: str,
    load: Mapping[str, int],
    *,
    but: Collection[str] = (),
) -> str | None:
    """The member of staff who should take it; None where nobody of this role is present. `load`: open pieces by person."""
    return choose(_able(transaction, role, load, but), language, transaction.now)


def pick_instead(
    transaction: Transaction,
    role: Role,
    language: str,
    load: Mapping[str, int],
    holder: str | None,
    *,
    but: Collection[str] = (),
) -> str | None:
    """Who should have it instead of its holder: somebody who has room and would then be no fuller than the holder is, or
    anybody where the holder is not there. None where the holder had better keep it.
    """
    others = _able(transaction, role, load, {*but, *([holder] if holder else [])})
    found = choose(others, language, transaction.now)
    now_its = at_work(transaction.connection, holder, load) if holder else None
    if now_its is None or not now_its.is_present(transaction.now):
        return found
    asked = [each for each in others if each.key == found]
    has_room = any(each.load_with_one_more <= min(1, now_its.load) for each in asked)
    return found if has_room else None


def _able(
    transaction: Transaction, role: Role, load: Mapping[str, int], but: Collection[str]
) -> list[Candidate]:
    found = candidates(transaction.connection, role, load)
    return [each for each in found if each.key not in but]
