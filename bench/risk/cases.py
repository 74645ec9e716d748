"""The practice shops that the risk model is judged on, and their applications as the product's training frame has them.

A case is a scenario and a share of abuse. Each of its shops is played once and lends its applications to several replays:
which of them were inspected is drawn anew each time, and so what the product knows.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.risk.shops import INSPECTED_US, shop_of
from models.risk.features import NAMES
from models.risk.rules import RiskRules
from pipelines.risk.frame import rules_of
from service.domain.policy import Policy
from service.policies import default_policy
from simulator.reading import scenario_named
from simulator.scenario import Scenario

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
OPENED = datetime(2026, 1, 1, tzinfo=UTC)
CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of shop: a scenario of ours, with another share of abusive returns where `share` says one."""

    name: str
    scenario: str
    share: float | None = None


CASES = (
    Case("usual, 3 % abuse", "usual", 0.03),
    Case("usual, 9 % abuse", "usual"),
    Case("usual, 15 % abuse", "usual", 0.15),
    Case("calm", "calm"),
    Case("rough", "rough"),
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is played: `before_days` of which nobody kept what inspections found, `learning_days` that labels come
    from, then `later_days` on which the model is judged.
    """

    before_days: int = 450
    learning_days: int = 240
    later_days: int = 90
    orders_per_day: float = 1100.0

    @property
    def opens(self) -> datetime:
        """From when on labels are kept."""
        return OPENED + timedelta(days=self.before_days)

    @property
    def as_of(self) -> datetime:
        """When the model is trained."""
        return self.opens + timedelta(days=self.learning_days)

    @property
    def days(self) -> int:
        """The whole play."""
        return self.before_days + self.learning_days + self.later_days


def scenario_of(case: Case) -> Scenario:
    """The scenario of a case."""
    scenario = scenario_named(case.scenario)
    if case.share is None:
        return scenario
    abuse = scenario.abuse.model_copy(update={"share": case.share})
    return scenario.model_copy(update={"abuse": abuse})


def risk_rules(policy: Policy | None = None) -> RiskRules:
    """The risk section of a policy, the built-in one where none is given; money is euro cents."""
    return rules_of(policy or default_policy(), CURRENCY)


def played(scenario: Scenario, seed: int, days: int, orders_per_day: float) -> pl.DataFrame:
    """The applications of a shop in order of time: `rma, requested_at`, the features, `is_eligible` (the default policy's
    rules pass it), and what only the play knows: `is_abusive, posterior, found_full, found_basic, comes`.
    """
    requested = pl.lit(OPENED).dt.cast_time_unit("us") + pl.duration(
        microseconds="requested_us", time_unit="us"
    )
    return shop_of(scenario, seed, days, orders_per_day).frame.select(
        "rma",
        requested.alias("requested_at"),
        *(pl.col(name).cast(pl.Float64) for name in NAMES),
        _passes_rules(default_policy()).alias("is_eligible"),
        *("is_abusive", "posterior", "found_full", "found_basic", "comes"),
    )


def with_labels(applications: pl.DataFrame, inspected: Flags, weight: Floats) -> pl.DataFrame:
    """The training frame in which these applications (n,) were inspected in full, each standing for `weight` (n,) ones, and
    all others as usual.

    Goods that never come cannot be inspected. The label is what the inspection finds, which is not always the truth.
    """
    comes = applications["comes"]
    known, hinted = pl.Series(inspected) & comes, ~pl.Series(inspected) & comes
    told = pl.col("requested_at") + timedelta(microseconds=INSPECTED_US)
    return applications.with_columns(
        label=pl.when(known).then(pl.col("found_full").cast(pl.Int8)),
        labelled_at=pl.when(known).then(told),
        finding=pl.when(hinted).then(pl.col("found_basic").cast(pl.Int8)),
        found_at=pl.when(hinted).then(told),
        weight=pl.Series(weight),
        certifying_weight=pl.Series(weight),
    )


def features_of(applications: pl.DataFrame) -> Floats:
    """The features (n, F) with NaN for unknown."""
    return np.ascontiguousarray(applications.select(pl.col(NAMES).fill_null(np.nan)).to_numpy())


def _passes_rules(policy: Policy) -> pl.Expr:
    """What the policy's rules on value and history let pass, as far as the features tell it."""
    history = policy.rules.history
    return (
        (pl.col("value") <= policy.rules.value.auto_up_to_minor[CURRENCY])
        & (pl.col("returns_quarter").fill_null(0) < history.max_returns)
        & (pl.col("returns_bad").fill_null(0) <= history.max_failed_inspections)
    )
