"""Reviews: who looks when, whether they ask, which clocks run out, what is decided."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from simulator.behaviour import Floats, declines, lets_keep
from simulator.bulk.applications import Applications
from simulator.bulk.ids import uniform
from simulator.bulk.judging import Judged
from simulator.bulk.shop import Shop, after, happens, only
from simulator.goods import REASONS
from simulator.people import RATE
from simulator.world import Flags, Integers

HEAD = 0  # stands for the head of the reviewers; reviewers are numbered from 1
NOBODY = -1
_OUTSIDE, _MISUSE, _NOT_ELIGIBLE, _WITHIN, _FAULT = range(5)
REASON_CODES = ("outside_policy", "misuse", "not_eligible", "within_policy", "shop_fault")
_FAULTS = [REASONS.index(r) for r in ("defect", "damaged_in_transit", "wrong_item", "not_as_described")]  # fmt: skip
_BROKEN = [REASONS.index(r) for r in ("defect", "damaged_in_transit")]


@dataclass(frozen=True, slots=True)
class Reviews:
    """Reviews, one an entry; `place` is its application's. Moments that do not come are NEVER.

    `warned_us`, `warned_again_us`: most of the time is used up, `second` or `third` takes over. `late_us`, `late_again_us`:
    the time ran out (it was due at `due_us`, `due_again_us`). `back_us`: the customer answered, or their time to do so ran out.
    `decided_by` is a reviewer's number, HEAD, or NOBODY where the last clock decided.
    """

    place: Integers
    opened_us: Integers
    first: Integers
    warned_us: Integers
    second: Integers
    due_us: Integers
    late_us: Integers
    asked_us: Integers
    asked_by: Integers
    back_us: Integers
    answers: Flags
    warned_again_us: Integers
    third: Integers
    due_again_us: Integers
    late_again_us: Integers
    decided_us: Integers
    decided_by: Integers
    is_declined: Flags
    keeps: Flags
    reason_code: Integers

    @property
    def paused_us(self) -> Integers:
        """For how long the clock stood still."""
        return np.where(happens(self.back_us), self.back_us - self.asked_us, 0)

    def until(self, end_us: Integers) -> "Reviews":
        """What is left of them where each ends early: nothing happens from that moment on."""
        cut: dict[str, Any] = {
            each.name: only(getattr(self, each.name) < end_us, getattr(self, each.name))
            for each in fields(self)
            if each.name.endswith("_us")
            and each.name not in ("opened_us", "due_us", "due_again_us")
        }
        return replace(self, **cut)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One stretch of looking, until a decision or a question: when, by whom, and what ran out before."""

    done_us: Integers
    by: Integers
    warned_us: Integers
    next: Integers
    late_us: Integers


def review(
    shop: Shop,
    asked: Applications,
    judged: Judged,
    place: Integers,
    opened_us: Integers,
    *,
    is_first: bool,
) -> Reviews:
    """Reviews of these applications that open at these moments. Only in the first of a return is anything asked or granted to be kept."""
    hours, who = shop.world.scenario.staff.review_hours, _People(asked, place)
    first = _picked(shop, f"reviewer{is_first}", who.request, None)
    due_us = opened_us + shop.clock_us("review")
    looked_us = shop.work(opened_us, hours, who.speed, who.is_slow)
    turn = _turn(shop, who, opened_us, due_us, looked_us, first, f"second{is_first}")
    asks = who.is_asked & happens(turn.done_us) & (turn.by != NOBODY) & is_first
    asked_us = only(asks, turn.done_us)
    answered_us, lapsed_us = after(asked_us, who.answer_hours), asked_us + shop.clock_us("evidence")
    answers = asks & who.answers & (answered_us < lapsed_us)
    back_us = only(asks, np.where(answers, answered_us, lapsed_us))
    due_again_us = only(asks, back_us + np.maximum(due_us - asked_us, 0))
    again_us = shop.work(back_us, hours / 2, who.speed, who.is_slow)
    again = _turn(shop, who, back_us, due_again_us, again_us, turn.next, f"third{is_first}")
    by = np.where(asks, again.by, turn.by)
    decided_us = np.where(asks, again.done_us, turn.done_us)
    declined = (by != NOBODY) & declines(
        who.verdict, who.is_abusive, judged.is_late[place], np.maximum(by - 1, 0)
    )
    keeps = _keeps(asked, judged, place) & ~declined & (by != NOBODY) & is_first
    return Reviews(
        place=place,
        opened_us=opened_us,
        first=first,
        warned_us=turn.warned_us,
        second=turn.next,
        due_us=due_us,
        late_us=turn.late_us,
        asked_us=asked_us,
        asked_by=turn.by,
        back_us=back_us,
        answers=answers,
        warned_again_us=again.warned_us,
        third=again.next,
        due_again_us=np.where(due_us > asked_us, due_again_us, due_us),
        late_again_us=again.late_us,
        decided_us=decided_us,
        decided_by=by,
        is_declined=declined,
        keeps=keeps,
        reason_code=_reason_code(asked, judged, place, declined),
    )


class _People:
    """What the plan says of the people of these applications."""

    def __init__(self, asked: Applications, place: Integers) -> None:
        self.request: Integers = asked.of("request")[place]
        self.speed: Floats = asked.of("review_speed")[place]
        self.is_slow: Flags = asked.of("is_slow")[place]
        self.is_asked: Flags = asked.of("is_asked")[place]
        self.answers: Flags = asked.of("answers")[place]
        self.answer_hours: Floats = asked.of("answer_hours")[place]
        self.verdict: Floats = asked.of("verdict")[place]
        self.is_abusive: Flags = asked.of("is_abusive")[place]


def _turn(
    shop: Shop,
    who: _People,
    begins_us: Integers,
    due_us: Integers,
    looked_us: Integers,
    mine: Integers,
    name: str,
) -> _Turn:
    """Somebody has until `due_us`, then the head has their time once more; if neither looks, the clock authorizes."""
    share = shop.policy.clocks.warn_at
    warning_us = begins_us + (share * (due_us - begins_us)).astype(np.int64)
    is_warned = happens(looked_us) & (looked_us > warning_us)
    other = np.where(is_warned, _picked(shop, name, who.request, mine), mine)
    is_late = happens(looked_us) & (looked_us >= due_us)
    last_us = due_us + shop.clock_us("escalation")
    nobody = is_late & (looked_us >= last_us)
    return _Turn(
        done_us=np.where(nobody, last_us, looked_us),
        by=np.where(nobody, NOBODY, np.where(is_late, HEAD, other)),
        warned_us=only(is_warned, warning_us),
        next=other,
        late_us=only(is_late, due_us),
    )


def _picked(shop: Shop, name: str, request: Integers, but: Integers | None) -> Integers:
    """Any reviewer, but this one where there are others."""
    number = shop.world.scenario.staff.reviewers
    draw = uniform(name, shop.seed, request)
    if but is None or number == 1:
        return 1 + (draw * number).astype(np.int64)
    found = 1 + (draw * (number - 1)).astype(np.int64)
    return np.where(found >= but, found + 1, found)


def _keeps(asked: Applications, judged: Judged, place: Integers) -> Flags:
    rate = np.array(list(RATE.values()))[asked.rows["currency"].to_physical().to_numpy()]
    broken = asked.any(np.isin(asked.line("reason_place"), _BROKEN))
    return lets_keep(asked.of("verdict")[place], (judged.value_minor / rate)[place], broken[place])


def _reason_code(asked: Applications, judged: Judged, place: Integers, declined: Flags) -> Integers:
    is_fault = asked.any(np.isin(asked.line("reason_place"), _FAULTS))[place]
    abusive = asked.of("is_abusive")[place]
    no = np.where(judged.is_late[place], _OUTSIDE, np.where(abusive, _MISUSE, _NOT_ELIGIBLE))
    return np.where(declined, no, np.where(is_fault, _FAULT, _WITHIN))
