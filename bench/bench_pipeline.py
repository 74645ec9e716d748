"""The pipeline's SQL work on the real shop's lake, against one scan-and-group by return of the same Parquet."""

import io
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median

import duckdb

from bench.figures import Figure, print_figures
from models.products.detector import Detector
from pipelines.lake.manifest import Manifest
from pipelines.products import (
    EVIDENCE_RELATION,
    EXPECTED_RELATION,
    FLAGS_RELATION,
    build_evidence,
    build_flags,
)
from pipelines.steps import SQL_DIR, take_in
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.importers.run import import_online_retail
from retour.settings import Settings
from service.application import Retour

_REAL = Path(__file__).parents[2] / "shared" / "data" / "online_retail.parquet"
_RUNS = 5


def run() -> list[Figure]:
    """Import the real shop once; then medians of several rebuilds, idle refreshes and scans."""
    if not _REAL.exists():
        return [Figure(f"no file {_REAL.name} in ../shared/data", float("nan"), "")]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var_dir=Path(folder) / "var", warehouse=Path(folder) / "w.duckdb")
        retour = open_retour(settings)
        with redirect_stdout(io.StringIO()):
            import_online_retail(settings, _REAL)
        with Warehouse.of(settings) as warehouse:
            drained = _seconds(lambda: take_in(settings, retour, warehouse))
            events = Manifest.load(settings.lake_dir).through_seq
        rebuild, sql_alone = zip(*(_rebuild(settings, retour) for _ in range(_RUNS)), strict=True)
        with Warehouse.of(settings) as warehouse:
            idle = [_seconds(lambda: _build(warehouse, retour)) for _ in range(_RUNS)]
        scan = median(_scan(Manifest.load(settings.lake_dir)) for _ in range(_RUNS))
    return [
        Figure("ingest: events per second, checks included", events / drained, "1/s"),
        Figure("scan-and-group by return (baseline)", scan * 1000, "ms"),
        Figure("full rebuild, SQL", median(sql_alone) * 1000, "ms"),
        Figure("full rebuild, SQL ÷ scan-and-group", median(sql_alone) / scan, "×", "≤ 10 ×"),
        Figure("full rebuild with the detector", median(rebuild) * 1000, "ms"),
        Figure(
            "refresh with nothing new ÷ full rebuild's SQL",
            100 * median(idle) / median(sql_alone),
            "%",
            "≤ 10 %",
        ),
    ]


def _rebuild(settings: Settings, retour: Retour) -> tuple[float, float]:
    """Seconds of a build from nothing, and of its SQL relations alone."""
    settings.warehouse.unlink(missing_ok=True)
    with Warehouse.of(settings) as warehouse:
        sql: list[float] = []
        return _seconds(lambda: sql.append(_build(warehouse, retour))), sum(sql)


def _build(warehouse: Warehouse, retour: Retour) -> float:
    """Build what is not as it should be, in order; the seconds that SQL relations took."""
    models = load_models(SQL_DIR)
    by_name = {model.relation: model for model in models}
    detector, seconds = Detector(), 0.0
    for model in models:
        if model.relation == EVIDENCE_RELATION:
            build_evidence(warehouse, model, by_name[EXPECTED_RELATION], detector)
        elif model.relation == FLAGS_RELATION:
            build_flags(warehouse, model, retour, detector)
        elif not model.is_python:
            seconds += _seconds(lambda model=model: warehouse.build(model))  # type: ignore[misc]
    return seconds


def _scan(manifest: Manifest) -> float:
    paths = [str(path) for path in manifest.files("order_placed_lines")]
    returned = [str(path) for path in manifest.files("return_requested_lines")]
    with duckdb.connect(config={"threads": 2}) as connection:
        return _seconds(
            lambda: connection.execute(
                """select subject, count(*), sum(quantity), min(time)
                   from (select subject, quantity, time from read_parquet($returned)
                         union all select subject, quantity, time from read_parquet($paths))
                   group by subject""",
                {"paths": paths, "returned": returned},
            ).fetchall()
        )


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    print_figures(__doc__ or "", run())
