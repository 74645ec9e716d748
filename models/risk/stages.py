"""The stages of a trained model as the service runs them: trees, and the sum of a regression. Standard library only.

Each adds the same doubles in the same order as its training does (`models.risk.grow`, `models.risk.linear`): the same
answer to the last bit.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

# A leaf is its value; a split is (feature, threshold, unknown goes left, left, right, mean of what passed through).
Tree: TypeAlias = "float | tuple[int, float, bool, Tree, Tree, float]"
Shares: TypeAlias = dict[int, float]  # what each feature, by its place, adds
_PLAIN = 0.2  # of the sum of all amounts: a sum below it says nothing of who made it


@dataclass(frozen=True, slots=True)
class Forest:
    """Boosted trees. `expected` is their mean over the training requests, from the counts in the trees."""

    expected: float
    _baseline: float
    _trees: tuple[Tree, ...]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """From `baseline` and `trees` as `model.json` has them. Raises ValueError where a node leads nowhere."""
        trees = tuple(_tree(tree) for tree in document["trees"])
        return cls(document["baseline"] + sum(map(_mean, trees)), document["baseline"], trees)

    def raw(self, values: Sequence[float]) -> float:
        """The log-odds; NaN is unknown."""
        total = self._baseline
        for tree in self._trees:
            node = tree
            while type(node) is tuple:
                feature, threshold, unknown_left, left, right, _ = node
                value = values[feature]
                node = left if value <= threshold or (unknown_left and value != value) else right
            total += node  # type: ignore[operator]
        return total

    def shares(self, values: Sequence[float]) -> Shares:
        """What each feature changes in the mean of the training requests that remain, along the paths of this request (Saabas
        2014); the sum is `raw - expected`. Features that no split asked for are left out.
        """
        added: Shares = {}
        for tree in self._trees:
            node = tree
            while type(node) is tuple:
                feature, threshold, unknown_left, left, right, mean = node
                value = values[feature]
                node = left if value <= threshold or (unknown_left and value != value) else right
                child = node[5] if type(node) is tuple else node
                added[feature] = added.get(feature, 0.0) + (child - mean)  # type: ignore[operator]
        return added


@dataclass(frozen=True, slots=True)
class Regression:
    """A regression's terms; see `models.risk.linear.Linear`. `expected` is what the mean training request gets."""

    expected: float
    _intercept: float
    _terms: tuple[tuple[Any, ...], ...]
    _hint: float
    _hint_usual: float

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """From what `model.json` has under `regression`."""
        terms = tuple(
            (
                term["feature"], term["low"], term["high"], term["fill"], term["plain"], term["root"], term["unknown"],
                tuple((reason, weight) for reason, weight in term["by_reason"]), term["usual"],
            )
            for term in document["terms"]
        )  # fmt: skip
        usual = sum(term[-1] for term in terms) + document["hint"] * document["hint_usual"]
        expected = document["intercept"] + usual
        return cls(expected, document["intercept"], terms, document["hint"], document["hint_usual"])

    def raw(self, values: Sequence[float], hint: float | None) -> float:
        """The log-odds; NaN is unknown."""
        total = self._intercept
        for feature, low, high, fill, plain, root_weight, unknown, by_reason, _ in self._terms:
            value = values[feature]
            is_known = value == value
            value = (
                fill if not is_known else low if value < low else high if value > high else value
            )
            root = -math.sqrt(-value) if value < 0 else math.sqrt(value)
            total += plain * value
            total += root_weight * root
            if not is_known:
                total += unknown
            for reason, weight in by_reason:
                if values[reason] > 0:
                    total += weight * root
        if hint is not None:
            total += self._hint * hint
        return total

    def shares(self, values: Sequence[float], hint: float | None, hinted: Shares) -> Shares:
        """What each feature adds beyond the mean training request; the sum is `raw - expected`. `hinted` are the shares of the
        hint, over which its part is spread.
        """
        added: Shares = {}
        for feature, low, high, fill, plain, root_weight, unknown, by_reason, usual in self._terms:
            value = values[feature]
            is_known = value == value
            value = min(max(value, low), high) if is_known else min(max(fill, low), high)
            root = -math.sqrt(-value) if value < 0 else math.sqrt(value)
            given = sum(weight for reason, weight in by_reason if values[reason] > 0)
            added[feature] = plain * value + (root_weight + given) * root - usual
            if not is_known:
                added[feature] += unknown
        if hint is None:
            return added
        return merged(added, spread(self._hint * (hint - self._hint_usual), hinted or added))


def merged(one: Shares, other: Shares) -> Shares:
    """The shares of both together."""
    both = dict(one)
    for feature, share in other.items():
        both[feature] = both.get(feature, 0.0) + share
    return both


def spread(amount: float, over: Shares) -> Shares:
    """An amount spread over shares: in their proportion, or where they all but cancel out by how large each is."""
    whole, size = math.fsum(over.values()), math.fsum(map(abs, over.values()))
    if size == 0:
        return {feature: amount / len(over) for feature in over}
    if abs(whole) >= _PLAIN * size:
        return {feature: share * amount / whole for feature, share in over.items()}
    return {feature: abs(share) * amount / size for feature, share in over.items()}


def _tree(tree: Mapping[str, list[Any]]) -> Tree:
    """The nested form of a tree that `model.json` holds as arrays; children stand after their parents."""
    nodes: list[Tree] = list(tree["value"])
    counts = tree["count"]
    for index in range(len(nodes) - 1, -1, -1):
        feature = tree["feature"][index]
        if feature < 0:
            continue
        left, right = tree["left"][index], tree["right"][index]
        if not (index < left < len(nodes) and index < right < len(nodes)):
            raise ValueError(f"a tree whose node {index} leads nowhere")
        threshold = tree["threshold"][index]
        mean = (_mean(nodes[left]) * counts[left] + _mean(nodes[right]) * counts[right]) / (
            counts[left] + counts[right]
        )
        nodes[index] = (
            feature,
            math.inf if threshold is None else threshold,
            bool(tree["missing_left"][index]),
            nodes[left],
            nodes[right],
            mean,
        )
    return nodes[0]


def _mean(node: Tree) -> float:
    return node[5] if isinstance(node, tuple) else node
