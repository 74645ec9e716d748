from collections.abc import Callable
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_products import MONDAY, Rows, monday, record, sold_and_returned

from models.products.detector import Detector
from models.products.evidence import weigh
from models.products.flags import Answers, decide
from models.products.record import Record

WEEKS, SKUS, FAULTY = 40, 300, 15
Rate = Callable[[int, int], float]  # of a product's number and a week


def shop(
    seed: int,
    rate: Rate | None = None,
    reason: str = "defect",
    a_week: int = 12,
    in_a_week: float = 0.5,
) -> Record:
    """A shop in which the first `FAULTY` products come back four times as often as the others, some in bulk.

    With a `rate` they come back as it says.
    """
    rng = np.random.default_rng(seed)
    rate = rate or (lambda number, _: 0.2 if number < FAULTY else 0.05)
    sales: Rows = []
    incidents: Rows = []
    for number in range(SKUS):
        lines = rng.poisson(a_week, WEEKS)
        rates = np.array([rate(number, week) for week in range(WEEKS)])
        sold, came = sold_and_returned(rng, f"S{number:03}", lines, rates, reason, in_a_week)
        sales += sold
        incidents += [
            (*each[:3], int(rng.integers(1, 3)) if rng.random() < 0.98 else 500, each[4])
            for each in came
        ]
    return record(sales, incidents, WEEKS)


def up_to(whole: Record, weeks: int) -> Record:
    """What was known after so many weeks."""
    end = monday(weeks)
    return Record(
        whole.sales.filter(pl.col("week_start") < end),
        whole.incidents.filter(pl.col("week_start") < end),
        whole.products,
        monday(weeks - 1),
        1.0,
    )


def flagged(of: Record) -> tuple[str, ...]:
    return decide(weigh(of, Detector()).evidence, set(), Detector()).flagged


def is_faulty(sku: str) -> bool:
    return sku < f"S{FAULTY:03}"


class TestDetector:
    def test_it_finds_the_faulty_and_seldom_the_others(self) -> None:
        true, false = 0, 0
        for seed in range(4):
            found = flagged(shop(seed))
            true += sum(is_faulty(sku) for sku in found)
            false += sum(not is_faulty(sku) for sku in found)

        assert true >= 0.9 * 4 * FAULTY
        assert false <= 0.1 * (true + false)

    def test_one_customer_who_sends_back_a_truckload_is_one_incident(self) -> None:
        plain = shop(1)
        truckload = (("S200", monday(30), monday(30), 80_995, None),)
        bulk = plain.incidents.filter(pl.col("sku") != "S200").vstack(
            pl.DataFrame(truckload, schema=plain.incidents.schema, orient="row")
        )
        changed = Record(plain.sales, bulk, plain.products, plain.this_week, plain.share_of_week)

        assert "S200" not in flagged(changed)

    def test_what_is_too_many_is_part_of_what_came_back(self) -> None:
        evidence = weigh(shop(3), Detector()).evidence

        assert (evidence["excess_units"] <= evidence["units_returned"]).all()
        faulty = evidence.filter(pl.col("sku") < f"S{FAULTY:03}")
        beyond = faulty["units_returned"] - faulty["units_expected"]
        assert abs(faulty["excess_units"].sum() / beyond.sum() - 1) < 0.25

    def test_a_young_problem_costs_as_much_in_30_days_as_an_old_one(self) -> None:
        """Of what a young one has sold most is still with the customers: it would come last in a buyer's list."""
        began = WEEKS - 14
        whole = shop(
            5, lambda n, week: 0.3 if n < FAULTY and week >= began else 0.05, in_a_week=0.2
        )
        single = whole.incidents.filter(pl.col("units") < 3)  # a truckload makes any month dear
        whole = Record(whole.sales, single, whole.products, whole.this_week, whole.share_of_week)

        def money(weeks_after: int) -> int:
            evidence = weigh(up_to(whole, began + weeks_after), Detector()).evidence
            faulty = evidence.filter(pl.col("sku") < f"S{FAULTY:03}", pl.col("since").is_not_null())
            assert len(faulty) > 0.9 * FAULTY
            return int(faulty["money_at_risk_minor"].median())  # type: ignore[arg-type]  # of integers

        assert 0.6 < money(6) / money(14) < 1.3  # a lift of few is shrunken

    def test_peers_are_those_of_goods_as_young_as_the_products(self) -> None:
        began = WEEKS - 4
        whole = shop(
            6, lambda n, week: 0.4 if n < FAULTY and week >= began else 0.05, in_a_week=0.2
        )
        found = weigh(whole, Detector()).evidence.filter(pl.col("since").is_not_null())
        (one,) = found.sort("probability").tail(1).rows(named=True)

        is_young = pl.col("sku") >= f"S{FAULTY:03}", pl.col("sold_week_start") >= one["since"]
        came = len(whole.incidents.filter(*is_young))
        ordinary = pl.col("sku") >= f"S{FAULTY:03}", pl.col("week_start") >= one["since"]
        sold = whole.sales.filter(*ordinary)["order_lines"].sum()

        by_incidents = one["incidents_expected"] / one["own_level"] / one["units_sold"]
        assert by_incidents == pytest.approx(came / sold, rel=0.25)
        assert one["units_of_peers"] / one["units_expected"] == pytest.approx(1 / one["own_level"])

    def test_the_interval_holds_the_lift(self) -> None:
        evidence = weigh(shop(2), Detector()).evidence

        assert (evidence["lift_low"] <= evidence["lift"]).all()
        assert (evidence["lift"] <= evidence["lift_high"]).all()

    @pytest.mark.parametrize(
        ("sales", "incidents"),
        [
            ([], []),
            ([("A", MONDAY, 1, 1, 100, "EUR")], []),
            ([], [("A", MONDAY, None, 3, None)]),
            ([("A", MONDAY, 5, 5, 0, "EUR")], [("A", MONDAY, MONDAY, 5, "defect")]),
        ],
        ids=["nothing", "no returns", "no sales", "all returned, free of charge"],
    )
    def test_a_shop_with_next_to_nothing_is_judged_without_a_flag(
        self, sales: Rows, incidents: Rows
    ) -> None:
        assert flagged(record(sales, incidents, WEEKS)) == ()


class TestChanges:
    def test_what_began_lately_is_found_with_its_week_and_its_lift(self) -> None:
        changed = shop(5, lambda number, week: 0.2 if number < FAULTY and week >= 28 else 0.05)
        evidence = weigh(changed, Detector()).evidence

        found = evidence.filter(pl.col("sku").is_in(flagged(changed)))

        assert sum(is_faulty(sku) for sku in found["sku"]) >= 0.8 * FAULTY
        assert found["has_changed"].all()
        late = (found["since"] - (MONDAY + timedelta(weeks=28))).dt.total_days() / 7
        assert late.abs().median() <= 2
        assert found["lift"].median() == pytest.approx(4.0, rel=0.25)
        held = (found["lift_low"] <= 4) & (found["lift_high"] >= 4)
        assert held.mean() > 0.7

    def test_a_reason_of_its_own_shows_what_all_together_hide(self) -> None:
        """Half as many again come back, all of them for a reason that is rare elsewhere."""
        rng = np.random.default_rng(6)
        plain = shop(6, lambda *_: 0.08, "changed_mind")
        faults: Rows = [
            (f"S{number:03}", monday(week), monday(week), 1, "defect")
            for number in range(FAULTY)
            for week in range(25, WEEKS)
            for _ in range(rng.poisson(0.5))
        ]
        faults += [  # what breaks elsewhere
            (f"S{rng.integers(FAULTY, SKUS):03}", monday(week), monday(week), 1, "defect")
            for week in range(WEEKS)
            for _ in range(12)
        ]
        said = pl.DataFrame(faults, schema=plain.incidents.schema, orient="row")
        told = record([], [], WEEKS)
        with_reasons = Record(
            plain.sales, plain.incidents.vstack(said), told.products, plain.this_week, 1.0
        )
        without = Record(
            plain.sales,
            plain.incidents.vstack(said).with_columns(reason=pl.lit(None, pl.String)),
            told.products,
            plain.this_week,
            1.0,
        )

        by_reason = [sku for sku in flagged(with_reasons) if is_faulty(sku)]
        by_all = [sku for sku in flagged(without) if is_faulty(sku)]

        assert len(by_reason) >= 0.8 * FAULTY
        assert len(by_all) <= len(by_reason) / 2
        evidence = weigh(with_reasons, Detector()).evidence.filter(pl.col("sku").is_in(by_reason))
        assert set(evidence["stream"]) == {"defect"}
        assert set(evidence["likely_cause"]) == {"defect"}

    def test_what_always_came_back_often_is_told_apart_from_a_problem(self) -> None:
        often = shop(7, lambda number, _: 0.125 if number < FAULTY else 0.05, "changed_mind")

        evidence = weigh(often, Detector()).evidence.filter(pl.col("sku") < f"S{FAULTY:03}")

        assert not [sku for sku in flagged(often) if is_faulty(sku)]
        assert evidence["always_high"].median() > 0.8

    def test_sizes_of_one_dress_are_found_together_when_each_alone_is_not(self) -> None:
        def wrong_chart(number: int, week: int) -> float:
            return 0.14 if number < FAULTY and week >= 30 else 0.05

        plain = shop(8, wrong_chart, "size_fit", a_week=8)
        products = pl.DataFrame(
            [(f"S{number:03}", None, f"P{number // 5}") for number in range(SKUS)],
            schema={"sku": pl.String, "category": pl.String, "parent": pl.String},
            orient="row",
        )
        known = Record(plain.sales, plain.incidents, products, plain.this_week, 1.0)

        together, alone = (
            [sku for sku in flagged(each) if is_faulty(sku)] for each in (known, plain)
        )

        assert len(together) == FAULTY
        assert len(alone) < FAULTY / 2

    def test_what_was_wrong_once_and_is_right_again_is_no_problem_now(self) -> None:
        once = shop(11, lambda number, week: 0.3 if number < FAULTY and 8 <= week < 20 else 0.05)

        assert not [sku for sku in flagged(once) if is_faulty(sku)]

    def test_a_season_in_which_all_comes_back_is_nobodys_problem(self) -> None:
        """The week after a promotion three times as much comes back of everything."""
        season = shop(9, lambda _, week: 0.15 if 30 <= week < 33 else 0.05)

        assert flagged(season) == ()


def list_of(**probabilities: float) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "sku": pl.Series(list(probabilities), dtype=pl.String),
            "probability": pl.Series(list(probabilities.values()), dtype=pl.Float64),
            "ended": [0.0] * len(probabilities),
            "incidents": [9] * len(probabilities),
            "excess_units": [2.0] * len(probabilities),
        }
    )


class TestDecide:
    def test_a_standing_flag_stays_on_doubt_and_goes_on_good_evidence(self) -> None:
        decisions = decide(list_of(near=0.6, gone=0.1), {"near", "gone", "unsold"}, Detector())

        assert decisions.flagged == ()
        assert decisions.cleared == ("gone", "unsold")

    def test_a_flag_goes_when_its_problem_has_ended_however_certain_it_was(self) -> None:
        over = list_of(over=0.999).with_columns(ended=pl.lit(0.85))

        assert decide(over, {"over"}, Detector()).cleared == ("over",)
        assert decide(over, set(), Detector()).flagged == ()

    def test_a_dismissed_product_is_flagged_again_on_new_evidence_alone(self) -> None:
        evidence = list_of(old=0.99, new=0.99)
        answers = Answers(hold=frozenset({"old"}), reopened=frozenset({"new"}))

        standing = decide(evidence, {"old", "new"}, Detector(), answers)
        cleared_before = decide(evidence, set(), Detector(), answers)

        assert standing.flagged == cleared_before.flagged == ("new",)
        assert standing.cleared == ()

    def test_who_is_certain_enough_alone_is_flagged_whatever_else_stands(self) -> None:
        evidence = list_of(sure=0.96, unsure=0.9, doubtful=0.55)

        assert decide(evidence, {"doubtful"}, Detector()).flagged == ("sure",)

    def test_flags_that_have_proved_true_make_room_for_a_less_certain_one(self) -> None:
        proved = {f"true{number}": 0.999 for number in range(5)}

        assert decide(list_of(**proved, new=0.85), set(proved), Detector()).flagged == ("new",)
        assert decide(list_of(new=0.85), set(), Detector()).flagged == ()

    def test_a_flag_that_goes_now_takes_no_room(self) -> None:
        proved = {f"true{number}": 0.999 for number in range(5)}
        evidence = list_of(**proved, gone=0.1, new=0.85)

        decisions = decide(evidence, {*proved, "gone"}, Detector())

        assert (decisions.flagged, decisions.cleared) == (("new",), ("gone",))

    def test_products_of_equal_probability_are_taken_or_left_together(self) -> None:
        proved = {f"true{number}": 1.0 for number in range(3)}
        sisters = {f"size{number}": 0.85 for number in range(4)}

        assert decide(list_of(**proved, **sisters), set(proved), Detector()).flagged == ()

    def test_the_expected_share_of_false_ones_is_held(self) -> None:
        rng = np.random.default_rng(10)
        probabilities = {f"S{number:04}": float(p) for number, p in enumerate(rng.random(2000))}

        taken = decide(list_of(**probabilities), set(), Detector()).flagged

        assert taken
        assert np.mean([1 - probabilities[sku] for sku in taken]) <= 0.05

    @given(st.lists(st.integers(780, 1000), max_size=60))
    def test_the_same_evidence_once_more_raises_nothing_more(self, thousandths: list[int]) -> None:
        evidence = list_of(**{f"S{n:02}": each / 1000 for n, each in enumerate(thousandths)})

        first = decide(evidence, set(), Detector()).flagged
        again = decide(evidence, set(first), Detector())

        assert again.flagged == again.cleared == ()
        doubts = [1 - thousandths[int(sku[1:])] / 1000 for sku in first]
        assert sum(doubts) <= 0.05 * len(doubts) + 1e-9

    def test_two_incidents_are_too_few_whatever_their_probability(self) -> None:
        few = list_of(few=0.99).with_columns(incidents=pl.lit(2))

        assert decide(few, set(), Detector()).flagged == ()
