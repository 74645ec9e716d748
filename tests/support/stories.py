"""Lives of returns, told over HTTP: together they make every move that the transition table has."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from bank import Bank
from house import House
from migrated import open_migrated
from policy_with import ALL_PASSES, policy_with

from service.application import Retour
from service.domain.risk import RulesOnly
from service.platform.clock import VirtualClock
from service.platform.ids import SystemIds

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Story = Callable[[House], None]


def passed(house: House) -> None:
    """Authorized by rule, dropped off, scanned, received, inspected, paid by hand."""
    house.begin(2)
    house.does("storefront", "shipment", method="drop_off")
    house.does("storefront", "shipment", method="pickup", pickup_day="2026-03-04")
    house.does("carrier", "pickup-failure", reason="nobody_there")
    house.does("carrier", "scans", scan="picked_up")
    house.does("carrier", "scans", scan="in_transit")
    house.does("carrier", "scans", scan="delivered")
    house.arrive()
    house.find("passed", 2, grade="A")
    house.pays()
    assert house.state == "closed"


def reviewed(house: House) -> None:
    """After the window: a question, no answer, another question, an answer, authorized."""
    house.begin_late()
    house.does("reviewer", "question", question="Which part broke?")
    house.wait(days=8)
    house.does("reviewer", "question", question="What does the label say?")
    house.does("storefront", "answer", answer="It says 220 V.")
    house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
    assert house.state == "authorized"


def declined(house: House) -> None:
    """Declined by a reviewer, sent all the same, passed: the goods go back."""
    house.begin_late()
    house.does("reviewer", "decision", decision="decline", reason_code="outside_policy")
    house.arrive()
    house.find("passed", grade="B")
    house.does("storefront", "lines/1/choice", choice="send_back")
    house.does("inspector", "sent-back")
    house.wait(days=15)
    assert house.state == "closed"


def declined_and_lapsed(house: House) -> None:
    """Declined, not appealed."""
    house.begin_late()
    house.does("reviewer", "decision", decision="decline", reason_code="misuse")
    house.wait(days=15)
    assert house.state == "closed"


def declined_by_rule_and_looked_at_anew(house: House) -> None:
    """Declined by a rule; the customer asks for a person, who authorizes."""
    house.begin_late(reason="changed_mind")
    house.does("storefront", "human-review")
    house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
    assert house.state == "authorized"


def declined_twice(house: House) -> None:
    """Declined by a reviewer, and once more by the head, whom the customer asked for."""
    house.begin_late()
    house.does("reviewer", "decision", decision="decline", reason_code="misuse")
    house.does("storefront", "human-review")
    house.does("admin", "decision", decision="decline", reason_code="misuse")
    house.wait(days=15)
    assert house.state == "closed"


def declined_and_appealed_while_goods_are_here(house: House) -> None:
    """Declined, but the goods came; instead of choosing what becomes of them their customer asks for another person."""
    house.begin_late()
    house.does("reviewer", "decision", decision="decline", reason_code="outside_policy")
    house.arrive()
    house.find("passed", grade="B")
    assert house.state == "awaiting_choice"
    house.does("storefront", "human-review")
    assert house.state == "under_review"
    house.does("admin", "decision", decision="authorize", reason_code="goodwill")
    assert house.state == "refund_pending"


def decided_while_asked(decision: str, reason_code: str) -> Story:
    """A reviewer asks, and decides before there is an answer: it came by telephone."""

    def story(house: House) -> None:
        house.begin_late()
        house.does("reviewer", "question", question="Is it broken?")
        house.wait(hours=2)
        house.does("reviewer", "decision", decision=decision, reason_code=reason_code)

    return story


def escalated(house: House) -> None:
    """Nobody reviews: the head asks, gets an answer, lets it lapse, and in the end the clock authorizes."""
    house.begin_late()
    house.wait(hours=25)
    house.does("admin", "question", question="Is it broken?")
    house.does("storefront", "answer", answer="Yes.")
    house.wait(hours=25)
    house.wait(hours=25)
    assert house.state == "authorized"


def escalated_and_authorized(house: House) -> None:
    """Nobody reviews in time: the head authorizes."""
    house.begin_late()
    house.wait(hours=25)
    house.does("admin", "decision", decision="authorize", reason_code="within_policy")


def escalated_and_declined(house: House) -> None:
    """Nobody reviews in time: the head declines."""
    house.begin_late()
    house.wait(hours=25)
    house.does("admin", "decision", decision="decline", reason_code="not_eligible")


def escalated_and_cancelled(house: House) -> None:
    """Nobody reviews in time: the customer gives up."""
    house.begin_late()
    house.wait(hours=25)
    house.does("storefront", "cancellation")


def cancelled_under_review(house: House) -> None:
    """The customer gives up before anybody decided."""
    house.begin_late()
    house.does("storefront", "cancellation")
    assert house.state == "closed"


def cancelled_while_asked(house: House) -> None:
    """The customer gives up instead of answering."""
    house.begin_late()
    house.does("reviewer", "question", question="Why?")
    house.does("storefront", "cancellation")


def cancelled_then_sent(house: House) -> None:
    """Cancelled, and sent all the same: a reviewer decides anew."""
    house.begin()
    house.does("storefront", "cancellation")
    house.does("carrier", "scans", scan="picked_up")
    house.arrive()
    assert house.state == "under_review"
    house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
    house.find("passed", grade="A")


def cancelled_then_delivered(house: House) -> None:
    """Cancelled after a way was chosen, and delivered all the same."""
    house.begin()
    house.does("storefront", "shipment", method="drop_off")
    house.does("storefront", "cancellation")
    house.does("carrier", "scans", scan="delivered")
    house.arrive()


def cancelled_then_received(house: House) -> None:
    """Cancelled, and on the dock all the same."""
    house.begin()
    house.does("storefront", "cancellation")
    house.arrive()


def expired(house: House) -> None:
    """Authorized, never sent; and on the dock after that."""
    house.begin()
    house.wait(days=15)
    assert house.state == "closed"
    house.arrive()
    assert house.state == "under_review"


def expired_after_a_way_was_chosen(house: House) -> None:
    """A way was chosen, but the parcel was never handed over."""
    house.begin()
    house.does("storefront", "shipment", method="own_carrier", tracking="T-1")
    house.wait(days=15)
    assert house.state == "closed"


def expired_then_sent(house: House) -> None:
    """Never sent in time, then handed over and lost: a reviewer decides anew, and who bears the loss pays."""
    house.begin()
    house.wait(days=15)
    house.does("carrier", "scans", scan="picked_up")
    assert house.state == "under_review"
    house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
    house.wait(days=11)
    house.does("after_sales", "loss")
    assert house.state == "refund_pending"


def withdrawn_and_sent_late(house: House) -> None:
    """By law, handed over after it had expired: authorized again by itself, and paid."""
    house.begin_withdrawal()
    house.wait(days=15)
    assert house.state == "closed"
    house.does("carrier", "scans", scan="picked_up")
    assert house.look()["lines"][0]["authorization"] == "authorized"
    house.arrive()
    house.find("passed", grade="A")


def received_at_once(house: House) -> None:
    """On the dock before anybody told of a parcel."""
    house.begin()
    house.arrive()


def received_when_announced(house: House) -> None:
    """On the dock without a scan."""
    house.begin()
    house.does("storefront", "shipment", method="drop_off")
    house.arrive()


def received_under_review(house: House) -> None:
    """On the dock before it was decided."""
    house.begin_late()
    house.arrive()
    assert house.state == "under_review"


def scanned_without_a_word(house: House) -> None:
    """The carrier has it before anybody told; delivered while nobody expects it."""
    house.begin_late()
    house.does("carrier", "scans", scan="picked_up")


def delivered_without_a_word(house: House) -> None:
    """Delivered before it was decided; nobody finds it; it is lost; then it turns up."""
    house.begin_late()
    house.does("carrier", "scans", scan="delivered")
    house.wait(hours=25)
    house.arrive()


def delivered_when_awaited(house: House) -> None:
    """Authorized, delivered without any scan before."""
    house.begin()
    house.does("carrier", "scans", scan="delivered")


def delivered_when_announced(house: House) -> None:
    """A way was chosen; the first scan is the delivery."""
    house.begin()
    house.does("storefront", "shipment", method="drop_off")
    house.does("carrier", "scans", scan="delivered")


def picked_up_when_announced(house: House) -> None:
    """A way was chosen; the carrier takes it; it arrives."""
    house.begin()
    house.does("storefront", "shipment", method="drop_off")
    house.does("carrier", "scans", scan="picked_up")
    house.arrive()


def first_seen_on_its_way(when: str) -> Story:
    """The carrier's first word is of the sorting centre: before it was decided, awaited, announced, or after it was cancelled."""

    def story(house: House) -> None:
        house.begin_late() if when == "undecided" else house.begin()
        if when == "announced":
            house.does("storefront", "shipment", method="drop_off")
        if when == "cancelled":
            house.does("storefront", "cancellation")
        house.does("carrier", "scans", scan="in_transit")
        assert [line["reception"] for line in house.look()["lines"]] == ["in_transit"]

    return story


def lost(house: House) -> None:
    """Scanned, then lost, scanned once more, lost for good: the shop bears it; and at last it turns up."""
    house.begin()
    house.does("carrier", "scans", scan="picked_up")
    house.wait(days=11)
    assert house.state == "lost"
    house.does("carrier", "scans", scan="in_transit")
    house.wait(days=11)
    house.wait(days=4)
    assert house.state == "refund_pending"
    house.pays()
    assert house.state == "closed"
    house.arrive()
    assert house.state == "received"
    house.find("failed", grade="D")
    assert "recovery" in house.open_cases()


def lost_and_given_up(house: House) -> None:
    """After-sales gives the search up."""
    house.begin()
    house.does("carrier", "scans", scan="picked_up")
    house.wait(days=11)
    house.does("after_sales", "loss")
    assert house.state == "refund_pending"


def lost_and_delivered(house: House) -> None:
    """Lost, and delivered after all."""
    house.begin()
    house.does("carrier", "scans", scan="picked_up")
    house.wait(days=11)
    house.does("carrier", "scans", scan="delivered")


def not_inspected(house: House) -> None:
    """Nobody inspects: the goods are taken as they are, and the customer is paid."""
    house.begin()
    house.arrive()
    house.wait(hours=25)
    assert house.state == "inspection_overdue"
    house.wait(hours=25)
    assert house.state == "refund_pending"


def found_after_all(outcome: str, grade: str | None) -> Story:
    """Accepted and paid unseen; then somebody looks."""

    def story(house: House) -> None:
        not_inspected(house)
        house.find(outcome, grade=grade)

    return story


def inspected_late(outcome: str, grade: str | None) -> Story:
    """The inspection comes after its time."""

    def story(house: House) -> None:
        house.begin()
        house.arrive()
        house.wait(hours=25)
        house.find(outcome, grade=grade)

    return story


def inspected(outcome: str, grade: str | None, choice: str) -> Story:
    """The goods do not pass; the customer chooses."""

    def story(house: House) -> None:
        house.begin()
        house.arrive()
        house.find(outcome, grade=grade)
        assert house.state == "awaiting_choice"
        house.does("storefront", "lines/1/choice", choice=choice)

    return story


def defaulted(outcome: str, grade: str | None) -> Story:
    """The goods do not pass, and the customer does not choose: what was announced happens."""

    def story(house: House) -> None:
        house.begin()
        house.arrive()
        house.find(outcome, grade=grade)
        house.wait(days=8)
        assert house.state != "awaiting_choice"

    return story


def sent_back_late(house: House) -> None:
    """Nobody sends the goods back in time: the clock starts anew, and a case is open."""
    house.begin()
    house.arrive()
    house.find("wrong_item")
    house.does("storefront", "lines/1/choice", choice="send_back")
    house.wait(days=4)
    assert house.open_cases() == ["stalled"]
    house.does("inspector", "sent-back")
    assert house.state == "closed"


def unexpected(house: House) -> None:
    """Something else is in the parcel, and more than was announced."""
    house.begin()
    house.arrive(2)
    house.find("passed", grade="A")
    house.does(
        "inspector",
        "inspections",
        line_no=2,
        depth="full",
        findings=[{"outcome": "unexpected", "quantity": 1, "grade": "A"}],
        unexpected=[{"sku": "SOCK", "quantity": 1}],
    )
    house.does("storefront", "lines/2/choice", choice="send_back")
    house.does("storefront", "lines/3/choice", choice="dispose")


def paid_by_other_means(house: House) -> None:
    """Finance waits too long, the payment is refused, other means help."""
    house.begin()
    house.arrive()
    house.find("passed", grade="A")
    house.wait(days=4)
    house.pays("failure", reason="account_closed")
    house.wait(days=4)
    house.pays("other-means", means="bank_transfer")
    house.pays()
    assert house.state == "closed"


def withdrawn(house: House) -> None:
    """By law: money at the first scan; the goods fail: somebody's case, the refund stands."""
    house.begin_withdrawal()
    house.does("carrier", "scans", scan="picked_up")
    house.pays()
    house.arrive()
    house.find("failed", grade="D")
    assert "recovery" in house.open_cases()
    assert house.state == "closed"


def unexpected_late(house: House) -> None:
    """More than was announced, and nobody looks at it in time."""
    house.begin()
    house.arrive(2)
    house.wait(hours=25)
    house.find("unexpected", line_no=2)


def kept_instead_of_sent(house: House) -> None:
    """A way was chosen, but the goods may stay where they are."""
    house.begin()
    house.does("storefront", "shipment", method="drop_off")
    house.does("reviewer", "keep")
    assert house.state == "refund_pending"


def declined_by_rule(house: House) -> None:
    """A hard rule declines what comes too late and is nobody's fault; an appeal is a complaint."""
    house.begin_late(reason="changed_mind")
    assert house.state == "declined"
    complaint = {"kind": "complaint", "rma": house.rma, "text": "I was in hospital."}
    token = {"Retour-Customer": house.token}
    answer = house.call("storefront", "POST", "/v1/cases", json=complaint, headers=token)
    assert answer.status_code == 201
    assert house.open_cases() == ["complaint"]


def paid_early(method: str | None) -> Story:
    """Paid before anything was sent, and nothing ever is."""

    def story(house: House) -> None:
        house.begin(reason="changed_mind")
        if method:
            house.does("storefront", "shipment", method=method)
        house.pays()
        house.wait(days=15)
        assert "recovery" in house.open_cases()
        assert house.state == "closed"

    return story


def paid_in_silence(house: House) -> None:
    """The bank does not answer for days, though it paid: that comes out without anybody's help."""
    house.bank.mood = "silent"
    _passes(house)
    house.work()
    assert house.state == "refund_unknown"
    house.wait(days=4)
    house.bank.mood = "pays"
    house.wait(days=1)
    assert house.state == "closed"


def refused_in_silence(house: House) -> None:
    """The bank does not answer at first, and refuses in the end."""
    house.bank.mood = "pays_silently"
    house.bank.refuses = "account_closed"
    _passes(house)
    house.work()
    house.bank.mood = "pays"
    house.wait(hours=1)
    assert house.state == "refund_failed"


def _passes(house: House) -> None:
    house.begin()
    house.arrive()
    house.find("passed", grade="A")


def kept(house: House) -> None:
    """The reviewer lets the customer keep the goods."""
    house.begin_late()
    house.does("reviewer", "decision", decision="authorize", reason_code="goodwill", keep_item=True)
    house.pays()
    assert house.state == "closed"


BY_RULE: dict[str, Story] = {
    story.__name__: story
    for story in (
        passed,
        reviewed,
        declined,
        declined_and_lapsed,
        declined_and_appealed_while_goods_are_here,
        declined_by_rule_and_looked_at_anew,
        declined_twice,
        escalated,
        escalated_and_authorized,
        escalated_and_declined,
        escalated_and_cancelled,
        cancelled_under_review,
        cancelled_while_asked,
        cancelled_then_sent,
        cancelled_then_delivered,
        cancelled_then_received,
        expired,
        expired_after_a_way_was_chosen,
        expired_then_sent,
        withdrawn_and_sent_late,
        received_at_once,
        received_when_announced,
        received_under_review,
        scanned_without_a_word,
        delivered_without_a_word,
        delivered_when_awaited,
        delivered_when_announced,
        picked_up_when_announced,
        lost,
        lost_and_given_up,
        lost_and_delivered,
        not_inspected,
        sent_back_late,
        unexpected,
        paid_by_other_means,
        withdrawn,
        kept,
        unexpected_late,
        kept_instead_of_sent,
        declined_by_rule,
        paid_in_silence,
        refused_in_silence,
    )
}
BY_OUTCOME: dict[str, Story] = {
    **{
        f"inspected_{outcome}": inspected(outcome, grade, choice)
        for outcome, grade, choice in (
            ("failed", "C", "partial_refund"),
            ("short", None, "accept"),
            ("wrong_item", None, "dispose"),
            ("empty", None, "accept"),
        )
    },
    **{
        f"inspected_late_{outcome}": inspected_late(outcome, grade)
        for outcome, grade in (
            ("passed", "A"),
            ("failed", "D"),
            ("short", None),
            ("wrong_item", None),
            ("empty", None),
        )
    },
    **{
        f"found_after_all_{outcome}": found_after_all(outcome, grade)
        for outcome, grade in (
            ("passed", "A"),
            ("failed", "D"),
            ("short", None),
            ("wrong_item", None),
            ("empty", None),
            ("unexpected", None),
        )
    },
    **{
        f"defaulted_{outcome}": defaulted(outcome, grade)
        for outcome, grade in (("failed", "C"), ("short", None), ("wrong_item", None))
    },
}
STORIES: dict[str, Story] = {
    **BY_RULE,
    **BY_OUTCOME,
    "authorized_while_asked": decided_while_asked("authorize", "goodwill"),
    "declined_while_asked": decided_while_asked("decline", "misuse"),
    "paid_early": paid_early(None),
    "paid_early_after_a_way_was_chosen": paid_early("drop_off"),
    **{
        f"first_seen_on_its_way_when_{when}": first_seen_on_its_way(when)
        for when in ("undecided", "awaited", "announced", "cancelled")
    },
}
# Stories of houses with other rules than the built-in ones, and of those with a bank.
POLICIES: dict[str, dict[str, object]] = {
    "declined_by_rule": {"window.late": "decline"},
    "declined_by_rule_and_looked_at_anew": {"window.late": "decline"},
    "paid_early": {"refund.on": "authorized"},
    "paid_early_after_a_way_was_chosen": {"refund.on": "authorized"},
}
WITH_A_BANK = {"paid_in_silence", "refused_in_silence"}


@contextmanager
def a_house(url: str, story: str = "", kind: type[House] = House) -> Iterator[House]:
    """A house, of this kind, with the rules and the bank that a story needs."""
    db, clock, bank = open_migrated(url), VirtualClock(NOON), Bank()
    retour = Retour(
        db,
        policy_with({**ALL_PASSES, **POLICIES.get(story, {})}),
        RulesOnly(),
        clock,
        SystemIds(),
        secret=b"a test's secret",
        payments=bank if story in WITH_A_BANK else None,
    )
    with kind(retour, clock) as house:
        house.bank = bank
        yield house
    db.dispose()
