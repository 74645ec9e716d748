"""Flags judged by hand: one true and early, one that came before its fault, one of a sound product."""

import polars as pl
import pytest

from bench.products.scoring import RAISED, by_decisions, by_threshold, judged, settings, summary
from bench.products.truth import Truth
from models.products.detector import Detector

TRUTH = Truth(
    products=pl.DataFrame(
        {
            "sku": ["A", "B"],
            "from_day": [10, 70],
            "end_day": [100, 140],
            "multiplier": [2.0, 3.0],
            "reason": ["defect", "size_fit"],
            "excess": [25.0, 40.0],
        }
    ),
    harm=pl.DataFrame(
        {
            "sku": ["A", "A", "A", "B", "B"],
            "week": [1, 2, 3, 10, 11],
            "excess": [0.0, 1.5, 4.0, 2.0, 8.0],
            "lines": [4.0, 12.0, 20.0, 10.0, 30.0],
        }
    ),
    always_high=["C"],
)


def flags(*rows: tuple[str, int, str | None, int | None]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=RAISED, orient="row")


def evidence(*rows: tuple[int, str, float]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"week": pl.Int64, "sku": pl.String, "score": pl.Float64}, orient="row"
    ).with_columns(
        ended=pl.lit(0.0),
        incidents=pl.lit(9),
        excess_units=pl.lit(5.0),
        likely_cause=pl.lit("defect"),
    )


def test_three_flags_by_hand() -> None:
    one = summary(
        [
            (
                flags(("A", 3, "defect", 9), ("B", 8, "size_fit", None), ("C", 5, None, None)),
                TRUTH,
            )
        ]
    )

    assert (one.raised, one.false) == (3, 2)  # B's came two weeks before its fault, C has none
    assert (one.large, one.found, one.recall) == (2, 1, 0.5)
    assert (one.excess, one.lines) == (4.0, 20.0)
    assert one.delay == pytest.approx((28 - 10) / 7)
    assert (one.cause, one.high, one.too_early) == (1.0, 1, 1)


def test_a_flag_of_the_week_in_which_the_fault_begins_is_true() -> None:
    found = judged(flags(("A", 1, "defect", None), ("A", 0, "defect", None)), TRUTH)

    assert found["is_true"].to_list() == [True, False]
    assert found["delay"][0] == pytest.approx(4 / 7)


def test_a_product_is_found_once_by_its_first_true_flag() -> None:
    raised = flags(("A", 2, "defect", 3), ("A", 3, "defect", None), ("B", 11, None, None))
    one = summary([(raised, TRUTH), (flags(), TRUTH)])

    assert (one.raised, one.found, one.large) == (3, 2, 4)
    assert one.lines == 21.0  # the median of 12 and 30


def test_flags_are_raised_and_cleared_as_the_product_does() -> None:
    kept = evidence((1, "A", 0.97), (1, "B", 0.7), (2, "A", 0.6), (3, "A", 0.4), (4, "A", 0.99))

    raised = by_decisions(kept, Detector())

    assert raised.select("sku", "week", "cleared").rows() == [("A", 1, 3), ("A", 4, None)]


def test_a_rule_flags_anew_after_a_week_below_its_threshold() -> None:
    kept = evidence((1, "A", 4.0), (2, "A", 5.0), (4, "A", 3.5), (4, "B", 2.0))

    raised = by_threshold(kept, 3.0)

    assert raised.select("sku", "week", "cleared").rows() == [("A", 1, 3), ("A", 4, None)]


def test_the_frontier_has_the_products_own_setting_and_grows_lenient() -> None:
    frontier = settings(Detector())
    by_rate = sorted(frontier, key=lambda each: each.false_discovery_rate)

    assert Detector() in frontier
    least = [each.least_probability for each in by_rate]
    assert least == sorted(least, reverse=True)
