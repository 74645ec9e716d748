"""Flags on products, so that buyers can answer them. Those that the log raised and did not clear stand.

Revision ID: 0008
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    flags = op.create_table(
        "sku_flags",
        sa.Column("flag_id", sa.Text, primary_key=True),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("flagged_at_us", sa.BigInteger, nullable=False),
        sa.Column("changed_at_us", sa.BigInteger, nullable=False),
        sa.Column("owner_key", sa.Text),
        sa.Column("said", sa.Text, nullable=False),
    )
    op.create_index("sku_flags_by_sku", "sku_flags", ["sku"])
    op.create_index("sku_flags_by_status", "sku_flags", ["status", "flagged_at_us"])
    if standing := list(_standing().values()):
        op.bulk_insert(flags, standing)


def _standing() -> dict[str, dict[str, object]]:
    """By product, the newest flag where nothing cleared it afterwards."""
    concluded = sa.text(
        "select id, type, time_us, data from events "
        "where type in ('sku.flagged', 'sku.cleared') order by seq"
    )
    found: dict[str, dict[str, object]] = {}
    for flag_id, type_, time_us, data in op.get_bind().execute(concluded):
        sku = json.loads(data)["sku"]
        found.pop(sku, None)
        if type_ == "sku.flagged":
            found[sku] = {
                "flag_id": flag_id,
                "sku": sku,
                "status": "flagged",
                "version": 1,
                "flagged_at_us": time_us,
                "changed_at_us": time_us,
                "owner_key": None,
                "said": data,
            }
    return found
