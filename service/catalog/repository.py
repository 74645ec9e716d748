"""The shop's catalogue as the service holds it: the newest word on each SKU."""

from sqlalchemy import BigInteger, Column, Table, Text

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
