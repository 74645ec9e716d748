"""What customers wrote of a flagged product, as far as it is still kept."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select

from service.catalog.repository import products
from service.domain.events import SkuFlagged
from service.flags.repository import sku_flags
from service.platform.clock import to_us
from service.platform.texts import ON_GOODS, texts
from service.returns.repository import return_lines
from service.surveys.repository import surveys

MOST = 5
_PARENT = select(products.c.parent).where(products.c.sku == bindparam("of_sku"))
# Where all variants of a parent have the problem, each is flagged.
_FAMILY = (
    select(sku_flags.c.sku)
    .join(products, products.c.sku == sku_flags.c.sku)
    .where(products.c.parent == _PARENT.scalar_subquery(), sku_flags.c.status != "cleared")
)
_COMMENTS: Select[Any] = (
    select(
        texts.c.text_ref,
        texts.c.body,
        texts.c.language,
        texts.c.kind,
        texts.c.written_at_us,
        surveys.c.csat,
        func.min(return_lines.c.reason).label("reason"),
    )
    .join(return_lines, return_lines.c.rma == texts.c.rma)
    .outerjoin(surveys, (surveys.c.rma == texts.c.rma) & (texts.c.kind == "comment"))
    .where(
        texts.c.kind.in_(ON_GOODS),
        texts.c.written_at_us >= bindparam("since_us"),
        (return_lines.c.sku == bindparam("of_sku")) | return_lines.c.sku.in_(_FAMILY),
    )
    .group_by(*texts.c, surveys.c.csat)
    .order_by(texts.c.written_at_us.desc(), texts.c.text_ref)
    .limit(MOST)
)


def newest(connection: Connection, flag: SkuFlagged) -> Sequence[Row[Any]]:
    """The newest comments on returns of a flag's product since its problem began, at most five.

    Those on the variants of its parent that are flagged, too, are among them.
    """
    since = datetime.fromisoformat(flag.since).replace(tzinfo=UTC)
    return connection.execute(_COMMENTS, {"of_sku": flag.sku, "since_us": to_us(since)}).all()
