"""The risk port with a trained model behind it. What goes wrong here costs a reviewer's time, never the customer an answer."""

import json
import logging
import math
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Literal

from models.risk.registry import verify
from service.domain.events import Basis, Reason
from service.domain.policy_sections import RiskTerms
from service.domain.risk import (
    WITHOUT_MODEL,
    Application,
    Assessment,
    RiskHealth,
    by_rules,
    by_score,
    stopped_by_rules,
    to_a_person,
)
from service.platform.telemetry import current_request
from service.risk.reasons import by_lot, reasons_for
from service.risk.standing import Load, Model, Named, Registry, Standing

_log = logging.getLogger("retour.risk")
_MOST_WORDS = 500
_Role = Literal["champion", "challenger"]


class NoUsableAnswer(Exception):
    """A model failed, or what it said is no probability."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said of a request, or why that is of no use: `failed`, `late` or `unavailable`."""

    version: str | None
    score: float | None = None
    reasons: tuple[Reason, ...] = ()
    in_vain: Basis | None = None


class ModelRisk:
    """Rules first; then the champion of the registry in `root`, and in its shadow the challenger.

    A champion that cannot be loaded, fails, or answers later than the policy's `answer_within_ms` is not heard: the
    request goes to a person. Without any champion, or while it is suspended or certified for nothing that the policy's caps
    ask for, the rules decide.
    """

    def __init__(
        self, root: Path, load: Load = verify, timer: Callable[[], float] = perf_counter
    ) -> None:
        self._registry, self._timer = Registry(root, load), timer
        self._lock = threading.Lock()
        self._assessed: Counter[str] = Counter()
        self._discarded: Counter[str] = Counter()

    def assess(self, application: Application) -> Assessment:
        """Judge one request. Never raises."""
        standing = self._registry.standing().under(application.terms)
        answer = self._ask("champion", standing.champion, application)
        made = _assessment(application, standing, answer)
        rival = self._ask("challenger", standing.challenger, application)
        with self._lock:
            self._assessed[made.basis] += 1
        return replace(made, challenger_version=rival.version, challenger_score=rival.score)

    def health(self, terms: RiskTerms) -> RiskHealth:
        """How it stands; reads the models where that was not done yet."""
        standing = self._registry.standing().under(terms)
        with self._lock:
            return RiskHealth(
                _who_decides(standing),
                standing.champion.version,
                standing.challenger.version,
                standing.fault or standing.champion.fault or standing.challenger.fault,
                dict(self._assessed),
                dict(self._discarded),
            )

    def _ask(self, role: _Role, named: Named, application: Application) -> Answer:
        """What a model says; nothing where none is named."""
        if named.fault is not None:
            return self._in_vain(role, named, "unavailable", named.fault)
        if named.model is None:
            return Answer(None)
        began = self._timer()
        try:
            answer = _answer(named, named.model, application)
        except Exception as failure:  # whatever a model does: its customer must not notice
            return self._in_vain(role, named, "failed", f"{type(failure).__name__}: {failure}")
        took_ms = (self._timer() - began) * 1000
        allowed_ms = application.terms.answer_within_ms
        if took_ms > allowed_ms:
            return self._in_vain(role, named, "late", f"{took_ms:.1f} ms, allowed are {allowed_ms}")
        return answer

    def _in_vain(self, role: _Role, named: Named, why: Basis, words: str) -> Answer:
        """One line of JSON, and one more in the count: somebody should look."""
        with self._lock:
            self._discarded[f"{role}_{why}"] += 1
        line = {
            "request_id": current_request(),
            "discarded_answer_of": role,
            "model_version": named.version,
            "because": why,
            "detail": words[:_MOST_WORDS],
        }
        _log.warning(json.dumps(line))
        return Answer(named.version, in_vain=why)


def _answer(named: Named, model: Model, application: Application) -> Answer:
    """The score, and why where it speaks for a person. Raises whatever the model does, and `NoUsableAnswer`."""
    vector = [application.features[name] for name in model.features]
    score = model.score(vector)
    if not isinstance(score, float) or not 0 <= score <= 1:
        raise NoUsableAnswer(f"{score!r} is no probability")
    stakes = named.stakes
    if stakes.approve is None or stakes.approves(application, score):
        return Answer(named.version, score)
    explanation = _sound(model.explain(vector)) if score > stakes.approve else []
    reasons = reasons_for(explanation, stakes.kept_from(application))
    return Answer(named.version, score, reasons)


def _sound(explanation: list[tuple[str, float]]) -> list[tuple[str, float]]:
    if not all(isinstance(name, str) and math.isfinite(part) for name, part in explanation):
        raise NoUsableAnswer("the explanation is none")
    return explanation


def _assessment(application: Application, standing: Standing, answer: Answer) -> Assessment:
    """The decision, and where a person is asked what the model found unusual: beside a rule too, unless none was heard."""
    made = _decision(application, standing, answer)
    told = replace(made, model_version=answer.version, score=answer.score)
    if told.decision == "approve" or told.basis in WITHOUT_MODEL:
        return told
    if told.hidden_decision == "approve":
        return replace(told, reasons=(by_lot(),))
    return replace(told, reasons=(*told.reasons, *answer.reasons))


def _decision(application: Application, standing: Standing, answer: Answer) -> Assessment:
    """The rules come first; a model that is suspended or certified for nothing is scored all the same, and not heard."""
    if application.judgement.verdict != "pass":
        return stopped_by_rules(application)
    if standing.is_suspended:
        if application.terms.if_suspended == "review":
            return to_a_person(application, "suspended")
        return by_rules(application, "suspended")
    if standing.fault is not None:
        return to_a_person(application, "unavailable")
    if answer.in_vain is not None:
        return to_a_person(application, answer.in_vain)
    if standing.champion.model is None or answer.score is None:
        return by_rules(application, "no_model")
    stakes = standing.champion.stakes
    if stakes.approve is None:
        return by_rules(application, "uncertified")
    return by_score(application, answer.score, stakes)


def _who_decides(standing: Standing) -> Basis:
    if standing.is_suspended:
        return "suspended"
    if standing.fault is not None or standing.champion.fault is not None:
        return "unavailable"
    if standing.champion.model is None:
        return "no_model"
    return "uncertified" if standing.champion.stakes.approve is None else "model"
