"""Toy relations over a small lake."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.lake.ingest import drain
from pipelines.quality.results import BatchQuality
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.domain.events import RecordedEvent

Write = Callable[..., Path]
Drain = Callable[[Sequence[RecordedEvent]], None]


@pytest.fixture
def sql_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "sql"
    folder.mkdir()
    return folder


@pytest.fixture
def write(sql_dir: Path) -> Write:
    """Writes a relation's file; a header field given as None is left out."""

    def written(relation: str, sql: str, columns: Sequence[str], **fields: Any) -> Path:
        header = {
            "description": "What a test needs.",
            "grain": "a row",
            "owner": "operations",
            "refresh": "full",
            "key": [columns[0]] if columns else [],
            "columns": {name: f"the {name}" for name in columns},
            **fields,
        }
        text = yaml.safe_dump({k: v for k, v in header.items() if v is not None}, sort_keys=False)
        layer, name = relation.split(".")
        is_python = fields.get("refresh") == "python"
        path = sql_dir / layer / f"{name}.{'yaml' if is_python else 'sql'}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text if is_python else f"/*\n{text}*/\n{sql}\n")
        return path

    return written


@pytest.fixture
def shop_sql(write: Write, sql_dir: Path) -> Path:
    """Three layers: a view on the lake, what Python computes from it, and a mart of both."""
    write(
        "staging.order_lines",
        "select subject, sku, quantity from lake.order_placed_lines",
        ["subject", "sku", "quantity"],
        refresh="view",
        key=["subject", "sku"],
    )
    write(
        "intermediate.evidence",
        "",
        ["sku", "lift"],
        refresh="python",
        reads=["staging.order_lines", "meta.run"],
    )
    write(
        "marts.skus",
        """with lines as (select sku, quantity from staging.order_lines),
sold as (select sku, cast(sum(quantity) as bigint) as units from lines group by sku)
select sold.sku, sold.units, evidence.lift
from sold left join intermediate.evidence as evidence on evidence.sku = sold.sku""",
        ["sku", "units", "lift"],
    )
    return sql_dir


@pytest.fixture
def take_in(settings: Settings) -> Drain:
    """Takes a log into the lake of the settings, unchecked."""

    def drained(log: Sequence[RecordedEvent]) -> None:
        drain(
            lambda after, limit: [event for event in log if event.seq > after][:limit],
            settings.lake_dir,
            settings.quarantine_dir,
            check_batch=lambda _: BatchQuality(),
            progress=lambda _: None,
        )

    return drained


@pytest.fixture
def said() -> list[str]:
    """What the warehouse told its user."""
    return []


@pytest.fixture
def warehouse(settings: Settings, said: list[str]) -> Warehouse:
    """The warehouse of the settings, not opened yet."""
    return Warehouse.of(settings, say=said.append)
