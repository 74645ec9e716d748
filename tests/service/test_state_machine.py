"""Everybody does anything at any time to a small shop: what must always hold is looked at after each step."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from migrated import migrated_file
from small_world import CUSTOMER, ORDERS, World

REASONS = st.sampled_from(["defect", "changed_mind", "size_fit"])
OUTCOMES = st.sampled_from(["passed", "passed", "failed", "short", "wrong_item", "empty"])
GRADES = st.sampled_from("ABCD")
COMMANDS: list[tuple[str, str, dict[str, Any]]] = [
    ("storefront", "answer", {"answer": "Yes."}),
    ("storefront", "lines/1/choice", {"choice": "dispose"}),
    ("storefront", "shipment", {"method": "drop_off"}),
    ("reviewer", "decision", {"decision": "authorize", "reason_code": "goodwill"}),
    ("reviewer", "question", {"question": "Why?"}),
    ("reviewer", "keep", {}),
    ("reviewer", "assignment", {}),
    ("carrier", "pickup-failure", {"reason": "refused"}),
    ("inspector", "sent-back", {}),
    ("inspector", "lines/1/disposition", {"disposition": "restock"}),
    ("after_sales", "loss", {}),
]
PICK = st.integers(0, 30)
FEW = st.integers(1, 3)


def has_returns(everybody: "Everybody") -> bool:
    return everybody.world is not None and bool(everybody.world.rmas)


def some_line_is(*states: str) -> Callable[["Everybody"], bool]:
    """Steps that make sense in these states only are not taken elsewhere: other rules try what is not possible."""

    def holds(everybody: "Everybody") -> bool:
        return has_returns(everybody) and any(
            everybody.w.is_in(rma, states) for rma in everybody.w.rmas
        )

    return holds


class Everybody(RuleBasedStateMachine):
    """Each rule is one role's step. Numbers pick what there is, so that every step has something to be about."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="retour-"))
        self.world: World | None = None

    @initialize(
        country=st.sampled_from(["US", "DE", "CN"]),
        refund_on=st.sampled_from(["inspected", "inspected", "received", "authorized"]),
        late=st.sampled_from(["review", "decline"]),
        both=st.booleans(),
        days=st.sampled_from([0, 0, 40]),
        reason=REASONS,
    )
    def open_shop(
        self, country: str, refund_on: str, late: str, both: bool, days: int, reason: str
    ) -> None:
        file = self.folder / "retour.db"
        shutil.copy(self.template, file)
        self.world = World(file, country, refund_on, late)
        self.world.__enter__()
        for number in (7, 8):
            member = {"role": "reviewer", "name": "R", "languages": ["en"], "capacity": 2}
            self.w.call("admin", "PUT", f"/v1/staff/s-0{number}", json=member)
        for order_id in list(ORDERS)[: 1 + both]:
            self._deliver(order_id, "1", [(each["line_no"], 1) for each in self._sold(order_id)])
            self._deliver(
                order_id,
                "2",
                [
                    (each["line_no"], each["quantity"] - 1)
                    for each in self._sold(order_id)
                    if each["quantity"] > 1
                ],
            )

        self.w.pass_time(24 * days)
        self.apply_for_return(pick=0, quantities=[2, 1], reason=reason)

    @property
    def w(self) -> World:
        assert self.world is not None
        return self.world

    def _sold(self, order_id: str) -> list[dict[str, Any]]:
        sold: list[dict[str, Any]] = ORDERS[order_id]["lines"]
        return sold

    def _deliver(self, order_id: str, parcel: str, lines: list[tuple[int, int]]) -> None:
        told = [{"line_no": number, "quantity": quantity} for number, quantity in lines]
        self.w.put_parcel(order_id, parcel, delivered_at=self.w.clock.now().isoformat(), lines=told)

    def _rma(self, pick: int, *states: str) -> str:
        """Mostly the newest ones: that is where something is going on. With a line in one of these states, if there is one."""
        fitting = [rma for rma in self.w.rmas if self.w.is_in(rma, states)] or self.w.rmas
        return fitting[-1 - pick % min(3, len(fitting))]

    def _line(self, rma: str, pick: int) -> int:
        return sorted(self.w.lines(rma))[pick % len(self.w.lines(rma))]

    # --- the customer ---

    @rule(pick=PICK, quantities=st.lists(FEW, min_size=1, max_size=3), reason=REASONS)
    def apply_for_return(self, pick: int, quantities: list[int], reason: str) -> None:
        order_id = list(ORDERS)[pick % 2]
        lines = [
            {"line_no": number, "quantity": quantity, "reason": reason}
            for number, quantity in enumerate(quantities, 1)
        ]
        body = {"order_id": order_id, "customer": CUSTOMER, "lines": lines}
        self.w.take(self.w.tell("storefront", "/v1/returns", body))

    @rule(pick=PICK, quantity=FEW)
    def withdraw(self, pick: int, quantity: int) -> None:
        lines = [{"line_no": 1 + pick % 2, "quantity": quantity}]
        body = {"order_id": list(ORDERS)[pick % 2], "customer": CUSTOMER, "lines": lines}
        first = self.w.tell("storefront", "/v1/withdrawals", body)
        if first.is_success:
            second = {"confirmation": first.json()["confirmation"]}
            self.w.take(self.w.tell("storefront", "/v1/withdrawals/confirmations", second))

    @precondition(has_returns)
    @rule(pick=PICK, line=st.none() | PICK)
    def cancel(self, pick: int, line: int | None) -> None:
        rma = self._rma(pick)
        lines = None if line is None else [self._line(rma, line)]
        self.w.on_return("storefront", rma, "cancellation", {"lines": lines})

    @precondition(some_line_is("awaited", "announced"))
    @rule(pick=PICK, method=st.sampled_from(["drop_off", "own_carrier"]))
    def choose_way_back(self, pick: int, method: str) -> None:
        rma = self._rma(pick, "awaited", "announced")
        body = {"method": method, "tracking": f"T-{rma}"}
        self.w.on_return("storefront", rma, "shipment", body)

    @precondition(some_line_is("info_requested"))
    @rule(pick=PICK)
    def answer_question(self, pick: int) -> None:
        self.w.on_return(
            "storefront", self._rma(pick, "info_requested"), "answer", {"answer": "It is broken."}
        )

    @precondition(some_line_is("awaiting_choice"))
    @rule(
        pick=PICK,
        line=PICK,
        choice=st.sampled_from(["partial_refund", "send_back", "dispose", "accept"]),
    )
    def choose(self, pick: int, line: int, choice: str) -> None:
        rma = self._rma(pick, "awaiting_choice")
        what = f"lines/{self._line(rma, line)}/choice"
        self.w.on_return("storefront", rma, what, {"choice": choice})

    @precondition(has_returns)
    @rule(pick=PICK, command=st.sampled_from(COMMANDS))
    def try_anything(self, pick: int, command: tuple[str, str, dict[str, Any]]) -> None:
        self.w.on_return(command[0], self._rma(pick), *command[1:])

    @precondition(has_returns)
    @rule(pick=PICK, version=st.integers(1, 3))
    def act_on_what_was_seen_long_ago(self, pick: int, version: int) -> None:
        rma = self._rma(pick)
        answer = self.w.on_return("storefront", rma, "cancellation", {"version": version})
        assert not answer.is_success or version == self.w.version_of(rma)

    @precondition(has_returns)
    @rule(pick=PICK, csat=st.integers(1, 5))
    def answer_survey(self, pick: int, csat: int) -> None:
        token = self.w.survey_token(self._rma(pick))
        self.w.tell("storefront", f"/v1/surveys/{token}", {"csat": csat, "comment": "So so."})

    @precondition(has_returns)
    @rule(pick=PICK)
    def complain(self, pick: int) -> None:
        body = {"kind": "complaint", "rma": self._rma(pick), "text": "I do not like this."}
        self.w.tell("after_sales", "/v1/cases", body)

    # --- reviewers and their head ---

    @precondition(some_line_is("under_review", "escalated"))
    @rule(
        pick=PICK,
        role=st.sampled_from(["reviewer", "admin"]),
        decision=st.sampled_from(["authorize", "authorize", "decline"]),
        keep=st.booleans(),
    )
    def decide(self, pick: int, role: str, decision: str, keep: bool) -> None:
        reason = "goodwill" if decision == "authorize" else "misuse"
        body = {"decision": decision, "reason_code": reason}
        keeps = {"keep_item": True} if keep and decision == "authorize" else {}
        self.w.on_return(
            role, self._rma(pick, "under_review", "escalated"), "decision", {**body, **keeps}
        )

    @precondition(some_line_is("under_review", "escalated"))
    @rule(pick=PICK, role=st.sampled_from(["reviewer", "admin"]))
    def ask(self, pick: int, role: str) -> None:
        self.w.on_return(
            role,
            self._rma(pick, "under_review", "escalated"),
            "question",
            {"question": "Which part?"},
        )

    @precondition(some_line_is("awaited", "announced"))
    @rule(pick=PICK)
    def let_keep(self, pick: int) -> None:
        self.w.on_return("reviewer", self._rma(pick, "awaited", "announced"), "keep", {})

    @precondition(some_line_is("under_review", "escalated"))
    @rule(pick=PICK, to=st.sampled_from([None, "s-07", "s-99"]))
    def hand_over(self, pick: int, to: str | None) -> None:
        self.w.on_return(
            "reviewer", self._rma(pick, "under_review", "escalated"), "assignment", {"reviewer": to}
        )

    # --- the carrier ---

    @precondition(has_returns)
    @rule(
        pick=PICK,
        scan=st.sampled_from(["picked_up", "in_transit", "delivered"]),
        line=st.none() | PICK,
    )
    def scan(self, pick: int, scan: str, line: int | None) -> None:
        rma = self._rma(pick)
        lines = None if line is None else [self._line(rma, line)]
        self.w.on_return("carrier", rma, "scans", {"scan": scan, "lines": lines})

    @precondition(some_line_is("announced"))
    @rule(pick=PICK)
    def miss_pickup(self, pick: int) -> None:
        self.w.on_return(
            "carrier", self._rma(pick, "announced"), "pickup-failure", {"reason": "nobody_there"}
        )

    # --- the dock ---

    @precondition(has_returns)
    @rule(pick=PICK, known_by=st.sampled_from(["rma", "tracking", "nothing"]))
    def take_parcel_in(self, pick: int, known_by: str) -> None:
        rma = self._rma(pick)
        body = {"rma": {"rma": rma}, "tracking": {"tracking": f"T-{rma}"}, "nothing": {}}[known_by]
        answer = self.w.tell("inspector", "/v1/parcels", body)
        assert answer.status_code == 201
        self.w.parcels.append(answer.json()["parcel_id"])

    @precondition(has_returns)
    @rule(pick=PICK, counted=st.lists(st.tuples(PICK, FEW), min_size=1, max_size=3))
    def count_parcel_in(self, pick: int, counted: list[tuple[int, int]]) -> None:
        rma = self._rma(pick)
        lines = [{"line_no": self._line(rma, no), "quantity": units} for no, units in counted]
        answer = self.w.tell("inspector", "/v1/parcels", {"rma": rma, "lines": lines})
        assert answer.status_code == 201

    @precondition(lambda self: has_returns(self) and self.w.parcels)
    @rule(pick=PICK, parcel=PICK)
    def match_parcel(self, pick: int, parcel: int) -> None:
        parcel_id = self.w.parcels[parcel % len(self.w.parcels)]
        self.w.tell("inspector", f"/v1/parcels/{parcel_id}/match", {"rma": self._rma(pick)})

    @precondition(has_returns)
    @rule(pick=PICK, line=PICK, found=st.lists(st.tuples(OUTCOMES, GRADES), min_size=3, max_size=3))
    def inspect(self, pick: int, line: int, found: list[tuple[str, str]]) -> None:
        rma = self._rma(pick)
        number = self._line(rma, line)
        units = self.w.lines(rma)[number].quantity
        parts = [units] if units == 1 else [1, units - 1]
        findings = [
            {"outcome": outcome, "quantity": part, "grade": grade}
            for part, (outcome, grade) in zip(parts, found, strict=False)
        ]
        body = {"line_no": number, "depth": "full", "findings": findings}
        self.w.on_return("inspector", rma, "inspections", body)

    @precondition(has_returns)
    @rule(pick=PICK, grade=st.none() | GRADES)
    def find_something_else(self, pick: int, grade: str | None) -> None:
        body = {"unexpected": [{"sku": "SOCK", "quantity": 2, "grade": grade}]}
        assert self.w.on_return("inspector", self._rma(pick), "inspections", body).is_success

    @precondition(
        some_line_is("waived", "passed", "failed", "short", "wrong_item", "empty", "unexpected")
    )
    @rule(pick=PICK, line=PICK)
    def put_away(self, pick: int, line: int) -> None:
        rma = self._rma(
            pick, "waived", "passed", "failed", "short", "wrong_item", "empty", "unexpected"
        )
        what = f"lines/{self._line(rma, line)}/disposition"
        self.w.on_return("inspector", rma, what, {"disposition": "restock"})

    @precondition(some_line_is("to_send_back"))
    @rule(pick=PICK)
    def send_back(self, pick: int) -> None:
        self.w.on_return("inspector", self._rma(pick, "to_send_back"), "sent-back", {})

    @rule(change=st.sampled_from([-2, -1, 1]), sku=st.sampled_from(["MUG", "POT"]))
    def count_stock(self, change: int, sku: str) -> None:
        body = {"place": "restock", "change": change, "cause": "counted"}
        self.w.tell("shop", f"/v1/stock/{sku}/moves", body)

    # --- money ---

    @precondition(lambda self: has_returns(self) and self.w.refunds("pending", "unknown"))
    @rule(pick=PICK)
    def pay_by_hand(self, pick: int) -> None:
        """Finance tells the truth: it does not pay what the bank has paid."""
        owed = self.w.refunds("pending", "unknown")
        refund = owed[pick % len(owed)]
        if not self.w.is_paid_by_bank(refund):
            assert self.w.pay_by_hand(refund).is_success

    @precondition(lambda self: has_returns(self) and self.w.refunds("pending", "unknown"))
    @rule(pick=PICK)
    def cannot_pay(self, pick: int) -> None:
        owed = self.w.refunds("pending", "unknown")
        refund = owed[pick % len(owed)]
        if not self.w.is_paid_by_bank(refund):
            path = f"/v1/refunds/{refund.refund_id}/failure"
            assert self.w.tell("finance", path, {"reason": "refused"}).is_success

    @precondition(lambda self: has_returns(self) and self.w.refunds("failed"))
    @rule(pick=PICK)
    def pay_by_other_means(self, pick: int) -> None:
        failed = self.w.refunds("failed")
        path = f"/v1/refunds/{failed[pick % len(failed)].refund_id}/other-means"
        assert self.w.tell("finance", path, {"means": "bank_transfer"}).is_success

    @precondition(has_returns)
    @rule(pick=PICK, amount=st.sampled_from([1, 250, 1099, 5000]))
    def be_generous(self, pick: int, amount: int) -> None:
        self.w.on_return("finance", self._rma(pick), "goodwill", {"amount_minor": amount})

    @rule(
        mood=st.sampled_from(["pays", "pays", "silent", "pays_silently"]),
        refuses=st.sampled_from([None, None, "account_closed"]),
    )
    def bank_changes_its_mood(self, mood: Any, refuses: Any) -> None:
        self.w.bank.mood, self.w.bank.refuses = mood, refuses

    # --- after-sales ---

    @precondition(some_line_is("lost"))
    @rule(pick=PICK)
    def give_search_up(self, pick: int) -> None:
        self.w.on_return("after_sales", self._rma(pick, "lost"), "loss", {})

    @rule(
        pick=PICK, outcome=st.sampled_from(["answered", "moving_again", "written_off", "matched"])
    )
    def close_case(self, pick: int, outcome: str) -> None:
        cases = self.w.call("after_sales", "GET", "/v1/cases").json()
        if cases:
            path = f"/v1/cases/{cases[pick % len(cases)]['case_id']}/closure"
            self.w.tell("after_sales", path, {"outcome": outcome, "answer": "Sorry."})

    @rule(pick=PICK, who=st.sampled_from(["after_sales", "finance"]))
    def write_on_case(self, pick: int, who: str) -> None:
        cases = self.w.call("after_sales", "GET", "/v1/cases").json()
        if cases:
            path = f"/v1/cases/{cases[pick % len(cases)]['case_id']}/messages"
            self.w.tell(who, path, {"text": "We look into it."})

    # --- time ---

    @rule(hours=st.sampled_from([1, 25, 80, 200, 400]))
    def time_passes(self, hours: int) -> None:
        self.w.pass_time(hours)

    @rule(hours=st.sampled_from([25, 80, 200, 400]))
    def time_passes_while_no_worker_runs(self, hours: int) -> None:
        self.w.pass_time(hours, does_anybody_work=False)

    @rule()
    def worker_runs(self) -> None:
        self.w.worker.run_due()

    @invariant()
    def everything_holds(self) -> None:
        if self.world is not None:
            self.world.look()

    def teardown(self) -> None:
        if self.world is not None:
            try:
                self.world.end()
            finally:
                self.world.__exit__(None, None, None)
                self.world.close()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty shop's database, made once: migrating takes longer than many steps."""
    return migrated_file(tmp_path_factory.mktemp("template") / "retour.db")


@pytest.mark.slow
def test_whatever_anybody_does_nothing_is_lost_paid_twice_or_left_waiting(template: Path) -> None:
    Everybody.template = template
    run_state_machine_as_test(
        Everybody,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
