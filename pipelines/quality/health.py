"""The marts that tell how the pipeline fares: what its checks found, and which events it could not take in."""

import re
from collections.abc import Iterable

import polars as pl

from pipelines.lake.envelope import YEAR_1_US, YEAR_10000_US
from pipelines.lake.quarantine import Quarantined
from pipelines.quality.history import History
from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.lake_views import digest
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse

DATA_QUALITY_RELATION = "marts.data_quality"
QUARANTINE_RELATION = "marts.quarantine"
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
    return _keep(warehouse, model, history.load())


def build_quarantine(
    warehouse: Warehouse, model: SqlModel, quarantined: Iterable[Quarantined]
) -> Built:
    """Keep in the warehouse which events were set aside. Nothing that their content says is among it."""
    rows = [
        (each.seq, _type(each.type), each.kind, each.fault or each.reason, _recorded_us(each))
        for each in quarantined
    ]
    frame = pl.DataFrame(rows, schema=_QUARANTINE, orient="row")
    return _keep(warehouse, model, frame.cast({"recorded_at": pl.Datetime("us")}))


def _keep(warehouse: Warehouse, model: SqlModel, rows: pl.DataFrame) -> Built:
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
