"""What went back and what returns cost, added up event by event."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from told import day_of, hours, middle, told

from pipelines.costs import Costs
from service.domain.events import RecordedEvent

Rows = list[dict[str, Any]]
Place = tuple[Any, ...]


def refunds_daily(log: Iterable[RecordedEvent], zone: ZoneInfo) -> Rows:
    """The rows of `marts.refunds_daily`."""
    counts: dict[Place, Counter[str]] = defaultdict(Counter)
    waits: dict[Place, list[float]] = defaultdict(list)
    orders: dict[str, dict[str, Any]] = {}
    for event in told(log):
        says, day = event.says, day_of(event.at_us, zone)
        if event.type == "refund.requested":
            first = {"at_us": event.at_us, "trigger": says["trigger"], "currency": says["currency"]}
            order = orders.setdefault(says["refund_id"], first)
            order["means"] = says["means"]
        elif event.type == "refund.failed":
            order = orders[says["refund_id"]]
            counts[day, order["means"], order["currency"]]["failed"] += 1
        elif event.type == "refund.settled":
            place = day, says["means"] or "unknown", says["currency"]
            counts[place]["refunds"] += 1
            counts[place]["refund_minor"] += says["amount_minor"]
            counts[place]["reconciled"] += says["is_reconciled"]
            if order := orders.get(says["refund_id"], {}):
                waits[place].append(hours(order["at_us"], event.at_us))
            if order.get("trigger") == "goodwill":
                counts[place]["goodwill_minor"] += says["amount_minor"]
    names = ("refunds", "refund_minor", "failed", "goodwill_minor", "reconciled")
    return [
        {
            **dict(zip(("day", "means", "currency"), place, strict=True)),
            **{name: counted[name] for name in names},
            "median_hours": middle(waits[place]),
        }
        for place, counted in counts.items()
    ]


class _Books:
    """Costs as they are entered, one event after the other."""

    def __init__(self, costs: Costs, zone: ZoneInfo) -> None:
        self._rates = costs.model_dump()
        self._zone = zone
        self.entries: dict[Place, Counter[str]] = defaultdict(Counter)

    def pay(self, at_us: int, kind: str, currency: str, minor: int) -> None:
        self._enter(at_us, kind, currency, 1, minor)

    def charge(self, at_us: int, kind: str, word: str, currency: str, times: int = 1) -> None:
        """So many times the rate of a word, if there is one in this currency."""
        rate = self._rates[kind][word].get(currency)
        self._enter(at_us, kind, currency, times, None if rate is None else times * rate)

    def write_down(self, at_us: int, word: str, currency: str, value_minor: int) -> None:
        """Half a minor unit counts as a whole one."""
        percent = self._rates["write_down"][word]
        self._enter(at_us, "write_down", currency, 1, int(value_minor * percent / 100 + 0.5))

    def _enter(self, at_us: int, kind: str, currency: str, items: int, minor: int | None) -> None:
        month: date = day_of(at_us, self._zone).replace(day=1)
        entry = self.entries[month, kind, currency]
        entry["items"] += items
        entry["unpriced"] += items if minor is None else 0
        entry["amount_minor"] += minor or 0


def cost_monthly(log: Iterable[RecordedEvent], zone: ZoneInfo, costs: Costs) -> Rows:
    """The rows of `marts.cost_monthly`."""
    books, events = _Books(costs, zone), list(told(log))
    currencies = {
        event.subject: event.says["currency"]
        for event in events
        if event.type in ("return.requested", "return.withdrawn")
    }
    goodwill = {
        event.says["refund_id"]
        for event in events
        if event.type == "refund.requested" and event.says["trigger"] == "goodwill"
    }
    for event in events:
        says, currency = event.says, currencies.get(event.subject, "")
        if event.type == "refund.settled":
            kind = "goodwill" if says["refund_id"] in goodwill else "refunds"
            books.pay(event.at_us, kind, says["currency"], says["amount_minor"])
        elif event.type == "line.inspected":
            depth = says["inspection_depth"] or "basic"
            books.charge(event.at_us, "handling", depth, currency, says["quantity"])
        elif event.type == "goods.sent_back":
            books.charge(event.at_us, "freight", "sent_back", currency)
    for rma, at_us, word in _parcels(events):
        books.charge(at_us, "freight", word, currencies[rma])
    values = _values(events)
    for (rma, line_no), (at_us, word) in _fates(events).items():
        books.write_down(at_us, word, currencies[rma], values[rma, line_no])
    return [
        {**dict(zip(("month", "kind", "currency"), place, strict=True)), **entry}
        for place, entry in books.entries.items()
    ]


def _parcels(events: Iterable[Any]) -> list[tuple[str, int, str]]:
    """Return, moment and way of each parcel that was seen; one that no carrier saw is seen at the dock."""
    ways: dict[str, str] = {}
    last_way: dict[str, str] = {}
    scanned: dict[str, tuple[str, int, str]] = {}
    received: dict[str, int] = {}
    for event in events:
        says = event.says
        if event.type == "shipment.created":
            ways[says["shipment_id"]] = last_way[event.subject] = says["method"]
        elif event.type == "shipment.scanned":
            parcel = says["shipment_id"] or event.subject
            seen = event.subject, event.at_us, ways.get(parcel, "unannounced")
            if parcel not in scanned or event.at_us < scanned[parcel][1]:
                scanned[parcel] = seen
        elif event.type == "return.received":
            received[event.subject] = min(event.at_us, received.get(event.subject, event.at_us))
    with_scan = {rma for rma, _, _ in scanned.values()}
    unseen = [
        (rma, at_us, last_way.get(rma, "unannounced"))
        for rma, at_us in received.items()
        if rma not in with_scan
    ]
    return [*scanned.values(), *unseen]


def _values(events: Iterable[Any]) -> Counter[tuple[str, int]]:
    """What was paid for the units of each line as it stands after all splits."""
    values: Counter[tuple[str, int]] = Counter()
    for event in events:
        says = event.says
        if event.type in ("return.requested", "return.withdrawn"):
            for line in says["lines"]:
                values[event.subject, line["line_no"]] = line["value_minor"]
        elif event.type == "line.split":
            values[event.subject, says["line_no"]] -= says["value_minor"]
            values[event.subject, says["into_line_no"]] += says["value_minor"]
    return values


def _fates(events: Iterable[Any]) -> dict[tuple[str, int], tuple[int, str]]:
    """What became of each line, as last told."""
    fates: dict[tuple[str, int], tuple[int, str]] = {}
    words = {"line.keep_granted": "kept", "shipment.loss_accepted": "lost"}
    for event in events:
        if event.type == "line.dispositioned":
            place = event.subject, event.says["line_no"]
            fates[place] = event.at_us, event.says["disposition"]
        elif event.type in words:
            for line in event.says["lines"]:
                fates[event.subject, line["line_no"]] = event.at_us, words[event.type]
    return fates
