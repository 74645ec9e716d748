"""What another policy would have made of past requests: by verdict and by rule, in returns and in money."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from service.domain.policy import Judgement, Policy, Request, judge
from service.platform.db import Database
from service.policies.past import Delivery, Past, count_returns, past_requests
from service.policies.risk_replay import RiskReplay

Verdict = Literal["pass", "review", "decline"]
Progress = Callable[[int, int], None]
_SOFTEST_FIRST: tuple[Verdict, ...] = get_args(Verdict)
_TELL_EVERY = 100


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict before and after, in one currency; with the rule that it is due to, or for all rules together."""

    before: Verdict
    after: Verdict
    currency: str
    rule: str | None = None

    @property
    def is_same(self) -> bool:
        """Whether the verdict stays."""
        return self.before == self.after


@dataclass(slots=True)
class Replayed:
    """The outcome: returns and their value by change. A return that two rules changed counts once for each rule."""

    returns: Counter[Change] = field(default_factory=Counter)
    value_minor: Counter[Change] = field(default_factory=Counter)
    deliveries: Counter[Delivery] = field(default_factory=Counter)
    without_order: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def judged(self) -> int:
        return self.deliveries.total()

    @property
    def changed(self) -> int:
        """Returns whose verdict is another."""
        return sum(
            returns
            for change, returns in self.returns.items()
            if change.rule is None and not change.is_same
        )

    def count(self, past: Past, before: Judgement, after: Judgement) -> None:
        """Take in one request and what both policies say of it."""
        request = past.requests[0]
        self.deliveries[past.delivery] += 1
        self.first = min(self.first or request.now, request.now)
        self.last = max(self.last or request.now, request.now)
        for change in _changes(before, after, request.currency):
            self.returns[change] += 1
            self.value_minor[change] += _value_minor(request)


def replay(
    db: Database,
    in_force: Policy,
    candidate: Policy,
    zone: ZoneInfo,
    progress: Progress = lambda _, __: None,
    risk: RiskReplay | None = None,
) -> Replayed:
    """Judge every past request by both policies. `progress` is told how many of how many are done.

    `risk` takes those that were judged, to ask what the approval step would do with them.
    """
    replayed = Replayed()
    rules = (in_force.rules.history, candidate.rules.history)
    with db.read() as connection:
        total = count_returns(connection)
        for done, past in enumerate(past_requests(connection, rules, zone), 1):
            if isinstance(past, Past):
                before, after = (
                    judge(in_force, past.requests[0]),
                    judge(candidate, past.requests[1]),
                )
                replayed.count(past, before, after)
                if risk:
                    risk.take(connection, past, before, after)
            else:
                replayed.without_order += 1
            if done % _TELL_EVERY == 0 or done == total:
                progress(done, total)
        if risk:
            risk.flush(connection)
    return replayed


def _value_minor(request: Request) -> int:
    return sum(line.value_minor for line in request.lines)


def _changes(before: Judgement, after: Judgement, currency: str) -> Iterator[Change]:
    yield Change(before.verdict, after.verdict, currency)
    if before.verdict != after.verdict:
        for rule in _due_to(before, after):
            yield Change(before.verdict, after.verdict, currency, rule)


def _due_to(before: Judgement, after: Judgement) -> list[str]:
    """The rules that newly fail where the verdict is harder, newly pass where it is softer.

    Where none does, a rule that failed both times weighs otherwise now: it declines, or it did.
    """
    is_harder = _SOFTEST_FIRST.index(after.verdict) > _SOFTEST_FIRST.index(before.verdict)
    hard, soft = (after, before) if is_harder else (before, after)
    return sorted(_failed(hard) - _failed(soft)) or [str(hard.declined_by)]


def _failed(judgement: Judgement) -> set[str]:
    return {each.rule for each in judgement.outcomes if not each.passed}
