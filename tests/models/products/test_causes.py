import polars as pl

from models.products.causes import likely_causes

NO_PRODUCTS = pl.DataFrame(schema={"sku": pl.String, "category": pl.String})


def reasons(*given: tuple[str, str | None, int]) -> pl.DataFrame:
    rows = [(sku, reason) for sku, reason, times in given for _ in range(times)]
    return pl.DataFrame(rows, schema={"sku": pl.String, "reason": pl.String}, orient="row")


def shelves(**of: str) -> pl.DataFrame:
    return pl.DataFrame({"sku": list(of), "category": list(of.values())})


class TestLikelyCauses:
    def test_it_is_the_reason_given_more_often_than_elsewhere(self) -> None:
        shop = reasons(
            ("A", "size_fit", 12),
            ("A", "defect", 8),
            ("B", "size_fit", 60),
            ("B", "defect", 5),
        )

        causes = dict(likely_causes(shop, NO_PRODUCTS, least_incidents=3).iter_rows())

        assert causes["A"] == "defect"  # fewer than size_fit, but four times the usual share

    def test_what_is_usual_of_dresses_is_no_cause_of_a_dress(self) -> None:
        shop = reasons(
            ("dress", "size_fit", 30),
            ("dress", "defect", 6),
            ("gown", "size_fit", 60),
            ("gown", "defect", 2),
            ("mug", "damaged_in_transit", 500),
        )

        causes = dict(
            likely_causes(
                shop, shelves(dress="dresses", gown="dresses", mug="kitchen"), least_incidents=3
            ).iter_rows()
        )

        assert causes["dress"] == "defect"

    def test_a_shop_that_gives_no_reasons_has_no_causes(self) -> None:
        assert likely_causes(reasons(("A", None, 9)), NO_PRODUCTS, least_incidents=3).is_empty()

    def test_a_reason_given_once_is_no_cause(self) -> None:
        shop = reasons(("A", "defect", 1), ("B", "size_fit", 30))

        assert "A" not in likely_causes(shop, NO_PRODUCTS, least_incidents=3)["sku"]
