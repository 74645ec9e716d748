"""The pipeline's SQL work on the real shop's lake, against one scan-and-group by return of the same Parquet."""

import io
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median

import duckdb

from bench.building import Build, processor_seconds, remove_warehouse, seconds, timed_build
from bench.figures import Figure, print_figures
from pipelines.lake.manifest import Manifest
from pipelines.steps import take_in
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
            drained = seconds(lambda: take_in(settings, retour, warehouse))
            events = Manifest.load(settings.lake_dir).through_seq
        rebuilds = [_rebuild(settings, retour) for _ in range(_RUNS)]
        idle = [timed_build(settings, retour).sql for _ in range(_RUNS)]
        sql = median(each.sql for each in rebuilds)
        scan = median(_scan(Manifest.load(settings.lake_dir)) for _ in range(_RUNS))
    return [
        Figure("ingest: events per second, checks included", events / drained, "1/s"),
        Figure("scan-and-group by return (baseline)", scan * 1000, "ms"),
        Figure("full rebuild, SQL", sql * 1000, "ms"),
        Figure("full rebuild, SQL ÷ scan-and-group", sql / scan, "×", "≤ 10 ×"),
        Figure(
            "full rebuild with the detector",
            median(sum(each.relations.values()) for each in rebuilds) * 1000,
            "ms",
        ),
        Figure(
            "refresh with nothing new ÷ full rebuild's SQL",
            100 * median(idle) / sql,
            "%",
            "≤ 10 %",
        ),
    ]


def _rebuild(settings: Settings, retour: Retour) -> Build:
    """A build from nothing."""
    remove_warehouse(settings)
    return timed_build(settings, retour)


def _scan(manifest: Manifest) -> float:
    paths = [str(path) for path in manifest.files("order_placed_lines")]
    returned = [str(path) for path in manifest.files("return_requested_lines")]
    with duckdb.connect(config={"threads": 2}) as connection:
        return processor_seconds(
            lambda: connection.execute(
                """select subject, count(*), sum(quantity), min(time)
                   from (select subject, quantity, time from read_parquet($returned)
                         union all select subject, quantity, time from read_parquet($paths))
                   group by subject""",
                {"paths": paths, "returned": returned},
            ).fetchall()
        )


if __name__ == "__main__":
    print_figures(__doc__ or "", run())
