"""A shop that lives on what its own decisions let it learn: six retrainings, while a ring appears that nobody has seen.

At first the rules decide and a large share is inspected by lot. From the first certificate on, the model approves; of what
it approves a small random share is inspected in full, what it does not approve is seen by a person and inspected. Nothing
else is ever labelled. The same shop is lived through again with one safeguard taken away at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from bench.risk import baselines, scoring
from bench.risk.cases import (
    OPENED,
    Flags,
    Floats,
    Rows,
    features_of,
    played,
    risk_rules,
    with_labels,
)
from bench.risk.shops import INSPECTED_US
from models.risk.features import FEATURES
from models.risk.rules import RiskRules
from models.risk.train import TooFewLabels, Trained, train
from models.risk.watch import Audit, watch
from simulator.reading import scenario_named
from simulator.scenario import Archetype, Scenario

_LINKS = [feature.name for feature in FEATURES if feature.group == "links"]


@dataclass(frozen=True, slots=True)
class Course:
    """How long the shop lives: `before_days` without labels, `first_days` of rules and many audits, then the rounds."""

    before_days: int = 360
    first_days: int = 150
    round_days: int = 42
    rounds: int = 6
    orders_per_day: float = 900.0
    late: Archetype = "ring"
    late_in_round: float = 2.3

    @property
    def days(self) -> int:
        """The whole play."""
        return self.before_days + self.first_days + self.round_days * self.rounds

    def starts(self, round_: int) -> datetime:
        """When a round begins, and the model is trained for it."""
        return OPENED + timedelta(
            days=self.before_days + self.first_days + self.round_days * round_
        )

    @property
    def scenario(self) -> Scenario:
        """The usual shop, but for the ring."""
        usual = scenario_named("usual")
        begins = self.before_days + self.first_days + self.round_days * self.late_in_round
        late = {"late": self.late, "late_from": begins / self.days}
        return usual.model_copy(update={"abuse": usual.abuse.model_copy(update=late)})


@dataclass(frozen=True, slots=True)
class Way:
    """The product, or the product without one of its safeguards."""

    name: str
    audits: bool = True
    weights: bool = True
    certificate: bool = True
    links: bool = True


WAYS = (
    Way("product"),
    Way("no audit: what nobody inspected counts as good", audits=False),
    Way("no weights", weights=False),
    Way("no certificate: threshold tuned", certificate=False),
    Way("no identity links", links=False),
)


@dataclass(slots=True)
class _Known:
    """What the shop knows of each application (n,): whether it was inspected, for how many it stands, who let it pass."""

    inspected: Flags
    weight: Floats
    approved: Flags  # by the model
    passed: Flags  # by anybody, with no inspection in full


@dataclass(slots=True)
class _Champion:
    document: dict[str, Any]
    threshold: float
    audits: list[Audit] = field(default_factory=list)
    is_stopped: bool = False


def live(
    applications: pl.DataFrame, course: Course, way: Way, seed: int, rules: RiskRules
) -> pl.DataFrame:
    """A row a round: `round, labels, certified` (whether a new model was certified), `coverage, abuse, amount, expected`
    (true rates among what the model approved; `expected` by the all-knowing oracle), `audit_share, estimate,
    estimate_basic, approved, breached` (whether the watch stopped the model in it), `auc`.
    """
    chance = np.random.default_rng([seed, 77])
    if not way.links:
        applications = applications.with_columns(
            pl.lit(None, pl.Float64).alias(name) for name in _LINKS
        )
    size = len(applications)
    inspected, approved, passed = (np.zeros(size, dtype=np.bool_) for _ in range(3))
    known = _Known(inspected, np.zeros(size), approved, passed)
    requested = applications["requested_at"]
    first = _between(requested, OPENED + timedelta(days=course.before_days), course.starts(0))
    _by_rules(known, first, applications, rules, chance)
    champion: _Champion | None = None
    told = []
    for number in range(course.rounds):
        as_of = course.starts(number)
        newer, trained = _challenger(applications, known, as_of, way, rules, seed)
        champion = newer or champion
        rows = _between(requested, as_of, course.starts(number + 1))
        breached = _decide(known, rows, applications, champion, way, rules, chance)
        told.append(
            {
                "round": number + 1,
                "certified": newer is not None,
                "labels": 0 if trained is None else trained.data["labels"],
                **_round(applications, known, rows, champion),
                "breached": breached,
            }
        )
    return pl.DataFrame(told).with_columns(way=pl.lit(way.name), seed=pl.lit(seed))


def run(
    seeds: range, course: Course, ways: tuple[Way, ...], tell: Callable[[str], None]
) -> pl.DataFrame:
    """All ways through the same shops; see `live`."""
    rows = []
    for seed in seeds:
        applications = played(course.scenario, seed, course.days, course.orders_per_day)
        for way in ways:
            rows.append(live(applications, course, way, seed, risk_rules()))
            tell(f"closed loop: shop {seed} of {seeds[-1]}, {way.name}")
    return pl.concat(rows)


def estimates(approvals: pl.DataFrame) -> tuple[float, float]:
    """The estimated share of abuse among approvals (`found_full, found_basic, inspected, weight`): from the audits alone,
    and from the basic inspection that everything gets, to which audits add what only a full one finds.
    """
    audited = approvals.filter("inspected")
    if audited.is_empty():
        return float("nan"), float("nan")
    weight = audited["weight"].to_numpy()
    full, basic = (audited[name].to_numpy().astype(float) for name in ("found_full", "found_basic"))
    seen = approvals["found_basic"].to_numpy().astype(float).mean()
    return float(np.average(full, weights=weight)), float(
        max(seen + np.average(full - basic, weights=weight), 0.0)
    )


def _challenger(
    applications: pl.DataFrame,
    known: _Known,
    as_of: datetime,
    way: Way,
    rules: RiskRules,
    seed: int,
) -> tuple[_Champion | None, Trained | None]:
    """A model trained on what is known at a moment, if it may decide."""
    weight = known.weight if way.weights else np.ones(len(applications))
    frame = with_labels(applications, known.inspected, np.maximum(weight, 1.0))
    if not way.audits:
        frame = _counted_as_good(frame, known.passed)
    try:
        trained = train(frame, as_of, rules, seed, explain=False)
    except TooFewLabels:
        return None, None
    threshold = trained.threshold
    if not way.certificate:
        threshold = trained.choice.thresholds(baselines.tuned_share(trained, rules.abuse_cap))
    if threshold is None:
        return None, trained
    return _Champion(trained.document, threshold), trained


def _counted_as_good(frame: pl.DataFrame, passed: Flags) -> pl.DataFrame:
    unseen = pl.Series(passed) & pl.col("label").is_null() & pl.col("comes")
    told = pl.col("requested_at") + timedelta(microseconds=INSPECTED_US)
    return frame.with_columns(
        label=pl.when(unseen).then(pl.lit(0, pl.Int8)).otherwise("label"),
        labelled_at=pl.when(unseen).then(told).otherwise("labelled_at"),
    )


def _decide(
    known: _Known,
    rows: Rows,
    applications: pl.DataFrame,
    champion: _Champion | None,
    way: Way,
    rules: RiskRules,
    chance: np.random.Generator,
) -> bool:
    """Decide a round's applications; whether the watch stopped the model, after which the rules decide."""
    if champion is None or champion.is_stopped:
        _by_rules(known, rows, applications, rules, chance)
        return False
    here = applications[rows]
    score = scoring.scores(champion.document, features_of(here))
    approved = here["is_eligible"].to_numpy() & (score <= champion.threshold)
    audited = approved & (chance.random(len(rows)) < (rules.audit_share if way.audits else 0.0))
    stops_at = _watched(champion, here, audited, rules)
    by_model = np.ones(len(rows), dtype=np.bool_)
    if stops_at is not None:
        champion.is_stopped = True
        by_model = (here["requested_at"] < stops_at).to_numpy()
    kept = rows[by_model]
    approved, audited = approved[by_model], audited[by_model]
    known.approved[kept] = approved
    known.passed[kept] = approved & ~audited
    known.inspected[kept] = audited | ~approved
    known.weight[kept] = np.where(approved, 1 / rules.audit_share, 1.0)
    _by_rules(known, rows[~by_model], applications, rules, chance)
    return stops_at is not None


def _watched(
    champion: _Champion, here: pl.DataFrame, audited: Flags, rules: RiskRules
) -> datetime | None:
    """When the champion's audits prove its cap to be broken, if they do."""
    told = here.filter(pl.Series(audited) & pl.col("comes"))
    before = len(champion.audits)
    champion.audits += [Audit(found) for found in told["found_full"].to_list()]
    verdict = watch(champion.audits, cap=rules.abuse_cap, confidence=rules.confidence)
    if verdict.breached_at is None:
        return None
    at: datetime = told["requested_at"][verdict.breached_at - before]
    return at + timedelta(microseconds=INSPECTED_US)


def _by_rules(
    known: _Known,
    rows: Rows,
    applications: pl.DataFrame,
    rules: RiskRules,
    chance: np.random.Generator,
) -> None:
    """Without a model what the rules pass is approved, and a large share of it inspected in full."""
    passes = applications["is_eligible"].to_numpy()[rows]
    audited = passes & (chance.random(len(rows)) < rules.bootstrap_share)
    known.inspected[rows] = audited | ~passes
    known.weight[rows] = np.where(passes, 1 / rules.bootstrap_share, 1.0)
    known.passed[rows] = passes & ~audited


def _round(
    applications: pl.DataFrame, known: _Known, rows: Rows, champion: _Champion | None
) -> dict[str, float]:
    here = applications[rows].with_columns(
        inspected=pl.Series(known.inspected[rows]) & pl.col("comes"),
        weight=pl.Series(known.weight[rows]),
    )
    by_model = known.approved[rows]
    truth, value = here["is_abusive"].to_numpy().astype(float), here["value"].to_numpy()
    approvals = here.filter(pl.Series(by_model))
    abuse, amount = scoring.rates(by_model, truth, value)
    from_audits, with_basic = estimates(approvals.filter("comes"))
    return {
        "coverage": float(by_model.sum() / max(here["is_eligible"].sum(), 1)),
        "approved": len(approvals),
        "abuse": abuse,
        "amount": amount,
        "expected": scoring.rates(by_model, here["posterior"].to_numpy(), value)[0],
        "audit_share": float(known.inspected[rows][by_model].mean()) if by_model.any() else 0.0,
        "estimate": from_audits,
        "estimate_basic": with_basic,
    }


def _between(requested: pl.Series, start: datetime, end: datetime) -> Rows:
    return np.flatnonzero(((requested >= start) & (requested < end)).to_numpy())
