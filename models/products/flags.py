"""Which products to flag: as many as the false-discovery rate allows, and none that flickers."""

from collections.abc import Set
from dataclasses import dataclass

import polars as pl

from models.products.detector import Detector


@dataclass(frozen=True, slots=True)
class Decisions:
    """Products to flag and to clear now, sorted; standing flags that are in neither stay."""

    flagged: tuple[str, ...]
    cleared: tuple[str, ...]


def decide(evidence: pl.DataFrame, standing: Set[str], detector: Detector) -> Decisions:
    """Compare evidence (`sku`, `probability`, `incidents`, `excess_units`) with the flags that stand.

    A flag is raised on strong evidence and cleared only when it has become more likely than not that the product is
    ordinary, so that a product near the line does not come and go.
    """
    doubtful = evidence.filter(pl.col("probability") < detector.clears_below)["sku"]
    known = set(evidence["sku"])
    cleared = {sku for sku in standing if sku not in known} | (standing & set(doubtful))
    return Decisions(
        flagged=tuple(sorted(set(discoveries(evidence, detector)) - standing)),
        cleared=tuple(sorted(cleared)),
    )


def discoveries(evidence: pl.DataFrame, detector: Detector) -> list[str]:
    """The largest set of products whose mean probability of being ordinary is at most the false-discovery rate.

    Bayesian false-discovery rate: Newton et al., Biostatistics 5, 2004. Equal probabilities are taken or left together.
    """
    candidates = evidence.filter(
        pl.col("probability") >= detector.least_probability,
        pl.col("incidents") >= detector.least_incidents,
        pl.col("excess_units") > 0,
    ).sort("probability", "sku", descending=[True, False])
    rates = (1 - candidates["probability"]).cum_sum() / pl.int_range(
        1, len(candidates) + 1, eager=True
    )
    passing = candidates.filter(rates <= detector.false_discovery_rate)
    if passing.is_empty():
        return []
    line = passing["probability"].min()
    within = candidates.filter(pl.col("probability") >= line)
    is_held = len(within) == len(passing)
    return (within if is_held else passing.filter(pl.col("probability") > line))["sku"].to_list()
