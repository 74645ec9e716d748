"""Which products have a problem, of which kind and since when: the streams' evidence put together."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from models.products.changes import (
    Stream,
    first_weeks,
    gamma_shape,
    log_mean,
    multipliers,
    probability_of_end,
    ratios,
    weeks_of_change,
)
from models.products.detector import Detector
from models.products.expected import Cohorts, Expected, expectation
from models.products.levels import Levels, levels, prior_of_levels
from models.products.lifts import dispersion
from models.products.mixture import posterior
from models.products.record import REASONS, STREAMS, Flags, Floats, Grid, Ints

_COARSELY = (2.0, 4.0)
_IS_ODD = 0.5
_ALL = STREAMS.index("all")
_OFTEN = 1.5
_MAY_HAVE = 0.05  # the week of a change is looked for from this probability on


@dataclass(frozen=True, slots=True)
class Problems:
    """What is probable of each product (S,).

    `probability`: that it comes back more than it should, since `since` (place of a week). `ended`: if it does, that this
    has ended since. `stream`: place in `STREAMS` of
    the likeliest kind. `has_changed`: whether that began after its first sale, rather than always having been so.
    `of_family`: whether it is all variants of its parent that do.
    `always_high`: the probability that it has always come back half as often again as its peers, though not so often that
    it is a problem.
    `level` (3, S): how many times as often as its peers it has come back all along: median, and bounds of the interval.
    `shape`: of ordinary products' levels. `extra`: how much more incidents vary than Poisson's would.
    """

    probability: Floats
    since: Ints
    ended: Floats
    stream: Ints
    has_changed: Flags
    of_family: Flags
    always_high: Floats
    level: Floats
    shape: float
    extra: float


@dataclass(frozen=True, slots=True)
class _Judged:
    """See `Problems`."""

    probability: Floats
    stream: Ints
    has_changed: Flags
    of_family: Flags


@dataclass(frozen=True, slots=True)
class _Measured:
    """What all streams are measured by: incidents, what was expected, and by how much more they vary than Poisson's."""

    cohorts: Cohorts
    expected: Expected
    extra: float
    detector: Detector

    def stream(self, name: str, rows: Ints | slice = slice(None)) -> Stream:
        """One stream of some products. Counts are smaller by how much they vary beyond Poisson's."""
        found, ahead = self.cohorts.came(name, rows), self.expected.of(name, rows)
        totals = self.expected.total(name, rows), self.expected.total("all", rows)
        by = _multipliers(name, *totals, self.detector)
        return Stream(found / self.extra, ahead / self.extra, by)

    def totals(self, name: str) -> tuple[Floats, Floats]:
        """One stream's incidents and what was expected of each product altogether (S,), smaller by as much."""
        return self.cohorts.total(name) / self.extra, self.expected.total(name) / self.extra


def find_problems(grid: Grid, cohorts: Cohorts, detector: Detector) -> tuple[Problems, Expected]:
    """Judge every product, and say what was expected of its cohorts.

    What comes back strikingly often is first found, coarsely, and left out of the yardstick of all others.
    """
    weights = _weights(grid, cohorts, detector)
    measured = _measured(grid, cohorts, weights, detector)
    return _judged(grid, measured, weights), measured.expected


def _weights(grid: Grid, cohorts: Cohorts, detector: Detector) -> Floats:
    """How much each product counts as a yardstick for others (S,): less, the more it looks like one with a problem."""
    everyone = np.ones(grid.shape[0])
    measured = _measured(grid, cohorts, everyone, replace(detector, multipliers=_COARSELY))
    found = _probable(grid, measured, everyone)
    odd = (found.own + found.family).sum(axis=(0, 1))
    weights: Floats = np.where(odd > _IS_ODD, 1 - np.minimum(odd, 1.0), 1.0)
    return weights


def _measured(grid: Grid, cohorts: Cohorts, weights: Floats, detector: Detector) -> _Measured:
    expected = expectation(grid, cohorts, weights)
    extra = dispersion(partial(cohorts.came, "all"), partial(expected.of, "all"), len(weights))
    return _Measured(cohorts, expected, extra, detector)


def _judged(grid: Grid, measured: _Measured, weights: Floats) -> Problems:
    found = _probable(grid, measured, weights)
    changed, strong, usual = found.own + found.family
    of_reasons = strong.copy()
    of_reasons[_ALL] = 0.0  # whatever the reason, it is the level that counts, not what explains it
    rest = np.maximum(1 - (changed + of_reasons).sum(axis=0), 0.0)
    level = _levels(measured, found.shapes[_ALL], strong[_ALL], usual[_ALL])
    often, far_too_often = rest * level.above
    always = of_reasons
    always[_ALL] = far_too_often
    each_stream = changed + always
    probability = np.minimum(each_stream.sum(axis=0), 1.0)
    judged = _Judged(
        probability,
        stream=each_stream.argmax(axis=0),
        has_changed=changed.sum(axis=0) > always.sum(axis=0),
        of_family=found.family[:2].sum(axis=(0, 1)) > probability / 2,
    )
    since, ended = _since_and_end(grid, measured, judged, found.shapes)
    return Problems(
        probability=probability,
        since=since,
        ended=ended,
        stream=judged.stream,
        has_changed=judged.has_changed,
        of_family=judged.of_family,
        always_high=often - far_too_often,
        level=level.quantiles,
        shape=found.shapes[_ALL],
        extra=measured.extra,
    )


def _levels(measured: _Measured, shape: float, strong: Floats, usual: Floats) -> Levels:
    """How often products have always come back beside their peers: above what is often, and above what is a problem."""
    detector = measured.detector
    is_strong = np.array([by >= detector.always_from for by in detector.multipliers])
    shares = np.where(
        is_strong,
        strong.mean() / max(1, int(is_strong.sum())) if len(strong) else 0.0,
        usual.mean() / max(1, int((~is_strong).sum())) if len(usual) else 0.0,
    )
    tail = (1 - detector.interval) / 2
    return levels(
        *measured.totals("all"),
        prior_of_levels(shape, detector.multipliers, shares),
        bounds=(_OFTEN, detector.always_from),
        probabilities=(0.5, tail, 1 - tail),
    )


@dataclass(frozen=True, slots=True)
class _Probable:
    """The shape of levels in each stream, and the probabilities (3, streams, S) of problems of one's own and of the family's.

    Of three kinds: it has changed; it was always so and is a problem; it was always so and is none.
    """

    shapes: list[float]
    own: Floats
    family: Floats


def _probable(grid: Grid, measured: _Measured, weights: Floats) -> _Probable:
    own, family, shapes = [], [], []
    for name in STREAMS:
        totals = measured.totals(name)
        shape = gamma_shape(*totals, weights)
        log = ratios(partial(measured.stream, name), shape, grid.families)
        said = bool(
            totals[0].any()
        )  # what nobody ever says is no evidence, neither for nor against
        usual, strong = _always(name, log.always, measured.detector)
        of_family = _always(name, log.family_always, measured.detector)
        own.append([_if(said, part) for part in (log.changed, strong, usual)])
        family.append([_if(said, part) for part in (log.family_changed, *of_family[::-1])])
        shapes.append(shape)
    found = posterior(_stacked(own), _stacked(family), grid.families)
    kinds = (3, len(STREAMS), -1)
    return _Probable(shapes, found.own.reshape(kinds), found.family.reshape(kinds))


def _multipliers(name: str, of_stream: Floats, total: Floats, detector: Detector) -> Floats:
    if name in REASONS:
        return multipliers(detector.multipliers, detector.said_share, of_stream, total)
    return np.tile(detector.multipliers, (len(total), 1))


def _always(name: str, logs: Floats, detector: Detector) -> tuple[Floats, Floats]:
    """Of products that have always come back so often: those that only do so, and those that have a problem.

    A reason of its own is a problem, however seldom; without one it takes a great deal, since good products differ, too.
    """
    is_strong: Flags = np.array(
        [name in REASONS or each >= detector.always_from for each in detector.multipliers]
    )
    return log_mean(logs[:, ~is_strong]), log_mean(logs[:, is_strong])


def _if(said: bool, logs: Floats) -> Floats:
    return logs if said else np.full_like(logs, -np.inf)


def _stacked(parts: list[list[Floats]]) -> Floats:
    """Rows: all streams' changes, then all that were always so and are a problem, then those that are none."""
    return np.vstack([each[kind] for kind in range(3) for each in parts])


def _since_and_end(
    grid: Grid, measured: _Measured, judged: _Judged, shapes: list[float]
) -> tuple[Ints, Floats]:
    """The place of the first week of which too much came back (S,), -1 where there is no sign of a problem; and how probable
    it is that it has ended.

    Variants whose parent has the problem share both.
    """
    since, ended = np.full(grid.shape[0], -1), np.zeros(grid.shape[0])
    for place, (name, shape) in enumerate(zip(STREAMS, shapes, strict=True)):
        mine = (judged.stream == place) & (judged.probability >= _MAY_HAVE)
        for rows, families in (
            (np.flatnonzero(mine & ~judged.of_family), np.arange(grid.shape[0])),
            (np.flatnonzero(mine & judged.of_family), grid.families),
        ):
            each, together = measured.stream(name, rows), families[rows]
            began = weeks_of_change(each, shape, together)
            always = _least_of(first_weeks(each.expected), together)
            week = np.where(judged.has_changed[rows], began, always)
            since[rows] = np.minimum(week, grid.shape[1] - 1)
            ended[rows] = probability_of_end(each, shape, together, since[rows])
    return since, ended


def _least_of(weeks: Ints, families: Ints) -> Ints:
    """The earliest week of each family, for each of its products (rows,)."""
    if not len(weeks):
        return weeks
    starts = np.flatnonzero(np.diff(families, prepend=-1))
    sizes = np.diff(np.append(starts, len(weeks)))
    return np.asarray(np.repeat(np.minimum.reduceat(weeks, starts), sizes))
