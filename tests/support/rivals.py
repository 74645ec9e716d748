"""Real processes that want the same thing at the same moment, against one database."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from typing import Any

from policy_with import ALL_PASSES, policy_with
from sqlalchemy import text
from told_order import ORDER

from service.application import Retour
from service.customers.commands import TooManyTries
from service.domain.events import Actor, Event, SkuFlagged
from service.domain.risk import RulesOnly
from service.flags.commands import FlagChangedMeanwhile
from service.flags.schemas import ActionBody, DismissBody
from service.orders.commands import UnknownOrder
from service.orders.schemas import OrderBody
from service.platform.clock import SystemClock, VirtualClock
from service.platform.db import Database
from service.platform.idempotency import Attempt, Repeated
from service.platform.ids import SystemIds
from service.platform.payments import Payments
from service.returns.applying import MoreThanDelivered
from service.returns.schemas import ReturnBody

SECRET = b"a test's secret"
_PATIENCE_SECONDS = 60
_BUYER = Actor("buyer", "s-1")


def own_retour(url: str, now: datetime | None = None, payments: Payments | None = None) -> Retour:
    """The application as another process has it: its own connections, the same database."""
    clock = VirtualClock(now) if now else SystemClock()
    return Retour(
        Database(url),
        policy_with(ALL_PASSES),
        RulesOnly(),
        clock,
        SystemIds(),
        secret=SECRET,
        payments=payments,
    )


@contextmanager
def two_processes(work: Callable[..., None], *arguments: Any) -> Iterator[list[BaseProcess]]:
    """Two processes that call `work(number, barrier, *arguments)`; none of them outlives the block."""
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2, timeout=_PATIENCE_SECONDS)
    processes: list[BaseProcess] = [
        spawn.Process(target=work, args=(number, barrier, *arguments)) for number in range(2)
    ]
    for each in processes:
        each.start()
    try:
        yield processes
        for each in processes:
            each.join(_PATIENCE_SECONDS)
    finally:
        for each in processes:
            each.kill()
            each.join()


def await_lock(retour: Retour) -> None:
    """Until some other connection to this database waits for a lock."""
    query = text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    )
    for _ in range(10_000):
        with retour.context.db.read() as connection:
            if connection.execute(query).scalar_one():
                return
    raise AssertionError("nobody waits")


def append_many(number: int, barrier: Any, url: str, count: int) -> None:
    """Append as fast as possible, two events a transaction."""
    retour = own_retour(url)
    barrier.wait()
    for turn in range(count):
        retour.conclusions.append([flag(f"{number}-{turn}-{part}") for part in "ab"])


def claim_last_units(number: int, barrier: Any, url: str, orders: list[str], results: Any) -> None:
    """For each order in turn, apply for all that was delivered, at the same moment as the other process."""
    retour = own_retour(url, datetime(2026, 3, 2, 12, tzinfo=UTC))
    for order_id in orders:
        barrier.wait()
        try:
            retour.returns.request(_application(order_id, 3))
            results.put((order_id, "won"))
        except MoreThanDelivered:
            results.put((order_id, "refused"))


def send_twice(number: int, barrier: Any, url: str, orders: list[str], results: Any) -> None:
    """For each order in turn, send the same application at the same moment as the other process."""
    retour = own_retour(url, datetime(2026, 3, 2, 12, tzinfo=UTC))
    for order_id in orders:
        barrier.wait()
        attempt = Attempt("app", f"return-of-{order_id}", "the same request")
        try:
            rma = retour.returns.request(_application(order_id, 1), attempt)
            results.put((order_id, rma, True))
        except Repeated as repeated:
            results.put((order_id, repeated.subject, False))


def order_at_once(number: int, barrier: Any, url: str, customers: list[str]) -> None:
    """For each customer in turn, tell of an order of its own at the same moment as the other process, come by the same."""
    retour = own_retour(url, datetime(2026, 3, 2, 12, tzinfo=UTC))
    for customer in customers:
        came_by = {"address": f"home of {customer}", "device": "a device of all"}
        body = OrderBody.model_validate({**ORDER, "customer": customer, "identity": came_by})
        barrier.wait()
        retour.orders.place(f"{customer}-{number}", body)


def guess(number: int, barrier: Any, url: str, order_id: str, tries: int, results: Any) -> None:
    """Try wrong mail addresses for an order, at the same moments as the other process."""
    retour = own_retour(url, datetime(2026, 3, 2, 12, tzinfo=UTC))
    for turn in range(tries):
        barrier.wait()
        try:
            retour.customers.prove(order_id, f"{number}-{turn}")
        except (UnknownOrder, TooManyTries) as refused:
            results.put(type(refused).__name__)


def answer_flags(number: int, barrier: Any, url: str, flag_ids: list[str], results: Any) -> None:
    """For each flag in turn, act or dismiss as it was first seen, at the same moment as the other process."""
    retour = own_retour(url, datetime(2026, 3, 2, 12, tzinfo=UTC))
    for flag_id in flag_ids:
        barrier.wait()
        try:
            if number:
                retour.flags.act(flag_id, ActionBody(version=1, action="mark_down"), _BUYER)
            else:
                retour.flags.dismiss(flag_id, DismissBody(version=1, reason="expected"), _BUYER)
            results.put((flag_id, "won"))
        except FlagChangedMeanwhile:
            results.put((flag_id, "refused"))


def _application(order_id: str, quantity: int) -> ReturnBody:
    line = {"line_no": 1, "quantity": quantity, "reason": "defect"}
    body = {"order_id": order_id, "customer": "anna@example.com", "lines": [line]}
    return ReturnBody.model_validate(body)


def flag(sku: str) -> Event:
    """A small event, as a run would conclude it."""
    said = SkuFlagged(
        sku=sku,
        since="2026-01-05",
        lift=2.0,
        lift_low=1.5,
        lift_high=3.0,
        excess_units=4.0,
        detector_version="1",
    )
    now = datetime.now(UTC)
    return Event(SystemIds().event_id(now), "test", sku, now, said, Actor("pipeline"))
