"""Two processes that want contrary things at the same moment: one has its way, the other is told, nothing is half done."""

import json
import multiprocessing
from collections import defaultdict

import pytest
from contests import CONTESTS, Turn, contend
from house import DAY, House
from rivals import two_processes

ROUNDS = 6
PRICE = 1000


class Preparing:
    """Brings returns to where a contest begins: one mug of 1000 each, long ago delivered."""

    def __init__(self, house: House) -> None:
        self.house, self._orders = house, 0

    def turns(self) -> list[Turn]:
        return [(contest, getattr(self, contest)()) for _ in range(ROUNDS) for contest in CONTESTS]

    def decision(self) -> str:
        self._orders += 1
        house, order_id = self.house, f"O-{self._orders}"
        line = {"line_no": 1, "sku": "MUG", "quantity": 1, "unit_price_minor": PRICE}
        house.put_order(order_id, country="US", customer=order_id, lines=[line])
        house.put_parcel(order_id, lines=[{"line_no": 1, "quantity": 1}])
        wanted = [{"line_no": 1, "quantity": 1, "reason": "defect"}]
        answer = house.apply(order_id=order_id, customer=order_id, lines=wanted)
        house.rma = str(answer.json()["rma"])
        return house.rma

    def scan(self) -> str:
        self.decision()
        self.house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
        return self.house.rma

    last_cent = scan

    def finding(self) -> str:
        self.scan()
        self.house.arrive()
        return self.house.rma

    goodwill_or_refund = finding

    def choice(self) -> str:
        self.finding()
        self.house.find("failed", grade="C")
        return self.house.rma

    def payment(self) -> str:
        self.finding()
        self.house.find("passed", grade="A")
        return self.house.refund_id()

    def closure(self) -> str:
        body = {"kind": "complaint", "rma": self.decision(), "text": "Why?"}
        answer = self.house.call("after_sales", "POST", "/v1/cases", json=body)
        return str(answer.json()["case_id"])


@pytest.mark.slow
def test_of_two_who_want_contrary_things_one_has_its_way_and_nothing_is_half_done(
    house: House, database_url: str
) -> None:
    house.clock.move_to(house.clock.now() + 40 * DAY)
    turns = Preparing(house).turns()
    results = multiprocessing.get_context("spawn").Queue()
    before = house.retour.log_head()

    with two_processes(contend, database_url, house.clock.now(), turns, results) as processes:
        told = [results.get(timeout=60) for _ in range(2 * len(turns))]

    assert [each.exitcode for each in processes] == [0, 0]
    outcomes = defaultdict(list)
    for contest, subject, outcome in told:
        outcomes[contest, subject].append(outcome)
    for (contest, subject), both in outcomes.items():
        if contest == "goodwill_or_refund":
            assert refunded_minor(house, subject) == PRICE, both
        else:
            loser = "repeated" if contest == "scan" else "refused"
            assert sorted(both) == sorted(["won", loser]), contest
    made = [event.type for event in house.retour.read_log(before, 10_000)]
    for decided in ("review.decided", "case.closed", "choice.made", "return.received"):
        assert made.count(decided) == ROUNDS, decided
    assert made.count("line.inspected") == 2 * ROUNDS
    assert made.count("refund.failed") + made.count("refund.settled") >= ROUNDS


def refunded_minor(house: House, rma: str) -> int:
    """What went back of a return or is on its way, by its log."""
    events = [each for each in house.retour.read_log(0, 10_000) if each.subject == rma]
    said = [json.loads(each.data) for each in events if each.type == "refund.requested"]
    return sum(each["amount_minor"] for each in said)
