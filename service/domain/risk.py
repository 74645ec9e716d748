"""The risk port: may this request pass by itself, when does the money go back, how closely are the goods looked at?

The model may speed up, never refuse: an assessment approves or sends to a human.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, Self, get_args

from service.domain.events import Basis, Feature, InspectionDepth, Reason, RefundOn
from service.domain.policy import Judgement
from service.domain.policy_sections import Audit, RiskTerms
from service.domain.words import Phrase

VALUE = "value"
_EARLIEST_FIRST: tuple[RefundOn, ...] = get_args(RefundOn)
_NONE_DECIDES = Phrase("No risk model decides yet, so a person does.")
_NO_ANSWER = Phrase("The risk model gave no usable answer, so a person decides.")
# Why a person decides where no model was heard: by the basis of the decision.
WITHOUT_MODEL: Mapping[str, Phrase] = {
    "no_model": _NONE_DECIDES,
    "uncertified": _NONE_DECIDES,
    "suspended": Phrase("The risk model is suspended, so a person decides."),
    "unavailable": _NO_ANSWER,
    "failed": _NO_ANSWER,
    "late": _NO_ANSWER,
}


@dataclass(frozen=True, slots=True)
class Application:
    """A request as the approval step sees it, and nothing that was recorded after it.

    `value_minor` is of all that comes back, in minor units of the currency. `features` are numbers by name, None where unknown, of events up to `as_of_seq`. `refund_on` and `inspection` are
    what policy and law say for everybody; `audit` and `terms` are the policy's. `draw`, uniform in [0, 1), is its lot.
    """

    judgement: Judgement
    value_minor: int
    currency: str
    features: Mapping[str, float | None]
    as_of_seq: int
    refund_on: RefundOn
    inspection: InspectionDepth
    audit: Audit
    terms: RiskTerms
    draw: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the approval step may do with one request, on what basis, and why.

    `propensity` is how probable this action was, given what was seen, and `approve_propensity` how probable an approval
    was, with whatever inspection. `challenger_score` is what a model that decides nothing yet says of the same request.
    `hidden_decision`: of a blind case, what the model would have decided; the person who decides is told neither that
    nor its reasons. `is_drawn_doubt`: the model would have sent it to a person, and the lot let it pass to learn from.
    """

    decision: Literal["approve", "review"]
    refund_on: RefundOn
    inspection: InspectionDepth
    propensity: float
    basis: Basis
    approve_propensity: float
    is_audit: bool = False
    reasons: tuple[Reason, ...] = ()
    model_version: str | None = None
    score: float | None = None
    challenger_version: str | None = None
    challenger_score: float | None = None
    hidden_decision: Literal["approve", "review"] | None = None
    is_drawn_doubt: bool = False


@dataclass(frozen=True, slots=True)
class RiskHealth:
    """Who decides at present, as the `basis` of the next decision, and what was counted since the process began.

    `assessed` counts decisions by basis, `discarded` models' answers that were not heard, such as `champion_late`.
    `fault` says what is wrong, for who runs the service.
    """

    deciding: Basis
    model_version: str | None = None
    challenger_version: str | None = None
    fault: str | None = None
    assessed: Mapping[str, int] = field(default_factory=dict)
    discarded: Mapping[str, int] = field(default_factory=dict)


class Risk(Protocol):
    def assess(self, application: Application) -> Assessment:
        """Judge one request. Never raises: what cannot be judged goes to a human."""
        ...

    def health(self, terms: RiskTerms) -> RiskHealth:
        """How it stands with what judges, under these terms of the policy. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Stakes:
    """Up to which score a model may do what, each proven on its own; None: proven for nobody.

    `approve`: let a request pass. `early_refund`: pay before the inspection. `basic_inspection`: do without a full one.
    `most_linked`, by feature: with how many other customers at most those shared something of whom that is proven.
    `caps`: what is proven.
    """

    approve: float | None
    early_refund: float | None = None
    basic_inspection: float | None = None
    most_linked: Mapping[str, int] = field(default_factory=dict)
    caps: "Caps" = field(default_factory=lambda: Caps())

    def under(self, terms: RiskTerms) -> "Stakes":
        """What of it is proven well enough for this policy: what asks for more is proven anew by the next training."""
        asked = Caps.of(terms)
        if self.caps.confidence < asked.confidence:
            return replace(self, approve=None, early_refund=None, basic_inspection=None)
        is_proven = self.caps.count <= asked.count and self.caps.amount <= asked.amount
        return replace(
            self,
            approve=self.approve if is_proven else None,
            early_refund=self.early_refund if self.caps.early <= asked.early else None,
            basic_inspection=self.basic_inspection if self.caps.basic <= asked.basic else None,
        )

    def approves(self, application: Application, score: float) -> bool:
        """Whether a request of this score may pass."""
        return _is_within(self.approve, score) and not self.kept_from(application)

    def kept_from(self, application: Application) -> tuple[str, ...]:
        """The features for which no score lets a request pass: its value, where that is not known, for no cap by amount speaks
        of it; and what counts more others than the policy bears, or the training that proved the stakes.
        """
        features = application.features
        limits = (*application.terms.links.by_feature().items(), *self.most_linked.items())
        shared = (name for name, most in limits if (features.get(name) or 0) > most)
        unknown = () if features.get(VALUE) is not None else (VALUE,)
        return tuple(dict.fromkeys((*unknown, *shared)))


@dataclass(frozen=True, slots=True)
class Caps:
    """Shares of abuse that are not to be exceeded, and how sure that must be: by `count` and by `amount` of what a model lets
    pass, of what is paid `early`, of what gets the `basic` inspection alone.
    """

    count: float = 0.0
    amount: float = 0.0
    early: float = 0.0
    basic: float = 0.0
    confidence: float = 1.0

    @classmethod
    def of(cls, terms: RiskTerms) -> Self:
        """Those of a policy."""
        return cls(
            terms.abuse_cap,
            terms.amount_cap,
            terms.early_refund.abuse_cap,
            terms.basic_inspection.abuse_cap,
            terms.confidence,
        )


class RulesOnly:
    """No model: of what keeps every rule, small values and a random share are approved, the rest goes to a human."""

    def assess(self, application: Application) -> Assessment:
        return by_rules(application, "no_model")

    def health(self, terms: RiskTerms) -> RiskHealth:
        return RiskHealth("no_model")


def by_rules(application: Application, basis: Basis) -> Assessment:
    """What becomes of a request where no certified model decides, for the reason that `basis` names.

    Of what keeps the rules the lot draws a share, whatever the value: it is approved and inspected in full, and so what is
    found in it speaks for all. Of the rest small values are approved, and a human decides on the others.
    """
    if application.judgement.verdict != "pass":
        return stopped_by_rules(application)
    share = application.audit.bootstrap_share
    if _passes_unscored(application):
        return _approved(application, basis, application.refund_on, application.inspection, share)
    if application.draw < share:
        return Assessment(
            "approve", application.refund_on, "full", share, basis, share, is_audit=True
        )
    asked = to_a_person(application, basis)
    return replace(asked, propensity=1 - share, approve_propensity=share)


def by_score(application: Application, score: float, stakes: Stakes) -> Assessment:
    """What a model that may let requests pass says of one; what the rules stop goes to a human whatever the score.

    A request above the stake goes to a human too, and so does one that no score lets pass (`Stakes.kept_from`);
    its goods are inspected in full, but for a share that the lot lets pass, to learn from. A share of either kind is a
    blind case by lot. Raises `ValueError` without a stake.
    """
    if stakes.approve is None:
        raise ValueError("a model that is certified for nothing decides nothing")
    if application.judgement.verdict != "pass":
        return stopped_by_rules(application)
    if stakes.approves(application, score):
        return _let_pass(application, score, stakes)
    return _doubted(application)


def stopped_by_rules(application: Application) -> Assessment:
    """To a human, for what the rules say."""
    reasons = tuple(
        Reason(code=each.rule, words=each.detail)
        for each in application.judgement.outcomes
        if not each.passed
    )
    return replace(to_a_person(application, "rules"), reasons=reasons)


def to_a_person(
    application: Application, basis: Basis, *, inspection: InspectionDepth | None = None
) -> Assessment:
    """To a human, on the terms that hold for everybody, with the reason where no model was heard."""
    why = WITHOUT_MODEL.get(basis)
    return Assessment(
        "review",
        application.refund_on,
        inspection or application.inspection,
        1.0,
        basis,
        0.0,
        reasons=(Reason(code=basis, words=why.text),) if why else (),
    )


def within_terms(application: Application, assessment: Assessment) -> Assessment:
    """The assessment as far as a risk port may go: what is no approval is a review, and no refund comes later than
    policy and law have it for everybody.
    """
    return replace(
        assessment,
        decision="approve" if assessment.decision == "approve" else "review",
        refund_on=_earlier(assessment.refund_on, application.refund_on),
    )


def feature_vector(features: Mapping[str, float | None]) -> list[Feature]:
    """Features as the log keeps them, in the order given."""
    return [Feature(name=name, value=value) for name, value in features.items()]


def _passes_unscored(application: Application) -> bool:
    up_to_minor = application.terms.unscored_up_to_minor.get(application.currency, -1)
    return application.value_minor <= up_to_minor


def _let_pass(application: Application, score: float, stakes: Stakes) -> Assessment:
    """An approval; or by lot a blind case, which looks like what the model doubts. The lots are independent of each other."""
    seen_share = 1 - application.audit.blind_share
    if application.draw >= seen_share:
        blind = to_a_person(application, "model", inspection="full")
        return replace(
            blind,
            propensity=application.audit.blind_share,
            approve_propensity=seen_share,
            hidden_decision="approve",
        )
    passed = _approved(
        replace(application, draw=application.draw / seen_share),
        "model",
        _refund_of(application, score, stakes),
        _inspection_of(application, score, stakes),
        application.audit.share,
    )
    return replace(passed, propensity=passed.propensity * seen_share, approve_propensity=seen_share)


def _doubted(application: Application) -> Assessment:
    """To a human; or by lot an approval under full inspection, so that what it is becomes known whoever might have declined.

    The lot draws only where money waits for the inspection anyway, so that freight is all that it stakes. What it leaves
    is a blind case by a lot of its own.
    """
    share = application.audit.doubt_share if application.refund_on == "inspected" else 0.0
    left = 1 - share
    if application.draw >= left:
        return Assessment(
            "approve",
            "inspected",
            "full",
            share,
            "model",
            share,
            is_audit=True,
            is_drawn_doubt=True,
        )
    asked = to_a_person(application, "model", inspection="full")
    asked = replace(asked, propensity=left, approve_propensity=share)
    is_unexplained = application.draw / left < application.audit.unexplained_share
    return replace(asked, hidden_decision="review") if is_unexplained else asked


def _refund_of(application: Application, score: float, stakes: Stakes) -> RefundOn:
    early = application.terms.early_refund
    if not (early.allowed and _is_within(stakes.early_refund, score)):
        return application.refund_on
    return _earlier(application.refund_on, early.on)


def _inspection_of(application: Application, score: float, stakes: Stakes) -> InspectionDepth:
    return application.inspection if _is_within(stakes.basic_inspection, score) else "full"


def _is_within(stake: float | None, score: float) -> bool:
    return stake is not None and score <= stake


def _approved(
    application: Application,
    basis: Basis,
    refund_on: RefundOn,
    inspection: InspectionDepth,
    share: float,
) -> Assessment:
    """An approval. Where a basic inspection would do, the lot decides on a full one, with the probability that is noted."""
    if inspection == "full":
        return Assessment("approve", refund_on, "full", 1.0, basis, 1.0)
    if application.draw < share:
        return Assessment("approve", refund_on, "full", share, basis, 1.0, is_audit=True)
    return Assessment("approve", refund_on, "basic", 1 - share, basis, 1.0)


def _earlier(one: RefundOn, other: RefundOn) -> RefundOn:
    return min(one, other, key=_EARLIEST_FIRST.index)
