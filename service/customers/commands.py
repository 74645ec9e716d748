"""Customers prove themselves: with an order's number and its mail address first, with a token from then on."""

import hashlib
import hmac
from datetime import datetime, timedelta

from service.cases import repository as cases
from service.cases.thread import is_customers
from service.customers import repository
from service.customers.contacts import mail_lookup
from service.domain.words import Phrase
from service.orders.commands import UnknownOrder
from service.platform.clock import to_us
from service.platform.db import take_turns
from service.platform.idempotency import Attempt
from service.platform.ids import is_rma, read_rma
from service.platform.problems import Problem
from service.platform.proof import Claim, CustomerTokenForAnother, Proof
from service.platform.unit import Context, Transaction
from service.returns.held import UnknownReturn
from service.returns.repository import rows_of

MOST_TRIES = 5
TRIES_WITHIN = timedelta(hours=1)


class TooManyTries(Problem):
    status = 429
    title = "Too many wrong tries"

    def __init__(self, order_id: str, again_at: datetime, now: datetime) -> None:
        super().__init__(
            Phrase(
                "{tries} wrong tries for order {order} within an hour; try again from {again} on",
                {
                    "tries": MOST_TRIES,
                    "order": repr(order_id),
                    "again": f"{again_at:%Y-%m-%dT%H:%M:%SZ}",
                },
            )
        )
        self._wait = again_at - now

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self._wait // timedelta(seconds=1) + 1)}


class Customers:
    """What customers may see, and how they come to a token."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def prove(self, order_id: str, mail_sha256: str, attempt: Attempt | None = None) -> str:
        """The order, if this is its customer's mail address. Raises `UnknownOrder`, `TooManyTries`, `Repeated`.

        An unknown order and a wrong address look the same, wrong tries count for both.
        """
        with self._context.transaction() as transaction:
            is_right = self._try(transaction, order_id, mail_sha256)
            if is_right and attempt:  # only now: a repetition must be right too
                attempt.begin(transaction.connection, order_id, transaction.now)
        if not is_right:
            raise UnknownOrder(order_id)
        return order_id

    def order_token(self, order_id: str) -> Proof:
        """The token of an order, for whoever proved to be its customer."""
        return self._context.proofs.make("order", order_id)

    def return_token(self, rma: str) -> Proof:
        """The token of a return, for whoever applied for it."""
        return self._context.proofs.make("return", rma)

    def check_order(self, token: str | None, order_id: str) -> None:
        """Raises `CustomerTokenMissing`, `CustomerTokenNotValid`, `CustomerTokenForAnother`."""
        if self._context.proofs.read(token) != Claim("order", order_id):
            raise CustomerTokenForAnother

    def check_return(self, token: str | None, rma: str) -> None:
        """As `check_order`, and `UnknownReturn` for what cannot be an RMA; whether there is such a return is not told."""
        rma = read_rma(rma)
        if not is_rma(rma):
            raise UnknownReturn(rma)
        claim = self._context.proofs.read(token)
        if claim != Claim("return", rma) and not self._is_of_its_order(claim, rma):
            raise CustomerTokenForAnother

    def check_case(self, token: str | None, case_id: str) -> None:
        """As `check_order`, of a case that its customer knows of: a token of its return or order opens it."""
        self._context.proofs.read(token)
        with self._context.db.read() as connection:
            case = cases.find(connection, case_id)
            if case is None or not is_customers(connection, case):
                raise CustomerTokenForAnother
        if case.rma:
            self.check_return(token, case.rma)
        else:
            self.check_order(token, case.order_id)

    def read_survey(self, token: str) -> str:
        """The return that a survey's link is for. Raises `CustomerTokenNotValid`, `CustomerTokenForAnother`."""
        claim = self._context.proofs.read(token)
        if claim.purpose != "survey":
            raise CustomerTokenForAnother
        return claim.subject

    def _is_of_its_order(self, claim: Claim, rma: str) -> bool:
        with self._context.db.read() as connection:
            orders = {line.order_id for line in rows_of(connection, rma)}
        return claim.purpose == "order" and claim.subject in orders

    def _try(self, transaction: Transaction, order_id: str, mail_sha256: str) -> bool:
        connection = transaction.connection
        take_turns(connection, _turn_of(order_id))  # else many tries at once would count as one
        self._refuse_too_many(transaction, order_id)
        known = repository.mail_hash_of_order(connection, order_id)
        said = mail_lookup(self._context.identity, mail_sha256)
        if known is not None and hmac.compare_digest(known, said):
            return True
        repository.forget_tries(connection, to_us(transaction.now - TRIES_WITHIN))
        try_id = self._context.ids.token("try")
        repository.note_try(connection, try_id, order_id, to_us(transaction.now))
        return False

    def _refuse_too_many(self, transaction: Transaction, order_id: str) -> None:
        since = transaction.now - TRIES_WITHIN
        tries = repository.tries_since(transaction.connection, order_id, to_us(since))
        if len(tries) >= MOST_TRIES:
            again_at = tries[-MOST_TRIES] + TRIES_WITHIN
            raise TooManyTries(order_id, again_at, transaction.now)


def _turn_of(order_id: str) -> int:
    digest = hashlib.sha256(f"tries\x1f{order_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
