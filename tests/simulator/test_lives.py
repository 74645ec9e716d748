import polars as pl
import pytest
from planned import HONEST, Planned, planned, within

from simulator.scenario import Abuse, Returns, Scenario
from simulator.world import DAY_US

BY_LAW = {"CN": 7, "DE": 14, "FR": 14, "NL": 14}


def withdrawing(share: float) -> Planned:
    scenario = Scenario(abuse=Abuse(share=0.2), returns=Returns(withdrawal_share=share))
    return planned(scenario, days=60, orders_per_day=150)


def entitled(shop: Planned) -> pl.DataFrame:
    """The applications that might as well be withdrawals, said in the law's words."""
    excluded = shop.lines.filter(pl.col("exclusion").is_not_null())
    days = pl.col("country").replace_strict(BY_LAW, default=0, return_dtype=pl.Int64)
    return (
        shop.requests.join(shop.orders.drop("customer", "kind"), on="order")
        .filter(pl.col("requested_us") < pl.col("delivered_us") + days * DAY_US)
        .join(excluded, on="order", how="anti")
    )


class TestWithdrawals:
    @pytest.mark.parametrize("share", [0.0, 0.25, 0.7, 1.0])
    def test_as_many_honest_customers_withdraw_who_may_as_the_scenario_says(
        self, share: float
    ) -> None:
        may = entitled(withdrawing(share)).filter(~pl.col("is_abusive"))

        assert within(may["is_withdrawal"].sum(), share * may.height)

    def test_only_those_withdraw_who_may(self) -> None:
        shop = withdrawing(1.0)

        withdrawn = shop.requests.filter("is_withdrawal")["request"]

        assert 500 < len(withdrawn) < shop.requests.height
        assert set(withdrawn) <= set(entitled(shop)["request"])

    def test_abusers_withdraw_less(self) -> None:
        may = entitled(withdrawing(0.7))

        rates = dict(may.group_by("is_abusive").agg(pl.col("is_withdrawal").mean()).iter_rows())

        assert rates[True] == pytest.approx(0.4 * rates[False], abs=0.08)


class TestParcels:
    def test_an_honest_parcel_is_as_sold_but_for_a_few(self) -> None:
        lines = planned(HONEST, days=40).request_lines

        assert (lines["contents"] == "as_sold").mean() > 0.98
        assert set(lines["contents"]) == {"as_sold", "worn"}

    def test_what_is_broken_is_graded_worse_than_what_does_not_fit(self) -> None:
        lines = planned(HONEST, days=40).request_lines.filter(contents="as_sold")
        is_good = (lines["grade"] == "A").rename("is_good")

        rates = dict(lines.with_columns(is_good).group_by("cause").agg(pl.col("is_good").mean()).iter_rows())  # fmt: skip

        assert rates["defect"] < 0.2 < 0.6 < rates["size_fit"]
        assert rates["damaged_in_transit"] < 0.2

    @pytest.mark.parametrize(
        ("column", "share"),
        [("cancels", 0.2), ("sends", 0.7), ("is_lost", 0.1), ("is_unreadable", 0.15), ("answers_survey", 0.6)],
    )  # fmt: skip
    def test_people_do_what_they_do_as_often_as_the_scenario_says(
        self, column: str, share: float
    ) -> None:
        returns = Returns(
            cancelled_share=0.2,
            never_sent_share=0.3,
            lost_share=0.1,
            unreadable_label_share=0.15,
            survey_answer_share=0.6,
        )
        requests = planned(HONEST.model_copy(update={"returns": returns}), days=40).requests

        assert within(requests[column].sum(), share * requests.height)
