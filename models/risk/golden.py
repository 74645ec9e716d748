"""Golden rows: requests with the answers that the trained model gave, which every copy of it must give again.

Standard library only: the same check runs at export, before a promotion, when the service loads, and in CI.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.risk.score import GOLDEN, Model, ModelUnusable, Vector, check_files

LEAST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Golden:
    """Vectors, and for each the raw score that scikit-learn gave and the calibrated probability."""

    vectors: tuple[tuple[float | None, ...], ...]
    raw: tuple[float, ...]
    score: tuple[float, ...]

    def to_document(self) -> dict[str, Any]:
        """The content of `golden.json`."""
        return {"vectors": self.vectors, "raw": self.raw, "score": self.score}


@dataclass(frozen=True, slots=True)
class Reproduction:
    """How a model answered its golden rows: how many there are, and the numbers of those that came out otherwise."""

    rows: int
    differing: tuple[int, ...]

    @property
    def is_exact(self) -> bool:
        """Whether there were golden rows enough and all came out to the last bit."""
        return self.rows >= LEAST_ROWS and not self.differing


def reproduce(model: Model, golden: Golden) -> Reproduction:
    """Ask the model for every golden row; raw score and probability must equal to the last bit."""
    answers = zip(golden.vectors, golden.raw, golden.score, strict=True)
    differing = tuple(
        row
        for row, (vector, raw, score) in enumerate(answers)
        if model.raw(vector) != raw or model.score(vector) != score
    )
    return Reproduction(len(golden.vectors), differing)


def read(folder: Path, manifest: dict[str, Any]) -> Golden:
    """A model's golden rows. Raises ModelUnusable if its manifest lists none."""
    found = check_files(folder, manifest)
    if GOLDEN not in found:
        raise ModelUnusable(f"{folder} has no {GOLDEN}: its answers cannot be checked.")
    document = json.loads(found[GOLDEN])
    return Golden(
        tuple(tuple(vector) for vector in document["vectors"]),
        tuple(document["raw"]),
        tuple(document["score"]),
    )


def check(model: Model, golden: Golden) -> None:
    """Raise ModelUnusable unless the model reproduces its golden rows."""
    result = reproduce(model, golden)
    if not result.is_exact:
        raise ModelUnusable(
            f"Model {model.version} does not give its golden answers again: {len(result.differing)} of {result.rows} "
            f"rows differ{_first(result.differing)}; at least {LEAST_ROWS} rows must agree to the last bit. "
            "Go back to an earlier model with `retour model rollback`, or train anew."
        )


def _first(differing: Sequence[int]) -> str:
    return f", the first is row {differing[0]}" if differing else ""


def vectors_of(rows: Sequence[Vector]) -> tuple[tuple[float | None, ...], ...]:
    """Rows as golden vectors: NaN becomes None, every number a float."""
    return tuple(
        tuple(None if value is None or value != value else float(value) for value in row)
        for row in rows
    )
