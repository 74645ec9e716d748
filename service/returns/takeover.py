"""A withdrawal takes over units of a request that nobody decided yet: what the law grants needs no decision to be waited for."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.domain.events import Actor, ReturnCancelled
from service.domain.lifecycle import UNDECIDED, Line
from service.platform.unit import Transaction
from service.returns import repository
from service.returns.consequences import follow
from service.returns.held import HeldReturn, hold, units

_CUSTOMER = Actor("customer")


@dataclass(frozen=True, slots=True)
class TakenOver:
    """Units of a line of an undecided request."""

    request: HeldReturn
    line: Line
    quantity: int


def undecided_requests(transaction: Transaction, order_id: str) -> list[HeldReturn]:
    """Requests of an order on which a decision is open, held. Hold the order after them, as everybody does who needs both."""
    rmas = repository.undecided_of_order(transaction.connection, order_id)
    return [hold(transaction, rma) for rma in rmas]


def of_requests(requests: Iterable[HeldReturn], lacking: Mapping[int, int]) -> list[TakenOver]:
    """The units to take over where so many are lacking, by line of the order: as many as wait for a decision unsent."""
    left, found = Counter(lacking), []
    for request in requests:
        for line in request.able(ReturnCancelled.type, _CUSTOMER):
            quantity = min(line.quantity, left[line.order_line_no or 0])
            if quantity > 0 and line.authorization in UNDECIDED:
                left[line.order_line_no or 0] -= quantity
                found.append(TakenOver(request, line, quantity))
    return found


def freed(taken: Iterable[TakenOver]) -> Counter[int]:
    """The units that are in no return any more once they are taken over, by line of the order."""
    found: Counter[int] = Counter()
    for each in taken:
        found[each.line.order_line_no or 0] += each.quantity
    return found


def give_up(taken: Sequence[TakenOver], by: Actor) -> None:
    """Cancel these units in their requests, and do what follows there."""
    for request in {each.request.rma: each.request for each in taken}.values():
        theirs = [each for each in taken if each.request is request]
        lines = [request.split(each.line, each.quantity) for each in theirs]
        request.happen(ReturnCancelled(rma=request.rma, lines=units(lines)), by, lines)
        follow(request)
