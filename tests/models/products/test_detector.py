from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from models.products.detector import Detector
from models.products.evidence import weigh
from models.products.flags import decide
from models.products.record import Record

MONDAY = date(2026, 6, 1)
WEEKS, SKUS, FAULTY = 40, 300, 15
SALES = pl.Schema(
    {
        "sku": pl.String(),
        "week_start": pl.Date(),
        "order_lines": pl.Int64(),
        "units_sold": pl.Int64(),
        "paid_minor": pl.Int64(),
        "currency": pl.String(),
    }
)
INCIDENTS = pl.Schema(
    {
        "sku": pl.String(),
        "week_start": pl.Date(),
        "sold_week_start": pl.Date(),
        "units": pl.Int64(),
        "reason": pl.String(),
    }
)


def record(sales: list[tuple[object, ...]], incidents: list[tuple[object, ...]]) -> Record:
    return Record(
        sales=pl.DataFrame(sales, schema=SALES, orient="row"),
        incidents=pl.DataFrame(incidents, schema=INCIDENTS, orient="row"),
        products=pl.DataFrame(schema={"sku": pl.String(), "category": pl.String()}),
        this_week=MONDAY + timedelta(weeks=WEEKS - 1),
        share_of_week=1.0,
    )


def shop(seed: int) -> Record:
    """A shop in which the first `FAULTY` products come back four times as often as the others, some in bulk."""
    rng = np.random.default_rng(seed)
    sales, incidents = [], []
    for number in range(SKUS):
        rate = 0.05 * (4.0 if number < FAULTY else 1.0)
        for week in range(WEEKS):
            lines = int(rng.poisson(12))
            monday = MONDAY + timedelta(weeks=week)
            if lines:
                sales.append((f"S{number:03}", monday, lines, lines, lines * 1000, "EUR"))
            for _ in range(int(rng.binomial(lines, rate))):
                back = week + int(rng.geometric(0.5)) - 1
                units = int(rng.integers(1, 3)) if rng.random() < 0.98 else 500
                if back < WEEKS:
                    at = MONDAY + timedelta(weeks=back)
                    incidents.append((f"S{number:03}", at, monday, units, "defect"))
    return record(sales, incidents)


class TestDetector:
    def test_it_finds_the_faulty_and_seldom_the_others(self) -> None:
        true, false = 0, 0
        for seed in range(4):
            flagged = decide(weigh(shop(seed), Detector()).evidence, set(), Detector()).flagged
            true += sum(sku < f"S{FAULTY:03}" for sku in flagged)
            false += sum(sku >= f"S{FAULTY:03}" for sku in flagged)

        assert true >= 0.9 * 4 * FAULTY
        assert false <= 0.1 * (true + false)

    def test_one_customer_who_sends_back_a_truckload_is_one_incident(self) -> None:
        plain = shop(1)
        bulk = plain.incidents.filter(pl.col("sku") != "S200").vstack(
            pl.DataFrame(
                [
                    (
                        "S200",
                        MONDAY + timedelta(weeks=30),
                        MONDAY + timedelta(weeks=30),
                        80_995,
                        None,
                    )
                ],
                schema=INCIDENTS,
                orient="row",
            )
        )
        changed = Record(plain.sales, bulk, plain.products, plain.this_week, plain.share_of_week)

        flagged = decide(weigh(changed, Detector()).evidence, set(), Detector()).flagged

        assert "S200" not in flagged

    def test_what_is_too_many_is_part_of_what_came_back(self) -> None:
        evidence = weigh(shop(3), Detector()).evidence

        assert (evidence["excess_units"] <= evidence["units_returned"]).all()
        faulty = evidence.filter(pl.col("sku") < f"S{FAULTY:03}")
        beyond = faulty["units_returned"] - faulty["units_expected"]
        assert abs(faulty["excess_units"].sum() / beyond.sum() - 1) < 0.25

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
        self, sales: list[tuple[object, ...]], incidents: list[tuple[object, ...]]
    ) -> None:
        evidence = weigh(record(sales, incidents), Detector()).evidence

        assert decide(evidence, set(), Detector()).flagged == ()

    def test_a_standing_flag_stays_on_doubt_and_goes_on_good_evidence(self) -> None:
        evidence = pl.DataFrame(
            {
                "sku": ["near", "gone"],
                "probability": [0.6, 0.1],
                "incidents": [9, 9],
                "excess_units": [2.0, 2.0],
            }
        )

        decisions = decide(evidence, {"near", "gone", "unsold"}, Detector())

        assert decisions.flagged == ()
        assert decisions.cleared == ("gone", "unsold")
