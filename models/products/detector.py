"""The detector's settings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detector:
    """What counts as a problem, and how sure one must be. `version` names method and settings in the log.

    `window_weeks` is what figures about a product's present are of; `multipliers` are those that a fault may have, and
    `always_from`: so many times as often as its peers a product must always have come back, for whatever reason, to be a
    problem. `said_share` is how much of a fault's excess is put down to its own reason by customers.
    """

    version: str = "changes-1"
    window_weeks: int = 26
    longest_lag_weeks: int = 26
    multipliers: tuple[float, ...] = (1.4, 2.0, 2.8, 4.0, 5.6)
    always_from: float = 3.0
    said_share: float = 0.7
    interval: float = 0.9
    false_discovery_rate: float = 0.05
    least_probability: float = 0.8
    clears_below: float = 0.5
    cleared_if_ended: float = 0.8
    least_incidents: int = 3
