"""The intervals around satisfaction are Wilson's: those that R. G. Newcombe published in 1998 for the same counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from small_shop import append

from pipelines.steps import SQL_DIR, build, take_in
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.settings import Settings
from service.domain.events import Actor, Event, Payload, SurveyAnswered, SurveySent
from service.platform.clock import to_us
from service.platform.ids import derived_event_id

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
PUBLISHED = (  # Statistics in Medicine 17, the score method: so many, of so many; the interval
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
)


def asked(number: int, at: datetime, csat: int) -> list[Event]:
    """A return's survey and its answer."""
    rma = f"R-{at:%m%d}-{number}"
    said: list[Payload] = [
        SurveySent(rma=rma),
        SurveyAnswered(rma=rma, csat=csat, tags=[], text_ref=None),
    ]
    return [
        Event(
            derived_event_id(to_us(at), "test", rma, each.type),
            "test",
            rma,
            at,
            each,
            Actor("system"),
        )
        for each in said
    ]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """A day for each published case: of so many answers so many were the best, the others the worst."""
    path = tmp_path_factory.mktemp("shop")
    settings = Settings(var_dir=path / "var", warehouse=path / "warehouse.duckdb")
    retour = open_retour(settings)
    for place, (best, count, _, _) in enumerate(PUBLISHED):
        day = START + timedelta(days=place)
        answers = [asked(each, day, 5 if each < best else 1) for each in range(count)]
        append(retour, [event for answer in answers for event in answer])
    with Warehouse.of(settings) as warehouse:
        take_in(settings, retour, warehouse)
        build(warehouse, retour, load_models(SQL_DIR))
        return warehouse.query("select * from marts.satisfaction_daily order by day").to_dicts()


@pytest.mark.parametrize("place", range(len(PUBLISHED)))
def test_they_are_the_published_ones(place: int, days: list[dict[str, Any]]) -> None:
    best, count, low, high = PUBLISHED[place]
    row = days[place]

    assert (row["answered"], row["satisfied"]) == (count, best)
    assert (row["satisfied_low"], row["satisfied_high"]) == pytest.approx((low, high), abs=0.00005)
    assert (row["csat_low"], row["csat_high"]) == pytest.approx(
        (1 + 4 * low, 1 + 4 * high), abs=0.0002
    )
