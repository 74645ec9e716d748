import pytest
from pydantic import ValidationError

from service.domain.events import OrderLine, OrderPlaced

LINE = OrderLine(line_no=1, sku="MUG", quantity=2, unit_price_minor=500, discount_minor=100)
BEFORE_DISCOUNTS = """{"order_id":"A-1","customer_key":null,"currency":"EUR","country":null,
    "lines":[{"line_no":1,"sku":"MUG","quantity":2,"unit_price_minor":500}]}"""


def placed(**changed: object) -> OrderPlaced:
    said = {"order_id": "A-1", "customer_key": None, "currency": "EUR", "country": None}
    return OrderPlaced.model_validate({**said, "lines": [LINE], **changed})


class TestOrderPlaced:
    def test_one_that_was_written_before_discounts_were_known_had_none(self) -> None:
        read = OrderPlaced.model_validate_json(BEFORE_DISCOUNTS)

        assert (read.discount_minor, read.shipping_minor) == (0, 0)
        assert (read.lines[0].discount_minor, read.lines[0].exclusion) == (0, None)

    def test_all_that_the_lines_cost_may_be_off_and_no_more(self) -> None:
        assert placed(discount_minor=900).lines[0].net_minor == 900

        with pytest.raises(ValidationError, match="more than the lines cost"):
            placed(discount_minor=901)

    def test_no_line_costs_less_than_nothing(self) -> None:
        with pytest.raises(ValidationError, match="more than quantity times unit_price_minor"):
            LINE.model_validate({**LINE.model_dump(), "discount_minor": 1001})
