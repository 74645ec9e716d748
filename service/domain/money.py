"""What was paid for which units, in whole minor units (cents, fen): every split adds up to the last one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retour.currencies import decimals_of


@dataclass(frozen=True, slots=True)
class LinePrice:
    """A line as it was ordered; `discount_minor` is off the whole line."""

    quantity: int
    unit_price_minor: int
    discount_minor: int

    @property
    def goods_minor(self) -> int:
        """What the line costs before discounts on the whole order."""
        return self.quantity * self.unit_price_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class Paid:
    """What a customer paid for one line: for the goods, and its part of the outbound shipping."""

    goods_minor: int
    shipping_minor: int


def share_out(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights (none negative), by largest remainder; of equal ones the first.

    A weight of zero gets nothing, unless all are zero: then all are equal. Raises `ValueError` where there is
    an amount and nobody to take it.
    """
    if not weights and amount_minor:
        raise ValueError(f"{amount_minor} cannot be shared out among none")
    whole = sum(weights)
    if not whole:
        return share_out(amount_minor, [1] * len(weights)) if weights else []
    shares = [amount_minor * weight // whole for weight in weights]
    remainders = [amount_minor * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -remainders[place])
    for place in by_remainder[: amount_minor - sum(shares)]:
        shares[place] += 1
    return shares


def paid_per_line(
    lines: Mapping[int, LinePrice], order_discount_minor: int, shipping_minor: int
) -> dict[int, Paid]:
    """What each line of an order carries of it, by line number. Discount and shipping follow the goods' value.

    Raises `ValueError` where the discount on the order is more than its goods cost.
    """
    goods = [line.goods_minor for line in lines.values()]
    if order_discount_minor > sum(goods):
        raise ValueError(
            f"a discount of {order_discount_minor} on goods that cost {sum(goods)} in all"
        )
    discounts = share_out(order_discount_minor, goods)
    shipping = share_out(shipping_minor, goods)
    return {
        number: Paid(cost - discount, freight)
        for number, cost, discount, freight in zip(lines, goods, discounts, shipping, strict=True)
    }


def of_units(amount_minor: int, quantity: int, before: int, units: int) -> int:
    """What units `before + 1` to `before + units` of a line of `quantity` carry of its amount.

    Counted from the line's first unit, so that any split of the line adds up. Raises `ValueError` beyond it.
    """
    if before < 0 or units < 0 or before + units > quantity:
        raise ValueError(f"units {before + 1} to {before + units} of a line of {quantity}")
    if not units:
        return 0
    return amount_minor * (before + units) // quantity - amount_minor * before // quantity


def refund_amount(
    paid: Paid,
    quantity: int,
    before: int,
    units: int,
    fee_percent: int,
    with_shipping: bool,
    offer_percent: int = 100,
) -> int:
    """What goes back for units of a line: the offered percent of their goods, less the fee, with their shipping.

    Fractions are the customer's. Never more than was paid for these units, so for no split more than for the line.
    """
    goods_minor = of_units(paid.goods_minor, quantity, before, units)
    offered_minor = goods_minor - goods_minor * (100 - offer_percent) // 100
    fee_minor = offered_minor * fee_percent // 100
    shipping_minor = of_units(paid.shipping_minor, quantity, before, units) if with_shipping else 0
    return offered_minor - fee_minor + shipping_minor


def in_figures(amount_minor: int, currency: str) -> str:
    """An amount as records write it, such as `1,290.00 EUR`; a letter to a customer has its own way."""
    digits = decimals_of(currency)
    whole, fraction = divmod(amount_minor, 10**digits)
    decimals = f".{fraction:0{digits}}" if digits else ""
    return f"{whole:,}{decimals} {currency}"
