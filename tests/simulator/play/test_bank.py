import pytest

from service.platform.payments import NoAnswer, PaymentOrder
from simulator.play.bank import PracticeBank


def order(order_id: str | None, means: str = "original") -> PaymentOrder:
    return PaymentOrder("key", order_id, 500, "EUR", means)


class TestPracticeBank:
    def test_an_orders_draw_says_how_its_payment_goes(self) -> None:
        bank = PracticeBank({"refused": 0.0123, "silent": 0.03, "fine": 0.5})

        assert bank.refund(order("fine")).state == "settled"
        assert bank.refund(order("refused")).state == "failed"
        assert bank.refund(order("refused")).reason is not None
        with pytest.raises(NoAnswer):
            bank.refund(order("silent"))

    def test_what_was_refused_goes_through_by_other_means(self) -> None:
        bank = PracticeBank({"refused": 0.0123})

        assert bank.refund(order("refused", "bank_transfer")).state == "settled"

    def test_what_was_silent_went_through(self) -> None:
        found = PracticeBank({}).find("key")

        assert found is not None
        assert found.state == "settled"

    def test_an_order_of_somebody_else_is_paid(self) -> None:
        assert PracticeBank({}).refund(order(None)).state == "settled"
