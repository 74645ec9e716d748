"""What flags mean for whoever applies: which products of an order stand as defective."""

from collections.abc import Collection, Set

from sqlalchemy import Connection

from service.domain.events import ProductUpserted, SkuFlagged
from service.flags import repository
from service.platform import log


def defective(connection: Connection, skus: Collection[str], ordered_at_us: int) -> Set[str]:
    """Those of these products that are flagged for a defect and were not dismissed.

    Where one batch explains the flag, only what was sold of it; where nobody knows which batch that was, all.
    """
    return frozenset(
        row.sku
        for row in repository.held_against(connection, skus)
        if _is_hit(connection, SkuFlagged.model_validate_json(row.said), ordered_at_us)
    )


def _is_hit(connection: Connection, said: SkuFlagged, ordered_at_us: int) -> bool:
    if said.stream != "defect":
        return False
    if said.culprit_dimension != "lot":
        return True
    sold = _lot_sold(connection, said.sku, ordered_at_us)
    return sold is None or sold == said.culprit_value


def _lot_sold(connection: Connection, sku: str, at_us: int) -> str | None:
    """The batch that was sold at a moment: the shop's newest word before; None where it told of none."""
    told = [
        each
        for each in log.read_subject(connection, sku)
        if each.type == ProductUpserted.type and each.time_us <= at_us
    ]
    return ProductUpserted.model_validate_json(told[-1].data).lot if told else None
