"""What came back counts in the money that was paid for it, whatever else its product is sold for."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from small_shop import append

from retour.assembly import open_retour
from retour.settings import Settings
from service.domain import events as e
from service.domain.events import Actor
from service.platform.ids import SystemIds

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
PRICES = {"EUR": 1000, "CNY": 8000}


def payloads() -> Iterator[tuple[datetime, str, e.Payload]]:
    """Mugs are sold for euros for a week, then for yuan as well; what comes back is of the latter but for one that was found nowhere."""
    for week, currency in ((0, "EUR"), (1, "EUR"), (1, "CNY")):
        order_id = f"{currency}-{week}"
        line = e.OrderLine(line_no=1, sku="MUG", quantity=20, unit_price_minor=PRICES[currency])
        yield (
            MONDAY + timedelta(weeks=week),
            order_id,
            e.OrderPlaced(
                order_id=order_id, customer_key=None, currency=currency, country="NL", lines=[line]
            ),
        )
    for rma, order_id, sku, units in (("R1", "CNY-1", "MUG", 3), ("R2", None, "LAMP", 1)):
        yield (
            MONDAY + timedelta(weeks=2),
            rma,
            e.ReturnRequested(
                rma=rma,
                order_id=order_id,
                customer_key=None,
                currency="CNY",
                lines=[
                    e.ReturnLine(
                        line_no=1,
                        order_id=order_id,
                        order_line_no=order_id and 1,
                        sku=sku,
                        quantity=units,
                        reason="defect",
                        value_minor=8000 * units,
                    )
                ],
            ),
        )


@pytest.fixture(scope="module")
def weeks(
    folder: Settings, refreshed_log: Callable[[Any], Ask]
) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows by day of the month and currency."""
    retour = open_retour(folder)
    told = [
        e.Event(SystemIds().event_id(at), "test", subject, at, says, Actor("system"))
        for at, subject, says in payloads()
    ]
    append(retour, told)
    rows = refreshed_log(retour)("select * from marts.returns_money_weekly")
    return {(f"{row['week_start']:%d}", row["currency"]): row for row in rows}


def test_units_count_in_the_currency_of_their_own_order(weeks: dict[Any, Any]) -> None:
    assert weeks["16", "CNY"]["returned_minor"] == 3 * 8000
    assert weeks["16", "EUR"]["returned_minor"] == 0


def test_nothing_is_expected_back_in_a_currency_before_anything_was_sold_in_it(
    weeks: dict[Any, Any],
) -> None:
    assert ("02", "CNY") not in weeks
    assert weeks["02", "EUR"]["expected_minor"] > 0


def test_expected_units_are_split_by_what_was_sold_until_then(weeks: dict[Any, Any]) -> None:
    """40 of 60 mugs were sold for 10.00 euros, 20 for 80.00 yuan."""
    euros, yuan = (weeks["16", currency]["expected_minor"] for currency in ("EUR", "CNY"))

    assert yuan / euros == pytest.approx(20 * 8000 / (40 * 1000), rel=0.02)
