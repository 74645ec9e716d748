"""Writes each mart as a Parquet file named after its content, and lists them in the manifest last."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.publish.manifest import (
    PREVIOUS,
    Publication,
    PublicationUnwritable,
    PublishedFile,
    PublishedMart,
    commit,
    make_durable,
    snapshot_of,
)
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse

MARTS = "marts"
_DRAFT = ".draft"
_OURS = re.compile(r"[0-9a-f]{16}\.parquet|\.draft")


@dataclass(frozen=True, slots=True)
class Published:
    """What is published now, and which marts' rows differ from what was published before."""

    publication: Publication
    changed: tuple[str, ...]


def publish(
    warehouse: Warehouse, models: Sequence[SqlModel], published_dir: Path, published_at: datetime
) -> Published:
    """Publish every mart as the warehouse holds it. Raises `PublicationUnwritable`.

    The caller holds the warehouse's lock. Marts whose content did not change keep their files; the
    previous publication keeps its own; older files are removed.
    """
    try:
        before = Publication.load(published_dir)
        marts = {
            model.name: _publish_mart(warehouse, model, published_dir, before)
            for model in sorted(models, key=lambda model: model.name)
            if model.schema == MARTS
        }
        publication = _publication(warehouse, marts, published_at)
        if before and before.says_the_same_as(publication):
            publication = before
        else:
            commit(published_dir, publication, before)
        _prune(published_dir, publication)
    except OSError as refused:
        raise PublicationUnwritable(refused, published_dir) from refused
    changed = [name for name in marts if not _has_same_files(name, publication, before)]
    return Published(publication, tuple(changed))


def _has_same_files(name: str, publication: Publication, before: Publication | None) -> bool:
    earlier = before.marts.get(name) if before else None
    return earlier is not None and earlier.files == publication.marts[name].files


def _publication(
    warehouse: Warehouse, marts: dict[str, PublishedMart], published_at: datetime
) -> Publication:
    run = warehouse.run
    return Publication(
        snapshot=snapshot_of(run.as_of, run.timezone, marts),
        as_of=run.as_of,
        through_seq=run.through_seq,
        timezone=run.timezone,
        published_at=published_at,
        marts=marts,
    )


def _publish_mart(
    warehouse: Warehouse, model: SqlModel, published_dir: Path, before: Publication | None
) -> PublishedMart:
    fingerprint = warehouse.standing(model.relation).fingerprint
    published = before.marts.get(model.name) if before else None
    if published and published.fingerprint == fingerprint and _is_whole(published_dir, published):
        files = published.files
    else:
        files = (_write(warehouse, model, published_dir / model.name),)
    return PublishedMart(
        fingerprint=fingerprint,
        files=files,
        description=model.header.description,
        columns=model.header.columns,
    )


def _is_whole(published_dir: Path, mart: PublishedMart) -> bool:
    """Whether the files hold the very bytes that were published: a refresh mends those that do not."""
    paths = [(published_dir / file.path, file.sha256) for file in mart.files]
    return all(
        path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        for path, sha256 in paths
    )


def _write(warehouse: Warehouse, model: SqlModel, folder: Path) -> PublishedFile:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / _DRAFT
    columns, key = ", ".join(model.header.columns), ", ".join(model.header.key)
    order = f" order by {key}" if key else ""
    rows = warehouse.copy_to_parquet(f"select {columns} from {model.relation}{order}", draft)
    content = draft.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    path = folder / f"{sha256[:16]}.parquet"
    make_durable(draft)
    draft.replace(path)
    make_durable(folder)
    return PublishedFile(
        path=f"{folder.name}/{path.name}", rows=rows, bytes=len(content), sha256=sha256
    )


def _prune(published_dir: Path, publication: Publication) -> None:
    previous = Publication.load(published_dir, PREVIOUS)
    kept = {file.path for each in (publication, previous) if each for file in each.files()}
    for path in published_dir.glob("*/*"):
        if _OURS.fullmatch(path.name) and str(path.relative_to(published_dir)) not in kept:
            path.unlink()
