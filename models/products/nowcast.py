"""How many of a week's sales will have come back in the end, seen while some of them are still on their way.

A cohort is what was sold in one week, of a product or of a whole category. What has come back of it is known; what is still
to come is Poisson about level x expected, and the level a gamma variable that the counts so far have narrowed, so the rest is
negative binomial: the usual correction of reporting delays (Lawless, Canadian Journal of Statistics 22, 1994).
"""

from dataclasses import dataclass

import numpy as np
import scipy
from scipy.special import betainc, gammaln

from models.products.record import Floats

_SIZES = np.exp(np.linspace(np.log(2.0), np.log(5000.0), 40))
_LEAST_MEAN = _HARDLY = 1e-9
_HALVINGS = 12
_CELLS = 20_000  # so many are enough to learn a spread from


@dataclass(frozen=True, slots=True)
class Rest:
    """What is still to come of each cohort (N,): its mean, and the `size` of its negative binomial distribution.

    Its variance is mean + mean² / size.
    """

    mean: Floats
    size: Floats


@dataclass(frozen=True, slots=True)
class Nowcast:
    """Incidents that each cohort (N,) will have brought in the end: expected, and the bounds of the interval (inclusive)."""

    final: Floats
    low: Floats
    high: Floats


def rest(found: Floats, due: Floats, to_come: Floats, shape: float, spread: float) -> Rest:
    """What is still to come of cohorts (N,), of which `to_come` is to be expected at a level of 1.

    The level is a gamma variable of mean 1 and this `shape` that `found` incidents, where `due` were expected, have
    narrowed. `spread` is the size that weeks differ by however well the level is known (see `spread_of`).
    """
    mean = to_come * (shape + found) / (shape + due)
    return Rest(np.maximum(mean, _LEAST_MEAN), 1 / (1 / (shape + found) + 1 / spread))


def spread_of(came: Floats, rests: Rest) -> float:
    """The likeliest spread of the weeks, from cohorts (N,) old enough to know what `came` of their rest.

    `rests` is what would have been said of them with an infinite spread. Without cohorts it is infinite.
    """
    step = -(-len(came) // _CELLS) or 1
    came, mean, known = came[::step], rests.mean[::step], rests.size[::step]
    if not len(came):
        return np.inf
    likely = [_log_likelihood(came, mean, 1 / (1 / known + 1 / size)).sum() for size in _SIZES]
    return float(_SIZES[int(np.argmax(likely))])


def nowcast(found: Floats, rests: Rest, level: float) -> Nowcast:
    """Add what has been `found` (N,) to what is still to come; `level` is the interval's probability, such as 0.9.

    Counts jump, so intervals of which each covers enough cover too much together. A count is inside if its mid-P value
    (Lancaster, JASA 56, 1961) leaves it there, what cannot lie below the lower bound is allowed above the upper one, and
    the probability cut at is the one at which these cohorts' intervals cover `level` on average. Cohorts that bring nothing
    more with at least that probability count for no average: theirs is that one number.
    """
    open_ = scipy.stats.nbinom.pmf(0, rests.size, rests.size / (rests.size + rests.mean)) < level
    some = Rest(rests.mean[open_], rests.size[open_])
    low, high = _bounds(rests, _cut(some, level) if open_.any() else level)
    return Nowcast(found + rests.mean, found + low, found + np.where(open_, high, 0.0))


def _cut(rests: Rest, level: float) -> float:
    """The probability within the mid-P bounds at which the intervals cover `level` on average."""
    least, most = level / 2, 1 - _HARDLY
    for _ in range(_HALVINGS):
        cut = (least + most) / 2
        low, high = _bounds(rests, cut)
        share = rests.size / (rests.size + rests.mean)
        covered = _less(high + 1, rests.size, share) - _less(low, rests.size, share)
        least, most = (cut, most) if covered.mean() < level else (least, cut)
    return (least + most) / 2


def _bounds(rests: Rest, cut: float) -> tuple[Floats, Floats]:
    """The least and the greatest count (N,) inside."""
    low = _bound(rests, np.full(len(rests.mean), (1 - cut) / 2))
    below = _less(low, rests.size, rests.size / (rests.size + rests.mean))
    high = _bound(rests, np.minimum(below + cut, 1 - _HARDLY)) - 1
    return low, np.maximum(high, low)


def _bound(rests: Rest, probability: Floats) -> Floats:
    """The least count (N,) whose mid-P value, P(less) + P(equal) / 2, reaches a probability."""
    share = rests.size / (rests.size + rests.mean)
    count = scipy.stats.nbinom.ppf(probability, rests.size, share)
    below = _less(count, rests.size, share)
    middle = (below + _less(count + 1, rests.size, share)) / 2
    bound: Floats = np.where(middle >= probability, count, count + 1)
    return bound


def _less(count: Floats, size: Floats, share: Floats) -> Floats:
    """The probability of less than `count`."""
    less: Floats = np.where(count > 0, betainc(size, np.maximum(count, 1.0), share), 0.0)
    return less


def _log_likelihood(came: Floats, mean: Floats, size: Floats) -> Floats:
    logs: Floats = (
        gammaln(size + came)
        - gammaln(size)
        + size * np.log(size / (size + mean))
        + came * np.log(mean / (size + mean))
    )
    return logs
