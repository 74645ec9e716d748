"""Surveys and cases, counted event by event."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from scipy.stats import binomtest, norm
from told import day_of, hours, middle, told

from service.domain.events import RecordedEvent

Rows = list[dict[str, Any]]


def satisfaction_daily(log: Iterable[RecordedEvent], zone: ZoneInfo) -> Rows:
    """The rows of `marts.satisfaction_daily`."""
    days, answers = {}, {}
    for event in told(log):
        if event.type == "survey.sent":
            days[event.subject] = day_of(event.at_us, zone)
        elif event.type == "survey.answered":
            answers[event.subject] = event.says["csat"]
    by_day: dict[Any, list[int | None]] = defaultdict(list)
    for rma, day in days.items():
        by_day[day].append(answers.get(rma))
    return [{"day": day, **_score(sent)} for day, sent in by_day.items()]


def _score(sent: Sequence[int | None]) -> dict[str, Any]:
    given = [each for each in sent if each is not None]
    satisfied = sum(each >= 4 for each in given)
    row: dict[str, Any] = {"sent": len(sent), "answered": len(given), "satisfied": satisfied}
    if not given:
        nothing = ("csat_mean", "csat_low", "csat_high", "satisfied_low", "satisfied_high")
        return row | dict.fromkeys(nothing)
    mean = sum(given) / len(given)
    low, high = wilson((mean - 1) / 4, len(given))
    share = binomtest(satisfied, len(given)).proportion_ci(0.95, method="wilson")
    return row | {
        "csat_mean": mean,
        "csat_low": 1 + 4 * low,
        "csat_high": 1 + 4 * high,
        "satisfied_low": float(share.low),
        "satisfied_high": float(share.high),
    }


def wilson(share: float, count: int) -> tuple[float, float]:
    """The shares p that lie z standard errors of their own from the one seen: (share - p)² = z² p (1 - p) / count."""
    z2 = norm.ppf(0.975) ** 2
    low, high = sorted(np.roots([1 + z2 / count, -2 * share - z2 / count, share**2]).real)
    return float(low), float(high)


def cases_daily(log: Iterable[RecordedEvent], zone: ZoneInfo) -> Rows:
    """The rows of `marts.cases_daily`."""
    cases: dict[str, dict[str, Any]] = {}
    for event in told(log):
        if event.type == "case.opened":
            place = day_of(event.at_us, zone), event.says["kind"]
            cases[event.subject] = {"place": place, "at_us": event.at_us, "escalated": False}
        elif event.subject in cases:
            case = cases[event.subject]
            if event.type == "case.escalated":
                case["escalated"] = True
            elif event.type == "case.closed":
                case["hours"] = hours(case["at_us"], event.at_us)
            if event.type in ("case.closed", "message.sent"):
                case.setdefault("answered", hours(case["at_us"], event.at_us))
    by_place: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for case in cases.values():
        by_place[case["place"]].append(case)
    return [
        {"day": day, "kind": kind, **_counted(those)} for (day, kind), those in by_place.items()
    ]


def _counted(cases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    taken = sorted(case["hours"] for case in cases if "hours" in case)
    return {
        "opened": len(cases),
        "closed": len(taken),
        "escalated": sum(case["escalated"] for case in cases),
        "still_open": len(cases) - len(taken),
        "median_hours": middle(taken),
        "p90_hours": taken[ceil(len(taken) * 9 / 10) - 1] if taken else None,
        "first_answer_median_hours": middle(c["answered"] for c in cases if "answered" in c),
    }
