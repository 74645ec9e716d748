"""The shop's catalogue as the service holds it: the newest word on each SKU."""

from sqlalchemy import BigInteger, Column, Connection, RowMapping, Table, Text, select, update

from service.platform.db import metadata

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
)


def find(connection: Connection, sku: str) -> RowMapping | None:
    """What is known of a product, held until the transaction ends."""
    query = select(products).where(products.c.sku == sku).with_for_update()
    return connection.execute(query).mappings().one_or_none()


def title_of(connection: Connection, sku: str) -> str | None:
    """What the shop calls a product; None where it never told."""
    query = select(products.c.title).where(products.c.sku == sku)
    title: str | None = connection.execute(query).scalar_one_or_none()
    return title


def change(connection: Connection, sku: str, values: dict[str, object]) -> None:
    connection.execute(update(products).where(products.c.sku == sku).values(values))
