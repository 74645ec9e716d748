"""Orders as the service holds them: what was bought, and what of it was delivered."""

from sqlalchemy import BigInteger, Column, ForeignKey, ForeignKeyConstraint, Integer, Table, Text

from service.platform.db import metadata

orders = Table(
    "orders",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("customer_key", Text),
    Column("currency", Text, nullable=False),
    Column("country", Text),
    Column("placed_at_us", BigInteger, nullable=False),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", Text, ForeignKey("orders.order_id"), primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("unit_price_minor", BigInteger, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("order_id", Text, ForeignKey("orders.order_id"), primary_key=True),
    Column("delivery_id", Text, primary_key=True),
    Column("delivered_at_us", BigInteger, nullable=False),
)

delivery_lines = Table(
    "delivery_lines",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("delivery_id", Text, primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["order_id", "delivery_id"], ["deliveries.order_id", "deliveries.delivery_id"]
    ),
)
