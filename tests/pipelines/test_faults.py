"""What passes by itself is tried again; what a person must mend ends the run at once, in its own words."""

import errno
import sqlite3
from collections.abc import Iterator

import dagster as dg
import psycopg
import pytest
from small_shop import small_shop
from sqlalchemy.exc import OperationalError

from pipelines.dagster_home import ensure_dagster_home
from pipelines.definitions import defs
from pipelines.faults import TRIED_AGAIN, passes_by_itself, step
from pipelines.run_job import RefreshFailed, run_job
from retour.errors import UserError
from retour.settings import Settings
from service.platform import log

LOCKED = OperationalError("select 1", {}, sqlite3.OperationalError("database is locked"))
GONE = OperationalError("select 1", {}, psycopg.OperationalError("server closed the connection"))
NO_TABLE = OperationalError("select 1", {}, sqlite3.OperationalError("no such table: events"))
NO_ROOM = OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full"))
FULL = OSError(errno.ENOSPC, "No space left on device")
UNANSWERED = OSError(errno.EIO, "Input/output error")


def caused(fault: Exception, cause: Exception) -> Exception:
    fault.__cause__ = cause
    return fault


class TestPassesByItself:
    @pytest.mark.parametrize(
        "fault", [LOCKED, GONE, UNANSWERED, caused(UserError("cannot write"), UNANSWERED)]
    )
    def test_is_true_of_what_another_try_may_do(self, fault: Exception) -> None:
        assert passes_by_itself(fault)

    @pytest.mark.parametrize(
        "fault", [NO_TABLE, FULL, caused(UserError("free space"), FULL), ValueError("a fault")]
    )
    def test_is_false_of_what_a_person_must_mend(self, fault: Exception) -> None:
        assert not passes_by_itself(fault)


class TestStep:
    @pytest.fixture
    def instance(self) -> Iterator[dg.DagsterInstance]:
        with dg.instance_for_test() as instance:
            yield instance

    @staticmethod
    def outcome(
        instance: dg.DagsterInstance, fault: Exception, *, times: int
    ) -> tuple[bool, int, list[str | None]]:
        """Whether a run succeeds whose step fails so often, how often it was tried, and what it said."""
        tries = 0

        @dg.asset(retry_policy=dg.RetryPolicy(max_retries=TRIED_AGAIN.max_retries))
        def failing() -> None:
            nonlocal tries
            tries += 1
            with step():
                if tries <= times:
                    raise fault

        result = dg.materialize([failing], instance=instance, raise_on_error=False)
        failures = [each.step_failure_data for each in result.all_events if each.is_step_failure]
        said = [each.user_failure_data and each.user_failure_data.description for each in failures]
        return result.success, tries, said

    def test_what_passes_is_tried_until_it_has(self, instance) -> None:
        assert self.outcome(instance, LOCKED, times=2) == (True, 3, [])

    def test_what_does_not_pass_is_given_up_in_the_end(self, instance) -> None:
        is_well, tries, _ = self.outcome(instance, LOCKED, times=99)

        assert (is_well, tries) == (False, 1 + TRIED_AGAIN.max_retries)

    def test_what_a_person_must_mend_is_told_at_once_in_its_own_words(self, instance) -> None:
        assert self.outcome(instance, UserError("mend this"), times=1) == (
            False,
            1,
            ["mend this"],
        )

    @pytest.mark.parametrize("fault", [FULL, NO_ROOM])
    def test_a_full_disk_is_told_with_the_way_out(self, instance, fault) -> None:
        is_well, tries, (said,) = self.outcome(instance, fault, times=1)

        assert (is_well, tries) == (False, 1)
        assert "free space" in said

    def test_a_fault_of_ours_is_not_tried_again_and_is_named(self, instance) -> None:
        is_well, tries, (said,) = self.outcome(instance, ValueError("odd"), times=1)

        assert (is_well, tries) == (False, 1)
        assert "ValueError: odd (a fault of Retour's" in str(said)


def test_every_asset_is_tried_again() -> None:
    assets = [each for each in defs().assets or [] if isinstance(each, dg.AssetsDefinition)]

    assert len(assets) > 20
    assert [each.keys for each in assets if each.op.retry_policy != TRIED_AGAIN] == []


@pytest.mark.slow
class TestRun:
    @pytest.fixture
    def shop(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
        monkeypatch.setenv("RETOUR_VAR_DIR", str(settings.var_dir))
        monkeypatch.setenv("RETOUR_WAREHOUSE", str(settings.warehouse))
        small_shop(settings, days=3)
        return settings

    def test_outlives_a_log_that_is_locked_for_a_moment(self, shop, monkeypatch) -> None:
        read, tries = log.read_after, 0

        def locked_at_first(*arguments):
            nonlocal tries
            tries += 1
            if tries == 1:
                raise LOCKED
            return read(*arguments)

        monkeypatch.setattr(log, "read_after", locked_at_first)

        assert run_job(ensure_dagster_home(shop)).events > 0

    def test_ends_at_a_fault_that_a_person_must_mend(self, shop, monkeypatch) -> None:
        tries = 0

        def refused(*_):
            nonlocal tries
            tries += 1
            raise UserError("the log is not readable; make it so")

        monkeypatch.setattr(log, "read_after", refused)

        with pytest.raises(RefreshFailed, match=r"at ingest: the log is not readable; make it so"):
            run_job(ensure_dagster_home(shop))
        assert tries == 1
