from typing import Any

import polars as pl
import pytest
from toy_products import Rows, monday

from models.products.culprits import SLICES, culprits, with_culprits

WEEKS = range(20)
CHANGED = 10


def slices(lot_of: Any, region_of: Any, came: Any) -> pl.DataFrame:
    """Forty order lines a week, half of them to each of two countries; `came` says how many come back."""
    rows: Rows = []
    for week in WEEKS:
        for place in (0, 1):
            lot, region = lot_of(week), region_of(place)
            rows.append(("A", monday(week), lot, region, "", 20, 0))
            rows.append(("A", monday(week), lot, region, "defect", 0, came(week, place)))
            rows.append(("A", monday(week), lot, region, "size_fit", 0, 5))  # another story
    return pl.DataFrame(rows, schema=SLICES, orient="row")


def found(of: pl.DataFrame) -> list[tuple[Any, ...]]:
    evidence = pl.DataFrame({"sku": ["A"], "stream": ["defect"], "since": [monday(CHANGED)]})
    a_line = pl.DataFrame(
        {
            "sku": ["A"] * len(WEEKS),
            "week_start": [monday(w) for w in WEEKS],
            "expected": [0.05] * len(WEEKS),
        }
    )
    return culprits(of, evidence, a_line).rows()


def batch(week: int) -> str:
    return f"L{week // 5}"


def country(place: int) -> str:
    return ("DE", "CN")[place]


class TestCulprits:
    def test_one_batch_that_is_bad_while_the_next_is_sound_is_named(self) -> None:
        of = slices(batch, country, lambda week, _: 6 if week // 5 == 2 else 1)

        assert found(of) == [("A", "lot", "L2")]

    def test_one_country_is_named_where_all_other_goods_are_sound(self) -> None:
        of = slices(batch, country, lambda week, place: 7 if week >= CHANGED and place else 1)

        assert found(of) == [("A", "region", "CN")]

    def test_what_is_bad_everywhere_since_its_change_has_no_culprit(self) -> None:
        of = slices(batch, country, lambda week, _: 5 if week >= CHANGED else 1)

        assert found(of) == []

    def test_what_nobody_told_is_no_value(self) -> None:
        of = slices(lambda _: "", lambda _: "", lambda week, _: 6 if week // 5 == 2 else 1)

        assert found(of) == []


def evidence(**probabilities: float) -> pl.DataFrame:
    number = len(probabilities)
    return pl.DataFrame(
        {
            "sku": list(probabilities),
            "probability": list(probabilities.values()),
            "of_family": [False] * number,
            "likely_cause": ["size_fit"] * number,
            "culprit_dimension": pl.Series([None] * number, dtype=pl.String),
            "culprit_value": pl.Series([None] * number, dtype=pl.String),
            "suggested_action": pl.Series([None] * number, dtype=pl.String),
        }
    )


def told(
    of: pl.DataFrame, products: Rows, batches: Rows | None = None
) -> dict[str, tuple[Any, ...]]:
    schema = {"sku": pl.String, "parent": pl.String, "vendor": pl.String}
    known = pl.DataFrame(products, schema=schema, orient="row")
    names = {"sku": pl.String, "culprit_dimension": pl.String, "culprit_value": pl.String}
    first = pl.DataFrame(batches or [], schema=names, orient="row")
    rows = with_culprits(of, first, known, 0.5)
    return {row[0]: row[4:] for row in rows.iter_rows()}


class TestWithCulprits:
    def test_a_problem_that_its_sisters_do_not_have_is_the_variants(self) -> None:
        products: Rows = [("S", "dress", None), ("M", "dress", None), ("lone", None, None)]

        said = told(evidence(S=0.9, M=0.1, lone=0.9), products)

        assert said["S"] == ("variant", "S", "size_note")
        assert said["M"] == (None, None, None)
        assert said["lone"] == (None, None, "size_note")

    def test_a_batch_says_more_than_a_variant(self) -> None:
        products: Rows = [("S", "dress", None), ("M", "dress", None)]

        said = told(evidence(S=0.9, M=0.1), products, [("S", "lot", "L2")])

        assert said["S"][:2] == ("lot", "L2")

    @pytest.mark.parametrize(("bad", "expected"), [(4, "vendor"), (2, None)])
    def test_a_vendor_is_named_where_problems_are_far_commoner_than_elsewhere(
        self, bad: int, expected: str | None
    ) -> None:
        names = [f"P{number:02}" for number in range(60)]
        products: Rows = [(sku, None, "acme" if n < 6 else "other") for n, sku in enumerate(names)]

        said = told(
            evidence(**{sku: 0.9 if n < bad else 0.1 for n, sku in enumerate(names)}), products
        )

        assert said["P00"][0] == expected
        assert said["P59"] == (None, None, None)

    def test_where_neither_cause_nor_culprit_is_known_it_proposes_nothing_but_to_look(self) -> None:
        weighed = evidence(A=0.9, B=0.9).with_columns(likely_cause=pl.lit(None, pl.String))
        products: Rows = [("A", None, None), ("B", None, None)]

        said = told(weighed, products, [("B", "lot", "L2")])

        assert said["A"] == (None, None, None)
        assert said["B"] == ("lot", "L2", "supplier_claim")
