"""What a buyer's action mends in the practice shop: a fault ends for what is sold afterwards, if the action fits it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from service.domain.events import SkuAction
from simulator.goods import Fault, Goods

CURES: Mapping[Fault, frozenset[SkuAction]] = {
    "defective_batch": frozenset({"supplier_claim", "stop_buying"}),
    "misleading_listing": frozenset({"fix_listing"}),
    "wrong_size_chart": frozenset({"size_note"}),
}


def cure(goods: Goods, sku: str, action: SkuAction, day: int) -> bool:
    """From `day` on (counted from the play's first) what is sold of the product has its fault no more.

    A listing and a size chart are those of the style, so all its sizes are cured. Says whether the action cured anything:
    not where it does not fit, nor where there is no fault yet, or no more.
    """
    if sku not in goods.sku:
        return False
    product = goods.sku.index(sku)
    truth = goods.fault[product]
    if truth is None or action not in CURES[truth.fault]:
        return False
    if not goods.fault_from[product] < day < goods.fault_end[product]:
        return False
    for each in _hit_alike(goods, product):
        goods.fault_end[each] = day
        fault = goods.fault[each]
        goods.fault[each] = fault and replace(fault, end_day=day)
    return True


def _hit_alike(goods: Goods, product: int) -> list[int]:
    truth = goods.fault[product]
    if truth is None or truth.fault == "defective_batch":
        return [product]
    same_style = np.flatnonzero(goods.style == goods.style[product]).tolist()
    return [each for each in same_style if (of := goods.fault[each]) and of.fault == truth.fault]
