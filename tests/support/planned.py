"""The days of a plan in one piece, so that a test can ask questions of them."""

from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl

from simulator.evidence import Evidence
from simulator.plan import DayPlan, Plan
from simulator.scenario import Abuse, Faults, Scenario

HONEST = Scenario(abuse=Abuse(share=0.0))
UNDISTURBED = Faults(
    faulty_share=0.0, always_high_share=0.0, launched_share=0.0, shocks_a_year=0, shock_factor=1.0
)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, its days, and their frames one under the other."""

    plan: Plan
    days: list[DayPlan]
    orders: pl.DataFrame
    lines: pl.DataFrame
    requests: pl.DataFrame
    request_lines: pl.DataFrame
    claims: pl.DataFrame

    def sold(self) -> pl.DataFrame:
        """Every line that reached somebody, with its day and kind of customer, and whether it `came_back`."""
        returned = self.request_lines.select(
            "order", "reason", "cause", "is_abused", line_no="order_line_no", came_back=True
        )
        day = pl.concat([each.orders.select("order", day=each.day) for each in self.days])
        orders = self.orders.filter(pl.col("delivered_us") >= 0).join(day, on="order")
        category = pl.Series(self.plan.world.goods.category).gather(self.lines["product"])
        return (
            self.lines.with_columns(category=category)
            .join(orders.select("order", "day", "kind", "brackets"), on="order")
            .join(returned, on=["order", "line_no"], how="left")
            .with_columns(pl.col("came_back").fill_null(value=False))
        )


def planned(
    scenario: Scenario,
    *,
    seed: int = 1,
    days: int = 60,
    orders_per_day: float = 200,
    with_evidence: bool = False,
) -> Planned:
    """Plan all days of a practice shop."""
    plan = Plan(scenario, seed, days, orders_per_day, with_evidence=with_evidence)
    return in_one_piece(plan, list(plan))


def in_one_piece(plan: Plan, days: list[DayPlan]) -> Planned:
    """These days of a plan."""
    frames = ("orders", "lines", "requests", "request_lines", "claims")
    return Planned(
        plan, days, *(pl.concat([getattr(day, name) for day in days]) for name in frames)
    )


def forgetting(days: list[DayPlan], moment_us: int) -> list[DayPlan]:
    """These days as they look to somebody who does not know what happens after a moment."""
    return [_known(day, moment_us) for day in days if day.orders["placed_us"].min() <= moment_us]


def _known(day: DayPlan, moment_us: int) -> DayPlan:
    assert day.evidence is not None
    is_known = day.requests["requested_us"] <= moment_us
    rows = is_known.to_numpy()
    of_requests = {
        each.name: getattr(day.evidence, each.name)[rows]
        for each in fields(Evidence)
        if each.name not in ("orders", "silence")
    }
    requests = day.requests.filter(is_known)
    return replace(
        day,
        requests=requests,
        request_lines=day.request_lines.join(requests.select("request"), on="request", how="semi"),
        claims=day.claims.filter(pl.col("claimed_us") <= moment_us),
        evidence=replace(day.evidence, **of_requests),
    )


def within(count: float, expected: float, *, spread: float = 1.0, errors: float = 4.0) -> bool:
    """Whether a count lies within so many sampling errors of what is expected (`spread` times a Poisson's)."""
    return abs(count - expected) <= errors * spread * float(np.sqrt(max(expected, 1.0)))
