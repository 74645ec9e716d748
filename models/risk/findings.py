"""What basic inspections find among the requests that a model calls harmless: no label, but news that comes first.

Labels are few, and count only when they are old enough. What the quick look finds is known of nearly every parcel as
soon as it came: much escapes it, but where the share of abuse doubles, so does what it finds. So a certificate is not given where the newest
findings contradict those that it was made beside, and a model is stopped where its approvals fail more often than the
certificate bears.

What a person let come holds less abuse than what a model approves, for people decline some of it: where people decided before, a rise is overstated by
at most what they caught. That makes a first model's watch the stricter.
"""

from dataclasses import dataclass
from itertools import accumulate
from operator import or_

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from models.risk.arrays import Floats
from models.risk.certify import UNLIKELY, Certificate, clopper_pearson
from models.risk.choose import Action


@dataclass(frozen=True, slots=True)
class Findings:
    """Requests whose basic inspection is known; all (n,).

    `rank` as in `models.risk.certify.Judged`. `is_bad`: whether something was found. `is_news`: whether that was known
    too late for any label of its time to count.
    """

    rank: Floats
    is_bad: NDArray[np.bool_]
    is_news: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bearable:
    """What was found among the approved share, `bad` of `known`, and the rate that a model's approvals must not exceed."""

    bad: int
    known: int
    limit: float


def unless_they_rose(certificate: Certificate, findings: Findings) -> Certificate:
    """The certificate without the shares among which more is found of late, and without all larger ones.

    More is found where, had nothing changed, so many of all bad findings would be new by less than one chance in twenty
    (the conditional test of two rates: Przyborowski & Wilenski 1940).
    """
    rises = accumulate((_rose(findings, step.share) for step in certificate.steps), or_)
    return certificate.without(list(rises), "newest_findings")


def bearable(findings: Findings, action: Action, confidence: float) -> Bearable | None:
    """How often what gets an action may fail a basic inspection while its cap is kept; None where nothing tells.

    The upper bound of the rate that was found, times the room that its bounds leave below the caps: abuse may grow by
    so much, and what is found of it with it.
    """
    if action.bound is None or action.amount_bound is None:
        return None
    among = findings.rank <= action.share
    bad, known = int(findings.is_bad[among].sum()), int(among.sum())
    room = min(action.cap / action.bound, action.amount_cap / action.amount_bound)
    limit = clopper_pearson(bad, known, confidence) * room
    return Bearable(bad, known, limit) if limit < 1 else None


def _rose(findings: Findings, share: float) -> bool:
    among = findings.rank <= share
    bad, news = findings.is_bad[among], findings.is_news[among]
    if not news.any():
        return False
    new = int((bad & news).sum())
    return bool(binom.sf(new - 1, int(bad.sum()), float(news.mean())) < UNLIKELY)
