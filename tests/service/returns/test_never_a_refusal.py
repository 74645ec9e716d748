"""No path leads from a score to a refusal: the table has none, and no risk port, however hostile, finds one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from house import OVERSEAS, House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from migrated import open_migrated
from policy_with import policy_with
from stories import NOON

from service.application import Retour
from service.domain.events import Basis
from service.domain.lifecycle import STATES, TRANSITIONS, Line
from service.domain.policy_sections import RiskTerms
from service.domain.risk import Application, Assessment, RiskHealth
from service.platform.clock import VirtualClock
from service.platform.ids import SystemIds

NEW = replace(
    Line(1, 1, 1, "MUG", 1, 1290),
    authorization="requested",
    reception="not_expected",
    resolution="open",
)
# What the approval step may do with a request once the risk port has spoken.
AFTER_THE_SCORE = ("return.authorized", "review.opened", "line.keep_granted")


class Port:
    """A risk port that says what a test wants, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Application] = []
        self.says: Any = None

    def assess(self, application: Application) -> Assessment:
        self.asked.append(application)
        said: Assessment = self.says
        return said

    def health(self, terms: RiskTerms) -> RiskHealth:
        return RiskHealth("model")


class Told(House):
    """A house whose decisions a test takes."""

    port: Port
    orders = 0

    def asks_back(self, delivered_days_ago: int = 0) -> "Told":
        """A new order of a new customer, delivered; one of its units is asked back."""
        self.orders += 1
        order_id, customer = f"O-{self.orders}", f"customer-{self.orders}"
        assert self.put_order(order_id, customer=customer, **OVERSEAS).status_code == 201
        came = self.clock.now().isoformat()
        assert self.put_parcel(order_id, delivered_at=came).status_code == 201
        if delivered_days_ago:
            self.wait(days=delivered_days_ago)
        lines = [{"line_no": 1, "quantity": 1, "reason": "changed_mind"}]
        answer = self.apply(order_id=order_id, customer=customer, lines=lines)
        assert answer.status_code == 201, answer.text
        self.rma = answer.json()["rma"]
        return self


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """One in which a late request is declined by a rule."""
    folder: Path = tmp_path_factory.mktemp("told")
    db, clock, port = open_migrated(f"sqlite:///{folder / 'r.db'}"), VirtualClock(NOON), Port()
    policy = policy_with({"window.late": "decline"})
    retour = Retour(db, policy, port, clock, SystemIds(), secret=b"a test's secret")
    with Told(retour, clock) as house:
        house.port = port
        yield house
    db.dispose()


assessments = st.builds(
    Assessment,
    decision=st.sampled_from(["approve", "review", "decline", "declined", "refuse", "", None]),
    refund_on=st.sampled_from(["authorized", "first_scan", "received", "inspected"]),
    inspection=st.sampled_from(["basic", "full"]),
    propensity=st.floats(0, 1),
    basis=st.sampled_from(get_args(Basis)),
    approve_propensity=st.floats(0, 1),
    is_audit=st.booleans(),
    model_version=st.none() | st.just("r2026-03-01-00000000"),
    score=st.none() | st.floats(0, 1),
)


class TestTheTable:
    def test_from_what_follows_on_a_score_no_move_leads_to_a_decline_unless_a_person_makes_it(
        self,
    ) -> None:
        reached, todo = {NEW}, [NEW]
        while todo:
            line = todo.pop()
            for row in TRANSITIONS:
                is_the_rules = (
                    line.authorization == "requested" and row.event not in AFTER_THE_SCORE
                )
                by_nobody = not set(row.actors).isdisjoint(("system", "customer"))
                if is_the_rules or not by_nobody or not row.fits(line, row.event, row.variant):
                    continue
                after = replace(line, **{row.machine: row.to_state})  # type: ignore[arg-type]  # names are those of Line
                if after not in reached:
                    reached.add(after)
                    todo.append(after)

        states = {line.authorization for line in reached}
        assert {"authorized", "under_review", "escalated"} <= states
        assert {"declined", "declined_finally"} <= set(STATES["authorization"]) - states

    def test_a_decline_that_no_person_makes_is_that_of_a_rule_on_a_new_request(self) -> None:
        by_nobody = [
            row
            for row in TRANSITIONS
            if row.to_state == "declined" and not {"reviewer", "admin"} >= set(row.actors)
        ]

        assert [(row.from_state, row.event) for row in by_nobody] == [
            ("requested", "return.declined")
        ]


class TestEveryPort:
    @given(assessments)
    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_it_says_the_request_is_approved_or_a_person_decides(
        self, told: Told, says: Assessment
    ) -> None:
        told.port.says = says

        told.asks_back()

        expected = "return.authorized" if says.decision == "approve" else "review.opened"
        assert expected in told.happened()
        assert "return.declined" not in told.happened()
        (assessed,) = told.told("return.assessed")
        assert assessed["score"] == says.score

    def test_a_rule_that_declines_does_not_ask_it(self, told: Told) -> None:
        told.port.says, told.port.asked = None, []

        told.asks_back(delivered_days_ago=31)

        assert told.port.asked == []
        (declined,) = told.told("return.declined")
        assert declined["rule"] == "return_window"

    def test_what_it_sends_to_people_who_never_decide_is_approved_in_the_end(
        self, told: Told
    ) -> None:
        told.port.says = Assessment("review", "inspected", "full", 1.0, "model", 0.0, score=1.0)
        told.asks_back()

        told.wait(days=30).wait(days=30)

        assert "return.authorized" in told.happened()
        assert "return.declined" not in told.happened()
