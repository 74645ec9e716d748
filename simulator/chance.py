"""Chance that can be repeated: a stream of its own for each thing that is drawn, so that one more draw here moves nothing there."""

import hashlib

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """The random numbers of this seed for what the names say, such as `stream(7, "orders", 12)`."""
    digest = hashlib.sha256("\x1f".join(map(str, (seed, *names))).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
