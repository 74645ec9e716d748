"""What the checks of past runs found, kept beside the warehouse so that deleting it loses no history.

One Parquet file, replaced whole. It keeps every result of the newest run at each door and of each day's last run, and
between them those that differ from the run before; after ninety days it forgets.
"""

import io
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.lake.manifest import write_durably
from pipelines.quality.doors import Found, RuleKey, Verdict
from pipelines.quality.results import SAMPLE, ExpectationResult

KEPT = timedelta(days=90)
NAME = "results.parquet"
BATCH = "batch"
SCHEMA = pl.Schema(
    {
        "run_id": pl.String(),
        "checked_at": pl.Datetime("us"),
        "door": pl.String(),
        "table_name": pl.String(),
        "expectation": pl.String(),
        "passed": pl.Boolean(),
        "failing_rows": pl.Int64(),
        "column_name": pl.String(),
        "severity": pl.String(),
        "rows": pl.Int64(),
        "sample": pl.String(),
        "description": pl.String(),
        "fingerprint": pl.String(),
    }
)
_CHECK = ("door", "table_name", "column_name", "expectation")
_progress = logging.getLogger("retour.progress")


class History:
    """The results that a folder keeps."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def load(self) -> pl.DataFrame:
        """All that is kept, oldest first; nothing before the first run. A file that cannot be read is set aside."""
        if not self._path.exists():
            return SCHEMA.to_frame()
        try:
            return pl.read_parquet(self._path).select(SCHEMA.names()).cast(SCHEMA)
        except pl.exceptions.PolarsError:
            aside = self._path.with_suffix(".damaged")
            self._path.replace(aside)
            _progress.warning(
                "%s cannot be read; it lies now at %s, the history begins anew", self._path, aside
            )
            return SCHEMA.to_frame()

    def standing(self) -> Mapping[RuleKey, Found]:
        """The newest verdict on each rule of the warehouse's tables."""
        newest = self.load().filter(pl.col("door") != BATCH).unique(_CHECK, keep="last")
        return {
            (row["table_name"], row["expectation"]): Found(
                row["rows"], row["failing_rows"], row["sample"], row["fingerprint"]
            )
            for row in newest.iter_rows(named=True)
        }

    def add_batch(
        self, results: Iterable[ExpectationResult], run_id: str, checked_at: datetime
    ) -> None:
        """Note what the lake's door found. Without new events there is nothing to note."""
        self._add([_of_batch(each) for each in results], run_id, checked_at)

    def add_verdicts(self, verdicts: Iterable[Verdict], run_id: str, checked_at: datetime) -> None:
        """Note what the doors behind the lake found, unless nothing was judged anew."""
        verdicts = list(verdicts)
        if any(each.is_new for each in verdicts):
            self._add([_of_verdict(each) for each in verdicts], run_id, checked_at)

    def _add(self, results: list[dict[str, Any]], run_id: str, checked_at: datetime) -> None:
        if not results:
            return
        moment = checked_at.astimezone(UTC).replace(tzinfo=None)
        run = {"run_id": run_id, "checked_at": moment}
        rows = pl.DataFrame([run | each for each in results], schema=SCHEMA)
        kept = thinned(_once(pl.concat([self.load(), rows])), moment - KEPT)
        buffer = io.BytesIO()
        kept.write_parquet(buffer, compression="zstd")
        write_durably(self._path, buffer.getvalue())


def _once(results: pl.DataFrame) -> pl.DataFrame:
    """Of each check in a run the last word: a run judges a door as it comes to it, and all doors before it publishes."""
    return results.unique(["run_id", *_CHECK], keep="last", maintain_order=True)


def thinned(results: pl.DataFrame, since: datetime) -> pl.DataFrame:
    """The newest run at each door, each check's last result of a day, and those that differ from the one before."""
    day = pl.col("checked_at").dt.date()
    ordered = results.sort("checked_at", maintain_order=True)
    is_newest = pl.col("checked_at") == pl.col("checked_at").max().over("door")
    is_last_of_day = day.ne_missing(day.shift(-1).over(_CHECK))
    differs = pl.col("failing_rows").ne_missing(pl.col("failing_rows").shift().over(_CHECK))
    return ordered.filter(
        is_newest | ((is_last_of_day | differs) & (pl.col("checked_at") >= since))
    )


def _of_batch(result: ExpectationResult) -> dict[str, Any]:
    seqs = ", ".join(f"seq={seq}" for seq in result.failing_seqs[:SAMPLE])
    return {
        "door": BATCH,
        "table_name": result.table,
        "expectation": result.expectation,
        "passed": result.passed,
        "failing_rows": result.failing_rows,
        "column_name": result.column,
        "severity": "warning",  # what fails is set aside; its neighbours go on
        "rows": result.rows,
        "sample": seqs,
        "description": result.description,
        "fingerprint": "",
    }


def _of_verdict(verdict: Verdict) -> dict[str, Any]:
    rule, found = verdict.rule, verdict.found
    return {
        "door": rule.door,
        "table_name": rule.relation,
        "expectation": rule.name,
        "passed": verdict.passed,
        "failing_rows": found.failing_rows,
        "column_name": rule.column,
        "severity": rule.severity,
        "rows": found.rows,
        "sample": found.sample,
        "description": rule.says,
        "fingerprint": found.fingerprint,
    }
