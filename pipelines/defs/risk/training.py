"""The risk model's training: its frame, a challenger that scores in the shadow, and the champion that decides."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipelines.alerts import nothing_to_mend
from pipelines.components.sql_models import asset_keys
from pipelines.defs.risk.standing import CHAMPION, parity_result
from pipelines.faults import TRIED_AGAIN, step
from pipelines.risk.bench import Bench
from pipelines.risk.frame import main_currency, rules_of, training_frame
from pipelines.risk.profiling import conclude_profiles
from pipelines.risk.seen import PARITY_RELATION, SEEN_RELATION, Parity, parity
from pipelines.risk.slices import words_of
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import load_settings
from service.application import Retour

# What trains is dear to import, and imported where it is run: most runs train nothing.
if TYPE_CHECKING:
    from models.risk.compare import Comparison
    from pipelines.risk.promotion import Judgement
    from pipelines.risk.training import Challenge

GROUP = "risk"
_CHECKS = {
    "certificate": "Its past proves the policy's caps, by count and by amount.",
    "golden": "It gives its golden answers to the last bit.",
    "parity": "Every assessment saw what the warehouse computes, in every field.",
    "cost": "It is cheaper than who decides now, on the same later requests, by a paired bootstrap.",
}


@dg.asset(
    group_name=GROUP,
    deps=asset_keys(["intermediate.risk_facts"]),
    description="What each category of products is like - how often it comes back, how often it was abusive - told to the log, "
    "so that from then on assessments see it.",
    owners=["team:data"],
    retry_policy=TRIED_AGAIN,
)
def risk_profiles(
    warehouse: dg.ResourceParam[Warehouse], retour: dg.ResourceParam[Retour]
) -> dg.MaterializeResult[None]:
    with step():
        said = conclude_profiles(warehouse, retour)
    return dg.MaterializeResult(metadata={"categories": len(said)})


@dg.asset(
    group_name=GROUP,
    deps=asset_keys([SEEN_RELATION, "intermediate.risk_labels", "staging.orders"]),
    description="Every scored request as it was seen then, with what became known of it since: what a model learns from.",
    owners=["team:data"],
    kinds={"polars", "parquet"},
    retry_policy=TRIED_AGAIN,
)
def risk_training_frame(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    with step():
        frame = training_frame(warehouse)
        path = Bench.of(load_settings()).keep_frame(frame)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(frame.rows),
            "labels": frame.labels,
            "abusive": frame.abusive,
            "left_out_of_unknown_value": frame.left_out,
            "as_of": str(frame.as_of),
            "file": dg.MetadataValue.path(str(path.resolve())),
        }
    )


@dg.asset(
    group_name=GROUP,
    deps=[risk_training_frame],
    description="A model trained on what is known, in the registry with its card; it scores in the shadow and decides "
    "nothing. With too few labels there is none, and it is told how many there are.",
    owners=["team:data"],
    kinds={"scikitlearn"},
    retry_policy=TRIED_AGAIN,
)
def risk_challenger(
    warehouse: dg.ResourceParam[Warehouse], retour: dg.ResourceParam[Retour]
) -> dg.MaterializeResult[None]:
    from pipelines.risk.training import train_challenger

    policy = retour.context.policy
    with step():
        bench = Bench.of(load_settings())
        rules = rules_of(policy, main_currency(warehouse))
        slices = words_of(warehouse, rules.most_linked)
        found = train_challenger(bench.frame(), rules, policy.version, bench, slices)
    return dg.MaterializeResult(metadata=_told(found, bench))


@dg.multi_asset(
    name="risk_champion",
    specs=[
        dg.AssetSpec(
            "risk_champion",
            group_name=GROUP,
            deps=[risk_challenger, dg.AssetKey(PARITY_RELATION.split("."))],
            description="The model that decides. The challenger takes its place only with a certificate, at less cost, and "
            "where it and the features come out the same to the last bit; then the log is told. Where the newest training could "
            "certify nothing, who decides is suspended.",
            owners=["team:data"],
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(name, asset="risk_champion", description=says)
        for name, says in _CHECKS.items()
    ],
    retry_policy=TRIED_AGAIN,
)
def risk_champion(
    warehouse: dg.ResourceParam[Warehouse], retour: dg.ResourceParam[Retour]
) -> Iterator[dg.MaterializeResult[None]]:
    from pipelines.risk.promotion import has_champion, judge

    with step():
        bench = Bench.of(load_settings())
        seen = parity(warehouse)
        found = judge(bench, seen, retour)
        stands = has_champion(bench)
        checks = list(champion_checks(found, seen, _why_none(bench), has_champion=stands))
    yield dg.MaterializeResult(asset_key=CHAMPION, metadata=_outcome(found), check_results=checks)


def _told(found: "Challenge", bench: Bench) -> dict[str, Any]:
    if found.version is None or found.trained is None:
        return {"version": "none", "too_few": found.too_few or ""}
    trained, folder = found.trained, bench.registry / found.version
    approve = trained.choice.actions["approve"]
    return {
        "version": found.version,
        "labels": trained.data["labels"],
        "abusive": trained.data["positives"],
        "auc": trained.metrics.auc.value if trained.metrics.auc else "not known",
        "share": approve.share,
        "bound": approve.bound if approve.bound is not None else "nothing is certified",
        "missing_labels": str(trained.certificates["approve"].missing_labels),
        "card": dg.MetadataValue.md((folder / "card.md").read_text(encoding="utf-8")),
        "folder": dg.MetadataValue.path(str(folder.resolve())),
    }


def _why_none(bench: Bench) -> str:
    told = bench.told()
    return told.too_few if told and told.too_few else "no model was ever trained"


def _outcome(found: "Judgement | None") -> dict[str, str | bool]:
    if found is None:
        return {"champion": "none decides: the newest training gave no model"}
    return {
        "champion": found.champion or "none: the rules decide",
        "newest": found.version,
        "was_promoted": found.is_promoted,
        "is_certified": found.is_certified,
        "against": "; ".join(found.comparison.against) or "nothing",
    }


def champion_checks(
    found: "Judgement | None", seen: Parity, why_none: str, *, has_champion: bool
) -> Iterator[dg.AssetCheckResult]:
    """What the newest model was found to be. One that is not good enough is nothing to mend, unless with it the certificate
    of a model that was named to decide has ended. `why_none`: why the newest training gave none.
    """
    yield parity_result(seen, CHAMPION)
    if found is None:
        yield _verdict("certificate", why_none, is_told=has_champion)
        yield _verdict("cost", why_none)
        yield _check("golden", passed=True, says=f"Not judged: {why_none}")
        return
    yield _certificate(found, has_champion=has_champion)
    yield _cost(found.comparison)
    golden = found.golden
    yield _check(
        "golden",
        passed=golden.is_exact,
        says=f"{len(golden.differing)} of its {golden.rows} golden rows come out otherwise",
        rows=golden.rows,
        differing=len(golden.differing),
    )


def _certificate(found: "Judgement", *, has_champion: bool) -> dg.AssetCheckResult:
    if found.is_certified:
        return _check("certificate", passed=True, version=found.version)
    why = found.comparison.against[0]
    return _verdict("certificate", why, is_told=has_champion, version=found.version)


def _cost(found: "Comparison") -> dg.AssetCheckResult:
    saving = found.saving
    says = (
        f"it saves {saving.value:.1f} minor units a request, {saving.low:.1f} to {saving.high:.1f}"
    )
    figures: dict[str, Any] = {
        "requests": found.labels,
        "champion": found.champion_cost,
        "challenger": found.challenger_cost,
        "saving": saving.value,
        "saving_low": saving.low,
        "saving_high": saving.high,
    }
    if saving.low > 0:
        return _check("cost", passed=True, says=says, **figures)
    return _verdict("cost", says, **figures)


def _verdict(name: str, why: str, *, is_told: bool = False, **figures: Any) -> dg.AssetCheckResult:
    """A check of the newest model that fails, and is no fault of anything unless it is told."""
    return _check(name, passed=False, says=why, **figures, **({} if is_told else nothing_to_mend()))


def _check(
    name: str, *, passed: bool, says: str | None = None, **figures: Any
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=passed,
        asset_key=CHAMPION,
        check_name=name,
        severity=dg.AssetCheckSeverity.WARN,
        description=says,
        metadata=figures,
    )
