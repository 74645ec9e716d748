"""A category's profile is what was known at a place in the log, shrunken to the shop where little is."""

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from models.risk.profiles import MILLION, as_facts, profiles

COLUMNS = {
    "seq": pl.Int64(), "fact": pl.String(), "customer_key": pl.String(), "order_id": pl.String(), "rma": pl.String(),
    "sku": pl.String(), "word": pl.String(), "amount": pl.Int64(),
}  # fmt: skip
BAD, GOOD = ("bad", 3), ("good", 3)


def shop(*orders: tuple[str, str, str | None]) -> pl.DataFrame:
    """Facts of a dress of 60 and a mug of 10, and of orders: (customer, sku, what was found of its return, if it came back)."""
    rows: list[dict[str, Any]] = [
        {"seq": 1, "fact": "product", "sku": "DRESS", "word": "dresses", "amount": 6000},
        {"seq": 2, "fact": "product", "sku": "MUG", "word": "kitchen", "amount": 1000},
    ]
    for number, (customer, sku, found) in enumerate(orders, 1):
        seq, about = 10 * number, {"order_id": f"o{number}"}
        rows.append({"seq": seq, "fact": "order", "customer_key": customer, **about})
        rows.append({"seq": seq, "fact": "order_line", "sku": sku, **about})
        if found:
            rma = {"rma": f"r{number}", **about}
            rows.append({"seq": seq + 1, "fact": "return", "customer_key": customer, **rma})
            rows.append({"seq": seq + 1, "fact": "return_line", "sku": sku, **rma})
            rows.append({"seq": seq + 2, "fact": found, "rma": f"r{number}"})
    return pl.DataFrame(rows, schema=COLUMNS)


def profile(facts: pl.DataFrame, category: str, as_of_seq: int = 1 << 40) -> dict[str, Any]:
    return profiles(facts, [as_of_seq]).row(by_predicate=pl.col("category") == category, named=True)


def test_what_comes_back_more_and_is_abused_more_has_higher_rates() -> None:
    facts = shop(
        *[(f"c{i}", "DRESS", "bad" if i % 2 else "good") for i in range(200)],
        *[(f"k{i}", "MUG", "good" if i < 20 else None) for i in range(200)],
    )

    dresses, kitchen = profile(facts, "dresses"), profile(facts, "kitchen")

    assert kitchen["return_rate"] < 0.25 * MILLION < 0.8 * MILLION < dresses["return_rate"]
    assert kitchen["abuse_rate"] < 0.4 * MILLION < dresses["abuse_rate"] < 0.5 * MILLION
    assert (dresses["price"], kitchen["price"]) == (6000, 1000)


def test_whose_returns_were_bad_leans_to_what_they_buy_whatever_came_back() -> None:
    facts = shop(
        *[(f"c{i}", "DRESS", "good") for i in range(100)],
        *[(f"b{i}", "DRESS", "bad") for i in range(10)],
        *[(f"b{i}", "MUG", None) for i in range(10) for _ in range(9)],
    )

    assert profile(facts, "kitchen")["lean"] > 0.5 * MILLION
    assert profile(facts, "dresses")["lean"] < 0


def test_a_category_of_one_sale_says_hardly_more_than_the_shop() -> None:
    facts = shop(
        *[(f"c{i}", "DRESS", "bad" if i % 10 == 0 else None) for i in range(1000)],
        ("k", "MUG", "bad"),
    )

    assert profile(facts, "kitchen")["return_rate"] < 0.15 * MILLION


@given(
    st.lists(
        st.tuples(st.sampled_from("abcde"), st.sampled_from(["DRESS", "MUG"]), st.sampled_from(["bad", "good", None])),
        min_size=1, max_size=30,
    ),
    st.integers(0, 300),
)  # fmt: skip
def test_nothing_after_its_place_changes_it(
    orders: list[tuple[str, str, str | None]], as_of_seq: int
) -> None:
    facts = shop(*orders)
    before = facts.filter((pl.col("seq") <= as_of_seq) | (pl.col("fact") == "product"))

    assert profiles(facts, [as_of_seq]).equals(profiles(before, [as_of_seq]))


def test_it_stands_in_the_log_as_a_fact_a_figure() -> None:
    rows = as_facts(profiles(shop(("c", "DRESS", "bad")), [99]))

    assert set(rows["word"]) == {"return_rate", "abuse_rate", "lean", "price"}
    assert set(rows["seq"]) == {99}
    assert set(rows["token"]) == {"dresses"}
