"""The detector's settings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detector:
    """What counts as a problem, and how sure one must be. `version` names method and settings in the log."""

    version: str = "incidents-2"
    window_weeks: int = 26
    longest_lag_weeks: int = 26
    practical_lift: float = 1.5
    interval: float = 0.9
    false_discovery_rate: float = 0.05
    least_probability: float = 0.8
    clears_below: float = 0.5
    least_incidents: int = 3
