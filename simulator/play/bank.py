"""The practice shop's bank: most payments go through at once, some are refused, some answers do not come."""

from collections.abc import Mapping

from service.domain.words import FailureReason
from service.platform.payments import NoAnswer, Payment, PaymentOrder

_REFUSED, _SILENT = 0.02, 0.04
_REASONS: tuple[FailureReason, ...] = ("account_closed", "expired_means", "limit_exceeded", "refused", "other")  # fmt: skip


class PracticeBank:
    """Implements `Payments`. `draws` says of each order how its payment goes, uniform from 0 to 1."""

    def __init__(self, draws: Mapping[str, float]) -> None:
        self.draws = draws

    def refund(self, order: PaymentOrder) -> Payment:
        """Pay, or refuse what goes back by the means that was paid with, or say nothing."""
        draw = self.draws.get(order.order_id or "", 1.0)
        if order.means != "original" or draw >= _SILENT:
            return Payment("settled")
        if draw < _REFUSED:
            return Payment("failed", _REASONS[int(draw * 1e6) % len(_REASONS)])
        raise NoAnswer("the practice bank did not answer in time")

    def find(self, key: str) -> Payment | None:
        """What did not answer went through after all."""
        return Payment("settled")
