"""What another policy would have made of the approval step: the same past requests, the same lots, the model that decides now.

A model's thresholds are its own: they follow from the caps and costs of the policy that it was trained under, and so does the
limit on links that it was proven within. Caps that ask for more than is proven act at once. What of a policy acts only in
training is told, and not replayed.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection

from service.domain.events import Basis, RefundOn, ReturnAssessed
from service.domain.policy import Judgement, Policy, Request, terms, windows
from service.domain.risk import Application, Assessment, within_terms
from service.policies.past import Past
from service.reviews.repository import assessments
from service.risk.model_risk import ModelRisk
from service.risk.standing import Registry

Act = Literal["passed", "reviewed", "declined", "early", "full", "audited", "doubted", "blind"]
# What a request at a time can be replayed by; the rest of [risk] a model is trained by, or the pipeline watches it by.
_REPLAYED = (
    "unscored_up_to_minor",
    "if_suspended",
    "links",
    "early_refund.allowed",
    "early_refund.on",
)
_CAPS = ("abuse_cap", "amount_cap", "early_refund.abuse_cap", "basic_inspection.abuse_cap")
_NEVER_LATE = 0.0
_AT_ONCE = 500
_WORD = 1 << 64


@dataclass(frozen=True, slots=True)
class NotReplayed:
    """A line of `[risk]` that the two policies do not share, and that changes nothing before the next training."""

    name: str
    before: str
    after: str


@dataclass(slots=True)
class RiskReplayed:
    """The outcome: how many requests were asked anew, by what each policy does with them, and how many are dealt with otherwise.

    `deciding`: on what basis requests are decided now, by `model`. `unseen`: requests of which the log does not hold all
    that the model looks at, or that were never assessed.
    """

    deciding: Basis
    model: str | None
    not_replayed: tuple[NotReplayed, ...]
    before: Counter[Act] = field(default_factory=Counter)
    after: Counter[Act] = field(default_factory=Counter)
    asked: int = 0
    changed: int = 0
    unseen: int = 0


@dataclass(frozen=True, slots=True)
class _Asked:
    past: Past
    judged: tuple[Judgement, Judgement]


class RiskReplay:
    """Takes past requests one by one; `replayed` counts those that `flush` has asked."""

    def __init__(self, root: Path, in_force: Policy, candidate: Policy) -> None:
        """`root`: the registry of models."""
        self._risk = ModelRisk(root, timer=lambda: _NEVER_LATE)
        self._policies = (in_force, candidate)
        model = Registry(root).standing().champion.model
        self._needed = frozenset(model.features if model else ())
        self._waiting: list[_Asked] = []
        health = self._risk.health(in_force.risk)
        self.replayed = RiskReplayed(
            health.deciding, health.model_version, tuple(_not_replayed(in_force, candidate))
        )

    def take(self, connection: Connection, past: Past, before: Judgement, after: Judgement) -> None:
        """Ask for one request, some hundred at a time."""
        self._waiting.append(_Asked(past, (before, after)))
        if len(self._waiting) == _AT_ONCE:
            self.flush(connection)

    def flush(self, connection: Connection) -> None:
        """Ask for those that wait."""
        seen = assessments(connection, [each.past.rma for each in self._waiting])
        for each in self._waiting:
            self._count(each, seen.get(each.past.rma))
        self._waiting.clear()

    def _count(self, asked: _Asked, said: ReturnAssessed | None) -> None:
        if said is None or not self._needed <= {each.name for each in said.features}:
            self.replayed.unseen += 1
            return
        before, after = (
            self._acts(policy, judged, request, said)
            for policy, judged, request in zip(
                self._policies, asked.judged, asked.past.requests, strict=True
            )
        )
        self.replayed.asked += 1
        self.replayed.changed += before != after
        self.replayed.before.update(before)
        self.replayed.after.update(after)

    def _acts(
        self, policy: Policy, judged: Judgement, request: Request, said: ReturnAssessed
    ) -> frozenset[Act]:
        if judged.verdict == "decline":
            return frozenset({"declined"})
        application = _application(policy, judged, request, said)
        made = within_terms(application, self._risk.assess(application))
        return frozenset(_told(application, made))


def _application(
    policy: Policy, judged: Judgement, request: Request, said: ReturnAssessed
) -> Application:
    """The request as the approval step would see it under this policy, with the features that were logged."""
    return Application(
        judgement=judged,
        value_minor=sum(line.value_minor for line in request.lines),
        currency=request.currency,
        features={each.name: each.value for each in said.features},
        as_of_seq=said.as_of_seq,
        refund_on=_refund_on(policy, request),
        inspection=policy.inspection.default,
        audit=policy.audit,
        terms=policy.risk,
        draw=_lot(said.rma),
    )


def _refund_on(policy: Policy, request: Request) -> RefundOn:
    """The earliest that any of its lines has."""
    order: tuple[RefundOn, ...] = ("authorized", "first_scan", "received", "inspected")
    agreed = []
    for line in request.lines:
        last = request.order_delivered_at or line.delivered_at
        open_ = windows(
            policy, request.country, line.exclusion, line.delivered_at, last, request.zone
        )
        is_granted = open_.is_granted(request.now)
        agreed.append(
            terms(policy, request.country, "return", line.reason, within_regime=is_granted)
        )
    return min((each.refund_on for each in agreed), key=order.index)


def _told(application: Application, made: Assessment) -> Iterator[Act]:
    yield "passed" if made.decision == "approve" else "reviewed"
    if made.refund_on != application.refund_on:
        yield "early"
    if made.inspection == "full":
        yield "full"
    if made.is_audit:
        yield "audited"
    if made.is_drawn_doubt:
        yield "doubted"
    if made.hidden_decision is not None:
        yield "blind"


def _lot(rma: str) -> float:
    """Uniform in [0, 1), and the same for both policies: what differs is theirs."""
    return int.from_bytes(hashlib.sha256(rma.encode()).digest()[:8]) / _WORD


def _not_replayed(in_force: Policy, candidate: Policy) -> Iterator[NotReplayed]:
    before, after = (
        dict(_flat(policy.risk.model_dump(mode="json"))) for policy in (in_force, candidate)
    )
    for name, value in before.items():
        acts = name in _REPLAYED or _asks_for_more(name, value, after[name])
        if value != after[name] and not acts:
            yield NotReplayed(name, _written(value), _written(after[name]))


def _asks_for_more(name: str, before: Any, after: Any) -> bool:
    return (name in _CAPS and after < before) or (name == "confidence" and after > before)


def _flat(section: Mapping[str, Any], way: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in section.items():
        is_section = isinstance(value, dict) and name in ("early_refund", "basic_inspection")
        if is_section:
            yield from _flat(value, f"{name}.")
        else:
            yield f"{way}{name}", value


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {each}" for key, each in value.items()) + " }"
    return str(value)
