"""Parity over many decisions: does the warehouse compute, bit for bit, every vector that the service logged with an assessment?

`python -m bench.parity [--decisions 100000] [--shops 4] [--at-once 1] [--played]`. Each shop has a seed and a database of its
own. Its events are those of the simulator's fast path, appended to the service's log in order; at each application the
service's own features are asked, at that moment and for that moment's log, and their answer is what the assessment logs. More
comes back in it than usual, so that fewer orders are needed for as many assessments. `--played` plays the usual shop through
the service's commands instead, ten times slower. Every few weeks categories are profiled as the job `train` does it. Then the
pipeline takes the log in and compares every assessment, as each refresh does.
Not part of `make bench`: it takes long.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bench.figures import Figure, print_figures
from pipelines.lake.recall import recall
from pipelines.risk.profiling import conclude_profiles
from pipelines.risk.seen import PARITY_RELATION, parity
from pipelines.steps import SQL_DIR, build, take_in
from pipelines.warehouse.models import SqlModel, load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_database, open_retour, policy_in_force, shop_zone
from retour.settings import Settings
from retour.simulate import Theatre
from service.application import Retour
from service.domain.events import RecordedEvent, ReturnAssessed, ReturnRequested
from service.domain.risk import Application, Assessment, RulesOnly, feature_vector
from service.platform import log
from service.platform.clock import from_us, to_us
from service.returns.features import Vector, vector
from simulator.bulk.play import BulkPlay
from simulator.plan import Plan
from simulator.scenario import Returns, Scenario
from simulator.truth import Truth

FACTS_RELATION = "intermediate.risk_facts"
_START, _DAYS = datetime(2025, 6, 2, tzinfo=UTC), 730
_ORDERS_PER_DAY, _PLAYED_ORDERS_PER_DAY = 200.0, 100.0
_MUCH_RETURNED = Scenario(returns=Returns(rate_factor=3.0, withdrawal_share=0.05))
_FIRST_SEED, _PROFILED_EVERY = 101, 28
Fill = Callable[[Settings, int, int], None]  # settings, seed, decisions at least


@dataclass(frozen=True, slots=True)
class Compared:
    """One shop: its log, what was compared in it, and the CPU seconds of filling the log and of the pipeline."""

    seed: int
    events: int
    assessments: int
    fields: int
    differing: int
    missing: int
    first: str | None
    filling_seconds: float
    pipeline_seconds: float


class _Counted(RulesOnly):
    """The rules decide; how often they did."""

    def __init__(self) -> None:
        self.decisions = 0

    def assess(self, application: Application) -> Assessment:
        self.decisions += 1
        return super().assess(application)


def run(decisions: int, shops: int, at_once: int, fill: Fill) -> list[Compared]:
    """Fill the logs of so many shops, so many at once, until each has its share of the decisions; compare every one of them."""
    share, seeds = ceil(decisions / shops), range(_FIRST_SEED, _FIRST_SEED + shops)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(at_once, mp_context=spawn) as pool:
        running = [pool.submit(compare, seed, share, fill) for seed in seeds]
        return [_said(each.result()) for each in running]


def compare(seed: int, decisions: int, fill: Fill) -> Compared:
    """Fill a shop's log to so many decisions at least, and compare what was logged with what the warehouse computes."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            var_dir=Path(folder) / "var",
            warehouse=Path(folder) / "warehouse.duckdb",
            timezone="Europe/Berlin",
        )
        began = time.process_time()
        fill(settings, seed, decisions)
        filled = time.process_time()
        with _opened(settings) as retour, Warehouse.of(settings) as warehouse:
            take_in(settings, retour, warehouse)
            build(warehouse, retour, _needed(PARITY_RELATION))
            found, events = parity(warehouse), retour.log_head()
        return Compared(
            seed,
            events,
            found.assessments,
            found.fields,
            found.differing,
            found.missing,
            found.first,
            filled - began,
            time.process_time() - filled,
        )


def tell(settings: Settings, seed: int, decisions: int) -> None:
    """Append the events of the fast path, with the features that the service sees at each application."""
    db = open_database(settings, durable=False)
    plan, policy = Plan(_MUCH_RETURNED, seed, _DAYS, _ORDERS_PER_DAY), policy_in_force(settings)
    zone, done = shop_zone(settings, db), 0
    for stretch in BulkPlay(plan, policy, zone, to_us(_START)):
        with db.write() as connection:
            done += _tell(connection, recall(stretch.frames), zone)
        _say(f"shop {seed}: {done:,} of {decisions:,} decisions")
        if done >= decisions:
            break
        _profile(settings)
    db.dispose()


def _tell(connection: Connection, events: Sequence[RecordedEvent], zone: ZoneInfo) -> int:
    """How many of them were assessments. What an application sees is asked before it is itself in the log, as a command asks it."""
    waiting: list[RecordedEvent] = []
    looks: dict[str, Vector] = {}
    for event in events:
        if event.type == ReturnRequested.type:
            log.append_rows(connection, waiting, may_be_known=False)
            waiting = []
            looks[event.subject] = _look(connection, event, zone)
        is_assessed = event.type == ReturnAssessed.type
        waiting.append(_assessed(event, looks[event.subject]) if is_assessed else event)
    log.append_rows(connection, waiting, may_be_known=False)
    return sum(event.type == ReturnAssessed.type for event in events)


def _look(connection: Connection, event: RecordedEvent, zone: ZoneInfo) -> Vector:
    said = ReturnRequested.model_validate_json(event.data)
    now, order, until_us = (
        from_us(event.recorded_at_us),
        said.order_id or "",
        said.returnable_until_us,
    )
    until = None if until_us is None else from_us(until_us)
    return vector(connection, said.rma, said.customer_key, order, said.lines, until, now, zone)


def _assessed(event: RecordedEvent, looks: Vector) -> RecordedEvent:
    said = ReturnAssessed.model_validate_json(event.data)
    seen = {"as_of_seq": looks.as_of_seq, "features": feature_vector(looks.features)}
    return replace(event, data=said.model_copy(update=seen).model_dump_json())


def play(settings: Settings, seed: int, decisions: int) -> None:
    """Play the shop through the service's commands."""
    risk = _Counted()
    theatre = Theatre(settings, risk)
    theatre.set(_START, seed)
    plan = Plan(Scenario(), seed, _DAYS, _PLAYED_ORDERS_PER_DAY)
    acts = theatre.begin(plan, Truth(settings.var_dir / "truth"))
    for day in range(_DAYS):
        with theatre.stretch(acts, day, writes_letters=False) as (retour, worker):
            acts.day(day, retour, worker)
        if risk.decisions >= decisions:
            break
        if day % _PROFILED_EVERY == 0:
            _say(f"shop {seed}: day {day}, {risk.decisions:,} of {decisions:,} decisions")
            _profile(settings)
    theatre.db.dispose()


def _profile(settings: Settings) -> None:
    """Conclude what each category is like by now."""
    with _opened(settings) as retour, Warehouse.of(settings) as warehouse:
        take_in(settings, retour, warehouse)
        build(warehouse, retour, _needed(FACTS_RELATION))
        conclude_profiles(warehouse, retour)


def _needed(relation: str) -> list[SqlModel]:
    """The relation and all that it is made from, each after those it reads."""
    models = load_models(SQL_DIR)
    named = {each.relation: each for each in models}
    wanted, open_ = set(), [relation]
    while open_:
        name = open_.pop()
        if name in named and name not in wanted:
            wanted.add(name)
            open_ += named[name].deps
    return [each for each in models if each.relation in wanted]


@contextmanager
def _opened(settings: Settings) -> Iterator[Retour]:
    retour = open_retour(settings)
    try:
        yield retour
    finally:
        retour.context.db.dispose()


def _said(found: Compared) -> Compared:
    _say(f"{found}")
    return found


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def figures(found: Sequence[Compared]) -> list[Figure]:
    """What was compared in all, and what it took."""
    assessments = sum(each.assessments for each in found)
    filling = sum(each.filling_seconds for each in found)
    return [
        Figure("shops", len(found), ""),
        Figure("events", sum(each.events for each in found), ""),
        Figure("assessments compared", assessments, "", "≥ 100,000"),
        Figure("fields compared", sum(each.fields for each in found), ""),
        Figure(
            "assessments with a differing field", sum(each.differing for each in found), "", "0"
        ),
        Figure("assessments not compared", sum(each.missing for each in found), "", "0"),
        Figure("filling the logs, CPU", filling, "s"),
        Figure("decisions a CPU second", assessments / filling, "1/s"),
        Figure("pipeline, CPU", sum(each.pipeline_seconds for each in found), "s"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--decisions", type=int, default=100_000)
    parser.add_argument("--shops", type=int, default=4)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--played", action="store_true")
    asked = parser.parse_args()
    found = run(asked.decisions, asked.shops, asked.at_once, play if asked.played else tell)
    print_figures(__doc__ or "", figures(found))
    for each in found:
        if each.first:
            print(f"shop {each.seed}: the first that differs is {each.first}")
    sys.exit(any(each.differing or each.missing for each in found))


if __name__ == "__main__":
    main()
