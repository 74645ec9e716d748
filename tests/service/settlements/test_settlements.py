from collections.abc import Callable
from datetime import timedelta

import pytest
from bank import Bank
from house import DAY, House
from policy_with import ALL_PASSES, policy_with

from service.application import Retour
from service.domain.risk import RulesOnly
from service.platform.clock import VirtualClock
from service.platform.db import Database
from service.platform.ids import SystemIds
from service.platform.payments import NoAnswer, Payment, PaymentOrder


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def retour(db: Database, clock: VirtualClock, bank: Bank) -> Retour:
    return Retour(
        db,
        policy_with(ALL_PASSES),
        RulesOnly(),
        clock,
        SystemIds(),
        secret=b"a test's secret",
        payments=bank,
    )


def work_for(house: House, time: timedelta) -> None:
    """The worker does each thing when it becomes due."""
    worker = house.worker()
    until = house.clock.now() + time
    while (due := worker.next_due()) and due <= until:
        house.clock.move_to(max(due, house.clock.now()))
        worker.run_due()
    house.clock.move_to(until)


def passed(house: House, quantity: int = 1, **order: object) -> House:
    house.begin(quantity, **order)
    house.arrive()
    house.find("passed", quantity, grade="A")
    return house


class TestABankThatTakesItsTime:
    @pytest.mark.parametrize("mood", ["silent", "slow"])
    def test_days_without_an_answer_need_nobodys_help(
        self, house: House, bank: Bank, mood: str
    ) -> None:
        bank.mood = mood  # type: ignore[assignment]
        passed(house)
        work_for(house, 10 * DAY)
        assert bank.paid_minor == 0
        assert house.retour.jobs.entries(only_parked=True) == []

        bank.come_to_itself()
        work_for(house, timedelta(hours=2))

        assert house.state == "closed"
        assert bank.paid_minor == 1290

    def test_what_it_paid_without_a_word_is_not_paid_again(self, house: House, bank: Bank) -> None:
        bank.mood = "pays_silently"
        passed(house)
        house.work()
        assert (house.state, bank.paid_minor) == ("refund_unknown", 1290)

        bank.come_to_itself()
        work_for(house, timedelta(hours=2))

        assert (house.state, bank.paid_minor) == ("closed", 1290)
        assert [said["is_reconciled"] for said in house.told("refund.settled")] == [True]


class TestGoodsThatPartWhileTheirMoneyIsUnderWay:
    def test_each_part_is_paid_and_the_return_ends(self, house: House, bank: Bank) -> None:
        bank.mood = "silent"
        house.begin_withdrawal(3)
        house.does("carrier", "scans", scan="picked_up")
        house.arrive()
        findings = [
            {"outcome": "passed", "quantity": 2, "grade": "A"},
            {"outcome": "empty", "quantity": 1, "grade": None},
        ]
        house.does("inspector", "inspections", line_no=1, depth="full", findings=findings)

        bank.come_to_itself()
        work_for(house, timedelta(hours=2))

        assert [line["resolution"] for line in house.look()["lines"]] == ["refunded", "refunded"]
        assert (house.state, bank.paid_minor) == ("closed", 3 * 1290)
        (settled,) = house.told("refund.settled")
        assert sorted(line["amount_minor"] for line in settled["lines"]) == [1290, 2580]


class TestSomebodyWhoPaysByHandMeanwhile:
    """Finance and the provider at once: what both did is somebody's case, and is never silently kept."""

    def test_a_second_payment_is_told(
        self, house: House, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        passed(house)
        _meanwhile(monkeypatch, bank, house.pays)

        house.work()

        assert house.state == "closed"
        assert house.open_cases() == ["recovery"]

    def test_a_payment_that_was_called_failed_is_told(
        self, house: House, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        passed(house)
        _meanwhile(monkeypatch, bank, lambda: house.pays("failure", reason="refused"))

        house.work()

        assert house.state == "refund_failed"
        assert house.open_cases() == ["recovery"]

    def test_two_workers_that_get_the_same_answer_paid_once(
        self, house: House, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        passed(house)
        refund_id = house.refund_id()
        _meanwhile(monkeypatch, bank, lambda: house.retour.settlements.carry_out(refund_id))

        house.work()

        assert (house.state, bank.paid_minor) == ("closed", 1290)
        assert house.open_cases() == []


class TestAPersonWhoDoesNotWaitForALostAnswer:
    """The provider paid and fell silent; finance records something meanwhile, and is not refused."""

    @pytest.fixture
    def house(self, house: House, bank: Bank) -> House:
        bank.mood = "pays_silently"
        passed(house)
        house.work()
        assert (house.state, bank.paid_minor) == ("refund_unknown", 1290)
        return house

    def test_a_payment_by_hand_beside_it_is_told_once_it_is_found(
        self, house: House, bank: Bank
    ) -> None:
        bank.mood = "silent"
        house.pays()
        work_for(house, 3 * DAY)
        assert (house.state, house.open_cases()) == ("closed", [])

        bank.come_to_itself()
        work_for(house, 2 * DAY)

        assert house.open_cases() == ["recovery"]
        assert "refund_doubt" not in {each.kind for each in house.retour.jobs.entries()}

    def test_one_that_never_came_to_the_provider_is_no_case(self, house: House, bank: Bank) -> None:
        bank.answers.clear()
        bank.mood = "pays"
        house.pays()

        work_for(house, DAY)

        assert (house.state, house.open_cases()) == ("closed", [])
        assert "refund_doubt" not in {each.kind for each in house.retour.jobs.entries()}

    def test_what_was_called_failed_is_not_paid_by_other_means(
        self, house: House, bank: Bank
    ) -> None:
        house.pays("failure", reason="other")
        house.pays("other-means", means="bank_transfer")
        bank.mood = "pays"

        work_for(house, DAY)

        assert (house.state, bank.paid_minor) == ("closed", 1290)
        (settled,) = house.told("refund.settled")
        assert (settled["means"], settled["is_reconciled"]) == ("original", True)
        assert house.open_cases() == []

    def test_nothing_is_ordered_by_other_means_while_the_provider_is_silent_on_the_first(
        self, house: House, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house.pays("failure", reason="other")
        house.pays("other-means", means="bank_transfer")
        first, find = f"{house.refund_id()}-1", bank.find
        monkeypatch.setattr(bank, "find", lambda key: find(key) or _refuse_to_say())
        bank.mood = "pays"
        known = bank.answers.pop(first)

        work_for(house, DAY)
        assert (house.state, bank.paid_minor) == ("refund_unknown", 1290)

        bank.answers[first] = known
        monkeypatch.setattr(bank, "find", find)
        work_for(house, DAY)
        assert (house.state, bank.paid_minor) == ("closed", 1290)

    def test_what_was_called_failed_and_is_left_so_is_told(self, house: House, bank: Bank) -> None:
        house.pays("failure", reason="other")
        bank.mood = "pays"

        work_for(house, timedelta(hours=2))

        assert (house.state, house.open_cases()) == ("refund_failed", ["recovery"])

    def test_what_the_provider_is_still_at_is_told_when_it_went_through(
        self, house: House, bank: Bank
    ) -> None:
        (key,) = bank.answers
        bank.answers[key] = Payment("pending")
        bank.mood = "pays"
        house.pays()
        work_for(house, DAY)
        assert house.open_cases() == []

        bank.answers[key] = Payment("settled")
        work_for(house, timedelta(hours=2))

        assert house.open_cases() == ["recovery"]


class TestWhatTheProviderItselfRefused:
    def test_it_is_paid_by_other_means_and_not_asked_for_again(
        self, house: House, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bank.refuses = "account_closed"
        passed(house)
        house.work()
        assert house.state == "refund_failed"
        bank.refuses = None
        monkeypatch.setattr(bank, "find", lambda key: pytest.fail(f"asked for {key}"))

        house.pays("other-means", means="bank_transfer")
        work_for(house, DAY)

        assert (house.state, bank.paid_minor) == ("closed", 1290)


class TestSilenceWhileAPersonRecords:
    def test_a_payment_that_goes_through_after_all_is_told(
        self, house: House, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Finance confirmed before the silence of an order that was on its way."""
        bank.mood = "pays_silently"
        passed(house)
        refund = bank.refund

        def confirmed_and_asked_before_it_pays(order: PaymentOrder) -> Payment:
            house.pays()
            monkeypatch.setattr(bank, "refund", refund)
            work_for(house, timedelta(hours=1))
            return refund(order)

        monkeypatch.setattr(bank, "refund", confirmed_and_asked_before_it_pays)
        house.work()
        work_for(house, timedelta(hours=2))

        assert bank.paid_minor == 1290
        assert house.open_cases() == ["recovery"]

    def test_a_worker_that_heard_nothing_of_what_another_settled_makes_no_case(
        self, house: House, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        passed(house)
        refund, refund_id = bank.refund, house.refund_id()

        def silent(order: PaymentOrder) -> Payment:
            monkeypatch.setattr(bank, "refund", refund)
            house.retour.settlements.carry_out(refund_id)
            raise NoAnswer

        monkeypatch.setattr(bank, "refund", silent)
        house.work()
        work_for(house, DAY)

        assert (house.state, house.open_cases()) == ("closed", [])


def _refuse_to_say() -> Payment:
    raise NoAnswer


def _meanwhile(monkeypatch: pytest.MonkeyPatch, bank: Bank, happens: Callable[[], None]) -> None:
    """Something happens once, between the order to pay and its answer."""
    refund = bank.refund

    def slow(order: PaymentOrder) -> Payment:
        monkeypatch.setattr(bank, "refund", refund)
        answer = refund(order)
        happens()
        return answer

    monkeypatch.setattr(bank, "refund", slow)


class TestTwoOffersAtOnce:
    def test_each_is_paid_as_it_was_offered(self, house: House, bank: Bank) -> None:
        """After a gesture of goodwill there is enough left for both offers, but not for both prices."""
        house.begin(2)
        house.does("finance", "goodwill", amount_minor=7480)
        house.arrive()
        findings = [{"outcome": "failed", "quantity": 1, "grade": grade} for grade in ("C", "C")]
        house.does("inspector", "inspections", line_no=1, depth="full", findings=findings)
        offers = [line["offer_minor"] for line in house.look()["lines"]]

        house.wait(days=8)

        assert offers == [516, 516]
        assert [said["amount_minor"] for said in house.told("refund.settled")] == [7480, 1032]
