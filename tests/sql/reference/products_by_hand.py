"""What came back of each product, why, and what had been paid for it, added up row by row."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from math import floor, sqrt
from typing import Any

Rows = list[dict[str, Any]]
Row = Mapping[str, Any]


def returns_money_weekly(weeks: Iterable[Row], sales: Iterable[Row]) -> Rows:
    """The rows of `marts.returns_money_weekly`, of those of `marts.sku_weekly` and `intermediate.sales_weekly`.

    What each product adds counts in whole thousandths, so that a sum is the same in whatever order.
    """
    prices = _prices(sales)
    sums: dict[tuple[date, str], Counter[str]] = defaultdict(Counter)
    for week in weeks:
        for currency, price in prices.get(week["sku"], {}).items():
            place = sums[week["week_start"], currency]
            reach = (week["expected_high"] - week["expected_low"]) / 2 * price
            place["returned"] += _thousandths(week["units_returned"] * price)
            place["expected"] += _thousandths(week["units_expected"] * price)
            place["spread"] += _thousandths(reach**2)
    return [
        {
            "week_start": week_start,
            "currency": currency,
            "returned_minor": _whole(each["returned"] / 1000),
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


def _prices(sales: Iterable[Row]) -> dict[str, dict[str, float]]:
    """By product and currency what was paid for a unit, whatever currency that was sold in."""
    units: Counter[str] = Counter()
    paid: dict[str, Counter[str]] = defaultdict(Counter)
    for row in sales:
        units[row["sku"]] += row["units_sold"]
        paid[row["sku"]][row["currency"]] += row["paid_minor"]
    return {
        sku: {currency: minor / units[sku] for currency, minor in by_currency.items()}
        for sku, by_currency in paid.items()
    }


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
