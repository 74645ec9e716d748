"""From the warehouse to the measure of buyers' actions, and back."""

from functools import cache
from pathlib import Path

import models.products.effect
from models.products.effect import EFFECTS, Course, measure
from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.lake_views import digest
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse

EFFECTS_RELATION = "intermediate.flag_effects"
_ACTED_ON = "sku in (select sku from intermediate.flag_actions)"


def build_effects(warehouse: Warehouse, model: SqlModel) -> Built:
    """Measure every action, unless nothing that the measure reads has changed."""
    fingerprint = warehouse.fingerprint(model, _code())
    if standing := warehouse.current(model.relation, fingerprint):
        return standing
    course = _course(warehouse)
    effects = measure(course) if course else EFFECTS.to_frame()
    return warehouse.replace(model.relation, effects, fingerprint)


@cache
def _code() -> str:
    sources = (Path(models.products.effect.__file__), Path(__file__))
    return digest(*(path.read_text(encoding="utf-8") for path in sources))


def _course(warehouse: Warehouse) -> Course | None:
    """None where nobody ever acted."""
    actions = warehouse.query(
        """select action_id, sku, lift_before, own_level, first_week, end_week
           from intermediate.flag_actions order by action_id"""
    )
    now = warehouse.query("select week_start from intermediate.shop_now").rows()
    if actions.is_empty() or not now:
        return None
    return Course(
        actions=actions,
        sales=warehouse.query(
            f"""select sku, week_start, cast(sum(units_sold) as bigint) as units_sold
                from intermediate.sales_weekly where {_ACTED_ON}
                group by sku, week_start order by sku, week_start"""
        ),
        expected=warehouse.query(
            f"""select sku, week_start, units_expected from intermediate.sku_expected
                where {_ACTED_ON} order by sku, week_start"""
        ),
        incidents=warehouse.query(
            f"""select sku, week_start, sold_week_start, units from intermediate.return_incidents
                where {_ACTED_ON} order by sku, week_start, rma, line_no"""
        ),
        lags=warehouse.query(
            """select week_start, sold_week_start, count(*) as incidents
               from intermediate.return_incidents
               group by week_start, sold_week_start order by week_start, sold_week_start"""
        ),
        this_week=now[0][0],
    )
