"""From the training frame to a model in the registry that scores in the shadow."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from models.risk import card, choose, drift, registry
from models.risk.certify import bound
from models.risk.registry import Artefact
from models.risk.rules import RiskRules
from models.risk.train import TooFewLabels, Trained, train
from pipelines.risk.bench import BY, Bench
from pipelines.risk.frame import Frame

SEED = 1
_SHARES = [place / 20 for place in range(1, 21)]


@dataclass(frozen=True, slots=True)
class Challenge:
    """What training gave: a version and all that is known of it, or what there is too little of."""

    version: str | None = None
    trained: Trained | None = None
    too_few: str | None = None


def train_challenger(
    frame: Frame, rules: RiskRules, policy_version: str, bench: Bench, slices: pl.DataFrame
) -> Challenge:
    """Train, write the model to the registry, and let it score in the shadow of the champion.

    `slices`: rma, and a column of words for each dimension by which it is told who is reviewed without need.
    """
    try:
        trained = train(frame.rows, frame.as_of, rules, SEED)
    except TooFewLabels as few:
        bench.note_trained(None, str(few))
        return Challenge(too_few=str(few))
    artefact = _artefact(trained, policy_version, slices, frame)
    version = registry.publish(bench.registry, artefact, trained.as_of)
    bench.keep_judged(trained.judged)
    bench.note_trained(version, None)
    _challenge(bench.registry, version, trained.as_of)
    return Challenge(version, trained)


def _challenge(root: Path, version: str, at: datetime) -> None:
    """A model that decides already needs no shadow."""
    champion = registry.champion(root)
    if champion is None or champion.version != version:
        registry.challenge(root, version, at=at, by=BY, reason="trained")


def _artefact(
    trained: Trained, policy_version: str, slices: pl.DataFrame, frame: Frame
) -> Artefact:
    artefact = card.to_artefact(trained, policy_version, slices)
    more: Mapping[str, Any] = {
        "trade_off": trade_off(trained).to_dicts(),
        "false_reviews": card.reviewed_in_vain(trained, slices).to_dicts(),
        "left_out": frame.left_out,
        "score_reference": _bins(trained),
    }
    return replace(artefact, manifest={**artefact.manifest, **more})


def _bins(trained: Trained) -> dict[str, list[float]]:
    """How scores lay before the model decided; they are watched for moving away from that."""
    bins = drift.bins_of(trained.choice.fresh)
    return {"edges": bins.edges.tolist(), "shares": bins.shares.tolist()}


def trade_off(trained: Trained) -> pl.DataFrame:
    """What approving the least risky share of requests would cost and bring, by the judged requests.

    `share, threshold, reviews_a_day, cost` (minor units a request), `abuse_rate` and `abuse_bound` among the approved (the
    bound holds for each share by itself, not for all that are looked at), `labels, abusive`. No rows where nothing was judged.
    """
    judged, curve = trained.judged, choose.cost_curve(trained.judged, trained.rules)
    if judged.is_empty():
        return _TRADE_OFF.to_frame()
    rows = [
        {
            "share": share,
            "threshold": trained.choice.thresholds(share),
            "reviews_a_day": at["reviews_a_day"],
            "cost": at["cost"],
            **_abuse(judged.filter(pl.col("rank") <= share), trained),
        }
        for share in _SHARES
        for at in curve.filter(pl.col("share") <= share + 1e-9).tail(1).iter_rows(named=True)
    ]
    return pl.DataFrame(rows, schema=_TRADE_OFF)


def _abuse(approved: pl.DataFrame, trained: Trained) -> dict[str, float | int | None]:
    known = approved.filter(pl.col("label").is_not_null())
    weight, label = known["weight"].to_numpy(), known["label"].to_numpy()
    if not len(known):
        return {"abuse_rate": None, "abuse_bound": None, "labels": 0, "abusive": 0}
    return {
        "abuse_rate": float((weight * label).sum() / weight.sum()),
        "abuse_bound": bound(label, weight, trained.rules.confidence, trained.seed),
        "labels": len(known),
        "abusive": int(label.sum()),
    }


_TRADE_OFF = pl.Schema(
    {
        "share": pl.Float64(),
        "threshold": pl.Float64(),
        "reviews_a_day": pl.Float64(),
        "cost": pl.Float64(),
        "abuse_rate": pl.Float64(),
        "abuse_bound": pl.Float64(),
        "labels": pl.Int64(),
        "abusive": pl.Int64(),
    }
)
