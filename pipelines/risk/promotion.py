"""Whether the newest model takes the champion's place: certificate, golden rows, parity of features, and cost.

A certificate speaks for the past that it was made from, and is good until the next training: where all that is known by then
certifies nothing, who decides is suspended, until a model is certified again (ADR 28).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from models.risk import golden, registry, suspension
from models.risk.compare import Comparison, compare
from models.risk.golden import Reproduction
from models.risk.registry import Pointer
from models.risk.rules import RiskRules
from models.risk.score import MODEL, Model, ModelUnusable, load, read_manifest
from pipelines.risk.bench import BY, Bench
from pipelines.risk.seen import Parity
from pipelines.risk.watching import suspend
from service.application import Retour
from service.domain.events import Actor
from service.risk.telling import promoted


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found of the newest model, and what came of it. `champion` stands afterwards; None where none does, and
    suspended where the newest training certified nothing.
    """

    version: str
    is_certified: bool
    golden: Reproduction
    parity: Parity
    comparison: Comparison
    champion: str | None
    is_promoted: bool


def judge(bench: Bench, parity: Parity, retour: Retour) -> Judgement | None:
    """Promote the newest model if nothing speaks against it, suspend who decides if nothing could be certified, and tell the log.

    None where the newest training gave no model. Raises `ModelUnusable` where its folder cannot be read.
    """
    told = bench.told()
    if told is None:
        return None
    if told.version is None:
        if told.against is None:  # once for a training: whoever resumes the champion is heard
            _suspend_unrenewed(bench, retour)
            bench.note_judged(told, ())
        return None
    root, version = bench.registry, told.version
    manifest = read_manifest(root / version)
    rules, certified = RiskRules(**manifest["rules"]), manifest["threshold"] is not None
    standing = _standing(root)
    reproduced = _reproduced(root / version)
    comparison = compare(
        later_requests(bench, manifest, _deciding(root, standing)),
        rules,
        is_certified=certified,
        contradicted_by=manifest["certificate"].get("contradicted_by"),
        golden=reproduced,
        is_in_parity=parity.holds,
        seed=manifest["seed"],
    )
    is_champion = standing is not None and standing.version == version
    if comparison.is_better or is_champion:
        _promote(root, manifest, comparison, retour)
    if not certified and told.against is None:
        _suspend_unrenewed(bench, retour)
    bench.note_judged(told, () if is_champion else comparison.against)
    before = None if standing is None else standing.version
    return Judgement(
        version=version,
        is_certified=certified,
        golden=reproduced,
        parity=parity,
        comparison=comparison,
        champion=version if comparison.is_better else before,
        is_promoted=comparison.is_better and not is_champion,
    )


def has_champion(bench: Bench) -> bool:
    """Whether a model was ever named to decide, suspended or not."""
    return _standing(bench.registry) is not None


def not_renewed(at: datetime) -> str:
    """Why a model is suspended whose certificate a training at this moment could not renew."""
    return f"of all that was known on {at:%Y-%m-%d} no share of requests can be certified any more"


def later_requests(
    bench: Bench, manifest: Mapping[str, Any], champion: Model | None
) -> pl.DataFrame:
    """Judged requests, with what either model would do: those after the champion's own data, where there is one.

    The newest model's answer is that of models which had not seen the request, by its rank among their scores: theirs lie on
    other levels than its own. A champion that cannot be read, is suspended,
    or is certified for nothing, approves nothing.
    """
    approved = 0.0 if manifest["threshold"] is None else manifest["actions"]["approve"]["share"]
    judged = bench.judged().with_columns(challenger=pl.col("rank") <= approved)
    if champion is None or champion.threshold is None:
        return judged.with_columns(champion=pl.lit(value=False))
    since = datetime.fromisoformat(champion.manifest["trained_at"])
    later = judged.filter(pl.col("requested_at") > since)
    vectors = bench.frame().rows.join(later, on="rma", how="semi").select("rma", *champion.features)
    passed = [champion.score(row[1:]) <= champion.threshold for row in vectors.iter_rows()]
    answers = vectors.select("rma", pl.Series("champion", passed, dtype=pl.Boolean))
    return later.join(answers, on="rma", how="inner")


def _promote(
    root: Path, manifest: Mapping[str, Any], comparison: Comparison, retour: Retour
) -> None:
    """Once more for a model that decides already, so that what a killed run kept from the log is told."""
    why = f"certified; saves {comparison.saving.value:.1f} minor units a request"
    at = datetime.fromisoformat(manifest["trained_at"])
    pointer = registry.promote(root, manifest["version"], at=at, by=BY, reason=why)
    if pointer.by == BY:
        event = promoted(pointer, manifest["files"][MODEL], Actor("pipeline"), is_rollback=False)
        retour.conclusions.append([event])


def _standing(root: Path) -> Pointer | None:
    try:
        return registry.champion(root)
    except ModelUnusable:
        return None


def _deciding(root: Path, pointer: Pointer | None) -> Model | None:
    """The champion's model; None where there is none, it is suspended, or it cannot be read."""
    if pointer is None:
        return None
    try:
        is_held = pointer.version in suspension.suspensions(root)
        return None if is_held else load(root / pointer.version)
    except ModelUnusable:
        return None


def _suspend_unrenewed(bench: Bench, retour: Retour) -> None:
    """Suspend the champion, if it is certified for anything."""
    pointer = _standing(bench.registry)
    if pointer is None:
        return
    try:
        manifest = read_manifest(bench.registry / pointer.version)
    except ModelUnusable:
        return
    if manifest["threshold"] is not None:
        at = bench.frame().as_of
        suspend(bench, retour, pointer.version, at, "not_renewed", not_renewed(at))


def _reproduced(folder: Path) -> Reproduction:
    return golden.reproduce(load(folder), golden.read(folder, read_manifest(folder)))
