"""The shop's clocks, started, held and stopped event by event; and how well they were kept, by the textbook."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import NormalDist
from typing import Any
from zoneinfo import ZoneInfo

from lives_by_hand import at, by_rma
from told import HOUR_US, Told, day_of, told

from service.domain.events import RecordedEvent

Row = dict[str, Any]
DAY_US = 24 * HOUR_US
DECISIONS = ("return.authorized", "return.declined")


@dataclass(slots=True)
class Clock:
    """One clock; all moments in microseconds."""

    subject: str
    clock: str
    instance: str
    rma: str | None
    opened_us: int
    due_us: int | None
    owner_role: str
    owner_key: str | None = None
    told_due_us: int | None = None
    ended_us: int | None = None
    ended_by: str | None = None
    paused_us: int = 0
    paused_since: int | None = None

    def end(self, us: int, how: str = "done") -> None:
        if self.ended_us is None:
            self.resume(us)
            self.ended_us, self.ended_by = us, how

    def pause(self, us: int) -> None:
        """What stands still already is not stopped anew."""
        if self.ended_us is None and self.paused_since is None:
            self.paused_since = us

    def resume(self, us: int, due_us: int | None = None) -> None:
        """The time that was left when it was stopped is left now; what was late stays late."""
        if self.paused_since is None:
            return
        pause_us = us - self.paused_since
        if self.due_us is not None and self.due_us > self.paused_since:
            self.due_us += pause_us
        self.due_us = due_us or self.due_us
        self.paused_us += pause_us
        self.paused_since = None

    @property
    def next_due_us(self) -> int | None:
        """By when whoever has it now is to act: as told last, which moves no promise."""
        return self.due_us if self.told_due_us is None else self.told_due_us

    def age_us(self, as_of_us: int) -> int:
        """How long it ran, pauses left out."""
        return self.until_us(as_of_us) - self.opened_us - self.paused_us

    def until_us(self, as_of_us: int) -> int:
        if self.ended_us is not None:
            return self.ended_us
        return as_of_us if self.paused_since is None else self.paused_since

    def row(self, zone: ZoneInfo) -> Row:
        """As the relation has it."""
        ran_us = None if self.ended_us is None else self.age_us(0)
        return {
            "subject": self.subject,
            "clock": self.clock,
            "instance": self.instance,
            "rma": self.rma,
            "opened_at": at(self.opened_us),
            "day": day_of(self.opened_us, zone),
            "due_at": at(self.due_us),
            "ended_at": at(self.ended_us),
            "ended_by": self.ended_by,
            "paused_us": self.paused_us,
            "paused_since": at(self.paused_since),
            "hours": None if ran_us is None else ran_us / HOUR_US,
            "owner_role": self.owner_role,
            "owner_key": self.owner_key,
            "next_due_at": at(self.next_due_us),
        }


def clocks(log: Sequence[RecordedEvent]) -> list[Clock]:
    """Every clock that was started."""
    found = [clock for events in by_rma(log).values() for clock in _of_return(list(told(events)))]
    return found + _of_cases(list(told(log)))


def case_answers(log: Sequence[RecordedEvent]) -> list[Clock]:
    """Every wait of a customer for an answer on a case."""
    return [clock for clock in _of_cases(told(log)) if clock.clock == "first_answer"]


def sla_daily(clocks: Iterable[Clock], zone: ZoneInfo, as_of_us: int) -> Iterator[Row]:
    """The rows of the mart."""
    found: dict[tuple[date, str], list[Clock]] = defaultdict(list)
    for each in clocks:
        found[day_of(each.opened_us, zone), each.clock].append(each)
    for (day, clock), those in found.items():
        due = [each for each in those if each.due_us is not None]
        late = [each for each in due if each.until_us(as_of_us) > (each.due_us or 0)]
        in_time = [each for each in due if each not in late]
        yield {
            "day": day,
            "clock": clock,
            "opened": len(those),
            "met": sum(each.ended_us is not None for each in in_time),
            "breached": len(late),
            "still_open": sum(each.ended_us is None for each in in_time),
            "p50_hours": kaplan_meier(those, as_of_us, Fraction(1, 2)),
            "p90_hours": kaplan_meier(those, as_of_us, Fraction(9, 10)),
            "p95_hours": kaplan_meier(those, as_of_us, Fraction(19, 20)),
            "no_due": len(those) - len(due),
            "overdue_open": sum(each.ended_us is None for each in late),
            "automatic": sum(
                clock == "decision" and each.ended_by == "done" and each.owner_role == "system"
                for each in those
            ),
        }


def overdue_now(clocks: Iterable[Clock], as_of_us: int) -> dict[tuple[str, str], float]:
    """By how many hours what still runs is beyond its promise, by subject and clock; of several the most."""
    found: dict[tuple[str, str], float] = {}
    for each in clocks:
        if each.ended_us is None and each.paused_since is None and each.due_us is not None:
            over_us = as_of_us - each.due_us
            if over_us > 0 and each.clock != "decision":
                key = each.subject, each.clock
                found[key] = max(found.get(key, 0), over_us / HOUR_US)
    return found


def sla_forecast(clocks: Sequence[Clock], as_of_us: int) -> Iterator[Row]:
    """The rows of the mart."""
    nothing = dict.fromkeys(("due_24h", "expected_breaches", "expected_low", "expected_high"), 0)
    for name in sorted({each.clock for each in clocks}):
        those = [each for each in clocks if each.clock == name]
        open_ones = [each for each in those if each.ended_us is None]
        if open_ones or any(each.opened_us >= as_of_us - 28 * DAY_US for each in those):
            yield {
                "clock": name,
                "open_now": len(open_ones),
                "overdue_now": sum(
                    each.due_us is not None and each.paused_since is None and as_of_us > each.due_us
                    for each in open_ones
                ),
                **nothing,
                **_forecast(those, as_of_us, 0),
            }


def forecast_scores(clocks: Sequence[Clock], as_of_us: int) -> Iterator[Row]:
    """The rows of the mart."""
    for name in {each.clock for each in clocks}:
        those = [each for each in clocks if each.clock == name]
        for look in range(29):
            if said := _forecast(those, as_of_us, look):
                came = sum(_was_late(each) for each in _soon_due(those, as_of_us, look))
                yield {
                    "clock": name,
                    "looked_at": at(as_of_us - look * DAY_US),
                    **said,
                    "breaches": came if look else None,
                }


def _forecast(clocks: Sequence[Clock], as_of_us: int, look: int) -> Row:
    """What was to be said of the clocks of one kind so many days ago; empty where none was due."""
    if not (due := _soon_due(clocks, as_of_us, look)):
        return {}
    expected, variance = _expectation(clocks, as_of_us, look)
    missed = allowed = 0.0
    for before in range(look + 1, look + 29):
        if those := _soon_due(clocks, as_of_us, before):
            foretold, spread = _expectation(clocks, as_of_us, before)
            came = sum(_was_late(each) for each in those)
            missed, allowed = missed + (came - foretold) ** 2, allowed + spread
    wider = max(1.0, missed / allowed) if allowed else 1.0
    margin = NormalDist().inv_cdf(0.95) * math.sqrt(variance * wider)
    return {
        "due_24h": len(due),
        "expected_breaches": expected,
        "expected_low": max(0.0, expected - margin),
        "expected_high": min(float(len(due)), expected + margin),
    }


def _expectation(clocks: Sequence[Clock], as_of_us: int, look: int) -> tuple[float, float]:
    """How many to expect late by the 28 looks before, and the variance of that."""
    due = [_stretch(each, as_of_us, look) for each in _soon_due(clocks, as_of_us, look)]
    known = [
        (_stretch(each, as_of_us, before), _was_late(each))
        for before in range(look + 1, look + 29)
        for each in _soon_due(clocks, as_of_us, before)
    ]
    share = (sum(is_late for _, is_late in known) + 0.5) / (len(known) + 1)
    expected, variance = 0.0, len(due) ** 2 * share * (1 - share) / (len(known) + 2)
    for stretch in due:
        alike = [is_late for other, is_late in known if other == stretch]
        chance = (sum(alike) + 3 * share) / (len(alike) + 3)
        expected, variance = expected + chance, variance + chance * (1 - chance)
    return expected, variance


def _soon_due(clocks: Sequence[Clock], as_of_us: int, look: int) -> list[Clock]:
    """Those that ran so many days ago and were due within a day of then; of the past without those that ever stood still."""
    from_us = as_of_us - look * DAY_US
    return [
        each
        for each in clocks
        if each.due_us is not None
        and from_us <= each.due_us < from_us + DAY_US
        and each.opened_us <= from_us
        and (each.ended_us is None or each.ended_us > from_us)
        and each.paused_since is None
        and (look == 0 or not each.paused_us)
    ]


def _was_late(clock: Clock) -> bool:
    return clock.ended_us is None or clock.ended_us > (clock.due_us or 0)


def _stretch(clock: Clock, as_of_us: int, look: int) -> int:
    """Of the day's eight the one in which it is due."""
    return ((clock.due_us or 0) - (as_of_us - look * DAY_US)) // (3 * HOUR_US)


def kaplan_meier(clocks: Sequence[Clock], as_of_us: int, share: Fraction) -> float | None:
    """After how many hours this share was done; None where too many are open for it to be known."""
    for age_us, left in survival(clocks, as_of_us):
        if left <= 1 - share:
            return age_us / HOUR_US
    return None


def survival(clocks: Sequence[Clock], as_of_us: int) -> Iterator[tuple[int, Fraction]]:
    """The Kaplan-Meier curve in exact fractions: at each age at which any was done, the share that lasts longer."""
    ages = sorted((each.age_us(as_of_us), each.ended_by == "done") for each in clocks)
    left = Fraction(1)
    for age_us in sorted({age_us for age_us, is_done in ages if is_done}):
        at_risk = sum(other >= age_us for other, _ in ages)
        done = sum(other == age_us and is_done for other, is_done in ages)
        left *= 1 - Fraction(done, at_risk)
        yield age_us, left


def _of_return(events: Sequence[Told]) -> list[Clock]:
    if events[0].says.get("external_ref") is not None:
        return []
    return [*_of_decisions(events), *_of_inspections(events), *_of_refunds(events)]


def _of_decisions(events: Sequence[Told]) -> list[Clock]:
    """The decision and the reviews of one return."""
    begun, found = events[0], []
    units = sum(line["quantity"] for line in begun.says["lines"])
    if begun.type == "return.requested":
        found.append(
            Clock(begun.subject, "decision", "first", begun.subject, begun.at_us, None, "system")
        )
    for each in events:
        open_ones = [clock for clock in found if clock.ended_us is None]
        if each.type == "review.opened":
            due_us = each.says["due_at_us"] or each.at_us + DAY_US
            found.append(
                Clock(
                    each.subject,
                    "review",
                    str(each.seq),
                    each.subject,
                    each.at_us,
                    due_us,
                    "reviewer",
                )
            )
            for clock in open_ones:
                if clock.clock == "decision":
                    clock.due_us, clock.owner_role = due_us, "reviewer"
        elif each.type == "return.cancelled":
            units -= sum(line["quantity"] for line in each.says["lines"])
        for clock in open_ones:
            _tell(clock, each, is_nothing_left=units == 0)
    for clock in found:
        if clock.clock == "decision" and clock.due_us is None:
            clock.due_us = clock.opened_us + DAY_US
    return found


def _tell(clock: Clock, event: Told, is_nothing_left: bool) -> None:
    if event.type in DECISIONS:
        clock.end(event.at_us)
    elif event.type == "return.cancelled" and is_nothing_left:
        clock.end(event.at_us, "dropped")
    elif event.type == "evidence.requested":
        clock.pause(event.at_us)
    elif event.type in ("evidence.received", "evidence.lapsed"):
        clock.resume(event.at_us, event.says.get("due_at_us"))
        clock.told_due_us = event.says.get("due_at_us") or clock.told_due_us
    elif event.type == "clock.breached" and event.says["clock"] == "review":
        clock.owner_role = "admin"
        clock.told_due_us = event.says.get("next_due_at_us") or clock.told_due_us
    elif event.type == "review.assigned":
        clock.owner_key = event.says["reviewer_key"]


def _of_inspections(events: Sequence[Told]) -> list[Clock]:
    """A clock for each line that came; units that are split off when they come bring the time of their delivery along."""
    running: dict[int, Clock] = {}
    delivered: dict[int, Told] = {}
    over: list[Clock] = []
    for each in events:
        lines = [line["line_no"] for line in each.says.get("lines", ()) if "line_no" in line]
        if each.type == "shipment.scanned" and each.says["scan"] == "delivered":
            for no in lines:
                delivered[no] = each
                running.setdefault(no, _inspection(each, no))
        elif each.type == "line.split" and each.says["line_no"] in delivered:
            delivered[each.says["into_line_no"]] = delivered[each.says["line_no"]]
        elif each.type == "return.received":
            for no in lines:
                running.setdefault(no, _inspection(delivered.get(no, each), no))
        elif each.type == "shipment.lost":
            for no in lines:
                delivered.pop(no, None)
                if no in running:
                    running[no].end(each.at_us, "dropped")
                    over.append(running.pop(no))
        elif each.type == "line.inspected" and each.says["line_no"] in running:
            running[each.says["line_no"]].end(each.at_us)
        elif each.type == "inspection.waived":
            for no in lines:
                running[no].end(each.at_us)
        elif each.type == "clock.breached" and each.says["clock"] == "inspection":
            for no in lines:
                running[no].owner_role = "admin"
                running[no].told_due_us = each.says["next_due_at_us"]
    again = {clock.instance for clock in running.values()}
    return [*running.values(), *(clock for clock in over if clock.instance not in again)]


def _inspection(came: Told, line_no: int) -> Clock:
    due_us = came.says.get("due_at_us") or came.at_us + DAY_US
    return Clock(
        came.subject, "inspection", str(line_no), came.subject, came.at_us, due_us, "inspector"
    )


def _of_refunds(events: Sequence[Told]) -> list[Clock]:
    found: dict[str, Clock] = {}
    lines: dict[str, set[int]] = {}
    for each in events:
        refund_id = each.says.get("refund_id")
        if each.type == "refund.requested":
            due_us = each.says["due_at_us"]
            found.setdefault(
                str(refund_id),
                Clock(
                    each.subject,
                    "refund",
                    str(refund_id),
                    each.subject,
                    each.at_us,
                    due_us,
                    "finance",
                ),
            ).owner_role = "finance"
            lines[str(refund_id)] = {line["line_no"] for line in each.says["lines"]}
        elif each.type == "refund.unknown":
            found[str(refund_id)].owner_role = "system"
        elif each.type == "refund.failed":
            found[str(refund_id)].owner_role = "finance"
        elif each.type == "refund.settled" and refund_id in found:
            found[refund_id].end(each.at_us)
            found[refund_id].owner_role = "finance"
        if refund_id in found and each.says.get("due_at_us"):
            found[refund_id].told_due_us = each.says["due_at_us"]
        elif each.type == "clock.breached" and each.says["clock"] == "refund":
            late = {line["line_no"] for line in each.says["lines"]}
            for clock in (found[name] for name in found if lines[name] & late):
                clock.told_due_us = each.says["next_due_at_us"] or clock.told_due_us
    return list(found.values())


def _of_cases(events: Iterable[Told]) -> list[Clock]:
    found: dict[str, list[Clock]] = {}
    for each in events:
        those = found.get(each.says.get("case_id", each.subject), [])
        if each.type == "case.opened":
            found[each.says["case_id"]] = list(_begun_case(each))
        elif each.type == "case.closed":
            for clock in those:
                clock.end(each.at_us)
        elif each.says.get("direction") == "from_customer":
            if those and all(c.ended_us for c in those if c.clock == "first_answer"):
                those.append(_asked_again(each, those[0]))
        elif each.says.get("direction") or each.says.get("letter") == "case_closed":
            for clock in those:
                if clock.clock == "first_answer":
                    clock.end(each.at_us)
        elif each.type in ("case.assigned", "case.escalated"):
            for clock in those:
                clock.owner_role = each.says.get("owner_role", clock.owner_role)
                clock.owner_key = each.says.get("owner_key")
            if each.type == "case.escalated":
                name = "first_answer" if each.says["clock"] == "first_response" else "case"
                for clock in those:
                    if clock.clock == name and clock.ended_us is None:
                        clock.told_due_us = each.says["due_at_us"]
    return [clock for those in found.values() for clock in those]


def _asked_again(message: Told, case: Clock) -> Clock:
    says, us = message.says, message.at_us
    owner = case.owner_role, case.owner_key
    due_us = says["answer_due_at_us"] or us + DAY_US
    return Clock(case.subject, "first_answer", str(message.seq), case.rma, us, due_us, *owner)


def _begun_case(opened: Told) -> Iterator[Clock]:
    says, us = opened.says, opened.at_us
    owner = says["owner_role"], says["owner_key"]
    yield Clock(says["case_id"], "case", "first", says["rma"], us, says["due_at_us"], *owner)
    if opened.by == "customer":
        due_us = says["answer_due_at_us"] or us + DAY_US
        yield Clock(says["case_id"], "first_answer", "first", says["rma"], us, due_us, *owner)
