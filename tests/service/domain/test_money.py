from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.money import (
    LinePrice,
    Paid,
    in_figures,
    of_units,
    paid_per_line,
    refund_amount,
    share_out,
)

AMOUNTS = st.integers(0, 10**12)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=20)
PERCENT = st.integers(0, 100)


@st.composite
def orders(draw: st.DrawFn) -> tuple[dict[int, LinePrice], int, int]:
    """Lines, a discount on the whole order, and its shipping."""
    lines = {}
    for number in range(1, draw(st.integers(1, 6)) + 1):
        quantity, price = draw(st.integers(1, 9)), draw(st.integers(0, 10_000))
        lines[number] = LinePrice(quantity, price, draw(st.integers(0, quantity * price)))
    goods_minor = sum(line.goods_minor for line in lines.values())
    return lines, draw(st.integers(0, goods_minor)), draw(st.integers(0, 5000))


@st.composite
def splits(draw: st.DrawFn) -> tuple[int, list[int]]:
    """A quantity, and parts in which it comes back."""
    parts = draw(st.lists(st.integers(1, 5), min_size=1, max_size=8))
    return sum(parts), parts


class TestShareOut:
    @given(AMOUNTS, WEIGHTS)
    def test_it_gives_away_all_of_it_and_nobody_gets_a_whole_unit_too_much(
        self, amount: int, weights: Sequence[int]
    ) -> None:
        shares = share_out(amount, weights)

        assert sum(shares) == amount
        if whole := sum(weights):
            for share, weight in zip(shares, weights, strict=True):
                assert abs(share * whole - amount * weight) < whole

    @given(AMOUNTS, WEIGHTS)
    def test_who_weighs_nothing_gets_nothing_unless_nobody_weighs_anything(
        self, amount: int, weights: Sequence[int]
    ) -> None:
        shares = share_out(amount, weights)

        if any(weights):
            assert all(
                not share for share, weight in zip(shares, weights, strict=True) if not weight
            )
        else:
            assert max(shares) - min(shares) <= 1

    def test_of_equal_remainders_the_first_gets_the_last_cent(self) -> None:
        assert share_out(100, [1, 1, 1]) == [34, 33, 33]
        assert share_out(5, [1, 0, 1]) == [3, 0, 2]

    def test_an_amount_for_nobody_is_a_mistake_and_nothing_for_nobody_is_not(self) -> None:
        assert share_out(0, []) == []
        with pytest.raises(ValueError, match="among none"):
            share_out(1, [])


class TestPaidPerLine:
    @given(orders())
    def test_what_the_lines_carry_is_what_the_order_cost(
        self, order: tuple[dict[int, LinePrice], int, int]
    ) -> None:
        lines, discount_minor, shipping_minor = order

        paid = paid_per_line(lines, discount_minor, shipping_minor)

        goods_minor = sum(line.goods_minor for line in lines.values())
        assert sum(each.goods_minor for each in paid.values()) == goods_minor - discount_minor
        assert sum(each.shipping_minor for each in paid.values()) == shipping_minor
        for number, each in paid.items():
            assert 0 <= each.goods_minor <= lines[number].goods_minor

    def test_a_gift_carries_none_of_the_discount_and_none_of_the_shipping(self) -> None:
        lines = {1: LinePrice(2, 1000, 200), 2: LinePrice(1, 0, 0)}

        assert paid_per_line(lines, 300, 490) == {1: Paid(1500, 490), 2: Paid(0, 0)}

    def test_a_discount_of_more_than_the_goods_is_refused(self) -> None:
        with pytest.raises(ValueError, match="101 on goods that cost 100"):
            paid_per_line({1: LinePrice(1, 100, 0)}, 101, 0)


class TestOfUnits:
    @given(AMOUNTS, splits())
    def test_any_split_of_a_line_adds_up_to_the_last_cent(
        self, amount: int, split: tuple[int, list[int]]
    ) -> None:
        quantity, parts = split

        carried = [
            of_units(amount, quantity, sum(parts[:place]), units)
            for place, units in enumerate(parts)
        ]

        assert sum(carried) == amount
        assert all(each >= 0 for each in carried)

    @pytest.mark.parametrize(("before", "units"), [(0, 4), (3, 1), (-1, 1), (0, -1)])
    def test_units_beyond_the_line_are_a_mistake(self, before: int, units: int) -> None:
        with pytest.raises(ValueError, match="of a line of 3"):
            of_units(100, 3, before, units)


class TestRefundAmount:
    @given(orders(), st.data())
    def test_whole_orders_come_back_whole_in_any_parts_and_order(
        self, order: tuple[dict[int, LinePrice], int, int], data: st.DataObject
    ) -> None:
        lines, discount_minor, shipping_minor = order
        paid = paid_per_line(lines, discount_minor, shipping_minor)
        units = [number for number, line in lines.items() for _ in range(line.quantity)]
        back: dict[int, int] = dict.fromkeys(lines, 0)

        refunded = 0
        for number in data.draw(st.permutations(units)):
            refunded += refund_amount(
                paid[number], lines[number].quantity, back[number], 1, 0, True
            )
            back[number] += 1

        goods_minor = sum(line.goods_minor for line in lines.values())
        assert refunded == goods_minor - discount_minor + shipping_minor

    @given(
        st.builds(Paid, st.integers(0, 10_000), st.integers(0, 1000)),
        st.lists(st.tuples(st.integers(1, 5), PERCENT, PERCENT, st.booleans()), min_size=1),
    )
    def test_no_parts_with_whatever_fees_and_offers_come_to_more_than_was_paid(
        self, paid: Paid, parts: list[tuple[int, int, int, bool]]
    ) -> None:
        quantity = sum(units for units, *_ in parts)

        before, refunded = 0, 0
        for units, fee, offer, with_shipping in parts:
            amount = refund_amount(paid, quantity, before, units, fee, with_shipping, offer)
            assert amount >= 0
            before, refunded = before + units, refunded + amount

        assert refunded <= paid.goods_minor + paid.shipping_minor

    def test_fractions_are_the_customers(self) -> None:
        paid = Paid(999, 0)

        assert refund_amount(paid, 1, 0, 1, 10, False) == 999 - 99
        assert refund_amount(paid, 1, 0, 1, 0, False, offer_percent=50) == 500

    def test_nothing_offered_is_nothing_refunded_but_the_shipping(self) -> None:
        assert refund_amount(Paid(999, 490), 1, 0, 1, 10, True, offer_percent=0) == 490


class TestInFigures:
    @pytest.mark.parametrize(
        ("minor", "currency", "written"),
        [
            (129_000, "EUR", "1,290.00 EUR"),
            (5, "EUR", "0.05 EUR"),
            (75_000, "JPY", "75,000 JPY"),
            (1_234, "KWD", "1.234 KWD"),
            (1_290, "RSD", "12.90 RSD"),
            (1_290, "IQD", "1.290 IQD"),
        ],
    )
    def test_an_amount_has_its_currencys_decimals(
        self, minor: int, currency: str, written: str
    ) -> None:
        assert in_figures(minor, currency) == written
