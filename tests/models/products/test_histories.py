import numpy as np
import polars as pl

from models.products.histories import likely_causes, since_weeks


def reasons(*given: tuple[str, str | None, int]) -> pl.DataFrame:
    rows = [(sku, reason) for sku, reason, times in given for _ in range(times)]
    return pl.DataFrame(rows, schema={"sku": pl.String, "reason": pl.String}, orient="row")


class TestSinceWeeks:
    def test_it_is_the_week_in_which_the_excess_begins(self) -> None:
        expected = np.ones((1, 20))
        incidents = np.where(np.arange(20) >= 12, 4.0, 1.0)[None, :]

        assert since_weeks(incidents, expected, np.array([3.0])).tolist() == [12]

    def test_a_product_that_is_ordinary_has_no_such_week(self) -> None:
        assert since_weeks(np.ones((1, 5)), np.ones((1, 5)), np.array([0.9])).tolist() == [-1]


class TestLikelyCauses:
    def test_it_is_the_reason_given_more_often_than_elsewhere(self) -> None:
        shop = reasons(
            ("A", "size_fit", 12),
            ("A", "defect", 8),
            ("B", "size_fit", 60),
            ("B", "defect", 5),
        )

        causes = dict(likely_causes(shop, least_incidents=3).iter_rows())

        assert causes["A"] == "defect"  # fewer than size_fit, but four times the usual share

    def test_a_shop_that_gives_no_reasons_has_no_causes(self) -> None:
        assert likely_causes(reasons(("A", None, 9)), least_incidents=3).is_empty()

    def test_a_reason_given_once_is_no_cause(self) -> None:
        shop = reasons(("A", "defect", 1), ("B", "size_fit", 30))

        assert "A" not in likely_causes(shop, least_incidents=3)["sku"]
