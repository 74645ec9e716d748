"""Which addresses, devices, phones and payments each customer's orders came by, as tokens.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "customer_links",
        sa.Column("customer_key", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("first_seen_at_us", sa.BigInteger, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
    )
    op.create_index("customer_links_by_token", "customer_links", ["token"])
