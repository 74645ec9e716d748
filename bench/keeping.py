"""Work of hours that an interruption does not undo: each piece's answer lies in a folder until all of it is done."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl

_STAMP = "made-from"
_ROOT = Path(__file__).parent.parent
_CODE = {".py", ".sql", ".toml", ".json"}


def kept(path: Path, work: Callable[..., pl.DataFrame], *arguments: object) -> pl.DataFrame:
    """What `work` answers to its arguments: read from `path` if it was once worked out, else worked out and kept there."""
    if not path.exists():
        beside = path.with_suffix(".part")
        work(*arguments).write_parquet(beside)
        beside.replace(path)
    return pl.read_parquet(path)


def opened(folder: Path, made_from: str) -> int:
    """Make ready a folder of kept work; how many pieces still hold. What was made from anything else is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / _STAMP
    if not stamp.exists() or stamp.read_text() != made_from:
        for file in folder.iterdir():
            file.unlink()
        stamp.write_text(made_from)
    return sum(file.suffix == ".parquet" for file in folder.iterdir())


def made_from(packages: Iterable[str], *given: object) -> str:
    """A hash of all code, SQL and settings in these folders of the repository, and of what was given."""
    total = hashlib.sha256(repr(given).encode())
    files = (file for name in packages for file in (_ROOT / name).rglob("*"))
    for file in sorted(file for file in files if file.suffix in _CODE):
        total.update(str(file.relative_to(_ROOT)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()
