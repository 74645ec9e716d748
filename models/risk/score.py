"""A trained model as the service runs it: read from its folder, checked, and asked for one request at a time.

Standard library only. `Model.raw` adds the same doubles in the same order as scikit-learn does (first the baseline,
then the trees as they were grown), so it equals scikit-learn's raw score to the last bit; the golden rows prove it.
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

FORMAT = 1
MANIFEST, MODEL, GOLDEN, CARD = "manifest.json", "model.json", "golden.json", "card.md"

Vector: TypeAlias = Sequence[float | None]
# A leaf is its value; a split is (feature, threshold, unknown goes left, left, right, mean of what passed through).
Tree: TypeAlias = "float | tuple[int, float, bool, Tree, Tree, float]"
_UNKNOWN = math.nan


class ModelUnusable(Exception):
    """A model's folder that must not decide: a file is missing, changed, or made for other features."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model in memory. `threshold` is the highest score that it may approve; None where nothing is certified.

    `expected` is the mean raw score of the training requests, from the counts in the trees: what `explain` starts from.
    """

    version: str
    features: tuple[str, ...]
    threshold: float | None
    manifest: Mapping[str, Any]
    expected: float
    _baseline: float
    _trees: tuple[Tree, ...]
    _knots_x: tuple[float, ...]
    _knots_y: tuple[float, ...]

    def score(self, vector: Vector) -> float:
        """The calibrated probability of abuse, in [0, 1], for a vector in the order of `features`."""
        return self.calibrate(self.raw(vector))

    def raw(self, vector: Vector) -> float:
        """The log-odds of abuse before calibration; None and NaN are unknown. Raises ValueError on a wrong length."""
        values = self._values(vector)
        total = self._baseline
        for tree in self._trees:
            node = tree
            while type(node) is tuple:
                feature, threshold, unknown_left, left, right, _ = node
                value = values[feature]
                node = left if value <= threshold or (unknown_left and value != value) else right
            total += node  # type: ignore[operator]
        return total

    def explain(self, vector: Vector) -> list[tuple[str, float]]:
        """What each feature adds to the raw score, largest first; the contributions sum to `raw - expected`.

        A feature gets what a split on it changes in the mean of the training requests that remain, along the path that
        this request takes (Saabas 2014). Features that no split of the path asked for are left out.
        """
        values = self._values(vector)
        added: dict[int, float] = {}
        for tree in self._trees:
            node = tree
            while type(node) is tuple:
                feature, threshold, unknown_left, left, right, mean = node
                value = values[feature]
                node = left if value <= threshold or (unknown_left and value != value) else right
                child = node[5] if type(node) is tuple else node
                added[feature] = added.get(feature, 0.0) + (child - mean)  # type: ignore[operator]
        names = self.features
        return sorted(
            ((names[feature], change) for feature, change in added.items()),
            key=lambda item: (-abs(item[1]), item[0]),
        )

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
    """A model's manifest, of a format that we know. Raises ModelUnusable."""
    manifest = _parsed(folder / MANIFEST, _read(folder / MANIFEST))
    if manifest.get("format") != FORMAT:
        raise ModelUnusable(
            f"{folder / MANIFEST} has format {manifest.get('format')}; this version of Retour reads format {FORMAT}. "
            "Train a model anew with it, or roll back to one that it wrote."
        )
    return manifest


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
    trees = tuple(_tree(tree) for tree in document["trees"])
    knots = document["calibration"]
    return Model(
        version=manifest["version"],
        features=features,
        threshold=manifest["threshold"],
        manifest=manifest,
        expected=document["baseline"] + sum(map(_mean, trees)),
        _baseline=document["baseline"],
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


def _tree(tree: Mapping[str, list[Any]]) -> Tree:
    """The nested form of a tree that `model.json` holds as arrays; children stand after their parents."""
    nodes: list[Tree] = list(tree["value"])
    counts = tree["count"]
    for index in range(len(nodes) - 1, -1, -1):
        feature = tree["feature"][index]
        if feature < 0:
            continue
        left, right = tree["left"][index], tree["right"][index]
        if not (index < left < len(nodes) and index < right < len(nodes)):
            raise ModelUnusable(f"{MODEL} holds a tree whose node {index} leads nowhere.")
        threshold = tree["threshold"][index]
        mean = (_mean(nodes[left]) * counts[left] + _mean(nodes[right]) * counts[right]) / (
            counts[left] + counts[right]
        )
        nodes[index] = (
            feature,
            math.inf if threshold is None else threshold,
            bool(tree["missing_left"][index]),
            nodes[left],
            nodes[right],
            mean,
        )
    return nodes[0]


def _mean(node: Tree) -> float:
    return node[5] if isinstance(node, tuple) else node


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
