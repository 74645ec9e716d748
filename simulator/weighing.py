"""What a day's orders and applications say of each kind of customer, by the very chances that they were drawn from.

Only what the service can see is weighed: what was bought, which lines come back for which reason, when, whether as a
withdrawal, and later what an inspector finds who looks as closely as is usual.
"""

import numpy as np
import polars as pl
from scipy.special import ndtr

from simulator.behaviour import FINDS, notices
from simulator.buying import HAS_SIZES, Bought
from simulator.evidence import Evidence, add_by, log_share
from simulator.kinds import KINDS, column
from simulator.lives import (
    CONTENTS,
    HONEST_WORN,
    WITHDRAWS_IF_ABUSIVE,
    contents_if_abused,
    may_withdraw,
)
from simulator.returning import (
    LATE,
    NIGHT_HOURS,
    Chances,
    Returned,
    chances_of,
    manners,
    pretexts,
    said_by_cause,
    why_of,
)
from simulator.world import DAY_US, HOUR_US, Flags, Floats, Integers, World

_EVERY_KIND = np.arange(len(KINDS))[None, :]
_TINY = 1e-300
_BASIC = 0  # place in `FINDS`: how goods are inspected where nothing asks for more


def weigh(
    world: World,
    day: int,
    bought: Bought,
    returned: Returned,
    requests: pl.DataFrame,
    request_lines: pl.DataFrame,
) -> Evidence:
    """The evidence of one day's orders and of what comes back of them."""
    with np.errstate(divide="ignore"):
        chances = chances_of(world, day, bought, _EVERY_KIND)
        silence = _silence(bought, chances)
        honest, abusive = _of_applications(world, day, bought, returned, chances, silence)
        found = _of_findings(returned, requests, request_lines)
        withdrawn = _of_withdrawals(world, bought, returned, requests)
        manner = _of_moments(world, bought.delivered_us[returned.at], returned.requested_us)
        honest += manner[0] + withdrawn[0][:, None]
        abusive += manner[1] + withdrawn[1][:, None]
        orders = _of_orders(world, day, bought)
    return Evidence(orders, silence, honest, abusive, honest + found[0], abusive + found[1])


def _of_orders(world: World, day: int, bought: Bought) -> Floats:
    """What was picked, in several sizes or in several pieces."""
    weights, picked = world.pick_weights(day), ~bought.is_added
    chosen = np.log(weights[:, bought.product[picked]].T) - np.log(weights.sum(axis=1))
    main = np.searchsorted(bought.owner, np.arange(len(bought)))
    could = HAS_SIZES[world.goods.category[bought.product[main]]]
    seen = log_share(column("bracket_share"), bought.brackets, could)
    add_by(seen, bought.owner[picked], chosen)
    is_free = ~bought.brackets[bought.owner]
    add_by(seen, bought.owner, log_share(column("several_share"), bought.quantity > 1, is_free))
    return seen


def _kept(chances: Chances) -> Floats:
    """The log-likelihood of each line that it is kept."""
    return np.asarray(np.log1p(-chances.abused) + np.log1p(-chances.honest))


def _silence(bought: Bought, chances: Chances) -> Floats:
    """That nothing comes back of an order, although it came."""
    silence = np.zeros((len(bought), len(KINDS)))
    add_by(silence, bought.owner, _kept(chances))
    silence[bought.delivered_us < 0] = 0.0
    return silence


def _of_applications(
    world: World,
    day: int,
    bought: Bought,
    returned: Returned,
    chances: Chances,
    silence: Floats,
) -> tuple[Floats, Floats]:
    """That these lines come back and the others do not, for these reasons: all of them honestly, or one or more abused."""
    at = returned.line_at
    pieces = bought.quantity[
        at
    ]  # an abuser applies for all of them, the honest for any number of them
    is_all = (returned.quantity == pieces)[:, None]
    said = _said_honestly(world, day, bought, returned) / pieces[:, None]
    honest_line = np.log1p(-chances.abused[at]) + np.log(chances.honest[at]) + np.log(said)
    abused_line = np.log(chances.abused[at] * pretexts(world)[:, returned.reason].T * is_all)
    honest, either, kept = (np.zeros((len(returned.at), len(KINDS))) for _ in range(3))
    add_by(honest, returned.line_owner, honest_line)
    add_by(either, returned.line_owner, np.logaddexp(honest_line, abused_line))
    add_by(kept, returned.line_owner, _kept(chances)[at])
    is_possible = either > -np.inf  # some kinds never say what was said, honestly or not
    share = np.subtract(honest, either, out=np.full_like(honest, -np.inf), where=is_possible)
    abusive = either + np.log1p(-np.exp(np.minimum(share, 0.0)))
    rest = silence[returned.at] - kept
    return honest + rest, abusive + rest


def _said_honestly(world: World, day: int, bought: Bought, returned: Returned) -> Floats:
    """How likely an honest customer of each kind says what was said of each line (lines × kinds)."""
    said = said_by_cause(world)[:, returned.reason]
    why = why_of(world, day, bought, returned.line_at, _EVERY_KIND)
    usual = np.einsum("lc,cl->l", why.causes, said)[:, None]
    return np.asarray(usual + why.late * (said[LATE][:, None] - usual))


def _of_moments(world: World, delivered_us: Integers, requested_us: Integers) -> Floats:
    """(honest, abusive) × applications × kinds: how many midnights after the delivery, and whether at night."""
    mean, spread, night = (each[:, None, :] for each in manners(world))
    midnights = requested_us // DAY_US - delivered_us // DAY_US
    begins = midnights - delivered_us % DAY_US / DAY_US  # days from the delivery to the last one
    from_z, to_z = (
        (np.log(np.maximum(each, 0))[None, :, None] - mean) / spread
        for each in (begins, begins + 1)
    )
    is_far = from_z > 0  # the upper tail is exact where it is counted from above
    by_day = np.where(is_far, ndtr(-from_z) - ndtr(-to_z), ndtr(to_z) - ndtr(from_z))
    is_night = (requested_us % DAY_US < NIGHT_HOURS * HOUR_US)[None, :, None]
    by_hour = np.where(is_night, night, 1 - night)
    by_hour = np.where(midnights[None, :, None] > 0, by_hour, 1.0)
    return np.asarray(np.log(np.maximum(by_day, _TINY)) + np.log(by_hour))


def _of_withdrawals(
    world: World, bought: Bought, returned: Returned, requests: pl.DataFrame
) -> Floats:
    """(honest, abusive) × applications: whether somebody withdraws who may."""
    share = world.scenario.returns.withdrawal_share
    shares = np.array([share, share * WITHDRAWS_IF_ABUSIVE])
    withdraws = requests["is_withdrawal"].to_numpy()
    return log_share(shares, withdraws, may_withdraw(world, bought, returned)).T


def _of_findings(
    returned: Returned, requests: pl.DataFrame, request_lines: pl.DataFrame
) -> tuple[Floats, Floats]:
    """What an inspector finds, where the goods come: of an honest parcel, of an abusive one."""
    is_found = found(requests, request_lines)
    comes = (requests["sends"] & ~requests["is_lost"] & ~requests["cancels"]).to_numpy()
    lines = np.bincount(returned.line_owner, minlength=len(returned.at))[:, None]
    worn = (1 - (1 - HONEST_WORN) ** lines) * FINDS["worn"][_BASIC] * np.ones(len(KINDS))
    abused = np.maximum(worn, _found_if_abused())
    return log_share(worn, is_found, comes), log_share(abused, is_found, comes)


def found(requests: pl.DataFrame, request_lines: pl.DataFrame, *, is_full: bool = False) -> Flags:
    """Of which parcels an inspector finds, at a basic check or a full one, that something is not as sold."""
    look = request_lines.join(requests.select("request", "look"), on="request", maintain_order="left")["look"].to_numpy()  # fmt: skip
    contents = request_lines["contents"].to_numpy()
    is_noticed = np.zeros(request_lines.height, dtype=np.bool_)
    for each in CONTENTS:
        is_noticed |= (contents == each) & notices(look, each, is_full)
    at = np.searchsorted(requests["request"].to_numpy(), request_lines["request"].to_numpy())
    return np.bincount(at, weights=is_noticed, minlength=requests.height) > 0


def _found_if_abused() -> Floats:
    finds = np.array([FINDS.get(each, (0.0, 0.0))[_BASIC] for each in CONTENTS])
    return np.asarray(finds[contents_if_abused()].mean(axis=1))
