"""Surveys and cases, counted event by event."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any, get_args
from zoneinfo import ZoneInfo

import numpy as np
from scipy.stats import binomtest, norm
from told import Told, day_of, hours, middle, moment, told, week_of

from service.domain.events import RecordedEvent
from service.domain.words import SurveyTag

Rows = list[dict[str, Any]]
Lives = Mapping[str, Mapping[str, Any]]
TAGS = get_args(SurveyTag)


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
    by_place: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for case in _cases(log, zone).values():
        by_place[case["place"]].append(case)
    return [
        {"day": day, "kind": kind, **_counted(those)} for (day, kind), those in by_place.items()
    ]


def case_ends(log: Iterable[RecordedEvent], zone: ZoneInfo) -> Rows:
    """The rows of `marts.case_ends`."""
    return [
        {
            "case_id": case_id,
            "kind": case["place"][1],
            "ended_at": moment(case["ended_us"]).replace(tzinfo=None),
            "day": day_of(case["ended_us"], zone),
            "hours": case["hours"],
            "first_answer_hours": case["answered"],
        }
        for case_id, case in _cases(log, zone).items()
        if "hours" in case
    ]


def _cases(log: Iterable[RecordedEvent], zone: ZoneInfo) -> dict[str, dict[str, Any]]:
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
                case["ended_us"] = event.at_us
                case["hours"] = hours(case["at_us"], event.at_us)
            if is_answer(event):
                case.setdefault("answered", hours(case["at_us"], event.at_us))
    return cases


def is_answer(event: Told) -> bool:
    """Whether a case's customer was answered: by a person, or by its end."""
    is_from_staff = event.says.get("direction") == "to_customer"
    return is_from_staff or event.type == "case.closed" or event.says.get("letter") == "case_closed"


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


def satisfaction_answers(log: Iterable[RecordedEvent], lives: Lives, zone: ZoneInfo) -> Rows:
    """The rows of `marts.satisfaction_answers`, given those of `marts.return_lifecycle` by return."""
    return [
        {
            "rma": event.subject,
            "answered_at": moment(event.at_us).replace(tzinfo=None),
            "day": day_of(event.at_us, zone),
            "csat": event.says["csat"],
            "tags": ",".join(sorted((e["tag"] for e in event.says["tags"]), key=TAGS.index)),
            "has_comment": event.says["text_ref"] is not None,
            "text_ref": event.says["text_ref"],
            "outcome": lives[event.subject]["outcome"],
            "waited_hours": lives[event.subject]["waited_hours"],
        }
        for event in told(log)
        if event.type == "survey.answered"
    ]


def satisfaction_by(log: Iterable[RecordedEvent], lives: Lives, zone: ZoneInfo) -> Rows:
    """The rows of `marts.satisfaction_by`, given those of `marts.return_lifecycle` by return."""
    events = list(told(log))
    answers = {e.subject: e.says["csat"] for e in events if e.type == "survey.answered"}
    reasons, regimes = {}, {}
    for event in events:
        if event.type in ("return.requested", "return.withdrawn"):
            lines = sorted(event.says["lines"], key=lambda line: line["line_no"])
            reasons[event.subject] = next((e["reason"] for e in lines if e["reason"]), "none")
            regimes[event.subject] = event.says.get("regime", "voluntary")
    sums: dict[Any, dict[str, int]] = {}
    for event in events:
        if event.type != "survey.sent":
            continue
        rma, life = event.subject, lives[event.subject]
        values = {
            "outcome": life["outcome"],
            "waiting": _waiting(life["waited_hours"]),
            "decision": "declined" if life["decision"] == "declined" else life["decision_mode"],
            "reason": reasons[rma],
            "regime": regimes[rma],
        }
        for dimension, value in values.items():
            place = week_of(day_of(event.at_us, zone)), dimension, value or "none"
            sums.setdefault(place, dict.fromkeys(("sent", "answered", "csat_sum", "satisfied"), 0))
            sums[place]["sent"] += 1
            sums[place]["answered"] += rma in answers
            sums[place]["csat_sum"] += answers.get(rma, 0)
            sums[place]["satisfied"] += answers.get(rma, 0) in (4, 5)
    names = ("week_start", "dimension", "value")
    return [{**dict(zip(names, place, strict=True)), **row} for place, row in sums.items()]


def _waiting(hours: float | None) -> str:
    if hours is None:
        return "open"
    bounds = ((2, "<2d"), (5, "2-5d"), (10, "5-10d"), (20, "10-20d"))
    return next((word for days, word in bounds if hours < days * 24), ">20d")
