"""Returns played through the service: the marts tell of every unit once, as the service itself holds it."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dock_stories import HELD, Stories, found, held
from house import House
from lines_by_hand import return_lines, volume_daily
from same_rows import assert_same_rows

from service.domain.events import Actor
from service.returns.schemas import ChoiceBody

Ask = Callable[[str], list[dict[str, Any]]]
Line = dict[str, Any]


@pytest.fixture(scope="module")
def stories(house: House) -> Stories:
    stories = Stories(house)
    stories.applied("waiting", 1, 1)

    stories.applied("split", 3).arrive()
    house.does("inspector", "inspections", **found(1, ("passed", 2, "A"), ("failed", 1, "C")))

    stories.applied("chain", 3).arrive(2)
    house.does("inspector", "inspections", **found(2, ("passed", 1, "B"), ("wrong_item", 1, None)))
    house.arrive(1)

    stories.applied("short", 3).arrive()
    house.does("inspector", "inspections", **found(1, ("short", 1, None), ("passed", 2, "A")))
    house.work()
    house.pays()

    stories.applied("surplus", 1).arrive(3)
    house.does("inspector", "inspections", **found(2, ("failed", 1, "B"), ("passed", 1, "A")))

    stories.applied("surprise", 1, 1).arrive()
    extra = [{"sku": "CHARGER", "quantity": 4, "grade": "B"}]
    house.does("inspector", "inspections", **found(1, ("passed", 1, "A"), unexpected=extra))

    stories.applied("mixed", 1, 1).arrive(3)
    house.does("inspector", "inspections", **found(3, ("failed", 1, "D"), ("passed", 1, "A")))
    choice = ChoiceBody(choice="dispose")
    house.retour.returns.choose(house.rma, 4, choice, Actor("customer"))

    stories.withdrawn("withdrawal", 2).arrive(1)
    return stories


@pytest.fixture(scope="module")
def ask(stories: Stories, refreshed: Callable[[], Ask]) -> Ask:
    return refreshed()


@pytest.fixture
def lines(ask: Ask, stories: Stories) -> Callable[[str], dict[int, Line]]:
    """A story's lines in the mart, by number."""

    def of(story: str) -> dict[int, Line]:
        rows = ask(f"select * from marts.return_lines where rma = '{stories.rmas[story]}'")
        return {row["line_no"]: row for row in rows}

    return of


Lines = Callable[[str], dict[int, Line]]


def values(line: Line, *names: str) -> tuple[Any, ...]:
    return tuple(line[name] for name in names)


class TestReturnLines:
    def test_every_line_is_as_the_service_holds_it(self, ask: Ask, house: House) -> None:
        told = ask("select * from marts.return_lines")

        assert sorted(values(row, *HELD) for row in told) == held(house)

    def test_every_line_is_as_its_events_tell(self, ask: Ask, house: House) -> None:
        told = ask("select * from marts.return_lines")

        log = list(house.retour.read_log(0, 10_000))
        assert_same_rows(told, return_lines(log), ("rma", "line_no"))

    def test_units_asked_for_are_there_once_and_what_else_came_beside_them(self, ask: Ask) -> None:
        by_kind = ask(
            """select is_declared, sum(quantity) as units from marts.return_lines
               group by is_declared order by is_declared"""
        )

        assert [values(row, "is_declared", "units") for row in by_kind] == [
            (False, 2 + 4 + 2),
            (True, 2 + 3 + 3 + 3 + 1 + 2 + 2 + 2),
        ]

    def test_a_return_of_which_nothing_came_yet_is_as_it_was_applied_for(
        self, lines: Lines
    ) -> None:
        told = lines("waiting")[2]

        assert values(told, "sku", "quantity", "value_minor", "currency") == ("POT", 1, 4900, "EUR")
        assert values(told, "reason", "grade", "outcome", "disposition") == (
            "defect",
            None,
            None,
            None,
        )
        assert values(told, "kind", "decision", "decision_mode") == (
            "return",
            "authorized",
            "rule",
        )

    def test_units_that_go_another_way_take_their_value_along(self, lines: Lines) -> None:
        assert [
            values(line, "root_line_no", "quantity", "value_minor", "outcome", "grade")
            for _, line in sorted(lines("split").items())
        ] == [(1, 1, 1290, "failed", "C"), (1, 2, 2580, "passed", "A")]

    def test_a_line_split_off_may_be_split_again(self, lines: Lines) -> None:
        told = lines("chain")

        assert {number: values(line, "quantity", "outcome") for number, line in told.items()} == {
            1: (1, None),
            2: (1, "wrong_item"),
            3: (1, "passed"),
        }
        assert {line["root_line_no"] for line in told.values()} == {1}
        assert sum(line["value_minor"] for line in told.values()) == 3 * 1290

    def test_what_was_found_and_paid_is_told_of_the_units_that_it_is_about(
        self, lines: Lines
    ) -> None:
        told = {line["outcome"]: line for line in lines("short").values()}

        assert values(told["passed"], "quantity", "disposition", "refund_minor") == (
            2,
            "restock",
            2580,
        )
        assert values(told["short"], "quantity", "disposition", "refund_minor") == (1, None, 0)

    def test_more_units_than_were_expected_are_a_line_that_nobody_declared(
        self, lines: Lines
    ) -> None:
        told = lines("surplus")

        assert values(told[1], "quantity", "is_declared", "value_minor") == (1, True, 1290)
        assert [
            values(told[number], "sku", "quantity", "is_declared", "value_minor", "outcome")
            for number in (2, 3)
        ] == [("MUG", 1, False, 0, "passed"), ("MUG", 1, False, 0, "failed")]
        assert values(told[2], "decision", "order_id", "reason") == (None, None, None)

    def test_what_lay_in_the_parcel_unasked_is_told_with_its_own_product(
        self, lines: Lines
    ) -> None:
        told = lines("surprise")

        assert values(told[3], "sku", "quantity", "outcome", "grade", "is_declared") == (
            "CHARGER",
            4,
            "unexpected",
            "B",
            False,
        )
        assert told[3]["found_sku"] is None

    def test_which_product_came_too_often_is_not_guessed_but_known_once_it_went_anywhere(
        self, lines: Lines
    ) -> None:
        told = lines("mixed")

        assert [
            values(told[number], "sku", "quantity", "outcome", "disposition") for number in (3, 4)
        ] == [(None, 1, "passed", None), ("MUG", 1, "failed", "recycle")]

    def test_a_withdrawal_has_lines_but_no_decision(self, lines: Lines) -> None:
        told = lines("withdrawal")

        assert {number: line["quantity"] for number, line in told.items()} == {1: 1, 2: 1}
        assert values(told[1], "kind", "decision", "reason") == ("withdrawal", None, None)


class TestCounts:
    def test_every_day_is_as_counted_by_hand(self, ask: Ask, house: House) -> None:
        days = ask("select * from marts.volume_daily")

        log = list(house.retour.read_log(0, 10_000))
        assert_same_rows(days, volume_daily(log, ZoneInfo("UTC")), ("day",))

    def test_a_day_counts_what_was_asked_back_however_it_was_split_and_whatever_else_came(
        self, ask: Ask
    ) -> None:
        (day,) = ask("select * from marts.volume_daily where returns_requested > 0")

        assert values(day, "returns_requested", "units_returned", "auto_decided") == (8, 18, 7)

    def test_a_products_week_counts_units_asked_back_once(self, ask: Ask) -> None:
        weeks = ask(
            """select sku, sum(units_returned) as units from marts.sku_weekly
               group by sku order by sku"""
        )

        assert [values(row, "sku", "units") for row in weeks] == [("MUG", 15), ("POT", 3)]

    def test_a_products_evidence_counts_them_once_too(self, ask: Ask) -> None:
        rows = ask("select sku, units_returned, incidents from intermediate.sku_evidence")

        assert {row["sku"]: values(row, "units_returned", "incidents") for row in rows} == {
            "MUG": (15, 8),
            "POT": (3, 3),
        }
