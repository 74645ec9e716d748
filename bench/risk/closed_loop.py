"""A shop that lives on what its own decisions let it learn: six retrainings, while a ring appears that nobody has seen.

At first no model decides: a large share passes by lot and is inspected in full, small values pass, and people decide on the
rest. From the first certificate on, the model approves; of what it approves a small share is inspected in full by lot, what it
doubts goes to a person, but for what the lot lets pass to learn from. Each application is decided by the service's own functions,
and what becomes known of it follows from the pipeline's own SQL. People decline abuse more often than honesty, and what they
decline nobody ever learns of. The same shop is lived through again with one safeguard taken away at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bench.keeping import kept
from bench.pool import answers, pool
from bench.risk import baselines, deciding, scoring
from bench.risk.cases import OPENED, Rows, features_of, played, risk_rules
from bench.risk.living import Life
from bench.risk.shops import INSPECTED_US
from dashboards.queries.automation import estimated
from models.risk.features import FEATURES
from models.risk.rules import RiskRules
from models.risk.split import Plan
from models.risk.train import TooFewLabels, Trained, train
from models.risk.watch import Audit, Usual, first_rise, watch
from service.domain.policy import Policy
from service.domain.policy_sections import Links
from service.domain.risk import Stakes
from service.policies import default_policy
from simulator.reading import scenario_named
from simulator.scenario import Archetype, Scenario

_INSPECTED_AT = pl.col("requested_at") + timedelta(microseconds=INSPECTED_US)
_NOT_KNOWN = float("nan")
_NO_LIMIT = Links(**dict.fromkeys(Links.model_fields, 100_000))
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
    limit: bool = True
    doubts: bool = True
    renewal: bool = True
    findings: bool = True

    def policy(self, whole: Policy) -> Policy:
        """The shop's policy without what this way does without; who audits nothing draws no doubts either."""
        without = {"share": self.audits, "doubt_share": self.audits and self.doubts}
        gone = {name: 0.0 for name, is_there in without.items() if not is_there}
        audit, risk = whole.audit.model_copy(update=gone), whole.risk
        if not self.limit:
            risk = risk.model_copy(update={"links": _NO_LIMIT})
        return whole.model_copy(update={"audit": audit, "risk": risk})


PRODUCT = Way("product")
WAYS = (
    PRODUCT,
    Way("no audit: what nobody inspected counts as good", audits=False),
    Way("no weights", weights=False),
    Way("no certificate: threshold tuned", certificate=False),
    Way("no identity links", links=False),
    Way("no limit on links", limit=False),
    Way("no lot of what the model doubts", doubts=False),
    Way("no renewal of the certificate", renewal=False),
    Way("no look at basic findings", findings=False),
)


@dataclass(slots=True)
class _Champion:
    document: dict[str, Any]
    stakes: Stakes
    usual: Usual | None
    audits: list[Audit] = field(default_factory=list)
    inspected: list[tuple[datetime, bool]] = field(default_factory=list)
    is_stopped: bool = False


def live(
    applications: pl.DataFrame, course: Course, way: Way, seed: int, policy: Policy
) -> pl.DataFrame:
    """A row a round: `round, labels, certified` (whether a new model was certified), `coverage, abuse, amount, expected`
    (true rates among what the model approved; `expected` by the all-knowing oracle), `audit_share`, those of `estimates`,
    `approved, doubts, doubts_abuse` (how many of its doubts the lot let pass, and their true rate), `breached` (whether the
    watch stopped the model in it).
    """
    chance = np.random.default_rng([seed, 77])
    if not way.links:
        applications = applications.with_columns(
            pl.lit(None, pl.Float64).alias(name) for name in _LINKS
        )
    size = len(applications)
    draw, verdict = chance.random((2, size))
    came = np.zeros(size, dtype=np.bool_)
    life = Life(applications, way.policy(policy), draw, verdict, [None] * size, came)
    requested = applications["requested_at"]
    opened = OPENED + timedelta(days=course.before_days)
    life.without_model(_between(requested, opened, course.starts(0)), "no_model")
    champion: _Champion | None = None
    told = []
    for number in range(course.rounds):
        as_of = course.starts(number)
        known = _between(requested, opened, as_of)
        newer, trained = _challenger(life, known, as_of, way, seed)
        if champion is not None and newer is None and way.renewal:
            champion.is_stopped = True
        champion = newer or champion
        rows = _between(requested, as_of, course.starts(number + 1))
        breached = _decide(life, rows, champion, way)
        told.append(
            {
                "round": number + 1,
                "certified": newer is not None,
                "labels": 0 if trained is None else trained.data["labels"],
                **_round(life, rows),
                "breached": breached,
            }
        )
    return pl.DataFrame(told).with_columns(way=pl.lit(way.name), seed=pl.lit(seed))


def run(
    seeds: range, ablated: int, course: Course, folder: Path, tell: Callable[[str], None]
) -> pl.DataFrame:
    """The product through all shops, and every other way through the first `ablated` of them; see `live`. `folder` keeps
    what is played and found, and another run goes on from it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lives = [
        (_live_in, (folder, course, way, seed))
        for way in WAYS
        for seed in (seeds if way is PRODUCT else seeds[:ablated])
    ]
    with pool() as processes:
        plays = [(_play_into, (folder, course, seed)) for seed in seeds]
        answers(processes, plays, "closed loop: shops played", tell)
        return pl.concat(answers(processes, lives, "closed loop: lives", tell))


def _play_into(folder: Path, course: Course, seed: int) -> None:
    kept(_shop(folder, seed), played, course.scenario, seed, course.days, course.orders_per_day)


def _live_in(folder: Path, course: Course, way: Way, seed: int) -> pl.DataFrame:
    lived = folder / f"life-{WAYS.index(way)}-{seed}.parquet"
    return kept(lived, _lived, _shop(folder, seed), course, way, seed)


def _lived(shop: Path, course: Course, way: Way, seed: int) -> pl.DataFrame:
    return live(pl.read_parquet(shop), course, way, seed, default_policy())


def _shop(folder: Path, seed: int) -> Path:
    return folder / f"loop-{seed}.parquet"


def estimates(approvals: pl.DataFrame) -> dict[str, float]:
    """What a shop can say of the share of abuse among approvals (`found_full, found_basic, inspected, weight`) that came
    back: `audited_rate` by the audits alone, and `estimated_rate` with its interval as its page says it, from what all
    other inspections found besides; not a number where nothing tells.
    """
    audited = approvals.filter("inspected")
    others = approvals.filter(~(pl.col("inspected") & (pl.col("weight") > 1)))
    failed = others.select(pl.when("inspected").then("found_full").otherwise("found_basic"))
    weight, bad = audited["weight"].to_numpy(), audited["found_full"].to_numpy().astype(float)
    alone, equal = _NOT_KNOWN, 0.0
    if len(audited):
        alone = float(np.average(bad, weights=weight))
        equal = float(weight.sum() ** 2 / (weight**2).sum())
    looked_at, bad_looks = len(others), int(failed.to_series().sum())
    told = estimated(looked_at, bad_looks, equal, equal * alone if equal else 0.0)
    return {
        "audited_rate": alone,
        "estimated_rate": told.rate if told else _NOT_KNOWN,
        "estimated_low": told.low if told else _NOT_KNOWN,
        "estimated_high": told.high if told else _NOT_KNOWN,
        "looked_at": looked_at,
        "failed": bad_looks,
        "audited": len(audited),
        "audits_abusive": int(bad.sum()),
    }


def _challenger(
    life: Life, known: Rows, as_of: datetime, way: Way, seed: int
) -> tuple[_Champion | None, Trained | None]:
    """A model trained on what is known at a moment, if it may decide."""
    rules = risk_rules(life.policy)
    try:
        plan = Plan() if way.findings else Plan(news_days=0.0)
        trained = train(_frame(life, known, way), as_of, rules, seed, plan, explain=False)
    except TooFewLabels:
        return None, None
    stakes = _stakes(trained)
    if not way.certificate:
        tuned = trained.choice.thresholds(baselines.tuned_share(trained, rules.abuse_cap))
        stakes = Stakes(tuned, basic_inspection=tuned)
    if stakes.approve is None:
        return None, trained
    return _Champion(trained.document, stakes, trained.usual), trained


def _stakes(trained: Trained) -> Stakes:
    actions = trained.choice.actions
    early, basic = (actions[name].threshold for name in ("refund_early", "inspect_basic"))
    return Stakes(trained.threshold, early, basic)


def _frame(life: Life, rows: Rows, way: Way) -> pl.DataFrame:
    """The training frame as this way has it. Where all that nobody inspected counts as good, each label stands for itself."""
    made = life.of(rows)
    frame = deciding.training_frame(life.applications[rows], made, life.came[rows])
    if not (way.weights and way.audits):
        is_known = pl.col("certifying_weight").is_not_null()
        frame = frame.with_columns(
            weight=pl.lit(1.0), certifying_weight=pl.when(is_known).then(1.0)
        )
    if way.audits:
        return frame
    basic = [each.decision == "approve" and each.inspection == "basic" for each in made]
    unseen = pl.Series(np.array(basic) & life.came[rows])
    told = pl.col("requested_at") + timedelta(microseconds=INSPECTED_US)
    return frame.with_columns(
        label=pl.when(unseen).then(pl.lit(0, pl.Int8)).otherwise("label"),
        labelled_at=pl.when(unseen).then(told).otherwise("labelled_at"),
        certifying_weight=pl.when(unseen).then(1.0).otherwise("certifying_weight"),
    )


def _decide(life: Life, rows: Rows, champion: _Champion | None, way: Way) -> bool:
    """Decide a round's applications; whether the watch stopped the model, after which none decides."""
    if champion is None or champion.is_stopped:
        life.without_model(rows, "no_model" if champion is None else "suspended")
        return False
    here = life.applications[rows]
    score = scoring.scores(champion.document, features_of(here))
    life.decide(rows, deciding.by_model(here, life.draw[rows], life.policy, score, champion.stakes))
    stops_at = _watched(champion, life, rows, way)
    if stops_at is None:
        return False
    champion.is_stopped = True
    life.without_model(rows[(here["requested_at"] >= stops_at).to_numpy()], "suspended")
    return True


def _watched(champion: _Champion, life: Life, rows: Rows, way: Way) -> datetime | None:
    """When the champion's audits prove its cap to be broken, or more of its approvals fail the basic inspection than its
    certificate bears; None while neither does.
    """
    came = life.made(rows).filter("is_approved", "came")
    ends = [_breach(champion, came.filter("inspected"), risk_rules(life.policy))]
    if way.findings and champion.usual is not None:
        known = came.filter(~pl.col("inspected")).select(_INSPECTED_AT, "found_basic")
        champion.inspected += known.rows()
        rise = first_rise(champion.inspected, champion.usual)
        ends.append(None if rise is None else rise.at)
    return min((each for each in ends if each is not None), default=None)


def _breach(champion: _Champion, audited: pl.DataFrame, rules: RiskRules) -> datetime | None:
    before = len(champion.audits)
    champion.audits += [Audit(*each) for each in audited.select("found_full", "weight").iter_rows()]
    largest = max([1.0, *(each.stake for each in champion.audits)])
    verdict = watch(
        champion.audits, cap=rules.abuse_cap, confidence=rules.confidence, largest=largest
    )
    if verdict.breached_at is None:
        return None
    at: datetime = audited.select(_INSPECTED_AT)["requested_at"][verdict.breached_at - before]
    return at


def _round(life: Life, rows: Rows) -> dict[str, float]:
    made = life.made(rows)
    passed = made["is_approved"].to_numpy()
    truth, value = made["is_abusive"].to_numpy().astype(float), made["value"].to_numpy()
    approvals, doubts = made.filter("is_approved"), made.filter("is_drawn_doubt")
    abuse, amount = scoring.rates(passed, truth, value)
    return {
        "coverage": float(passed.sum() / max(made["is_eligible"].sum(), 1)),
        "approved": len(approvals),
        "abuse": abuse,
        "amount": amount,
        "expected": scoring.rates(passed, made["posterior"].to_numpy(), value)[0],
        "audit_share": float(approvals["inspected"].sum() / max(len(approvals), 1)),
        **estimates(approvals.filter("came")),
        "doubts": len(doubts),
        "doubts_abuse": float(doubts["is_abusive"].sum() / max(len(doubts), 1)),
    }


def _between(requested: pl.Series, start: datetime, end: datetime) -> Rows:
    return np.flatnonzero(((requested >= start) & (requested < end)).to_numpy())
