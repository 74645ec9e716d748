import logging
import multiprocessing
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rivals import own_retour, two_processes
from service_shop import Shop
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from workers import fail, in_thread, note, noted, put, work_off, work_until_killed

from service.application import Retour
from service.orders import repository as orders
from service.platform import jobs
from service.platform.clock import VirtualClock
from service.platform.db import Database, OpenTransaction
from service.platform.jobs import TRIES, ClaimedJob, Hopeless, Job
from service.platform.unit import Transaction
from service.worker import Effect, Handler, Transactional, Worker, workers_apart

MINUTE = timedelta(minutes=1)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def live(database_url: str, db: Database) -> Iterator[Retour]:
    """The application by the real clock, with connections of its own."""
    retour = own_retour(database_url)
    yield retour
    retour.context.db.dispose()


def worker(retour: Retour, **handlers: Handler) -> Worker:
    return Worker(retour.context, {"note": Transactional(note), **handlers}, lease=MINUTE)


class TestRunDue:
    def test_nothing_runs_before_its_time_and_everything_at_it(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        put(retour, *(Job("note", f"R{wait}", clock.now() + wait * MINUTE) for wait in (2, 1, 0)))

        assert worker(retour).run_due() == 1
        clock.move_to(clock.now() + 2 * MINUTE - timedelta(microseconds=1))
        assert worker(retour).run_due() == 1
        clock.move_to(clock.now() + timedelta(microseconds=1))
        assert worker(retour).run_due() == 1

        assert noted(retour) == ["R0", "R1", "R2"]
        assert retour.jobs.entries() == []

    def test_what_a_job_makes_due_is_done_in_the_same_run_and_a_limit_stops_it(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        def put_another(transaction: Transaction, job: ClaimedJob) -> None:
            follower = Job("note", f"after {job.subject}", transaction.now)
            jobs.put(transaction.connection, follower, retour.context.ids, transaction.now)

        put(retour, Job("first", "R1", clock.now()), Job("first", "R2", clock.now()))
        both = worker(retour, first=Transactional(put_another))

        assert both.run_due(limit=3) == 3
        assert both.run_due() == 1
        assert sorted(noted(retour)) == ["after R1", "after R2"]

    def test_catching_up_does_all_of_it_and_tells_when_the_next_is_due(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        def put_two(transaction: Transaction, job: ClaimedJob) -> None:
            for wait in (0, 3):
                follower = Job("note", f"R{wait}", transaction.now + wait * MINUTE)
                jobs.put(transaction.connection, follower, retour.context.ids, transaction.now)

        put(retour, Job("first", "R1", clock.now()), Job("note", "R2", clock.now()))
        both = worker(retour, first=Transactional(put_two))

        assert both.catch_up() == clock.now() + 3 * MINUTE
        assert sorted(noted(retour)) == ["R0", "R2"]
        clock.move_to(clock.now() + 3 * MINUTE)
        assert both.catch_up() is None
        assert sorted(noted(retour)) == ["R0", "R2", "R3"]

    def test_a_deadline_may_put_itself_again_under_its_key(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        def warn_again(transaction: Transaction, job: ClaimedJob) -> None:
            note(transaction, job)
            again = Job("warn", job.subject, transaction.now + MINUTE, key=job.key)
            jobs.put(transaction.connection, again, retour.context.ids, transaction.now)

        put(retour, Job("warn", "R1", clock.now(), key="warn:R1"))
        both = worker(retour, warn=Transactional(warn_again))

        assert both.run_due() == 1
        assert both.next_due() == clock.now() + MINUTE
        clock.move_to(clock.now() + MINUTE)
        assert both.run_due() == 1
        assert noted(retour) == ["R1", "R1"]

    def test_a_deadline_may_withdraw_itself_and_still_count(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        def close(transaction: Transaction, job: ClaimedJob) -> None:
            note(transaction, job)
            jobs.withdraw(transaction.connection, "close:R1")

        put(retour, Job("close", "R1", clock.now(), key="close:R1"))
        worker(retour, close=Transactional(close)).run_due()

        assert noted(retour) == ["R1"]
        assert retour.jobs.entries() == []


class TestFailure:
    def test_a_failing_job_leaves_nothing_behind_and_its_neighbours_go_on(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        def write_then_fail(transaction: Transaction, job: ClaimedJob) -> None:
            note(transaction, job)
            jobs.put(
                transaction.connection,
                Job("note", "lost", clock.now()),
                retour.context.ids,
                clock.now(),
            )
            fail()

        put(retour, Job("bad", "R1", clock.now() - MINUTE), Job("note", "R2", clock.now()))
        worker(retour, bad=Transactional(write_then_fail)).run_due()

        assert noted(retour) == ["R2"]
        assert [each.subject for each in retour.jobs.entries()] == ["R1"]

    def test_it_leaves_nothing_behind_in_a_transaction_that_many_commands_share_either(
        self, retour: Retour, clock: VirtualClock, db: Database
    ) -> None:
        def write_then_fail(transaction: Transaction, job: ClaimedJob) -> None:
            lost = Job("note", "lost", transaction.now)
            jobs.put(transaction.connection, lost, retour.context.ids, transaction.now)
            fail()

        with db.write() as connection:
            context = replace(retour.context, db=OpenTransaction(db, connection))
            with context.transaction() as transaction:
                for job in (Job("bad", "R1", clock.now()), Job("note", "R2", clock.now())):
                    jobs.put(transaction.connection, job, context.ids, clock.now())
            handlers = {"bad": Transactional(write_then_fail), "note": Transactional(note)}
            Worker(context, handlers).run_due()

        assert noted(retour) == ["R2"]
        assert [(each.subject, each.attempts) for each in retour.jobs.entries()] == [("R1", 1)]

    @pytest.mark.parametrize("handler", [Transactional(fail), Effect(fail)])
    def test_pauses_grow_fourfold_and_after_the_last_try_the_job_is_parked_with_its_error(
        self, retour: Retour, clock: VirtualClock, handler: Handler
    ) -> None:
        put(retour, Job("bad", "R1", clock.now()))
        both = worker(retour, bad=handler)
        pauses = []
        while due := both.next_due():
            pauses.append((due - clock.now()).total_seconds())
            clock.move_to(due)
            assert both.run_due() == 1

        assert pauses == [0, 15, 60, 240, 960, 3840, 15360, 61440]
        (parked,) = retour.jobs.entries(only_parked=True)
        assert parked.attempts == TRIES == len(pauses)
        assert parked.last_error is not None
        assert parked.last_error.startswith("ZeroDivisionError in workers.py, line ")

    def test_neither_job_nor_log_holds_a_message_that_others_wrote(
        self, retour: Retour, clock: VirtualClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        put(retour, Job("bad", "R1", clock.now()))

        with caplog.at_level(logging.INFO, logger="retour.worker"):
            worker(retour, bad=Effect(fail)).run_due()

        assert "ZeroDivisionError" in caplog.text
        assert "anna" not in caplog.text
        assert "anna" not in repr(retour.jobs.entries())

    def test_where_trying_again_cannot_help_the_job_is_parked_at_once(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        def give_up(_: ClaimedJob) -> None:
            raise Hopeless("the address is none")

        put(retour, Job("bad", "R1", clock.now()))
        worker(retour, bad=Effect(give_up)).run_due()

        (parked,) = retour.jobs.entries(only_parked=True)
        assert (parked.attempts, parked.last_error) == (1, "Hopeless: the address is none")

    def test_a_kind_that_nobody_knows_is_parked_with_the_way_out_and_done_once_somebody_does(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        put(retour, Job("teleport", "R1", clock.now()))
        worker(retour).run_due()

        (parked,) = retour.jobs.entries(only_parked=True)
        assert parked.last_error is not None
        assert "kind 'teleport'; start a worker of the version" in parked.last_error

        retour.jobs.retry_all()
        worker(retour, teleport=Transactional(note)).run_due()
        assert noted(retour) == ["R1"]

    def test_a_job_that_ended_its_worker_at_every_try_is_parked_untouched(
        self, retour: Retour, db: Database, clock: VirtualClock
    ) -> None:
        put(retour, Job("note", "R1", clock.now()))
        for _ in range(TRIES):
            with db.write() as connection:
                assert jobs.claim(connection, clock.now(), MINUTE)
            clock.move_to(clock.now() + MINUTE)

        worker(retour).run_due()

        (parked,) = retour.jobs.entries(only_parked=True)
        assert parked.last_error == "Hopeless: its worker ended in the middle of it, 8 times"
        assert noted(retour) == []

    def test_poisoned_jobs_that_are_always_due_starve_nobody(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        put(retour, *(Job("bad", f"bad {n}", clock.now() - MINUTE) for n in range(5)))
        both = worker(retour, bad=Effect(fail))
        for turn in range(5):
            put(retour, Job("note", f"R{turn}", clock.now()))
            clock.move_to(clock.now() + 20 * MINUTE)
            both.run_due(limit=6)

        assert noted(retour) == [f"R{turn}" for turn in range(5)]


class TestSeveralWorkers:
    def test_two_processes_do_each_of_two_hundred_jobs_once(
        self, retour: Retour, clock: VirtualClock, database_url: str
    ) -> None:
        wanted = [f"R{number}" for number in range(100)]
        for kind in ("note", "effect"):
            put(retour, *(Job(kind, subject, clock.now()) for subject in wanted))
        effects = multiprocessing.get_context("spawn").Queue()

        with two_processes(work_off, database_url, effects) as processes:
            done = [effects.get(timeout=60) for _ in wanted]

        assert [each.exitcode for each in processes] == [0, 0]
        assert sorted(noted(retour)) == sorted(wanted)
        assert sorted(subject for _, subject in done) == sorted(wanted)
        assert {number for number, _ in done} == {0, 1}
        assert effects.empty()
        assert retour.jobs.entries() == []

    @pytest.mark.parametrize("is_effect", [False, True])
    def test_the_job_of_a_killed_worker_is_done_by_another_after_its_lease(
        self, retour: Retour, clock: VirtualClock, db: Database, database_url: str, is_effect: bool
    ) -> None:
        put(retour, Job("note", "R1", clock.now()))
        spawn = multiprocessing.get_context("spawn")
        in_hand = spawn.Queue()
        victim = spawn.Process(
            target=work_until_killed, args=(database_url, clock.now(), is_effect, in_hand)
        )
        victim.start()
        assert in_hand.get(timeout=60) == "R1"
        victim.kill()
        victim.join()
        _wait_until_alone(db)

        assert worker(retour).run_due() == 0
        clock.move_to(clock.now() + MINUTE)
        assert worker(retour).run_due() == 1

        assert noted(retour) == ["R1"]
        assert retour.jobs.entries() == []

    @POSTGRESQL
    def test_a_transactional_job_whose_worker_outlives_its_lease_is_not_begun_by_another(
        self, retour: Retour, clock: VirtualClock, database_url: str
    ) -> None:
        later = own_retour(database_url, clock.now() + 2 * MINUTE)

        def outlive_the_lease(transaction: Transaction, job: ClaimedJob) -> None:
            note(transaction, job)
            assert (
                worker(later, slow=Transactional(note)).run_due() == 1
            )  # it took the job over, and left it alone

        put(retour, Job("slow", "R1", clock.now()))
        worker(retour, slow=Transactional(outlive_the_lease)).run_due()
        later.context.db.dispose()

        assert noted(retour) == ["R1"]
        assert retour.jobs.entries() == []

    @POSTGRESQL
    def test_a_command_that_moves_a_deadline_and_the_worker_that_is_at_it_do_not_block_each_other(
        self, shop: Shop, retour: Retour, clock: VirtualClock, db: Database
    ) -> None:
        shop.delivered()
        put(retour, Job("decide", "A-1", clock.now(), key="decide:A-1"))
        moved = Job("decide", "A-1", clock.now() + MINUTE, key="decide:A-1")

        def lock_first(transaction: Transaction, job: ClaimedJob) -> None:
            orders.lock(transaction.connection, job.subject)

        with db.write() as connection:
            orders.lock(connection, "A-1")
            busy = in_thread(worker(retour, decide=Transactional(lock_first)).run_due)
            _wait_for_a_waiter(db)
            jobs.put(connection, moved, retour.context.ids, clock.now())
        busy.join(60)

        (kept,) = retour.jobs.entries()
        assert (kept.due_at, kept.attempts, kept.last_error) == (moved.due_at, 0, None)


@dataclass(frozen=True)
class Running:
    """A worker in a thread."""

    stop: threading.Event
    thread: threading.Thread

    def end(self) -> None:
        self.stop.set()
        self.thread.join(60)
        assert not self.thread.is_alive()


class TestRunForever:
    @pytest.fixture
    def running(self, live: Retour) -> Iterator[Callable[..., Running]]:
        """Starts workers in threads of their own; none of them outlives the test."""
        started: list[Running] = []

        def start(**handlers: Handler) -> Running:
            stop = threading.Event()
            thread = in_thread(lambda: worker(live, **handlers).run_forever(stop))
            started.append(Running(stop, thread))
            return started[-1]

        yield start
        for each in started:
            each.end()

    def test_it_wakes_when_a_job_becomes_due_and_not_before(
        self, live: Retour, running: Callable[..., Running]
    ) -> None:
        told: queue.Queue[datetime] = queue.Queue()
        due_at = live.context.clock.now() + timedelta(seconds=0.3)
        put(live, Job("tell", "R1", due_at))

        running(tell=Effect(lambda _: told.put(live.context.clock.now())))

        assert due_at <= told.get(timeout=60) < due_at + timedelta(seconds=30)

    def test_stopped_in_the_middle_of_a_job_it_finishes_that_one_and_begins_no_other(
        self, live: Retour, running: Callable[..., Running]
    ) -> None:
        begun, may_end = threading.Event(), threading.Event()

        def wait_in_the_middle(_: ClaimedJob) -> None:
            begun.set()
            may_end.wait(60)

        put(live, *(Job("slow", subject, live.context.clock.now()) for subject in ("R1", "R2")))
        worker = running(slow=Effect(wait_in_the_middle))
        assert begun.wait(60)
        worker.stop.set()
        may_end.set()
        worker.end()

        (left,) = live.jobs.entries()
        assert left.attempts == 0

    @SQLITE
    def test_a_database_that_is_away_is_waited_for(
        self,
        live: Retour,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        running: Callable[..., Running],
    ) -> None:
        is_away = threading.Event()
        is_away.set()
        look = jobs.is_due

        asked: list[object] = []

        def is_due(connection: Any, *about: Any) -> Any:
            asked.append(connection)
            if is_away.is_set():
                raise OperationalError("select", {}, Exception("anna@example.com"))
            return look(connection, *about)

        monkeypatch.setattr(jobs, "is_due", is_due)
        monkeypatch.setattr("service.worker.POLL_SECONDS", 0.01)
        with caplog.at_level(logging.ERROR, logger="retour.worker"):
            running()
            _wait_until(lambda: "the database does not answer (OperationalError" in caplog.text)
            _wait_until(lambda: len(asked) > 5)
            assert len(caplog.records) == 1
        is_away.clear()
        put(live, Job("note", "R1", live.context.clock.now()))

        _wait_until(lambda: noted(live) == ["R1"])
        assert "anna" not in caplog.text


class TestWorkersApart:
    def test_each_does_what_waits_for_the_same_and_one_does_all_the_rest(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        done: list[str] = []
        tell = Effect(lambda job: done.append(job.kind), "mail")
        pay = Effect(lambda job: done.append(job.kind), "payments")
        kinds = ("note", "letter", "pay", "ask", "reminder", "unknown")
        put(retour, *(Job(kind, "R1", clock.now()) for kind in kinds))
        handlers = {
            "letter": tell,
            "reminder": tell,
            "pay": pay,
            "ask": pay,
            "note": Transactional(note),
        }

        rest, *apart = workers_apart(retour.context, handlers)

        assert [each.run_due() for each in apart] == [2, 2]
        assert sorted(done[:2]) == ["letter", "reminder"]
        assert sorted(done[2:]) == ["ask", "pay"]
        assert noted(retour) == []
        assert rest.run_due() == 2
        assert noted(retour) == ["R1"]
        assert [each.kind for each in retour.jobs.entries(only_parked=True)] == ["unknown"]


KEYS = st.sampled_from(["a", "b", "c"])
STEPS = st.one_of(
    st.tuples(st.just("put"), KEYS, st.integers(0, 20)),
    st.tuples(st.just("withdraw"), KEYS, st.just(0)),
    st.tuples(st.just("run"), st.just(""), st.integers(0, 10)),
)


class TestSequences:
    @given(steps=st.lists(STEPS, max_size=25))
    @settings(
        max_examples=60,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    def test_a_key_has_one_job_and_it_runs_at_its_last_word_only(
        self, retour: Retour, clock: VirtualClock, steps: list[tuple[str, str, int]]
    ) -> None:
        ran: list[str] = []
        both = worker(retour, tell=Effect(lambda job: ran.append(job.subject)))
        expected: dict[str, Any] = {}
        _forget_all(retour)

        for number, (what, key, minutes) in enumerate(steps):
            ran.clear()
            if what == "put":
                expected[key] = (clock.now() + minutes * MINUTE, f"{key}{number}")
                put(retour, Job("tell", f"{key}{number}", expected[key][0], key=key))
            elif what == "withdraw":
                expected.pop(key, None)
                with retour.context.transaction() as transaction:
                    jobs.withdraw(transaction.connection, key)
            else:
                clock.move_to(clock.now() + minutes * MINUTE)
                both.run_due()
                due = {each for each in expected.items() if each[1][0] <= clock.now()}
                assert sorted(ran) == sorted(subject for _, (_, subject) in due)
                expected = dict(expected.items() - due)
            kept = {each.key: (each.due_at, each.subject) for each in retour.jobs.entries()}
            assert kept == expected
            assert both.next_due() == min((due for due, _ in expected.values()), default=None)


def _forget_all(retour: Retour) -> None:
    with retour.context.transaction() as transaction:
        transaction.connection.execute(jobs.jobs.delete())


def _wait_until(is_so: Callable[[], bool]) -> None:
    """Asked again and again, not slept for."""
    patience = threading.Event()
    for _ in range(6000):
        if is_so():
            return
        patience.wait(0.01)
    pytest.fail("it did not come to that within a minute")


def _wait_until_alone(db: Database) -> None:
    """PostgreSQL ends the transaction of a killed client when it notices; SQLite's ended with the process."""
    if not db.is_sqlite:
        _wait_until(lambda: _count(db, _OTHERS) == 0)


def _wait_for_a_waiter(db: Database) -> None:
    _wait_until(lambda: _count(db, _WAITERS) > 0)


_OTHERS = """select count(*) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"""
_WAITERS = "select count(*) from pg_locks where not granted and pid <> pg_backend_pid()"


def _count(db: Database, query: str) -> int:
    with db.read() as connection:
        return int(connection.execute(text(query)).scalar_one())
