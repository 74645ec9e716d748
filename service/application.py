"""`Retour`: the module that everything else calls. HTTP, importers, simulator and pipeline are edges around it."""

from collections.abc import Sequence
from functools import cached_property
from zoneinfo import ZoneInfo

from service.cases.commands import Cases
from service.catalog.commands import Catalog
from service.conclusions.commands import Conclusions
from service.customers.commands import Customers
from service.domain.events import Origin, RecordedEvent
from service.domain.policy import Policy
from service.domain.risk import Risk
from service.erasure.commands import Erasure
from service.flags.commands import Flags
from service.history.commands import Histories
from service.orders.commands import Orders
from service.platform import log
from service.platform.auth import Keys
from service.platform.clock import Clock
from service.platform.db import Database
from service.platform.identity import Identity
from service.platform.ids import Ids
from service.platform.jobs import Jobs
from service.platform.payments import ByHand, Payments
from service.platform.proof import Proofs
from service.platform.unit import Context
from service.receiving.commands import Receiving
from service.returns.commands import Returns
from service.reviews.commands import Reviews
from service.settlements.commands import Settlements
from service.shipments.commands import Shipments
from service.staff.commands import Staff
from service.stock.commands import Stock
from service.surveys.commands import Surveys
from service.texts.commands import Texts

_UTC = ZoneInfo("UTC")


class Retour:
    """Hands out the commands and queries of each noun; each call is one transaction.

    `secret` keys the look-up of customers and signs what they prove themselves with. `origin` marks every event that this instance appends.
    """

    def __init__(
        self,
        db: Database,
        policy: Policy,
        risk: Risk,
        clock: Clock,
        ids: Ids,
        *,
        secret: bytes,
        origin: Origin = "live",
        zone: ZoneInfo = _UTC,
        payments: Payments | None = None,
    ) -> None:
        self.context = Context(
            db, policy, risk, clock, ids, Identity(secret, ids), Proofs(secret, clock), origin, zone
        )
        self._payments = payments or ByHand()

    @cached_property
    def keys(self) -> Keys:
        return Keys(self.context.db, self.context.clock, self.context.ids)

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self.context.db, self.context.clock)

    @cached_property
    def orders(self) -> Orders:
        return Orders(self.context)

    @cached_property
    def catalog(self) -> Catalog:
        return Catalog(self.context)

    @cached_property
    def returns(self) -> Returns:
        return Returns(self.context)

    @cached_property
    def reviews(self) -> Reviews:
        return Reviews(self.context)

    @cached_property
    def shipments(self) -> Shipments:
        return Shipments(self.context)

    @cached_property
    def receiving(self) -> Receiving:
        return Receiving(self.context)

    @cached_property
    def stock(self) -> Stock:
        return Stock(self.context)

    @cached_property
    def settlements(self) -> Settlements:
        return Settlements(self.context, self._payments)

    @cached_property
    def cases(self) -> Cases:
        return Cases(self.context)

    @cached_property
    def surveys(self) -> Surveys:
        return Surveys(self.context)

    @cached_property
    def flags(self) -> Flags:
        return Flags(self.context)

    @cached_property
    def customers(self) -> Customers:
        return Customers(self.context)

    @cached_property
    def staff(self) -> Staff:
        return Staff(self.context)

    @cached_property
    def texts(self) -> Texts:
        return Texts(self.context)

    @cached_property
    def erasure(self) -> Erasure:
        return Erasure(self.context)

    @cached_property
    def conclusions(self) -> Conclusions:
        return Conclusions(self.context)

    @cached_property
    def history(self) -> Histories:
        return Histories(self.context)

    def read_log(self, after: int, limit: int) -> Sequence[RecordedEvent]:
        """The next `limit` events after a reader's position, in order."""
        with self.context.db.read() as connection:
            return log.read_after(connection, after, limit)

    def log_head(self) -> int:
        """The `seq` of the newest event; 0 for an empty log."""
        with self.context.db.read() as connection:
            return log.head(connection)
