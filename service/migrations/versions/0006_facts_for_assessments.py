"""Facts beside the log, for assessments; those of the events that stand there already.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

from service.platform import facts
from service.platform.log import read_after

revision = "0006"
down_revision = "0005"

_ASKED_BY = ("customer_key", "order_id", "rma", "sku", "token")
_EVENTS_A_TURN = 5_000


def upgrade() -> None:
    op.create_table(
        "risk_facts",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("item", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fact", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger),
        *(sa.Column(name, sa.Text) for name in (*_ASKED_BY, "word")),
        sa.Column("units", sa.BigInteger),
        sa.Column("amount", sa.BigInteger),
    )
    for name in _ASKED_BY:
        is_told = sa.text(f"{name} is not null")
        op.create_index(
            f"risk_facts_by_{name}",
            "risk_facts",
            [name, "seq"],
            sqlite_where=is_told,
            postgresql_where=is_told,
        )
    # With the code's own table: a later revision that changes it takes this filling over.
    connection, position = op.get_bind(), 0
    while rows := read_after(connection, position, _EVENTS_A_TURN):
        facts.note(connection, [(row.seq, row) for row in rows])
        position = rows[-1].seq
