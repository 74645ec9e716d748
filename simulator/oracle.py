"""The best that anybody could know: how probable it is that an application is abusive, given all that the service sees.

Bayes' rule over kinds of customers, with the very chances that the plan was drawn from: how often a customer orders, what
they bought and did not send back, how they applied before and what was found, whether their account shares an address or a
device with an older one, and this application itself. Nobody else may use it: it knows the table of kinds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
import polars as pl

from simulator.evidence import Evidence, Flags, Floats, Integers, log_share
from simulator.kinds import KINDS, column
from simulator.people import leaving, staying_orders
from simulator.plan import DayPlan, Plan
from simulator.world import DAY_US

_SILENT_DAYS = 21  # after so many days it counts that nothing came back
_FOUND_DAYS = 9  # about as long it takes until the goods are looked at
_IMPOSSIBLE = -60.0  # the logarithm of what cannot be, so that differences of sums stay numbers


def posteriors(plan: Plan, days: Iterable[DayPlan]) -> pl.DataFrame:
    """`request` and `posterior` of every application of these days of a plan that was made with evidence.

    Only what was there before the application counts.
    """
    planned = list(days)
    orders = pl.concat([each.orders for each in planned])
    requests = pl.concat([each.requests for each in planned])
    seen = _stacked([each.evidence for each in planned if each.evidence is not None])
    known, waiting_days = _before(requests, _history(plan, orders, requests, seen))
    with np.errstate(divide="ignore"):
        before = np.log(plan.shares) + known + _of_waiting(plan, waiting_days)
    honest = np.logaddexp.reduce(before + seen.honest, axis=1)
    abusive = np.logaddexp.reduce(before + seen.abusive, axis=1)
    posterior = 1 / (1 + np.exp(np.clip(honest - abusive, -700, 700)))
    return pl.DataFrame({"request": requests["request"], "posterior": posterior})


@dataclass(frozen=True, slots=True)
class _History:
    """What comes to be known of customers, and when: one entry a piece of evidence, the first `orders` ones of orders."""

    customer: Integers
    known_us: Integers
    rows: Floats
    orders: int


def _history(plan: Plan, orders: pl.DataFrame, requests: pl.DataFrame, seen: Evidence) -> _History:
    """Everything that the shop lives to see, each thing from the moment on from which it is known."""
    placed, delivered = orders["placed_us"].to_numpy(), orders["delivered_us"].to_numpy()
    customer, asked = orders["customer"].to_numpy(), requests["requested_us"].to_numpy()
    at = requests["order"].to_numpy()  # orders are numbered from 0
    silent_us = delivered + _SILENT_DAYS * DAY_US
    is_silent = delivered >= 0
    is_silent[at[asked <= silent_us[at]]] = False
    breaks_silence = is_silent[at]
    either = np.logaddexp(seen.honest, seen.abusive)
    found_too = np.logaddexp(seen.honest_found, seen.abusive_found)
    pieces = [
        (customer, placed, seen.orders + _of_presence(plan, orders) + _of_account(plan, orders)),
        (customer[is_silent], silent_us[is_silent], seen.silence[is_silent]),
        (customer[at][breaks_silence], asked[breaks_silence], -seen.silence[at][breaks_silence]),
        (customer[at], asked + 1, either),
        (customer[at], asked + _FOUND_DAYS * DAY_US, _more(found_too, either)),
    ]
    who, when, rows = (np.concatenate(each) for each in zip(*pieces, strict=True))
    return _History(who, when, np.nan_to_num(rows, neginf=_IMPOSSIBLE), orders.height)


def _more(now: Floats, before: Floats) -> Floats:
    """What is learned beyond what was known before; of what was impossible then, nothing."""
    return np.subtract(now, before, out=np.zeros_like(now), where=before > -np.inf)


def _before(requests: pl.DataFrame, history: _History) -> tuple[Floats, Floats]:
    """What was known of the customer at each application, and how many days had passed since their last order."""
    asked = requests.select("customer", "requested_us").to_numpy()
    number = len(history.customer)
    customer = np.concatenate([history.customer, asked[:, 0]])
    known_us = np.concatenate([history.known_us, asked[:, 1]])
    everything = np.arange(len(customer))
    in_order = np.lexsort((everything >= number, known_us, customer))
    rows = np.concatenate([history.rows, np.zeros((len(asked), len(KINDS)))])[in_order]
    total = np.cumsum(rows, axis=0)
    begins = np.searchsorted(customer[in_order], customer[in_order])
    known = total - (total - rows)[begins]
    last_order = np.maximum.accumulate(np.where(in_order < history.orders, everything, 0))
    waiting_days = (known_us[in_order] - known_us[in_order][last_order]) / DAY_US
    place = np.empty(len(in_order), dtype=np.int64)
    place[in_order] = everything
    return known[place[number:]], waiting_days[place[number:]]


def _of_presence(plan: Plan, orders: pl.DataFrame) -> Floats:
    """How often a customer orders: who is new, has been there all the time or comes again, by how long each kind stays."""
    rate = staying_orders(plan.world.scenario, plan.shares)
    leaves = leaving(plan.world.scenario, plan.shares)
    placed_days = orders["placed_us"].to_numpy() / DAY_US
    is_first, gap = _since_last(orders)
    with np.errstate(divide="ignore"):
        was_there = np.log(rate) - np.outer(placed_days, rate + leaves)
        came = np.logaddexp(was_there, np.log(leaves))
        again = np.log(rate) - np.outer(gap, rate + leaves)
    return np.where(is_first[:, None], came, again)


def _of_waiting(plan: Plan, days: Floats) -> Floats:
    """That nothing more was ordered for so many days: the customer has left, or is still there."""
    rate = staying_orders(plan.world.scenario, plan.shares)
    leaves = leaving(plan.world.scenario, plan.shares)
    stays = np.exp(-np.outer(days, rate + leaves))
    return np.asarray(np.log(stays + (1 - stays) * leaves / (rate + leaves)))


def _since_last(orders: pl.DataFrame) -> tuple[Flags, Floats]:
    """Whether each order is its customer's first, and else how many days after the last one it was placed."""
    customer, placed = orders["customer"].to_numpy(), orders["placed_us"].to_numpy()
    in_order = np.lexsort((placed, customer))
    is_first, gap = np.ones(len(placed), dtype=np.bool_), np.zeros(len(placed))
    is_first[in_order[1:]] = np.diff(customer[in_order]) != 0
    gap[in_order[1:]] = np.diff(placed[in_order]) / DAY_US
    return is_first, np.where(is_first, 0.0, gap)


def _of_account(plan: Plan, orders: pl.DataFrame) -> Floats:
    """With a customer's first order their address and device are seen: an older customer's, or new."""
    is_first, _ = _since_last(orders)
    rate = plan.shares @ staying_orders(plan.world.scenario, plan.shares)
    known = 1 - np.exp(-rate * orders["placed_us"].to_numpy() / DAY_US)  # of all accounts
    total = np.zeros((orders.height, len(KINDS)))
    first_us = pl.col("placed_us").min()
    for name in ("address", "device"):
        is_shared = orders.select(
            (first_us.over(name) < first_us.over("customer")).alias("is_shared")
        )["is_shared"].to_numpy()
        shares = np.outer(known, column(f"shares_{name}"))
        total += log_share(shares, is_shared, is_first)
    return total


def _stacked(evidence: list[Evidence]) -> Evidence:
    return Evidence(
        *(
            np.concatenate([getattr(each, one.name) for each in evidence])
            for one in fields(Evidence)
        )
    )


def auc(label: "Integers | pl.Series", score: "Floats | pl.Series") -> float:
    """Area under the ROC curve: how often an abusive application is ranked above an honest one. Ties count half."""
    frame = pl.DataFrame({"label": np.asarray(label, dtype=np.int64), "score": np.asarray(score)})
    ranked = frame.with_columns(rank=pl.col("score").rank("average"))
    ranks = ranked.filter(pl.col("label") == 1)["rank"].to_numpy()
    many, others = len(ranks), ranked.height - len(ranks)
    return float((ranks.sum() - many * (many + 1) / 2) / (many * others))
