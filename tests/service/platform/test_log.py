import contextlib
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rivals import append_many, flag, two_processes
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.application import Retour
from service.domain.events import (
    Actor,
    Event,
    Payload,
    ReturnClosed,
    UnknownEventType,
    payload_model,
)
from service.platform import log
from service.platform.db import Database

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def append(db: Database, *drafts: Event) -> log.Appended:
    with db.write() as connection:
        return log.append(connection, drafts, NOW)


class TestAppend:
    def test_numbers_are_dense_and_in_order(self, retour: Retour, db: Database) -> None:
        append(db, flag("a"), flag("b"))
        append(db, flag("c"))

        assert [(each.seq, each.subject) for each in retour.read_log(0, 10)] == [
            (1, "a"),
            (2, "b"),
            (3, "c"),
        ]
        assert retour.log_head() == 3

    def test_a_known_id_is_not_appended_again(self, retour: Retour, db: Database) -> None:
        event = flag("a")
        append(db, event)

        again = append(db, event, flag("b"))

        assert again == log.Appended(new=1, known=1)
        assert retour.log_head() == 2

    def test_the_same_id_twice_in_one_append_is_one_event(
        self, retour: Retour, db: Database
    ) -> None:
        event = flag("a")

        append(db, event, event)

        assert retour.log_head() == 1

    def test_a_known_id_with_another_content_stays_as_first_recorded_and_is_named(
        self, retour: Retour, db: Database
    ) -> None:
        event = flag("a")
        append(db, event)

        again = append(db, replace(event, data=ReturnClosed(rma="R1")))

        assert again == log.Appended(new=0, known=1, differing=(event.id,))
        (kept,) = retour.read_log(0, 10)
        assert kept.type == "sku.flagged"

    def test_a_failed_transaction_leaves_no_gap(self, retour: Retour, db: Database) -> None:
        append(db, flag("a"))
        with contextlib.suppress(ZeroDivisionError), db.write() as connection:
            log.append(connection, [flag("lost")], NOW)
            raise ZeroDivisionError
        append(db, flag("b"))

        assert [(each.seq, each.subject) for each in retour.read_log(0, 10)] == [
            (1, "a"),
            (2, "b"),
        ]

    def test_an_event_that_is_no_conclusion_cannot_enter_as_one(self, retour: Retour) -> None:
        event = replace(flag("a"), data=ReturnClosed(rma="R1"), actor=Actor("pipeline"))

        with pytest.raises(ValueError, match=r"return\.closed is not a conclusion"):
            retour.conclusions.append([event])

        assert retour.log_head() == 0

    def test_an_event_of_a_type_that_nobody_knows_is_refused(self, retour: Retour) -> None:
        class Rumour(Payload):
            type = "rumour.heard"
            family = "conclusion"

        with pytest.raises(UnknownEventType, match=r"rumour\.heard.*known are .*order\.placed"):
            retour.conclusions.append([replace(flag("a"), data=Rumour())])

        assert retour.log_head() == 0

    def test_a_payload_model_is_found_by_type_or_the_way_out_is_named(self) -> None:
        assert payload_model("return.closed") is ReturnClosed
        with pytest.raises(UnknownEventType, match="upgrade"):
            payload_model("return.teleported")


class TestOrder:
    @pytest.mark.slow
    def test_two_processes_append_at_full_speed_and_a_reader_sees_each_event_once_in_order(
        self, retour: Retour, database_url: str
    ) -> None:
        seen: list[tuple[int, str]] = []
        with two_processes(append_many, database_url, 200) as processes:
            is_over = False
            while not is_over:
                is_over = all(each.exitcode is not None for each in processes)
                position = seen[-1][0] if seen else 0
                seen.extend((each.seq, each.subject) for each in retour.read_log(position, 1000))

        assert [each.exitcode for each in processes] == [0, 0]
        assert [seq for seq, _ in seen] == list(range(1, 801))
        assert len({subject for _, subject in seen}) == 800

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    def test_a_second_append_waits_until_the_first_commits(
        self, retour: Retour, db: Database
    ) -> None:
        with ThreadPoolExecutor(1) as other:
            with db.write() as connection:
                log.append(connection, [flag("first")], NOW)
                second = other.submit(append, db, flag("second"))
                _wait_for_a_waiter(db)
                assert retour.read_log(0, 10) == []
            second.result(timeout=30)

        assert [each.subject for each in retour.read_log(0, 10)] == ["first", "second"]

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    def test_without_the_lock_two_appends_take_the_same_number_and_one_is_lost(
        self, db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(log, "take_turns", lambda *_: None)
        with ThreadPoolExecutor(1) as other:
            with db.write() as connection:
                log.append(connection, [flag("first")], NOW)
                second = other.submit(append, db, flag("second"))
                _wait_for_a_waiter(db)
            with pytest.raises(IntegrityError):
                second.result(timeout=30)

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    def test_numbers_drawn_from_a_sequence_would_let_a_reader_pass_an_event(
        self, retour: Retour, db: Database
    ) -> None:
        """Why `seq` is not a database sequence: the order of drawing is not the order of commits."""
        with db.write() as connection:
            connection.execute(text("create sequence drawn"))
        with db.write() as slow:
            _insert_drawn(slow, "slow")
            with db.write() as fast:
                _insert_drawn(fast, "fast")
            position = retour.read_log(0, 10)[-1].seq
        missed = retour.read_log(position, 10)

        assert (position, missed) == (2, [])
        assert [each.subject for each in retour.read_log(0, 10)] == ["slow", "fast"]

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_on_sqlite_nobody_else_can_begin_to_write_meanwhile(
        self, retour: Retour, db: Database
    ) -> None:
        with db.write() as connection:
            log.append(connection, [flag("first")], NOW)
            rival = sqlite3.connect(str(db.url.database), timeout=0)
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                rival.execute("begin immediate")
            rival.close()
            assert retour.read_log(0, 10) == []

        assert [each.subject for each in retour.read_log(0, 10)] == ["first"]


def _insert_drawn(connection: object, subject: str) -> None:
    row = log._row(flag(subject), 0)
    values = {name: getattr(row, name) for name in log._COLUMNS}
    values["seq"] = connection.execute(text("select nextval('drawn')")).scalar_one()  # type: ignore[attr-defined]
    connection.execute(log.events.insert(), values)  # type: ignore[attr-defined]


def _wait_for_a_waiter(db: Database) -> None:
    """Until another session waits for a lock that ours holds: asked, not slept for."""
    waiting = text("select count(*) from pg_locks where not granted and pid <> pg_backend_pid()")
    patience = threading.Event()
    for _ in range(3000):
        with db.read() as connection:
            if connection.execute(waiting).scalar_one():
                return
        patience.wait(0.01)
    pytest.fail("the second append did not wait")
