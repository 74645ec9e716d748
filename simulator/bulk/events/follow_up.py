"""What comes after: surveys and cases."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import get_args

import numpy as np
import polars as pl

from service.domain.cases import KINDS, Outcome
from service.domain.events import Role
from service.domain.words import SurveyTag
from simulator.behaviour import HANDED_ON_SHARE
from simulator.bulk.ending import CASES, Cases, case_due, is_customers_own
from simulator.bulk.events.shared import HEAD_KEY, of_returns, staff_keys
from simulator.bulk.happening import (
    ROLES,
    Events,
    Items,
    either,
    either_of,
    events,
    known_where,
    only_where,
    roles,
    text,
    when,
)
from simulator.bulk.ids import tokens, uniform
from simulator.bulk.lives import Lives
from simulator.bulk.shop import Shop, happens, overruns
from simulator.columns import Words, taken
from simulator.world import Integers

_CASES = Words(CASES)
_TAGS = Words(get_args(SurveyTag))
_OUTCOMES = Words(get_args(Outcome))
_GOOD, _BAD = ("easy", "fast", "clear", "friendly"), ("laborious", "slow", "unclear", "unfair", "refund_too_low", "other")  # fmt: skip
_GOOD_FROM = 4
_ONLY_ONE: Mapping[Role, str] = {"finance": "finance-1", "admin": HEAD_KEY}
_CLOCKS = Words(("case", "first_response"))
_COMMENT = 5
_OPENED, _ANSWERED, _NEWS, _REPLY, _TEXTS = 0, 1, 2, 3, 4
_CASE_TEXTS = 1 << 62  # texts of cases are numbered apart from those of returns
_RETURN_TEXTS = 8


def surveyed(shop: Shop, lives: Lives) -> Iterator[Events]:
    asked, surveys = lives.asked, lives.surveys
    place, us = when(surveys.sent_us)
    yield of_returns("survey.sent", asked, place, us, "system")
    place, us = when(surveys.reminded_us)
    yield of_returns("survey.reminded", asked, place, us, "system")
    place, us = when(surveys.answered_us)
    yield of_returns(
        "survey.answered",
        asked,
        place,
        us,
        "customer",
        taken(asked.rows["customer_key"], place),
        {"tags": _tags(surveys.csat[place], asked.of("words")[place])},
        csat=surveys.csat[place],
        text_ref=comments(shop, lives, place),
    )


def comments(shop: Shop, lives: Lives, place: Integers) -> pl.Series:
    """Where the customers of these returns wrote something in the survey."""
    number = lives.asked.of("request")[place] * _RETURN_TEXTS + _COMMENT
    return only_where(lives.surveys.has_comment[place], tokens("txt", shop.seed, number))


def _tags(csat: Integers, draw: Integers) -> Items:
    """None, one or two words that fit the score."""
    is_good = csat >= _GOOD_FROM
    many = np.where(is_good, len(_GOOD), len(_BAD))
    first = draw // 7 % many
    second = (first + 1 + draw // 64 % (many - 1)) % many
    rows = (_BAD, (*_GOOD, *_GOOD)[: len(_BAD)])
    table = np.array([[_TAGS.place(each) for each in row] for row in rows])
    number = draw % 3
    chosen = np.stack([table[is_good.astype(np.int64), each] for each in (first, second)], axis=1)
    owner, place = np.nonzero(np.arange(2) < number[:, None])
    return Items(number, pl.DataFrame({"tag": _TAGS.at(chosen[owner, place])}))


def cases_of(
    shop: Shop,
    cases: Cases,
    rma: pl.Series,
    order_id: pl.Series,
    customer_key: pl.Series,
    language: pl.Series,
    text_ref: pl.Series,
) -> Iterator[Events]:
    """Cases from opening to end; the columns have an entry for each."""
    case_id = tokens("case", shop.seed, cases.number)
    due_us = case_due(shop, cases.kind, cases.opened_us)
    role, key = _openers(shop, cases, customer_key)
    owner_role, owner_key = _owners(shop, cases)
    own = is_customers_own(cases.kind)
    opened = events(
        "case.opened",
        cases.opened_us,
        case_id,
        role,
        key,
        case_id=case_id,
        kind=_CASES.at(cases.kind),
        rma=rma,
        order_id=order_id,
        owner_role=owner_role,
        owner_key=owner_key,
        due_at_us=due_us + shop.start_us,
        text_ref=text_ref,
        answer_due_at_us=known_where(own, _answer_due(shop, cases.opened_us)),
    )
    yield replace(opened, language=language, is_news=own)
    is_late = cases.closed_us >= due_us
    yield _talked(shop, cases, case_id, rma, owner_role, owner_key, customer_key, language)
    yield _escalated(shop, cases, case_id, due_us)
    yield _unanswered(shop, cases, case_id)
    yield _handed_on(shop, cases, case_id)
    everybody = len(cases)
    answers = tokens("txt", shop.seed, _CASE_TEXTS + cases.number * _TEXTS + _ANSWERED)
    closed = events(
        "case.closed",
        cases.closed_us,
        case_id,
        either_of(is_late, ROLES.always("admin", everybody), owner_role),
        either_of(is_late, text(HEAD_KEY, everybody), owner_key),
        case_id=case_id,
        outcome=_outcomes(cases),
        opened_at_us=cases.opened_us + shop.start_us,
        text_ref=only_where(own, answers),
    )
    yield replace(closed, language=language, is_news=own)


def _handed_on(shop: Shop, cases: Cases, case_id: pl.Series) -> Events:
    """Some cases go to a colleague midway; whose parcel it is, is found out by whoever began."""
    is_open = cases.kind != CASES.index("unknown_parcel")
    chosen = uniform("handed on", shop.seed, cases.number) < HANDED_ON_SHARE
    place = np.flatnonzero(chosen & is_open & happens(cases.closed_us))
    _, owner_key = _owners(shop, cases)
    subject = taken(case_id, place)
    return events(
        "case.assigned",
        (cases.opened_us[place] + cases.closed_us[place]) // 2,
        subject,
        "admin",
        HEAD_KEY,
        case_id=subject,
        owner_key=taken(owner_key, place),
        cause="by_hand",
    )


def cases_of_returns(shop: Shop, lives: Lives) -> Iterator[Events]:
    cases, rows = lives.cases, lives.asked.rows
    is_known = cases.kind != CASES.index("unknown_parcel")
    low = cases.kind == CASES.index("low_score")
    wrote = texts_of_cases(shop, cases)
    commented = comments(shop, lives, cases.place)
    return cases_of(
        shop,
        cases,
        only_where(is_known, taken(rows["rma"], cases.place)),
        text(None, len(cases)),
        taken(rows["customer_key"], cases.place),
        taken(rows["language"], cases.place),
        either_of(low, commented, wrote),
    )


def texts_of_cases(shop: Shop, cases: Cases) -> pl.Series:
    number = _CASE_TEXTS + cases.number * _TEXTS + _OPENED
    return only_where(cases.has_text, tokens("txt", shop.seed, number))


def _openers(shop: Shop, cases: Cases, customer_key: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Customers bring up their own; the dock what nobody knows; the rest opens by itself."""
    own, unknown = is_customers_own(cases.kind), cases.kind == CASES.index("unknown_parcel")
    role = roles(("system", "customer", "inspector"), np.where(own, 1, np.where(unknown, 2, 0)))
    number = 1 + (cases.draw * shop.world.scenario.staff.inspectors).astype(np.int64)
    key = only_where(own, customer_key)
    return role, either_of(unknown, staff_keys("inspector", number), key)


def _owners(shop: Shop, cases: Cases) -> tuple[pl.Series, pl.Series]:
    """Whose a case is: of after-sales anybody's, else the one person of that role."""
    owners = [KINDS[each].owner for each in CASES]
    person = pl.Series([_ONLY_ONE.get(each) for each in owners], dtype=pl.String)
    is_shared = person.is_null().to_numpy()[cases.kind]
    number = 1 + (cases.draw * shop.world.scenario.staff.after_sales).astype(np.int64)
    key = either_of(is_shared, staff_keys("care", number), taken(person, cases.kind))
    return roles(owners, cases.kind), key


def _escalated(shop: Shop, cases: Cases, case_id: pl.Series, due_us: Integers) -> Events:
    """Each time that a case's time is over it has as much once more."""
    every_us = shop.clock_us("case")
    times = np.maximum(0, (cases.closed_us - due_us) // every_us + 1)
    owner = np.repeat(np.arange(len(times)), times)
    turn = np.arange(len(owner)) - np.repeat(np.cumsum(times) - times, times)
    at_us = due_us[owner] + turn * every_us
    subject = taken(case_id, owner)
    return events(
        "case.escalated",
        at_us,
        subject,
        "system",
        case_id=subject,
        owner_role="admin",
        due_at_us=at_us + every_us + shop.start_us,
        clock=_CLOCKS.always("case", len(owner)),
    )


def _unanswered(shop: Shop, cases: Cases, case_id: pl.Series) -> Events:
    """Each time that nobody answered a customer in time the head has as much once more."""
    every_us, own = shop.clock_us("first_response"), is_customers_own(cases.kind)
    first = overruns(
        cases.opened_us,
        every_us,
        np.where(own, np.minimum(cases.answered_us, cases.closed_us), cases.opened_us),
    )
    asked_us = np.minimum(cases.asked_us, cases.closed_us)
    again = overruns(asked_us, every_us, cases.closed_us)
    which, at_us = (np.concatenate(each) for each in zip(first, again, strict=True))
    subject = taken(case_id, which)
    return events(
        "case.escalated",
        at_us,
        subject,
        "system",
        case_id=subject,
        owner_role="admin",
        due_at_us=at_us + every_us + shop.start_us,
        clock=_CLOCKS.always("first_response", len(which)),
    )


def _talked(
    shop: Shop,
    cases: Cases,
    case_id: pl.Series,
    rma: pl.Series,
    owner_role: pl.Series,
    owner_key: pl.Series,
    customer_key: pl.Series,
    language: pl.Series,
) -> Events:
    """What staff and customers write to each other while cases are open."""
    answered, asked = when(cases.answered_us), when(cases.asked_us)
    place, at_us = (np.concatenate(each) for each in zip(answered, asked, strict=True))
    is_reply = np.arange(len(place)) >= len(answered[0])
    number = cases.number[place] * _TEXTS + np.where(is_reply, _REPLY, _NEWS)
    by_customer = ROLES.always("customer", len(place))
    role = either_of(is_reply, by_customer, taken(owner_role, place))
    subject = taken(case_id, place)
    told = events(
        "message.written",
        at_us,
        subject,
        role,
        either_of(is_reply, taken(customer_key, place), taken(owner_key, place)),
        message_id=tokens("msg", shop.seed, number),
        case_id=subject,
        rma=taken(rma, place),
        direction=either(is_reply, "from_customer", "to_customer"),
        written_by=role,
        language=taken(language, place),
        text_ref=tokens("txt", shop.seed, _CASE_TEXTS + number),
        answer_due_at_us=known_where(is_reply, _answer_due(shop, at_us)),
    )
    return replace(told, language=taken(language, place), is_news=~is_reply)


def _answer_due(shop: Shop, at_us: Integers) -> Integers:
    """Until when somebody who writes at these moments is to be answered, since 1970."""
    return at_us + shop.clock_us("first_response") + shop.start_us


def _outcomes(cases: Cases) -> pl.Series:
    most = max(len(each.outcomes) for each in KINDS.values())
    table = np.zeros((len(CASES), most), dtype=np.int64)
    for place, kind in enumerate(CASES):
        for number, outcome in enumerate(KINDS[kind].outcomes):
            table[place, number] = _OUTCOMES.place(outcome)
    return _OUTCOMES.at(table[cases.kind, cases.outcome])
