"""Which products have a problem, of which kind and since when: the streams' evidence put together."""

from dataclasses import dataclass

import numpy as np

from models.products.changes import (
    Stream,
    first_weeks,
    gamma_shape,
    multipliers,
    probability_of_end,
    ratios,
    weeks_of_change,
)
from models.products.detector import Detector
from models.products.expected import Cohorts, Expected, expectation
from models.products.lifts import dispersion
from models.products.mixture import posterior
from models.products.record import REASONS, STREAMS, Flags, Floats, Grid, Ints

_ROUNDS = 2  # the second leaves what the first found out of the yardstick of others
_IS_ODD = 0.5
_MAY_HAVE = 0.05  # the week of a change is looked for from this probability on


@dataclass(frozen=True, slots=True)
class Problems:
    """What is probable of each product (S,).

    `probability`: that it comes back more than it should, since `since` (place of a week). `ended`: if it does, that this
    has ended since. `stream`: place in `STREAMS` of
    the likeliest kind. `has_changed`: whether that began after its first sale, rather than always having been so.
    `of_family`: whether it is all variants of its parent that do.
    `always_high`: the probability that it has always come back often, though no more than some good products do.
    `shape`: of ordinary products' levels. `extra`: how much more incidents vary than Poisson's would.
    """

    probability: Floats
    since: Ints
    ended: Floats
    stream: Ints
    has_changed: Flags
    of_family: Flags
    always_high: Floats
    shape: float
    extra: float


def find_problems(grid: Grid, cohorts: Cohorts, detector: Detector) -> tuple[Problems, Expected]:
    """Judge every product, and say what was expected of its cohorts."""
    weights = np.ones(grid.shape[0])
    for _ in range(_ROUNDS):
        expected = expectation(grid, cohorts, weights)
        problems = _judged(grid, cohorts, expected, weights, detector)
        odd = problems.probability + problems.always_high
        weights = np.where(odd > _IS_ODD, 1 - odd, 1.0)
    return problems, expected


def _judged(
    grid: Grid, cohorts: Cohorts, expected: Expected, weights: Floats, detector: Detector
) -> Problems:
    extra = dispersion(cohorts.found["all"], expected.of("all"))
    own, family, streams, shapes = [], [], [], []
    total = expected.of("all").sum(axis=1)
    for name in STREAMS:
        found, ahead = cohorts.found[name] / extra, expected.of(name) / extra
        of_stream = ahead.sum(axis=1) * extra
        each = Stream(found, ahead, _multipliers(name, of_stream, total, detector))
        shape = gamma_shape(found.sum(axis=1), ahead.sum(axis=1), weights)
        log = ratios(each, shape, grid.families)
        usual, strong = _always(name, log.always, detector)
        family_usual, family_strong = _always(name, log.family_always, detector)
        said = found.any()  # what nobody ever says is no evidence, neither for nor against
        own.append(tuple(_if(bool(said), part) for part in (log.changed, strong, usual)))
        family.append(
            tuple(
                _if(bool(said), part) for part in (log.family_changed, family_strong, family_usual)
            )
        )
        streams.append(each)
        shapes.append(shape)
    probable = posterior(_stacked(own), _stacked(family), grid.families)
    kinds = (3, len(STREAMS), -1)
    changed, strong, usual = (probable.own + probable.family).reshape(kinds)
    of_family = probable.family.reshape(kinds)[:2].sum(axis=(0, 1))
    each_stream = changed + strong
    stream = each_stream.argmax(axis=0)
    probability = np.minimum(each_stream.sum(axis=0), 1.0)
    by_family = of_family > probability / 2
    has_changed = changed.sum(axis=0) > strong.sum(axis=0)
    since, ended = _since_and_end(
        grid, (probability, stream, has_changed, by_family), streams, shapes
    )
    return Problems(
        probability=probability,
        since=since,
        ended=ended,
        stream=stream,
        has_changed=has_changed,
        of_family=by_family,
        always_high=usual.sum(axis=0),
        shape=shapes[-1],
        extra=extra,
    )


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
    return _mean(logs[:, ~is_strong]), _mean(logs[:, is_strong])


def _mean(logs: Floats) -> Floats:
    """The logarithm of the mean over columns (S,); minus infinity where there are none."""
    if not logs.shape[1]:
        return np.full(len(logs), -np.inf)
    mean: Floats = np.logaddexp.reduce(logs, axis=1) - np.log(logs.shape[1])
    return mean


def _if(said: bool, logs: Floats) -> Floats:
    return logs if said else np.full_like(logs, -np.inf)


def _stacked(parts: list[tuple[Floats, ...]]) -> Floats:
    """Rows: all streams' changes, then all that were always so and are a problem, then those that are none."""
    return np.vstack([each[kind] for kind in range(3) for each in parts])


def _since_and_end(
    grid: Grid,
    judged: tuple[Floats, Ints, Flags, Flags],
    streams: list[Stream],
    shapes: list[float],
) -> tuple[Ints, Floats]:
    """The place of the first week of which too much came back (S,), -1 where there is no sign of a problem; and how probable
    it is that it has ended.

    Variants whose parent has the problem share both.
    """
    probability, stream, has_changed, by_family = judged
    since, ended = np.full(len(probability), -1), np.zeros(len(probability))
    weeks = grid.shape[1]
    alone = np.arange(len(probability))
    for place, (each, shape) in enumerate(zip(streams, shapes, strict=True)):
        mine = (stream == place) & (probability >= _MAY_HAVE)
        for rows, families in (
            (np.flatnonzero(mine & ~by_family), alone),
            (np.flatnonzero(mine & by_family), grid.families),
        ):
            together, changed = families[rows], has_changed[rows]
            began = weeks_of_change(each, shape, rows, together)
            always = _least_of(first_weeks(each.expected[rows]), together)
            since[rows] = np.minimum(np.where(changed, began, always), weeks - 1)
            ended[rows] = probability_of_end(each, shape, rows, together, since[rows])
    return since, ended


def _least_of(weeks: Ints, families: Ints) -> Ints:
    """The earliest week of each family, for each of its products (rows,)."""
    if not len(weeks):
        return weeks
    starts = np.flatnonzero(np.diff(families, prepend=-1))
    sizes = np.diff(np.append(starts, len(weeks)))
    return np.asarray(np.repeat(np.minimum.reduceat(weeks, starts), sizes))
