"""What the risk model sees of every application, computed once, and compared with what the service saw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from models.risk.features import NAMES
from pipelines.lake.manifest import Manifest
from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.lake_views import digest
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.rowwise import with_sources
from pipelines.warehouse.warehouse import Warehouse

SEEN_RELATION = "features.risk_seen"
PARITY_RELATION = "features.risk_parity"
VECTORS_RELATION = "features.risk_vectors"
_REQUESTS, _LINES = "intermediate.risk_requests", "intermediate.risk_request_lines"
_AT_ONCE = 50_000  # applications: what is done is kept, and memory stays bounded
_SEEN = pl.Schema({"rma": pl.String(), "as_of_seq": pl.Int64(), "vector": pl.List(pl.Float64())})
_PARITY = pl.Schema(
    {
        "rma": pl.String(),
        "as_of_seq": pl.Int64(),
        "compared": pl.Int64(),
        "differing": pl.Int64(),
        "field": pl.String(),
        "logged": pl.Float64(),
        "recomputed": pl.Float64(),
    }
)


@dataclass(frozen=True, slots=True)
class Parity:
    """How many assessments were compared in all and in how many fields, and how many differ; the first that does, in words."""

    assessments: int
    fields: int
    differing: int
    first: str | None
    missing: int

    @property
    def holds(self) -> bool:
        """Whether every assessment was compared and none differs."""
        return self.differing == 0 and self.missing == 0


def build_seen(warehouse: Warehouse, models: Mapping[str, SqlModel]) -> Built:
    """Compute the vectors of the applications that have none yet."""
    model = models[SEEN_RELATION]
    code = _code_of_vectors(warehouse)
    print_ = warehouse.fingerprint(model, code)
    if standing := warehouse.current(model.relation, print_):
        return standing
    fresh = _requests_without(warehouse, SEEN_RELATION, code)
    parts = [fresh[start : start + _AT_ONCE] for start in range(0, len(fresh), _AT_ONCE)]
    built = None
    for part in parts or [fresh]:
        built = warehouse.extend(model.relation, _vectors(warehouse, models, part), print_, code)
    return built or warehouse.standing(model.relation).unchanged()


def build_parity(warehouse: Warehouse, model: SqlModel) -> Built:
    """Compare the assessments that were not compared yet."""
    code = digest(_code_of_vectors(warehouse), _source())
    print_ = warehouse.fingerprint(model, code)
    if standing := warehouse.current(model.relation, print_):
        return standing
    fresh = _assessments_without(warehouse, PARITY_RELATION, code)
    return warehouse.extend(model.relation, _compared(warehouse, fresh), print_, code)


def parity(warehouse: Warehouse) -> Parity:
    """What all comparisons say, so far as they were made."""
    (row,) = warehouse.query(
        f"""select count(*) as assessments, coalesce(sum(compared), 0) as fields,
                   count(*) filter (where differing > 0) as differing,
                   arg_min(rma, as_of_seq) filter (where differing > 0) as rma,
                   arg_min(field, as_of_seq) filter (where differing > 0) as field,
                   (select count(*) from lake.return_assessed as assessed
                    anti join {PARITY_RELATION} as compared on compared.rma = assessed.rma) as missing
            from {PARITY_RELATION}"""
    ).iter_rows(named=True)
    first = f"{row['rma']}: {row['field']}" if row["rma"] else None
    return Parity(
        int(row["assessments"]),
        int(row["fields"]),
        int(row["differing"]),
        first,
        int(row["missing"]),
    )


def _requests_without(warehouse: Warehouse, relation: str, code: str) -> pl.DataFrame:
    """The applications whose vectors are to be computed. An assessment that came later moves its application's place."""
    if not warehouse.is_kept(relation, code):
        return warehouse.query(f"select * from {_REQUESTS} order by as_of_seq, rma")
    return warehouse.query(
        f"""select requests.* from {_REQUESTS} as requests
            left join {relation} as kept on kept.rma = requests.rma
            where kept.rma is null or kept.as_of_seq <> requests.as_of_seq
            order by requests.as_of_seq, requests.rma"""
    )


def _assessments_without(warehouse: Warehouse, relation: str, code: str) -> pl.DataFrame:
    kept = f"anti join {relation} as kept on kept.rma = assessed.rma and kept.as_of_seq = assessed.as_of_seq"
    return warehouse.query(
        f"""select assessed.rma, assessed.as_of_seq from lake.return_assessed as assessed
            {kept if warehouse.is_kept(relation, code) else ""}"""
    )


def _vectors(
    warehouse: Warehouse, models: Mapping[str, SqlModel], requests: pl.DataFrame
) -> pl.DataFrame:
    if requests.is_empty():
        return _SEEN.to_frame()
    figures = ", ".join(f"cast(vectors.{name} as double)" for name in NAMES)
    sql = _over(models, VECTORS_RELATION)
    rows = warehouse.query(
        f"""select vectors.rma, requests.as_of_seq, [{figures}] as vector
            from ({sql}) as vectors inner join risk_fresh as requests on requests.rma = vectors.rma
            order by requests.as_of_seq, vectors.rma""",
        risk_fresh=requests,
    )
    return rows.cast(_SEEN)


def _over(models: Mapping[str, SqlModel], relation: str) -> str:
    """The SELECT of a features relation over the given applications alone."""
    sources = {
        _REQUESTS: "select * from risk_fresh",
        _LINES: f"select lines.* from ({models[_LINES].sql}) as lines "
        "where lines.rma in (select rma from risk_fresh)",
    }
    parts = {dep for dep in models[relation].deps if dep.startswith("features.")}
    return with_sources(models[relation].sql, sources | {dep: _over(models, dep) for dep in parts})


def _compared(warehouse: Warehouse, assessments: pl.DataFrame) -> pl.DataFrame:
    if assessments.is_empty():
        return _PARITY.to_frame()
    logged = warehouse.query(
        """select features.subject as rma, features.name, features.value as logged
           from lake.return_assessed_features as features
           where features.subject in (select rma from risk_assessed)""",
        risk_assessed=assessments,
    )
    seen = warehouse.query(
        f"select seen.rma, seen.vector from {SEEN_RELATION} as seen "
        "where seen.rma in (select rma from risk_assessed)",
        risk_assessed=assessments,
    )
    recomputed = (
        seen.with_columns(name=pl.lit(list(NAMES)))
        .explode("vector", "name")
        .rename({"vector": "recomputed"})
    )
    both = logged.join(recomputed, on=["rma", "name"], how="inner")
    return _by_assessment(assessments, _marked(_in_their_own_zones(warehouse, assessments, both)))


def _in_their_own_zones(
    warehouse: Warehouse, assessments: pl.DataFrame, both: pl.DataFrame
) -> pl.DataFrame:
    """With the hour of the zone that the shop had when it assessed; an hour of a zone that was not told is left out.

    A shop that moves to another zone sees other hours from then on, and what it saw before was as right.
    """
    assessed = warehouse.query(
        """select assessed.rma, assessed.timezone, requests.at_us from lake.return_assessed as assessed
           inner join intermediate.risk_requests as requests on requests.rma = assessed.rma
           where assessed.rma in (select rma from risk_assessed)""",
        risk_assessed=assessments,
    )
    now = str(warehouse.run.timezone)
    moved = assessed.filter(pl.col("timezone").ne_missing(now))
    hours = [_hour(us, zone) for us, zone in moved.select("at_us", "timezone").iter_rows()]
    then = pl.DataFrame(
        {"rma": moved["rma"], "name": "hour", "then": hours},
        schema={"rma": pl.String(), "name": pl.String(), "then": pl.Float64()},
    )
    unknown = then.filter(pl.col("then").is_null())
    return (
        both.join(unknown, on=["rma", "name"], how="anti")
        .join(then, on=["rma", "name"], how="left")
        .with_columns(recomputed=pl.coalesce("then", "recomputed"))
        .drop("then")
    )


def _hour(at_us: int, zone: str | None) -> float | None:
    """The hour of a zone's day at a moment."""
    if zone is None:
        return None
    moment = datetime.fromtimestamp(at_us // 1_000_000, ZoneInfo(zone))
    return float(moment.hour)


def _marked(both: pl.DataFrame) -> pl.DataFrame:
    """Whether the two values of each row are other bits; unknown is equal to unknown alone."""
    bits = [
        both[name].fill_null(float("nan")).to_numpy().astype(np.float64).view(np.uint64)
        for name in ("logged", "recomputed")
    ]
    return both.with_columns(differs=pl.Series(bits[0] != bits[1]))


def _by_assessment(assessments: pl.DataFrame, marked: pl.DataFrame) -> pl.DataFrame:
    counted = marked.group_by("rma").agg(
        compared=pl.len().cast(pl.Int64), differing=pl.col("differs").sum().cast(pl.Int64)
    )
    first = (
        marked.filter("differs")
        .sort("name")
        .group_by("rma", maintain_order=True)
        .first()
        .select("rma", pl.col("name").alias("field"), "logged", "recomputed")
    )
    return (
        assessments.join(counted, on="rma", how="left")
        .join(first, on="rma", how="left")
        .with_columns(pl.col("compared", "differing").fill_null(0))
        .select(*_PARITY)
        .cast(_PARITY)
        .sort("as_of_seq", "rma")
    )


def _code_of_vectors(warehouse: Warehouse) -> str:
    """What the vectors follow from besides the events before each application: the SQL, the shop's time zone, and the lake's making."""
    return digest(
        warehouse.standing(VECTORS_RELATION).code,
        str(warehouse.run.timezone),
        Manifest.load(warehouse.lake_dir).generation,
        *NAMES,
        _source(),
    )


@cache
def _source() -> str:
    return Path(__file__).read_text(encoding="utf-8")


def risk_models(models: Iterable[SqlModel]) -> dict[str, SqlModel]:
    """Relations by name."""
    return {model.relation: model for model in models}
