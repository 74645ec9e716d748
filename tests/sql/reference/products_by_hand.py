"""What came back of each product, why, and what had been paid for it, added up row by row."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from math import floor, sqrt
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from told import Told, day_of, told, week_of

from service.domain.events import RecordedEvent

Rows = list[dict[str, Any]]
Row = Mapping[str, Any]
_BEGUN = ("return.requested", "return.withdrawn")
_GIVEN_UP = ("return.cancelled", "return.expired")
_AGAIN = ("return.reinstated", "review.requested")
_REACH = 1.6448536269514722  # of a 90 % band, in standard deviations


def returns_money_weekly(
    log: Iterable[RecordedEvent], weeks: Iterable[Row], zone: ZoneInfo
) -> Rows:
    """The rows of `marts.returns_money_weekly`: money off the log, and how many units were expected of those of `marts.sku_weekly`.

    What is expected of each product counts in whole thousandths, so that a sum is the same in whatever order.
    """
    events = list(told(log))
    orders = {each.subject: each for each in events if each.type == "order.placed"}
    sums: dict[tuple[date, str], Counter[str]] = defaultdict(Counter)
    sold = _sold(orders.values(), zone)
    for week in weeks:
        until = [each for each in sold[week["sku"]] if each[0] <= week["week_start"]]
        in_all = sum(units for _, _, units, _ in until)
        reach = (week["expected_high"] - week["expected_low"]) / 2
        for currency in {each[1] for each in until}:
            units = sum(each[2] for each in until if each[1] == currency)
            price = sum(each[3] for each in until if each[1] == currency) / units
            share, expected = units / in_all, week["units_expected"]
            place = sums[week["week_start"], currency]
            place["expected"] += _thousandths(expected * share * price)
            spread = (share * reach) ** 2 + _REACH**2 * expected * share * (1 - share)
            place["spread"] += _thousandths(spread * price**2)
    for line in _asked_back(events, orders, zone):
        order = orders.get(line["order_id"] or "")
        currency = order.says["currency"] if order else line["currency"]
        if currency in {each[1] for each in sold[line["sku"]]}:
            week_start = week_of(day_of(line["at_us"], zone))
            minor = line["value_minor"] * line["units"] // line["quantity"]
            sums[week_start, currency]["returned"] += minor
    return [
        {
            "week_start": week_start,
            "currency": currency,
            "returned_minor": each["returned"],
            "expected_minor": _whole(each["expected"] / 1000),
            "expected_low_minor": _whole(
                max(each["expected"] / 1000 - sqrt(each["spread"] / 1000), 0)
            ),
            "expected_high_minor": _whole(each["expected"] / 1000 + sqrt(each["spread"] / 1000)),
        }
        for (week_start, currency), each in sums.items()
    ]


def _thousandths(amount: float) -> int:
    return _whole(amount * 1000)


def _whole(amount: float) -> int:
    """The nearest whole number; of two as near, the larger."""
    return floor(amount + 0.5)


def _sold(orders: Iterable[Told], zone: ZoneInfo) -> Mapping[str, list[tuple[date, str, int, int]]]:
    """By product each sale's week, currency, units and what was paid."""
    sold = defaultdict(list)
    for order in orders:
        week_start = week_of(day_of(order.at_us, zone))
        for line in order.says["lines"]:
            paid = line["quantity"] * line["unit_price_minor"]
            sale = week_start, order.says["currency"], line["quantity"], paid
            sold[line["sku"]].append(sale)
    return sold


def _asked_back(events: Iterable[Told], orders: Mapping[str, Told], zone: ZoneInfo) -> Rows:
    """The lines of applications with the units that were neither given up nor asked back before."""
    left: dict[tuple[str, int], int] = {
        (order.subject, line["line_no"]): line["quantity"]
        for order in orders.values()
        for line in order.says["lines"]
    }
    found = []
    in_turn = itemgetter("day", "rma", "line_no")
    for line in sorted(_lines_kept(events, zone), key=in_turn):
        sale = line["order_id"], line["order_line_no"]
        units = min(line["units"], left.get(sale, line["units"]))
        if sale in left:
            left[sale] -= line["units"]
        if units > 0:
            found.append(line | {"units": units})
    return found


def _lines_kept(events: Iterable[Told], zone: ZoneInfo) -> Rows:
    """The lines of all applications as they were begun, with the units that were not given up in the end."""
    lines: dict[tuple[str, int], dict[str, Any]] = {}
    parts: dict[tuple[str, int], tuple[tuple[str, int], int]] = {}
    given_up: set[tuple[str, int]] = set()
    for event in events:
        says, rma = event.says, event.subject
        if event.type in _BEGUN:
            common = {"rma": rma, "at_us": event.at_us, "day": day_of(event.at_us, zone)}
            for line in says["lines"]:
                begun = common | line | {"currency": says["currency"], "units": line["quantity"]}
                lines[rma, line["line_no"]] = begun
                parts[rma, line["line_no"]] = (rma, line["line_no"]), line["quantity"]
        elif event.type == "line.split":
            root, units = parts[rma, says["line_no"]]
            parts[rma, says["line_no"]] = root, units - says["quantity"]
            parts[rma, says["into_line_no"]] = root, says["quantity"]
        elif event.type in _GIVEN_UP:
            given_up |= {(rma, each["line_no"]) for each in says["lines"]}
        elif event.type in _AGAIN:
            given_up -= {(rma, each["line_no"]) for each in says["lines"]}
    for part in given_up:
        root, units = parts[part]
        lines[root]["units"] -= units
    return [line for line in lines.values() if line["units"] > 0]


def mean_prices(log: Iterable[RecordedEvent]) -> dict[str, float]:
    """What was paid for a unit in each currency, all products together (minor units)."""
    paid: Counter[str] = Counter()
    units: Counter[str] = Counter()
    for event in told(log):
        if event.type == "order.placed":
            for line in event.says["lines"]:
                paid[event.says["currency"]] += line["quantity"] * line["unit_price_minor"]
                units[event.says["currency"]] += line["quantity"]
    return {currency: paid[currency] / units[currency] for currency in paid}


def sku_reasons(incidents: Iterable[Row], evidence: Iterable[Row]) -> Rows:
    """The rows of `marts.sku_reasons`, of those of `intermediate.return_incidents` and `marts.sku_evidence`."""
    products = {row["sku"]: row for row in evidence}
    since: dict[str, Counter[str]] = defaultdict(Counter)
    of_all: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in incidents:
        sku, reason = row["sku"], row["reason"]
        if reason is None:
            continue
        of_all[products[sku]["category"] or ""][sku][reason] += 1
        begun = products[sku]["since"]
        if begun and (row["sold_week_start"] or row["week_start"]) >= begun:
            since[sku][reason] += 1
    return [
        each
        for sku, product in products.items()
        if product["since"]
        for each in _beside(sku, since[sku], of_all[product["category"] or ""])
    ]


def _beside(sku: str, mine: Counter[str], category: Mapping[str, Counter[str]]) -> Rows:
    others: Counter[str] = Counter()
    for other, reasons in category.items():
        if other != sku:
            others.update(reasons)
    return [
        {
            "sku": sku,
            "reason": reason,
            "incidents": mine[reason],
            "incidents_given": mine.total(),
            "category_incidents": others[reason],
            "category_incidents_given": others.total(),
        }
        for reason in {reason for reasons in category.values() for reason in reasons}
    ]


def sku_slices(
    lines: Iterable[Row], orders: Iterable[Row], lots: Iterable[Row], returned: Iterable[Row]
) -> Rows:
    """The rows of `intermediate.sku_slices`, of those of `staging.order_lines` with their day's week, `staging.orders`,
    `lake.product_upserted` and `intermediate.return_incidents`.
    """
    regions = {row["order_id"]: row["country"] or "" for row in orders}
    said: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in lots:
        said[row["sku"]].append((row["seq"], row["lot"] or ""))
    places: dict[tuple[str, int], tuple[str, date, str, str]] = {}
    sold: Counter[tuple[str, date, str, str, str]] = Counter()
    for row in lines:
        before = [each for each in said[row["sku"]] if each[0] < row["seq"]]
        lot = max(before)[1] if before else ""
        place = (row["sku"], row["week_start"], lot, regions[row["order_id"]])
        places[row["order_id"], row["line_no"]] = place
        sold[*place, ""] += 1
    back: Counter[tuple[str, date, str, str, str]] = Counter()
    for row in returned:
        at = places.get((row["order_id"], row["order_line_no"]))
        if at:
            back[*at, row["reason"] or ""] += 1
    return [
        {
            **dict(zip(("sku", "week_start", "lot", "region", "reason"), place, strict=True)),
            "order_lines": sold[place],
            "incidents": back[place],
        }
        for place in {*sold, *back}
    ]


def sku_costs(costs: Iterable[Row], returned: Iterable[Row]) -> Rows:
    """The rows of `intermediate.sku_costs`, of those of `intermediate.cost_items` and `staging.return_lines`."""
    lost: Counter[tuple[str, str]] = Counter()
    for row in costs:
        if row["kind"] in ("freight", "handling", "write_down") and row["amount_minor"] is not None:
            lost[row["rma"], row["currency"]] += row["amount_minor"]
    lines: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in returned:
        lines[row["rma"]].append((row["sku"], row["quantity"]))
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (rma, currency), minor in lost.items():
        units = sum(quantity for _, quantity in lines[rma])
        for sku, quantity in lines[rma]:
            sums[sku, currency]["units"] += quantity
            sums[sku, currency]["lost_minor"] += minor * quantity // units
    return [
        {"sku": sku, "currency": currency, **{name: each[name] for name in ("units", "lost_minor")}}
        for (sku, currency), each in sums.items()
    ]
