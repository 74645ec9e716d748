"""Returns as the service holds them. Truth lives per line; an RMA's status is a roll-up, never stored."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from service.platform.db import metadata

returns = Table(
    "returns",
    metadata,
    Column("rma", Text, primary_key=True),
    Column("order_id", Text),
    Column("customer_key", Text),
    Column("currency", Text, nullable=False),
    Column("requested_at_us", BigInteger, nullable=False),
)

return_lines = Table(
    "return_lines",
    metadata,
    Column("rma", Text, ForeignKey("returns.rma"), primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("order_id", Text),
    Column("order_line_no", Integer),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("reason", Text),
    Column("value_minor", BigInteger, nullable=False),
    Column("authorization_state", Text, nullable=False),
    Column("resolution_state", Text, nullable=False),
    Index("return_lines_by_order", "order_id", "order_line_no"),
)
