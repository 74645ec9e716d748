from collections.abc import Iterator
from typing import Any

import pytest
from service_shop import PARCEL, Shop

from service.platform.fields import PATTERNS

LINE = {"line_no": 1, "sku": "MUG", "quantity": 1, "unit_price_minor": 1}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def errors(shop: Shop, **changed: Any) -> list[dict[str, str]]:
    answer = shop.put_order(**changed)
    assert answer.status_code == 422, answer.text
    found: list[dict[str, str]] = answer.json()["errors"]
    return found


class TestInWords:
    @pytest.mark.parametrize(
        ("changed", "field", "words"),
        [
            ({"colour": "red"}, "colour", "the fields here are customer, currency, country"),
            ({"lines": [{**LINE, "colour": "red"}]}, "lines[0].colour", "line_no, sku, quantity"),
            ({"currency": "euro"}, "currency", "such as EUR"),
            ({"currency": 7}, "currency", "in quotes"),
            ({"country": "Germany"}, "country", "such as DE"),
            ({"customer": ""}, "customer", "must not be empty"),
            ({"customer": "x" * 201}, "customer", "at most 200 characters"),
            ({"customer": "a\tb"}, "customer", "control characters"),
            ({"placed_at": "2026-02-20T09:00:00"}, "placed_at", "2026-03-02T09:30:00Z"),
            ({"placed_at": "yesterday"}, "placed_at", "2026-03-02T09:30:00Z"),
            ({"placed_at": "1066-10-14T00:00:00Z"}, "placed_at", "must lie between 1990-01-01"),
            ({"lines": []}, "lines", "at least 1, such as [{…}]"),
            ({"lines": [LINE] * 1001}, "lines", "at most 1,000; it holds 1,001"),
            ({"lines": {}}, "lines", "square brackets"),
            ({"lines": ["MUG"]}, "lines[0]", "a JSON object"),
            ({"lines": [LINE, {**LINE, "line_no": 2}, LINE]}, "lines[2].line_no", "of lines[0]"),
            ({"lines": [{"line_no": 1}]}, "lines[0].sku", "is missing"),
            ({"lines": [{**LINE, "quantity": "2"}]}, "lines[0].quantity", "without quotes"),
            ({"lines": [{**LINE, "quantity": 1.5}]}, "lines[0].quantity", "a whole number"),
            ({"lines": [{**LINE, "quantity": 0}]}, "lines[0].quantity", "must be 1 or more"),
            (
                {"lines": [{**LINE, "unit_price_minor": 10**13}]},
                "lines[0].unit_price_minor",
                "must be 1,000,000,000,000 or less",
            ),
            (
                {"lines": [{**LINE, "quantity": 2, "unit_price_minor": 10**12}]},
                "lines[0]",
                "quantity times unit_price_minor must be 1,000,000,000,000",
            ),
            ({"lines": [{**LINE, "discount_minor": 2}]}, "lines[0]", "discount_minor must be 1 or"),
            ({"discount_minor": 9000}, "body", "must be 8,770 or less: what the lines cost"),
            ({"email": "anna"}, "email", "such as anna@example.com"),
        ],
    )
    def test_what_is_wrong_is_said_with_its_place_and_the_right_form(
        self, shop: Shop, changed: dict[str, Any], field: str, words: str
    ) -> None:
        first = errors(shop, **changed)[0]

        assert first["field"] == field
        assert words in first["detail"]
        assert "Input should" not in first["detail"]
        assert "Value error" not in first["detail"]

    def test_an_unknown_reason_is_answered_with_the_known_ones(self, shop: Shop) -> None:
        line = {"line_no": 1, "quantity": 1, "reason": "it broke"}

        detail = shop.apply(lines=[line]).json()["detail"]

        assert "lines[0].reason: must be one of 'defect', 'damaged_in_transit'" in detail

    def test_a_mistyped_field_is_answered_with_the_known_ones_in_a_list_that_may_be_left_out_too(
        self, shop: Shop
    ) -> None:
        lines = [{"line_no": 1, "quantity": 1, "colour": "red"}]

        answer = shop.call("inspector", "POST", "/v1/parcels", json={"lines": lines})

        (error,) = answer.json()["errors"]
        assert error["field"] == "lines[0].colour"
        assert error["detail"] == "is not known; the fields here are line_no, quantity"

    def test_a_malformed_day_is_answered_with_the_right_form(self, shop: Shop) -> None:
        rma = shop.delivered().apply().json()["rma"]
        body = {"method": "pickup", "pickup_day": "Monday"}

        answer = shop.call("after_sales", "POST", f"/v1/returns/{rma}/shipment", json=body)

        assert answer.status_code == 422
        assert answer.json()["detail"] == (
            "pickup_day: must be a day of the calendar, such as 2026-03-02"
        )

    def test_every_pattern_that_the_description_tells_of_has_its_words(self, shop: Shop) -> None:
        described = shop.client.get("/openapi.json").json()

        patterns = set(_patterns(described))

        assert len(patterns) > 5
        assert patterns <= set(PATTERNS)

    def test_of_many_errors_the_sentence_says_how_many_more_there_are(self, shop: Shop) -> None:
        answer = shop.put_order(lines=[{"line_no": 1}, {"line_no": 2}, {"line_no": 3}])

        assert len(answer.json()["errors"]) == 9
        assert answer.json()["detail"].endswith("; and 4 more, in `errors`")

    def test_a_delivery_that_repeats_a_line_names_the_place(self, shop: Shop) -> None:
        answer = shop.put_parcel(lines=PARCEL["lines"] * 2)

        assert answer.json()["errors"][0]["field"] == "lines[1].line_no"


def _patterns(described: Any) -> Iterator[str]:
    """Every pattern of a text, wherever in the description it stands."""
    if isinstance(described, dict):
        if isinstance(pattern := described.get("pattern"), str):
            yield pattern
        described = list(described.values())
    if isinstance(described, list):
        for each in described:
            yield from _patterns(each)
