"""What is known only when events have their place in the log: units in stock, what an assessment had seen, the ids of letters."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from simulator.bulk.ids import event_ids
from simulator.bulk.resolving import DISPOSITIONS
from simulator.bulk.stream import Frames
from simulator.world import Integers


class Numbered:
    """Completes frames that `stream` has numbered; they must come in order."""

    def __init__(self, skus: Sequence[str]) -> None:
        self._skus = pl.Enum(skus)
        self._left = np.zeros(len(skus) * len(DISPOSITIONS), dtype=np.int64)

    def complete(self, frames: Frames, rng: np.random.Generator) -> Frames:
        """`rng` makes the ids of letters."""
        found = dict(frames)
        if (moves := frames.get("inventory_adjusted")) is not None:
            found["inventory_adjusted"] = moves.with_columns(units_left=self._counted(moves))
        if (assessed := frames.get("return_assessed")) is not None:
            # What was asked for stands just before its assessment, and was not seen by it.
            found["return_assessed"] = assessed.with_columns(as_of_seq=pl.col("seq") - 2)
        if (letters := frames.get("message_sent")) is not None:
            sent_us = letters["time"].dt.epoch("us").to_numpy()
            found["message_sent"] = letters.with_columns(message_id=event_ids(sent_us, rng))
        return found

    def _counted(self, moves: pl.DataFrame) -> pl.Series:
        """How many units of a product are at a place after each move, which stand in the log's order."""
        product = moves["sku"].cast(self._skus).to_physical().to_numpy().astype(np.int64)
        key = product * len(DISPOSITIONS) + moves["place"].to_physical().to_numpy()
        order = np.argsort(key, kind="stable")
        change, key = moves["change"].to_numpy()[order], key[order]
        left = np.empty(len(key), dtype=np.int64)
        left[order] = _running(key, change) + self._left[key]
        np.add.at(self._left, key, change)
        return pl.Series(left)


def _running(key: Integers, change: Integers) -> Integers:
    """The sum so far within each run of a key."""
    total = np.cumsum(change)
    begins = np.searchsorted(key, key)
    return np.asarray(total - np.append(0, total)[begins])
