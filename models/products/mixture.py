"""How common each kind of problem is, and how probable of each product: a mixture on two levels.

Either a whole family (all variants of a parent) has a problem, or each of its products may have one of its own. How common
each problem is, the shop's record teaches (expectation maximization: Dempster, Laird & Rubin, JRSS B 39, 1977); the
posterior probabilities that come with it hold a false-discovery rate (Efron et al., JASA 96, 2001).
"""

from dataclasses import dataclass

import numpy as np

from models.products.record import Floats, Ints

_USUAL_SHARE = (
    0.005  # before a shop has taught us: one product of two hundred for each kind of problem
)
_USUAL_PRODUCTS = 50.0  # the weight of that belief, in products
_ROUNDS = 200
_SETTLED = 1e-5


@dataclass(frozen=True, slots=True)
class Posterior:
    """The probabilities (H, S) that a product has each of H problems: one of its `own`, or one of its `family`'s.

    `shares` and `family_shares` (H,): how common each problem is among products and among families of several.
    """

    own: Floats
    family: Floats
    shares: Floats
    family_shares: Floats


def posterior(own: Floats, family: Floats, families: Ints) -> Posterior:
    """What is probable, from logarithms of likelihood ratios against "ordinary": `own` (H, S) and `family` (H, F).

    `families` (S,) numbers each product's family without a step back. Families of one have no problem but their own.
    """
    problems, number = own.shape
    if not number:
        none = np.zeros(problems)
        return Posterior(np.zeros((problems, 0)), np.zeros((problems, 0)), none, none)
    starts = np.flatnonzero(np.diff(families, prepend=-1))
    several = np.diff(np.append(starts, number)) > 1
    own_ratios, of_families = _Ratios.of(own), _Ratios.of(np.where(several, family, -np.inf))
    shares = np.full(problems, _USUAL_SHARE)
    family_shares = shares.copy()
    for _ in range(_ROUNDS):
        common, of_all = shares, family_shares
        by_own, ordinary = own_ratios.against(common, np.zeros(number))
        by_family, _ = of_families.against(of_all, np.add.reduceat(ordinary, starts))
        apart = (1 - by_family * (of_all @ of_families.shares))[families]
        shares = _share(common * (own_ratios.shares @ (by_own * apart)), apart.sum())
        family_shares = _share(of_all * (of_families.shares @ by_family), several.sum())
        changes = np.concatenate([shares - common, family_shares - of_all])
        if np.abs(changes).max() < _SETTLED:
            break
    alone = common[:, None] * own_ratios.shares * (by_own * apart)
    together = of_all[:, None] * of_families.shares * by_family
    return Posterior(alone, together[:, families], shares, family_shares)


@dataclass(frozen=True, slots=True)
class _Ratios:
    """Likelihood ratios (H, N) as shares of each column's largest, whose logarithm is `top` (N,): exponents are taken once."""

    shares: Floats
    top: Floats

    @classmethod
    def of(cls, logs: Floats) -> "_Ratios":
        top = np.maximum(logs.max(axis=0), 0.0)
        return cls(np.exp(logs - top), top)

    def against(self, common: Floats, otherwise: Floats) -> tuple[Floats, Floats]:
        """By what each column of `common` x shares must be multiplied to be probabilities (N,), and the logarithm of the whole
        likelihood (N,).

        `common` (H,): how common each problem is. `otherwise` (N,): logarithm of the likelihood where there is none.
        """
        top = np.maximum(self.top, otherwise)
        scale = np.exp(self.top - top)
        total = (common @ self.shares) * scale + (1 - common.sum()) * np.exp(otherwise - top)
        return scale / total, np.log(total) + top


def _share(times: Floats, of: float) -> Floats:
    share: Floats = (times + _USUAL_SHARE * _USUAL_PRODUCTS) / (of + _USUAL_PRODUCTS)
    return share
