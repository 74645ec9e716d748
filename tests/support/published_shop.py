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
            "units_sold": [100 for _ in rows],
            "units_returned": [30 for _ in rows],
            "units_expected": [10.0 for _ in rows],
            "window_weeks": [26 for _ in rows],
            "status": ["flagged"] * count + ["cleared"],
        },
        schema_overrides={"vendor": pl.String, "flagged_at": pl.Datetime("us")},
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


def write_publication(published_dir: Path, rows: pl.DataFrame) -> None:
    """The marts of *Problem products*, for these products."""
    write_marts(published_dir, product_marts(rows))


def product_marts(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The marts of *Problem products*, by name."""
    ordinary = rows.tail(1).with_columns(
        sku=pl.lit("SKU-9"), title=pl.lit("Åsa's lamp"), lift=1.1, status=pl.lit("ordinary")
    )
    return {
        "problem_skus": rows,
        "sku_evidence": pl.concat([rows, ordinary]),
        "sku_weekly": weekly(),
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
