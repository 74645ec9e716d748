"""How returns end: closed, perhaps anew; the survey; and the cases that are open beside them."""

from dataclasses import dataclass

import numpy as np

from service.domain.cases import CUSTOMERS_OWN, KINDS, URGENT_SHARE
from service.domain.events import CaseKind
from simulator.behaviour import ANSWERED_AFTER, ANSWERED_SHARE, WRITES_BACK_SHARE, csat
from simulator.bulk.applications import Applications
from simulator.bulk.ids import uniform
from simulator.bulk.shop import NEVER, Shop, after, happens, only
from simulator.world import DAY_US, HOUR_US, Flags, Floats, Integers

CASES: tuple[CaseKind, ...] = tuple(KINDS)
NO_RETURN = -1
_SUGGESTION_ABOVE, _SAFETY_ABOVE = 0.995, 0.9935
_UNHAPPY_FACTOR = 3
_COMMENTS, _OF_ANSWERS = 3, 5
_FOUND, _OF_CLAIMS = 2, 3


@dataclass(frozen=True, slots=True)
class Surveys:
    """Of each application: when its customer is asked, reminded, answers; `csat` from 1 to 5."""

    sent_us: Integers
    reminded_us: Integers
    answered_us: Integers
    csat: Integers
    has_comment: Flags


def survey(
    shop: Shop,
    asked: Applications,
    closed_us: Integers,
    decided_us: Integers,
    is_declined: Flags,
    is_reduced: Flags,
    was_asked: Flags,
) -> Surveys:
    answered_us = after(only(asked.of("answers_survey"), closed_us), asked.of("survey_hours"))
    reminder_us = after(closed_us, shop.clock_us("survey_reminder") / HOUR_US)
    score = csat(
        asked.of("mood"),
        _hours(asked.of("requested_us"), decided_us),
        _hours(asked.of("requested_us"), closed_us) * HOUR_US / DAY_US,
        is_declined,
        is_reduced,
        was_asked,
    )
    return Surveys(
        sent_us=closed_us,
        reminded_us=only(answered_us >= reminder_us, reminder_us),
        answered_us=answered_us,
        csat=score,
        has_comment=asked.of("words") % _OF_ANSWERS < _COMMENTS,
    )


def _hours(from_us: Integers, until_us: Integers) -> Floats:
    return np.where(happens(until_us), (until_us - from_us) / HOUR_US, 0.0)


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases, one an entry: of an application (`place`, else NO_RETURN), of a kind, with its `number` for ever.

    `outcome` is a place in the kind's outcomes, `draw` uniform and the case's own; `has_text` where somebody wrote;
    `answered_us` when staff wrote to its customer before it closed, `asked_us` when the customer wrote back.
    """

    place: Integers
    kind: Integers
    number: Integers
    opened_us: Integers
    closed_us: Integers
    outcome: Integers
    has_text: Flags
    draw: Floats
    answered_us: Integers
    asked_us: Integers

    def __len__(self) -> int:
        return len(self.place)


@dataclass(slots=True)
class Desk:
    """Numbers cases through the play, and knows how long each takes."""

    shop: Shop
    opened: int = 0

    def open(
        self,
        kind: str,
        place: Integers,
        opened_us: Integers,
        *,
        closed_us: Integers | None = None,
        has_text: Flags | bool = False,
    ) -> Cases:
        """Cases of a kind that open at these moments; after-sales works on them as on everything."""
        number = self.opened + np.arange(len(place))
        self.opened += len(place)
        draw = uniform("case", self.shop.seed, number)
        rules = self.shop.world.scenario.staff
        is_slow = uniform("slow case", self.shop.seed, number) < rules.slow_share
        done_us = self.shop.work(opened_us, rules.case_hours, 0.5 + draw, is_slow)
        if closed_us is not None:
            done_us = closed_us
        answered_us, asked_us = self._talk(kind, number, opened_us, done_us, 0.5 + draw, is_slow)
        outcomes = len(KINDS[kind].outcomes)  # type: ignore[index]
        return Cases(
            place=place,
            kind=np.full(len(place), CASES.index(kind)),
            number=number,
            opened_us=opened_us,
            closed_us=done_us,
            outcome=number % outcomes,
            has_text=np.broadcast_to(np.asarray(has_text), len(place)),
            draw=draw,
            answered_us=answered_us,
            asked_us=asked_us,
        )

    def _talk(
        self,
        kind: str,
        number: Integers,
        opened_us: Integers,
        closed_us: Integers,
        speed: Floats,
        is_slow: Flags,
    ) -> tuple[Integers, Integers]:
        """When staff first write on some cases of customers', and when some of these write back."""
        seed, rules = self.shop.seed, self.shop.world.scenario.staff
        is_answered = uniform("answered case", seed, number) < ANSWERED_SHARE
        hours = rules.case_hours * ANSWERED_AFTER
        at_us = self.shop.work(opened_us, hours, speed, is_slow)
        answered_us = only(is_answered & (kind in CUSTOMERS_OWN), at_us)
        is_asked = happens(answered_us) & (uniform("write back", seed, number) < WRITES_BACK_SHARE)
        return answered_us, only(is_asked, (at_us + closed_us) // 2)

    def stalled(self, place: Integers, at_us: Integers) -> list[Cases]:
        """What stalls is somebody's case, unless one is open for this return. `place` and `at_us` in any order."""
        order = np.lexsort((at_us, place))
        place, at_us = place[order], at_us[order]
        turn = np.arange(len(place)) - np.searchsorted(place, place)
        busy_until = np.full(int(place.max(initial=-1)) + 1, -NEVER)
        found = []
        for each in range(int(turn.max(initial=-1)) + 1):
            now = np.flatnonzero(turn == each)
            now = now[at_us[now] >= busy_until[place[now]]]
            cases = self.open("stalled", place[now], at_us[now])
            busy_until[cases.place] = cases.closed_us
            found.append(cases)
        return found


def voices(desk: Desk, asked: Applications, from_us: Integers, is_unhappy: Flags) -> list[Cases]:
    """What customers bring up by themselves after the end, or after being declined."""
    draw, share = asked.of("complaint"), desk.shop.world.scenario.returns.complaint_share
    complains = draw < share * np.where(is_unhappy, _UNHAPPY_FACTOR, 1)
    suggests = ~complains & (draw > _SUGGESTION_ABOVE)
    warns = ~complains & ~suggests & (draw > _SAFETY_ABOVE)
    at_us = after(from_us, asked.of("complaint_hours"))
    said = {"complaint": complains, "suggestion": suggests, "safety": warns}
    return [_said(desk, kind, only(who, at_us)) for kind, who in said.items()]


def low_scores(desk: Desk, surveys: Surveys) -> Cases:
    """A low score becomes a case by itself."""
    is_low = surveys.csat <= desk.shop.policy.survey.low_score
    at_us = only(is_low, surveys.answered_us)
    place = np.flatnonzero(happens(at_us))
    return desk.open(
        "low_score",
        place,
        at_us[place],
        has_text=surveys.has_comment[place],
    )


def claims(desk: Desk, claimed_us: Integers, is_abusive: Flags) -> Cases:
    """Who says that nothing came: two in three of the false ones turn out to be there after all."""
    nobody = np.full(len(claimed_us), NO_RETURN)
    cases = desk.open("not_received", nobody, claimed_us, has_text=True)
    is_found = is_abusive & (cases.number % _OF_CLAIMS < _FOUND)
    outcomes = KINDS["not_received"].outcomes
    found, refunded = outcomes.index("found"), outcomes.index("refunded")
    cases.outcome[:] = np.where(is_found, found, refunded)
    return cases


def _said(desk: Desk, kind: str, at_us: Integers) -> Cases:
    place = np.flatnonzero(happens(at_us))
    return desk.open(kind, place, at_us[place], has_text=True)


def together(cases: list[Cases]) -> Cases:
    names = Cases.__dataclass_fields__
    return Cases(*(np.concatenate([getattr(each, name) for each in cases]) for name in names))


def case_due(shop: Shop, kind: Integers, opened_us: Integers) -> Integers:
    """Until when a case should be closed: what is urgent has a small part of the time."""
    urgent = np.array([KINDS[each].is_urgent for each in CASES])[kind]
    allowed_us = shop.clock_us("case")
    return opened_us + np.where(urgent, allowed_us // URGENT_SHARE, allowed_us)


def is_customers_own(kind: Integers) -> Flags:
    return np.array([each in CUSTOMERS_OWN for each in CASES])[kind]
