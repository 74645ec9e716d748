"""The relations of `sql/` as they were last read, kept in a file: reading them anew is a second of every run's work.

They are taken from the file only where everything that they follow from is as it was: each text, the lake's tables, the
version of sqlglot, and the code that reads.
"""

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from pipelines.lake.tables import payload_tables
from pipelines.warehouse.models import SqlModel, load_models, model_files

KEPT = "relations.json"
_CODE = Path(__file__).parent


class _Kept(NamedTuple):
    """What the relations were read from, in short, and the relations."""

    read_from: str
    relations: tuple[SqlModel, ...]


_FILE: TypeAdapter[_Kept] = TypeAdapter(_Kept)


@cache
def read_models(sql_dir: Path, folder: Path) -> tuple[SqlModel, ...]:
    """As `load_models`, once in a process, and from what an earlier one kept in `folder` if that still holds.

    Where nothing can be kept, because there is no such folder or it is not ours to write to, nothing is. Raises `ModelError`.
    """
    path, read_from = folder / KEPT, _read_from(sql_dir)
    kept = _kept(path)
    if kept and kept.read_from == read_from:
        return kept.relations
    relations = tuple(load_models(sql_dir))
    _keep(path, _Kept(read_from, relations))
    return relations


def _read_from(sql_dir: Path) -> str:
    told = hashlib.sha256()
    for part in _parts(sql_dir):
        told.update(hashlib.sha256(part).digest())
    return told.hexdigest()


def _parts(sql_dir: Path) -> Iterator[bytes]:
    yield f"{version('sqlglot')} {sql_dir}".encode()
    yield str(
        sorted((name, sorted(each.items())) for name, each in payload_tables().items())
    ).encode()
    for path in (*sorted(_CODE.glob("*.py")), *model_files(sql_dir)):
        yield str(path).encode()
        yield path.read_bytes()


def _kept(path: Path) -> _Kept | None:
    """What lies in the file; None where that is nothing that we wrote."""
    try:
        return _FILE.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _keep(path: Path, kept: _Kept) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        draft.write_bytes(_FILE.dump_json(kept))
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
