"""A warehouse with two marts, whose rows a test chooses."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.publish.publish import Published, publish
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings

Publish = Callable[..., Published]

_MART = """/*
description: What a test needs.
grain: a row
owner: operations
refresh: full
key: [k, n]
columns:
  n: a number
  k: a letter
*/
{select}
"""


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    with Warehouse.of(settings) as opened:
        yield opened


@pytest.fixture
def publish_rows(warehouse: Warehouse, settings: Settings, tmp_path: Path) -> Publish:
    """Builds and publishes the marts `letters` and `numbers` with these rows, at a time of a day."""
    folder = tmp_path / "sql" / "marts"
    folder.mkdir(parents=True)

    def published(
        letters: str = "a",
        numbers: str = "1",
        hour: int = 0,
        minute: int = 0,
        *,
        reads_files: bool = False,
    ) -> Published:
        for name, rows in (("letters", list(letters)), ("numbers", list(numbers))):
            values = ", ".join(f"({place}, '{row}')" for place, row in enumerate(rows))
            select = f"select cast(v.n as bigint) as n, v.k from (values {values}) as v (n, k)"
            (folder / f"{name}.sql").write_text(_MART.format(select=select))
        models = load_models(tmp_path / "sql")
        for model in models:
            warehouse.build(model)
        moment = datetime(2024, 3, 1, hour, minute, tzinfo=UTC)
        return publish(warehouse, models, settings.published_dir, moment, reads_files=reads_files)

    return published


NONE = (-1, None)  # a row that the mart leaves out, since SQL knows no empty `values`
_DATED = """/*
description: What a test needs.
grain: a row
owner: operations
refresh: full
publish_by: happened_at
key: [n]
columns:
  n: a number
  happened_at: when; null where nobody knows
*/
select cast(v.n as bigint) as n, cast(v.happened_at as timestamp) as happened_at
from (values {values}) as v (n, happened_at)
where v.n >= 0
"""


@pytest.fixture
def publish_dated(warehouse: Warehouse, settings: Settings, tmp_path: Path) -> Publish:
    """Builds and publishes the mart `dated` of these numbers and moments, which is cut by months."""
    folder = tmp_path / "sql" / "marts"
    folder.mkdir(parents=True)

    def published(*rows: tuple[int, str | None], reads_files: bool = False) -> Published:
        values = ", ".join(f"({n}, '{at}')" if at else f"({n}, null)" for n, at in (*rows, NONE))
        (folder / "dated.sql").write_text(_DATED.format(values=values))
        models = load_models(tmp_path / "sql")
        for model in models:
            warehouse.build(model)
        moment = datetime(2024, 3, 1, tzinfo=UTC)
        return publish(warehouse, models, settings.published_dir, moment, reads_files=reads_files)

    return published
