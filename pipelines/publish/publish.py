"""Writes each mart as Parquet files named after their content, and lists them in the manifest last.

A mart that grows large names a date in its header (`publish_by`): it is one file a month, and a month whose rows are
those that were published keeps its file.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.publish.cuts import WHOLE, Cut, cuts_by_month
from pipelines.publish.manifest import (
    Previous,
    Publication,
    PublicationUnwritable,
    PublishedFile,
    PublishedMart,
    commit,
    drafted,
    make_durable,
    snapshot_of,
)
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import BuildFailed, Warehouse

MARTS = "marts"
HEALTH_MARTS = frozenset({"marts.data_quality", "marts.quarantine", "marts.pipeline_runs"})
_DRAFT = ".draft"
_OURS = re.compile(r"[0-9a-f]{16}\.parquet|\.draft")


@dataclass(frozen=True, slots=True)
class Published:
    """What is published now, and which marts' rows differ from what was published before."""

    publication: Publication
    changed: tuple[str, ...]


def publish(
    warehouse: Warehouse,
    models: Sequence[SqlModel],
    published_dir: Path,
    published_at: datetime,
    *,
    reads_files: bool = False,
) -> Published:
    """Publish every mart as the warehouse holds it. Raises `PublicationUnwritable`.

    The caller holds the warehouse's lock. What did not change keeps its files, unless one is missing or of another size,
    or, with `reads_files`, holds other bytes. Files of earlier publications stay as long as `Previous` says.
    """
    is_whole = _has_its_bytes if reads_files else _has_its_size
    try:
        before = Publication.load(published_dir)
        marts = {
            model.name: _publish_mart(warehouse, model, published_dir, before, is_whole)
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
        path, reason = refused.filename or published_dir, refused.strerror or str(refused)
        raise PublicationUnwritable(path, reason) from refused
    changed = [name for name in marts if not _has_same_files(name, publication, before)]
    return Published(publication, tuple(changed))


def figures(models: Iterable[SqlModel]) -> tuple[SqlModel, ...]:
    """The marts that a failing check holds back: all that tell of the shop."""
    return tuple(
        each for each in models if each.schema == MARTS and each.relation not in HEALTH_MARTS
    )


def health(models: Iterable[SqlModel]) -> tuple[SqlModel, ...]:
    """The marts that tell how the pipeline itself fares: published apart from the others, and always."""
    return tuple(each for each in models if each.relation in HEALTH_MARTS)


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
    warehouse: Warehouse,
    model: SqlModel,
    published_dir: Path,
    before: Publication | None,
    is_whole: Callable[[Path, PublishedFile], bool],
) -> PublishedMart:
    fingerprint = warehouse.standing(model.relation).fingerprint
    published = before.marts.get(model.name) if before else None
    whole = [
        file
        for file in (published.files if published else ())
        if is_whole(published_dir / file.path, file)
    ]
    if published and published.fingerprint == fingerprint and len(whole) == len(published.files):
        files = published.files
    else:
        files = tuple(_files(warehouse, model, published_dir / model.name, whole))
    return PublishedMart(
        fingerprint=fingerprint,
        files=files,
        description=model.header.description,
        columns=model.header.columns,
    )


def _files(
    warehouse: Warehouse, model: SqlModel, folder: Path, standing: Iterable[PublishedFile]
) -> Iterator[PublishedFile]:
    """The mart's files: those of months whose rows stand as they were published stay."""
    cuts = cuts_by_month(warehouse, model) if model.header.publish_by else ()
    kept = {(file.month, file.content): file for file in standing if file.month}
    for cut in cuts:
        yield kept.get((cut.month, cut.content)) or _write(warehouse, model, folder, cut)
    if not cuts:
        yield _write(warehouse, model, folder, WHOLE)


def _has_its_size(path: Path, file: PublishedFile) -> bool:
    return path.is_file() and path.stat().st_size == file.bytes


def _has_its_bytes(path: Path, file: PublishedFile) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256


def _write(warehouse: Warehouse, model: SqlModel, folder: Path, cut: Cut) -> PublishedFile:
    folder.mkdir(parents=True, exist_ok=True)
    columns, key = ", ".join(model.header.columns), ", ".join(model.header.key)
    order = f" order by {key}" if key else ""
    select = f"select {columns} from {model.relation} where {cut.condition}{order}"
    with drafted(folder / _DRAFT) as draft:
        rows = _copy(warehouse, select, draft)
        content = draft.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        path = folder / f"{sha256[:16]}.parquet"
        make_durable(draft)
        draft.replace(path)
    make_durable(folder)
    return PublishedFile(
        path=f"{folder.name}/{path.name}",
        rows=rows,
        bytes=len(content),
        sha256=sha256,
        month=cut.month,
        content=cut.content,
    )


def _copy(warehouse: Warehouse, select: str, draft: Path) -> int:
    """Write the rows of a SELECT; a disk that refuses is told as such, whatever else may be wrong as it is."""
    try:
        return warehouse.copy_to_parquet(select, draft)
    except BuildFailed as refused:
        if isinstance(refused.__cause__, duckdb.IOException):
            reason = str(refused.__cause__).splitlines()[0]
            raise PublicationUnwritable(draft, reason) from refused
        raise


def _prune(published_dir: Path, publication: Publication) -> None:
    current = {file.path for file in publication.files()}
    kept = current | Previous.load(published_dir).files.keys()
    for path in published_dir.glob("*/*"):
        if _OURS.fullmatch(path.name) and str(path.relative_to(published_dir)) not in kept:
            path.unlink()
