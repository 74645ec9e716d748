"""Applications of made-up shops as the closed loop takes them: what they look like, whether they are abusive, what is found."""

from datetime import timedelta

import numpy as np
import polars as pl
from risk_toys import frame, shop

from bench.risk.cases import OPENED


def applications(number: int, days: int, seed: int) -> pl.DataFrame:
    """So many applications, evenly over the days; a full inspection finds all abuse, a basic one half of it."""
    made = shop(number, seed, strength=1.6)
    chance = np.random.default_rng([seed, 1])
    abusive = made.label > 0
    every = timedelta(days=days) / number
    return (
        frame(made)
        .drop("label", "weight", "labelled_at")
        .with_columns(
            requested_at=pl.lit(OPENED).dt.cast_time_unit("us") + pl.int_range(number) * every,
            is_abusive=pl.Series(abusive),
            posterior=pl.Series(made.probability),
            found_full=pl.Series(abusive),
            found_basic=pl.Series(abusive & (chance.random(number) < 0.5)),
            comes=pl.lit(value=True),
        )
    )
