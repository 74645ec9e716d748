"""The play through the service and the fast path carry out the same plan: they must tell of the same shop.

People draw the same lots in both, so most lives are the same to the minute; they part where the service's own chances
(tokens, audits, who is free) decide. Each path is the other's proof: the fast path says again in columns what the service does.
"""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from scipy.stats import ks_2samp
from small_practice import log_of

from retour.settings import Settings
from retour.simulate import simulate
from service.domain.events import PAYLOADS, RecordedEvent
from service.platform.clock import to_us
from service.policies import default_policy
from simulator.bulk.play import BulkPlay
from simulator.people import RATE
from simulator.plan import Plan
from simulator.scenario import Returns, Scenario, Shop, Trial

pytestmark = pytest.mark.slow

DAYS, ORDERS_PER_DAY, SEED = 60, 40.0, 11
# Nobody asks for another person: the fast path leaves that out.
SCENARIO = Scenario(
    shop=Shop(products=120), trial=Trial(days=0), returns=Returns(second_look_share=0)
)
START = datetime(2026, 3, 2, tzinfo=UTC)
TABLES = {type_.replace(".", "_"): type_ for type_ in PAYLOADS}
FROM_THE_PLAN = ("product.upserted", "order.placed", "order.delivered", "customer.identified")
# What comes in rows where it comes at all counts once for each subject: who is slow runs out of time again and again.
IN_ROWS = {"case.escalated"}
Frames = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> list[RecordedEvent]:
    settings = Settings(var_dir=tmp_path_factory.mktemp("played"))
    size = {"days": DAYS, "orders_per_day": ORDERS_PER_DAY, "seed": SEED}
    simulate(settings, SCENARIO, start=START.date(), **size)  # type: ignore[arg-type]
    return log_of(settings)


@pytest.fixture(scope="module")
def written() -> Frames:
    plan = Plan(SCENARIO, SEED, DAYS, ORDERS_PER_DAY)
    found: dict[str, list[pl.DataFrame]] = {}
    for stretch in BulkPlay(plan, default_policy(), ZoneInfo("UTC"), to_us(START)):
        for name, frame in stretch.frames.items():
            found.setdefault(name, []).append(frame)
    return {name: pl.concat(frames) for name, frames in found.items()}


class TestBothPaths:
    def test_what_the_plan_alone_says_is_the_same_in_number(
        self, played: list[RecordedEvent], written: Frames
    ) -> None:
        ours, theirs = counted(played), counted_frames(written)

        for type_ in FROM_THE_PLAN:
            assert ours[type_] == theirs[type_] > 0

    def test_each_event_type_happens_about_as_often(
        self, played: list[RecordedEvent], written: Frames
    ) -> None:
        ours, theirs = counted(played), counted_frames(written)
        apart = {
            type_: (ours[type_], theirs[type_])
            for type_ in ours | theirs
            if abs(ours[type_] - theirs[type_]) > tolerance(ours[type_])
        }

        assert apart == {}
        assert len(ours) > 40

    def test_what_customers_say_and_inspectors_find_is_distributed_alike(
        self, played: list[RecordedEvent], written: Frames
    ) -> None:
        reasons = Counter(
            line["reason"] for each in of_type(played, "return.requested") for line in each["lines"]
        )
        found = Counter(each["outcome"] for each in of_type(played, "line.inspected"))
        grades = Counter(each["grade"] for each in of_type(played, "line.inspected"))
        letters = Counter(each["letter"] for each in of_type(played, "message.sent"))

        assert_alike(reasons, written["return_requested_lines"]["reason"])
        assert_alike(found, written["line_inspected"]["outcome"])
        assert_alike(grades, written["line_inspected"]["grade"])
        assert_alike(letters, written["message_sent"]["letter"])

    def test_as_much_money_goes_back(self, played: list[RecordedEvent], written: Frames) -> None:
        """In euros. The lot decides who is reviewed, and reviewers decline a tenth: as much may be apart by chance."""
        ours = euros(of_type(played, "refund.settled"))
        theirs = euros(written["refund_settled"].iter_rows(named=True))

        assert theirs == pytest.approx(ours, rel=0.05)

    def test_customers_are_as_satisfied(self, played: list[RecordedEvent], written: Frames) -> None:
        ours = np.mean([each["csat"] for each in of_type(played, "survey.answered")])

        assert written["survey_answered"]["csat"].mean() == pytest.approx(ours, abs=0.1)

    def test_applying_is_as_laborious(self, played: list[RecordedEvent], written: Frames) -> None:
        for type_ in ("return.requested", "return.withdrawn"):
            theirs = written[type_.replace(".", "_")]
            ours = [event for event in played if event.type == type_]
            said = [json.loads(event.data) for event in ours]
            began = [
                event.time_us - each["started_at_us"]
                for event, each in zip(ours, said, strict=True)
            ]

            assert sorted(each["inputs"] for each in said) == sorted(theirs["inputs"])
            lasted = theirs["time"].dt.epoch("us") - theirs["started_at_us"]
            assert ks_2samp(began, lasted.to_list(), method="asymp").statistic < 0.02

    @pytest.mark.parametrize(
        ("type_", "name"),
        [
            ("return.withdrawn", "due_at_us"),
            ("return.authorized", "due_at_us"),
            ("return.received", "due_at_us"),
            ("shipment.created", "due_at_us"),
            ("shipment.scanned", "due_at_us"),
        ],
    )
    def test_what_waits_is_due_as_long_after_the_event(
        self, type_: str, name: str, played: list[RecordedEvent], written: Frames
    ) -> None:
        ours = [
            None if due is None else hours(due - event.recorded_at_us)
            for event in played
            if event.type == type_
            for due in [json.loads(event.data)[name]]
        ]
        frame = written[type_.replace(".", "_")]
        left = frame[name] - frame["recorded_at"].dt.epoch("us")
        theirs = [None if each is None else hours(each) for each in left]

        assert len(ours) > 40
        assert ours.count(None) / len(ours) == pytest.approx(
            theirs.count(None) / len(theirs), abs=0.03
        )
        known = [[each for each in side if each is not None] for side in (ours, theirs)]
        assert ks_2samp(*known, method="asymp").statistic < 0.1

    @pytest.mark.parametrize(
        ("first", "last"),
        [
            ("return.requested", "return.authorized"),
            ("return.authorized", "shipment.created"),
            ("shipment.created", "return.received"),
            ("return.received", "line.inspected"),
            ("return.requested", "return.closed"),
        ],
    )
    def test_steps_take_as_long(
        self, first: str, last: str, played: list[RecordedEvent], written: Frames
    ) -> None:
        ours = hours_between(((e.type, e.subject, e.recorded_at_us) for e in played), first, last)
        theirs = hours_between(rows_of(written, first, last), first, last)

        assert len(ours) > 100
        assert ks_2samp(ours, theirs, method="asymp").statistic < 0.06


def euros(refunds: Iterable[dict[str, Any]]) -> float:
    return sum(each["amount_minor"] / 100 / RATE[each["currency"]] for each in refunds)


def hours(us: int) -> float:
    return round(us / 3.6e9, 1)


def counted(events: Iterable[RecordedEvent]) -> Counter[str]:
    told = ((event.type, event.subject, event.seq) for event in events)
    once = {(type_, subject, seq * (type_ not in IN_ROWS)) for type_, subject, seq in told}
    return Counter(type_ for type_, _, _ in once)


def counted_frames(frames: Frames) -> Counter[str]:
    return Counter(
        {
            TABLES[name]: f["subject"].n_unique() if TABLES[name] in IN_ROWS else f.height
            for name, f in frames.items()
            if name in TABLES
        }
    )


def tolerance(number: int) -> float:
    """Where the service's own lots decide, counts differ by chance."""
    return max(3 + 3 * number**0.5, 0.05 * number)


def of_type(events: Iterable[RecordedEvent], type_: str) -> Iterable[dict[str, Any]]:
    return (json.loads(event.data) for event in events if event.type == type_)


def assert_alike(ours: Counter[Any], theirs: pl.Series) -> None:
    """The total variation distance of two distributions is small."""
    counts = Counter(theirs.cast(pl.String).to_list())
    total, other = sum(ours.values()), sum(counts.values())
    distance = sum(abs(ours[each] / total - counts[each] / other) for each in ours | counts) / 2
    assert distance < 0.03, (ours, counts)


def rows_of(frames: Frames, *types: str) -> Iterable[tuple[str, str, int]]:
    for type_ in types:
        frame = frames[type_.replace(".", "_")]
        moments = frame["recorded_at"].dt.epoch("us")
        yield from zip([type_] * frame.height, frame["subject"], moments, strict=True)


def hours_between(told: Iterable[tuple[str, str, int]], first: str, last: str) -> list[float]:
    """From the first event of one type to the first of another, by return."""
    at: dict[tuple[str, str], int] = {}
    for type_, subject, us in told:
        at.setdefault((type_, subject), us)
    return [
        round(
            (us - at[first, subject]) / 3.6e9, 1
        )  # the same to the minute, not to the microsecond
        for (type_, subject), us in at.items()
        if type_ == last and (first, subject) in at
    ]
