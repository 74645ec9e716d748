"""From what is certified to what is done: for each action the threshold of least expected cost that reviewers can bear.

Three actions stand on the same score, each with its own stake and its own certificate: `approve` (the return may
come back without a person's look), `refund_early` (the money goes out before the inspection), `inspect_basic` (the
goods get the short inspection). Nothing here declines: what is not approved goes to a person.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.risk.arrays import Floats
from models.risk.certify import Certificate, Step
from models.risk.rules import RiskRules

ACTIONS = ("approve", "refund_early", "inspect_basic")


@dataclass(frozen=True, slots=True)
class Action:
    """What one action may do. `threshold`: the highest score that gets it; None for nobody.

    `share`: the share of eligible requests that get it. `certified_threshold`, `certified_share`: the most that is
    certified. `bound`, `amount_bound`: how large the abuse rate among them is at most, at the policy's confidence.
    """

    threshold: float | None
    share: float
    certified_threshold: float | None
    certified_share: float | None
    cap: float
    amount_cap: float
    rate: float | None
    bound: float | None
    amount_bound: float | None


@dataclass(frozen=True, slots=True)
class Costs:
    """Expected cost of an eligible request in minor units, and the reviews a day: as chosen, and if a person saw all."""

    chosen: float
    review_all: float
    certified: float
    reviews_a_day: float
    is_over_capacity: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """The actions by name, and what the choice costs. `past` (n,) and `fresh` (m,), sorted, are what the model to go out says
    of the requests that certify and of later ones; by both shares become thresholds."""

    actions: dict[str, Action]
    costs: Costs
    past: Floats
    fresh: Floats

    def thresholds(self, share: float) -> float | None:
        """The score up to which this share of requests is certified; None for less than one request."""
        return lower_threshold(self.past, self.fresh, share)


def caps(rules: RiskRules) -> dict[str, tuple[float, float]]:
    """For each action the cap by count and by amount."""
    return {
        "approve": (rules.abuse_cap, rules.amount_cap),
        "refund_early": (rules.early_cap, rules.early_cap),
        "inspect_basic": (rules.basic_cap, rules.basic_cap),
    }


def choose(
    certificates: dict[str, Certificate],
    judged: pl.DataFrame,
    past: Floats,
    fresh: Floats,
    rules: RiskRules,
) -> Choice:
    """Choose within the certificates. `judged` is that of `Trained`; `past` and `fresh` are scores by the model to go
    out, of the requests that certify and of later ones.

    Shares are certified in steps; within the last of them nobody is approved whose review is worth it, unless reviewers
    can bear no more.
    """
    past, fresh = np.sort(past), np.sort(fresh)
    curve = cost_curve(judged, rules)
    certified = certificates["approve"].share
    chosen, is_free = _cheapest(curve, certificates["approve"], rules)
    highest = break_even(judged, rules) if is_free else np.inf
    actions = {
        name: _action(certificate, past, fresh, chosen, highest)
        if name == "approve"
        else _action(certificate, past, fresh, certificate.share, np.inf)
        for name, certificate in certificates.items()
    }
    return Choice(actions, _costs(curve, chosen, certified, rules), past, fresh)


def lower_threshold(past: Floats, fresh: Floats, share: float) -> float | None:
    """The lower of the thresholds that a share has among the past and the fresh scores (n,), (m,) of one model.

    Where more is risky now than then, the first is lower; where less is, the second. What is certified covers neither a
    larger share nor a riskier one. Both are scores of the model to go out: those that the blocks' models gave are
    calibrated by other, few labels, and their levels differ by chance.
    """
    both = (threshold_at(past, share), threshold_at(fresh, share))
    known = [threshold for threshold in both if threshold is not None]
    return min(known) if len(known) == len(both) else None


def threshold_at(scores: Floats, share: float) -> float | None:
    """The largest of the sorted scores (n,) that at most this share of them reaches; None if that is no score."""
    taken = int(np.floor(share * len(scores) + 1e-9))
    if taken == 0:
        return None
    threshold = float(scores[taken - 1])
    tied = int(np.searchsorted(scores, threshold, side="right"))
    if tied <= taken:
        return threshold
    below = int(np.searchsorted(scores, threshold, side="left"))
    return float(scores[below - 1]) if below else None


def cost_curve(judged: pl.DataFrame, rules: RiskRules) -> pl.DataFrame:
    """What approving the least risky share would cost: `share, cost` (a request, minor units), `reviews_a_day`.

    Approving costs the loss if the request is abusive, at the calibrated probability; a review costs the reviewer's
    minutes and the customer's delay, and finds what is abusive.
    """
    if judged.is_empty():
        return pl.DataFrame({"share": [0.0], "cost": [review_cost(rules)], "reviews_a_day": [0.0]})
    ordered = judged.sort("rank")
    total = len(ordered)
    loss = (ordered["score"] * ordered["value"] * rules.loss_share).cum_sum().to_numpy()
    approved = np.arange(1, total + 1)
    cost = (loss + (total - approved) * review_cost(rules)) / total
    reviews = (1 - approved / total) * _a_day(judged)
    return pl.DataFrame(
        {
            "share": np.concatenate([[0.0], ordered["rank"].to_numpy()]),
            "cost": np.concatenate([[review_cost(rules)], cost]),
            "reviews_a_day": np.concatenate([[_a_day(judged)], reviews]),
        }
    )


def review_cost(rules: RiskRules) -> float:
    """What a person's look at a request costs: the minutes, and the customer's delay; minor units."""
    return (
        rules.review_minutes * rules.review_minute_minor + rules.review_days * rules.delay_day_minor
    )


def break_even(judged: pl.DataFrame, rules: RiskRules) -> float:
    """The probability of abuse beyond which a person's look at a request of mean value costs less than what it saves."""
    value = judged["value"].to_numpy().mean() if len(judged) else 0.0
    loss = float(value) * rules.loss_share
    return review_cost(rules) / loss if loss > 0 else np.inf


def _cheapest(
    curve: pl.DataFrame, certificate: Certificate, rules: RiskRules
) -> tuple[float | None, bool]:
    """The cheapest certified share that reviewers can bear; if none is, the largest certified one. Whether that is the cheapest
    of all, so that capacity had no say in it.
    """
    if certificate.share is None:
        return None, True
    costs = [(_at(curve, step.share), step.share) for step in _passed(certificate)]
    priced = [(at["cost"][0], share) for at, share in costs]
    borne = [
        price
        for price, (at, _) in zip(priced, costs, strict=True)
        if at["reviews_a_day"][0] <= rules.max_reviews_a_day
    ]
    chosen = min(borne)[1] if borne else certificate.share
    return chosen, chosen == min(priced)[1]


def _passed(certificate: Certificate) -> list[Step]:
    return [step for step in certificate.steps if step.passes]


def _action(
    certificate: Certificate, past: Floats, fresh: Floats, share: float | None, highest: float
) -> Action:
    """What an action may do to a certified share, up to a score that is the highest worth it."""
    step = next((step for step in _passed(certificate) if step.share == share), None)
    threshold = None if share is None else lower_threshold(past, fresh, share)
    if threshold is not None:
        threshold = min(threshold, highest)
    certified = certificate.share
    return Action(
        threshold=threshold,
        share=float(np.mean(fresh <= threshold)) if threshold is not None else 0.0,
        certified_threshold=None if certified is None else lower_threshold(past, fresh, certified),
        certified_share=certified,
        cap=certificate.cap,
        amount_cap=certificate.amount_cap,
        rate=step.rate if step else None,
        bound=step.bound if step else None,
        amount_bound=step.amount_bound if step else None,
    )


def _costs(
    curve: pl.DataFrame, chosen: float | None, certified: float | None, rules: RiskRules
) -> Costs:
    at = _at(curve, chosen)
    reviews = float(at["reviews_a_day"][0])
    return Costs(
        chosen=float(at["cost"][0]),
        review_all=review_cost(rules),
        certified=float(_at(curve, certified)["cost"][0]),
        reviews_a_day=reviews,
        is_over_capacity=reviews > rules.max_reviews_a_day,
    )


def _at(curve: pl.DataFrame, share: float | None) -> pl.DataFrame:
    return curve.filter(pl.col("share") <= (share or 0.0) + 1e-9).tail(1)


def _a_day(judged: pl.DataFrame) -> float:
    latest = judged.filter(pl.col("block") == judged["block"].max())["requested_at"]
    first, last = latest.min(), latest.max()
    days = (last - first).total_seconds() / 86_400  # type: ignore[operator,union-attr]
    return len(latest) / max(days, 1.0)
