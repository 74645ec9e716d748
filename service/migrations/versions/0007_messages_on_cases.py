"""What customers and staff write to each other on cases, and until when a customer is to be answered.

What customers brought up before is the first message of its case; no clock is started for it.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("cases", sa.Column("answer_due_at_us", sa.BigInteger))
    op.create_table(
        "case_messages",
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("written_by", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("text_ref", sa.Text, nullable=False),
        sa.Column("written_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("case_messages_by_case", "case_messages", ["case_id", "number"], unique=True)
    op.execute(
        """insert into case_messages
               (message_id, case_id, number, direction, written_by, text_ref, written_at_us)
           select 'first_' || case_id, case_id, 1, 'from_customer', 'customer', text_ref, opened_at_us
           from cases
           where text_ref is not null
               and kind in ('complaint', 'suggestion', 'not_received', 'safety')"""
    )
