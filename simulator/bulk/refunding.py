"""Refunds: which parts are paid in one go, what the bank makes of it, and when the money is there."""

from dataclasses import dataclass

import numpy as np

from simulator.bulk.applications import Applications
from simulator.bulk.inspecting import WAIVED, Inspections, Parts
from simulator.bulk.judging import Judged
from simulator.bulk.resolving import PARTIAL, Resolutions, amounts
from simulator.bulk.sending import Journeys
from simulator.bulk.shop import NEVER, Shop, happens, only
from simulator.bulk.terms import COUNTS_FROM, REFUND_ON
from simulator.world import Flags, Integers

TRIGGERS = (*REFUND_ON, "choice", "loss", "keep")
_CHOICE, _LOSS, _KEEP = (TRIGGERS.index(each) for each in ("choice", "loss", "keep"))
NO_REFUND = -1
_REFUSED_BELOW, _SILENT_BELOW = 0.02, 0.04
_LOOKS_AGAIN_US = 15_000_000  # the worker's first pause
_FINANCE_HOURS = 8.0
_PER_RETURN = 64  # a return has fewer refunds than this


@dataclass(frozen=True, slots=True)
class RefundLines:
    """The lines of refunds, one refund's after another's: how many each has, and which with what amounts."""

    counts: Integers
    line_no: Integers
    minor: Integers


@dataclass(frozen=True, slots=True)
class Refunds:
    """Refunds, one an entry; `number` is for ever, `of_part` is each part's refund (or NO_REFUND).

    `failed_us`, `unknown_us`: what the bank said at first; `again_us`: ordered by other means. `lines` are as they were
    ordered, `split_lines` as they are after the inspection (`split_us`), which may have split them.
    """

    place: Integers
    number: Integers
    trigger: Integers
    ordered_us: Integers
    due_us: Integers
    amount_minor: Integers
    unknown_us: Integers
    failed_us: Integers
    again_us: Integers
    settled_us: Integers
    is_nothing: Flags
    lines: RefundLines
    split_lines: RefundLines
    split_us: Integers
    of_part: Integers

    def settled(self) -> Integers:
        """When each part's money was there, NEVER where none goes back."""
        return np.append(self.settled_us, NEVER)[self.of_part]


@dataclass(frozen=True, slots=True)
class _Paid:
    """The parts that are paid for, refund by refund: `part`, the refund that each belongs to, and the first of each refund."""

    part: Integers
    refund: Integers
    heads: Integers


def refund(
    shop: Shop,
    asked: Applications,
    judged: Judged,
    kept_us: Integers,
    way: Journeys,
    inspections: Inspections,
    parts: Parts,
    resolved: Resolutions,
) -> Refunds:
    paid = _in_one_go(inspections, parts, resolved)
    place, ordered_us = parts.place[paid.heads], resolved.paid_us[paid.heads]
    lines, split_lines = _lines(shop, asked, judged, parts, resolved, paid)
    amount = np.add.reduceat(np.append(lines.minor, 0), np.cumsum(lines.counts) - lines.counts)
    amount = amount[: len(paid.heads)]
    is_choice = resolved.choices.chosen[paid.heads] == PARTIAL
    said = np.where(amount == 0, 1.0, asked.of("payment")[place])
    is_refused, is_silent = said < _REFUSED_BELOW, said < _SILENT_BELOW
    failed_us, unknown_us = only(is_refused, ordered_us), only(is_silent & ~is_refused, ordered_us)
    again_us = shop.shift(failed_us, _FINANCE_HOURS)
    of_part = np.full(len(parts), NO_REFUND)
    of_part[paid.part] = paid.refund
    return Refunds(
        place=place,
        number=asked.of("request")[place] * _PER_RETURN + _places_within(place),
        trigger=_trigger(shop, judged, kept_us, way, place, ordered_us, is_choice),
        ordered_us=ordered_us,
        due_us=_due(shop, asked, judged, way, place, ordered_us),
        amount_minor=amount,
        unknown_us=unknown_us,
        failed_us=failed_us,
        again_us=again_us,
        settled_us=np.minimum.reduce(
            [again_us, unknown_us + _LOOKS_AGAIN_US, only(~is_silent, ordered_us)]
        ),
        is_nothing=amount == 0,
        lines=lines,
        split_lines=split_lines,
        split_us=inspections.inspected_us[place],
        of_part=of_part,
    )


def _in_one_go(inspections: Inspections, parts: Parts, resolved: Resolutions) -> _Paid:
    """One refund for all that falls due together; what an inspection or a choice sets off is paid line by line."""
    part = np.flatnonzero(happens(resolved.paid_us))
    place, ordered_us = parts.place[part], resolved.paid_us[part]
    is_choice = resolved.choices.chosen[part] == PARTIAL
    is_inspected = (ordered_us == inspections.inspected_us[place]) & (parts.outcome[part] != WAIVED)
    by_line = np.where(is_choice, parts.line_no[part], parts.root_no[part])
    apart = np.where(is_choice | is_inspected, by_line, 0)
    order = np.lexsort((parts.line_no[part], apart, ordered_us, place))
    keys = np.stack([place[order], ordered_us[order], apart[order]])
    is_head = np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0))[: len(order)]
    return _Paid(part[order], np.cumsum(is_head) - 1, part[order][is_head])


def _lines(
    shop: Shop,
    asked: Applications,
    judged: Judged,
    parts: Parts,
    resolved: Resolutions,
    paid: _Paid,
) -> tuple[RefundLines, RefundLines]:
    """The lines as they are ordered and as an inspection splits them: what is paid before is a line as it was applied for."""
    part, line = paid.part, parts.line[paid.part]
    is_whole, is_split_off = resolved.is_paid_early[part], parts.is_split_off[part]
    units, all_units = parts.quantity[part], asked.line("quantity")[line]
    full = amounts(shop, asked, judged, line, np.where(is_whole, all_units, units))
    is_choice = resolved.choices.chosen[part] == PARTIAL
    minor = np.where(is_choice, resolved.choices.offer_minor[part], full)
    apart = np.where(is_whole & is_split_off, minor * units // all_units, 0)
    rest = np.zeros(len(asked.owner), dtype=np.int64)
    np.add.at(rest, line, apart)
    split_minor = np.where(
        is_whole & is_split_off, apart, minor - np.where(is_whole, rest[line], 0)
    )
    ordered = ~(is_whole & is_split_off)
    number = len(paid.heads)
    return (
        _of_refunds(number, paid.refund[ordered], parts.line_no[part][ordered], minor[ordered]),
        _of_refunds(number, paid.refund, parts.line_no[part], split_minor),
    )


def _of_refunds(number: int, refund: Integers, line_no: Integers, minor: Integers) -> RefundLines:
    return RefundLines(np.bincount(refund, minlength=number), line_no, minor)


def _trigger(
    shop: Shop,
    judged: Judged,
    kept_us: Integers,
    way: Journeys,
    place: Integers,
    ordered_us: Integers,
    is_choice: Flags,
) -> Integers:
    usual = shop.terms.refund_on[judged.terms[place]]
    is_loss = ordered_us == way.given_up_us[place]
    is_kept = happens(kept_us[place])
    return np.where(is_choice, _CHOICE, np.where(is_kept, _KEEP, np.where(is_loss, _LOSS, usual)))


def _due(
    shop: Shop,
    asked: Applications,
    judged: Judged,
    way: Journeys,
    place: Integers,
    ordered_us: Integers,
) -> Integers:
    """Until when the money must have gone back: as the return's terms say, or the policy's hours from the order on where the time
    that counts from the request is over before it.
    """
    terms = judged.terms[place]
    counts, within_us = shop.terms.counts_from[terms], shop.terms.within_us[terms]
    is_here = way.received_us[place] <= ordered_us
    receipt_us = np.where(is_here, way.parcel_us[place], ordered_us)
    is_from_request = counts == COUNTS_FROM.index("request")
    from_us = np.where(is_from_request, asked.of("requested_us")[place], receipt_us)
    from_us = np.where(counts == COUNTS_FROM.index("trigger"), ordered_us, from_us)
    is_over = is_from_request & (from_us + within_us <= ordered_us)
    return np.where(is_over, ordered_us + shop.clock_us("refund"), from_us + within_us)


def _places_within(owner: Integers) -> Integers:
    """0, 1, 2 … within each run of the same owner; owners are in order."""
    return np.asarray(np.arange(len(owner)) - np.searchsorted(owner, owner))
