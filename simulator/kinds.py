"""Kinds of customers: how they buy, how they return, and what an abusive one does. One table, read by plan and oracle alike.

Nothing here is visible to the service but through what these people do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from service.domain.words import Reason
from simulator.goods import CATEGORIES, REASONS
from simulator.scenario import Archetype

Honest = Literal["ordinary", "heavy", "bracketer", "newcomer", "gift"]
Kind = Honest | Archetype
HONEST: tuple[Honest, ...] = get_args(Honest)
ARCHETYPES: tuple[Archetype, ...] = get_args(Archetype)
KINDS: tuple[Kind, ...] = (*HONEST, *ARCHETYPES)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Applying:
    """How somebody applies: days after delivery (a lognormal), whether at night, the reasons given (None: the true ones)."""

    median_days: float
    spread: float
    night_share: float
    reasons: Mapping[Reason, float] | None = None


@dataclass(frozen=True, slots=True)
class Habits:
    """A kind of customer. Shares are probabilities; `activity` is how often they order, `stays_days` how long they stay a
    customer, both beside the other kinds: how many come and how much is ordered in all is the scenario's.

    `price_tilt` draws to dear (positive) or cheap goods, `categories` to some of them. `return_factor` multiplies what
    honest customers send back; `abuse_share` of the units that reach them they abuse, applying as `abusing` says.
    """

    weight: float = 0.0
    activity: float = 1.0
    stays_days: float = 500.0
    price_tilt: float = 0.0
    categories: Mapping[str, float] = field(default_factory=dict)
    several_share: float = 0.08
    bracket_share: float = 0.03
    return_factor: float = 1.0
    applying: Applying = field(default_factory=lambda: Applying(6.0, 0.75, 0.10))
    abuse_share: float = 0.0
    abusing: Applying | None = None
    needs_several: bool = False
    shares_address: float = 0.12
    shares_device: float = 0.05


HABITS: Mapping[Kind, Habits] = {
    "ordinary": Habits(weight=0.74),
    "heavy": Habits(weight=0.06, activity=2.2, return_factor=2.6, applying=Applying(5.0, 0.6, 0.15)),
    "bracketer": Habits(
        weight=0.08, activity=1.3, categories={"dresses": 3.0, "shoes": 3.0}, bracket_share=0.7,
        applying=Applying(4.0, 0.55, 0.12),
    ),
    "newcomer": Habits(weight=0.06, activity=0.4, stays_days=12.0, return_factor=1.2, applying=Applying(5.0, 0.8, 0.10)),
    "gift": Habits(
        weight=0.06, activity=0.7, return_factor=1.5, categories={"toys": 2.2, "kitchen": 1.8, "bedding": 1.5},
        applying=Applying(16.0, 0.4, 0.06),
    ),
    "worn": Habits(
        activity=1.2, price_tilt=0.4, categories={"dresses": 1.8, "shoes": 1.3, "bags": 1.5}, abuse_share=0.22,
        abusing=Applying(9.5, 0.55, 0.10, {"changed_mind": 4, "size_fit": 4, "not_as_described": 2}),
    ),
    "swapped": Habits(
        activity=1.1, price_tilt=0.45, categories={"electronics": 1.9, "bags": 1.6, "shoes": 1.3}, abuse_share=0.22,
        abusing=Applying(8.0, 0.6, 0.15, {"defect": 4, "not_as_described": 4, "changed_mind": 3, "wrong_item": 1}),
    ),
    "empty_box": Habits(
        price_tilt=0.4, categories={"electronics": 2.1, "kitchen": 1.3}, abuse_share=0.24,
        abusing=Applying(4.0, 0.6, 0.18, {"changed_mind": 5, "wrong_item": 1.5, "not_as_described": 2, "other": 1}),
    ),
    "short_count": Habits(
        categories={"toys": 1.6, "kitchen": 1.4, "bedding": 1.3}, several_share=0.35, abuse_share=0.30,
        abusing=Applying(5.5, 0.7, 0.12, {"changed_mind": 5, "damaged_in_transit": 1, "other": 1.5, "size_fit": 1}),
        needs_several=True,
    ),
    "not_received": Habits(price_tilt=0.4, categories={"electronics": 1.6}, abuse_share=0.20),
    "false_defect": Habits(
        activity=1.1, abuse_share=0.21,
        abusing=Applying(8.5, 0.6, 0.11, {"defect": 6, "damaged_in_transit": 2, "not_as_described": 3}),
    ),
    "ring": Habits(
        activity=1.2, stays_days=60.0, price_tilt=0.4, categories={"electronics": 1.6, "shoes": 1.5}, abuse_share=0.30,
        abusing=Applying(4.5, 0.6, 0.25, {"not_as_described": 4, "defect": 3, "changed_mind": 3, "wrong_item": 1}),
        shares_address=0.6, shares_device=0.45,
    ),
    "keep_item": Habits(
        activity=1.3, price_tilt=-0.6, categories={"toys": 1.5, "kitchen": 1.5, "garden": 1.5}, abuse_share=0.25,
        abusing=Applying(3.0, 0.65, 0.15, {"damaged_in_transit": 4, "defect": 4, "not_as_described": 3}),
    ),
}  # fmt: skip


def column(name: str) -> Floats:
    """One habit of every kind, in the order of `KINDS`."""
    return np.array([getattr(HABITS[kind], name) for kind in KINDS], dtype=np.float64)


def affinities() -> Floats:
    """How much each kind is drawn to each category: kinds × categories."""
    return np.array(
        [[HABITS[kind].categories.get(each.name, 1.0) for each in CATEGORIES] for kind in KINDS]
    )


def reason_weights(applying: Applying) -> Floats:
    """The chance of each reason that is given, in the order of `REASONS`."""
    given = applying.reasons or {}
    weights = np.array([float(given.get(reason, 0.0)) for reason in REASONS])
    return np.asarray(weights / weights.sum())
