"""Whatever is paid, refused, sent, inspected, asked and complained about: the marts say what the log adds up to by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from clocks_by_hand import Clock, case_answers
from follow_up_by_hand import case_ends, cases_daily, satisfaction_daily
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from made_of import made_of
from money_by_hand import cost_monthly, refunds_daily
from same_rows import assert_same_rows

from pipelines.costs import default_costs
from service.domain import events as e
from service.domain.words import Disposition, Method

pytestmark = pytest.mark.slow

BERLIN = ZoneInfo("Europe/Berlin")
START_US = 1_774_648_800_000_000  # 2026-03-27 22:00 UTC: before the clocks change, and the month
MINUTE_US = 60_000_000
KEYS = {
    "marts.refunds_daily": ("day", "means", "currency"),
    "marts.cost_monthly": ("month", "kind", "currency"),
    "marts.satisfaction_daily": ("day",),
    "marts.cases_daily": ("day", "kind"),
    "marts.case_ends": ("case_id",),
    "intermediate.case_answers": ("case_id", "instance"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happens to somebody, so many minutes after the start."""

    minute: int
    subject: str
    says: e.Payload
    by: str = "system"


Life = list[tuple[int, e.Payload]]  # minutes since what came before, and what happened
_GAPS = st.integers(0, 3 * 24 * 60)
_CURRENCIES = st.sampled_from(("EUR", "CNY", "CHF"))
_MINOR = st.integers(0, 10**6)
_UNITS = st.integers(1, 4)


@st.composite
def refunds(draw: st.DrawFn, rma: str, currency: str, refund_id: str) -> Life:
    """A refund that is refused any number of times, each time tried by other means, and paid in the end or not yet."""
    trigger = draw(st.sampled_from(("inspected", "received", "goodwill")))
    amount, refusals = draw(_MINOR), draw(st.integers(0, 3))
    life: Life = []
    for attempt in range(refusals + 1):
        ordered = e.RefundRequested(
            rma=rma,
            refund_id=refund_id,
            means=draw(st.sampled_from(("original", "bank_transfer", "cash"))),
            currency=currency,
            amount_minor=amount,
            trigger="other_means" if attempt else trigger,
            due_at_us=START_US,
            lines=[],
        )
        life.append((draw(_GAPS), ordered))
        if attempt < refusals:
            refused = e.RefundFailed(rma=rma, refund_id=refund_id, reason="refused")
            life.append((draw(_GAPS), refused))
    if draw(st.booleans()):
        settled = e.RefundSettled(
            rma=rma,
            means=draw(st.sampled_from((None, "cash", "original"))),
            currency=currency,
            amount_minor=amount,
            lines=[],
            refund_id=draw(st.sampled_from((refund_id, refund_id, None))),
            is_reconciled=draw(st.booleans()),
        )
        life.append((draw(_GAPS), settled))
    return life


@st.composite
def parcels(draw: st.DrawFn, rma: str, shipment_id: str) -> Life:
    """A way back that was chosen or not, and what of it was seen."""
    lines, life = [e.UnitsOfLine(line_no=1, quantity=1)], []
    if draw(st.booleans()):
        chosen = e.ShipmentCreated(
            rma=rma,
            shipment_id=shipment_id,
            method=draw(st.sampled_from(get_args(Method))),
            has_tracking=False,
            lines=lines,
        )
        life.append((draw(_GAPS), chosen))
    known_as = draw(st.sampled_from((shipment_id, None)))
    for scan in draw(st.lists(st.sampled_from(("picked_up", "delivered")), max_size=2)):
        scanned = e.ShipmentScanned(rma=rma, shipment_id=known_as, scan=scan, lines=lines)
        life.append((draw(_GAPS), scanned))
    if draw(st.booleans()):
        life.append((draw(_GAPS), e.ReturnReceived(rma=rma, lines=lines)))
    if draw(st.booleans()):
        life.append((draw(_GAPS), e.GoodsSentBack(rma=rma, lines=lines)))
    return life


@st.composite
def goods(draw: st.DrawFn, rma: str, line_no: int) -> Life:
    """What was found of a line, and what became of it, perhaps twice."""
    life: Life = []
    for _ in range(draw(st.integers(0, 2))):
        found = e.LineInspected(
            rma=rma,
            line_no=line_no,
            quantity=draw(_UNITS),
            outcome="passed",
            grade="A",
            inspection_depth=draw(st.sampled_from(("basic", "full", None))),
        )
        life.append((draw(_GAPS), found))
    units = [e.UnitsOfLine(line_no=line_no, quantity=1)]
    for fate in draw(
        st.lists(st.sampled_from((*get_args(Disposition), "kept", "lost")), max_size=2)
    ):
        said: e.Payload
        if fate == "kept":
            said = e.LineKeepGranted(rma=rma, lines=units)
        elif fate == "lost":
            said = e.LossAccepted(rma=rma, lines=units)
        else:
            said = e.LineDispositioned(
                rma=rma, line_no=line_no, sku="MUG", quantity=1, disposition=fate
            )
        life.append((draw(_GAPS), said))
    return life


@st.composite
def surveys(draw: st.DrawFn, rma: str) -> Life:
    """A survey, answered or not."""
    life: Life = [(draw(_GAPS), e.SurveySent(rma=rma))]
    if draw(st.booleans()):
        csat = draw(st.integers(1, 5))
        answered = e.SurveyAnswered(rma=rma, csat=csat, tags=[], text_ref=None)
        life.append((draw(_GAPS), answered))
    return life


@st.composite
def returns(draw: st.DrawFn, number: int) -> list[Moment]:
    """All that happens to one return, every part of it at its own pace."""
    rma, currency, begin = f"R{number}", draw(_CURRENCIES), draw(_GAPS)
    lines = [
        e.ReturnLine(
            line_no=each,
            order_id=None,
            order_line_no=None,
            sku="MUG",
            quantity=1,
            reason=None,
            value_minor=draw(_MINOR),
        )
        for each in (1, 2)
    ]
    applied = e.ReturnRequested(
        rma=rma, order_id=None, customer_key=None, currency=currency, lines=lines
    )
    lives: Sequence[Life] = (
        *(
            draw(refunds(rma, currency, f"{rma}-rfd-{each}"))
            for each in range(draw(st.integers(0, 2)))
        ),
        *(draw(parcels(rma, f"{rma}-shp-{each}")) for each in range(draw(st.integers(0, 2)))),
        *(draw(goods(rma, each)) for each in (1, 2)),
        draw(surveys(rma)) if draw(st.booleans()) else [],
    )
    return [Moment(begin, rma, applied), *(m for life in lives for m in _moments(rma, begin, life))]


def messages(case_id: str) -> st.SearchStrategy[e.MessageWritten]:
    """Either side writes."""
    return st.builds(
        e.MessageWritten,
        message_id=st.just("msg"),
        case_id=st.just(case_id),
        rma=st.none(),
        direction=st.sampled_from(get_args(e.Direction)),
        written_by=st.just("after_sales"),
        language=st.none(),
        text_ref=st.just("txt"),
        answer_due_at_us=st.sampled_from((None, START_US)),
    )


def escalations(case_id: str) -> st.SearchStrategy[e.CaseEscalated]:
    """The head takes a case over: nobody closed it, or answered its customer."""
    return st.builds(
        e.CaseEscalated,
        case_id=st.just(case_id),
        owner_role=st.just("admin"),
        due_at_us=st.just(START_US),
        clock=st.sampled_from(("case", "first_response")),
    )


@st.composite
def cases(draw: st.DrawFn, number: int) -> list[Moment]:
    """A case, its letters, what was written on it, its clocks, its end."""
    case_id, begin = f"case_{number}", draw(_GAPS)
    opened = e.CaseOpened(
        case_id=case_id,
        kind=draw(st.sampled_from(("complaint", "stalled", "recovery"))),
        rma=None,
        order_id=None,
        owner_role="after_sales",
        owner_key=None,
        due_at_us=START_US,
        text_ref=None,
        answer_due_at_us=draw(st.sampled_from((None, START_US + 7 * MINUTE_US))),
    )
    rest: Life = []
    if draw(st.booleans()):
        letter = e.MessageSent(
            message_id=case_id, letter="case_opened", language="en", about_us=START_US
        )
        rest.append((draw(_GAPS), letter))
    rest += draw(st.lists(st.tuples(_GAPS, messages(case_id) | escalations(case_id)), max_size=6))
    if draw(st.booleans()):
        closed = e.CaseClosed(
            case_id=case_id, outcome="answered", opened_at_us=START_US, text_ref=None
        )
        rest.append((draw(_GAPS), closed))
    by = draw(st.sampled_from(("customer", "system")))
    return [Moment(begin, case_id, opened, by), *_moments(case_id, begin, rest)]


def _moments(subject: str, minute: int, life: Life) -> Iterator[Moment]:
    for gap, says in life:
        minute += gap
        yield Moment(minute, subject, says)


@st.composite
def logs(draw: st.DrawFn) -> list[e.RecordedEvent]:
    """Lives of returns and cases at the same time; what happens at one moment keeps its order within a life."""
    lives = [draw(returns(each)) for each in range(draw(st.integers(1, 12)))]
    lives += [draw(cases(each)) for each in range(draw(st.integers(1, 8)))]
    moments = sorted((m for life in lives for m in life), key=lambda each: each.minute)
    return [_recorded(seq, moment) for seq, moment in enumerate(moments, 1)]


def _recorded(seq: int, moment: Moment) -> e.RecordedEvent:
    at_us = START_US + moment.minute * MINUTE_US + seq
    return e.RecordedEvent(
        seq=seq,
        id=f"00000000-0000-7000-8000-{seq:012}",
        source="test",
        type=moment.says.type,
        subject=moment.subject,
        time_us=at_us,
        recorded_at_us=at_us,
        origin="live",
        actor_role=moment.by,
        actor_key=None,
        correlation_id=None,
        causation_id=None,
        corrects=None,
        schema_version=1,
        data=moment.says.model_dump_json(),
    )


def waited(clock: Clock) -> dict[str, Any]:
    """A wait for an answer, as its relation has it."""
    names = (
        "instance", "rma", "opened_at", "day", "due_at", "ended_at", "owner_role", "owner_key",
    )  # fmt: skip
    row = clock.row(BERLIN)
    return {"case_id": clock.subject, **{name: row[name] for name in names}}


class TestAnyLog:
    @given(log=logs())
    @hypothesis_settings(
        max_examples=15,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    def test_the_marts_say_what_it_adds_up_to(self, log: list[e.RecordedEvent]) -> None:
        by_hand = {
            "marts.refunds_daily": refunds_daily(log, BERLIN),
            "marts.cost_monthly": cost_monthly(log, BERLIN, default_costs()),
            "marts.satisfaction_daily": satisfaction_daily(log, BERLIN),
            "marts.cases_daily": cases_daily(log, BERLIN),
            "marts.case_ends": case_ends(log, BERLIN),
            "intermediate.case_answers": [waited(each) for each in case_answers(log)],
        }

        found = made_of(log, KEYS, BERLIN.key)

        for relation, expected in by_hand.items():
            rows = found[relation].to_dicts()
            assert_same_rows(rows, expected, KEYS[relation], may_be_empty=True)
