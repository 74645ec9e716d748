"""How many units an incident brings. Sizes are heavy-tailed: mostly one or two units, once 80,995."""

from dataclasses import dataclass

import numpy as np

from models.products.record import Floats, Ints

_CAP_QUANTILE = 0.99


@dataclass(frozen=True, slots=True)
class Sizes:
    """`mean` (S,): units that an incident of each product brings in the ordinary course, giants cut back.

    `spread`: mean square of a product's sizes over the square of their mean; 1 if all are alike.
    `cap`: the size to which giants are cut back.
    """

    mean: Floats
    spread: float
    cap: float


def incident_sizes(products: Ints, units: Floats, count: int) -> Sizes:
    """Sizes of `count` products from incidents: `products` (incidents,) numbers theirs, `units` (incidents,) their size.

    Each product's own mean is trusted as far as its incidents reach, the rest is the shop's mean (credibility:
    Buehlmann, ASTIN Bulletin 4, 1967). Sizes above the shop's 99th percentile count as that.
    """
    if not len(units):
        return Sizes(np.ones(count), spread=1.0, cap=1.0)
    cap = float(np.quantile(units, _CAP_QUANTILE, method="lower"))
    capped = np.minimum(units, cap)
    number = np.bincount(products, minlength=count).astype(np.float64)
    total = np.bincount(products, weights=capped, minlength=count)
    overall = capped.mean()
    own = np.divide(total, number, out=np.full(count, overall), where=number > 0)
    within, between = _variances(capped, products, own, number, overall)
    trust = number * between / np.maximum(number * between + within, np.finfo(float).tiny)
    mean = overall + trust * (own - overall)
    spread = max(1.0, float((capped**2).mean() / (mean[products] ** 2).mean()))
    return Sizes(mean, spread, cap)


def _variances(
    sizes: Floats, products: Ints, own: Floats, number: Floats, overall: float
) -> tuple[float, float]:
    """Variance of sizes within a product, and of products' means (Buehlmann-Straub, unbiased)."""
    seen = int((number > 0).sum())
    within = float(((sizes - own[products]) ** 2).sum() / max(len(sizes) - seen, 1))
    scatter = float((number * (own - overall) ** 2).sum())
    spread = len(sizes) - float((number**2).sum()) / len(sizes)
    return within, max(0.0, (scatter - (seen - 1) * within) / spread) if spread > 0 else 0.0
