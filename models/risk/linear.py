"""A logistic regression of what a request looks like: with few labels the steadiest of what can be learned.

What is known of a customer adds up: each order kept, each return that passed, each reason given moves the log-odds by an
amount of its own. Trees have to learn such sums split by split, from thousands of labels; a regression has them from
the start. It sees each feature as it is and as its root (the tenth return says less than the second), whether
anything is known of it at all, and what means something else beside each reason that is given, once more by reason.

Coefficients of features that can only speak for abuse, or only against it, are held to that sign (L-BFGS-B: Byrd, Lu, Nocedal
& Zhu 1995), so the score is monotone wherever the trees are. A ridge draws all of them to zero.

What `Linear.raw` computes in columns `models.risk.score` computes number by number, in the same order of additions: the
same doubles to the last bit. Only sums, products and roots are used, which every machine rounds alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from models.risk.arrays import Floats
from models.risk.features import FEATURES, NAMES

RIDGE = 30.0  # in labels: so strongly each coefficient of a standardized term is drawn to zero
_OUTERMOST = 0.002  # of the requests on either side are taken for as far out as the next ones
_RARE = 0.002  # unknown less often than this says nothing
_STEPS = 200
REASONS = tuple(place for place, each in enumerate(FEATURES) if each.name.startswith("reasons_"))
BY_REASON = tuple(
    NAMES.index(name)
    for name in (
        "units", "value", "days_since_delivery", "most_units", "orders_kept", "returns", "lines_returned", "faults_said",
        "returns_bad", "category_abuse", "price_level", "bought_lean",
    )
)  # fmt: skip
"""What means something else by the reason that is given: a late complaint of a defect is not a late change of mind."""


@dataclass(frozen=True, slots=True)
class Term:
    """What one feature adds to the log-odds: `plain` times its value, `root` times its root, and for each reason given its
    `by_reason` times the root; `unknown` where it is not known and `fill` stands for it. Values beyond `low` and `high`
    count as those. `usual` is what it adds to the mean training request.
    """

    feature: int
    low: float
    high: float
    fill: float
    plain: float
    root: float
    unknown: float
    by_reason: tuple[tuple[int, float], ...]
    usual: float


@dataclass(frozen=True, slots=True)
class Linear:
    """The regression. `hint` is the weight of the hint (see `models.risk.grow`), `hint_usual` its mean."""

    intercept: float
    terms: tuple[Term, ...]
    hint: float
    hint_usual: float

    def raw(self, features: Floats, hint: Floats | None) -> Floats:
        """Log-odds (n,) of requests (n, F) with their hints (n,)."""
        total = np.full(len(features), self.intercept)
        given = {place: _given(features[:, place]) for place in REASONS}
        for term in self.terms:
            value = features[:, term.feature]
            known = ~np.isnan(value)
            value = np.clip(np.where(known, value, term.fill), term.low, term.high)
            root = _root(value)
            total += term.plain * value
            total += term.root * root
            total += np.where(known, 0.0, term.unknown)
            for reason, weight in term.by_reason:
                total += weight * root * given[reason]
        if hint is not None:
            total += self.hint * hint
        return total

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """The regression that `to_document` gave."""
        terms = (
            Term(
                **{
                    **term,
                    "by_reason": tuple((place, weight) for place, weight in term["by_reason"]),
                }
            )
            for term in document["terms"]
        )
        return cls(document["intercept"], tuple(terms), document["hint"], document["hint_usual"])

    def to_document(self) -> dict[str, Any]:
        """The regression as JSON has it."""
        return {
            "intercept": self.intercept,
            "terms": [
                {name: getattr(term, name) for name in Term.__slots__} | {"by_reason": [list(one) for one in term.by_reason]}
                for term in self.terms
            ],
            "hint": self.hint,
            "hint_usual": self.hint_usual,
        }  # fmt: skip


def fit(features: Floats, hint: Floats | None, label: Floats, weight: Floats) -> Linear:
    """Learn from requests (n, F) with hints, labels and weights (n,); see this module."""
    columns = _Columns(features, hint)
    coefficients, intercept = _learned(columns, label, weight / weight.mean())
    return columns.linear(coefficients, intercept)


class _Columns:
    """The terms of requests as a matrix of standardized columns, and the way back from their coefficients."""

    def __init__(self, features: Floats, hint: Floats | None) -> None:
        count = features.shape[1]
        known = ~np.isnan(features)
        some = known.any(axis=0)
        seen = np.where(some, features, 0.0)
        self.low, self.high = np.nanquantile(seen, (_OUTERMOST, 1 - _OUTERMOST), axis=0)
        self.fill = np.clip(np.nanmedian(seen, axis=0), self.low, self.high)
        self.is_often_unknown = (~known).mean(axis=0) > _RARE
        value = np.clip(np.where(known, features, self.fill), self.low, self.high)
        root = _root(value)
        given = {place: _given(features[:, place]) for place in REASONS}
        self.pairs = [(place, reason) for place in BY_REASON for reason in REASONS]
        unknown = np.where(self.is_often_unknown, (~known).astype(float), 0.0)
        parts = [
            value,
            root,
            unknown,
            *(root[:, [place]] * given[reason][:, None] for place, reason in self.pairs),
        ]
        sign = np.array([each.monotone for each in FEATURES])
        signs = [sign, sign, np.zeros(count), np.array([sign[place] for place, _ in self.pairs])]
        if hint is not None:
            parts.append(hint[:, None])
            signs.append(np.ones(1))
        self.has_hint, self.count = hint is not None, count
        matrix = np.hstack(parts)
        self.sign = np.concatenate(signs)
        self.mean, self.spread = matrix.mean(axis=0), matrix.std(axis=0)
        self.spread[self.spread < 1e-9] = np.inf  # what never differs gets no coefficient
        self.matrix = (matrix - self.mean) / self.spread

    def linear(self, coefficients: Floats, intercept: float) -> Linear:
        """The regression of these coefficients of the standardized columns."""
        plain = coefficients / self.spread
        usual = plain * self.mean
        count = self.count
        paired: dict[int, list[tuple[int, float]]] = {}
        paired_usual = np.zeros(count)
        for number, (place, reason) in enumerate(self.pairs, 3 * count):
            if plain[number]:
                paired.setdefault(place, []).append((reason, float(plain[number])))
            paired_usual[place] += usual[number]
        terms = tuple(
            Term(
                feature=place,
                low=float(self.low[place]),
                high=float(self.high[place]),
                fill=float(self.fill[place]),
                plain=float(plain[place]),
                root=float(plain[count + place]),
                unknown=float(plain[2 * count + place]),
                by_reason=tuple(paired.get(place, ())),
                usual=float(usual[[place, count + place, 2 * count + place]].sum() + paired_usual[place]),
            )
            for place in range(count)
        )  # fmt: skip
        hint = (float(plain[-1]), float(self.mean[-1])) if self.has_hint else (0.0, 0.0)
        return Linear(float(intercept - usual.sum()), terms, *hint)


def _learned(columns: _Columns, label: Floats, weight: Floats) -> tuple[Floats, float]:
    """Coefficients (D,) and intercept of least weighted log loss with the ridge, within the signs."""
    matrix, width = columns.matrix, columns.matrix.shape[1]
    rate = np.clip(np.average(label, weights=weight), 1e-6, 1 - 1e-6)

    def loss(at: Floats) -> tuple[float, Floats]:
        odds = matrix @ at[:width] + at[width]
        missed = weight * (expit(odds) - label)
        slope = np.append(matrix.T @ missed + RIDGE * at[:width], missed.sum())
        value = weight @ (np.logaddexp(0, odds) - label * odds)
        return float(value + RIDGE / 2 * at[:width] @ at[:width]), slope

    bounds = [_BOUNDS[int(sign)] for sign in columns.sign]
    start = np.append(np.zeros(width), np.log(rate / (1 - rate)))
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)], options={"maxiter": _STEPS}
    )  # fmt: skip
    return found.x[:width], float(found.x[width])


_BOUNDS: dict[int, tuple[float | None, float | None]] = {
    -1: (None, 0.0),
    0: (None, None),
    1: (0.0, None),
}


def _root(value: Floats) -> Floats:
    root: Floats = np.where(value < 0, -np.sqrt(np.abs(value)), np.sqrt(np.abs(value)))
    return root


def _given(value: Floats) -> Floats:
    """Whether a reason was given: 1 or 0 (n,)."""
    return np.where(value > 0, 1.0, 0.0)
