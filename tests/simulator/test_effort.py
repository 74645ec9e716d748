"""How laborious it is to apply, as the plan draws it."""

import numpy as np
import polars as pl
import pytest

from simulator import plan as planning
from simulator.plan import DayPlan, Plan
from simulator.scenario import Scenario
from simulator.world import HOUR_US

_SEED, _DAYS = 5, 20


def planned() -> list[DayPlan]:
    return list(Plan(Scenario(), _SEED, _DAYS, 400.0))


@pytest.fixture(scope="module")
def asked() -> pl.DataFrame:
    """Applications with how many things each is about, and when its order came."""
    days = planned()
    things = pl.concat([day.request_lines for day in days]).group_by("request").len("things")
    orders = pl.concat([day.orders for day in days]).select("order", "delivered_us")
    requests = pl.concat([day.requests for day in days])
    return requests.join(things, on="request").join(orders, on="order")


def minutes(asked: pl.DataFrame) -> np.ndarray:
    return ((asked["requested_us"] - asked["started_us"]) / (HOUR_US / 60)).to_numpy()


class TestEffort:
    def test_who_withdraws_needs_two_taps_and_who_asks_says_why_as_well(
        self, asked: pl.DataFrame
    ) -> None:
        least = asked.group_by("is_withdrawal", "things").agg(pl.col("inputs").min()).rows_by_key
        fewest = {key: inputs for key, (inputs,) in least(["is_withdrawal", "things"], unique=True).items()}  # fmt: skip

        assert fewest[True, 1] == 2
        assert fewest[False, 1] == 4
        assert fewest[False, 2] == 6

    def test_nobody_begins_before_the_goods_are_there_or_a_day_ago(
        self, asked: pl.DataFrame
    ) -> None:
        assert (asked["started_us"] >= asked["delivered_us"]).all()
        assert (asked["started_us"] <= asked["requested_us"]).all()
        assert minutes(asked).max() <= 20 * 60

    def test_it_takes_minutes_and_some_are_called_away(self, asked: pl.DataFrame) -> None:
        took = minutes(asked)

        assert 1.5 < np.median(took) < 5
        assert 0.01 < (took > 30).mean() < 0.05

    def test_nothing_else_of_a_plan_depends_on_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = planned()
        draw = planning.effort_frame
        monkeypatch.setattr(planning, "effort_frame", lambda seed, *more: draw(seed + 1, *more))
        after = planned()

        own = ("inputs", "started_us")
        for was, now in zip(before, after, strict=True):
            assert was.requests.drop(own).equals(now.requests.drop(own))
            assert not was.requests.select(own).equals(now.requests.select(own))
            assert was.orders.equals(now.orders)
            assert was.request_lines.equals(now.request_lines)
