"""How laborious it is to apply: how many inputs it takes people, and when they begin.

Drawn by a chance of its own, so that nothing else of a plan depends on it.
"""

import numpy as np
import polars as pl

from simulator.chance import stream
from simulator.world import HOUR_US, Integers

_MINUTE_US = HOUR_US // 60
_SLIPS = 0.8  # inputs that are taken back or given twice
_MINUTES_AN_INPUT, _SPREAD = 0.6, 0.8
_INTERRUPTED_SHARE, _INTERRUPTION_HOURS = 0.03, 3.0
_LONGEST_US = 20 * HOUR_US


def effort_frame(
    seed: int, day: int, asked: pl.DataFrame, lines: pl.DataFrame, delivered_us: Integers
) -> pl.DataFrame:
    """`inputs` and `started_us` of a day's applications, a row each.

    Who withdraws picks the goods and confirms; who asks says why as well. Most are done within minutes, a few are called
    away; nobody begins before the goods are there, or more than twenty hours before the end.
    """
    rng, number = stream(seed, "effort", day), asked.height
    things = np.bincount(
        np.searchsorted(asked["request"].to_numpy(), lines["request"].to_numpy()), minlength=number
    )
    needed = np.where(asked["is_withdrawal"].to_numpy(), 1 + things, 2 + 2 * things)
    inputs = needed + rng.poisson(_SLIPS, number)
    minutes = inputs * _MINUTES_AN_INPUT * np.exp(_SPREAD * rng.standard_normal(number))
    is_interrupted = rng.random(number) < _INTERRUPTED_SHARE
    away_us = is_interrupted * rng.exponential(_INTERRUPTION_HOURS * HOUR_US, number)
    requested_us = asked["requested_us"].to_numpy()
    longest_us = np.minimum(requested_us - delivered_us, _LONGEST_US)
    lasts_us = np.minimum(minutes * _MINUTE_US + away_us, longest_us).astype(np.int64)
    return pl.DataFrame({"inputs": inputs, "started_us": requested_us - lasts_us})
