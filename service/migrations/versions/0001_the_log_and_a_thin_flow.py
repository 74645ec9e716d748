"""The log, the look-up of customers, API keys, and the state of orders, products and returns.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("recorded_at_us", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("actor_role", sa.Text, nullable=False),
        sa.Column("actor_key", sa.Text),
        sa.Column("correlation_id", sa.Text),
        sa.Column("causation_id", sa.Text),
        sa.Column("corrects", sa.Text),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("events_by_subject", "events", ["subject", "seq"])
    op.create_table(
        "identity_tokens",
        sa.Column("lookup", sa.Text, primary_key=True),
        sa.Column("token", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("key_hash", sa.Text, nullable=False, unique=True),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
        sa.Column("revoked_at_us", sa.BigInteger),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("body_hash", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
    )
    op.create_table(
        "orders",
        sa.Column("order_id", sa.Text, primary_key=True),
        sa.Column("customer_key", sa.Text),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("country", sa.Text),
        sa.Column("placed_at_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "order_lines",
        sa.Column("order_id", sa.Text, sa.ForeignKey("orders.order_id"), primary_key=True),
        sa.Column("line_no", sa.Integer, primary_key=True),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("order_id", sa.Text, sa.ForeignKey("orders.order_id"), primary_key=True),
        sa.Column("delivery_id", sa.Text, primary_key=True),
        sa.Column("delivered_at_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "delivery_lines",
        sa.Column("order_id", sa.Text, primary_key=True),
        sa.Column("delivery_id", sa.Text, primary_key=True),
        sa.Column("line_no", sa.Integer, primary_key=True),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id", "delivery_id"], ["deliveries.order_id", "deliveries.delivery_id"]
        ),
    )
    op.create_table(
        "products",
        sa.Column("sku", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("category", sa.Text),
        sa.Column("vendor", sa.Text),
        sa.Column("cost_minor", sa.BigInteger),
        sa.Column("price_minor", sa.BigInteger),
        sa.Column("currency", sa.Text),
        sa.Column("lot", sa.Text),
    )
    op.create_table(
        "returns",
        sa.Column("rma", sa.Text, primary_key=True),
        sa.Column("order_id", sa.Text),
        sa.Column("customer_key", sa.Text),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("requested_at_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "return_lines",
        sa.Column("rma", sa.Text, sa.ForeignKey("returns.rma"), primary_key=True),
        sa.Column("line_no", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.Text),
        sa.Column("order_line_no", sa.Integer),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("value_minor", sa.BigInteger, nullable=False),
        sa.Column("authorization_state", sa.Text, nullable=False),
        sa.Column("resolution_state", sa.Text, nullable=False),
    )
    op.create_index("return_lines_by_order", "return_lines", ["order_id", "order_line_no"])
