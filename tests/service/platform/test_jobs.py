import contextlib
from datetime import timedelta

import pytest
from workers import put

from service.application import Retour
from service.platform import jobs
from service.platform.clock import VirtualClock
from service.platform.db import Database
from service.platform.jobs import ClaimedJob, Job, JobEntry, NothingToRetry, UnknownJob

MINUTE = timedelta(minutes=1)


@pytest.fixture
def job(clock: VirtualClock) -> Job:
    return Job("remind", "R1", clock.now() + MINUTE, {"text": "提醒", "turn": 1}, key="remind:R1")


def only(retour: Retour) -> JobEntry:
    (entry,) = retour.jobs.entries()
    return entry


def claim(db: Database, clock: VirtualClock, lease: timedelta = MINUTE) -> ClaimedJob | None:
    with db.write() as connection:
        return jobs.claim(connection, clock.now(), lease)


class TestPut:
    def test_what_was_put_is_what_is_claimed_once_it_is_due(
        self, retour: Retour, db: Database, clock: VirtualClock, job: Job
    ) -> None:
        put(retour, job)
        assert claim(db, clock) is None
        clock.move_to(job.due_at)

        claimed = claim(db, clock)

        assert claimed is not None
        assert (claimed.kind, claimed.key, claimed.subject) == ("remind", "remind:R1", "R1")
        assert claimed.payload == {"text": "提醒", "turn": 1}
        assert (claimed.due_at, claimed.attempt) == (job.due_at, 1)

    def test_a_key_moves_its_job(self, retour: Retour, clock: VirtualClock, job: Job) -> None:
        later = Job("remind", "R2", clock.now() + 5 * MINUTE, key=job.key)

        put(retour, job, later)

        assert (only(retour).subject, only(retour).due_at) == ("R2", later.due_at)

    def test_jobs_without_a_key_stand_beside_each_other(
        self, retour: Retour, clock: VirtualClock
    ) -> None:
        put(retour, *[Job("mail", "R1", clock.now())] * 2)

        assert len(retour.jobs.entries()) == 2

    def test_jobs_put_in_turn_are_taken_in_that_order(
        self, retour: Retour, db: Database, clock: VirtualClock
    ) -> None:
        subjects = [f"R{number}" for number in range(12)]
        in_turn = [Job("mail", each, clock.now()) for each in subjects]
        with db.write() as connection:
            jobs.put_in_turn(connection, in_turn, retour.context.ids, clock.now())

        claimed = [claim(db, clock) for _ in subjects]

        assert [each.subject for each in claimed if each] == subjects

    def test_a_job_of_a_transaction_that_fails_was_never_put(
        self, retour: Retour, clock: VirtualClock, job: Job
    ) -> None:
        with contextlib.suppress(ZeroDivisionError), retour.context.transaction() as transaction:
            jobs.put(transaction.connection, job, retour.context.ids, clock.now())
            raise ZeroDivisionError

        assert retour.jobs.entries() == []

    def test_a_withdrawn_deadline_is_gone_and_withdrawing_it_again_harms_nothing(
        self, retour: Retour, db: Database, job: Job, clock: VirtualClock
    ) -> None:
        other = Job("remind", "R2", clock.now(), key="remind:R2")
        put(retour, job, other)

        for _ in range(2):
            with db.write() as connection:
                jobs.withdraw(connection, "remind:R1")

        assert only(retour).subject == "R2"


class TestClaim:
    def test_the_job_due_longest_comes_first_and_nobody_else_gets_it_within_its_lease(
        self, retour: Retour, db: Database, clock: VirtualClock
    ) -> None:
        put(retour, *(Job("mail", f"R{ago}", clock.now() - ago * MINUTE) for ago in (1, 3, 2)))

        taken = [claim(db, clock) for _ in range(4)]

        assert [each and each.subject for each in taken] == ["R3", "R2", "R1", None]

    def test_a_lease_that_ran_out_gives_the_job_to_the_next_one(
        self, retour: Retour, db: Database, clock: VirtualClock
    ) -> None:
        put(retour, Job("mail", "R1", clock.now()))
        first = claim(db, clock)
        clock.move_to(clock.now() + MINUTE)

        second = claim(db, clock)

        assert first is not None
        assert second is not None
        assert (first.job_id, first.attempt) == (second.job_id, 1)
        assert second.attempt == 2

    def test_who_lost_the_lease_cannot_fail_the_job_of_the_next_one(
        self, retour: Retour, db: Database, clock: VirtualClock
    ) -> None:
        put(retour, Job("mail", "R1", clock.now()))
        slow = claim(db, clock)
        clock.move_to(clock.now() + MINUTE)
        claim(db, clock)

        assert slow is not None
        with db.write() as connection:
            jobs.fail(connection, slow, "too slow", clock.now())

        assert only(retour).last_error is None
        assert only(retour).in_hand_until == clock.now() + MINUTE

    def test_a_job_that_was_put_again_while_in_hand_is_not_deleted_with_the_old_one(
        self, retour: Retour, db: Database, clock: VirtualClock, job: Job
    ) -> None:
        put(retour, job)
        clock.move_to(job.due_at)
        old = claim(db, clock)
        again = Job("remind", "R1", clock.now() + MINUTE, key=job.key)
        put(retour, again)

        assert old is not None
        with db.write() as connection:
            jobs.finish(connection, old)

        assert only(retour).due_at == again.due_at

    def test_a_job_withdrawn_after_it_was_claimed_is_not_begun(
        self, retour: Retour, db: Database, clock: VirtualClock, job: Job
    ) -> None:
        put(retour, job)
        clock.move_to(job.due_at)
        claimed = claim(db, clock)
        assert claimed is not None
        with db.write() as connection:
            assert jobs.hold(connection, claimed)
            jobs.withdraw(connection, "remind:R1")

        with db.write() as connection:
            assert not jobs.hold(connection, claimed)

    def test_the_next_due_moment_is_that_of_the_first_job_or_of_a_lease_that_runs_out(
        self, retour: Retour, db: Database, clock: VirtualClock
    ) -> None:
        def next_due() -> object:
            with db.read() as connection:
                return jobs.next_due(connection)

        assert next_due() is None
        put(retour, Job("mail", "R1", clock.now()), Job("mail", "R2", clock.now() + 9 * MINUTE))
        assert next_due() == clock.now()
        claim(db, clock)
        assert next_due() == clock.now() + MINUTE
        claim(db, clock, lease=20 * MINUTE)
        clock.move_to(clock.now() + MINUTE)
        claim(db, clock, lease=20 * MINUTE)
        assert next_due() == clock.now() + 8 * MINUTE


class TestRetry:
    @pytest.fixture
    def parked(self, retour: Retour, db: Database, clock: VirtualClock, job: Job) -> JobEntry:
        put(retour, job)
        clock.move_to(job.due_at)
        claimed = claim(db, clock)
        assert claimed is not None
        with db.write() as connection:
            jobs.park(connection, claimed, "MailRefused: 550")
        return only(retour)

    def test_a_parked_job_is_never_claimed_and_is_listed_with_its_error(
        self, retour: Retour, db: Database, clock: VirtualClock, parked: JobEntry
    ) -> None:
        put(retour, Job("mail", "R2", clock.now() + MINUTE))
        clock.move_to(clock.now() + timedelta(days=365))

        assert [each.last_error for each in retour.jobs.entries(only_parked=True)] == [
            "MailRefused: 550"
        ]
        claimed = claim(db, clock)
        assert claimed is not None
        assert claimed.subject == "R2"

    def test_put_back_it_is_due_at_once_with_all_its_tries(
        self, retour: Retour, db: Database, clock: VirtualClock, parked: JobEntry
    ) -> None:
        retour.jobs.retry(parked.job_id)

        claimed = claim(db, clock)
        assert claimed is not None
        assert (claimed.job_id, claimed.attempt) == (parked.job_id, 1)

    def test_all_that_failed_are_put_back_and_no_deadline_is_touched(
        self, retour: Retour, db: Database, clock: VirtualClock, parked: JobEntry
    ) -> None:
        put(retour, Job("mail", "pausing", clock.now()))
        pausing = claim(db, clock)
        assert pausing is not None
        with db.write() as connection:
            jobs.fail(connection, pausing, "MailDelayed: 451", clock.now())
        deadline = Job("remind", "deadline", clock.now() + MINUTE)
        put(retour, deadline)

        assert retour.jobs.retry_all() == 2

        due = {each.subject: each.due_at for each in retour.jobs.entries()}
        assert due == {"R1": clock.now(), "pausing": clock.now(), "deadline": deadline.due_at}

    def test_a_job_that_is_parked_gives_way_to_a_new_one_of_its_key(
        self, retour: Retour, parked: JobEntry, job: Job
    ) -> None:
        put(retour, job)

        assert (only(retour).state, only(retour).last_error) == ("waiting", None)

    def test_what_cannot_be_put_back_is_told_with_the_way_out(
        self, retour: Retour, clock: VirtualClock, job: Job
    ) -> None:
        put(retour, job)

        with pytest.raises(UnknownJob, match="'job_404'; `retour jobs list`"):
            retour.jobs.retry("job_404")
        with pytest.raises(NothingToRetry, match="has not failed"):
            retour.jobs.retry(only(retour).job_id)
