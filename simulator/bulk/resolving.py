"""What the customer gets, part by part: the refund's moment, a choice where goods did not pass, and where goods go."""

from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from service.domain.policy import Policy
from service.domain.words import BadOutcome, Choice, Disposition, Grade
from simulator.bulk.applications import Applications
from simulator.bulk.inspecting import (
    FAILED,
    NO_GRADE,
    OUTCOMES,
    PASSED,
    UNSEEN,
    WAIVED,
    WRONG_ITEM,
    Inspections,
    Parts,
)
from simulator.bulk.judging import Judged
from simulator.bulk.sending import Journeys
from simulator.bulk.shop import NEVER, Shop, after, happens, only
from simulator.bulk.terms import REFUND_ON
from simulator.world import Flags, Floats, Integers

Table = NDArray[np.bool_]
CHOICES: tuple[Choice, ...] = get_args(Choice)
DISPOSITIONS: tuple[Disposition, ...] = get_args(Disposition)
_GRADES: tuple[Grade, ...] = get_args(Grade)
PARTIAL, SEND_BACK, DISPOSE, ACCEPT = range(4)
NO_CHOICE = NOWHERE = -1
_REFUSED: tuple[Choice, ...] = ("send_back", "dispose")
_DISPOSED_OF = DISPOSITIONS.index("recycle")
_SEND_BACK_HOURS = 6.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How each application stands with the shop, as far as its goods go. Moments that do not come are NEVER.

    `authorized_us`: from when on it holds that they may come back; `refused_us`: that they may not (and the goods are
    here). `kept_us`: the customer keeps them.
    """

    authorized_us: Integers
    refused_us: Integers
    kept_us: Integers


@dataclass(frozen=True, slots=True)
class Choices:
    """Of each part: when its customer is asked, what they may choose (a row of `options`), and what becomes of it.

    `sends_back_us`: the goods are to be sent back from then on; `sent_back_us`: they are."""

    asked_us: Integers
    options: Table
    default: Integers
    offer_minor: Integers
    chosen_us: Integers
    chosen: Integers
    is_default: Flags
    sends_back_us: Integers
    sent_back_us: Integers


@dataclass(frozen=True, slots=True)
class Resolutions:
    """Of each part: when its refund is ordered (for a line as a whole where that is before anybody looked), the choice
    if there is one, and when the goods go where (`disposition`, NOWHERE)."""

    paid_us: Integers
    is_paid_early: Flags
    choices: Choices
    placed_us: Integers
    disposition: Integers


def resolve(
    shop: Shop,
    asked: Applications,
    judged: Judged,
    standing: Standing,
    way: Journeys,
    inspections: Inspections,
    parts: Parts,
) -> Resolutions:
    found_us = only(parts.outcome != UNSEEN, inspections.found_us[parts.place])
    reached_us = _reached(shop, judged, standing, way, parts, found_us)
    due_us = np.maximum(reached_us, standing.authorized_us[parts.place])
    spoiled = parts.is_bad & (found_us <= due_us)
    paid_us = only(~spoiled & happens(due_us), due_us)
    choices = _choose(shop, asked, judged, standing, parts, found_us, paid_us)
    placed_us, disposition = _places(shop, standing, parts, found_us, paid_us, choices)
    return Resolutions(
        paid_us=np.minimum(paid_us, only(choices.chosen == PARTIAL, choices.chosen_us)),
        is_paid_early=paid_us < found_us,
        choices=choices,
        placed_us=placed_us,
        disposition=disposition,
    )


def _reached(
    shop: Shop,
    judged: Judged,
    standing: Standing,
    way: Journeys,
    parts: Parts,
    found_us: Integers,
) -> Integers:
    """When the goods are where the return's trigger wants them, given up for lost, or the customer's to keep."""
    passed_us = only(np.isin(parts.outcome, (PASSED, WAIVED)), found_us)
    trigger = shop.terms.refund_on[judged.terms]
    of_return = np.stack([standing.authorized_us, way.seen_us, way.received_us])
    early = np.append(of_return, np.full((1, len(trigger)), NEVER), axis=0)
    reached = np.take_along_axis(early, trigger[None, :], axis=0)[0]
    reached = np.minimum.reduce([reached, way.given_up_us, standing.kept_us])
    is_inspected = (trigger == REFUND_ON.index("inspected"))[parts.place]
    return np.asarray(np.minimum(reached[parts.place], only(is_inspected, passed_us)))


# --- choices -------------------------------------------------------------------------------------


def _choose(
    shop: Shop,
    asked: Applications,
    judged: Judged,
    standing: Standing,
    parts: Parts,
    found_us: Integers,
    paid_us: Integers,
) -> Choices:
    place = parts.place
    decided_us = np.minimum(standing.authorized_us, standing.refused_us)[place]
    is_refused = happens(standing.refused_us)[place]
    in_question = parts.is_bad | (is_refused & np.isin(parts.outcome, (PASSED, WAIVED)))
    asked_us = only(in_question & ~happens(paid_us), np.maximum(found_us, decided_us))
    offer_minor = _offers(shop, asked, judged, parts, is_refused)
    options, default = _options(shop.policy, parts, offer_minor)
    hours, chooses = asked.of("choice_hours")[place], asked.of("chooses")[place]
    by_clock_us = asked_us + shop.clock_us("choice")
    in_time = chooses & (after(asked_us, hours) < by_clock_us)
    chosen_us = only(happens(asked_us), np.where(in_time, after(asked_us, hours), by_clock_us))
    chosen = np.where(in_time, _nth(options, asked.of("choice")[place]), default)
    chosen = np.where(happens(chosen_us), chosen, NO_CHOICE)
    sends_back_us = only(chosen == SEND_BACK, chosen_us)
    return Choices(
        asked_us=asked_us,
        options=options,
        default=default,
        offer_minor=offer_minor,
        chosen_us=chosen_us,
        chosen=chosen,
        is_default=~in_time,
        sends_back_us=sends_back_us,
        sent_back_us=shop.shift(sends_back_us, _SEND_BACK_HOURS),
    )


def _offers(
    shop: Shop, asked: Applications, judged: Judged, parts: Parts, is_refused: Flags
) -> Integers:
    """What is offered for goods that failed."""
    percent = np.array([*(shop.policy.offer_percent(each) for each in _GRADES), 0])[parts.grade]
    offered = amounts(shop, asked, judged, parts.line, parts.quantity, percent)
    return np.where((parts.outcome == FAILED) & ~is_refused & (percent > 0), offered, 0)


def _options(policy: Policy, parts: Parts, offer_minor: Integers) -> tuple[Table, Integers]:
    """What may be chosen after each outcome (passed goods that are refused: as what nobody announced), and the default."""
    words: list[BadOutcome] = [each if each != "passed" else "unexpected" for each in OUTCOMES]  # type: ignore[misc]
    rows = [policy.choices(each) if each != "unexpected" else _REFUSED for each in words]
    table = np.array([[each in row for each in CHOICES] for row in rows])
    without = [_choice(policy.default_choice(each, 0)) for each in words]
    with_offer = [_choice(policy.default_choice(each, 1)) for each in words]
    outcome = np.where(np.isin(parts.outcome, (UNSEEN, WAIVED)), PASSED, parts.outcome)
    options = table[outcome]
    options[:, PARTIAL] &= offer_minor > 0
    default = np.where(offer_minor > 0, np.array(with_offer)[outcome], np.array(without)[outcome])
    return options, default


def _choice(word: Choice) -> int:
    return CHOICES.index(word)


def _nth(options: Table, draw: Floats) -> Integers:
    """One of the options of each row."""
    wanted = (draw * options.sum(axis=1)).astype(np.int64)
    return np.asarray((options.cumsum(axis=1) > wanted[:, None]).argmax(axis=1))


# --- goods ---------------------------------------------------------------------------------------


def _places(
    shop: Shop,
    standing: Standing,
    parts: Parts,
    found_us: Integers,
    paid_us: Integers,
    choices: Choices,
) -> tuple[Integers, Integers]:
    """When the shop puts goods away, and where: by their grade, or to be recycled where the customer gave them up."""
    places = [DISPOSITIONS.index(shop.policy.disposition(each)) for each in _GRADES]
    by_grade = np.array([*places, NOWHERE])[parts.grade]
    accepted_us = only(
        parts.outcome == PASSED, np.maximum(found_us, standing.authorized_us[parts.place])
    )
    is_here = np.isin(parts.outcome, (PASSED, FAILED, WRONG_ITEM)) & (parts.grade != NO_GRADE)
    bought_us = only(is_here, np.maximum(found_us, paid_us))
    agreed_us = only(is_here & (choices.chosen == PARTIAL), choices.chosen_us)
    given_up_us = only(choices.chosen == DISPOSE, choices.chosen_us)
    given_up_us = only(np.isin(parts.outcome, (PASSED, FAILED, WRONG_ITEM)), given_up_us)
    placed_us = np.minimum.reduce([accepted_us, bought_us, agreed_us, given_up_us])
    where = np.where(happens(given_up_us), _DISPOSED_OF, by_grade)
    return placed_us, np.where(happens(placed_us), where, NOWHERE)


# --- money ---------------------------------------------------------------------------------------


def amounts(
    shop: Shop,
    asked: Applications,
    judged: Judged,
    line: Integers,
    quantity: Integers,
    percent: "Integers | int" = 100,
) -> Integers:
    """What goes back for so many units of these lines, as `service.domain.money.refund_amount` has it."""
    bought = asked.line("bought")[line]
    terms = judged.line_terms[line]
    goods = asked.line("goods_minor")[line] * quantity // bought
    offered = goods - goods * (100 - percent) // 100
    fee = offered * shop.terms.fee_percent[terms] // 100
    shipping = asked.line("shipping_minor")[line] * quantity // bought
    return np.asarray(offered - fee + np.where(shop.terms.refunds_shipping[terms], shipping, 0))
