"""Whether a challenger may take the champion's place: on the same later requests, by cost, and by nothing less."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.risk.arrays import Floats
from models.risk.choose import review_cost
from models.risk.golden import Reproduction
from models.risk.measure import Interval
from models.risk.rules import RiskRules

LEAST_LABELS = 200
_UNCERTIFIED = {
    None: "nothing is certified",
    "later_labels": "nothing is certified: labels of later requests contradict it",
    "newest_findings": "nothing is certified: of late inspections find more than before",
}
_RESAMPLES = 2000
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared and what follows.

    Costs are minor units a request; `saving` is champion minus challenger, with its 95 % interval. `against` says in
    words what speaks against a promotion; empty means that it is due.
    """

    labels: int
    champion_cost: float
    challenger_cost: float
    saving: Interval
    against: tuple[str, ...]

    @property
    def is_better(self) -> bool:
        """Whether the challenger may be promoted."""
        return not self.against


def compare(
    requests: pl.DataFrame,
    rules: RiskRules,
    *,
    is_certified: bool,
    golden: Reproduction,
    is_in_parity: bool,
    seed: int,
    contradicted_by: str | None = None,
) -> Comparison:
    """Compare on requests that neither model has learned from: `champion, challenger` (whether each would approve),
    `label, weight, value`. Without a champion give a `champion` that approves nothing: a person saw every request.

    The interval is a paired bootstrap of the requests (Efron & Tibshirani 1993): both models meet the same ones.
    """
    known = requests.filter(pl.col("label").is_not_null())
    champion, challenger = (_costs(known, name, rules) for name in ("champion", "challenger"))
    weight = known["weight"].to_numpy()
    saving = _saving(champion - challenger, weight, seed)
    return Comparison(
        labels=len(known),
        champion_cost=_mean(champion, weight),
        challenger_cost=_mean(challenger, weight),
        saving=saving,
        against=_against(
            len(known),
            saving,
            is_certified,
            contradicted_by,
            golden,
            is_in_parity,
        ),
    )


def uncertified(contradicted_by: str | None) -> str:
    """Why nothing is certified, in words; `contradicted_by` as in `models.risk.certify.Certificate`."""
    return _UNCERTIFIED[contradicted_by]


def _costs(requests: pl.DataFrame, model: str, rules: RiskRules) -> Floats:
    loss = pl.col("label") * pl.col("value") * rules.loss_share
    cost = pl.when(pl.col(model)).then(loss).otherwise(review_cost(rules))
    return requests.select(cost.cast(pl.Float64).alias("cost"))["cost"].to_numpy()


def _saving(saved: Floats, weight: Floats, seed: int) -> Interval:
    if len(saved) == 0:
        return Interval(0.0, 0.0, 0.0)
    chance = np.random.default_rng(seed)
    found = [
        means
        for _ in range(_RESAMPLES // _AT_ONCE)
        for means in _resampled(saved, weight, chance).tolist()
    ]
    low, high = np.quantile(found, (0.025, 0.975))
    return Interval(_mean(saved, weight), float(low), float(high))


def _resampled(saved: Floats, weight: Floats, chance: np.random.Generator) -> Floats:
    """Means of resamples (50,): a request is drawn about as often as a Poisson variable of mean 1 says."""
    drawn = chance.poisson(1.0, (_AT_ONCE, len(saved))) * weight
    means: Floats = drawn @ saved / np.maximum(drawn.sum(axis=1), 1e-12)
    return means


def _mean(values: Floats, weight: Floats) -> float:
    return float(np.average(values, weights=weight)) if len(values) else 0.0


def _against(
    labels: int,
    saving: Interval,
    is_certified: bool,
    contradicted_by: str | None,
    golden: Reproduction,
    is_in_parity: bool,
) -> tuple[str, ...]:
    few = f"{labels} later requests are labelled, at least {LEAST_LABELS} are needed"
    unsure = (
        f"it saves {saving.value:.1f} a request, but the 95 % interval from {saving.low:.1f} to "
        f"{saving.high:.1f} does not lie above 0"
    )
    differing = f"{len(golden.differing)} of its {golden.rows} golden rows come out otherwise"
    reasons = {
        uncertified(contradicted_by): not is_certified,
        few: labels < LEAST_LABELS,
        unsure: is_certified and saving.low <= 0,  # without a threshold it would do nothing
        differing: not golden.is_exact,
        "features differ between log and lake": not is_in_parity,
    }
    return tuple(reason for reason, speaks in reasons.items() if speaks)
