"""Reviews: opened, handed to somebody, asked and answered, decided."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from simulator.bulk.events.shared import deciders, no_rules, of_returns, rules
from simulator.bulk.happening import Events, Said, either, when
from simulator.bulk.ids import tokens
from simulator.bulk.lives import Lives
from simulator.bulk.reviewing import HEAD, NOBODY, REASON_CODES, Reviews
from simulator.bulk.shop import Shop, happens
from simulator.columns import Words
from simulator.world import Integers

_CAUSES = Words(["opened", "running_late"])
_CODES = Words(REASON_CODES)
_QUESTION, _ANSWER, _TEXTS = 0, 1, 8


def reviewed(shop: Shop, lives: Lives) -> Iterator[Events]:
    for reviews in (lives.reviews, lives.reviews_again):
        yield _opened(shop, lives, reviews, is_first=reviews is lives.reviews)
        yield from _assigned(shop, lives, reviews)
        yield from _asked(shop, lives, reviews)
        yield _decided(shop, lives, reviews)


def _opened(shop: Shop, lives: Lives, reviews: Reviews, *, is_first: bool) -> Events:
    """Goods that came although nobody expected them are reviewed without a rule that says why."""
    said = rules(lives, reviews.place)
    return of_returns(
        "review.opened",
        lives.asked,
        reviews.place,
        reviews.opened_us,
        "system",
        None,
        said if is_first else no_rules(said),
        policy_version=shop.policy.version,
        due_at_us=reviews.opened_us + shop.clock_us("review") + shop.start_us,
    )


def _assigned(shop: Shop, lives: Lives, reviews: Reviews) -> Iterator[Events]:
    """To whom a review goes first; to whom else when most of its time is used up, if there is anybody; and to the head when
    all of it is.
    """
    to_head = np.full(len(reviews.place), HEAD)
    handed = [
        (reviews.opened_us, reviews.first, "opened"),
        (reviews.late_us, to_head, "running_late"),
        (reviews.late_again_us, to_head, "running_late"),
    ]
    if shop.world.scenario.staff.reviewers > 1:
        handed += [
            (reviews.warned_us, reviews.second, "running_late"),
            (reviews.warned_again_us, reviews.third, "running_late"),
        ]
    for at_us, to, cause in handed:
        which, us = when(at_us)
        yield of_returns(
            "review.assigned",
            lives.asked,
            reviews.place[which],
            us,
            "system",
            reviewer_key=deciders(to[which])[1],
            cause=_CAUSES.always(cause, len(which)),
        )


def _asked(shop: Shop, lives: Lives, reviews: Reviews) -> Iterator[Events]:
    asked, (which, us) = lives.asked, when(reviews.asked_us)
    role, key = deciders(reviews.asked_by[which])
    yield of_returns(
        "evidence.requested",
        asked,
        reviews.place[which],
        us,
        role,
        key,
        text_ref=_texts(shop, lives, reviews.place[which], _QUESTION),
        due_at_us=us + shop.clock_us("evidence") + shop.start_us,
    )
    yield _back(shop, lives, reviews, answers=True)
    yield _back(shop, lives, reviews, answers=False)


def _back(shop: Shop, lives: Lives, reviews: Reviews, *, answers: bool) -> Events:
    """The review goes on, with an answer or since there was none in time."""
    which = np.flatnonzero(happens(reviews.back_us) & (reviews.answers == answers))
    place = reviews.place[which]
    said: dict[str, Said] = {"text_ref": _texts(shop, lives, place, _ANSWER)} if answers else {}
    return of_returns(
        "evidence.received" if answers else "evidence.lapsed",
        lives.asked,
        place,
        reviews.back_us[which],
        "customer" if answers else "system",
        **said,
        due_at_us=reviews.due_again_us[which] + shop.start_us,
    )


def _texts(shop: Shop, lives: Lives, place: Integers, what: int) -> pl.Series:
    return tokens("txt", shop.seed, lives.asked.of("request")[place] * _TEXTS + what)


def _decided(shop: Shop, lives: Lives, reviews: Reviews) -> Events:
    """By somebody; where the last clock decided, nobody did."""
    which = np.flatnonzero(happens(reviews.decided_us) & (reviews.decided_by != NOBODY))
    role, key = deciders(reviews.decided_by[which])
    return of_returns(
        "review.decided",
        lives.asked,
        reviews.place[which],
        reviews.decided_us[which],
        role,
        key,
        decision=either(reviews.is_declined[which], "decline", "authorize"),
        reason_code=_CODES.at(reviews.reason_code[which]),
        reviewer_key=key,
        opened_at_us=reviews.opened_us[which] + shop.start_us,
        paused_us=reviews.paused_us[which],
    )
