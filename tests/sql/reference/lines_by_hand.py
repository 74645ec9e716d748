"""The lines of returns as they were moved, found and paid event by event; and what each day sold and was asked back."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from lives_by_hand import at, by_rma
from told import Told, day_of, told

from service.domain.events import RecordedEvent

Row = dict[str, Any]
Events = Sequence[Told]
BEGUN = ("return.requested", "return.withdrawn")
_FOUND = ("grade", "outcome", "inspection_depth", "found_sku", "disposition")


def volume_daily(log: Iterable[RecordedEvent], zone: ZoneInfo) -> list[Row]:
    """The rows of `marts.volume_daily`."""
    days: dict[date, Counter[str]] = defaultdict(Counter)
    for event in told(log):
        counts = days[day_of(event.at_us, zone)]
        units = sum(line.get("quantity", 0) for line in event.says.get("lines", ()))
        if event.type == "order.placed":
            counts.update(orders=1, units_sold=units)
        elif event.type in BEGUN:
            counts.update(returns_requested=1, units_returned=units)
        elif event.type == "return.authorized":
            counts.update(auto_decided=event.says["mode"] == "rule")
    names = ("orders", "units_sold", "returns_requested", "units_returned", "auto_decided")
    return [
        {"day": day, **{name: counts[name] for name in names}}
        for day, counts in days.items()
        if counts.total()
    ]


def return_lines(log: Sequence[RecordedEvent]) -> list[Row]:
    """The rows of `marts.return_lines`."""
    return [row for events in by_rma(log).values() for row in _of_return(list(told(events)))]


def _of_return(events: Events) -> Iterator[Row]:
    begun = events[0]
    decision = _decision(events)
    for line in _lines(events).values():
        yield {
            "rma": begun.subject,
            "currency": begun.says["currency"],
            "requested_at": at(begun.at_us),
            "kind": "return" if begun.type == "return.requested" else "withdrawal",
            **line,
            **(decision if line["is_declared"] else dict.fromkeys(decision)),
        }


def _lines(events: Events) -> dict[int, Row]:
    """What each line is in the end: units that leave a line take along what is known of them."""
    lines: dict[int, Row] = {}
    products = {line["sku"] for line in events[0].says["lines"]}
    for event in events:
        says = event.says
        if event.type in BEGUN:
            lines.update({each["line_no"]: _applied(each) for each in says["lines"]})
        elif event.type == "line.split":
            whole = lines[says["line_no"]]
            part = {name: says[name] for name in ("quantity", "value_minor")}
            whole.update({name: whole[name] - part[name] for name in part})
            no = says["into_line_no"]
            lines[no] = {**whole, **part, "line_no": no, "refund_minor": 0}
        elif event.type == "return.received":
            for each in says["lines"]:
                lines.setdefault(each["line_no"], _unasked(each, products))
        elif event.type == "line.inspected":
            line = lines.setdefault(says["line_no"], _unasked(says, products))
            found_sku = says["sku"] if line["is_declared"] else None
            line.update({name: says[name] for name in _FOUND[:3]}, found_sku=found_sku)
        elif event.type == "line.dispositioned":
            line = lines[says["line_no"]]
            line.update(disposition=says["disposition"], sku=line["sku"] or says["sku"])
        elif event.type == "refund.settled":
            for each in says["lines"]:
                lines[each["line_no"]]["refund_minor"] += each["amount_minor"]
    return lines


def _applied(line: Row) -> Row:
    names = ("line_no", "sku", "quantity", "reason", "value_minor", "order_id")
    return _new(line["line_no"], is_declared=True) | {name: line[name] for name in names}


def _unasked(seen: Row, products: set[str]) -> Row:
    """What nobody applied for: the product that the dock names, or the only one that the return is about."""
    (only,) = products if len(products) == 1 else (None,)
    return _new(seen["line_no"], is_declared=False) | {
        "sku": seen.get("sku") or only,
        "quantity": seen["quantity"],
    }


def _new(line_no: int, *, is_declared: bool) -> Row:
    return {
        "line_no": line_no,
        "root_line_no": line_no,
        "is_declared": is_declared,
        "value_minor": 0,
        "refund_minor": 0,
        **dict.fromkeys(("reason", "order_id", *_FOUND)),
    }


def _decision(events: Events) -> Row:
    """The newest one on a return."""
    words = {"return.authorized": "authorized", "return.declined": "declined"}
    newest = next((each for each in reversed(events) if each.type in words), None)
    return {
        "decision": words[newest.type] if newest else None,
        "decision_mode": newest.says["mode"] if newest else None,
        "decided_at": at(newest.at_us) if newest else None,
    }
