"""What is told of events that were not taken in, and of facts that do not fit: all of it but what they contain."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_shop import a_return, append, small_shop
from without_dagster import run_steps

from pipelines.lake.decode import decode
from pipelines.lake.quarantine import Quarantined
from pipelines.publish.manifest import Publication
from pipelines.quality.health import QUARANTINE_RELATION, build_quarantine
from pipelines.steps import relations
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.domain import events as e
from service.platform.clock import to_us
from service.platform.ids import derived_event_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAY = datetime(2024, 5, 1, 9, tzinfo=UTC)
SECRET = "Ada Lovelace, ada@example.org"

Record = Callable[..., e.RecordedEvent]


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    with Warehouse.of(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse that many examples share."""
    folder = tmp_path_factory.mktemp("health")
    own = Settings(var_dir=folder / "var", warehouse=folder / "warehouse.duckdb")
    with Warehouse.of(own) as opened:
        yield opened


def told(warehouse: Warehouse, *quarantined: Quarantined) -> list[dict[str, object]]:
    """The mart of these events."""
    model = next(each for each in relations() if each.relation == QUARANTINE_RELATION)
    build_quarantine(warehouse, model, quarantined)
    return warehouse.query(f"select * from {QUARANTINE_RELATION} order by seq").to_dicts()


class TestQuarantine:
    def test_an_event_is_told_with_its_reason_and_hour(self, warehouse: Warehouse) -> None:
        hour = to_us(MAY)
        event = Quarantined(7, "failed_check", "x must be 1", type="a.b", recorded_at_us=hour)
        assert told(warehouse, event) == [
            {
                "seq": 7,
                "type": "a.b",
                "kind": "failed_check",
                "reason": "x must be 1",
                "recorded_at": MAY.replace(tzinfo=None),
            }
        ]

    def test_nothing_that_a_bad_event_contains_is_told(
        self, warehouse: Warehouse, record: Record
    ) -> None:
        closed = e.ReturnClosed(rma="R1")
        bad = [
            record(1, closed, data=f'{{"rma": ["{SECRET}"]}}'),
            record(2, closed, data=f'{{"rma": "R1", "{SECRET}": 1}}'),
            record(3, closed, data=f'{{"rma": "{SECRET}'),
            record(4, closed, type=SECRET),
            record(5, closed, time_us=SECRET),
            record(6, closed, recorded_at_us=SECRET),
            record(7, closed, subject=SECRET.encode()),
            record(8, closed, schema_version=9),
            record(9, closed, id=record(8, closed).id),
            record(10, closed, time_us=10**18),
        ]
        rows = told(warehouse, *decode(bad, 0).rejected)
        assert [row["seq"] for row in rows] == list(range(1, 11))
        assert "Ada" not in str(rows)
        assert [row["reason"] for row in rows][:2] == [
            "rma: Input should be a valid string",
            "payload: Extra inputs are not permitted",
        ]
        assert [row["type"] for row in rows] == ["return.closed"] * 3 + [None] + [
            "return.closed"
        ] * 6
        assert rows[5]["recorded_at"] is None

    @given(
        type_=st.none() | st.text() | st.binary(),
        recorded=st.none() | st.integers() | st.text() | st.floats() | st.booleans(),
    )
    def test_whatever_stands_in_an_envelope_the_mart_is_made(
        self, made: Warehouse, type_: object, recorded: object
    ) -> None:
        event = Quarantined(1, "malformed_envelope", "…", type=type_, recorded_at_us=recorded)  # type: ignore[arg-type]
        assert len(told(made, event)) == 1


def an_event(payload: e.Payload, moment: datetime, subject: str) -> e.Event:
    return e.Event(
        id=derived_event_id(to_us(moment), payload.type, subject),
        source="tests/health",
        subject=subject,
        time=moment,
        data=payload,
        actor=e.Actor("shop"),
    )


def warnings(settings: Settings) -> dict[tuple[str, str], str]:
    """The rules that are broken, with what is shown of the rows."""
    publication = Publication.load(settings.health_dir)
    assert publication
    files = publication.marts["data_quality"].files
    rows = pl.concat(pl.read_parquet(settings.health_dir / file.path) for file in files)
    broken = rows.filter(~pl.col("passed"))
    assert set(broken["severity"]) <= {"warning"}
    return {
        (row["table_name"], row["expectation"]): row["sample"]
        for row in broken.iter_rows(named=True)
    }


class TestFactsThatDoNotFit:
    def test_are_taken_in_and_told_as_warnings_and_figures_are_published(
        self, settings: Settings
    ) -> None:
        retour = small_shop(settings, days=10)
        unknown = e.LineInspected(
            rma="R-unknown", line_no=1, quantity=1, outcome="passed", grade="A", inspection_depth="basic"
        )  # fmt: skip
        lines = [e.UnitsOfLine(line_no=1, quantity=1)]
        early = a_return("-early", "SKU-01", MAY)
        stray = a_return("-stray", "SKU-02", MAY)
        stray = replace(stray, data=stray.data.model_copy(update={"order_id": "never-placed"}))
        append(
            retour,
            [
                an_event(unknown, MAY, "R-unknown"),
                early,
                an_event(e.ReturnReceived(rma="R-early", lines=lines), MAY - timedelta(days=2), "R-early"),
                stray,
            ],
        )  # fmt: skip
        head = retour.log_head()  # what the run concludes itself comes later
        run_steps(settings, retour, NOW)

        found = warnings(settings)
        assert found["intermediate.return_goods", "rma_is_known"] == "rma=R-unknown"
        assert found["staging.returns", "order_id_is_known"] == "order_id=never-placed"
        assert (
            found["marts.return_lifecycle", "inspected_at_not_before_requested_at"] == "rma=R-early"
        )
        assert found["intermediate.return_moves", "begins_with_its_application"].count("seq=") == 2
        publication = Publication.load(settings.published_dir)
        assert publication
        assert publication.through_seq == head
