"""What was decided by risk, what became known, and how much of what passed was abusive, read off a log event by event."""

import math
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from told import Told, day_of, middle, moment, told, week_of

from service.domain.events import RecordedEvent

Row = dict[str, Any]
BAD = ("failed", "short", "wrong_item", "empty")
_Z = 1.959963984540054


def risk_decisions(log: Iterable[RecordedEvent], zone: ZoneInfo) -> list[Row]:
    """The rows of `marts.risk_decisions`."""
    events = list(told(log))
    asked = {
        each.says["rma"]: sum(line["quantity"] for line in each.says["lines"])
        for each in events
        if each.type == "return.requested"
    }
    found: dict[str, list[Told]] = defaultdict(list)
    for each in events:
        if each.type == "line.inspected":
            found[each.says["rma"]].append(each)
    return [
        _decision(each, found[each.says["rma"]], asked[each.says["rma"]], zone)
        for each in events
        if each.type == "return.assessed"
    ]


def risk_monitor_weekly(decisions: Iterable[Row]) -> list[Row]:
    """The rows of `marts.risk_monitor_weekly`, from decisions by hand."""
    groups: dict[tuple[Any, str], list[Row]] = defaultdict(list)
    for row in decisions:
        groups[row["week_start"], row["decided_by"]].append(row)
    return [_week(*key, rows) for key, rows in groups.items()]


def risk_reviews_weekly(log: Iterable[RecordedEvent], zone: ZoneInfo) -> list[Row]:
    """The rows of `marts.risk_reviews_weekly`."""
    events = list(told(log))
    basis = {e.says["rma"]: e.says["basis"] for e in events if e.type == "return.assessed"}
    groups: dict[tuple[Any, str], list[Told]] = defaultdict(list)
    for each in events:
        if each.type == "review.decided" and each.says["rma"] in basis:
            by = basis[each.says["rma"]]
            sent_by = by if by in ("model", "rules") else "without_model"
            groups[week_of(day_of(each.at_us, zone)), sent_by].append(each)
    return [
        {
            "week_start": week,
            "sent_by": sent_by,
            "decided": len(rows),
            "authorized": sum(row.says["decision"] == "authorize" for row in rows),
            "median_minutes": middle(
                (row.at_us - row.says["opened_at_us"] - row.says["paused_us"]) / 60_000_000
                for row in rows
            ),
        }
        for (week, sent_by), rows in groups.items()
    ]


def _decision(assessed: Told, found: list[Told], asked: int, zone: ZoneInfo) -> Row:
    says = assessed.says
    bad = [each.at_us for each in found if each.says["outcome"] in BAD]
    good = [each for each in found if each.says["outcome"] == "passed"]
    sound = sum(each.says["quantity"] for each in good if each.says["inspection_depth"] == "full")
    label = 1 if bad else 0 if good and sound >= asked else None
    at = min(bad) if bad else max((each.at_us for each in good), default=None)
    was_full = any(each.says["inspection_depth"] == "full" for each in found)
    source = "audit" if says["is_audit"] else "full_inspection" if was_full else "basic_inspection"
    is_left = says["decision"] == "review" and says["basis"] in (
        "no_model",
        "uncertified",
        "suspended",
    )
    passed = sum(each.says["quantity"] for each in good)
    counts = says["inspection"] == "full" and label is not None and not is_left
    passing = says["approve_propensity"] if says["decision"] == "approve" else 1
    return {
        "rma": says["rma"],
        "scored_at": moment(assessed.at_us).replace(tzinfo=None),
        "policy_version": says["policy_version"],
        "model_version": says["model_version"],
        "score": says["score"],
        "decision": says["decision"],
        "refund_on": says["refund_on"],
        "inspection": says["inspection"],
        "propensity": says["propensity"],
        "label": label,
        "label_source": None if label is None else source,
        "labelled_at": None if label is None or at is None else moment(at).replace(tzinfo=None),
        "week_start": week_of(day_of(assessed.at_us, zone)),
        "basis": says["basis"],
        "decided_by": says["model_version"] if says["basis"] == "model" else "rules",
        "is_eligible": says["basis"] != "rules",
        "is_audit": says["is_audit"],
        "audit_weight": round(1000 * passing / says["propensity"]) if counts else None,
        "hidden_decision": says["hidden_decision"],
        "as_of_seq": says["as_of_seq"],
        "approve_propensity": says["approve_propensity"],
        "is_drawn_doubt": says["is_drawn_doubt"],
        "finding": 1 if bad else 0 if good and passed >= asked else None,
    }


def _week(week: Any, decided_by: str, rows: list[Row]) -> Row:
    drawn = [row for row in rows if row["is_drawn_doubt"]]
    approved = [row for row in rows if row["decision"] == "approve" and row not in drawn]
    inspected = [row for row in drawn if row["audit_weight"] is not None]
    audited = [row for row in approved if row["audit_weight"] is not None]
    weights = [row["audit_weight"] for row in audited]
    rate = size = low = high = None
    if audited:
        bad = sum(row["audit_weight"] for row in audited if row["label"] == 1)
        rate = bad / sum(weights)
        size = float(Fraction(sum(weights) ** 2, sum(each**2 for each in weights)))
        low, high = _wilson(rate, size)
    return {
        "week_start": week,
        "model_version": decided_by,
        "scored": len(rows),
        "auto_share": len(approved) / len(rows),
        "audited": len(audited),
        "abuse_rate": rate,
        "abuse_low": low,
        "abuse_high": high,
        "approved": len(approved),
        "audits_drawn": sum(row["is_audit"] for row in approved),
        "audits_abusive": sum(row["label"] == 1 for row in audited),
        "audited_effective": size,
        "doubts_drawn": len(drawn),
        "doubts_inspected": len(inspected),
        "doubts_abusive": sum(row["label"] == 1 for row in inspected),
        **_by_all_inspections(approved, rate, size),
    }


def _by_all_inspections(approved: list[Row], rate: float | None, size: float | None) -> Row:
    looked_at = [
        row["finding"]
        for row in approved
        if row["finding"] is not None and (row["audit_weight"] or 0) <= 1000
    ]
    told: Row = {"looked_at": len(looked_at), "failed": sum(looked_at)}
    names = ("estimated_rate", "estimated_low", "estimated_high")
    if not looked_at:
        return told | dict.fromkeys(names)
    share = (sum(looked_at) + 0.5) / (len(looked_at) + 1)
    audits = size or 0.0
    ratio = (4 + audits * (rate or 0.0)) / (4 + audits * share)
    variance = 1 / (4 + audits * (rate or 0.0)) + 1 / (sum(looked_at) + 0.5)
    edges = (_gamma_edge(1 / variance, side) for side in (-_Z, _Z))
    return told | dict(
        zip(names, (min(1.0, share * ratio * each) for each in (1.0, *edges)), strict=True)
    )


def _gamma_edge(shape: float, z: float) -> float:
    """Where a gamma of mean one has its 2.5 % below or above: its cube root is nearly normal (Wilson & Hilferty 1931)."""
    return max(0.0, 1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))) ** 3


def _wilson(share: float, size: float) -> tuple[float, float]:
    """The two shares from which the one seen is 1.96 standard errors of theirs away (Wilson 1927), by bisection."""
    return _edge(share, size, 0.0), _edge(share, size, 1.0)


def _edge(share: float, size: float, end: float) -> float:
    inside, outside = share, end
    if _is_inside(share, size, end):
        return end
    for _ in range(200):
        half = (inside + outside) / 2
        inside, outside = (half, outside) if _is_inside(share, size, half) else (inside, half)
    return inside


def _is_inside(share: float, size: float, candidate: float) -> bool:
    return abs(share - candidate) <= _Z * math.sqrt(candidate * (1 - candidate) / size)
