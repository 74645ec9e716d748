"""Applications decided as the service decides them, and what becomes known of them: by the product's own functions and SQL."""

from collections.abc import Sequence
from functools import cache

import duckdb
import numpy as np
import polars as pl

from bench.risk.cases import CURRENCY, Flags, Floats
from bench.risk.shops import INSPECTED_US
from models.risk.features import NAMES
from pipelines.risk.frame import KNOWN
from pipelines.steps import SQL_DIR
from pipelines.warehouse.models import load_models
from service.domain.events import Basis
from service.domain.policy import Judgement, Policy
from service.domain.risk import VALUE, Application, Assessment, Stakes, by_rules, by_score
from simulator.behaviour import declines

_PASSED, _STOPPED = Judgement("pass", (), None), Judgement("review", (), None)
_LABELS = "intermediate.risk_labels"
_ASSESSED = (
    "decision", "basis", "inspection", "propensity", "approve_propensity", "hidden_decision", "is_audit",
    "is_drawn_doubt",
)  # fmt: skip


def without_model(
    applications: pl.DataFrame, draw: Floats, policy: Policy, basis: Basis
) -> list[Assessment]:
    """What becomes of these applications (n,) while no model decides, for the reason that `basis` names; `draw` (n,) is the lot."""
    return [by_rules(each, basis) for each in _seen(applications, draw, policy)]


def by_model(
    applications: pl.DataFrame, draw: Floats, policy: Policy, score: Floats, stakes: Stakes
) -> list[Assessment]:
    """What becomes of these applications (n,) where a model says `score` (n,) of them."""
    seen = _seen(applications, draw, policy)
    return [by_score(*each, stakes) for each in zip(seen, score.tolist(), strict=True)]


def let_come(applications: pl.DataFrame, assessed: Sequence[Assessment], verdict: Floats) -> Flags:
    """Which goods (n,) may come back: what is approved, and what people authorize; `verdict` (n,) is how they feel."""
    approved = np.array([each.decision == "approve" for each in assessed], dtype=np.bool_)
    abusive = applications["is_abusive"].to_numpy()
    late = np.zeros(len(applications), dtype=np.bool_)
    declined = declines(verdict, abusive, late, np.arange(len(applications)))
    return np.asarray(approved | ~declined)


def training_frame(
    applications: pl.DataFrame, assessed: Sequence[Assessment], comes: Flags
) -> pl.DataFrame:
    """The training frame of these applications (n,) whose goods come or do not (n,); see `models.risk.train.train`."""
    time = applications["requested_at"].dt.replace_time_zone(None)
    told_at = time.to_frame().select(
        pl.col("requested_at") + pl.duration(microseconds=INSPECTED_US)
    )
    told = pl.DataFrame(
        {name: [getattr(each, name) for each in assessed] for name in _ASSESSED},
        schema_overrides={"hidden_decision": pl.String},
    ).with_columns(rma=applications["rma"], time=time)
    is_full = told["inspection"] == "full"
    bad = applications.select(
        pl.when(is_full).then("found_full").otherwise("found_basic")
    ).to_series()
    inspected = pl.DataFrame(
        {
            "rma": applications["rma"],
            "time": told_at.to_series(),
            "outcome": bad.replace_strict({True: "failed", False: "passed"}),
            "inspection_depth": told["inspection"],
            "quantity": np.ones(len(applications), dtype=np.int64),
        }
    ).filter(pl.Series(comes))
    known = _known(told, inspected)
    vectors = applications.select("rma", pl.col(NAMES).cast(pl.Float64))
    return vectors.join(known, on="rma", how="inner", maintain_order="left")


def _seen(applications: pl.DataFrame, draw: Floats, policy: Policy) -> list[Application]:
    """As the approval step sees them, as far as it looks at them; what a rule stops is told by `is_eligible` alone."""
    known = applications.select(VALUE, *policy.risk.links.by_feature()).iter_rows(named=True)
    rows = applications.select("is_eligible", "value").iter_rows()
    return [
        Application(
            judgement=_PASSED if is_eligible else _STOPPED,
            value_minor=round(value),
            currency=CURRENCY,
            features=looked_at,
            as_of_seq=0,
            refund_on=policy.refund.on,
            inspection=policy.inspection.default,
            audit=policy.audit,
            terms=policy.risk,
            draw=lot,
        )
        for (is_eligible, value), looked_at, lot in zip(rows, known, draw.tolist(), strict=True)
    ]


def _known(told: pl.DataFrame, inspected: pl.DataFrame) -> pl.DataFrame:
    """What the pipeline makes of assessments and inspections."""
    units = told.select("rma", pl.lit(1).alias("units"))
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute("create schema lake; create schema intermediate")
        for name, frame in (
            ("lake.return_assessed", told),
            ("lake.line_inspected", inspected),
            ("intermediate.risk_request_lines", units),
        ):
            connection.register("given", frame.to_arrow())
            connection.execute(f"create table {name} as select * from given")
        connection.execute(f"create view {_LABELS} as {_labels_sql()}")
        found = pl.DataFrame(connection.sql(KNOWN).to_arrow_table())
    moments = pl.col("requested_at", "labelled_at", "found_at")
    return found.with_columns(
        moments.dt.cast_time_unit("us").dt.replace_time_zone("UTC"),
        pl.col("label", "finding").cast(pl.Int8),
        pl.col("weight", "certifying_weight").cast(pl.Float64),
    )


@cache
def _labels_sql() -> str:
    return next(each.sql for each in load_models(SQL_DIR) if each.relation == _LABELS)
