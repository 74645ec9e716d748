"""The shop says what a product is. Saying the same again changes nothing and makes no event."""

from service.catalog import repository
from service.catalog.schemas import ProductBody
from service.domain.events import Actor, ProductUpserted
from service.platform.db import insert_unless_known
from service.platform.unit import Context

_SHOP = Actor("shop")


class Catalog:
    """Commands on products; each is one transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def put(self, sku: str, body: ProductBody, by: Actor = _SHOP) -> bool:
        """Take in the newest word on a product. Says whether it changed anything."""
        row = {"sku": sku, **body.model_dump()}
        with self._context.transaction() as transaction:
            connection = transaction.connection
            if not insert_unless_known(connection, repository.products, row):
                if dict(repository.find(connection, sku) or {}) == row:
                    return False
                repository.change(connection, sku, row)
            transaction.emit(sku, ProductUpserted(**row), by)
            return True
