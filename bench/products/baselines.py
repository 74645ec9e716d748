"""How else one could look for problem products: the usual rules, each as a score that is compared with a threshold."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.optimize import minimize
from scipy.special import gammainc, gammaln
from scipy.stats import poisson

from models.products.expected import Cohorts
from models.products.record import Floats, Grid, Record

_LEAST_UNITS = 10
_LEAST_WEEKS = 8
_HALVINGS, _MOST_LIFT = 24, 50.0
_PRODUCTS = 1000  # from so many five numbers are learnt
_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Rule:
    """The threshold as it is usually set, and those of the frontier, which has it in it."""

    usual: float
    frontier: tuple[float, ...]


RULES = {
    "raw rate > 30 %": Rule(0.30, (0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7)),
    "z > 3": Rule(3.0, (2.5, 3.0, 4.0, 5.0, 6.0, 8.0)),
    "EB05 > 2": Rule(2.0, (1.2, 1.35, 1.5, 1.75, 2.0, 2.5)),
    "lag-adjusted BH": Rule(
        -float(np.log10(_LEVEL)),
        tuple(-float(np.log10(q)) for q in (0.2, _LEVEL, 0.01, 1e-3, 1e-5, 1e-8, 1e-12, 1e-20)),
    ),
}


def scores(record: Record, grid: Grid, sold: Cohorts) -> pl.DataFrame:
    """Every rule's score of every product that it judges: `way, sku, score`; a rule flags what exceeds its threshold."""
    rules: tuple[Callable[[], Floats], ...] = (
        lambda: raw_rate(record, grid),
        lambda: weekly_z(grid.came),
        lambda: eb05(grid.came.sum(axis=1), _at_category_rate(grid, grid.order_lines, grid.came)),
        lambda: discoveries(sold.total("all"), _by_now(grid, sold)),
    )
    frames = [
        pl.DataFrame({"way": [way] * len(grid.skus), "sku": grid.skus, "score": rule()})
        for way, rule in zip(RULES, rules, strict=True)
    ]
    return pl.concat(frames).filter(pl.col("score").is_not_nan())


def raw_rate(record: Record, grid: Grid) -> Floats:
    """Units returned of units sold so far (S,); NaN where few were sold."""
    sold, returned = (
        pl.DataFrame({"sku": grid.skus})
        .join(
            frame.group_by("sku").agg(pl.col(name).sum()),
            on="sku",
            how="left",
            maintain_order="left",
        )[name]
        .fill_null(0)
        .to_numpy()
        for frame, name in ((record.sales, "units_sold"), (record.incidents, "units"))
    )
    rate: Floats = np.where(sold >= _LEAST_UNITS, returned / np.maximum(sold, 1), np.nan)
    return rate


def weekly_z(came: Floats) -> Floats:
    """By how many standard deviations of its earlier weeks a product's last week (S,) exceeds their mean.

    NaN before there are eight earlier weeks, or where they were all alike.
    """
    earlier, last = came[:, :-1], came[:, -1]
    if earlier.shape[1] < _LEAST_WEEKS:
        return np.full(len(came), np.nan)
    spread = earlier.std(axis=1, ddof=1)
    z: Floats = np.divide(
        last - earlier.mean(axis=1), spread, out=np.full(len(came), np.nan), where=spread > 0
    )
    return z


def eb05(found: Floats, expected: Floats) -> Floats:
    """The 5 % quantile of each product's lift (S,) given its incidents and those expected.

    Lifts come from a mixture of two gamma distributions that is likeliest for the counts: the gamma-Poisson shrinker of
    DuMouchel (The American Statistician 53, 1999).
    """
    seen = expected > 0
    lifts = np.full(len(found), np.nan)
    if seen.any():
        some = slice(None, None, -(-int(seen.sum()) // _PRODUCTS))
        prior = _likeliest(found[seen][some], expected[seen][some])
        lifts[seen] = _quantiles(found[seen], expected[seen], prior, _LEVEL)
    return lifts


def discoveries(found: Floats, expected: Floats) -> Floats:
    """Minus the decimal logarithm of the adjusted p-value (S,) of so many incidents or more, were they Poisson.

    What exceeds that of a level is flagged at it (Benjamini & Hochberg, JRSS B 57, 1995).
    """
    p = poisson.sf(np.floor(found + 1e-9) - 1, np.maximum(expected, 1e-12))
    falling = np.argsort(-p, kind="stable")
    rank = np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[falling] = np.minimum.accumulate(p[falling] * len(p) / rank)
    scores: Floats = -np.log10(np.clip(adjusted, 1e-300, 1.0))
    return scores


def _by_now(grid: Grid, sold: Cohorts) -> Floats:
    return _at_category_rate(grid, sold.due, sold.came("all"))


def _at_category_rate(grid: Grid, lines: Floats, came: Floats) -> Floats:
    """Incidents (S,) to be expected of so many lines if every product came back as its category does."""
    lines, came = lines.sum(axis=1), came.sum(axis=1)
    number = int(grid.peers.max(initial=-1)) + 2
    of_lines, of_came = (
        np.bincount(grid.peers + 1, weights=each, minlength=number) for each in (lines, came)
    )
    rates = np.divide(of_came, of_lines, out=np.zeros(number), where=of_lines > 0)
    expected: Floats = lines * rates[grid.peers + 1]
    return expected


def _likeliest(found: Floats, expected: Floats) -> Floats:
    """Logarithms of both gammas' shapes and rates, and the first one's log-odds (5,)."""

    def unlikely(prior: Floats) -> float:
        return -float(np.logaddexp(*_log_parts(found, expected, prior)).sum())

    # DuMouchel's start: a third of lifts spread widely about 2, the others about a half.
    start = np.array(
        [np.log(2.0), np.log(2.0), np.log(4.0), np.log(4.0), np.log(1 / 3) - np.log(2 / 3)]
    )
    best = minimize(
        unlikely, start, method="L-BFGS-B", bounds=[(-6, 8)] * 5, options={"maxiter": 60}
    )
    prior: Floats = best.x
    return prior


def _log_parts(found: Floats, expected: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """Logarithms of each gamma's share times its negative binomial probability of the counts (S,)."""
    shares = -np.logaddexp(0, -prior[4]), -np.logaddexp(0, prior[4])
    parts = []
    for shape, rate, share in zip(
        np.exp(prior[[0, 2]]), np.exp(prior[[1, 3]]), shares, strict=True
    ):
        logs = gammaln(shape + found) - gammaln(shape) - gammaln(found + 1)
        logs += shape * np.log(rate / (rate + expected))
        logs += found * np.log(np.maximum(expected, 1e-300) / (rate + expected))
        parts.append(share + logs)
    return parts[0], parts[1]


def _quantiles(found: Floats, expected: Floats, prior: Floats, level: float) -> Floats:
    one, other = _log_parts(found, expected, prior)
    share = np.exp(one - np.logaddexp(one, other))
    shapes, rates = np.exp(prior[[0, 2]]), np.exp(prior[[1, 3]])
    low, high = np.zeros(len(found)), np.full(len(found), _MOST_LIFT)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = share * gammainc(shapes[0] + found, middle * (rates[0] + expected))
        below += (1 - share) * gammainc(shapes[1] + found, middle * (rates[1] + expected))
        low, high = np.where(below < level, middle, low), np.where(below < level, high, middle)
    quantiles: Floats = (low + high) / 2
    return quantiles
