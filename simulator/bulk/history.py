"""What the shop knows of a customer when they apply: their orders, their returns, inspections that failed.

Kept by customer number and by sorted keys of customer and second, so that any moment's count is two searches. Sums of all
time take some bytes a customer; what has a window is forgotten when it leaves it.
"""

from dataclasses import dataclass, field

import numpy as np

from service.domain.policy_sections import HistoryRule
from simulator.bulk.shop import NEVER
from simulator.world import DAY_US, Flags, Integers

_SECOND_US = 1_000_000
_SECONDS = 1 << 30  # 34 years: more than any play
_EMPTY = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Known:
    """Of each application's customer. `first_us` is their first order's moment, NEVER where there is none."""

    orders: Integers
    returns: Integers
    recent: Integers
    failed: Integers
    first_us: Integers

    def some(self, place: Integers) -> "Known":
        return Known(*(getattr(self, name)[place] for name in Known.__dataclass_fields__))


@dataclass(slots=True)
class History:
    """Everybody's past. Stretches are told in order: orders first, then the applications that lie in the same days."""

    rule: HistoryRule
    orders: Integers = field(default_factory=_EMPTY.copy)
    returns: Integers = field(default_factory=_EMPTY.copy)
    first_us: Integers = field(default_factory=_EMPTY.copy)
    placed_keys: Integers = field(default_factory=_EMPTY.copy)
    recent_keys: Integers = field(default_factory=_EMPTY.copy)
    failed_keys: Integers = field(default_factory=_EMPTY.copy)

    def note_orders(self, customer: Integers, placed_us: Integers) -> Flags:
        """The orders of a stretch; which are their customer's first."""
        self._make_room(int(customer.max(initial=-1)) + 1)
        np.minimum.at(self.first_us, customer, placed_us)
        np.add.at(self.orders, customer, 1)
        self.placed_keys = np.sort(_keys(customer, placed_us))
        return np.asarray(self.first_us[customer] == placed_us)

    def known(self, customer: Integers, now_us: Integers) -> Known:
        """What is known at these applications, which must be all of a stretch; they belong to the past from then on."""
        keys = _keys(customer, now_us)
        self.recent_keys = np.sort(np.concatenate([self.recent_keys, keys]))
        within = np.sort(keys)
        end_of_customer = _keys(customer + 1, np.zeros_like(now_us))
        found = Known(
            orders=self.orders[customer] - _between(self.placed_keys, keys, end_of_customer),
            returns=self.returns[customer] + _before(within, customer, now_us),
            recent=self._recent(customer, now_us),
            failed=self.failed(customer, now_us),
            first_us=np.where(self.first_us[customer] <= now_us, self.first_us[customer], NEVER),
        )
        np.add.at(self.returns, customer, 1)
        return found

    def note_failures(self, customer: Integers, failed_us: Integers) -> None:
        """Inspections that fail, now or later: a line each."""
        more = _keys(customer, failed_us)
        self.failed_keys = np.sort(np.concatenate([self.failed_keys, more]))

    def forget(self, now_us: int) -> None:
        """Let go what no window reaches any more."""
        self.recent_keys = _since(self.recent_keys, now_us - self.rule.within_days * DAY_US)
        self.failed_keys = _since(self.failed_keys, now_us - self.rule.failed_within_days * DAY_US)

    def _recent(self, customer: Integers, now_us: Integers) -> Integers:
        since = np.maximum(now_us - self.rule.within_days * DAY_US, 0)
        return _between(self.recent_keys, _keys(customer, since), _keys(customer, now_us))

    def failed(self, customer: Integers, now_us: Integers) -> Integers:
        """How many lines of theirs failed an inspection, as far as inspections are noted."""
        since = np.maximum(now_us - self.rule.failed_within_days * DAY_US, 0)
        return _between(self.failed_keys, _keys(customer, since), _keys(customer, now_us))

    def _make_room(self, customers: int) -> None:
        missing = customers - len(self.orders)
        if missing > 0:
            more = max(missing, len(self.orders) // 4)
            self.orders, self.returns = (
                np.append(each, np.zeros(more, dtype=np.int64))
                for each in (self.orders, self.returns)
            )
            self.first_us = np.append(self.first_us, np.full(more, NEVER))


def _keys(customer: Integers, at_us: Integers) -> Integers:
    return np.asarray(customer * _SECONDS + at_us // _SECOND_US)


def _between(keys: Integers, first: Integers, last: Integers) -> Integers:
    """How many keys lie from `first` on and before `last`."""
    return np.asarray(np.searchsorted(keys, last) - np.searchsorted(keys, first))


def _before(keys: Integers, customer: Integers, now_us: Integers) -> Integers:
    return _between(keys, _keys(customer, np.zeros_like(now_us)), _keys(customer, now_us))


def _since(keys: Integers, since_us: int) -> Integers:
    return keys[keys % _SECONDS >= max(since_us, 0) // _SECOND_US]
