"""Applications for the same units: what counts against a product is what was asked back in the end, each unit once."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from small_shop import a_return, append

from retour.assembly import open_retour
from retour.settings import Settings
from service.domain import events as e
from service.domain.events import Actor
from service.platform.ids import SystemIds

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
SOLD = {
    "given-up": 1,
    "never-sent": 1,
    "declined": 1,
    "undecided": 1,
    "in-parts": 3,
    "too-many": 3,
    "part-given-up": 3,
    "came-after-all": 1,
    "came-late-by-law": 1,
}


def story() -> Iterator[e.Payload | e.Event]:
    """What happened, in this order, an hour each."""
    for order_id, units in SOLD.items():
        line = e.OrderLine(line_no=1, sku="MUG", quantity=units, unit_price_minor=1000)
        yield e.OrderPlaced(
            order_id=order_id, customer_key=None, currency="EUR", country="NL", lines=[line]
        )
    for number in (1, 2, 3):
        yield of(f"given-up-{number}", "given-up")
        if number < 3:
            yield e.ReturnCancelled(rma=f"Rgiven-up-{number}", lines=units_of(1, 1))
    yield of("never-sent-1", "never-sent")
    yield e.ReturnExpired(rma="Rnever-sent-1", lines=units_of(1, 1))
    yield of("declined-1", "declined")
    yield of("declined-2", "declined")
    yield of("undecided-1", "undecided")
    yield of("in-parts-1", "in-parts", 1)
    yield of("in-parts-2", "in-parts", 2)
    yield of("too-many-1", "too-many", 2)
    yield of("too-many-2", "too-many", 2)
    yield of("too-many-3", "too-many", 1)
    yield of("part-given-up-1", "part-given-up", 3)
    yield e.LineSplit(
        rma="Rpart-given-up-1",
        line_no=1,
        root_line_no=1,
        into_line_no=2,
        quantity=1,
        value_minor=1000,
    )
    yield e.ReturnCancelled(rma="Rpart-given-up-1", lines=units_of(2, 1))
    yield of("came-after-all-1", "came-after-all")
    yield e.ReturnExpired(rma="Rcame-after-all-1", lines=units_of(1, 1))
    yield e.ReturnReinstated(rma="Rcame-after-all-1", lines=units_of(1, 1))
    yield of("came-late-by-law-1", "came-late-by-law")
    yield e.ReturnExpired(rma="Rcame-late-by-law-1", lines=units_of(1, 1))
    yield e.ReturnReinstated(
        rma="Rcame-late-by-law-1", lines=units_of(1, 1), permission="authorized"
    )
    for number in (1, 2):
        yield a_return(f"nameless-{number}", "MUG", MONDAY)


def of(number: str, order_id: str, quantity: int = 1) -> e.Event:
    return a_return(number, "MUG", MONDAY, quantity, of=(order_id, 1))


def units_of(line_no: int, quantity: int) -> list[e.UnitsOfLine]:
    return [e.UnitsOfLine(line_no=line_no, quantity=quantity)]


def events() -> Iterator[e.Event]:
    for number, told in enumerate(story()):
        moment = MONDAY + timedelta(hours=number)
        said = told.data if isinstance(told, e.Event) else told
        subject = getattr(said, "rma", None) or said.model_dump()["order_id"]
        yield e.Event(SystemIds().event_id(moment), "test", subject, moment, said, Actor("system"))


@pytest.fixture(scope="module")
def ask(folder: Settings, refreshed_log: Callable[[Any], Ask]) -> Ask:
    retour = open_retour(folder)
    append(retour, list(events()))
    return refreshed_log(retour)


def test_each_unit_that_was_sold_counts_once_and_none_that_was_given_up(ask: Ask) -> None:
    rows = ask("select rma, units from intermediate.return_incidents")

    assert {row["rma"]: row["units"] for row in rows} == {
        "Rgiven-up-3": 1,
        "Rdeclined-1": 1,
        "Rundecided-1": 1,
        "Rin-parts-1": 1,
        "Rin-parts-2": 2,
        "Rtoo-many-1": 2,
        "Rtoo-many-2": 1,
        "Rpart-given-up-1": 2,
        "Rcame-after-all-1": 1,
        "Rcame-late-by-law-1": 1,
        "Rnameless-1": 1,
        "Rnameless-2": 1,
    }


def test_weeks_and_evidence_and_what_is_read_for_batches_count_the_same(ask: Ask) -> None:
    (weeks,) = ask("select sum(units_returned) as units from marts.sku_weekly")
    (found,) = ask("select units_returned, incidents from intermediate.sku_evidence")
    (slices,) = ask("select sum(incidents) as incidents from intermediate.sku_slices")

    assert weeks["units"] == found["units_returned"] == 15
    assert found["incidents"] == 12
    assert slices["incidents"] == 10  # two name no order
