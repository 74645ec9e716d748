"""The largest amounts that an event may carry can be added up: an append-only log could never take them back."""

from datetime import UTC, datetime

from small_shop import append

from pipelines.steps import SQL_DIR, build, take_in
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.settings import Settings
from service.domain.events import MOST_MINOR, Actor, Event, OrderLine, OrderPlaced
from service.platform.ids import derived_event_id

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINES, ORDERS = 1000, 20


def order(number: int) -> Event:
    lines = [
        OrderLine(line_no=each, sku="GOLD", quantity=10**9, unit_price_minor=MOST_MINOR // 10**9)
        for each in range(1, LINES + 1)
    ]
    placed = OrderPlaced(
        order_id=f"A-{number}", customer_key=None, currency="EUR", country=None, lines=lines
    )
    return Event(
        derived_event_id(0, placed.order_id), "test", placed.order_id, NOON, placed, Actor("shop")
    )


def test_weeks_and_days_of_them_are_exact(settings: Settings) -> None:
    retour = open_retour(settings)
    append(retour, [order(number) for number in range(ORDERS)])
    with Warehouse.of(settings) as warehouse:
        take_in(settings, retour, warehouse)

        build(warehouse, retour, load_models(SQL_DIR))

        (week,) = warehouse.query("select * from intermediate.sales_weekly").rows(named=True)
        (day,) = warehouse.query("select * from marts.volume_daily").rows(named=True)
    assert week["paid_minor"] == LINES * ORDERS * MOST_MINOR
    assert week["units_sold"] == day["units_sold"] == LINES * ORDERS * 10**9
