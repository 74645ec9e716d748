"""What is known of a customer at the moment of an application: one statement, so that all of it is of one moment.

On PostgreSQL a statement sees one snapshot: the newest `seq` read in it bounds everything else that it counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, Text, bindparam, func, select

from service.domain.policy import CustomerHistory, RequestLine
from service.orders.repository import orders
from service.platform.clock import from_us, to_us
from service.platform.log import events
from service.returns.repository import return_lines, returns

_DAY = timedelta(days=1)
_FAILED = ("failed", "short", "wrong_item", "empty")

_CUSTOMER = bindparam("customer_key", type_=Text)
_THEIRS = returns.c.customer_key == _CUSTOMER
_COUNT = select(func.count()).select_from(returns)
_FAILED_RETURNS = (
    select(func.count())
    .select_from(returns.join(return_lines))
    .where(
        _THEIRS,
        return_lines.c.reception_state.in_(_FAILED),
        returns.c.requested_at_us >= bindparam("failed_since_us", type_=BigInteger),
    )
)
_BOUGHT = (
    select(func.count(), func.min(orders.c.placed_at_us))
    .where(orders.c.customer_key == _CUSTOMER)
    .subquery("bought")
)
_SEEN = select(
    select(func.coalesce(func.max(events.c.seq), 0)).scalar_subquery(),
    _COUNT.where(_THEIRS).scalar_subquery(),
    _COUNT.where(
        _THEIRS, returns.c.requested_at_us >= bindparam("returns_since_us", type_=BigInteger)
    ).scalar_subquery(),
    _FAILED_RETURNS.scalar_subquery(),
    *_BOUGHT.c,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A customer's history, and the newest event that it knows of."""

    history: CustomerHistory
    as_of_seq: int


def seen(
    connection: Connection,
    customer_key: str | None,
    now: datetime,
    returns_since: timedelta,
    failed_since: timedelta,
) -> Seen:
    """What was recorded of a customer until now; of an unknown customer, nothing."""
    asked = {
        "customer_key": customer_key,
        "returns_since_us": to_us(now - returns_since),
        "failed_since_us": to_us(now - failed_since),
    }
    row = connection.execute(_SEEN, asked).one()
    as_of_seq, all_returns, recent, bad, n_orders, first_us = row
    history = CustomerHistory(
        orders=n_orders,
        returns_in_window=recent,
        returns=all_returns,
        failed_inspections=bad,
        first_order_at=None if first_us is None else from_us(first_us),
    )
    return Seen(history, as_of_seq)


def features_of(
    lines: Sequence[RequestLine], history: CustomerHistory, until: datetime | None, now: datetime
) -> dict[str, float | None]:
    """The numbers that an assessment sees. Values in minor units, times in days."""
    first = history.first_order_at
    return {
        "value_minor": float(sum(line.value_minor for line in lines)),
        "units": float(sum(line.quantity for line in lines)),
        "lines": float(len(lines)),
        "days_since_delivery": (now - max(line.delivered_at for line in lines)) / _DAY,
        "days_to_window_end": None if until is None else (until - now) / _DAY,
        "evidence": float(sum(line.evidence for line in lines)),
        "customer_orders": float(history.orders),
        "customer_returns": float(history.returns),
        "customer_returns_recent": float(history.returns_in_window),
        "customer_failed_inspections": float(history.failed_inspections),
        "customer_tenure_days": None if first is None else (now - first) / _DAY,
    }
