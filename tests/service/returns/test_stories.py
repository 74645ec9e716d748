"""The transition table, walked over HTTP: every move that it has, and every one that it has not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from house import House
from real_postgres import lent_database
from stories import STORIES, a_house

from service.domain import lifecycle
from service.domain.events import Role
from service.domain.lifecycle import TRANSITIONS, Line, Transition, can, is_told_late
from service.returns import repository


class TestEveryMove:
    @pytest.mark.slow
    def test_the_stories_make_every_move_of_the_table(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        walked: set[Transition] = set()
        move = lifecycle.move

        def noting(line: Line, event: str, by: Role, variant: str | None = None) -> Line:
            moved = move(line, event, by, variant)
            walked.update(row for row in TRANSITIONS if row.fits(line, event, variant))
            return moved

        monkeypatch.setattr(lifecycle, "move", noting)
        for name, story in STORIES.items():
            with a_house(f"sqlite:///{tmp_path / name}.db", name) as house:
                story(house)

        assert [row for row in TRANSITIONS if row not in walked] == []

    @pytest.mark.slow
    @pytest.mark.parametrize("name", STORIES)
    def test_each_story_is_the_same_on_postgresql(self, name: str, postgres: str) -> None:
        with lent_database(postgres) as url, a_house(url, name) as house:
            STORIES[name](house)


Command = tuple[str, Role, str, str, str | None, dict[str, Any]]
# role of the key, role in the table, what is called, the event that it makes, its variant, the body
COMMANDS: tuple[Command, ...] = (
    ("storefront", "customer", "cancellation", "return.cancelled", None, {}),
    ("storefront", "customer", "shipment", "shipment.created", None, {"method": "drop_off"}),
    ("storefront", "customer", "answer", "evidence.received", None, {"answer": "Yes."}),
    *(
        (
            "storefront",
            "customer",
            "lines/1/choice",
            "choice.made",
            choice,
            {"choice": choice},
        )
        for choice in ("partial_refund", "send_back", "dispose", "accept")
    ),
    *(
        ("carrier", "carrier", "scans", "shipment.scanned", scan, {"scan": scan})
        for scan in ("picked_up", "in_transit", "delivered")
    ),
    ("carrier", "carrier", "pickup-failure", "pickup.failed", None, {"reason": "not_ready"}),
    (
        "reviewer",
        "reviewer",
        "decision",
        "return.authorized",
        None,
        {"decision": "authorize", "reason_code": "goodwill"},
    ),
    (
        "reviewer",
        "reviewer",
        "decision",
        "return.declined",
        None,
        {"decision": "decline", "reason_code": "misuse"},
    ),
    ("reviewer", "reviewer", "question", "evidence.requested", None, {"question": "Why?"}),
    ("reviewer", "reviewer", "keep", "line.keep_granted", None, {}),
    ("inspector", "inspector", "sent-back", "goods.sent_back", None, {}),
    ("after_sales", "after_sales", "loss", "shipment.loss_accepted", None, {}),
    *(
        (
            "inspector",
            "inspector",
            "inspections",
            "line.inspected",
            outcome,
            {
                "line_no": 1,
                "depth": "full",
                "findings": [{"outcome": outcome, "quantity": 1, "grade": "A"}],
            },
        )
        for outcome in ("passed", "failed", "short", "wrong_item", "empty", "unexpected")
    ),
)


def lines_of(house: House) -> list[Line]:
    with house.retour.context.db.read() as connection:
        rows = repository.rows_of(connection, house.rma)
        head = repository.find(connection, house.rma)
        assert head is not None
        return list(repository.lines_of(rows, head).values())


def is_taken_in_first(line: Line, event: str) -> bool:
    """An inspector who has the goods in hand need not have scanned them: a fact is never refused."""
    return event == "line.inspected" and line.reception in lifecycle.NOT_HERE


class TestNoOtherMove:
    @pytest.mark.slow
    @pytest.mark.parametrize("name", STORIES)
    def test_what_the_table_does_not_have_is_refused_and_changes_nothing(
        self, name: str, tmp_path: Path
    ) -> None:
        """Tried wherever a story comes by: before each of its steps, every command that is not possible there. A scan that is
        told late is noted, and changes nothing else.
        """
        with a_house(f"sqlite:///{tmp_path / 'retour.db'}", name) as house:
            tried = _trying_before_each_step(house)
            STORIES[name](house)
            tried()


def _trying_before_each_step(house: House) -> Callable[[], None]:
    seen: set[tuple[str | None, ...]] = set()
    does, wait, arrive = house.does, house.wait, house.arrive

    def try_all() -> None:
        lines = lines_of(house)
        where = tuple(
            state
            for line in lines
            for state in (line.authorization, line.reception, line.resolution)
        )
        if where not in seen:
            seen.add(where)
            for command in COMMANDS:
                _try(house, lines, command)

    def before(verb: Callable[..., Any]) -> Callable[..., Any]:
        def step(*words: Any, **more: Any) -> Any:
            if house.rma:
                try_all()
            return verb(*words, **more)

        return step

    house.does, house.wait, house.arrive = before(does), before(wait), before(arrive)  # type: ignore[method-assign]
    return try_all


def _try(house: House, lines: list[Line], command: Command) -> None:
    key, role, what, event, variant, body = command
    first = lines[:1] if what.startswith(("lines/1", "inspections")) else lines
    if any(can(line, event, role, variant) or is_taken_in_first(line, event) for line in first):
        return
    before = house.happened()

    answer = house.tries(key, what, **body)

    if event == "shipment.scanned" and any(is_told_late(line, body["scan"]) for line in first):
        assert answer.is_success, answer.text
        assert (lines_of(house), house.happened()) == (lines, [*before, event])
        return
    assert answer.status_code in (409, 422), (command, answer.text)
    assert house.happened() == before
