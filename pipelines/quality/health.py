"""The marts that tell how the pipeline fares: what its checks found, which events it could not take in, how runs went."""

import re
from collections.abc import Iterable

import polars as pl

from pipelines.lake.envelope import YEAR_1_US
from pipelines.lake.quarantine import Quarantined
from pipelines.quality.history import History
from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.lake_views import digest
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import BuildFailed, Warehouse
from service.domain.events import YEAR_10000_US

DATA_QUALITY_RELATION = "marts.data_quality"
QUARANTINE_RELATION = "marts.quarantine"
RUNS_RELATION = "marts.pipeline_runs"
RUNS = pl.Schema(
    {
        "run_id": pl.String(),
        "job": pl.String(),
        "status": pl.String(),
        "started_at": pl.Datetime("us"),
        "ended_at": pl.Datetime("us"),
        "seconds": pl.Float64(),
        "events": pl.Int64(),
        "through_seq": pl.Int64(),
        "failed_step": pl.String(),
        "message": pl.String(),
    }
)
_QUARANTINE = pl.Schema(
    {
        "seq": pl.Int64(),
        "type": pl.String(),
        "kind": pl.String(),
        "reason": pl.String(),
        "recorded_at": pl.Int64(),
    }
)
_TYPE = re.compile(r"[a-z0-9_.]{1,80}")


def build_data_quality(warehouse: Warehouse, model: SqlModel, history: History) -> Built:
    """Keep in the warehouse what the history of checks tells."""
    return keep(warehouse, model, history.load())


def build_quarantine(
    warehouse: Warehouse, model: SqlModel, quarantined: Iterable[Quarantined]
) -> Built:
    """Keep in the warehouse which events were set aside. Nothing that their content says is among it."""
    rows = [
        (each.seq, _type(each.type), each.kind, each.fault or each.reason, _recorded_us(each))
        for each in quarantined
    ]
    frame = pl.DataFrame(rows, schema=_QUARANTINE, orient="row")
    return keep(warehouse, model, frame.cast({"recorded_at": pl.Datetime("us")}))


def build_runs(warehouse: Warehouse, model: SqlModel, runs: pl.DataFrame | None = None) -> Built:
    """Keep in the warehouse how runs went, or what is known of them already."""
    return keep(warehouse, model, known_runs(warehouse) if runs is None else runs)


def known_runs(warehouse: Warehouse) -> pl.DataFrame:
    """How runs went, as it was kept last; no rows where it never was."""
    try:
        warehouse.standing(RUNS_RELATION)
    except BuildFailed:
        return RUNS.to_frame()
    return warehouse.query(f"select * from {RUNS_RELATION} order by started_at desc, run_id")


def keep(warehouse: Warehouse, model: SqlModel, rows: pl.DataFrame) -> Built:
    """Keep rows as a relation, unless it holds them already."""
    frame = rows.select(list(model.header.columns))
    content = frame.hash_rows().implode().hash().item() if frame.height else 0
    print_ = digest(model.relation, str(frame.schema), str(frame.height), str(content))
    return warehouse.current(model.relation, print_) or warehouse.replace(
        model.relation, frame, print_
    )


def _type(said: object) -> str | None:
    """An event's type, unless somebody wrote there what is none."""
    return said if isinstance(said, str) and _TYPE.fullmatch(said) else None


def _recorded_us(each: Quarantined) -> int | None:
    """When the log took it, unless somebody wrote there what is no moment."""
    recorded = each.recorded_at_us
    is_moment = isinstance(recorded, int) and YEAR_1_US <= recorded < YEAR_10000_US
    return recorded if is_moment else None
