"""Whether the model that decides may go on: tests that may be looked at every day, on its audits and on what basic inspections
find of its approvals, and how far its scores moved.

Scores are what decisions rest on. Single features move in every shop that grows (orders and returns of a customer add up), so
they are shown, and do not stop a model by themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.risk import drift, registry, suspension
from models.risk.arrays import Floats
from models.risk.features import NAMES
from models.risk.registry import Pointer
from models.risk.rules import may_judge
from models.risk.score import ModelUnusable, read_manifest
from models.risk.suspension import Cause
from models.risk.watch import Audit, Rise, Usual, Verdict, first_rise, watch
from pipelines.risk.bench import BY, Bench
from pipelines.risk.seen import SEEN_RELATION
from pipelines.warehouse.warehouse import Warehouse
from service.application import Retour
from service.domain.events import Actor
from service.domain.policy import Policy
from service.risk.telling import suspended

SCORE = "score"
RECENT = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of the model that decides: its audits by count and by money, how far score and features moved.

    `rise`: when basic inspections found more of its approvals than its certificate bears; None where they do not, or its
    training could not say what it bears.

    `why` is the cause of a suspension of this run, in words; None where there is none.
    """

    version: str
    by_count: Verdict
    by_amount: Verdict
    rise: Rise | None
    score: drift.Drift | None
    features: tuple[drift.Drift, ...]
    recent: int
    cause: Cause | None
    why: str | None


def watch_champion(warehouse: Warehouse, bench: Bench, retour: Retour) -> Watched | None:
    """Look at what the champion let pass, and suspend it where the cap is broken, too much fails inspection, or its scores moved too far.

    None where there is no champion, or it cannot be read: then no score decides anyway.
    """
    try:
        pointer = registry.champion(bench.registry)
        manifest = read_manifest(bench.registry / pointer.version) if pointer else None
    except ModelUnusable:
        return None
    if pointer is None or manifest is None:
        return None
    policy, since = retour.context.policy, _since(warehouse, pointer)
    by_count, by_amount = _audits(warehouse, policy, pointer.version, since)
    rise = _findings(warehouse, manifest.get("usual"), pointer.version, since)
    scores, vectors = _recent(warehouse, pointer.version, since)
    judged = scores[_judged(vectors, manifest.get("rules", {}).get("most_linked", {}))]
    moved = _score_drift(manifest.get("score_reference"), judged, policy.risk.drift_limit)
    features = _feature_drift(manifest.get("reference"), vectors, policy.risk.drift_limit)
    cause, why = _verdict(policy, by_count, by_amount, rise, moved)
    if cause and why:
        at = (warehouse.run.as_of or datetime(1970, 1, 1)).replace(tzinfo=UTC)  # noqa: DTZ001  # UTC without a zone
        suspend(bench, retour, pointer.version, at, cause, why)
    return Watched(
        version=pointer.version,
        by_count=by_count,
        by_amount=by_amount,
        rise=rise,
        score=moved,
        features=features,
        recent=len(vectors),
        cause=cause,
        why=why,
    )


def suspend(
    bench: Bench, retour: Retour, version: str, at: datetime, cause: Cause, why: str
) -> None:
    """The file first: it is what stops the model. The log is told by every run until it holds it."""
    made = suspension.suspend(bench.registry, version, at=at, cause=cause, by=BY, reason=why)
    if made.by == BY:
        retour.conclusions.append([suspended(made, Actor("pipeline"))])


def _since(warehouse: Warehouse, pointer: Pointer) -> datetime:
    """From when on evidence counts: the promotion, or the last time that a person let the model decide again."""
    resumed = warehouse.query(
        "select resumed.version, max(resumed.time) as at from lake.model_resumed as resumed group by resumed.version"
    ).filter(pl.col("version") == pointer.version)
    promoted = datetime.fromisoformat(pointer.promoted_at).astimezone(UTC).replace(tzinfo=None)
    moments: list[datetime] = [promoted, *resumed["at"]]
    return max(moments)


def _audits(
    warehouse: Warehouse, policy: Policy, version: str, since: datetime
) -> tuple[Verdict, Verdict]:
    """By count and by money, in the order in which the audits' results came."""
    rows = warehouse.query(
        f"""select decisions.label, decisions.audit_weight / 1000 as weight,
                   coalesce(seen.vector[{NAMES.index("value") + 1}], 0) as amount
            from marts.risk_decisions as decisions
            inner join {SEEN_RELATION} as seen on seen.rma = decisions.rma
            inner join risk_watched as watched on watched.version = decisions.decided_by
            where decisions.decision = 'approve' and not decisions.is_drawn_doubt
                and decisions.audit_weight is not null and decisions.scored_at > watched.since
            order by decisions.labelled_at, decisions.rma""",
        risk_watched=_watched(version, since),
    )
    terms = policy.risk
    largest = max([1 / max(policy.audit.share, 1e-3), *rows["weight"]])
    dearest = max([1.0, *rows["amount"]])
    found = list(rows.iter_rows())
    by_count = [Audit(label == 1, weight) for label, weight, _ in found]
    by_amount = [Audit(label == 1, weight * amount) for label, weight, amount in found]
    return (
        watch(by_count, cap=terms.abuse_cap, confidence=terms.confidence, largest=largest),
        watch(
            by_amount,
            cap=terms.amount_cap,
            confidence=terms.confidence,
            largest=largest * dearest,
        ),
    )


def _findings(
    warehouse: Warehouse, usual: Mapping[str, Any] | None, version: str, since: datetime
) -> Rise | None:
    """By what the model approved and the basic inspection saw. None for a model that was trained before that was watched."""
    if usual is None:
        return None
    rows = warehouse.query(
        """select labels.found_at, labels.finding = 1
            from marts.risk_decisions as decisions
            inner join intermediate.risk_labels as labels on labels.rma = decisions.rma
            inner join risk_watched as watched on watched.version = decisions.decided_by
            where decisions.decision = 'approve' and not decisions.is_drawn_doubt
                and not labels.is_full_by_decision and labels.finding is not null
                and decisions.scored_at > watched.since
            order by labels.found_at, decisions.rma""",
        risk_watched=_watched(version, since),
    )
    return first_rise(rows.rows(), Usual(**usual))


def _recent(warehouse: Warehouse, version: str, since: datetime) -> tuple[Floats, Floats]:
    """Scores (n,) and features (n, F) of the last four weeks' requests that the rules let the model decide on."""
    as_of = (warehouse.run.as_of or since).replace(tzinfo=None)
    rows = warehouse.query(
        f"""select decisions.score, seen.vector
            from marts.risk_decisions as decisions
            inner join {SEEN_RELATION} as seen on seen.rma = decisions.rma
            inner join risk_watched as watched on watched.version = decisions.model_version
            where decisions.is_eligible and decisions.scored_at > watched.since
            order by decisions.rma""",
        risk_watched=_watched(version, max(since, as_of - RECENT)),
    )
    vectors = rows["vector"].to_list()
    features = np.array(vectors, dtype=np.float64).reshape(len(vectors), len(NAMES))
    scores = rows["score"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return scores, features


def _judged(vectors: Floats, most_linked: Mapping[str, int]) -> NDArray[np.bool_]:
    """Whether each of these requests (n, F), which the rules pass, is one that the model may let pass."""
    seen = pl.DataFrame(vectors, schema=list(NAMES)).fill_nan(None)
    passed = seen.with_columns(is_eligible=pl.lit(value=True))
    return np.asarray(passed.select(may_judge(most_linked)).to_series().to_numpy())


def _score_drift(
    reference: dict[str, list[float]] | None, scores: Floats, limit: float
) -> drift.Drift | None:
    """None for a model that was trained before scores were watched."""
    if reference is None:
        return None
    bins = drift.Bins(np.array(reference["edges"]), np.array(reference["shares"]))
    index = drift.stability_index(bins, scores)
    return drift.Drift(SCORE, index, limit, index > limit and len(scores) >= drift.LEAST_ROWS)


def _feature_drift(
    reference: Mapping[str, Mapping[str, list[float]]] | None, vectors: Floats, limit: float
) -> tuple[drift.Drift, ...]:
    """Nothing for a model that learned from other features than there are now: it cannot be loaded either."""
    if reference is None or set(reference) != set(NAMES):
        return ()
    return tuple(drift.drift(reference, vectors, limit))


def _verdict(
    policy: Policy,
    by_count: Verdict,
    by_amount: Verdict,
    rise: Rise | None,
    moved: drift.Drift | None,
) -> tuple[Cause | None, str | None]:
    for verdict, cap, what in (
        (by_count, policy.risk.abuse_cap, "count"),
        (by_amount, policy.risk.amount_cap, "amount"),
    ):
        if verdict.is_breached:
            return "cap_breached", (
                f"{verdict.abusive} of {verdict.audits} audited approvals were abusive: the cap of {cap:.2%} by {what} "
                f"is broken (evidence {verdict.evidence:.3g}, limit {verdict.limit:.3g})"
            )
    if rise is not None:
        return "findings_exceeded", (
            f"{rise.bad} of {rise.known} approvals failed the basic inspection in the week up to {rise.at:%Y-%m-%d}, more than "
            f"the certificate bears (by chance alone: {rise.chance:.2g})"
        )
    if moved is not None and moved.has_moved:
        return "drift", (
            f"scores moved away from those of the training (stability index {moved.index:.2f}, limit {moved.limit:.2f})"
        )
    return None, None


def _watched(version: str, since: datetime) -> pl.DataFrame:
    return pl.DataFrame(
        {"version": [version], "since": [since]},
        schema={"version": pl.String, "since": pl.Datetime("us")},
    )
