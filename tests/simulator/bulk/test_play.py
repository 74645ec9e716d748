"""The fast path as a whole: what it writes is what the service would have said, and what the plan drew."""

import json
import subprocess
import sys
from collections import Counter
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from bulk_play import MONDAY_US, Played, play
from policy_with import policy_with
from watched import faults

from pipelines.lake.tables import tables
from pipelines.quality.runner import check_batch
from service.domain.events import PAYLOADS
from service.letters.news import LETTERS as NEWS
from service.policies import default_policy
from simulator.bulk.events.letters import LETTERS
from simulator.bulk.play import BulkPlay
from simulator.bulk.shop import NotForBulk
from simulator.plan import Plan
from simulator.scenario import Scenario

# What does not come of a practice shop: conclusions of the pipeline, imports, and what people do only on other pages.
_NEVER_SAID = {
    "category.profiled",
    "clock.put_off",  # nobody there complains while a choice is open
    "import.completed",
    "sku.flagged",
    "sku.answer_weighed",
    "sku.cleared",
    "sku.acknowledged",
    "sku.assigned",
    "sku.action_taken",
    "sku.dismissed",
    "check.failed",
    "check.passed",
    "model.promoted",
    "model.suspended",
    "model.resumed",
    "review.requested",  # nobody asks for another person
    "shipment.overdue",  # only where money goes back before anything is sent
}
# Everything that is rare in a usual shop is frequent here.
_ROUGH = Scenario.model_validate(
    {
        "name": "rough",
        "staff": {"slow_share": 0.25, "opens": 9, "closes": 16, "review_hours": 10.0},
        "returns": {
            "never_sent_share": 0.15,
            "lost_share": 0.15,
            "unreadable_label_share": 0.2,
            "cancelled_share": 0.2,
        },
        "abuse": {"share": 0.3},
    }
)
_STRICT = {
    "rules.history.max_returns": 1,
    "window.days": 6,
    "rules.history.max_failed_inspections": 0,
}


@pytest.fixture(scope="module")
def usual() -> Played:
    return play(days=150, orders_per_day=60)


@pytest.fixture(scope="module")
def rough() -> Played:
    return play(days=150, orders_per_day=40, scenario=_ROUGH, policy=policy_with(_STRICT), seed=8)


class TestTheLog:
    def test_it_is_numbered_without_a_gap_in_order_of_time(self, usual: Played) -> None:
        events = usual.events

        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        recorded = [event.recorded_at_us for event in events]
        assert recorded == sorted(recorded)
        assert recorded[0] >= MONDAY_US
        assert recorded[-1] < MONDAY_US + usual.days * 86_400_000_000

    def test_no_two_events_share_an_id_and_all_are_simulated(self, usual: Played) -> None:
        assert len({event.id for event in usual.events}) == len(usual.events)
        assert {event.origin for event in usual.events} == {"simulated"}

    def test_no_two_things_share_a_token(self, usual: Played) -> None:
        for name, column in (
            ("refund_settled", "refund_id"),
            ("shipment_created", "shipment_id"),
            ("parcel_received", "parcel_id"),
            ("case_opened", "case_id"),
            ("message_sent", "message_id"),
            ("message_written", "message_id"),
            ("message_written", "text_ref"),
            ("evidence_requested", "text_ref"),
        ):
            found = usual.frames[name][column]
            assert found.n_unique() == len(found), column

    def test_every_row_passes_the_checks_at_the_lake_s_door(self, rough: Played) -> None:
        judged = check_batch(rough.frames)

        assert [each.description for each in judged.results if not each.passed] == []
        assert judged.failures == {}

    def test_every_type_of_event_comes_with_payloads_that_their_models_take(
        self, usual: Played, rough: Played
    ) -> None:
        said = {event.type for each in (usual, rough) for event in each.events}

        assert said == set(PAYLOADS) - _NEVER_SAID

    def test_frames_have_the_lake_s_columns_and_no_others(self) -> None:
        plan = Plan(Scenario(), 7, 10, 50)
        stretches = list(BulkPlay(plan, default_policy(), ZoneInfo("UTC"), MONDAY_US))

        for stretch in stretches:
            for name, frame in stretch.frames.items():
                assert set(frame.columns) == {column.name for column in tables()[name].columns}

    def test_the_same_seed_gives_the_same_and_another_another(self) -> None:
        once, again, other = (play(days=40, orders_per_day=20, seed=seed) for seed in (3, 3, 4))

        assert once.frames.keys() == again.frames.keys()
        assert all(once.frames[name].equals(again.frames[name]) for name in once.frames)
        assert not once.frames["order_placed"].equals(other.frames["order_placed"])


class TestReturns:
    @pytest.mark.parametrize("name", ["usual", "rough"])
    def test_each_goes_as_the_service_would_let_it_go(
        self, name: str, request: pytest.FixtureRequest
    ) -> None:
        """A legal walk; what follows by itself follows at once; what a clock does, it does when it runs out."""
        played: Played = request.getfixturevalue(name)
        refund_on = played.refund_on()
        chosen = sorted(played.returns)[::5][:400]

        found = {
            rma: list(faults(played.returns[rma], refund_on.get(rma, "inspected"), played.policy))
            for rma in chosen
        }

        assert len(chosen) > 200
        assert {rma: each for rma, each in found.items() if each} == {}

    def test_money_that_goes_back_early_is_a_legal_walk_too(self) -> None:
        changes = {"refund.on": "authorized", "window.late": "decline", "window.days": 7}
        played = play(days=120, orders_per_day=15, scenario=_ROUGH, policy=policy_with(changes))
        refund_on = played.refund_on()

        found = [
            fault
            for rma, events in played.returns.items()
            for fault in faults(events, refund_on.get(rma, "inspected"), played.policy)
        ]

        assert found == []
        assert played.frames["shipment_overdue"].height > 10

    def test_each_closes_in_the_end_and_who_sent_or_got_something_is_asked_once(
        self, usual: Played
    ) -> None:
        moves = {"shipment.scanned", "return.received", "refund.requested"}
        long_ago_us = MONDAY_US + (usual.days - 100) * 86_400_000_000
        old = [events for events in usual.returns.values() if events[0].time_us < long_ago_us]

        assert len(old) > 300
        nothing_came = 0
        for events in old:
            said = Counter(event.type for event in events)
            assert said["return.closed"] >= 1
            assert said["survey.sent"] == bool(moves & said.keys())
            nothing_came += not said["survey.sent"]
        assert nothing_came > 0

    def test_no_more_goes_back_than_was_paid(self, rough: Played) -> None:
        settled = rough.frames["refund_settled"].group_by("rma").agg(pl.col("amount_minor").sum())
        lines = (
            rough.frames["order_placed_lines"]
            .group_by(pl.col("subject").alias("order_id"))
            .agg(
                (pl.col("quantity") * pl.col("unit_price_minor") - pl.col("discount_minor"))
                .sum()
                .alias("goods")
            )
        )
        orders = rough.frames["order_placed"].select("order_id", "shipping_minor")
        asked = pl.concat(
            [
                rough.frames[name].select("rma", "order_id")
                for name in ("return_requested", "return_withdrawn")
            ]
        )
        paid = settled.join(asked, on="rma").join(lines, on="order_id").join(orders, on="order_id")

        assert paid.height == settled.height
        assert (paid["amount_minor"] <= paid["goods"] + paid["shipping_minor"]).all()
        assert (paid["amount_minor"] == paid["goods"] + paid["shipping_minor"]).any()

    def test_stock_is_counted_from_nothing_and_never_less(self, usual: Played) -> None:
        moves = usual.frames["inventory_adjusted"].sort("seq")
        counted = moves.with_columns(
            pl.col("change").cum_sum().over("sku", "place").alias("counted")
        )

        assert moves.height > 1000
        assert (counted["counted"] == counted["units_left"]).all()

    def test_an_assessment_saw_what_was_there_before_its_application(self, usual: Played) -> None:
        seen = usual.frames["return_assessed"].select("rma", "as_of_seq")
        asked = usual.frames["return_requested"].select("rma", "seq")
        both = seen.join(asked, on="rma")

        assert both.height == seen.height
        assert (both["as_of_seq"] < both["seq"]).all()


class TestThePlan:
    def test_every_order_and_application_of_the_plan_is_there(self, usual: Played) -> None:
        orders = pl.concat([day.orders for day in usual.plan])
        requested = usual.requested()
        asked = usual.frames["return_requested"].height + usual.frames["return_withdrawn"].height

        assert usual.frames["order_placed"].height == orders.height
        assert asked == requested.height == usual.truth["returns"].height
        assert usual.frames["order_placed_lines"].height == sum(
            day.lines.height for day in usual.plan
        )

    def test_the_truth_tells_who_is_abusive(self, usual: Played) -> None:
        truth, requested = usual.truth["returns"], usual.requested()

        assert truth["is_abusive"].sum() == requested["is_abusive"].sum() > 0
        assert set(truth["rma"]) == set(usual.returns)

    def test_withdrawals_are_those_that_the_plan_and_the_law_allow(self, usual: Played) -> None:
        withdrawn = usual.frames["return_withdrawn"].height
        planned = usual.requested()["is_withdrawal"].sum()

        assert planned * 0.97 <= withdrawn <= planned

    def test_what_is_claimed_not_to_have_come_becomes_a_case(self, usual: Played) -> None:
        claims = pl.concat([day.claims for day in usual.plan])
        made = claims.filter(pl.col("claimed_us") < usual.days * 86_400_000_000)
        opened = usual.frames["case_opened"].filter(pl.col("kind") == "not_received")

        assert opened.height == made.height == usual.truth["claims"].height
        assert opened["order_id"].null_count() == 0

    def test_customers_are_answered_while_their_cases_go_on(self, usual: Played) -> None:
        written = usual.frames["message_written"]
        opened = usual.frames["case_opened"].filter(pl.col("actor_role") == "customer")
        closed = usual.frames["case_closed"].select("case_id", closed_at="time")
        talked = written.join(opened.select("case_id", opened_at="time"), on="case_id")

        assert talked.height == written.height
        assert (talked["time"] > talked["opened_at"]).all()
        ended = talked.join(closed, on="case_id")
        assert (ended["time"] < ended["closed_at"]).all()
        answers = written.filter(pl.col("direction") == "to_customer")
        assert 0.45 < answers.height / opened.height < 0.7
        assert usual.frames["message_sent"].filter(pl.col("letter") == "case_message").height == (
            answers.height
        )

    def test_whom_nobody_answers_in_time_becomes_the_head_s_each_time(self, rough: Played) -> None:
        """Told again, case by case: from what was said until it was answered, every 24 hours."""
        day = 24 * 3_600_000_000
        expected, waits = [], {}
        for event in rough.events:
            said = json.loads(event.data)
            asks = said.get("direction") == "from_customer" or (
                event.type == "case.opened" and event.actor_role == "customer"
            )
            if asks:
                waits.setdefault(event.subject, event.recorded_at_us)
            elif event.type == "case.closed" or said.get("direction") == "to_customer":
                since = waits.pop(event.subject, event.recorded_at_us)
                expected += [
                    (event.subject, us) for us in range(since + day, event.recorded_at_us + 1, day)
                ]
        end_us = MONDAY_US + rough.days * day
        for subject, since in waits.items():
            expected += [(subject, us) for us in range(since + day, end_us, day)]

        found = [
            (event.subject, event.recorded_at_us)
            for event in rough.events
            if event.type == "case.escalated"
            and json.loads(event.data)["clock"] == "first_response"
        ]

        assert len(found) > 20
        assert sorted(found) == sorted(expected)


class TestLetters:
    def test_the_events_that_customers_are_told_of_are_those_of_the_service(self) -> None:
        assert {model.type: kind for model, kind in NEWS.items()} == LETTERS

    def test_each_customer_is_told_in_their_language(self, usual: Played) -> None:
        chinese = pl.concat([day.orders for day in usual.plan])["is_chinese"].mean()
        zh = (usual.frames["message_sent"]["language"] == "zh").mean()

        assert abs(float(zh) - float(chinese)) < 0.06  # type: ignore[arg-type]

    def test_what_did_not_pass_is_told_of_by_the_choice_where_there_is_one(
        self, usual: Played
    ) -> None:
        letters = Counter(usual.frames["message_sent"]["letter"])
        root = usual.frames["line_split"].select("subject", "root_line_no", line_no="into_line_no")
        asked = usual.frames["choice_requested"].select("subject", "line_no", "recorded_at")
        found = usual.frames["line_inspected"].join(root, on=["subject", "line_no"], how="left")
        alike = ["subject", "line_no", "recorded_at"]
        by_choice = found.join(asked, on=alike, how="semi").filter(pl.col("outcome") != "passed")
        told = found.join(by_choice, on=alike, how="anti")
        lines = told.select("subject", pl.coalesce("root_line_no", "line_no")).unique()

        assert letters["inspection_result"] == lines.height
        assert told.filter(pl.col("outcome") != "passed").height > 0
        assert letters["choice_wanted"] == usual.frames["choice_requested"].height
        assert letters["refunded"] == usual.frames["refund_settled"].height


class TestSize:
    def test_an_empty_day_is_a_day_too(self) -> None:
        played = play(days=3, orders_per_day=0.3, seed=5)

        assert played.events

    @pytest.mark.slow
    def test_memory_does_not_grow_with_the_number_of_days(self) -> None:
        """Four times as many days in stretches of the same size: measured in processes of their own."""
        short, long = (_peak_megabytes(days) for days in (30, 120))

        assert long < 1.35 * short


class TestRefusal:
    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"clocks.calendar": "business"}, "clocks.calendar"),
            ({"keep_item.up_to_minor": {"EUR": 500}}, "keep_item.up_to_minor"),
        ],
    )
    def test_what_the_fast_path_does_not_know_is_named(
        self, changes: dict[str, object], named: str
    ) -> None:
        plan = Plan(Scenario(), 7, 10, 5)

        with pytest.raises(NotForBulk, match=f"{named}.*without --bulk"):
            BulkPlay(plan, policy_with(changes), ZoneInfo("UTC"), MONDAY_US)


_MEASURED = """
import resource, sys
from zoneinfo import ZoneInfo
from service.policies import default_policy
from simulator.bulk import play
from simulator.plan import Plan
from simulator.scenario import Scenario

play._ORDERS_A_STRETCH = 10_000
even = Scenario.model_validate({"demand": {"yearly_growth": 0.0, "promotions_a_year": 0}})
plan = Plan(even, 7, int(sys.argv[1]), 2000)
for stretch in play.BulkPlay(plan, default_policy(), ZoneInfo("UTC"), 0):
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def _peak_megabytes(days: int) -> float:
    run = [sys.executable, "-c", _MEASURED, str(days)]
    return float(subprocess.run(run, capture_output=True, text=True, check=True).stdout)
