"""Units come to a place of the stock or leave it; there are never fewer than none."""

from service.domain.events import Actor, InventoryAdjusted
from service.domain.words import Disposition
from service.platform.clock import to_us
from service.platform.idempotency import Attempt
from service.platform.problems import Conflict
from service.platform.unit import Context, Transaction
from service.stock import repository
from service.stock.schemas import StockMoveBody, StockView


class NotInStock(Conflict):
    title = "More would leave the stock than there is"


class Stock:
    """Commands and queries on returned goods in stock; each is one transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def adjust(
        self, sku: str, body: StockMoveBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """Correct a count, or note that units left. Raises `NotInStock`."""
        with self._context.transaction(attempt, sku) as transaction:
            adjust(transaction, sku, body.place, body.change, body.cause, by)

    def show(self, sku: str) -> list[StockView]:
        """Where units of a SKU are; places without any are left out."""
        with self._context.db.read() as connection:
            return [
                StockView(place=row.place, quantity=row.quantity)
                for row in repository.of_sku(connection, sku)
            ]


def adjust(
    transaction: Transaction,
    sku: str,
    place: Disposition,
    change: int,
    cause: str,
    by: Actor,
    rma: str | None = None,
    line_no: int | None = None,
) -> None:
    """Move units within the caller's transaction. Raises `NotInStock`."""
    left = repository.held(transaction.connection, sku, place) + change
    if left < 0:
        raise NotInStock(
            f"{left - change} of {sku!r} are at {place}, so {-change} cannot leave; count again"
        )
    move = {
        "move_id": transaction.context.ids.token("mov"),
        "sku": sku,
        "place": place,
        "change": change,
        "cause": cause,
        "rma": rma,
        "line_no": line_no,
        "moved_at_us": to_us(transaction.now),
    }
    repository.write(transaction.connection, move, left)
    said = InventoryAdjusted(
        sku=sku, place=place, change=change, units_left=left, cause=cause, rma=rma, line_no=line_no
    )
    transaction.emit(sku, said, by)
