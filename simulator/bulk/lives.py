"""The lives of a stretch's applications: decision, way back, finding, money, end, each from what went before."""

from dataclasses import dataclass

import numpy as np

from simulator.bulk.applications import Applications
from simulator.bulk.ending import Cases, Desk, Surveys, low_scores, survey, together, voices
from simulator.bulk.inspecting import Inspections, Parts, find, inspect
from simulator.bulk.judging import DECLINE, REVIEW, Judged
from simulator.bulk.refunding import Refunds, refund
from simulator.bulk.resolving import NO_CHOICE, PARTIAL, Resolutions, Standing, resolve
from simulator.bulk.reviewing import NOBODY, Reviews, review
from simulator.bulk.sending import Journeys, send
from simulator.bulk.shop import NEVER, Shop, after, happens, only, overruns
from simulator.bulk.terms import REFUND_ON
from simulator.world import Flags, Integers

_CAME_TO_SOMETHING = slice(
    1, None
)  # of the ways to an end: all but the first, that nothing comes of it
_AT_ONCE = REFUND_ON.index("authorized")


@dataclass(frozen=True, slots=True)
class Overruns:
    """Clocks that ran out on parts that are to be sent back (`part`), and on refunds that failed (`refund`)."""

    part: Integers
    part_us: Integers
    refund: Integers
    refund_us: Integers


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was first decided: when, whether against the customer (until when they could appeal), whether they keep the
    goods; and until when they took it back themselves."""

    decided_us: Integers
    is_declined: Flags
    lapsed_us: Integers
    kept_us: Integers
    cancelled_us: Integers

    @property
    def authorized_us(self) -> Integers:
        return only(~self.is_declined, self.decided_us)


@dataclass(frozen=True, slots=True)
class Lives:
    """Everything that becomes of some applications; an entry each, but for reviews, parts, refunds and cases.

    `reviews_again` are those of goods that came although nobody expected them any more. `expired_us`, `overdue_us`: nothing
    was sent in time, and nothing or all was paid. `by_law_us`: an expired withdrawal is sent after all. `closed_us` has a row for each way in which a return may end, once or anew.
    """

    asked: Applications
    judged: Judged
    reviews: Reviews
    reviews_again: Reviews
    decisions: Decisions
    way: Journeys
    expired_us: Integers
    by_law_us: Integers
    overdue_us: Integers
    is_full: Flags
    inspections: Inspections
    parts: Parts
    resolved: Resolutions
    refunds: Refunds
    overruns: Overruns
    closed_us: Integers
    surveys: Surveys
    cases: Cases


def live(desk: Desk, asked: Applications, judged: Judged) -> Lives:
    shop, requested_us = desk.shop, asked.of("requested_us")
    to_review = np.flatnonzero(judged.verdict == REVIEW)
    reviews = review(shop, asked, judged, to_review, requested_us[to_review], is_first=True)
    decisions = _decided(shop, judged, requested_us, reviews)
    way = send(shop, asked, decisions.authorized_us, ~happens(decisions.kept_us))
    cancelled_us = _cancelled(shop, asked, judged, way, decisions)
    reviews, way = reviews.until(cancelled_us[to_review]), way.until(cancelled_us)
    decisions = _unless_cancelled(decisions, cancelled_us)
    pays_at_once = shop.terms.refund_on[judged.terms] == _AT_ONCE
    expired_us, overdue_us = only(~pays_at_once, way.expired_us), only(pays_at_once, way.expired_us)
    after_all_us = only(happens(expired_us), way.seen_us)
    by_law_us = only(judged.is_withdrawal, after_all_us)
    again = np.flatnonzero(~judged.is_withdrawal & happens(after_all_us))
    reviews_again = review(shop, asked, judged, again, after_all_us[again], is_first=False)
    standing = _standing(decisions, expired_us, by_law_us, reviews_again)
    inspections = inspect(shop, asked, way)
    is_full = judged.is_audit | _by_clock(asked, reviews) | _by_clock(asked, reviews_again)
    is_full |= shop.policy.inspection.default == "full"
    parts = find(asked, inspections, is_full)
    resolved = resolve(shop, asked, judged, standing, way, inspections, parts)
    refunds = refund(shop, asked, judged, decisions.kept_us, way, inspections, parts, resolved)
    late = _overruns(shop, resolved, refunds)
    gone_us = np.minimum.reduce([decisions.lapsed_us, cancelled_us, expired_us])
    closed_us = _closed(
        gone_us,
        overdue_us,
        decisions.kept_us,
        way,
        inspections,
        parts,
        resolved,
        refunds,
    )
    is_reduced = _of_any(asked, parts.place[resolved.choices.chosen != NO_CHOICE])
    was_asked = _of_any(asked, reviews.place[happens(reviews.asked_us)])
    first_closed_us = closed_us.min(axis=0)
    surveys = survey(
        shop,
        asked,
        closed_us[_CAME_TO_SOMETHING].min(axis=0),
        decisions.decided_us,
        decisions.is_declined,
        is_reduced,
        was_asked,
    )
    ended_us = np.where(decisions.is_declined, decisions.decided_us, first_closed_us)
    cases = [
        *_stalled(desk, asked, (reviews, reviews_again), way, inspections, parts, refunds, late),
        _recoveries(desk, asked, inspections, parts, resolved, overdue_us),
        _unknown_parcels(desk, way),
        *voices(desk, asked, ended_us, decisions.is_declined | is_reduced),
        low_scores(desk, surveys),
    ]
    return Lives(
        asked=asked,
        judged=judged,
        reviews=reviews,
        reviews_again=reviews_again,
        decisions=decisions,
        way=way,
        expired_us=expired_us,
        by_law_us=by_law_us,
        overdue_us=overdue_us,
        is_full=is_full,
        inspections=inspections,
        parts=parts,
        resolved=resolved,
        refunds=refunds,
        overruns=late,
        closed_us=closed_us,
        surveys=surveys,
        cases=together(cases),
    )


# --- decisions -----------------------------------------------------------------------------------


def _decided(shop: Shop, judged: Judged, requested_us: Integers, reviews: Reviews) -> Decisions:
    """By rule at once, by law at once, else by whoever reviews."""
    decided_us, is_declined = requested_us.copy(), judged.verdict == DECLINE
    decided_us[reviews.place] = reviews.decided_us
    is_declined[reviews.place] = reviews.is_declined
    kept_us = np.full(len(decided_us), NEVER)
    kept_us[reviews.place] = only(reviews.keeps, reviews.decided_us)
    lapsed_us = only(is_declined, decided_us + shop.clock_us("appeal"))
    return Decisions(decided_us, is_declined, lapsed_us, kept_us, np.full(len(decided_us), NEVER))


def _cancelled(
    shop: Shop, asked: Applications, judged: Judged, way: Journeys, decisions: Decisions
) -> Integers:
    """Who thinks better of it in time: before goods or money move, or somebody declines."""
    wants_us = after(only(asked.of("cancels"), asked.of("requested_us")), asked.of("cancel_hours"))
    is_final = decisions.is_declined | (shop.terms.refund_on[judged.terms] == _AT_ONCE)
    final_us = only(is_final, decisions.decided_us)
    moves_us = np.minimum(way.handover_us, way.pickup_failed_us)
    too_late_us = np.minimum.reduce([final_us, decisions.kept_us, moves_us, way.expired_us])
    return only(wants_us < too_late_us, wants_us)


def _unless_cancelled(decisions: Decisions, cancelled_us: Integers) -> Decisions:
    is_decided = decisions.decided_us < cancelled_us
    return Decisions(
        decided_us=only(is_decided, decisions.decided_us),
        is_declined=decisions.is_declined & is_decided,
        lapsed_us=only(is_decided, decisions.lapsed_us),
        kept_us=only(is_decided, decisions.kept_us),
        cancelled_us=cancelled_us,
    )


def _standing(
    decisions: Decisions, expired_us: Integers, by_law_us: Integers, again: Reviews
) -> Standing:
    """What holds for the goods in the end: what was given up holds no more, until the law or somebody decides anew."""
    is_alive = ~happens(expired_us) & ~happens(decisions.cancelled_us)
    authorized_us = np.minimum(only(is_alive, decisions.authorized_us), by_law_us)
    refused_us = np.full(len(authorized_us), NEVER)
    authorized_us[again.place] = only(~again.is_declined, again.decided_us)
    refused_us[again.place] = only(again.is_declined, again.decided_us)
    return Standing(authorized_us, refused_us, decisions.kept_us)


def _by_clock(asked: Applications, reviews: Reviews) -> Flags:
    """What the last clock authorized is looked at in full."""
    by_clock = happens(reviews.decided_us) & (reviews.decided_by == NOBODY)
    return _of_any(asked, reviews.place[by_clock])


def _of_any(asked: Applications, place: Integers) -> Flags:
    """Whether an application is among these places."""
    found = np.zeros(len(asked), dtype=np.bool_)
    found[place] = True
    return found


# --- ends ----------------------------------------------------------------------------------------


def _closed(
    gone_us: Integers,
    overdue_us: Integers,
    kept_us: Integers,
    way: Journeys,
    inspections: Inspections,
    parts: Parts,
    resolved: Resolutions,
    refunds: Refunds,
) -> Integers:
    """Each way to an end: nothing comes of it; the goods are given up for lost, kept, or never sent, and paid; or all is
    looked at and settled. What was closed before goods came after all is closed anew afterwards."""
    choices = resolved.choices
    given_away = ~np.isin(choices.chosen, (NO_CHOICE, PARTIAL)) & ~happens(choices.sends_back_us)
    settled_us = np.minimum.reduce(
        [refunds.settled(), choices.sent_back_us, only(given_away, choices.chosen_us)]
    )
    money_us = np.full(len(gone_us), -NEVER)
    np.maximum.at(money_us, parts.place, settled_us)
    lost_us = np.maximum(way.given_up_us, money_us)
    before = [gone_us, lost_us, np.maximum(kept_us, money_us), np.maximum(overdue_us, money_us)]
    early = [only(each < way.received_us, each) for each in before]
    ended_us = np.maximum(inspections.found_us, money_us)
    return np.stack([*early, only(happens(ended_us), ended_us)])


# --- cases ---------------------------------------------------------------------------------------


def _overruns(shop: Shop, resolved: Resolutions, refunds: Refunds) -> Overruns:
    choices = resolved.choices
    part = overruns(choices.sends_back_us, shop.clock_us("send_back"), choices.sent_back_us)
    failed = overruns(refunds.failed_us, shop.clock_us("refund"), refunds.again_us)
    return Overruns(*part, *failed)


def _stalled(
    desk: Desk,
    asked: Applications,
    reviews: tuple[Reviews, Reviews],
    way: Journeys,
    inspections: Inspections,
    parts: Parts,
    refunds: Refunds,
    late: Overruns,
) -> list[Cases]:
    """Work that nobody did in time is somebody's case."""
    everybody = np.arange(len(asked))
    found = [(everybody, us) for us in (way.lost_us, way.missing_us, inspections.late_us)]
    found += [(each.place, us) for each in reviews for us in (each.late_us, each.late_again_us)]
    found += [(parts.place[late.part], late.part_us), (refunds.place[late.refund], late.refund_us)]
    place, at_us = (np.concatenate(each) for each in zip(*found, strict=True))
    is_late = happens(at_us)
    return desk.stalled(place[is_late], at_us[is_late])


def _recoveries(
    desk: Desk,
    asked: Applications,
    inspections: Inspections,
    parts: Parts,
    resolved: Resolutions,
    overdue_us: Integers,
) -> Cases:
    """Money that went for goods that are not right, line by line as they are inspected, or that were never sent."""
    line = np.unique(parts.line[parts.is_bad & resolved.is_paid_early])
    spoiled, unsent = asked.owner[line], np.flatnonzero(happens(overdue_us))
    place = np.concatenate([spoiled, unsent])
    at_us = np.concatenate([inspections.inspected_us[spoiled], overdue_us[unsent]])
    return desk.open("recovery", place, at_us)


def _unknown_parcels(desk: Desk, way: Journeys) -> Cases:
    """Parcels of which nobody knows whose they are, until it is found out."""
    place = np.flatnonzero(way.is_unreadable & happens(way.received_us))
    until_us = way.received_us[place]
    return desk.open("unknown_parcel", place, way.parcel_us[place], closed_us=until_us)
