"""A bank for tests: it pays each key once, and can fall silent before or after it paid, or refuse."""

from dataclasses import dataclass, field
from typing import Literal

from service.domain.words import FailureReason
from service.platform.payments import NoAnswer, Payment, PaymentOrder


@dataclass
class Bank:
    """Implements `service.platform.payments.Payments` in memory."""

    mood: Literal["pays", "silent", "pays_silently", "slow"] = "pays"
    refuses: FailureReason | None = None
    answers: dict[str, Payment] = field(default_factory=dict)
    begun: dict[str, PaymentOrder] = field(default_factory=dict)
    paid_minor: int = 0

    def refund(self, order: PaymentOrder) -> Payment:
        if self.mood != "silent":
            self._carry_out(order)
        if self.mood in ("silent", "pays_silently"):
            raise NoAnswer
        return self.answers[order.key]

    def find(self, key: str) -> Payment | None:
        if self.mood == "silent":
            raise NoAnswer
        return self.answers.get(key)

    def _carry_out(self, order: PaymentOrder) -> None:
        if order.key in self.answers:
            return
        if self.refuses:
            self.answers[order.key] = Payment("failed", self.refuses)
        elif self.mood == "slow":
            self.answers[order.key] = Payment("pending")
            self.begun[order.key] = order
        else:
            self.answers[order.key] = Payment("settled")
            self.paid_minor += order.amount_minor

    def come_to_itself(self) -> None:
        """It answers again, and pays what it was at."""
        for key, order in self.begun.items():
            self.answers[key] = Payment("settled")
            self.paid_minor += order.amount_minor
        self.begun.clear()
        self.mood = "pays"
