"""The shop's catalogue as the service holds it: the newest word on each SKU."""

from sqlalchemy import BigInteger, Column, Connection, RowMapping, Table, Text, bindparam, select

from service.platform.db import change_row, metadata

products = Table(
    "products",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("category", Text),
    Column("vendor", Text),
    Column("cost_minor", BigInteger),
    Column("price_minor", BigInteger),
    Column("currency", Text),
    Column("lot", Text),
    Column("parent", Text),
)

_OF_SKU = products.c.sku == bindparam("of_sku")
_PRODUCT_TO_CHANGE = select(products).where(_OF_SKU).with_for_update()
_TITLE = select(products.c.title).where(_OF_SKU)


def find(connection: Connection, sku: str) -> RowMapping | None:
    """What is known of a product, held until the transaction ends."""
    return connection.execute(_PRODUCT_TO_CHANGE, {"of_sku": sku}).mappings().one_or_none()


def title_of(connection: Connection, sku: str) -> str | None:
    """What the shop calls a product; None where it never told."""
    title: str | None = connection.execute(_TITLE, {"of_sku": sku}).scalar_one_or_none()
    return title


def change(connection: Connection, sku: str, values: dict[str, object]) -> None:
    change_row(connection, products, sku, values)
