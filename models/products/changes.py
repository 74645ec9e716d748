"""How much likelier a change makes what came back of a product than no change does.

Incidents are Poisson about level x expected. What a product's level is, nobody knows: levels are gamma variables about 1
whose spread the shop's record teaches (DuMouchel, The American Statistician 53, 1999), so the level can be integrated out.
A change multiplies the level from some cohort on. Neither its week nor its multiplier is known: the likelihood is averaged
over both (a change-point with an unknown multiplier: Smith, Biometrika 62, 1975; Gombay & Horvath 1994), and so it needs
no correction for having looked at many weeks. A change before the first sale stands for "it has always come back so often".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from models.products.blocks import blocks_of_families, of_each
from models.products.record import Flags, Floats, Ints

_SHAPES: list[float] = np.exp(np.linspace(np.log(1.5), np.log(150.0), 24)).tolist()
_ENDS = 0.2
_NEVER = -np.inf
Singles = NDArray[np.float32]
Number = TypeVar("Number", np.float64, np.int64)


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream's incidents and what was expected of them (S, W); `multipliers` (S, M) are those that a change may have."""

    found: Floats
    expected: Floats
    multipliers: Floats

    def of(self, rows: slice) -> "Stream":
        """That of some products."""
        return Stream(self.found[rows], self.expected[rows], self.multipliers[rows])


@dataclass(frozen=True, slots=True)
class Ratios:
    """Logarithms of likelihood ratios against an ordinary product.

    `changed` (S,): the multiplier changed at some week after the first sale; `always` (S, M): it has always been this one.
    `family_changed` (F,) and `family_always` (F, M): the same of all variants of a parent at once; minus infinity of a
    family of one, which has no problem but its product's own.
    """

    changed: Floats
    always: Floats
    family_changed: Floats
    family_always: Floats


def multipliers(
    of_all: tuple[float, ...], said_share: float, stream: Floats, all_: Floats
) -> Floats:
    """By how much a stream multiplies (S, M) when all incidents do by `of_all` and `said_share` of the excess is said there.

    `stream` and `all_` (S,) are what was expected of each.
    """
    ratio = np.divide(all_, stream, out=np.zeros_like(all_), where=stream > 0)
    found: Floats = 1 + said_share * ratio[:, None] * (np.array(of_all) - 1)
    return found


def gamma_shape(found: Floats, expected: Floats, weights: Floats) -> float:
    """The shape of the gamma distribution of ordinary products' levels: the likeliest for their totals (S,).

    `weights` (S,) leave out what is not ordinary, so that faults do not widen what counts as ordinary.
    """

    counts, place = np.unique(found, return_inverse=True)  # few: they are counts

    def likely(shape: float) -> float:
        """The log-likelihood with a gamma level of mean 1 integrated out, but for what all shapes share."""
        logs = (
            gammaln(shape + counts)[place]
            - gammaln(shape)
            + shape * np.log(shape)
            - (shape + found) * np.log(shape + expected)
        )
        return float(weights @ logs)

    return _SHAPES[int(np.argmax(of_each(likely, _SHAPES)))]


def ratios(stream_of: Callable[[slice], Stream], shape: float, families: Ints) -> Ratios:
    """The likelihood ratios of all products and families; `families` (S,) numbers them without a step back.

    `stream_of` gives the stream of some rows: never are all of them needed at once.
    """
    rows = blocks_of_families(families)
    parts = of_each(lambda each: _ratios(stream_of(each), shape, families[each]), rows)
    if not parts:
        many = stream_of(slice(0, 0)).multipliers.shape[1]
        return Ratios(np.empty(0), np.empty((0, many)), np.empty(0), np.empty((0, many)))
    return Ratios(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def weeks_of_change(stream: Stream, shape: float, families: Ints) -> Ints:
    """The likeliest first cohort of a change, averaged over its multiplier, of each product (S,).

    `families` (S,) numbers without a step back those that changed together, and so in the same week.
    """
    if not len(families):
        return families
    starts = np.flatnonzero(np.diff(families, prepend=-1))
    first = np.minimum.reduceat(first_weeks(stream.expected), starts)
    together = [np.add.reduceat(gain, starts, axis=0) for gain in _gains(stream, shape)]
    likely = np.logaddexp.reduce(together, axis=0)
    week = np.where(_may_change(first, likely.shape[1]), likely, _NEVER).argmax(axis=1)
    return _for_each(week, starts, len(families))


def probability_of_end(stream: Stream, shape: float, families: Ints, since: Ints) -> Floats:
    """How probable it is that what began at `since` (S,) has ended again.

    Beforehand one problem of five is taken to have ended, in any week as likely as in another. `families` (S,) numbers
    without a step back those that share a problem; `since` must be the same for all of them.
    """
    if not len(families):
        return np.empty(0)
    starts = np.flatnonzero(np.diff(families, prepend=-1))
    found, expected = stream.found, stream.expected
    weeks = np.arange(found.shape[1])
    is_after = weeks >= since[:, None]
    came, ahead = (np.cumsum(each * is_after, axis=1) for each in (found, expected))
    total = found.sum(axis=1, keepdims=True) + shape
    share = ahead / (expected.sum(axis=1, keepdims=True) + shape)
    # Up to each week, that included: the last column is a problem that lasts.
    until = [
        np.add.reduceat(came * np.log(by) - total * np.log1p((by - 1) * share), starts, axis=0)
        for by in stream.multipliers.T[:, :, None]
    ]
    likely = np.logaddexp.reduce(until, axis=0)
    may_end = (weeks >= since[starts, None]) & (weeks < len(weeks) - 1)
    number = np.maximum(may_end.sum(axis=1), 1)
    ended = np.logaddexp.reduce(np.where(may_end, likely, _NEVER), axis=1) - np.log(number)
    ended += np.log(_ENDS)
    lasts = likely[:, -1] + np.log(1 - _ENDS)
    probability = np.exp(ended - np.logaddexp(ended, lasts))
    return _for_each(probability, starts, len(families))


def _for_each(of_family: NDArray[Number], starts: Ints, number: int) -> NDArray[Number]:
    """What holds for families, for each of their products (S,)."""
    return np.asarray(np.repeat(of_family, np.diff(np.append(starts, number))))


def first_weeks(expected: Floats) -> Ints:
    """The first week (S,) of which anything was expected; the number of weeks where none was."""
    seen = expected > 0
    return np.asarray(np.where(seen.any(axis=1), seen.argmax(axis=1), expected.shape[1]))


def _gains(stream: Stream, shape: float) -> Iterator[Singles]:
    """The log-likelihood ratio (S, W) of a change at each week, for one multiplier after the other."""
    after, ahead = _from_week_on(stream.found), _from_week_on(stream.expected)
    total = stream.found.sum(axis=1).astype(np.float32)[:, None] + np.float32(shape)
    share = ahead / (ahead[:, :1] + np.float32(shape))
    for multiplier in stream.multipliers.T.astype(np.float32):
        by = multiplier[:, None]
        part = (by - 1) * share
        np.log1p(part, out=part)
        part *= -total
        part += after * np.log(by)
        yield part


def _from_week_on(values: Floats) -> Singles:
    return np.cumsum(values[:, ::-1], axis=1, dtype=np.float32)[:, ::-1]


def _ratios(stream: Stream, shape: float, families: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    first = first_weeks(stream.expected)
    starts = np.flatnonzero(np.diff(families, prepend=-1))
    sizes = np.diff(np.append(starts, len(families)))
    several = sizes > 1
    rows = np.flatnonzero(np.repeat(several, sizes))
    each = np.cumsum(sizes[several]) - sizes[several]  # where each of them begins among their rows
    may = _may_change(first, stream.found.shape[1])
    may_family = _may_change(_least(first[rows], each), stream.found.shape[1])
    shape_of_families = (len(starts), stream.multipliers.shape[1])
    changed, always = np.empty(stream.multipliers.shape), np.empty(stream.multipliers.shape)
    family_changed, family_always = (np.full(shape_of_families, _NEVER) for _ in range(2))
    for place, gain in enumerate(_gains(stream, shape)):
        always[:, place] = gain[:, 0]
        if len(rows):
            together: Singles = np.add.reduceat(gain[rows], each, axis=0)
            family_always[several, place] = together[:, 0]
            family_changed[several, place] = _mean_of_weeks(together, may_family)
        changed[:, place] = _mean_of_weeks(gain, may)
    return log_mean(changed), always, log_mean(family_changed), family_always


def _least(first: Ints, starts: Ints) -> Ints:
    return np.minimum.reduceat(first, starts) if len(starts) else first


def _may_change(first: Ints, weeks: int) -> Flags:
    """At which weeks (S, W) something may change that was sold before."""
    return np.arange(weeks) > first[:, None]


def _mean_of_weeks(gain: Singles, may: Flags) -> Floats:
    """The logarithm of the mean of what `gain` (S, W) is the logarithm of, over the weeks at which there may be a change.

    `gain` is used up.
    """
    np.putmask(gain, ~may, np.float32(_NEVER))
    top = np.maximum(gain.max(axis=1), np.finfo(np.float32).min)[:, None]
    gain -= top
    total = np.exp(gain, out=gain).sum(axis=1, dtype=np.float64)
    number = may.sum(axis=1)
    with np.errstate(divide="ignore"):
        mean: Floats = np.log(total) + top[:, 0] - np.log(np.maximum(number, 1))
    return np.where(number > 0, mean, _NEVER)


def log_mean(logs: Floats) -> Floats:
    """The logarithm of the mean over columns of what `logs` are the logarithms of; minus infinity where there are none."""
    if not logs.shape[1]:
        return np.full(len(logs), _NEVER)
    mean: Floats = np.logaddexp.reduce(logs, axis=1) - np.log(logs.shape[1])
    return mean
