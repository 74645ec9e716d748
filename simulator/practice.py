"""A practice shop: half a year of orders, deliveries and returns, played through the application in virtual time."""

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from retour.errors import UserError
from service.application import Retour
from service.domain.words import Reason
from service.orders.schemas import DeliveredLineBody, DeliveryBody, OrderBody, OrderLineBody
from service.platform.clock import VirtualClock
from service.returns.schemas import ReturnBody, ReturnLineBody
from simulator.catalogue import FAULTS, Product, products

WEEKS = 26
ORDERS = 1500
_CUSTOMERS = 600
_LATE_SHARE = 0.06
_COUNTRIES = ("DE", "FR", "CN", "NL")
_LOG_PAGE = 5000

Progress = Callable[[float], None]


class NotAPracticeShop(UserError):
    """A practice history would mix with what really happened."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was played."""

    products: int
    orders: int
    returns: int


@dataclass(slots=True)
class _Play:
    """The shop while it is played: what is still to happen, in order."""

    retour: Retour
    clock: VirtualClock
    rng: random.Random
    start: datetime
    catalogue: list[Product]
    agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    returns: int = 0
    planned: int = 0

    def plan(self, moment: datetime, act: Callable[[], None]) -> None:
        self.planned += 1
        heapq.heappush(self.agenda, (moment, self.planned, act))

    def until(self, end: datetime) -> Iterator[datetime]:
        """Let everything happen that is due, moving the clock."""
        while self.agenda and self.agenda[0][0] <= end:
            moment, _, act = heapq.heappop(self.agenda)
            self.clock.move_to(moment)
            act()
            yield moment
        self.clock.move_to(end)


def play(
    retour: Retour, clock: VirtualClock, *, seed: int, progress: Progress = lambda _: None
) -> Summary:
    """Play `WEEKS` weeks from where the clock stands. The same seed plays the same shop.

    `progress` is told the share done. Raises `NotAPracticeShop` where the log holds what really happened.
    """
    _refuse_real_shop(retour)
    rng = random.Random(seed)  # noqa: S311  # meant to be repeated
    shop = _Play(retour, clock, rng, clock.now(), products(rng))
    for product in shop.catalogue:
        retour.catalog.put(product.sku, product.body)
    for number, moment in enumerate(_order_moments(shop), 1):
        shop.plan(moment, partial(_order, shop, number))
    end = shop.start + timedelta(weeks=WEEKS)
    for moment in shop.until(end):
        progress((moment - shop.start) / (end - shop.start))
    return Summary(len(shop.catalogue), ORDERS, shop.returns)


def _refuse_real_shop(retour: Retour) -> None:
    position = 0
    while events := retour.read_log(position, _LOG_PAGE):
        for event in events:
            if event.origin != "simulated":
                raise NotAPracticeShop(
                    f"the log of {retour.context.db.url.render_as_string()} holds events of a real shop "
                    f"(seq {event.seq}, {event.origin}); play into an empty one: set RETOUR_VAR_DIR or RETOUR_DATABASE_URL"
                )
        position = events[-1].seq


def _order_moments(shop: _Play) -> list[datetime]:
    """Shopping hours, a little more at weekends and towards the end."""
    days = WEEKS * 7
    weights = [(1.3 if day % 7 >= 5 else 1.0) * (1 + 0.3 * day / days) for day in range(days)]
    chosen = shop.rng.choices(range(days), weights, k=ORDERS)
    seconds = (int(shop.rng.triangular(0, 86_399, 70_000)) for _ in chosen)
    return sorted(
        shop.start + timedelta(days=day, seconds=second)
        for day, second in zip(chosen, seconds, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Sold:
    """Units of one product on their way to one customer."""

    product: Product
    line: OrderLineBody
    order_id: str
    customer: str
    week: int


def _order(shop: _Play, number: int) -> None:
    order_id, customer = f"P-{number:05}", f"practice-customer-{shop.rng.randrange(_CUSTOMERS)}"
    week = (shop.clock.now() - shop.start) // timedelta(weeks=1)
    sold = [
        _Sold(product, _order_line(shop.rng, product, line_no), order_id, customer, week)
        for line_no, product in enumerate(_basket(shop), 1)
    ]
    lines = [each.line for each in sold]
    country = shop.rng.choice(_COUNTRIES)
    body = OrderBody(customer=customer, currency="EUR", country=country, lines=lines)
    shop.retour.orders.place(order_id, body)
    delivered_at = shop.clock.now() + timedelta(days=shop.rng.triangular(1, 8, 3))
    shop.plan(delivered_at, lambda: _deliver(shop, order_id, lines))
    for each in sold:
        _maybe_plan_return(shop, each, delivered_at)


def _basket(shop: _Play) -> list[Product]:
    weights = [product.popularity for product in shop.catalogue]
    drawn = shop.rng.choices(range(len(weights)), weights, k=shop.rng.choice((1, 2, 2, 3)))
    return [shop.catalogue[index] for index in dict.fromkeys(drawn)]


def _order_line(rng: random.Random, product: Product, line_no: int) -> OrderLineBody:
    return OrderLineBody(
        line_no=line_no,
        sku=product.sku,
        quantity=rng.choice((1, 1, 1, 2)),
        unit_price_minor=product.body.price_minor or 0,
    )


def _deliver(shop: _Play, order_id: str, lines: list[OrderLineBody]) -> None:
    parts = [DeliveredLineBody(line_no=line.line_no, quantity=line.quantity) for line in lines]
    shop.retour.orders.deliver(order_id, "1", DeliveryBody(lines=parts))


def _maybe_plan_return(shop: _Play, sold: _Sold, delivered_at: datetime) -> None:
    rng, category = shop.rng, sold.product.category
    fault = next((f for f in FAULTS if f.sku == sold.product.sku and f.week <= sold.week), None)
    usual = rng.choices(category.reasons, (3, 2, 1))[0]
    is_late = rng.random() < _LATE_SHARE
    lag = timedelta(days=0.5 + rng.gammavariate(2.0, 4.5) + (30 if is_late else 0))
    draw = rng.random()
    if draw < category.return_rate:
        reason = usual
    elif fault and draw < category.return_rate * fault.factor:
        reason = fault.reason
    else:
        return
    shop.plan(delivered_at + lag, lambda: _return(shop, sold, reason))


def _return(shop: _Play, sold: _Sold, reason: Reason) -> None:
    line = ReturnLineBody(
        line_no=sold.line.line_no,
        quantity=shop.rng.randint(1, sold.line.quantity),
        reason=reason,
    )
    shop.retour.returns.request(
        ReturnBody(order_id=sold.order_id, customer=sold.customer, lines=[line])
    )
    shop.returns += 1
