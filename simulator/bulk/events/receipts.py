"""At the dock and after it: parcels, findings, choices, what becomes of the goods."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from simulator.bulk.events.shared import of_returns, staff_keys, units
from simulator.bulk.happening import (
    Events,
    Items,
    either_of,
    events,
    known_where,
    only_where,
    roles,
    when,
)
from simulator.bulk.ids import tokens, uniform
from simulator.bulk.inspecting import OUTCOMES, PASSED, UNSEEN, WAIVED
from simulator.bulk.lives import Lives
from simulator.bulk.resolving import CHOICES, DISPOSITIONS, SEND_BACK
from simulator.bulk.shop import Shop
from simulator.columns import Words, taken
from simulator.lives import GRADES
from simulator.world import Flags, Integers

_GRADES, _OUTCOMES = Words(GRADES), Words(OUTCOMES)
_CHOICES, _DISPOSITIONS = Words(CHOICES), Words(DISPOSITIONS)
_DEPTHS = Words(["basic", "full"])


def received(shop: Shop, lives: Lives) -> Iterator[Events]:
    """Parcels, and whose they are; without a label that can be read, that is found out later."""
    asked, way = lives.asked, lives.way
    place, us = when(way.parcel_us)
    parcel, is_read = _parcels(shop, lives, place), ~way.is_unreadable[place]
    rma = taken(asked.rows["rma"], place)
    yield events(
        "parcel.received",
        us,
        either_of(is_read, rma, parcel),
        "inspector",
        _inspectors(shop, lives, place),
        parcel_id=parcel,
        rma=only_where(is_read, rma),
        weight_grams=None,
    )
    place, us = when(way.received_us)
    yield of_returns(
        "return.received",
        asked,
        place,
        us,
        "inspector",
        _inspectors(shop, lives, place),
        units(asked, place),
        time=way.parcel_us[place],
        parcel_id=_parcels(shop, lives, place),
        due_at_us=way.inspection_due_us[place] + shop.start_us,
    )


def inspected(shop: Shop, lives: Lives) -> Iterator[Events]:
    parts, found = lives.parts, lives.inspections
    at = np.flatnonzero((parts.outcome != UNSEEN) & (parts.outcome != WAIVED))
    place = parts.place[at]
    told = of_returns(
        "line.inspected",
        lives.asked,
        place,
        found.inspected_us[place],
        "inspector",
        _inspectors(shop, lives, place),
        line_no=parts.line_no[at],
        quantity=parts.quantity[at],
        outcome=_OUTCOMES.at(parts.outcome[at]),
        grade=_GRADES.at(parts.grade[at]),
        inspection_depth=_DEPTHS.at(_depth(shop, lives, place)),
        sku=None,
    )
    yield replace(told, is_news=_is_news(lives)[at])
    place, us = when(found.waived_us)
    said = units(lives.asked, place)
    yield of_returns("inspection.waived", lives.asked, place, us, "system", None, said)


def _is_news(lives: Lives) -> Flags:
    """Of each part: whether its finding is told of. One letter for all of a line; none where a choice tells of it."""
    parts, choices = lives.parts, lives.resolved.choices
    is_asked = choices.asked_us == lives.inspections.inspected_us[parts.place]
    is_told = (parts.outcome == PASSED) | ~is_asked
    told_so_far = np.cumsum(is_told) - is_told
    first = np.flatnonzero(np.append(True, parts.line[1:] != parts.line[:-1])[: len(parts)])
    before = np.repeat(told_so_far[first], np.diff(np.append(first, len(parts))))
    return np.asarray(is_told & (told_so_far == before))


def chosen(shop: Shop, lives: Lives) -> Iterator[Events]:
    parts, choices = lives.parts, lives.resolved.choices
    at, us = when(choices.asked_us)
    options = choices.options[at]
    offered = pl.DataFrame({"choice": _CHOICES.at(np.nonzero(options)[1])})
    yield of_returns(
        "choice.requested",
        lives.asked,
        parts.place[at],
        us,
        "system",
        None,
        {"options": Items(options.sum(axis=1), offered)},
        line_no=parts.line_no[at],
        default_choice=_CHOICES.at(choices.default[at]),
        offer_minor=choices.offer_minor[at],
        due_at_us=us + shop.clock_us("choice") + shop.start_us,
    )
    at, us = when(choices.chosen_us)
    is_default = choices.is_default[at]
    yield of_returns(
        "choice.made",
        lives.asked,
        parts.place[at],
        us,
        roles(("customer", "system"), is_default.astype(np.int64)),
        line_no=parts.line_no[at],
        choice=_CHOICES.at(choices.chosen[at]),
        is_default=is_default,
        due_at_us=known_where(
            choices.chosen[at] == SEND_BACK, us + shop.clock_us("send_back") + shop.start_us
        ),
    )
    at, us = when(choices.sent_back_us)
    place = parts.place[at]
    lines = {"line_no": parts.line_no[at], "quantity": parts.quantity[at]}
    said = {"lines": Items(np.ones(len(at), dtype=np.int64), pl.DataFrame(lines))}
    inspector = _inspectors(shop, lives, place)
    yield of_returns("goods.sent_back", lives.asked, place, us, "inspector", inspector, said)


def placed(shop: Shop, lives: Lives) -> Iterator[Events]:
    """Where goods go, and how many are there then: `units_left` is counted when the log numbers it."""
    parts, resolved = lives.parts, lives.resolved
    at, us = when(resolved.placed_us)
    place, line = parts.place[at], parts.line[at]
    sku = taken(shop.skus, lives.asked.line("product")[line])
    disposition = _DISPOSITIONS.at(resolved.disposition[at])
    yield of_returns(
        "line.dispositioned",
        lives.asked,
        place,
        us,
        "system",
        line_no=parts.line_no[at],
        sku=sku,
        quantity=parts.quantity[at],
        disposition=disposition,
    )
    yield events(
        "inventory.adjusted",
        us,
        sku,
        "system",
        sku=sku,
        place=disposition,
        change=parts.quantity[at],
        units_left=0,
        cause="returned",
        rma=taken(lives.asked.rows["rma"], place),
        line_no=parts.line_no[at],
    )


def _depth(shop: Shop, lives: Lives, place: Integers) -> Integers:
    usual = shop.policy.inspection.default == "full"
    return (lives.is_full[place] | usual).astype(np.int64)


def _parcels(shop: Shop, lives: Lives, place: Integers) -> pl.Series:
    return tokens("pcl", shop.seed, lives.asked.of("request")[place])


def _inspectors(shop: Shop, lives: Lives, place: Integers) -> pl.Series:
    draw = uniform("inspector", shop.seed, lives.asked.of("request")[place])
    number = 1 + (draw * shop.world.scenario.staff.inspectors).astype(np.int64)
    return staff_keys("inspector", number)
