"""What an assessment may know at the moment of an application.

`seen` is what the policy's rules ask of a customer; `vector` what the risk model sees: the figures of `sql/features`, the
very files that the warehouse runs over the lake, here for one application over the facts beside the log. Each is one
statement, so that all of it is of one moment; on PostgreSQL a statement sees one snapshot, and the newest `seq` read in it
bounds everything else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Connection, Text, TextClause, bindparam, func, select, text

from models.risk.features import NAMES
from service.domain.events import ReturnLine
from service.domain.policy import CustomerHistory, RequestLine
from service.orders.repository import orders
from service.platform.clock import from_us, to_us
from service.platform.facts import BAD
from service.returns.repository import return_lines, returns

_DAY = timedelta(days=1)

_CUSTOMER = bindparam("customer_key", type_=Text)
_THEIRS = returns.c.customer_key == _CUSTOMER
_COUNT = select(func.count()).select_from(returns)
_FAILED_RETURNS = (
    select(func.count())
    .select_from(returns.join(return_lines))
    .where(
        _THEIRS,
        return_lines.c.reception_state.in_(BAD),
        returns.c.requested_at_us >= bindparam("failed_since_us", type_=BigInteger),
    )
)
_BOUGHT = (
    select(func.count(), func.min(orders.c.placed_at_us))
    .where(orders.c.customer_key == _CUSTOMER)
    .subquery("bought")
)
_SEEN = select(
    _COUNT.where(_THEIRS).scalar_subquery(),
    _COUNT.where(
        _THEIRS, returns.c.requested_at_us >= bindparam("returns_since_us", type_=BigInteger)
    ).scalar_subquery(),
    _FAILED_RETURNS.scalar_subquery(),
    *_BOUGHT.c,
)

_SQL = Path(__file__).parents[2] / "sql" / "features"
_PARTS = ("risk_request", "risk_customer", "risk_links", "risk_product")
_REQUEST = """risk_requests as (
    select
        cast(:rma as text) as rma,
        (select coalesce(max(seq), 0) from events) as as_of_seq,
        cast(:customer_key as text) as customer_key,
        cast(:order_id as text) as order_id,
        cast(:at_us as bigint) as at_us,
        cast(:hour as bigint) as hour,
        cast(:until_us as bigint) as returnable_until_us
)"""
_LINE = """select cast(:rma as text) as rma, {place} as line_no, cast(:order_id as text) as order_id,
    cast(:sku_{place} as text) as sku, cast(:units_{place} as bigint) as units, cast(:reason_{place} as text) as reason"""


def seen(
    connection: Connection,
    customer_key: str | None,
    now: datetime,
    returns_since: timedelta,
    failed_since: timedelta,
) -> CustomerHistory:
    """What was recorded of a customer until now; of an unknown customer, nothing."""
    asked = {
        "customer_key": customer_key,
        "returns_since_us": to_us(now - returns_since),
        "failed_since_us": to_us(now - failed_since),
    }
    all_returns, recent, bad, n_orders, first_us = connection.execute(_SEEN, asked).one()
    return CustomerHistory(
        orders=n_orders,
        returns_in_window=recent,
        returns=all_returns,
        failed_inspections=bad,
        first_order_at=None if first_us is None else from_us(first_us),
    )


@dataclass(frozen=True, slots=True)
class Vector:
    """What the risk model sees, by the names of `models.risk.features`, and the newest event that it knows of."""

    features: Mapping[str, float | None]
    as_of_seq: int


def vector(
    connection: Connection,
    rma: str,
    customer_key: str | None,
    order_id: str,
    lines: Sequence[ReturnLine],
    until: datetime | None,
    now: datetime,
    zone: ZoneInfo,
) -> Vector:
    """The features of one application that is about to be made; `until`: the end of its first window to close."""
    asked: dict[str, object] = {
        "rma": rma,
        "customer_key": customer_key,
        "order_id": order_id,
        "at_us": to_us(now),
        "hour": now.astimezone(zone).hour,
        "until_us": None if until is None else to_us(until),
    }
    for place, line in enumerate(lines):
        asked |= {
            f"sku_{place}": line.sku,
            f"units_{place}": line.quantity,
            f"reason_{place}": line.reason,
        }
    as_of_seq, *values = connection.execute(_statement(len(lines)), asked).one()
    return Vector(dict(zip(NAMES, map(_number, values), strict=True)), as_of_seq)


def features_of(
    lines: Sequence[RequestLine], history: CustomerHistory, until: datetime | None, now: datetime
) -> dict[str, float | None]:
    """What the rules saw, as numbers that are kept beside the vector. Values in minor units, times in days."""
    first = history.first_order_at
    return {
        "value_minor": float(sum(line.value_minor for line in lines)),
        "days_to_window_end": None if until is None else (until - now) / _DAY,
        "evidence": float(sum(line.evidence for line in lines)),
        "customer_orders": float(history.orders),
        "customer_returns": float(history.returns),
        "customer_returns_recent": float(history.returns_in_window),
        "customer_failed_inspections": float(history.failed_inspections),
        "customer_tenure_days": None if first is None else (now - first) / _DAY,
    }


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


@cache
def _statement(lines: int) -> TextClause:
    """The features' files as one statement over the service's tables, for an application of so many lines."""
    told = "\n    union all\n    ".join(_LINE.format(place=place) for place in range(lines))
    parts = ",\n".join(f"{name} as (\n{_select(name)}\n)" for name in _PARTS)
    columns = ", ".join(f"vectors.{name}" for name in NAMES)
    return text(
        f"with {_REQUEST},\nrisk_request_lines as (\n    {told}\n),\n{parts},\n"
        f"vectors as (\n{_select('risk_vectors')}\n)\n"
        f"select risk_requests.as_of_seq, {columns} from vectors, risk_requests"
    )


def _select(name: str) -> str:
    """The SELECT of a file, its relations without their schemas."""
    whole = (_SQL / f"{name}.sql").read_text(encoding="utf-8")
    found = whole.partition("*/")[2].strip()
    return found.replace("intermediate.", "").replace("features.", "")
