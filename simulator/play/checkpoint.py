"""Where a play stands, on disk: so that a practice shop that was stopped goes on living where it stopped."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from service.domain.events import SkuAction
from simulator.cures import cure
from simulator.plan import Plan
from simulator.play.agenda import Agenda, Item
from simulator.play.play import Play
from simulator.play.stage import Life
from simulator.scenario import Scenario

_NAMES = "play-{:012}.json"
_KEPT = 2  # the last may be of a transaction that was never committed
_OF_STAGE = (
    "lives",
    "planned",
    "orders",
    "cases",
    "parcels",
    "payments",
    "tried",
    "unread",
    "applied_for",
    "false_claims",
    "cures",
)


class Checkpoint(BaseModel):
    """Everything that a play cannot know from its scenario and the log. `position`: it saw the log up to here."""

    model_config = ConfigDict(frozen=True)

    scenario: Scenario
    seed: int
    days: int
    orders_per_day: float
    start_us: int
    now_us: int
    next_day: int
    position: int
    caution: float
    made: tuple[int, int, int, int]
    pool: Mapping[str, list[int]]
    items: list[Item]
    planned_items: int
    refused: Mapping[str, int]
    lives: dict[str, Life]
    planned: dict[int, Life]
    orders: dict[int, Any]
    cases: dict[str, str]
    parcels: dict[str, str]
    payments: dict[str, float]
    tried: list[bool]
    unread: str
    applied_for: int
    false_claims: set[str]
    cures: list[tuple[str, SkuAction, int]] = []


def checkpoint_of(play: Play, next_day: int) -> Checkpoint:
    """Where a play stands."""
    stage, plan = play.stage, play.stage.plan
    arrays = {
        field.name: getattr(plan.pool, field.name).astype(np.int64).tolist()
        for field in dataclasses.fields(plan.pool)
        if field.name not in ("made", "ring_members")
    }
    return Checkpoint(
        scenario=plan.world.scenario,
        seed=plan.world.seed,
        days=plan.world.days,
        orders_per_day=plan.world.orders_per_day,
        start_us=stage.start_us,
        now_us=stage.now_us,
        next_day=next_day,
        position=play.position,
        caution=plan.world.caution,
        made=(plan.orders, plan.requests, plan.pool.made, plan.pool.ring_members),
        pool=arrays,
        items=stage.agenda.items,
        planned_items=stage.agenda.planned,
        refused=dict(stage.refused),
        **{name: getattr(stage, name) for name in _OF_STAGE},
    )


def go_on(kept: Checkpoint, play: Play) -> None:
    """Bring a play of the same scenario, seed and size to where it stood."""
    stage, plan = play.stage, play.stage.plan
    for name, numbers in kept.pool.items():
        old = getattr(plan.pool, name)
        setattr(plan.pool, name, np.array(numbers).astype(old.dtype))
    plan.orders, plan.requests, plan.pool.made, plan.pool.ring_members = kept.made
    plan.world.caution = kept.caution
    stage.agenda = Agenda(list(kept.items), kept.planned_items)
    stage.refused = Counter(kept.refused)
    for name in _OF_STAGE:
        setattr(stage, name, getattr(kept, name))
    for sku, action, day in stage.cures:
        cure(plan.world.goods, sku, action, day)
    play.position = kept.position


def plan_of(kept: Checkpoint) -> Plan:
    return Plan(kept.scenario, kept.seed, kept.days, kept.orders_per_day)


def write_checkpoint(folder: Path, kept: Checkpoint) -> None:
    """Write it beside the one before, atomically. Older ones go."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _NAMES.format(kept.position)
    draft = path.with_suffix(".draft")
    draft.write_text(kept.model_dump_json(), encoding="utf-8")
    draft.replace(path)
    for old in sorted(folder.glob(_NAMES.format(0).replace("0" * 12, "*")))[:-_KEPT]:
        old.unlink()


def read_checkpoint(folder: Path, head: int) -> Checkpoint | None:
    """The newest one that the log has reached; None where there is none that this version can read."""
    for path in sorted(folder.glob("play-*.json"), reverse=True):
        if int(path.stem.removeprefix("play-")) <= head:
            try:
                return Checkpoint.model_validate_json(path.read_bytes())
            except ValidationError:
                return None
    return None
