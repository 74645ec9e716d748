"""How sure a share is."""

import math

_Z = 1.959964


def wilson(share: float, size: float) -> tuple[float, float]:
    """The 95 % interval of a share of so many (Wilson 1927)."""
    centre = (share + _Z**2 / (2 * size)) / (1 + _Z**2 / size)
    half = _Z / (1 + _Z**2 / size) * math.sqrt(share * (1 - share) / size + _Z**2 / (4 * size**2))
    return max(0.0, centre - half), min(1.0, centre + half)
