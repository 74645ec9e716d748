import polars as pl
import pytest

from pipelines.lake.tables import tables
from pipelines.quality import suites
from pipelines.quality.suites import EVENTS, Expectation, Measure, fingerprint, suite


class TestSuites:
    def test_every_field_that_must_be_there_is_expected_to_be(self) -> None:
        for name, table in tables().items():
            required = {column.name for column in table.fields if column.is_required}
            assert {each.column for each in suite(name) if each.rule == "not_null"} == required

    def test_bounds_are_those_of_the_payload_models(self) -> None:
        assert Expectation("order_placed_lines", "quantity", "between", 1, 1_000_000_000) in suite(
            "order_placed_lines"
        )
        assert Expectation("order_placed_lines", "unit_price_minor", "between", 0, 10**12) in suite(
            "order_placed_lines"
        )
        assert Expectation("order_placed", "currency", "matches", pattern="^[A-Z]{3}$") in suite(
            "order_placed"
        )

    def test_a_line_number_must_not_occur_twice_in_one_event(self) -> None:
        for name, table in tables().items():
            has_numbers = any(column.name == "line_no" for column in table.fields)
            rules = {each.rule for each in suite(name)}
            assert ("unique_together" in rules) == (has_numbers and table.item_field is not None)

    @pytest.mark.parametrize(
        ("expectation", "words"),
        [
            (Expectation("t", "c", "not_null"), "t.c must not be null"),
            (Expectation("t", "c", "between", 1, 5), "t.c must be at least 1 and at most 5"),
            (Expectation("t", "c", "between", 1), "t.c must be at least 1"),
            (Expectation("t", "c", "between", 0, 0), "t.c must be 0"),
            (Expectation("t", "c", "in_set", choices=("a", "b")), "t.c must be one of a, b"),
            (Expectation("t", "c", "matches", pattern="^x$"), "t.c must match ^x$"),
            (Expectation("t", "c", "unique"), "t.c must not occur twice"),
            (Expectation("t", "c", "increasing"), "t.c must increase from event to event"),
        ],
    )
    def test_an_expectation_says_in_words_what_it_asks(
        self, expectation: Expectation, words: str
    ) -> None:
        assert expectation.description == words

    def test_the_fingerprint_is_stable_and_follows_a_change(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = fingerprint()
        assert fingerprint() == before
        further = Measure(EVENTS, "further", lambda frames: pl.DataFrame(), at_most=1)
        monkeypatch.setattr(suites, "MEASURES", (*suites.MEASURES, further))
        suite.cache_clear()
        assert fingerprint() != before
        monkeypatch.undo()
        suite.cache_clear()
        assert fingerprint() == before
