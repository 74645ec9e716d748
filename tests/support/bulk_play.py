"""A small shop on the fast path: its plan, its stretches, its frames with the lake's own types, its events."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.lake.recall import recall
from pipelines.lake.tables import tables
from service.domain.events import RecordedEvent
from service.domain.policy import Policy
from service.policies import default_policy
from simulator.bulk.play import BulkPlay
from simulator.bulk.stream import merged
from simulator.plan import DayPlan, Plan
from simulator.scenario import Scenario

MONDAY_US = 20_458 * 86_400_000_000  # 2026-01-05
Lives = Mapping[str, list[RecordedEvent]]


class _Noted(Plan):
    """A plan that keeps its days."""

    def day(self, day: int) -> DayPlan:
        planned = super().day(day)
        self.planned = [*getattr(self, "planned", []), planned]
        return planned


@dataclass
class Played:
    """What a play made. `frames` are the stretches put together."""

    plan: list[DayPlan]
    frames: Mapping[str, pl.DataFrame]
    truth: Mapping[str, pl.DataFrame]
    policy: Policy
    start_us: int
    days: int

    @cached_property
    def events(self) -> list[RecordedEvent]:
        return recall(self.frames)

    @cached_property
    def returns(self) -> Lives:
        """The events of each return by RMA, in the log's order."""
        rmas = set(self.frames["return_requested"]["rma"]) | set(
            self.frames["return_withdrawn"]["rma"]
        )
        found: dict[str, list[RecordedEvent]] = {rma: [] for rma in rmas}
        for event in self.events:
            if event.subject in found:
                found[event.subject].append(event)
        return found

    def refund_on(self) -> Mapping[str, str]:
        """By RMA, what sets its refund off."""
        told = [
            self.frames[name].select("rma", "refund_on")
            for name in ("return_withdrawn", "return_assessed")
        ]
        return dict(pl.concat(told).iter_rows())

    def requested(self) -> pl.DataFrame:
        """The plan's applications that are made before the play ends."""
        requests = pl.concat([day.requests for day in self.plan])
        return requests.filter(pl.col("requested_us") < self.days * 86_400_000_000)


def play(
    *,
    days: int,
    orders_per_day: float,
    seed: int = 7,
    scenario: Scenario | None = None,
    policy: Policy | None = None,
    zone: str = "UTC",
) -> Played:
    rules = policy or default_policy()
    plan = _Noted(scenario or Scenario(), seed, days, orders_per_day)
    stretches = list(BulkPlay(plan, rules, ZoneInfo(zone), MONDAY_US))
    return Played(
        plan.planned,
        in_lake_types(merged(each.frames for each in stretches)),
        merged(each.truth for each in stretches),
        rules,
        MONDAY_US,
        days,
    )


def in_lake_types(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Frames with exactly the columns of the lake's tables, as their types."""
    return {
        name: frame.select(
            pl.col(column).cast(kind) for column, kind in tables()[name].polars_schema.items()
        )
        for name, frame in frames.items()
    }
