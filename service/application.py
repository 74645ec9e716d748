"""`Retour`: the module that everything else calls. HTTP, importers, simulator and pipeline are edges around it."""

from collections.abc import Sequence
from functools import cached_property

from service.catalog.commands import Catalog
from service.conclusions.commands import Conclusions
from service.domain.events import Origin, RecordedEvent
from service.domain.policy import Policy
from service.domain.risk import Risk
from service.history.commands import Histories
from service.orders.commands import Orders
from service.platform import log
from service.platform.auth import Keys
from service.platform.clock import Clock
from service.platform.db import Database
from service.platform.identity import Identity
from service.platform.ids import Ids
from service.platform.unit import Context
from service.returns.commands import Returns


class Retour:
    """Hands out the commands and queries of each noun; each call is one transaction.

    `secret` keys the look-up of customer tokens. `origin` marks every event that this instance appends.
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
    ) -> None:
        self.context = Context(db, policy, risk, clock, ids, Identity(secret, ids), origin)

    @cached_property
    def keys(self) -> Keys:
        return Keys(self.context.db, self.context.clock, self.context.ids)

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
