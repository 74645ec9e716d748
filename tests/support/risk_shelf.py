"""Models in a registry, written by hand: one split on one feature, so that a test knows each score."""

import random
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.risk import registry
from models.risk.features import NAMES
from models.risk.golden import LEAST_ROWS, Golden
from models.risk.rules import RiskRules
from models.risk.score import from_document

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)


def put_model(
    root: Path,
    *,
    feature: str = NAMES[0],
    split: float = 1.5,
    low: float = -4.0,
    high: float = 1.0,
    threshold: float | None = 0.2,
    as_of: datetime = AS_OF,
    **manifest: Any,
) -> str:
    """A model whose raw score is `low` up to the split and `high` above it; its version. A probability of 0.5 is a raw score of 0."""
    trees = [_one_split(NAMES.index(feature), split, low, high)]
    return _publish(root, trees, threshold, as_of, manifest)


def put_large_model(root: Path, trees: int = 300, splits: int = 31) -> str:
    """A model of a size that training makes; its version."""
    chance = random.Random(7)
    return _publish(root, [_tree(chance, splits) for _ in range(trees)], 0.05, AS_OF, {})


def _publish(
    root: Path,
    trees: list[dict[str, list[Any]]],
    threshold: float | None,
    as_of: datetime,
    manifest: dict[str, Any],
) -> str:
    document = {
        "baseline": 0.0,
        "trees": trees,
        "calibration": {"x": [-5.0, 0.0, 5.0], "y": [0.001, 0.5, 0.999]},
    }
    rules = {**asdict(RiskRules()), **manifest.pop("rules", {})}
    said = {
        "features": list(NAMES),
        "rules": rules,
        "threshold": threshold,
        "data": {"from": "2025-12-01T00:00:00", "to": "2026-03-01T00:00:00", "requests": 9000, "labels": 2500},
        "actions": {"refund_early": {"threshold": None}, "inspect_basic": {"threshold": threshold}},
        "certificate": {"certified": threshold is not None, "missing_labels": 0 if threshold is not None else 700},
        **manifest,
    }  # fmt: skip
    artefact = registry.Artefact(document, _golden(document), said, "# {version}", {})
    return registry.publish(root, artefact, as_of)


def promote(root: Path, version: str) -> None:
    registry.promote(root, version, at=AS_OF, by="test", reason="to see")


def _one_split(feature: int, split: float, low: float, high: float) -> dict[str, list[Any]]:
    return {
        "feature": [feature, -1, -1],
        "threshold": [split, None, None],
        "left": [1, 0, 0],
        "right": [2, 0, 0],
        "missing_left": [True, False, False],
        "value": [0.0, low, high],
        "count": [100, 90, 10],
    }


def _tree(chance: random.Random, splits: int) -> dict[str, list[Any]]:
    """A full tree of so many splits on features by chance; nodes stand level by level."""
    nodes = 2 * splits + 1
    inner = range(splits)
    return {
        "feature": [chance.randrange(len(NAMES)) if node in inner else -1 for node in range(nodes)],
        "threshold": [chance.random() * 3 if node in inner else None for node in range(nodes)],
        "left": [2 * node + 1 if node in inner else 0 for node in range(nodes)],
        "right": [2 * node + 2 if node in inner else 0 for node in range(nodes)],
        "missing_left": [node in inner for node in range(nodes)],
        "value": [0.0 if node in inner else chance.gauss(-0.015, 0.01) for node in range(nodes)],
        "count": [10] * nodes,
    }


def _golden(document: dict[str, Any]) -> Golden:
    model = from_document(document, {"version": "-", "features": list(NAMES), "threshold": None})
    vectors = tuple(
        tuple(float(row + place) if (row + place) % 3 else None for place in range(len(NAMES)))
        for row in range(LEAST_ROWS)
    )
    return Golden(
        vectors, tuple(map(model.raw, vectors)), tuple(model.score(each) for each in vectors)
    )
