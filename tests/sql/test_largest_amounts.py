"""The largest amounts that an event may carry can be added up: an append-only log could never take them back."""

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from retold import retell_by_least_chance, retell_dearly
from small_practice import log_of, simulated
from small_shop import append, small_shop
from without_dagster import run_steps

from pipelines.publish.manifest import Publication
from pipelines.steps import SQL_DIR, build, take_in
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.settings import Settings
from service.domain.events import MOST_MINOR, Actor, Event, OrderLine, OrderPlaced, RefundSettled
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


def published(settings: Settings, *marts: str) -> list[pl.DataFrame]:
    """Marts' rows as they are after a refresh."""
    run_steps(settings, open_retour(settings), NOON)
    publication = Publication.load(settings.published_dir)
    assert publication is not None
    return [
        pl.concat(
            pl.read_parquet(settings.published_dir / file.path)
            for file in publication.marts[mart].files
        )
        for mart in marts
    ]


def settled_minor(settings: Settings) -> int:
    """What the log says was paid back."""
    return sum(
        json.loads(event.data)["amount_minor"]
        for event in log_of(settings)
        if event.type == RefundSettled.type
    )


def test_a_shop_of_them_is_published_to_the_last_unit(tmp_path: Path) -> None:
    """Every kind of amount: a play of the service's own in a currency of little worth, all its draws by the smallest chance."""
    settings = simulated(tmp_path, 11)
    retell_dearly(settings)
    retell_by_least_chance(settings)

    refunds, decisions = published(settings, "refunds_daily", "risk_decisions")

    assert refunds["refund_minor"].sum() == settled_minor(settings) > MOST_MINOR
    assert decisions["audit_weight"].max() == 1_000_000 * 1000


def test_a_product_of_them_is_flagged(settings: Settings) -> None:
    """What it costs in a month is more than any one amount may be."""
    small_shop(settings, days=40, names_orders=True)
    retell_dearly(settings)

    (products,) = published(settings, "problem_skus")

    (flagged,) = products.filter(status="flagged").rows(named=True)
    assert flagged["money_at_risk_minor"] > MOST_MINOR
