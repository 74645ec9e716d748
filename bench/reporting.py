"""What reports of targets have in common: verdicts, tables, the interval of a share."""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import beta


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target, what was found, and whether that meets it; None where the runs cannot tell."""

    target: str
    found: str
    is_met: bool | None


def interval(broken: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Clopper & Pearson 1934)."""
    low = float(beta.ppf(0.025, broken, of - broken + 1)) if broken else 0.0
    high = float(beta.ppf(0.975, broken + 1, of - broken)) if broken < of else 1.0
    return low, high


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    body = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in body)


def word(is_met: bool | None) -> str:
    """A verdict in a word."""
    return {True: "yes", False: "**no**", None: "cannot be told"}[is_met]
