"""Which products to flag: as many as the false-discovery rate allows, and none that flickers."""

from collections.abc import Set
from dataclasses import dataclass

import polars as pl

from models.products.detector import Detector


@dataclass(frozen=True, slots=True)
class Answers:
    """Products whose newest flag a buyer answered: those dismissed of which the evidence is still the old one (`hold`), and
    those of which there is new evidence: beyond what was dismissed, or of a problem that the action was not meant for.
    """

    hold: frozenset[str]
    reopened: frozenset[str]


NO_ANSWERS = Answers(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Decisions:
    """Products to flag and to clear now, sorted; standing flags that are in neither stay."""

    flagged: tuple[str, ...]
    cleared: tuple[str, ...]


def decide(
    evidence: pl.DataFrame,
    standing: Set[str],
    detector: Detector,
    answers: Answers = NO_ANSWERS,
) -> Decisions:
    """Compare evidence (`sku`, `probability`, `ended`, `incidents`, `excess_units`) with the flags that stand.

    A flag is raised on strong evidence and cleared only when it has become more likely than not that the product is
    ordinary, or very likely that it is so again, so that a product near the line does not come and go. One that a buyer
    dismissed is raised anew on new evidence alone, whether it still stands or was cleared since; one that a buyer acted on,
    while it stands, on evidence of another problem.
    """
    is_over = pl.col("ended") >= detector.cleared_if_ended
    doubtful = evidence.filter((pl.col("probability") < detector.clears_below) | is_over)["sku"]
    known = set(evidence["sku"])
    cleared = {sku for sku in standing if sku not in known} | (standing & set(doubtful))
    may_be = evidence.filter(~pl.col("sku").is_in(sorted(answers.hold)))
    others = standing - cleared - answers.reopened
    return Decisions(
        flagged=tuple(sorted(discoveries(may_be, others, detector))),
        cleared=tuple(sorted(cleared)),
    )


def discoveries(evidence: pl.DataFrame, standing: Set[str], detector: Detector) -> list[str]:
    """The products to flag beside those that stand: as many as leave the whole list's false-discovery rate held.

    The rate of a list is the mean probability that one on it is ordinary (Newton et al., Biostatistics 5, 2004), as it is
    known today: flags that have proved true make room for less certain ones. Whoever is certain enough alone is flagged
    whatever the others are. Equal probabilities are taken or left together.
    """
    doubt = 1 - pl.col("probability")
    stands = pl.col("sku").is_in(sorted(standing))
    doubts = evidence.filter(stands)["probability"]
    candidates = evidence.filter(
        ~stands,
        pl.col("probability") >= detector.least_probability,
        pl.col("ended") < detector.clears_below,
        pl.col("incidents") >= detector.least_incidents,
        pl.col("excess_units") > 0,
    ).sort("probability", "sku", descending=[True, False])
    of_list = (float((1 - doubts).sum()) + doubt.cum_sum()) / (
        len(doubts) + pl.int_range(1, pl.len() + 1)
    )
    # Of equal probabilities, what holds for the last must hold for all.
    rates = candidates.with_columns(rate=of_list).with_columns(
        rate=pl.col("rate").last().over("probability")
    )
    held = (pl.col("rate") <= detector.false_discovery_rate) | (
        doubt <= detector.false_discovery_rate
    )
    return rates.filter(held)["sku"].to_list()
