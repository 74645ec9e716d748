"""What a return's core needs: states, clocks and terms of returns, shipments, parcels, reviews, refunds, stock, cases, surveys.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("returns", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("returns", sa.Column("kind", sa.Text, nullable=False, server_default="return"))
    op.add_column("returns", sa.Column("regime", sa.Text))
    op.add_column("returns", sa.Column("policy_version", sa.Text))
    op.add_column(
        "returns", sa.Column("refund_on", sa.Text, nullable=False, server_default="inspected")
    )
    op.add_column(
        "returns", sa.Column("inspection", sa.Text, nullable=False, server_default="basic")
    )
    op.add_column("returns", sa.Column("refund_within_us", sa.BigInteger))
    op.add_column("returns", sa.Column("refund_counts_from", sa.Text))
    op.add_column("returns", sa.Column("freight_by", sa.Text))
    op.add_column("returns", sa.Column("closed_at_us", sa.BigInteger))
    op.add_column(
        "return_lines",
        sa.Column("reception_state", sa.Text, nullable=False, server_default="not_expected"),
    )
    op.add_column("return_lines", sa.Column("root_line_no", sa.Integer))
    op.add_column("return_lines", sa.Column("authorization_due_us", sa.BigInteger))
    op.add_column("return_lines", sa.Column("reception_due_us", sa.BigInteger))
    op.add_column("return_lines", sa.Column("resolution_due_us", sa.BigInteger))
    op.add_column("return_lines", sa.Column("grade", sa.Text))
    op.add_column("return_lines", sa.Column("disposition", sa.Text))
    op.add_column(
        "return_lines", sa.Column("fee_percent", sa.Integer, nullable=False, server_default="0")
    )
    op.add_column(
        "return_lines",
        sa.Column("refunds_shipping", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "return_lines", sa.Column("offer_minor", sa.BigInteger, nullable=False, server_default="0")
    )
    op.add_column("return_lines", sa.Column("default_choice", sa.Text))
    # What was authorized before is awaited; what was refunded had passed.
    op.execute(
        """update return_lines
           set reception_state = case when resolution_state = 'refunded' then 'passed' else 'awaited' end
           where authorization_state = 'authorized'"""
    )
    op.create_index("returns_by_customer", "returns", ["customer_key", "requested_at_us"])
    op.create_table(
        "stock",
        sa.Column("sku", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.CheckConstraint("quantity >= 0", name="stock_is_never_negative"),
    )
    op.create_table(
        "stock_moves",
        sa.Column("move_id", sa.Text, primary_key=True),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("rma", sa.Text),
        sa.Column("line_no", sa.Integer),
        sa.Column("moved_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("stock_moves_by_sku", "stock_moves", ["sku", "moved_at_us"])
    op.create_table(
        "refunds",
        sa.Column("refund_id", sa.Text, primary_key=True),
        sa.Column("rma", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("means", sa.Text, nullable=False),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("requested_at_us", sa.BigInteger, nullable=False),
        sa.Column("due_at_us", sa.BigInteger, nullable=False),
        sa.Column("settled_at_us", sa.BigInteger),
    )
    op.create_index("refunds_by_order", "refunds", ["order_id"])
    op.create_index("refunds_by_return", "refunds", ["rma"])
    op.create_index("refunds_by_state", "refunds", ["state", "due_at_us"])
    op.create_table(
        "refund_lines",
        sa.Column("refund_id", sa.Text, sa.ForeignKey("refunds.refund_id"), primary_key=True),
        sa.Column("line_no", sa.Integer, primary_key=True),
        sa.Column("order_line_no", sa.Integer),
        sa.Column("units", sa.BigInteger, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("rma", sa.Text),
        sa.Column("order_id", sa.Text),
        sa.Column("parcel_id", sa.Text),
        sa.Column("customer_key", sa.Text),
        sa.Column("owner_role", sa.Text, nullable=False),
        sa.Column("owner_key", sa.Text),
        sa.Column("opened_at_us", sa.BigInteger, nullable=False),
        sa.Column("due_at_us", sa.BigInteger, nullable=False),
        sa.Column("closed_at_us", sa.BigInteger),
        sa.Column("outcome", sa.Text),
        sa.Column("text_ref", sa.Text),
    )
    op.create_index("cases_by_return", "cases", ["rma"])
    op.create_index("cases_open", "cases", ["closed_at_us", "due_at_us"])
    op.create_table(
        "reviews",
        sa.Column("rma", sa.Text, primary_key=True),
        sa.Column("reviewer_key", sa.Text),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("opened_at_us", sa.BigInteger, nullable=False),
        sa.Column("due_at_us", sa.BigInteger, nullable=False),
        sa.Column("paused_since_us", sa.BigInteger),
        sa.Column("paused_us", sa.BigInteger, nullable=False),
        sa.Column("closed_at_us", sa.BigInteger),
    )
    op.create_index("reviews_open", "reviews", ["closed_at_us", "due_at_us"])
    op.create_table(
        "parcels",
        sa.Column("parcel_id", sa.Text, primary_key=True),
        sa.Column("rma", sa.Text),
        sa.Column("tracking", sa.Text),
        sa.Column("weight_grams", sa.BigInteger),
        sa.Column("received_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("parcels_by_return", "parcels", ["rma"])
    op.create_table(
        "shipments",
        sa.Column("shipment_id", sa.Text, primary_key=True),
        sa.Column("rma", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("carrier", sa.Text),
        sa.Column("tracking", sa.Text),
        sa.Column("pickup_day", sa.Text),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("shipments_by_return", "shipments", ["rma", "created_at_us"])
    op.create_index("shipments_by_tracking", "shipments", ["tracking"])
    op.create_table(
        "surveys",
        sa.Column("rma", sa.Text, primary_key=True),
        sa.Column("sent_at_us", sa.BigInteger, nullable=False),
        sa.Column("reminded_at_us", sa.BigInteger),
        sa.Column("answered_at_us", sa.BigInteger),
        sa.Column("csat", sa.Integer),
    )
