"""How much may be decided by the score, so that the policy's cap holds with the policy's confidence.

The requests that were judged by a model trained before them are laid out from the least to the most risky. Shares are
tested upwards from a start, and the first that fails ends it: the chance that a share is certified whose abuse rate
exceeds the cap is then at most 1 - confidence (fixed-sequence testing: Maurer, Hothorn & Lehmacher 1995; for thresholds
Angelopoulos, Bates, Candès, Jordan & Lei 2021, "Learn then test"). So that an unlucky label at the start does not end everything,
the walk begins where the share that it will certify is foretold to be the largest: from the calibrated scores and the number of
labels, and no label has a say in it.

The bound on a rate is Gaffke's (2005; Learned-Miller & Thomas, arXiv 1905.06208): the upper quantile of the rate when
each label counts by an exponential chance, with one more abusive label. Where all labels count alike it
*is* the Clopper-Pearson bound. Where they do not (audits count for many requests, amounts differ), the one more has the
mean stake of the abusive ones seen, and at least that of the typical unit of stake (as Tiwari, Clegg & Zou 2006 do for
weighted rates); the tests replay it where abuse is drawn to the large amounts. With the largest
stake that can ever be in its place nothing was certified in four trainings of 10,000 labels. Gaffke's bound is a conjecture that held in
every replay, not a theorem; bounds by betting or by empirical Bernstein are proven, and were not tried here.

Labels must stand for their requests whoever chose what becomes of them. Audits and lots do: their chance is known, and its
inverse their weight. What a model doubted is labelled only if a person lets it come, and people decline abuse sooner;
such labels teach, and come here only where no lot drew of what a model doubts (`certifying_weight` of
`models.risk.train.train`): in times without that lot, and for ever where the law has the money paid before the goods are
inspected. There the rate beyond the threshold is told a little too low (ADR 25), and a later certificate would go too far by that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.stats import beta, binom, poisson

from models.risk.arrays import Floats

_STEP = (
    0.02  # of the requests: finer ones fail more often by chance, coarser ones give away coverage
)
_DRAWS = 2000
UNLIKELY = 0.05  # what chance alone brings less often contradicts a certificate
_PRUDENCE = (
    1.25,
    0.2,
)  # a foretold rate is taken for so many times as high, and for so much of the cap more
_MOST_LABELS = 10_000_000


Contradiction = Literal["later_labels", "newest_findings"]


@dataclass(frozen=True, slots=True)
class Judged:
    """Labelled requests that a model trained before them has ranked; all (n,).

    `rank` in (0, 1]: the share of the requests judged by the same model whose score is at most as high. `score`: the calibrated probability
    of abuse that the model gave. `weight`: for how many requests each stands. `value`: the money at stake.
    """

    rank: Floats
    score: Floats
    label: Floats
    weight: Floats
    value: Floats


@dataclass(frozen=True, slots=True)
class Step:
    """A tested share: the labels in it, how many were abusive, the estimated rates, and their upper bounds at the
    confidence that was spent on it.
    """

    share: float
    confidence: float
    passes: bool
    labels: int
    abusive: int
    rate: float
    bound: float
    amount_rate: float
    amount_bound: float


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was tested and what holds: `share` is the largest share of requests that is certified, None for nothing.

    `missing_labels`: how many more labels would be needed if the observed rate persists; 0 with a certificate, None if
    no number would do. `contradicted_by`: what took back all that the labels certified; None where nothing did.
    """

    cap: float
    amount_cap: float
    confidence: float
    steps: tuple[Step, ...]
    share: float | None
    missing_labels: int | None
    contradicted_by: Contradiction | None = None

    def without(self, taken_back: Sequence[bool], by: Contradiction) -> "Certificate":
        """The certificate without the steps that are taken back."""
        steps = tuple(
            replace(step, passes=step.passes and not is_gone)
            for step, is_gone in zip(self.steps, taken_back, strict=True)
        )
        share = max((step.share for step in steps if step.passes), default=None)
        is_last = self.share is not None and share is None
        return replace(
            self,
            steps=steps,
            share=share,
            contradicted_by=by if is_last else self.contradicted_by,
        )


def certify(
    judged: Judged,
    *,
    cap: float,
    amount_cap: float,
    confidence: float,
    seed: int,
) -> Certificate:
    """Certify by count and by amount."""
    start = _start(judged, cap, amount_cap, 1 - confidence)
    steps = _walk(_Path(judged, cap, amount_cap, seed), start, confidence)
    passed = [step.share for step in steps if step.passes]
    missing = 0 if passed else _missing(judged, steps, cap, amount_cap)
    share = max(passed, default=None)
    return Certificate(cap, amount_cap, confidence, tuple(steps), share, missing)


def withstanding(certificate: Certificate, later: Judged) -> Certificate:
    """The certificate without the shares that later labels contradict: so many of them would be abusive by less than one
    chance in twenty if the cap held.
    """
    taken_back = [_is_contradicted(later, step.share, certificate) for step in certificate.steps]
    return certificate.without(taken_back, "later_labels")


def _is_contradicted(later: Judged, share: float, certificate: Certificate) -> bool:
    among = later.rank <= share
    weight, label = later.weight[among], later.label[among]
    stakes = ((weight, certificate.cap), (weight * later.value[among], certificate.amount_cap))
    for stake, cap in stakes:
        equal = len(stake) / _spread(stake)
        abusive = math.ceil(_rate(label, stake) * equal - 1e-9)
        if binom.sf(abusive - 1, math.floor(equal), cap) < UNLIKELY:
            return True
    return False


def clopper_pearson(abusive: int, labels: int, confidence: float) -> float:
    """The upper bound of a rate of which `abusive` in `labels` were seen (Clopper & Pearson 1934), one-sided."""
    if abusive >= labels:
        return 1.0
    return float(beta.ppf(confidence, abusive + 1, labels - abusive))


def bound(label: Floats, stake: Floats, confidence: float, seed: int) -> float:
    """The upper bound of the share of the stake (n,) that is abusive."""
    sums = _Sums(seed)
    sums.add(label, stake)
    return sums.bound(confidence)


class _Sums:
    """The bound for ever more labels: per draw, the chance-weighted stake of all and of the abusive ones.

    The sum over honest labels is drawn at once, as a gamma with their mean and variance: exact for equal stakes.
    """

    def __init__(self, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        self._one_more = self._chance.standard_exponential(_DRAWS)
        self._all, self._abusive = np.zeros(_DRAWS), np.zeros(_DRAWS)
        self._labels = self._bad = 0
        self._total = self._squares = self._lost = 0.0
        self._least, self._most = math.inf, 0.0

    def add(self, label: Floats, stake: Floats) -> None:
        """Take in more labels."""
        if len(label) == 0:
            return
        bad = label > 0
        self._labels += len(label)
        self._bad += int(bad.sum())
        self._total += float(stake.sum())
        self._squares += float((stake**2).sum())
        self._lost += float(stake[bad].sum())
        self._least, self._most = min(self._least, stake.min()), max(self._most, stake.max())
        lost = self._chance.standard_exponential((_DRAWS, int(bad.sum()))) @ stake[bad]
        self._abusive += lost
        self._all += lost + self._honest(stake[~bad])

    def bound(self, confidence: float) -> float:
        """The bound of the rate for all that was taken in."""
        if self._total == 0:
            return 1.0
        if self._least == self._most:
            return clopper_pearson(self._bad, self._labels, confidence)
        usual = max(self._squares / self._total, self._lost / max(self._bad, 1))
        one_more = self._one_more * usual
        return float(np.quantile((self._abusive + one_more) / (self._all + one_more), confidence))

    def _honest(self, stake: Floats) -> Floats:
        total, squares = stake.sum(), (stake**2).sum()
        if total == 0:
            return np.zeros(_DRAWS)
        drawn: Floats = self._chance.gamma(total**2 / squares, squares / total, _DRAWS)
        return drawn


class _Path:
    """Ever larger shares of the judged requests, each tested with the labels that the last one had and those between."""

    def __init__(self, judged: Judged, cap: float, amount_cap: float, seed: int) -> None:
        order = np.argsort(judged.rank, kind="stable")
        self._rank, self._label = judged.rank[order], judged.label[order]
        self._weight = judged.weight[order]
        self._amount = self._weight * judged.value[order]
        self._cap, self._amount_cap = cap, amount_cap
        self._by_count, self._by_amount = _Sums(seed), _Sums(seed + 1)
        self._taken = 0

    def test(self, share: float, confidence: float) -> Step:
        """Test a share, which must not be smaller than the one before."""
        end = int(np.searchsorted(self._rank, share, side="right"))
        new, label = slice(self._taken, end), self._label[:end]
        self._by_count.add(self._label[new], self._weight[new])
        self._by_amount.add(self._label[new], self._amount[new])
        self._taken = end
        bound, amount_bound = (one.bound(confidence) for one in (self._by_count, self._by_amount))
        return Step(
            share=share,
            confidence=confidence,
            passes=bound <= self._cap and amount_bound <= self._amount_cap,
            labels=end,
            abusive=int(label.sum()),
            rate=_rate(label, self._weight[:end]),
            bound=bound,
            amount_rate=_rate(label, self._amount[:end]),
            amount_bound=amount_bound,
        )


def _walk(path: _Path, start: int, confidence: float) -> list[Step]:
    """The tests in their order, up to the first that fails."""
    steps: list[Step] = []
    for number in range(start, round(1 / _STEP) + 1):
        steps.append(path.test(_share(number), confidence))
        if not steps[-1].passes:
            break
    return steps


def _share(number: int) -> float:
    return round(number * _STEP, 6)


def _rate(label: Floats, stake: Floats) -> float:
    total = float(stake.sum())
    return float((label * stake).sum()) / total if total > 0 else 0.0


def _start(judged: Judged, cap: float, amount_cap: float, error: float) -> int:
    """The number of the step to start at: from which the most will be certified in expectation, the last of equals."""
    chances = _chances(judged, cap, amount_cap, error)
    foretold = np.array([_foretold(chances, start) for start in range(len(chances))])
    return int(np.flatnonzero(foretold == foretold.max())[-1]) + 1


def _foretold(chances: Floats, start: int) -> float:
    """The share that a walk from a step certifies in expectation. What is tested is for the most part the same from step to step,
    so where it passes the step that is least likely to pass, it is taken to have passed those before.
    """
    passes_all = np.minimum.accumulate(chances[start:])
    return float((start + 1) * passes_all[0] + passes_all[1:].sum()) * _STEP


def _chances(judged: Judged, cap: float, amount_cap: float, error: float) -> Floats:
    """How probably each step passes if the scores foretell the rate (S,): that no more labels are abusive than its bounds bear.

    Scores are least sure where they are lowest, so they are taken with prudence; that costs power, never the guarantee.
    """
    order = np.argsort(judged.rank, kind="stable")
    score = judged.score[order]
    shares = [_share(step) for step in range(1, round(1 / _STEP) + 1)]
    ends = np.searchsorted(judged.rank[order], shares, side="right")
    found = np.ones(len(shares))
    for given, limit in ((judged.weight, cap), (judged.weight * judged.value, amount_cap)):
        stake = given[order]
        summed = np.cumsum(np.stack([stake, stake**2, stake * score]), axis=1)
        total, squares, lost = np.concatenate([np.zeros((3, 1)), summed], axis=1)[:, ends]
        equal = np.floor(total**2 / np.maximum(squares, 1e-300))
        borne = binom.ppf(error, equal, limit) - 1
        rate = _PRUDENCE[0] * lost / np.maximum(total, 1e-300) + _PRUDENCE[1] * limit
        found = np.minimum(found, np.where(borne >= 0, poisson.cdf(borne, rate * equal), 0.0))
    return found


def _missing(judged: Judged, steps: list[Step], cap: float, amount_cap: float) -> int | None:
    """How many more labels the step that lacks the fewest would need at its observed rate, all windows growing alike."""
    lacking = [_missing_at(judged, step, cap, amount_cap) for step in steps]
    return min((one for one in lacking if one is not None), default=None)


def _missing_at(judged: Judged, step: Step, cap: float, amount_cap: float) -> int | None:
    views = (
        (step.rate, cap, judged.weight),
        (step.amount_rate, amount_cap, judged.weight * judged.value),
    )
    needed = [_needed(rate, limit, _spread(stake), step.confidence) for rate, limit, stake in views]
    if None in needed:
        return None
    most = max(one for one in needed if one is not None)
    share = step.labels / len(judged.label) if step.labels else step.share
    return max(1, math.ceil((most - step.labels) / share))


def _needed(rate: float, cap: float, spread: float, confidence: float) -> int | None:
    """The least number of labels whose bound keeps the cap at this rate; None beyond ten million."""
    low, high = 1, _MOST_LABELS
    if rate >= cap or _bound_at(rate, high, spread, confidence) > cap:
        return None
    while low < high:
        middle = (low + high) // 2
        if _bound_at(rate, middle, spread, confidence) <= cap:
            high = middle
        else:
            low = middle + 1
    return low


def _bound_at(rate: float, labels: int, spread: float, confidence: float) -> float:
    """The bound for so many labels: unequal stakes say as much as fewer equal ones (Kish 1965)."""
    equal = labels / spread
    return float(beta.ppf(confidence, rate * equal + 1, max(equal * (1 - rate), 1e-9)))


def _spread(stake: Floats) -> float:
    """How many times as many unequal stakes are needed as equal ones."""
    if len(stake) == 0:
        return 1.0
    return float(len(stake) * (stake**2).sum() / max(stake.sum() ** 2, 1e-12))
