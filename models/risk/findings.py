"""What basic inspections find among the requests that a model calls harmless: no label, but news that comes first.

Labels are few, and count only when they are old enough. What the quick look finds is known of nearly every parcel as
soon as it came: much escapes it, but where the share of abuse doubles, so does what it finds. So a certificate is not given where the newest
findings contradict those that it was made beside, and a model is stopped where its approvals fail more often than the
certificate bears (`models.risk.watch`).

What a person let come holds less abuse than what a model approves, for people decline some of it: where people decided before, a rise is overstated by
at most what they caught. That makes a first model's watch the stricter.
"""

from dataclasses import dataclass
from itertools import accumulate
from operator import or_

import numpy as np
from numpy.typing import NDArray

from models.risk.arrays import Floats
from models.risk.certify import UNLIKELY, Certificate
from models.risk.choose import Action
from models.risk.watch import Usual, chance_of_more


@dataclass(frozen=True, slots=True)
class Findings:
    """Requests whose basic inspection is known; all (n,).

    `rank` as in `models.risk.certify.Judged`. `is_bad`: whether something was found. `is_news`: whether that was known
    too late for any label of its time to count.
    """

    rank: Floats
    is_bad: NDArray[np.bool_]
    is_news: NDArray[np.bool_]


def unless_they_rose(certificate: Certificate, findings: Findings) -> Certificate:
    """The certificate without the shares among which more is found of late, and without all larger ones.

    More is found where, had nothing changed, so many of all bad findings would be new by less than one chance in twenty.
    """
    rises = accumulate((_rose(findings, step.share) for step in certificate.steps), or_)
    return certificate.without(list(rises), "newest_findings")


def usual(findings: Findings, action: Action) -> Usual | None:
    """What was found of the share that gets an action, and how many times as much its bounds leave room for below the caps;
    None where nobody gets it, or nothing is known.
    """
    among = findings.rank <= action.share
    if action.bound is None or action.amount_bound is None or not among.any():
        return None
    room = min(action.cap / action.bound, action.amount_cap / action.amount_bound)
    return Usual(int(findings.is_bad[among].sum()), int(among.sum()), room)


def _rose(findings: Findings, share: float) -> bool:
    among = findings.rank <= share
    bad, news = findings.is_bad[among], findings.is_news[among]
    before = Usual(int((bad & ~news).sum()), int((~news).sum()), 1.0)
    return chance_of_more(int((bad & news).sum()), int(news.sum()), before) < UNLIKELY
