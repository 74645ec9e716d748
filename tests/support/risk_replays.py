"""Replays of a certificate on made-up shops whose true abuse rates are known: how often is the cap broken?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from models.risk.certify import Certificate, Judged, certify

CAP = 0.01


@dataclass(frozen=True)
class World:
    """Requests with their true probability of abuse, a noisy score, a value, and the chance of being inspected."""

    probability: NDArray[np.float64]
    score: NDArray[np.float64]
    value: NDArray[np.float64]
    inspected: NDArray[np.float64]


def world(requests: int, chance: np.random.Generator, *, audits: bool, large: float) -> World:
    """About 9 % abusive. `audits`: the low scores are inspected one time in five only. `large`: how much the larger
    amounts draw abuse (log-odds for a doubling).
    """
    size = chance.standard_normal(requests)
    odds = chance.normal(-4.6, 2.4, requests) + large * size * 0.6 / np.log(2)
    score = odds + chance.normal(0, 0.9, requests) - 0.5 * large * size * 0.6 / np.log(2)
    inspected = np.where(score < -2.0, 0.2, 1.0) if audits else np.ones(requests)
    return World(expit(odds), score, np.exp(4 + 0.6 * size), inspected)


def replay(
    requests: int, seed: int, *, audits: bool = False, large: float = 0.0, cap: float = CAP
) -> tuple[Certificate, float, float]:
    """A certificate from one drawn record, and the true abuse rates by count and by amount of what it approves."""
    chance = np.random.default_rng(seed)
    drawn = world(requests, chance, audits=audits, large=large)
    rank = (np.argsort(np.argsort(drawn.score)) + 1) / requests
    seen = chance.random(requests) < drawn.inspected
    label = (chance.random(requests) < drawn.probability).astype(float)
    judged = Judged(
        rank[seen],
        expit(drawn.score[seen]),
        label[seen],
        1 / drawn.inspected[seen],
        drawn.value[seen],
    )
    found = certify(judged, cap=cap, amount_cap=cap, confidence=0.95, seed=seed)
    return found, *_truth(found, seed, audits=audits, large=large)


def _truth(found: Certificate, seed: int, *, audits: bool, large: float) -> tuple[float, float]:
    if found.share is None:
        return 0.0, 0.0
    later = world(100_000, np.random.default_rng(seed + 1_000_000), audits=audits, large=large)
    taken = np.argsort(later.score)[: round(found.share * 100_000)]
    probability, value = later.probability[taken], later.value[taken]
    return float(probability.mean()), float(np.average(probability, weights=value))
