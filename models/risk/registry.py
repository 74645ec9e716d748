"""The models that were trained, which of them decides, and the record of every change of that.

Standard library only. A version is a folder that is complete before it has its name; a pointer is one small file that
is replaced whole, so a reader sees the old one or the new one and never half of either.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from models.risk import golden
from models.risk.score import (
    CARD,
    FORMAT,
    GOLDEN,
    MANIFEST,
    MODEL,
    Model,
    ModelUnusable,
    digest,
    identity,
    load,
    read_manifest,
)

CHAMPION, CHALLENGER, HISTORY = "champion.json", "challenger.json", "promotions.jsonl"


@dataclass(frozen=True, slots=True)
class Artefact:
    """A trained model before it has a version: what goes into its folder.

    `manifest` lacks format, version and files, which follow from the rest; `plots` are SVG by file name.
    """

    model: Mapping[str, Any]
    golden: golden.Golden
    manifest: Mapping[str, Any]
    card: str
    plots: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which version stands, since when, by whose hand and why, and which one stood before it (None for the first)."""

    version: str
    promoted_at: str
    by: str
    reason: str
    previous: str | None


def publish(root: Path, artefact: Artefact, as_of: datetime) -> str:
    """Write a version's folder and give its version, `r<date of the data>-<8 digits that follow from all that it says>`. The
    same model with the same certificate again changes nothing.

    Raises ModelUnusable if what was written does not load and reproduce its golden rows; nothing is left then.
    """
    files = {
        MODEL: _bytes(artefact.model),
        GOLDEN: _bytes(artefact.golden.to_document()),
        **{name: plot.encode() for name, plot in artefact.plots.items()},
    }
    said = json.loads(_bytes({"format": FORMAT, **artefact.manifest, "files": _digests(files)}))
    version = f"r{as_of:%Y-%m-%d}-{identity(said)}"
    if (root / version).exists():
        return version
    root.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".writing-", dir=root))
    try:
        _write(
            beside,
            {**files, CARD: artefact.card.replace("{version}", version).encode()},
            said,
            version,
        )
        verify(beside)
        beside.chmod(0o755)
        beside.rename(root / version)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    _sync_folder(root)
    return version


def verify(folder: Path) -> Model:
    """Load a version and let it reproduce its golden rows. Raises ModelUnusable."""
    model = load(folder)
    golden.check(model, golden.read(folder, read_manifest(folder)))
    return model


def versions(root: Path) -> list[str]:
    """All versions, the oldest data first; half-written folders are none."""
    if not root.is_dir():
        return []
    return sorted(
        folder.name
        for folder in root.iterdir()
        if not folder.name.startswith(".") and (folder / MANIFEST).is_file()
    )


def champion(root: Path) -> Pointer | None:
    """The version that decides, or None before the first promotion. Raises ModelUnusable if the pointer is broken."""
    return _pointer(root / CHAMPION)


def challenger(root: Path) -> Pointer | None:
    """The version that scores in shadow, or None. Raises ModelUnusable if the pointer is broken."""
    return _pointer(root / CHALLENGER)


def history(root: Path) -> list[Pointer]:
    """Every promotion and rollback, in order. Raises ModelUnusable if the record is broken, but for a last line that was cut
    short: no pointer ever followed it.
    """
    path = root / HISTORY
    try:
        return [Pointer(**json.loads(line)) for line in _whole_lines(path).splitlines()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise ModelUnusable(
            f"{path} is no record of promotions ({error}). Restore it from a backup; without one delete it, and name a model "
            "with `retour model promote VERSION`."
        ) from error


def promote(root: Path, version: str, *, at: datetime, by: str, reason: str) -> Pointer:
    """Let a version decide from now on. Raises ModelUnusable unless it loads and reproduces its golden rows.

    Whether it deserves to is `models.risk.compare`'s question.
    """
    verify(_folder(root, version))
    standing = _standing(root)
    previous = None if standing is None else standing.version
    if standing is not None and previous == version:
        replace_file(root / CHAMPION, _bytes(asdict(standing)))
        return standing
    pointer = Pointer(version, at.isoformat(), by, reason, previous)
    _stand(root, pointer)
    rival = challenger(root)
    if rival is not None and rival.version == version:
        withdraw(root)
    return pointer


def rollback(root: Path, *, at: datetime, by: str, reason: str) -> Pointer:
    """Let the version decide that did before the present one; once more goes back further.

    The present one need not be readable. Raises ModelUnusable if there is none before it, or that one is broken.
    """
    standing = _standing(root)
    if standing is None or standing.previous is None:
        raise ModelUnusable(
            f"There is no model to go back to in {root}: "
            + (
                "none was ever promoted."
                if standing is None
                else f"{standing.version} was the first."
            )
            + " Without a model the policy's rules decide."
        )
    verify(_folder(root, standing.previous))
    pointer = Pointer(
        standing.previous, at.isoformat(), by, reason, _before(root, standing.previous)
    )
    _stand(root, pointer)
    return pointer


def challenge(root: Path, version: str, *, at: datetime, by: str, reason: str) -> Pointer:
    """Let a version score in shadow. Raises ModelUnusable unless it loads and reproduces its golden rows."""
    verify(_folder(root, version))
    standing = challenger(root)
    before = None if standing is None else standing.version
    pointer = Pointer(version, at.isoformat(), by, reason, before)
    replace_file(root / CHALLENGER, _bytes(asdict(pointer)))
    return pointer


def withdraw(root: Path) -> None:
    """Let no version score in shadow."""
    (root / CHALLENGER).unlink(missing_ok=True)
    _sync_folder(root)


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file whole: written beside it, on the disk before it takes the name."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    _sync_folder(path.parent)


def _stand(root: Path, pointer: Pointer) -> None:
    """Make a pointer the champion. The record comes first: a pointer that stands has always been told of."""
    path, line = root / HISTORY, _bytes(asdict(pointer)) + b"\n"
    whole = len(_whole_lines(path)) if path.exists() else 0
    with path.open("ab") as file:
        file.truncate(whole)
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    replace_file(root / CHAMPION, _bytes(asdict(pointer)))


def _standing(root: Path) -> Pointer | None:
    """The champion, by the record if its pointer is broken: a broken pointer must not keep a model from being named."""
    try:
        return champion(root)
    except ModelUnusable:
        return next(reversed(history(root)), None)


def _before(root: Path, version: str) -> str | None:
    """What stood before a version when it was first promoted."""
    return next((past.previous for past in history(root) if past.version == version), None)


def _folder(root: Path, version: str) -> Path:
    if version not in versions(root):
        known = versions(root)
        raise ModelUnusable(
            f"There is no model {version} in {root}. "
            + (f"There are: {', '.join(known)}." if known else "None has been trained yet.")
        )
    return root / version


def _pointer(path: Path) -> Pointer | None:
    try:
        return Pointer(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ModelUnusable(
            f"{path} does not name a model ({error}). Name one with `retour model promote VERSION`."
        ) from error


def _whole_lines(path: Path) -> bytes:
    content = path.read_bytes()
    return content[: content.rfind(b"\n") + 1]


def _write(folder: Path, files: Mapping[str, bytes], said: Mapping[str, Any], version: str) -> None:
    manifest = {"version": version, **said, "files": _digests(files)}
    for name, found in {**files, MANIFEST: _bytes(manifest, indent=2)}.items():
        replace_file(folder / name, found)


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: digest(content) for name, content in sorted(files.items())}


def _bytes(document: Mapping[str, Any], indent: int | None = None) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent).encode()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
