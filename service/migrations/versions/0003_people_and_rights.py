"""What orders cost in all, how customers are reached and prove themselves, and who works on returns.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table, column in (
        ("orders", "discount_minor"),
        ("orders", "shipping_minor"),
        ("order_lines", "discount_minor"),
    ):
        op.add_column(table, sa.Column(column, sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("order_lines", sa.Column("exclusion", sa.Text))
    op.add_column("api_keys", sa.Column("staff_id", sa.Text))
    op.alter_column("idempotency_keys", "body_hash", new_column_name="fingerprint")
    op.add_column(
        "idempotency_keys",
        sa.Column("created_at_us", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_table(
        "contacts",
        sa.Column("customer_key", sa.Text, primary_key=True),
        sa.Column("email", sa.Text),
        sa.Column("mail_hash", sa.Text),
        sa.Column("language", sa.Text, nullable=False, server_default="en"),
    )
    op.create_table(
        "wrong_tries",
        sa.Column("try_id", sa.Text, primary_key=True),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("tried_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("wrong_tries_by_order", "wrong_tries", ["order_id", "tried_at_us"])
    op.create_table(
        "staff",
        sa.Column("staff_id", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("languages", sa.Text, nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("absent_from_us", sa.BigInteger),
        sa.Column("absent_until_us", sa.BigInteger),
    )
    op.create_table(
        "texts",
        sa.Column("text_ref", sa.Text, primary_key=True),
        sa.Column("customer_key", sa.Text),
        sa.Column("rma", sa.Text),
        sa.Column("case_id", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("written_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("texts_by_customer", "texts", ["customer_key"])
    op.create_table(
        "access_log",
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("staff_id", sa.Text),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
    )
