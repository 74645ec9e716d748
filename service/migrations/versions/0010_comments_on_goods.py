"""The newest of what customers wrote about goods is found without reading all of it.

Revision ID: 0010
"""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_index("texts_by_kind", "texts", ["kind", "written_at_us"])
