"""What the product's features could tell at most: a model of its kind, taught the truth of very many applications.

The all-knowing oracle (`simulator.oracle`) knows the table of kinds of customers and weighs every order and parcel; no
features in use carry all of that. So there are two: the all-knowing one, and this one, which sees what the product sees.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from bench.risk.cases import features_of
from models.risk.grow import Examples, Grown, Shape, grow
from models.risk.split import Lesson

MOST = 400_000  # applications, that it is taught by
_SHAPE = Shape(leaves=31, learning_rate=0.1, least_in_leaf=100, trees=600)
_STOPS_BY = 0.1


def taught_the_truth(applications: pl.DataFrame, seed: int) -> Grown:
    """Trees on the truth of all these applications, inspected or not."""
    chance = np.random.default_rng(seed)
    rows = chance.permutation(len(applications))
    cut = round(len(rows) * (1 - _STOPS_BY))
    examples = Examples(
        features_of(applications),
        applications["is_abusive"].to_numpy().astype(float),
        np.ones(len(applications)),
        np.full(len(applications), np.nan),
    )
    lesson = Lesson(np.sort(rows[:cut]), np.sort(rows[cut:]), np.arange(0))
    return grow(examples, lesson, _SHAPE, seed)


def of_other_shops(paths: Sequence[Path], seed: int) -> tuple[Grown, int]:
    """The oracle of these shops' applications, at most 400,000 of them, and how many it was taught by."""
    share = MOST // max(len(paths), 1)
    parts = [pl.read_parquet(path).filter("is_eligible") for path in paths]
    drawn = pl.concat([part.sample(min(share, len(part)), seed=seed) for part in parts])
    return taught_the_truth(drawn, seed), len(drawn)
