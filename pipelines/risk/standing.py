"""The marts that tell of the models: who decides, every version, what another threshold would bring, drift, and slices."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

import models.risk
from models.risk import registry, suspension
from models.risk.features import NAMES
from models.risk.registry import Pointer
from models.risk.rules import LEAST_OF_EACH, LEAST_TO_CALIBRATE
from models.risk.score import ModelUnusable, load, read_manifest
from models.risk.slices import SLICES
from models.risk.suspension import Suspension
from pipelines.risk.bench import Bench, Told
from pipelines.risk.frame import main_currency
from pipelines.risk.seen import parity
from pipelines.risk.slices import live_false_reviews, words_of
from pipelines.risk.watching import Watched, watch_champion
from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.lake_views import digest
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from service.application import Retour
from service.domain.policy_sections import RiskTerms
from service.risk.standing import stakes_of

_PACE = timedelta(days=28)
STANDING, MODELS, TRADE_OFF, DRIFT, SLICED = (
    f"marts.risk_{name}" for name in ("standing", "models", "trade_off", "drift", "slices")
)
STANDING_RELATIONS = (STANDING, MODELS, TRADE_OFF, DRIFT, SLICED)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The registry as it stands: manifests by version, who decides, since when and why not.

    `suspension` is that of the champion; `proves`: whether its certificate is one for the policy's caps. `fault`: a file that
    cannot be read.
    """

    manifests: Mapping[str, Mapping[str, Any]]
    champion: Pointer | None
    challenger: Pointer | None
    suspension: Suspension | None
    proves: bool
    history: Sequence[Pointer]
    told: Told | None
    fault: str | None

    @property
    def deciding(self) -> str:
        """The word for who decides, as decisions give it for their `basis`."""
        if self.fault is not None:
            return "unavailable"
        if self.champion is None:
            return "no_model"
        if self.suspension is not None:
            return "suspended"
        return "model" if self.proves else "uncertified"


def build_standing(
    warehouse: Warehouse, named: Mapping[str, SqlModel], bench: Bench, retour: Retour
) -> dict[str, Built]:
    """Watch the champion, then bring the marts of the models up to date where anything that they tell of changed."""
    terms = retour.context.policy.risk
    state = _state(bench, terms)
    prints = {
        name: warehouse.fingerprint(named[name], state, _code()) for name in STANDING_RELATIONS
    }
    kept = {name: warehouse.current(name, prints[name]) for name in STANDING_RELATIONS}
    if all(kept.values()):
        return {name: built for name, built in kept.items() if built}
    watched = watch_champion(warehouse, bench, retour)
    shelf, state = read_shelf(bench, terms), _state(bench, terms)
    rows = {
        STANDING: _standing(warehouse, shelf, watched, retour),
        MODELS: models_of(shelf),
        TRADE_OFF: trade_off_of(shelf),
        DRIFT: _drift_of(watched),
        SLICED: _slices_of(warehouse, shelf),
    }
    return {
        name: warehouse.replace(name, frame, warehouse.fingerprint(named[name], state, _code()))
        for name, frame in rows.items()
    }


def read_shelf(bench: Bench, terms: RiskTerms) -> Shelf:
    """Read the registry, as it stands under these terms of the policy. What cannot be read of it is told, never raised."""
    root, manifests = bench.registry, {}
    for version in registry.versions(root):
        with suppress(ModelUnusable):  # of the one that decides it is told below
            manifests[version] = read_manifest(root / version)
    champion = challenger = held = fault = None
    proves, history = False, list[Pointer]()
    try:
        champion, challenger = registry.champion(root), registry.challenger(root)
        if champion is not None:
            held = suspension.suspensions(root).get(champion.version)
            found = load(root / champion.version)
            proves = stakes_of(found).under(terms).approve is not None
    except ModelUnusable as broken:
        fault = str(broken)
    with suppress(ModelUnusable):  # who goes back to an earlier one is told
        history = registry.history(root)
    return Shelf(manifests, champion, challenger, held, proves, history, bench.told(), fault)


def models_of(shelf: Shelf) -> pl.DataFrame:
    """A row for each version."""
    rows = [_model(version, said, shelf) for version, said in shelf.manifests.items()]
    return pl.DataFrame(rows, schema=_MODELS)


def trade_off_of(shelf: Shelf) -> pl.DataFrame:
    """What each share of approvals would cost and bring, by version."""
    rows = []
    for version, said in shelf.manifests.items():
        certified = _at(said, "certificate", "share")
        chosen = _at(said, "actions", "approve", "share") or 0.0
        table = said.get("trade_off", [])
        at = max([row["share"] for row in table if row["share"] <= chosen + 1e-9], default=None)
        rows += [
            {
                "version": version,
                **row,
                "is_certified": certified is not None and row["share"] <= certified + 1e-9,
                "is_chosen": said["threshold"] is not None and row["share"] == at,
            }
            for row in table
        ]
    return pl.DataFrame(rows, schema=_TRADE_OFF)


def _standing(
    warehouse: Warehouse, shelf: Shelf, watched: Watched | None, retour: Retour
) -> pl.DataFrame:
    as_of = warehouse.run.as_of
    if as_of is None:
        return pl.DataFrame(schema=_STANDING)
    told, compared = shelf.told, parity(warehouse)
    newest = shelf.manifests.get(told.version) if told and told.version else None
    terms = retour.context.policy.risk
    labels, abusive, of_late = warehouse.query(
        f"""select count(labels.label), coalesce(sum(labels.label), 0),
                   count(labels.label) filter (
                       where labels.labelled_at > timestamp '{as_of:%Y-%m-%d %H:%M:%S}' - interval {_PACE.days} day
                   )
            from intermediate.risk_labels as labels where labels.is_full_by_decision"""
    ).row(0)
    missing = _missing(newest) if newest else _missing_to_learn(as_of, labels, abusive, of_late)
    verdicts = (watched.by_count, watched.by_amount) if watched else ()
    holds = shelf.deciding == "suspended" and shelf.suspension
    row = {
        "as_of": as_of,
        "deciding": shelf.deciding,
        "champion": shelf.champion and shelf.champion.version,
        "challenger": shelf.challenger and shelf.challenger.version,
        "cause": holds.cause if holds else None,
        "why": holds.reason if holds else shelf.fault,
        "newest": told and told.version,
        "against": _against(told),
        "labels": int(labels),
        "abusive": int(abusive),
        "missing_labels": missing[0],
        "missing_until": missing[1],
        "abuse_cap": terms.abuse_cap,
        "confidence": terms.confidence,
        "audits": watched.by_count.audits if watched else 0,
        "audits_abusive": watched.by_count.abusive if watched else 0,
        "evidence": max([verdict.evidence for verdict in verdicts], default=1.0),
        "evidence_limit": 1 / (1 - terms.confidence),
        "compared": compared.assessments,
        "differing": compared.differing,
        "first_difference": compared.first,
        "currency": main_currency(warehouse),
    }
    return pl.DataFrame([row], schema=_STANDING)


def _missing(newest: Mapping[str, Any]) -> tuple[int | None, datetime | None]:
    """How many labels the newest model lacks to a certificate, and when they will be there."""
    said = newest["certificate"]
    return said.get("missing_labels") or None, _moment(said.get("missing_until"))


def _missing_to_learn(
    as_of: datetime, labels: int, abusive: int, of_late: int
) -> tuple[int | None, datetime | None]:
    """The same to a first model, at the rate of abuse and the pace of the last four weeks; nothing where neither can be told."""
    lacking = LEAST_OF_EACH + LEAST_TO_CALIBRATE - abusive
    if lacking <= 0 or not abusive:
        return None, None
    missing = math.ceil(lacking * labels / abusive)
    days = min(missing / of_late * _PACE.days, 36_500) if of_late else None
    return missing, None if days is None else as_of + timedelta(days=days)


def _against(told: Told | None) -> str | None:
    if told is None:
        return None
    if told.too_few is not None:
        return told.too_few
    return None if told.against is None else "; ".join(told.against)


def _model(version: str, said: Mapping[str, Any], shelf: Shelf) -> dict[str, Any]:
    last = next((past for past in reversed(shelf.history) if past.version == version), None)
    return {
        "version": version,
        "role": _role(version, shelf),
        "promoted_at": _moment(last.promoted_at) if last else None,
        "promoted_by": last.by if last else None,
        "reason": last.reason if last else None,
        **{name: _at(said, *way) for name, way in _SAID.items()},
        **{name: _moment(_at(said, *way)) for name, way in _SAID_MOMENTS.items()},
    }


def _at(said: Any, *way: str) -> Any:
    """What a manifest says at the end of a way; None where it does not go so far, as in one of an older version."""
    for name in way:
        said = said.get(name) if isinstance(said, Mapping) else None
    return said


def _role(version: str, shelf: Shelf) -> str:
    if shelf.champion is not None and shelf.champion.version == version:
        return "suspended" if shelf.deciding == "suspended" else "champion"
    if shelf.challenger is not None and shelf.challenger.version == version:
        return "challenger"
    return "former" if any(past.version == version for past in shelf.history) else "none"


def _drift_of(watched: Watched | None) -> pl.DataFrame:
    found = (
        [] if watched is None else [*([watched.score] if watched.score else []), *watched.features]
    )
    rows = [
        {
            "version": watched.version,
            "feature": each.feature,
            "stability_index": each.index,
            "moved_at": each.limit,
            "has_moved": each.has_moved,
            "requests": watched.recent,
        }
        for each in found
        if watched is not None
    ]
    return pl.DataFrame(rows, schema=_DRIFT)


def _slices_of(warehouse: Warehouse, shelf: Shelf) -> pl.DataFrame:
    parts = [
        _told_in("training", version, pl.DataFrame(said.get("false_reviews", []), schema=SLICES))
        for version, said in shelf.manifests.items()
    ]
    if shelf.champion is not None:
        version = shelf.champion.version
        limits = shelf.manifests.get(version, {}).get("rules", {}).get("most_linked", {})
        live = live_false_reviews(warehouse, version, words_of(warehouse, limits))
        parts.append(_told_in("decisions", version, live))
    return pl.concat(parts) if parts else pl.DataFrame(schema=_SLICED)


def _told_in(seen_in: str, version: str, found: pl.DataFrame) -> pl.DataFrame:
    return found.select(pl.lit(version).alias("version"), pl.lit(seen_in).alias("seen_in"), *SLICES)


def _state(bench: Bench, terms: RiskTerms) -> str:
    """What the marts follow from besides the warehouse: every small file of the registry, what the last training told, and the
    policy's terms.
    """
    root = bench.registry
    names = [registry.CHAMPION, registry.CHALLENGER, registry.HISTORY, suspension.SUSPENDED]
    files = [root / name for name in names]
    files += [root / version / "manifest.json" for version in registry.versions(root)]
    texts = [path.read_text("utf-8", "replace") if path.exists() else "" for path in files]
    return digest(*texts, terms.model_dump_json(), repr(bench.told()), *NAMES)


@cache
def _code() -> str:
    folders = (Path(models.risk.__path__[0]), Path(__file__).parent)
    sources = sorted(path for folder in folders for path in folder.glob("*.py"))
    return digest(*(path.read_text(encoding="utf-8") for path in sources))


_SAID_MOMENTS = {
    "trained_at": ("trained_at",),
    "data_from": ("data", "from"),
    "data_to": ("data", "to"),
    "missing_until": ("certificate", "missing_until"),
}
_SAID = {
    "requests": ("data", "requests"),
    "labels": ("data", "labels"),
    "abusive": ("data", "positives"),
    "policy_version": ("policy_version",),
    "auc": ("metrics", "auc", "value"),
    "auc_low": ("metrics", "auc", "low"),
    "auc_high": ("metrics", "auc", "high"),
    "calibration_error": ("metrics", "calibration_error", "value"),
    "is_certified": ("certificate", "certified"),
    "threshold": ("threshold",),
    "share": ("actions", "approve", "share"),
    "cap": ("certificate", "cap"),
    "bound": ("actions", "approve", "bound"),
    "amount_bound": ("actions", "approve", "amount_bound"),
    "early_share": ("actions", "refund_early", "share"),
    "early_bound": ("actions", "refund_early", "bound"),
    "basic_share": ("actions", "inspect_basic", "share"),
    "basic_bound": ("actions", "inspect_basic", "bound"),
    "missing_labels": ("certificate", "missing_labels"),
    "cost": ("costs", "chosen"),
    "cost_review_all": ("costs", "review_all"),
    "reviews_a_day": ("costs", "reviews_a_day"),
}


def _moment(text: str | None) -> datetime | None:
    """A moment as the warehouse keeps it: UTC without a zone."""
    if text is None:
        return None
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


_TEXT, _COUNT, _REAL, _TRUTH, _TIME = (
    pl.String(),
    pl.Int64(),
    pl.Float64(),
    pl.Boolean(),
    pl.Datetime("us"),
)
_STANDING = pl.Schema(
    {
        "as_of": _TIME,
        "deciding": _TEXT,
        "champion": _TEXT,
        "challenger": _TEXT,
        "cause": _TEXT,
        "why": _TEXT,
        "newest": _TEXT,
        "against": _TEXT,
        "labels": _COUNT,
        "abusive": _COUNT,
        "missing_labels": _COUNT,
        "missing_until": _TIME,
        "abuse_cap": _REAL,
        "confidence": _REAL,
        "audits": _COUNT,
        "audits_abusive": _COUNT,
        "evidence": _REAL,
        "evidence_limit": _REAL,
        "compared": _COUNT,
        "differing": _COUNT,
        "first_difference": _TEXT,
        "currency": _TEXT,
    }
)
_MODELS = pl.Schema(
    {
        "version": _TEXT,
        "trained_at": _TIME,
        "role": _TEXT,
        "promoted_at": _TIME,
        "promoted_by": _TEXT,
        "reason": _TEXT,
        "data_from": _TIME,
        "data_to": _TIME,
        "requests": _COUNT,
        "labels": _COUNT,
        "abusive": _COUNT,
        "policy_version": _TEXT,
        "auc": _REAL,
        "auc_low": _REAL,
        "auc_high": _REAL,
        "calibration_error": _REAL,
        "is_certified": _TRUTH,
        "threshold": _REAL,
        "share": _REAL,
        "cap": _REAL,
        "bound": _REAL,
        "amount_bound": _REAL,
        "early_share": _REAL,
        "early_bound": _REAL,
        "basic_share": _REAL,
        "basic_bound": _REAL,
        "missing_labels": _COUNT,
        "missing_until": _TIME,
        "cost": _REAL,
        "cost_review_all": _REAL,
        "reviews_a_day": _REAL,
    }
)
_TRADE_OFF = pl.Schema(
    {
        "version": _TEXT,
        "share": _REAL,
        "threshold": _REAL,
        "reviews_a_day": _REAL,
        "cost": _REAL,
        "abuse_rate": _REAL,
        "abuse_bound": _REAL,
        "labels": _COUNT,
        "abusive": _COUNT,
        "is_certified": _TRUTH,
        "is_chosen": _TRUTH,
    }
)
_DRIFT = pl.Schema(
    {
        "version": _TEXT,
        "feature": _TEXT,
        "stability_index": _REAL,
        "moved_at": _REAL,
        "has_moved": _TRUTH,
        "requests": _COUNT,
    }
)
_SLICED = pl.Schema({"version": _TEXT, "seen_in": _TEXT, **SLICES})
