"""The fast path judges by the column what the policy judges one by one: the same verdicts, outcomes, words and terms."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from bulk_play import Played, play
from hypothesis import given
from hypothesis import strategies as st
from policy_with import policy_with

from service.domain.events import RecordedEvent, ReturnAssessed, RuleOutcome
from service.domain.money import LinePrice, in_figures, paid_per_line, refund_amount, share_out
from service.domain.policy import (
    CustomerHistory,
    Judgement,
    Policy,
    Request,
    RequestLine,
    judge,
    terms,
    windows,
)
from service.domain.risk import Application, Assessment, by_rules
from service.platform.clock import from_us, to_us
from service.returns.features import features_of
from simulator.bulk.applications import shares
from simulator.bulk.judging import figures
from simulator.scenario import Scenario

ZONE = "Asia/Shanghai"
_POLICY = policy_with(
    {
        "window.days": 9,
        "window.late": "decline",
        "rules.history.max_returns": 2,
        "rules.history.max_failed_inspections": 0,
        "rules.evidence.reasons": ["other"],
        "rules.value.auto_up_to_minor": {"EUR": 12000, "CNY": 90000, "USD": 15000},
        "risk.unscored_up_to_minor": {"EUR": 5000, "CNY": 40000},
        "fees.restocking_percent": 15,
    }
)


@pytest.fixture(scope="module")
def played() -> Played:
    scenario = Scenario.model_validate({"demand": {"promotions_a_year": 40}})
    return play(days=120, orders_per_day=40, policy=_POLICY, zone=ZONE, scenario=scenario)


@pytest.fixture(scope="module")
def looked_at_in_full() -> Played:
    policy = policy_with({"inspection.default": "full", "risk.unscored_up_to_minor": {"EUR": 6000}})
    return play(days=90, orders_per_day=40, policy=policy, zone=ZONE)


class _Known:
    """What the shop was told of the orders, from the frames alone."""

    def __init__(self, played: Played) -> None:
        self.orders = {
            row["order_id"]: row for row in played.frames["order_placed"].iter_rows(named=True)
        }
        self.lines: dict[str, dict[int, dict[str, Any]]] = {}
        for row in played.frames["order_placed_lines"].iter_rows(named=True):
            self.lines.setdefault(row["subject"], {})[row["line_no"]] = row
        self.delivered: dict[tuple[str, int], datetime] = {}
        for row in played.frames["order_delivered_lines"].iter_rows(named=True):
            self.delivered[row["subject"], row["line_no"]] = _aware(row["time"])

    def order_delivered_at(self, order_id: str) -> datetime:
        return max(at for (each, _), at in self.delivered.items() if each == order_id)


@pytest.fixture(scope="module")
def known(played: Played) -> _Known:
    return _Known(played)


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=ZoneInfo("UTC"))


def _asked(played: Played) -> Iterator[tuple[dict[str, Any], dict[str, RecordedEvent]]]:
    """Applications with the events of their moment, by type."""
    for rma in sorted(played.returns)[::3]:
        events = played.returns[rma]
        if events and events[0].type == "return.requested":
            now = {
                each.type: each
                for each in events
                if each.recorded_at_us == events[0].recorded_at_us
            }
            yield json.loads(events[0].data), now


def _request(
    known: _Known, said: dict[str, Any], at_us: int, features: dict[str, float]
) -> Request:
    order_id = said["order_id"]
    order = known.orders[order_id]
    return Request(
        country=order["country"],
        currency=said["currency"],
        lines=tuple(
            RequestLine(
                line_no=line["order_line_no"],
                sku=line["sku"],
                quantity=line["quantity"],
                reason=line["reason"],
                value_minor=line["value_minor"],
                delivered_at=known.delivered[order_id, line["order_line_no"]],
                exclusion=known.lines[order_id][line["order_line_no"]]["exclusion"],
                evidence=0,
            )
            for line in said["lines"]
        ),
        history=CustomerHistory(
            orders=round(features["customer_orders"]),
            returns_in_window=round(features["customer_returns_recent"]),
            returns=round(features["customer_returns"]),
            failed_inspections=round(features["customer_failed_inspections"]),
            first_order_at=_aware(order["time"]),
        ),
        now=from_us(at_us),
        zone=ZoneInfo(ZONE),
        order_delivered_at=known.order_delivered_at(order_id),
    )


_NOTHING_KNOWN = dict.fromkeys(
    (
        "customer_orders",
        "customer_returns_recent",
        "customer_returns",
        "customer_failed_inspections",
    ),
    0.0,
)


class TestVerdicts:
    def test_each_application_is_judged_as_the_policy_judges_it(
        self, played: Played, known: _Known
    ) -> None:
        verdicts = dict.fromkeys(("pass", "review", "decline"), 0)
        for said, now in _asked(played):
            assessed = now.get("return.assessed")
            features = _features(assessed) if assessed else _NOTHING_KNOWN
            at_us = now["return.requested"].recorded_at_us
            judged = judge(_POLICY, _request(known, said, at_us, features))
            verdicts[judged.verdict] += 1
            decision = {
                "approve": "return.authorized",
                "review": "review.opened",
                "decline": "return.declined",
            }[json.loads(assessed.data)["decision"] if assessed else judged.verdict]
            told = json.loads(now[decision].data)
            outcomes = [each.model_dump() for each in judged.outcomes]
            if assessed:
                assert told["rules"] == outcomes
            else:
                assert told["rule"] == judged.declined_by
                assert [each["rule"] for each in told["rules"]] == [
                    each["rule"] for each in outcomes
                ]

        assert min(verdicts.values()) > 5, verdicts

    @pytest.mark.parametrize("name", ["played", "looked_at_in_full"])
    def test_what_is_done_is_what_the_service_would_do_with_the_same_lot(
        self, name: str, request: pytest.FixtureRequest
    ) -> None:
        """Decision, depth, basis, reasons and how probable they were; and the lot draws as many as the policy says."""
        played: Played = request.getfixturevalue(name)
        drawn, lots = 0, 0
        for said, now in _asked(played):
            if "return.assessed" not in now:
                continue
            told = ReturnAssessed.model_validate_json(now["return.assessed"].data)
            wins, loses = (_by_rules(said, now, told, played.policy, draw) for draw in (0.0, 0.999))
            done = _what_matters(told)

            assert done in (wins, loses)
            if wins != loses:
                lots, drawn = lots + 1, drawn + (done == wins)

        assert lots > 100
        assert drawn / lots == pytest.approx(played.policy.audit.bootstrap_share, abs=0.12)


def _by_rules(
    said: dict[str, Any],
    now: dict[str, RecordedEvent],
    told: ReturnAssessed,
    policy: Policy,
    draw: float,
) -> dict[str, Any]:
    """What the service does with an application whose rules are known."""
    decided = next(now[each] for each in ("return.authorized", "review.opened") if each in now)
    outcomes = tuple(RuleOutcome(**each) for each in json.loads(decided.data)["rules"])
    verdict: Any = "pass" if all(each.passed for each in outcomes) else "review"
    asked = Application(
        judgement=Judgement(verdict, outcomes, None),
        value_minor=sum(line["value_minor"] for line in said["lines"]),
        currency=said["currency"],
        features={},
        as_of_seq=1,
        refund_on=told.refund_on,
        inspection=policy.inspection.default,
        audit=policy.audit,
        terms=policy.risk,
        draw=draw,
    )
    return _what_matters(by_rules(asked, "no_model"))


def _what_matters(done: ReturnAssessed | Assessment) -> dict[str, Any]:
    names = ("decision", "inspection", "is_audit", "basis", "propensity", "approve_propensity")
    reasons = [(each.code, each.words) for each in done.reasons]
    return {name: getattr(done, name) for name in names} | {"reasons": reasons}


class TestFeatures:
    def test_they_are_those_that_the_service_computes(self, played: Played, known: _Known) -> None:
        compared = 0
        for said, now in _asked(played):
            if "return.assessed" not in now:
                continue
            features, at_us = (
                _features(now["return.assessed"]),
                now["return.requested"].recorded_at_us,
            )
            request = _request(known, said, at_us, features)
            country = known.orders[said["order_id"]]["country"]
            until = min(
                windows(_POLICY, country, line.exclusion, line.delivered_at, request.order_delivered_at or line.delivered_at, request.zone).until
                for line in request.lines
            )  # fmt: skip
            assert said["returnable_until_us"] == to_us(until)
            expected = features_of(request.lines, request.history, until, request.now)
            mine = {
                name: value for name, value in features.items() if name != "customer_tenure_days"
            }
            assert mine == pytest.approx({name: expected[name] for name in mine})
            compared += 1

        assert compared > 200

    def test_a_customer_is_known_by_their_orders_and_returns_so_far(self, played: Played) -> None:
        orders = played.frames["order_placed"].select("customer_key", "time")
        for said, now in list(_asked(played))[:150]:
            if "return.assessed" in now:
                features = _features(now["return.assessed"])
                at = from_us(now["return.requested"].recorded_at_us).replace(tzinfo=None)
                theirs = orders.filter(
                    pl.col("customer_key") == said["customer_key"], pl.col("time") <= at
                )
                assert features["customer_orders"] == theirs.height
                tenure = (at - theirs["time"].min()) / timedelta(days=1)
                assert features["customer_tenure_days"] == pytest.approx(tenure)


def _features(assessed: RecordedEvent) -> dict[str, float]:
    return {each["name"]: each["value"] for each in json.loads(assessed.data)["features"]}


class TestTerms:
    def test_each_return_is_paid_on_the_earliest_terms_of_its_lines(
        self, played: Played, known: _Known
    ) -> None:
        order = ("authorized", "first_scan", "received", "inspected")
        found = set()
        for said, now in _asked(played):
            if "return.assessed" in now:
                at_us = now["return.requested"].recorded_at_us
                request = _request(known, said, at_us, _NOTHING_KNOWN)
                country = known.orders[said["order_id"]]["country"]
                agreed = [
                    terms(
                        _POLICY,
                        country,
                        "return",
                        line.reason,
                        within_regime=windows(_POLICY, country, line.exclusion, line.delivered_at, request.order_delivered_at or line.delivered_at, request.zone).is_granted(request.now),
                    )
                    for line in request.lines
                ]  # fmt: skip
                earliest = min((each.refund_on for each in agreed), key=order.index)
                assert json.loads(now["return.assessed"].data)["refund_on"] == earliest
                found.add(earliest)

        assert found == {"first_scan", "received", "inspected"}

    def test_what_goes_back_for_a_line_is_what_was_paid_for_it(
        self, played: Played, known: _Known
    ) -> None:
        """Full refunds of returns whose lines were not split, to the cent."""
        compared = 0
        for rma in sorted(played.returns)[::2]:
            events = played.returns[rma]
            types = {each.type for each in events}
            settled = [json.loads(each.data) for each in events if each.type == "refund.settled"]
            if not settled or types & {"choice.made", "line.split"}:
                continue
            said = json.loads(events[0].data)
            for refund in settled:
                for line in refund["lines"]:
                    assert line["amount_minor"] == _owed(known, said, line["line_no"], events[0])
                    compared += 1

        assert compared > 300


def _owed(known: _Known, said: dict[str, Any], line_no: int, begun: RecordedEvent) -> int:
    order_id = said["order_id"]
    order, bought = known.orders[order_id], known.lines[order_id]
    prices = {
        number: LinePrice(row["quantity"], row["unit_price_minor"], row["discount_minor"])
        for number, row in bought.items()
    }
    line = next(each for each in said["lines"] if each["line_no"] == line_no)
    number = line["order_line_no"]
    delivered = known.delivered[order_id, number]
    open_ = windows(
        _POLICY, order["country"], bought[number]["exclusion"], delivered, known.order_delivered_at(order_id), ZoneInfo(ZONE)
    )  # fmt: skip
    agreed = terms(
        _POLICY,
        order["country"],
        "withdrawal" if begun.type == "return.withdrawn" else "return",
        line["reason"],
        within_regime=open_.is_granted(from_us(begun.time_us)),
    )
    return refund_amount(
        paid_per_line(prices, 0, order["shipping_minor"])[number],
        prices[number].quantity,
        0,
        line["quantity"],
        agreed.fee_percent,
        agreed.refunds_outbound_shipping,
    )


class TestMoney:
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 5000), st.lists(st.integers(1, 90_000), min_size=1, max_size=6)
            ),
            min_size=1,
            max_size=8,
        )
    )
    def test_shares_are_those_of_the_domain(self, orders: list[tuple[int, list[int]]]) -> None:
        owner = np.repeat(np.arange(len(orders)), [len(weights) for _, weights in orders])
        weights = np.concatenate([np.array(each) for _, each in orders])
        found = shares(np.array([amount for amount, _ in orders]), owner, weights)

        expected = [share for amount, each in orders for share in share_out(amount, each)]
        assert found.tolist() == expected

    @given(st.integers(0, 10**11 - 1), st.sampled_from(["EUR", "CNY", "USD", "GBP"]))
    def test_amounts_are_written_as_the_domain_writes_them(self, minor: int, currency: str) -> None:
        frame = pl.DataFrame({"minor": [minor], "currency": [currency]})

        assert frame.select(figures(pl.col("minor"), pl.col("currency"))).item() == in_figures(
            minor, currency
        )
