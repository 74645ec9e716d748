"""A trained model as the service runs it: read from its folder, checked, and asked for one request at a time.

Standard library only. Its stages (`models.risk.stages`) give what the training gave, scikit-learn's trees among it, to the
last bit; the golden rows prove it.
"""

import hashlib
import json
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from models.risk.features import NAMES
from models.risk.stages import Forest, Regression, merged, spread

FORMAT = 3
MANIFEST, MODEL, GOLDEN, CARD = "manifest.json", "model.json", "golden.json", "card.md"

Vector: TypeAlias = Sequence[float | None]
_UNKNOWN = math.nan


class ModelUnusable(Exception):
    """A model's folder that must not decide: a file is missing, changed, or made for other features."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model in memory. `threshold` is the highest score that it may approve; None where nothing is certified.

    `expected` is the raw score of the mean training request: what `explain` starts from. A model without a regression is
    its trees alone.
    """

    version: str
    features: tuple[str, ...]
    threshold: float | None
    manifest: Mapping[str, Any]
    expected: float
    _hint: Forest | None
    _regression: Regression | None
    _trees: Forest
    _knots_x: tuple[float, ...]
    _knots_y: tuple[float, ...]

    def score(self, vector: Vector) -> float:
        """The calibrated probability of abuse, in [0, 1], for a vector in the order of `features`."""
        return self.calibrate(self.raw(vector))

    def raw(self, vector: Vector) -> float:
        """The log-odds of abuse before calibration; None and NaN are unknown. Raises ValueError on a wrong length."""
        values = self._values(vector)
        if self._regression is None:
            return self._trees.raw(values)
        added_up = self._regression.raw(values, self._hint.raw(values) if self._hint else None)
        return 0.5 * (added_up + self._trees.raw([*values, added_up]))

    def explain(self, vector: Vector) -> list[tuple[str, float]]:
        """What each feature adds to the raw score, largest first; the contributions sum to `raw - expected`.

        What one stage makes of what another said is spread over the features that made it say so.
        """
        values = self._values(vector)
        if self._regression is None:
            shares = self._trees.shares(values)
        else:
            hint = self._hint.raw(values) if self._hint else None
            hinted = self._hint.shares(values) if self._hint else {}
            sums = self._regression.shares(values, hint, hinted)
            grown = self._trees.shares([*values, self._regression.raw(values, hint)])
            of_sums = grown.pop(len(values), 0.0)
            both = merged(merged(sums, grown), spread(of_sums, sums))
            shares = {feature: share / 2 for feature, share in both.items()}
        told = ((self.features[feature], share) for feature, share in shares.items())
        return sorted(told, key=lambda item: (-abs(item[1]), item[0]))

    def calibrate(self, raw: float) -> float:
        """The probability that belongs to a raw score: linear between the knots, flat beyond them."""
        xs, ys = self._knots_x, self._knots_y
        right = bisect_right(xs, raw)
        if right == 0:
            return ys[0]
        if right == len(xs):
            return ys[-1]
        left = right - 1
        share = (raw - xs[left]) / (xs[right] - xs[left])
        return ys[left] + share * (ys[right] - ys[left])

    def _values(self, vector: Vector) -> list[float]:
        if len(vector) != len(self.features):
            raise ValueError(
                f"model {self.version} takes {len(self.features)} features, this vector has {len(vector)}"
            )
        return [_UNKNOWN if value is None else value for value in vector]


def load(folder: Path) -> Model:
    """Read and check a model's folder. Raises ModelUnusable, which names the file, what is wrong and the way out."""
    manifest = read_manifest(folder)
    found = check_files(folder, manifest)
    return from_document(json.loads(found[MODEL]), manifest)


def read_manifest(folder: Path) -> dict[str, Any]:
    """A model's manifest, of a format that we know and as it was written. Raises ModelUnusable."""
    manifest = _parsed(folder / MANIFEST, _read(folder / MANIFEST))
    if manifest.get("format") != FORMAT:
        raise ModelUnusable(
            f"{folder / MANIFEST} has format {manifest.get('format')}; this version of Retour reads format {FORMAT}. "
            "Train a model anew with it, or roll back to one that it wrote."
        )
    if not isinstance(manifest.get("files"), dict) or not _is_as_written(manifest):
        raise ModelUnusable(
            f"{folder / MANIFEST} is not the manifest that was written: what it says belongs to another name than "
            f"{manifest.get('version')}. Go back to an earlier model with `retour model rollback`."
        )
    return manifest


def identity(manifest: Mapping[str, Any]) -> str:
    """Eight digits that follow from all that a manifest says, the digests of its files among it; not from its own name, which
    ends in them, nor from the card, which bears that name.
    """
    said = {name: value for name, value in manifest.items() if name != "version"}
    files = {name: sha256 for name, sha256 in manifest["files"].items() if name != CARD}
    return digest(json.dumps({**said, "files": files}, sort_keys=True).encode())[:8]


def _is_as_written(manifest: Mapping[str, Any]) -> bool:
    return str(manifest.get("version")).endswith(f"-{identity(manifest)}")


def check_files(folder: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """The bytes of each file that the manifest lists, by name. Raises ModelUnusable if one is not as it was written."""
    found = {name: _read(folder / name) for name in manifest["files"]}
    for name, expected in manifest["files"].items():
        if digest(found[name]) != expected:
            raise ModelUnusable(
                f"{folder / name} is not the file that was written: its SHA-256 is {digest(found[name])[:12]}…, "
                f"the manifest says {expected[:12]}…. Go back to an earlier model with `retour model rollback`."
            )
    if MODEL not in found:
        raise ModelUnusable(f"{folder / MANIFEST} lists no {MODEL}: nothing vouches for the trees.")
    return found


def from_document(document: Mapping[str, Any], manifest: Mapping[str, Any]) -> Model:
    """A model from the content of `model.json` and its manifest. Raises ModelUnusable if its features are not ours."""
    features = tuple(manifest["features"])
    _check_features(manifest["version"], features)
    try:
        hint = Forest.read(document["hint"]) if document.get("hint") else None
        regression = Regression.read(document["regression"]) if document.get("regression") else None
        trees = Forest.read(document)
    except ValueError as error:
        raise ModelUnusable(f"{MODEL} holds {error}. Train a model anew.") from error
    expected = (
        trees.expected if regression is None else 0.5 * (regression.expected + trees.expected)
    )
    knots = document["calibration"]
    return Model(
        version=manifest["version"],
        features=features,
        threshold=manifest["threshold"],
        manifest=manifest,
        expected=expected,
        _hint=hint,
        _regression=regression,
        _trees=trees,
        _knots_x=tuple(knots["x"]),
        _knots_y=tuple(knots["y"]),
    )


def digest(content: bytes) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _check_features(version: str, features: tuple[str, ...]) -> None:
    if features == NAMES:
        return
    unknown = sorted(set(features) - set(NAMES))
    missing = sorted(set(NAMES) - set(features))
    differences = [
        *([f"it asks for {', '.join(unknown)}"] if unknown else []),
        *([f"it does not know {', '.join(missing)}"] if missing else []),
    ]
    raise ModelUnusable(
        f"Model {version} was trained on other features than this version of Retour computes: "
        f"{'; '.join(differences) or 'they stand in another order'}. Train a model anew."
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelUnusable(
            f"{path} cannot be read: {error.strerror}. Go back to an earlier model with `retour model rollback`."
        ) from error


def _parsed(path: Path, content: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(content)
    except ValueError as error:
        raise ModelUnusable(
            f"{path} is not JSON ({error}). Go back to an earlier model with `retour model rollback`."
        ) from error
    if not isinstance(parsed, dict):
        raise ModelUnusable(f"{path} holds no table, but {type(parsed).__name__}.")
    return parsed
