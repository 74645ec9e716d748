"""What an assessment saw can be seen again: the warehouse computes every logged vector from the lake, and finds no other number."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from real_postgres import postgres_server
from small_practice import SMALL, settings_in

from models.risk.features import NAMES
from models.risk.profiles import profiles
from pipelines.steps import SQL_DIR, take_in
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.settings import Settings
from retour.simulate import Theatre
from service.application import Retour
from service.domain.events import Actor, CategoryProfiled, Event
from simulator.plan import Plan
from simulator.play.play import Play
from simulator.truth import Truth

START, DAYS, PROFILED = datetime(2026, 3, 2, tzinfo=UTC), 60, (20, 40)
FACTS = {f"intermediate.risk_{name}" for name in ("facts", "requests", "request_lines")}


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    plain = settings_in(tmp_path).model_copy(update={"timezone": "Europe/Berlin"})
    if request.param == "sqlite":
        yield plain
        return
    with postgres_server() as address:
        yield plain.model_copy(update={"database_url": address})


@pytest.mark.slow
def test_every_logged_vector_is_computed_again_from_the_lake(settings: Settings) -> None:
    theatre = Theatre(settings)
    theatre.set(START, 5)
    play = theatre.begin(Plan(SMALL, 5, DAYS, 14.0), Truth(settings.var_dir / "truth"))
    for day in range(DAYS):
        with theatre.stretch(play, day, writes_letters=False) as (retour, worker):
            play.day(day, retour, worker)
        if day in PROFILED:
            profile_categories(settings, play)
    theatre.db.dispose()

    seen, computed = vectors(settings)

    both = seen.join(computed, on=["rma", "name"], how="left")
    differing = both.filter(~pl.col("value").eq_missing(pl.col("again")))
    assert differing.is_empty(), differing
    assert set(seen["name"]) >= set(NAMES)
    assert seen["rma"].n_unique() > 100
    told = both.drop_nulls("value").group_by("name").agg(pl.col("value").n_unique())
    constant = set(told.filter(pl.col("value") == 1)["name"]) | set(NAMES) - set(told["name"])
    seldom = {"declines", "claims", "returns_good_full", "linked_bad", "linked_claims"}
    assert constant <= {"same_phone", "same_payment"} | seldom


def vectors(settings: Settings) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(`rma`, `name`, `value` as logged; `rma`, `name`, `again` as computed)."""
    with Warehouse.of(settings) as warehouse, opened(settings) as retour:
        take_in(settings, retour, warehouse)
        for model in load_models(SQL_DIR):
            is_of_vectors = model.relation in FACTS or model.schema == "features"
            if is_of_vectors and not model.is_python:
                warehouse.build(model)
        again = warehouse.query("select * from features.risk_vectors")
        logged = warehouse.query(
            "select subject as rma, name, value from lake.return_assessed_features"
        )
    seen = logged.filter(pl.col("name").is_in(NAMES))
    return seen, again.unpivot(index="rma", variable_name="name", value_name="again")


def profile_categories(settings: Settings, play: Play) -> None:
    """Conclude what each category is like, as the pipeline does each week."""
    with Warehouse.of(settings) as warehouse, opened(settings) as retour:
        take_in(settings, retour, warehouse)
        for model in load_models(SQL_DIR):
            if model.relation == "intermediate.risk_facts":
                warehouse.build(model)
        facts = warehouse.query("select * from intermediate.risk_facts")
        head = retour.log_head()
        retour.conclusions.append(
            [
                Event(
                    id=f"profile-{head}-{row['category']}",
                    source="retour/pipeline",
                    subject=row["category"],
                    time=play.stage.clock.now(),
                    data=CategoryProfiled(
                        **{name: row[name] for name in row if name != "price"},
                        price_minor=row["price"],
                    ),
                    actor=Actor("pipeline"),
                )
                for row in profiles(facts, [head]).iter_rows(named=True)
            ]
        )


@contextmanager
def opened(settings: Settings) -> Iterator[Retour]:
    retour = open_retour(settings)
    try:
        yield retour
    finally:
        retour.context.db.dispose()
