"""From a frame of requests to a model that may be published: taught, calibrated, certified, tested, and accounted for."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.risk import certify, choose, drift, export, findings, golden, measure
from models.risk.arrays import Floats
from models.risk.certify import Certificate, Judged
from models.risk.choose import Choice
from models.risk.features import NAMES
from models.risk.findings import Findings
from models.risk.grow import (
    SHAPES,
    Examples,
    Grown,
    Shape,
    can_learn,
    grow,
    grow_best,
)
from models.risk.measure import Metrics
from models.risk.rules import LEAST_OF_EACH, LEAST_TO_CALIBRATE, RiskRules, may_judge
from models.risk.split import Block, Plan, Windows, divide
from models.risk.watch import Usual

_PACE = timedelta(days=28)
_WEIGHT = pl.col("certifying_weight").cast(pl.Float64).fill_null(1.0).alias("weight")


class TooFewLabels(Exception):
    """Not even a model can be trained: `labels` and `positives` are there, the first part of which must teach, with at least
    `needed` of each kind."""

    def __init__(self, labels: int, positives: int) -> None:
        self.labels, self.positives, self.needed = labels, positives, LEAST_OF_EACH
        super().__init__(
            f"{labels} requests are labelled and old enough to teach, {positives} of them abusive; a model learns from at "
            f"least {LEAST_OF_EACH} abusive and {LEAST_OF_EACH} honest ones, and at least {LEAST_TO_CALIBRATE} of each among "
            "the latest calibrate it. Until then the rules decide and the bootstrap audit gathers labels."
        )


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and all that is known of it.

    `judged` has a row for each request of the judged blocks that a model may judge: `rma, requested_at, block, is_test, rank, score,
    label, weight, value`, each scored by the model of its block; `label` is null where it is not known or does not
    certify; `rank` is the share of the block's requests whose score is at most as high. `limited` has `rma, requested_at, label,
    weight, value` of those requests of the same blocks that the limit on links keeps from it. `certificates` are by action. `document` and `golden`
    are the files that the registry writes. `usual` is what basic inspections found among what is approved; None where nothing is
    approved, or nothing is known. `missing_until` is when the missing labels will be there at the present pace.
    """

    as_of: datetime
    seed: int
    rules: RiskRules
    plan: Plan
    shape: Shape
    document: dict[str, Any]
    golden: golden.Golden
    judged: pl.DataFrame
    limited: pl.DataFrame
    certificates: dict[str, Certificate]
    choice: Choice
    usual: Usual | None
    metrics: Metrics
    data: dict[str, Any]
    missing_until: datetime | None
    reference: dict[str, dict[str, list[float]]]
    importance: list[tuple[str, float]]

    @property
    def threshold(self) -> float | None:
        """The highest score that is approved automatically; None where nothing is certified."""
        return self.choice.actions["approve"].threshold


def train(
    frame: pl.DataFrame,
    as_of: datetime,
    rules: RiskRules,
    seed: int,
    plan: Plan | None = None,
    *,
    shapes: tuple[Shape, ...] = SHAPES,
    explain: bool = True,
) -> Trained:
    """Train on the frame as known at `as_of`; the same input gives the same model.

    Its columns: `rma, requested_at`, the features, `label` and `labelled_at`, `weight` (for how many requests the label
    teaches), `certifying_weight` (for how many it judges; null where somebody's choice made it known, and a label that no
    choice made stands for it too), `finding` and `found_at` of a basic inspection, `is_eligible` (the rules let it pass). `shapes` are tried, and the best one grows every tree. `explain` adds the permutation importance.

    Raises TooFewLabels where there is nothing to learn from.
    """
    plan = plan or Plan()
    frame = frame.filter(pl.col("requested_at") <= as_of).sort("requested_at", "rma")
    may = may_judge(rules.most_linked)
    frame = frame.with_columns(is_eligible=may, is_limited=pl.col("is_eligible") & ~may)
    examples = examples_of(frame, as_of)
    windows = divide(frame, as_of, plan)
    if not can_learn(examples, windows.last):
        ripe = np.concatenate([windows.last.train, windows.last.calibrate])
        raise TooFewLabels(len(ripe), int(examples.label[ripe].sum()))
    blocks = _learnable(examples, windows)
    lessons = [*(block.lesson for block in blocks), windows.last]
    shape, first = grow_best(examples, lessons[0], shapes, seed)
    *grown, last = first, *(grow(examples, lesson, shape, seed) for lesson in lessons[1:])
    judged = _judge(frame, examples, blocks, grown)
    found = _findings(
        frame, examples, blocks, grown, judged, as_of - timedelta(days=plan.news_days)
    )
    certificates = _certify(judged, found, rules, seed)
    past, fresh = _past_and_fresh(frame, examples, windows, blocks, last)
    choice = choose.choose(certificates, judged, past, fresh, rules)
    document = export.to_document(last)
    return Trained(
        as_of=as_of,
        seed=seed,
        rules=rules,
        plan=plan,
        shape=shape,
        document=document,
        golden=export.to_golden(last, document, examples.features, seed),
        judged=judged,
        limited=_limited(frame, examples, blocks),
        certificates=certificates,
        choice=choice,
        usual=findings.usual(found, choice.actions["approve"]),
        metrics=measure.measure(judged, seed),
        data=_data(frame, examples, windows),
        missing_until=_when(frame, as_of, certificates["approve"].missing_labels),
        reference=drift.reference(examples.features[windows.last.train]),
        importance=_importance(examples, blocks, grown, seed) if explain else [],
    )


def to_manifest(trained: Trained, policy_version: str) -> dict[str, Any]:
    """The content of `manifest.json` but for what the registry adds."""
    approve = trained.choice.actions["approve"]
    certificate = trained.certificates["approve"]
    return {
        "trained_at": trained.as_of.isoformat(),
        "data": trained.data,
        "features": list(NAMES),
        "policy_version": policy_version,
        "code_version": code_version(),
        "seed": trained.seed,
        "plan": asdict(trained.plan),
        "shape": asdict(trained.shape),
        "metrics": asdict(trained.metrics),
        "certificate": _certificate(trained, certificate),
        "threshold": approve.threshold,
        "usual": None if trained.usual is None else asdict(trained.usual),
        "actions": {name: asdict(action) for name, action in trained.choice.actions.items()},
        "costs": asdict(trained.choice.costs),
        "rules": asdict(trained.rules),
        "reference": trained.reference,
        "importance": [list(one) for one in trained.importance],
    }


def code_version() -> str:
    """A hash of the sources that made the model: what `models/risk` holds, in order of name."""
    content = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        content.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()[:16]


def _certificate(trained: Trained, certificate: Certificate) -> dict[str, Any]:
    thresholds = trained.choice.thresholds
    return {
        "cap": certificate.cap,
        "amount_cap": certificate.amount_cap,
        "confidence": certificate.confidence,
        "threshold": trained.choice.actions["approve"].certified_threshold,
        "share": certificate.share,
        "by": [
            {
                "threshold": thresholds(step.share),
                "share": step.share,
                "n": step.labels,
                "passes": step.passes,
                "confidence": step.confidence,
                "abusive": step.abusive,
                "rate": step.rate,
                "bound": step.bound,
                "amount_rate": step.amount_rate,
                "amount_bound": step.amount_bound,
            }
            for step in certificate.steps
        ],
        "certified": certificate.share is not None,
        "contradicted_by": certificate.contradicted_by,
        "missing_labels": certificate.missing_labels,
        "missing_until": None
        if trained.missing_until is None
        else trained.missing_until.isoformat(),
    }


def examples_of(frame: pl.DataFrame, as_of: datetime) -> Examples:
    """A training frame as arrays, as it was known at a moment."""
    known = {
        name: frame.select(pl.when(pl.col(at) <= as_of).then(pl.col(name)).cast(pl.Float64))
        .to_series()
        .fill_null(float("nan"))
        .to_numpy()
        for name, at in (("label", "labelled_at"), ("finding", "found_at"))
    }
    return Examples(
        features=np.ascontiguousarray(
            frame.select(pl.col(NAMES).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
        ),
        label=known["label"],
        weight=frame["weight"].cast(pl.Float64).fill_null(1.0).to_numpy(),
        finding=known["finding"],
    )


def _learnable(examples: Examples, windows: Windows) -> list[Block]:
    """All blocks, or none: what would be left out are those with the most abuse, for without them too little is left."""
    can = (can_learn(examples, block.lesson, beside_a_block=True) for block in windows.blocks)
    return list(windows.blocks) if all(can) else []


def _judge(
    frame: pl.DataFrame, examples: Examples, blocks: list[Block], grown: list[Grown]
) -> pl.DataFrame:
    """Only labels that certify judge anything: bounds, costs, measures and comparisons rest on no person's choice.

    Requests are ranked among those of their own block: each block's model is calibrated by a few labels of its own, and a share
    of all their scores together would be much of one block and little of another by chance.
    """
    eligible, label = frame["is_eligible"].to_numpy(), _certifying(frame, examples)
    parts = []
    for number, (block, model) in enumerate(zip(blocks, grown, strict=True)):
        rows = block.judged[eligible[block.judged]]
        score = model.score(examples.features[rows])
        parts.append(
            frame[rows].select(
                "rma",
                "requested_at",
                pl.lit(number).alias("block"),
                pl.lit(block.is_test).alias("is_test"),
                pl.Series("score", score),
                pl.Series("label", label[rows]).fill_nan(None),
                _WEIGHT,
                "value",
            )
        )
    if not parts:
        return _EMPTY
    every: pl.DataFrame = pl.concat(parts)
    rank = (pl.col("score").rank("max") / pl.len()).over("block").alias("rank")
    return every.insert_column(4, every.select(rank).to_series())


def _limited(frame: pl.DataFrame, examples: Examples, blocks: list[Block]) -> pl.DataFrame:
    limited = frame["is_limited"].to_numpy()
    judged = [block.judged[limited[block.judged]] for block in blocks]
    rows = np.concatenate([np.empty(0, np.int64), *judged])
    label = pl.Series("label", _certifying(frame, examples)[rows]).fill_nan(None)
    return frame[rows].select("rma", "requested_at", label, _WEIGHT, "value")


def _certifying(frame: pl.DataFrame, examples: Examples) -> Floats:
    return np.where(frame["certifying_weight"].is_not_null().to_numpy(), examples.label, np.nan)


def _findings(
    frame: pl.DataFrame,
    examples: Examples,
    blocks: list[Block],
    grown: list[Grown],
    judged: pl.DataFrame,
    news: datetime,
) -> Findings:
    """What basic inspections found of eligible requests, each ranked by a model that had not seen it: those judged, and with
    the last block's model those that came after them. What was known after `news` is new.
    """
    if not blocks:
        return Findings(np.empty(0), np.empty(0, np.bool_), np.empty(0, np.bool_))
    later = np.arange(int(blocks[-1].judged[-1]) + 1, len(frame))
    later = later[frame["is_eligible"].to_numpy()[later]]
    scores = grown[len(blocks) - 1].score(examples.features[later])
    among = np.sort(judged.filter(pl.col("block") == len(blocks) - 1)["score"].to_numpy())
    rank = pl.Series(np.searchsorted(among, scores, side="right") / max(len(among), 1))
    ranked = pl.concat([judged.select("rma", "rank"), frame[later].select("rma", rank=rank)])
    known = (
        frame.select("rma", "found_at", finding=pl.Series(examples.finding))
        .filter(pl.col("finding").is_not_nan())
        .join(ranked, on="rma", how="inner")
    )
    is_bad, is_news = known.select(pl.col("finding") > 0, pl.col("found_at") > news)
    return Findings(known["rank"].to_numpy(), is_bad.to_numpy(), is_news.to_numpy())


def _certify(
    judged: pl.DataFrame, found: Findings, rules: RiskRules, seed: int
) -> dict[str, Certificate]:
    """A certificate for each action by the certifying blocks, as far as neither the test nor the newest findings contradict it."""
    evidence, later = (
        _evidence(judged.filter(pl.col("is_test") == is_test)) for is_test in (False, True)
    )

    def certified(cap: float, amount_cap: float) -> Certificate:
        made = certify.certify(
            evidence, cap=cap, amount_cap=amount_cap, confidence=rules.confidence, seed=seed
        )
        return findings.unless_they_rose(certify.withstanding(made, later), found)

    return {name: certified(*caps) for name, caps in choose.caps(rules).items()}


def _evidence(judged: pl.DataFrame) -> Judged:
    labelled = judged.filter(pl.col("label").is_not_null())
    return Judged(
        *(labelled[name].to_numpy() for name in ("rank", "score", "label", "weight", "value"))
    )


def _past_and_fresh(
    frame: pl.DataFrame, examples: Examples, windows: Windows, blocks: list[Block], last: Grown
) -> tuple[Floats, Floats]:
    """What the last model says of the eligible requests that certify, and of those that did not grow its trees: where its
    thresholds are read off. It has learned from the few of the former that are labelled; that makes the harmless among them
    look more so, and a threshold the lower.
    """
    certifying = [block.judged for block in blocks if not block.is_test]
    past = np.concatenate(certifying) if certifying else np.empty(0, np.int64)
    eligible = frame["is_eligible"].to_numpy()
    past_scores, fresh_scores = (
        last.score(examples.features[rows[eligible[rows]]]) for rows in (past, windows.fresh)
    )
    return past_scores, fresh_scores


def _data(frame: pl.DataFrame, examples: Examples, windows: Windows) -> dict[str, Any]:
    rows = np.concatenate([windows.last.train, windows.last.calibrate])
    return {
        "from": _iso(frame["requested_at"].min()),
        "to": _iso(frame["requested_at"].max()),
        "requests": len(frame),
        "labels": len(rows),
        "positives": int(examples.label[rows].sum()),
        "certifying": frame[rows]["certifying_weight"].count(),
        "findings": len(windows.last.findings),
    }


def _iso(moment: object) -> str | None:
    return moment.isoformat() if isinstance(moment, datetime) else None


def _when(frame: pl.DataFrame, as_of: datetime, missing: int | None) -> datetime | None:
    """When the missing labels will be there if they come as in the last four weeks; None where never or none missing."""
    came = frame.filter(
        pl.col("label").is_not_null(),
        pl.col("certifying_weight").is_not_null(),
        pl.col("labelled_at") <= as_of,
        pl.col("labelled_at") > as_of - _PACE,
    )
    if not missing or came.is_empty():
        return None
    days = min(missing / len(came) * _PACE.days, 36_500)
    return as_of + timedelta(days=days)


def _importance(
    examples: Examples, blocks: list[Block], grown: list[Grown], seed: int
) -> list[tuple[str, float]]:
    if not blocks:
        return []
    rows: NDArray[np.int64] = blocks[-1].judged
    rows = rows[~np.isnan(examples.label[rows])]
    return measure.importance(
        grown[-1].raw, examples.features[rows], examples.label[rows], examples.weight[rows], seed
    )


_EMPTY = pl.DataFrame(
    schema={
        "rma": pl.String,
        "requested_at": pl.Datetime("us", "UTC"),
        "block": pl.Int32,
        "is_test": pl.Boolean,
        "rank": pl.Float64,
        "score": pl.Float64,
        "label": pl.Float64,
        "weight": pl.Float64,
        "value": pl.Float64,
    }
)
