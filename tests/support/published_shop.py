"""A publication as the pipeline makes it: a few problem products, and one product's weeks."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path

import polars as pl
from streamlit.testing.v1 import AppTest

Publish = Callable[[pl.DataFrame], None]
PublishMarts = Callable[[Mapping[str, pl.DataFrame]], None]
Visit = Callable[..., AppTest]


def problems(count: int) -> pl.DataFrame:
    """`count` flagged products, the last with most money at stake, and one cleared."""
    rows = range(count + 1)
    return pl.DataFrame(
        {
            "sku": [f"SKU-{n}" for n in rows],
            "title": ["搪瓷杯 100%" if n == 0 else f"Thing number {n}" for n in rows],
            "category": ["Kitchen" if n % 2 else "Lamps" for n in rows],
            "vendor": [None if n % 3 == 0 else "Lumen" for n in rows],
            "flagged_at": [datetime(2026, 3, 1) for _ in rows],  # noqa: DTZ001  # UTC, as published
            "since": [date(2026, 1, 5) for _ in rows],
            "lift": [2.0 + n for n in rows],
            "lift_low": [1.5 + n for n in rows],
            "lift_high": [3.0 + n for n in rows],
            "excess_units": [10.0 * (n + 1) for n in rows],
            "likely_cause": ["defect" for _ in rows],
            "money_at_risk_minor": [1000 * (n + 1) for n in rows],
            "currency": ["EUR" for _ in rows],
            "at_stake_units": [float(n + 1) for n in rows],
            "units_sold": [100 for _ in rows],
            "units_returned": [30 for _ in rows],
            "units_expected": [10.0 for _ in rows],
            "units_of_peers": [8.0 for _ in rows],
            "window_weeks": [26 for _ in rows],
            "status": ["flagged"] * count + ["cleared"],
            "parent": [None for _ in rows],
            "incidents": [28 for _ in rows],
            "incidents_expected": [9.5 for _ in rows],
            "probability": [0.99 for _ in rows],
            "ended": [0.1] * count + [0.9],
            "always_high": [0.0 for _ in rows],
            "has_changed": [True for _ in rows],
            "of_family": [False for _ in rows],
            "stream": ["defect" for _ in rows],
            "culprit_dimension": ["lot" if n == 1 else None for n in rows],
            "culprit_value": ["2026-02" if n == 1 else None for n in rows],
            "suggested_action": ["supplier_claim" for _ in rows],
            "lost_minor": [400 * (n + 1) for n in rows],
        },
        schema_overrides={
            "vendor": pl.String,
            "flagged_at": pl.Datetime("us"),
            "parent": pl.String,
            "culprit_dimension": pl.String,
            "culprit_value": pl.String,
        },
    )


def family(count: int) -> pl.DataFrame:
    """`count` sizes of one parent that share a problem, and one cleared product."""
    shared = pl.col("status") == "flagged"
    return problems(count).with_columns(
        parent=pl.when(shared).then(pl.lit("SHOE")),
        of_family=shared,
        stream=pl.lit("size_fit"),
        likely_cause=pl.lit("size_fit"),
        suggested_action=pl.lit("size_note"),
    )


def flags(rows: pl.DataFrame, **answered: str) -> pl.DataFrame:
    """The newest flag on each of these products; `answered` names the status of flags by their product."""
    named = {sku.replace("_", "-"): status for sku, status in answered.items()}
    status = [
        named.get(sku, "flagged" if status == "flagged" else "cleared")
        for sku, status in rows.select("sku", "status").iter_rows()
    ]
    return rows.select(
        pl.lit("flag-of-").add(pl.col("sku")).alias("flag_id"),
        "sku",
        "title",
        "category",
        "vendor",
        pl.Series("status", status, dtype=pl.String),
        "flagged_at",
        pl.lit(datetime(2026, 3, 1)).alias("changed_at"),  # noqa: DTZ001  # UTC, as published
        pl.lit(None, pl.String).alias("owner_key"),
        pl.Series(
            "action",
            ["supplier_claim" if each == "acted" else None for each in status],
            dtype=pl.String,
        ),
        pl.Series(
            "dismissal_reason",
            ["too_small" if each == "dismissed" else None for each in status],
            dtype=pl.String,
        ),
        "since",
        "lift",
        "lift_low",
        "lift_high",
        "excess_units",
        "stream",
        "probability",
        pl.col("likely_cause").alias("cause"),
        "culprit_dimension",
        "culprit_value",
        "money_at_risk_minor",
        "currency",
        "suggested_action",
    )


def actions() -> pl.DataFrame:
    """Three actions on products: one worked, one did not, one is too young to tell."""
    verdicts = ("worked", "did_not", "too_early")
    places = range(len(verdicts))
    return pl.DataFrame(
        {
            "action_id": [f"action-{n}" for n in places],
            "flag_id": [f"flag-of-SKU-{n}" for n in places],
            "sku": [f"SKU-{n}" for n in places],
            "title": [f"Thing number {n}" for n in places],
            "category": ["Lamps", "Kitchen", "Lamps"],
            "vendor": ["Lumen" for _ in places],
            "action": ["supplier_claim", "size_note", "stop_buying"],
            "taken_at": [datetime(2026, 1, 20 + n) for n in places],  # noqa: DTZ001  # UTC, as published
            "taken_by": ["s-1" for _ in places],
            "assigned_to": pl.Series([None for _ in places], dtype=pl.String),
            "flagged_at": [datetime(2026, 1, 19) for _ in places],  # noqa: DTZ001
            "since": [date(2026, 1, 5) for _ in places],
            "lift_before": [3.0 for _ in places],
            "lift_before_low": [2.0 for _ in places],
            "lift_before_high": [4.0 for _ in places],
            "compared": ["sold_after" for _ in places],
            "weeks_after": [6, 6, 0],
            "returns_after": [4, 30, 0],
            "expected_after": [4.0, 10.0, 0.0],
            "lift_after": [1.0, 3.0, None],
            "lift_after_low": [0.4, 2.2, None],
            "lift_after_high": [2.1, 4.0, None],
            "verdict": list(verdicts),
        }
    )


def reasons() -> pl.DataFrame:
    """Why each of ten products comes back: eight of ten times for a defect, where its category has two of ten."""
    told = pl.DataFrame(
        {
            "reason": ["defect", "size_fit"],
            "incidents": [8, 2],
            "incidents_given": [10, 10],
            "category_incidents": [20, 80],
            "category_incidents_given": [100, 100],
        }
    )
    return pl.DataFrame({"sku": [f"SKU-{n}" for n in range(10)]}).join(told, how="cross")


def money_weekly() -> pl.DataFrame:
    """The last whole week before 1 March 2026, in which more came back than expected, and the one before."""
    return pl.DataFrame(
        {
            "week_start": [date(2026, 2, 16), date(2026, 2, 9)],
            "currency": ["EUR", "EUR"],
            "returned_minor": [150_000, 100_000],
            "expected_minor": [100_000, 100_000],
            "expected_low_minor": [80_000, 80_000],
            "expected_high_minor": [120_000, 120_000],
        }
    )


def cases() -> pl.DataFrame:
    """Two open reports that something is not safe, and an open complaint."""
    return pl.DataFrame(
        {
            "day": [date(2026, 2, 27), date(2026, 2, 28), date(2026, 2, 28)],
            "kind": ["safety", "safety", "complaint"],
            "opened": [1, 2, 1],
            "still_open": [1, 1, 1],
        }
    )


def weekly() -> pl.DataFrame:
    """Four weeks of each of ten products."""
    weeks = pl.DataFrame(
        {
            "week_start": [date(2026, 1, day) for day in (5, 12, 19, 26)],
            "units_sold": [50, 50, 40, 60],
            "units_returned": [1, 2, 8, 9],
            "units_expected": [1.0, 2.0, 2.5, 2.5],
            "expected_low": [0.0, 0.5, 0.5, 0.5],
            "expected_high": [3.0, 5.0, 5.0, 5.0],
        }
    )
    return pl.DataFrame({"sku": [f"SKU-{n}" for n in range(10)]}).join(weeks, how="cross")


def phrases() -> pl.DataFrame:
    """What customers write of the first two products, in two languages."""
    return pl.DataFrame(
        {
            "sku": ["SKU-1", "SKU-1", "SKU-2"],
            "language": ["en", "zh", "en"],
            "place": [1, 1, 1],
            "phrase": ["runs far too small", "尺码偏小", "fell apart"],
            "comments": [7, 4, 3],
            "share": [0.35, 0.4, 0.3],
            "usual_share": [0.01, 0.02, 0.05],
        }
    )


def write_publication(published_dir: Path, rows: pl.DataFrame) -> None:
    """The marts of *Problem products*, for these products."""
    write_marts(published_dir, {**product_marts(rows), "cases_daily": cases()})


def product_marts(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The marts of *Problem products*, by name."""
    ordinary = rows.tail(1).with_columns(
        sku=pl.lit("SKU-9"),
        title=pl.lit("Åsa's lamp"),
        lift=1.1,
        probability=0.1,
        ended=0.0,
        status=pl.lit("ordinary"),
    )
    return {
        "problem_skus": rows,
        "sku_evidence": pl.concat([rows, ordinary]),
        "sku_weekly": weekly(),
        "product_flags": flags(rows),
        "sku_actions": actions(),
        "sku_reasons": reasons(),
        "sku_phrases": phrases(),
        "returns_money_weekly": money_weekly(),
    }


def write_marts(published_dir: Path, frames: Mapping[str, pl.DataFrame]) -> None:
    """Files first, the manifest last; each column is defined as "what NAME is"."""
    marts, hashes = {}, []
    for name, frame in frames.items():
        draft = published_dir / name / "draft.parquet"
        draft.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(draft)
        hashes.append(hashlib.sha256(draft.read_bytes()).hexdigest()[:16])
        path = draft.rename(draft.with_name(f"{hashes[-1]}.parquet"))
        marts[name] = {
            "files": [{"path": f"{name}/{path.name}", "rows": len(frame)}],
            "columns": {column: f"what {column} is" for column in frame.columns},
        }
    manifest = {
        "format": 1,
        "snapshot": hashlib.sha256(" ".join(hashes).encode()).hexdigest()[:16],
        "as_of": "2026-03-01T12:00:00Z",
        "through_seq": 9,
        "timezone": "Asia/Shanghai",
        "published_at": "2026-03-02T00:00:00Z",
        "marts": marts,
    }
    (published_dir / "manifest.json").write_text(json.dumps(manifest))
