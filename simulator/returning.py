"""Who sends back what of a day's orders, honestly or not, when, and with which reason; and who says that nothing came.

The chances that it draws from are public: the oracle weighs with the same (`simulator.weighing`).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from simulator.buying import Bought
from simulator.goods import CAUSES, RATES, REASONS
from simulator.kinds import HABITS, HONEST, KINDS, Applying, column, reason_weights
from simulator.world import DAY_US, HOUR_US, Flags, Floats, Integers, World

_NOT_RECEIVED = KINDS.index("not_received")
LATE = REASONS.index("arrived_late")
# What people pick by mistake, by `REASONS`.
_MISTAKEN = np.array([1.0, 0.4, 1.5, 1.0, 0.3, 0.2, 4.0, 2.0])
_TRIED_ON = np.zeros(len(REASONS))
_TRIED_ON[[REASONS.index("size_fit"), REASONS.index("changed_mind")]] = 0.75, 0.25
_TRIED_ON_RATE = 0.62
_LATE_RATE = 0.10
_DISCOUNT_FACTOR = 1.12
_MOST = 0.95
_HONEST_CLAIMS = 0.8
NIGHT_HOURS = 6


@dataclass(frozen=True, slots=True)
class Claims:
    """Who says that nothing came; `at` are places in the day's orders."""

    at: Integers
    is_abusive: Flags
    claimed_us: Integers


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each line comes back, honestly and abused: lines × the kinds that were asked for."""

    honest: Floats
    abused: Floats


@dataclass(frozen=True, slots=True)
class Why:
    """Why lines come back honestly: in a part `late` (lines × kinds) of the cases since they came too late, else for one
    of the `causes` (lines × reasons, adding up to one)."""

    causes: Floats
    late: Floats


@dataclass(frozen=True, slots=True)
class Returned:
    """The applications about a day's orders, one an order. `at` are places in the day's orders, `line_at` in its lines."""

    at: Integers
    is_abusive: Flags
    requested_us: Integers
    line_owner: Integers
    line_at: Integers
    quantity: Integers
    is_abused: Flags
    reason: Integers
    cause: Integers
    claims: Claims


def send_back(world: World, rng: np.random.Generator, day: int, bought: Bought) -> Returned:
    """Draw what comes back of a day's orders."""
    owner, kind = bought.owner, bought.kind[bought.owner]
    chances = chances_of(world, day, bought, kind[:, None])
    is_here = (bought.delivered_us >= 0)[owner]
    is_abused = (rng.random(len(owner)) < chances.abused[:, 0]) & is_here
    is_honest = (rng.random(len(owner)) < chances.honest[:, 0]) & is_here & ~is_abused
    line_at = np.flatnonzero(is_abused | is_honest)
    is_abused = is_abused[line_at]
    cause = _causes(world, rng, day, bought, line_at)
    at, line_owner = np.unique(owner[line_at], return_inverse=True)
    is_abusive = np.zeros(len(at), dtype=np.bool_)
    np.logical_or.at(is_abusive, line_owner, is_abused)
    return Returned(
        at=at,
        is_abusive=is_abusive,
        requested_us=_moments(world, rng, bought.kind[at], is_abusive, bought.delivered_us[at]),
        line_owner=line_owner,
        line_at=line_at,
        quantity=_quantities(rng, bought.quantity[line_at], is_abused),
        is_abused=is_abused,
        reason=_reasons(world, rng, kind[line_at], cause, is_abused),
        cause=cause,
        claims=_claims(world, rng, day, bought),
    )


def claims_frame(bought: Bought, returned: Returned, first_order: int) -> pl.DataFrame:
    """Who says that a delivery never came."""
    return pl.DataFrame(
        {
            "order": returned.claims.at + first_order,
            "kind": bought.kind[returned.claims.at],
            "is_abusive": returned.claims.is_abusive,
            "claimed_us": returned.claims.claimed_us,
        }
    )


def chances_of(world: World, day: int, bought: Bought, kinds: Integers) -> Chances:
    """How likely each line of a day's orders would come back from customers of these kinds.

    `kinds` is a row of kinds, the same for all lines, or a column with one for each line.
    """
    wanted, late = _wanted(world, day, bought, np.arange(len(bought.product)), kinds)
    shares = world.abuse_shares(day)
    shares[_NOT_RECEIVED] = 0.0
    needs_several = np.array([HABITS[kind].needs_several for kind in KINDS])[kinds]
    is_enough = (bought.quantity >= 2)[:, None] | ~needs_several
    return Chances(np.minimum(wanted + late, _MOST), shares[kinds] * is_enough)


def why_of(world: World, day: int, bought: Bought, at: Integers, kinds: Integers) -> Why:
    """Why those of a day's lines that lie at these places come back honestly; `kinds` as in `chances_of`."""
    product, rows = bought.product[at], np.arange(len(at))
    extra = world.goods.extra_factor(day)[product]
    causes = CAUSES[world.goods.category[product]]
    causes[bought.is_tried_on[at]] = _TRIED_ON
    causes[rows, world.goods.fault_reason[product]] += extra
    wanted, late = _wanted(world, day, bought, at, kinds)
    return Why(causes / (1 + extra)[:, None], late / (wanted + late))


def _wanted(
    world: World, day: int, bought: Bought, at: Integers, kinds: Integers
) -> tuple[Floats, Floats]:
    """How likely lines come back by themselves and how much likelier because they came late. A fault multiplies."""
    goods, product = world.goods, bought.product[at]
    usual = RATES[goods.category[product]] * goods.return_factor(day)[product]
    usual *= world.scenario.returns.rate_factor
    usual *= np.where(bought.is_discounted[bought.owner[at]], _DISCOUNT_FACTOR, 1.0)
    is_tried_on = bought.is_tried_on[at]
    by_kind = usual[:, None] * column("return_factor")[kinds]
    by_kind = np.where(is_tried_on[:, None], _TRIED_ON_RATE, by_kind)
    late = np.where(bought.is_late[bought.owner[at]] & ~is_tried_on, _LATE_RATE, 0.0)
    return by_kind * (1 + goods.extra_factor(day)[product])[:, None], late[:, None]


def _causes(
    world: World, rng: np.random.Generator, day: int, bought: Bought, at: Integers
) -> Integers:
    """Why these lines come back in truth."""
    why = why_of(world, day, bought, at, bought.kind[bought.owner[at]][:, None])
    cause = draw_rows(why.causes, rng.random(len(at)))
    return np.where(rng.random(len(at)) < why.late[:, 0], LATE, cause)


def said_by_cause(world: World) -> Floats:
    """What honest customers say, by the true cause (reasons × reasons): some pick a wrong reason."""
    number, share = len(REASONS), world.scenario.returns.wrong_reason_share
    wrong = np.where(np.eye(number, dtype=np.bool_), 0.0, _MISTAKEN)
    return np.asarray(
        (1 - share) * np.eye(number) + share * wrong / wrong.sum(axis=1, keepdims=True)
    )


def _reasons(
    world: World, rng: np.random.Generator, kind: Integers, cause: Integers, is_abused: Flags
) -> Integers:
    """What the customers say: a part of the honest pick wrongly, abusers pick what serves them."""
    said = np.where(is_abused[:, None], pretexts(world)[kind], said_by_cause(world)[cause])
    return draw_rows(said, rng.random(len(cause)))


def pretexts(world: World) -> Floats:
    """The reasons that abusers give (kinds × reasons); those who adapt say more and more what everybody says."""
    table = np.tile(_MISTAKEN / _MISTAKEN.sum(), (len(KINDS), 1))
    for place, kind in enumerate(KINDS):
        applying = HABITS[kind].abusing
        if applying is not None:
            table[place] = reason_weights(applying)
    for place in world.adapting:
        table[place] += world.caution * (CAUSES.mean(axis=0) - table[place])
    return table


def manners(world: World) -> tuple[Floats, Floats, Floats]:
    """Mean and spread of the logarithm of the days until applying, and the share at night: (honest, abusive) × kinds."""
    modes = [[HABITS[kind].applying for kind in KINDS], [HABITS[kind].abusing or HABITS[kind].applying for kind in KINDS]]  # fmt: skip
    median, spread, night = (
        np.array([[getattr(each, name) for each in row] for row in modes])
        for name in ("median_days", "spread", "night_share")
    )
    usual: Applying = HABITS[HONEST[0]].applying
    mean = np.log(median)
    for place in world.adapting:
        mean[1, place] += world.caution * (np.log(usual.median_days) - mean[1, place])
        night[1, place] += world.caution * (usual.night_share - night[1, place])
    return mean, spread, night


def _moments(
    world: World,
    rng: np.random.Generator,
    kind: Integers,
    is_abusive: Flags,
    delivered_us: Integers,
) -> Integers:
    """When they apply: some days after the delivery, at night or by day, and never before an hour has passed."""
    mean, spread, night = (each[is_abusive.astype(np.int64), kind] for each in manners(world))
    days = np.exp(mean + spread * rng.standard_normal(len(kind)))
    is_night = rng.random(len(kind)) < night
    draws = rng.random(len(kind))
    hour = np.where(is_night, NIGHT_HOURS * draws, 7 + 16 * draws)
    at_us = delivered_us + (days * DAY_US).astype(np.int64)
    clock_us = at_us - at_us % DAY_US + (hour * HOUR_US).astype(np.int64)
    return np.asarray(np.maximum(clock_us, delivered_us + HOUR_US))


def _quantities(rng: np.random.Generator, bought: Integers, is_abused: Flags) -> Integers:
    """Abusers apply for everything; the honest for what they do not want."""
    some = 1 + (rng.random(len(bought)) * bought).astype(np.int64)
    return np.where(is_abused, bought, np.minimum(some, bought))


def _claims(world: World, rng: np.random.Generator, day: int, bought: Bought) -> Claims:
    """Claims that nothing came: false ones a few days after the delivery, true ones when it is long overdue."""
    share = world.abuse_shares(day)[_NOT_RECEIVED]
    came, draws, wait = bought.delivered_us >= 0, rng.random(len(bought)), rng.random(len(bought))
    is_false = came & (bought.kind == _NOT_RECEIVED) & (draws < share)
    is_true = ~came & (draws < _HONEST_CLAIMS)
    at = np.flatnonzero(is_false | is_true)
    after = np.where(is_false, bought.delivered_us + (1 + 4 * wait) * DAY_US, bought.placed_us + (12 + 6 * wait) * DAY_US)  # fmt: skip
    return Claims(at, is_false[at], after[at].astype(np.int64))


def draw_rows(weights: Floats, draws: Floats) -> Integers:
    """One place of each row, drawn by the row's weights (which add up to one)."""
    total = np.cumsum(weights, axis=1)
    return np.asarray(np.minimum((total < draws[:, None]).sum(axis=1), weights.shape[1] - 1))
