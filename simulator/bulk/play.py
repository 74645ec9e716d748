"""The fast path from the plan to the log's frames, a stretch of days at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from service.domain.policy import Policy
from simulator.bulk.ahead import ahead
from simulator.bulk.applications import (
    Applications,
    Sales,
    application_lines,
    application_rows,
    applications,
    sales_of,
)
from simulator.bulk.ending import Desk
from simulator.bulk.events import (
    follow_up,
    orders,
    receipts,
    returns,
    reviews,
    settlements,
    shipments,
)
from simulator.bulk.events.letters import with_letters
from simulator.bulk.happening import Events
from simulator.bulk.history import History, Known
from simulator.bulk.ids import order_ids
from simulator.bulk.judging import judge
from simulator.bulk.lives import Lives, live
from simulator.bulk.numbered import Numbered
from simulator.bulk.shop import Shop, shop_of
from simulator.bulk.stream import Frames, Stream
from simulator.chance import stream
from simulator.columns import Words
from simulator.kinds import KINDS
from simulator.plan import Plan
from simulator.world import DAY_US, Flags, Floats, Integers

_ORDERS_A_STRETCH = 80_000
_MOST_DAYS = 40
_TOO_LATE = -1  # the stretch of what comes after the end
_KINDS = Words(KINDS)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some days of the play: its events by lake table, and what only the plan knows of its `returns` and `claims`."""

    frames: Frames
    truth: Mapping[str, pl.DataFrame]
    days: range


@dataclass(slots=True)
class _Later:
    """Applications about orders that were placed already, by the stretch in which they are made, as far as they are in time."""

    stretch_us: int
    end_us: int
    rows: dict[int, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))
    lines: dict[int, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))

    def note(self, rows: pl.DataFrame, lines: pl.DataFrame) -> None:
        at_us = rows["requested_us"].to_numpy()
        stretch = np.where(at_us < self.end_us, at_us // self.stretch_us, _TOO_LATE)
        of_line = stretch[np.searchsorted(rows["request"].to_numpy(), lines["request"].to_numpy())]
        for each in np.unique(stretch[stretch != _TOO_LATE]).tolist():
            self.rows[each].append(rows.filter(pl.Series(stretch == each)))
            self.lines[each].append(lines.filter(pl.Series(of_line == each)))

    def take(self, stretch: int) -> Applications | None:
        rows, lines = self.rows.pop(stretch, []), self.lines.pop(stretch, [])
        return applications(pl.concat(rows), pl.concat(lines)) if rows else None


class BulkPlay:
    """Carries a plan out as events. Iterate once: stretches come in order, numbered as one log."""

    def __init__(self, plan: Plan, policy: Policy, zone: ZoneInfo, start_us: int) -> None:
        """`start_us`: the play's first midnight, microseconds since 1970. Raises `NotForBulk`."""
        self._plan = plan
        self._shop: Shop = shop_of(plan.world, policy, zone, start_us)
        self._days = stretch_days(plan)
        stretch_us, end_us = self._days * DAY_US, plan.world.days * DAY_US
        self._last = (plan.world.days - 1) // self._days
        self._desk = Desk(self._shop)
        self._history = History(policy.rules.history)
        self._later = _Later(stretch_us, end_us)
        self._numbered = Numbered(plan.world.goods.sku)
        self._stream = Stream(plan.world.seed, start_us, stretch_us, end_us)

    @property
    def seq(self) -> int:
        """How many events there are so far."""
        return self._stream.seq

    def __iter__(self) -> Iterator[Stretch]:
        planned = ahead(self._plan, self._days)
        for number in range(self._last + 1):
            begin = number * self._days
            days = range(begin, min(begin + self._days, self._plan.world.days))
            yield self._stretch(number, days, sales_of(list(islice(planned, len(days)))))

    def _stretch(self, number: int, days: range, sales: Sales) -> Stretch:
        self._tell(orders.catalogue(self._shop, days))
        if sales.orders.height:
            self._sell(sales)
        asked = self._later.take(number)
        truth = {"claims": _claims_truth(self._shop, sales)}
        if asked:
            truth["returns"] = self._apply(asked, number)
        self._history.forget(days.stop * DAY_US)
        rng = stream(self._shop.seed, "letters", number)
        frames = self._numbered.complete(self._stream.release(number), rng)
        return Stretch(frames, truth, days)

    def _tell(self, told: Iterable[Events]) -> None:
        self._stream.tell(with_letters(told, self._shop.start_us))

    def _sell(self, sales: Sales) -> None:
        is_first = self._history.note_orders(
            sales.orders["customer"].to_numpy(), sales.orders["placed_us"].to_numpy()
        )
        self._tell(sold(self._shop, self._desk, sales))
        self._tell([orders.identified(self._shop, sales, is_first)])
        if sales.requests.height:
            rows = application_rows(self._shop.world, sales)
            self._later.note(rows, application_lines(sales))

    def _apply(self, asked: Applications, number: int) -> pl.DataFrame:
        """First everybody's first application of the stretch, then the others: by then it is known how the first ones fared."""
        customer = asked.of("customer")
        known = self._history.known(customer, asked.of("requested_us"))
        draw = stream(self._shop.seed, "audit", number).random(len(asked))
        is_first = _is_first(customer, asked.of("requested_us"))
        for place in (np.flatnonzero(is_first), np.flatnonzero(~is_first)):
            if len(place):
                self._live(asked.some(place), known.some(place), draw[place])
        return _applications_truth(self._shop, asked)

    def _live(self, asked: Applications, known: Known, draw: Floats) -> None:
        customer = asked.of("customer")
        known = replace(known, failed=self._history.failed(customer, asked.of("requested_us")))
        lives = live(self._desk, asked, judge(self._shop, asked, known, draw))
        place = lives.parts.place[lives.parts.is_bad]
        self._history.note_failures(customer[place], lives.inspections.inspected_us[place])
        self._tell(lived(self._shop, lives, known))


def _is_first(customer: Integers, at_us: Integers) -> Flags:
    """Whether each is the first of its customer."""
    order = np.lexsort((at_us, customer))
    found = np.zeros(len(customer), dtype=np.bool_)
    found[order[np.append(True, np.diff(customer[order]) > 0)]] = True
    return found


def stretch_days(plan: Plan) -> int:
    """How many days are done at a time: enough that their columns are long, few enough that they are small."""
    return max(1, min(_MOST_DAYS, round(_ORDERS_A_STRETCH / plan.world.orders_per_day)))


def sold(shop: Shop, desk: Desk, sales: Sales) -> Iterator[Events]:
    """The events of some days' orders, but for what comes of returns."""
    yield from orders.ordered(shop, sales)
    yield from orders.claimed(shop, desk, sales)


def lived(shop: Shop, lives: Lives, known: Known) -> Iterator[Events]:
    """The events of applications, from the first to the last."""
    yield from returns.applied(shop, lives, known)
    yield from reviews.reviewed(shop, lives)
    yield from returns.decided(shop, lives)
    yield from shipments.sent(shop, lives)
    yield from returns.given_up(shop, lives)
    yield from receipts.received(shop, lives)
    yield from returns.breached(shop, lives)
    yield returns.split(lives)
    yield from receipts.inspected(shop, lives)
    yield from receipts.chosen(shop, lives)
    yield from receipts.placed(shop, lives)
    yield from settlements.refunded(shop, lives)
    yield from returns.closed(lives)
    yield from follow_up.surveyed(shop, lives)
    yield from follow_up.cases_of_returns(shop, lives)


def _applications_truth(shop: Shop, asked: Applications) -> pl.DataFrame:
    requested = _moments(shop, asked.of("requested_us"))
    known = asked.rows.select("rma", "order_id", "customer_key", "is_abusive")
    return known.with_columns(kind=_KINDS.at(asked.of("kind")), requested_at=requested)


def _claims_truth(shop: Shop, sales: Sales) -> pl.DataFrame:
    """Of the claims that are made before the play ends."""
    said = sales.claims.filter(pl.col("claimed_us") < shop.world.days * DAY_US)
    return said.select(
        pl.Series("order_id", order_ids(said["order"].to_numpy())),
        "is_abusive",
        _KINDS.at(said["kind"].to_numpy()).alias("kind"),
        _moments(shop, said["claimed_us"].to_numpy()).alias("claimed_at"),
    )


def _moments(shop: Shop, at_us: Integers) -> pl.Series:
    return pl.Series(at_us + shop.start_us).cast(pl.Datetime("us", "UTC"))
