"""When Dagster runs what: as soon as events wait, every hour, never two at once, and not for ever what fails."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster import DagsterRunStatus as Status
from dagster._core.definitions.sensor_definition import SensorExecutionData
from small_shop import small_shop
from without_dagster import run_steps

from pipelines import waiting
from pipelines.definitions import defs
from pipelines.defs.nights import nights
from pipelines.lake.manifest import Manifest
from pipelines.steps import take_in
from pipelines.waiting import PAUSE, Clock, backlog, is_due, next_refresh_at, quiet_zone
from pipelines.warehouse.warehouse import Warehouse
from retour.progress import HowFar, write_progress
from retour.settings import Settings
from service.application import Retour
from service.platform.db import DatabaseUnavailable

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def shop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation on an empty folder, which assets and sensors find by their environment."""
    monkeypatch.setenv("RETOUR_VAR_DIR", str(settings.var_dir))
    monkeypatch.setenv("RETOUR_WAREHOUSE", str(settings.warehouse))
    return settings


@pytest.fixture
def retour(shop: Settings) -> Retour:
    return small_shop(shop, days=2)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


def nightly(name: str) -> dg.ScheduleDefinition:
    """A schedule of the night by itself, without all the assets that its job would run."""
    (schedule,) = [each for each in nights().schedules or () if each.name == name]
    assert isinstance(schedule, dg.ScheduleDefinition)
    return schedule


@dg.op
def nothing() -> None: ...


@dg.job
def refresh() -> None:
    """A job of the same name, whose runs leave less behind."""
    nothing()


def ran(instance: dg.DagsterInstance, status: Status) -> None:
    instance.create_run_for_job(refresh, status=status)


def new_events(instance: dg.DagsterInstance) -> SensorExecutionData:
    sensor = defs().resolve_sensor_def("new_events")
    return sensor.evaluate_tick(dg.build_sensor_context(instance=instance))


class TestNewEvents:
    def test_asks_for_a_refresh_when_events_wait(self, instance, retour) -> None:
        asked = new_events(instance)

        assert [each.tags["retour/events_waiting"] for each in asked.run_requests or []] == [
            str(retour.log_head())
        ]

    def test_is_on_from_the_start_and_looks_often(self) -> None:
        sensor = defs().resolve_sensor_def("new_events")

        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
        assert sensor.minimum_interval_seconds == 10
        assert sensor.job_name == "refresh"

    def test_asks_for_nothing_where_nothing_is_new(self, instance, shop) -> None:
        retour = small_shop(shop, days=2)
        run_steps(shop, retour, NOW)
        run_steps(shop, retour, NOW)  # takes in what the first concluded

        asked = new_events(instance)

        assert not asked.run_requests
        assert f"since event {retour.log_head()}" in str(asked.skip_message)

    @pytest.mark.parametrize("status", [Status.NOT_STARTED, Status.STARTED, Status.CANCELING])
    def test_waits_behind_a_run_that_is_under_way(self, instance, retour, status) -> None:
        ran(instance, status)

        asked = new_events(instance)

        assert not asked.run_requests
        assert "waiting or running" in str(asked.skip_message)

    def test_leaves_a_pause_after_the_last_refresh(self, instance, retour, monkeypatch) -> None:
        ran(instance, Status.SUCCESS)

        early = new_events(instance)
        monkeypatch.setattr(waiting, "PAUSE", timedelta(0))
        late = new_events(instance)

        assert not early.run_requests
        assert "events wait until" in str(early.skip_message)
        assert len(late.run_requests or []) == 1

    def test_waits_while_a_practice_shops_past_is_being_played(
        self, instance, shop, retour
    ) -> None:
        write_progress(shop, HowFar(0.4, 100, 10))

        asked = new_events(instance)

        assert not asked.run_requests
        assert "past is played, of which 40% is" in str(asked.skip_message)

    @pytest.mark.parametrize(("share", "minutes"), [(1.0, 0), (0.4, 10)])
    def test_waits_no_longer_for_a_past_that_is_played_or_whose_player_died(
        self, instance, shop, retour, share, minutes
    ) -> None:
        write_progress(shop, HowFar(share, 100, 10))
        told_at = (datetime.now(UTC) - timedelta(minutes=minutes)).timestamp()
        os.utime(shop.var_dir / "practice" / "progress.json", (told_at, told_at))

        assert len(new_events(instance).run_requests or []) == 1

    def test_a_log_that_cannot_be_read_is_told_by_its_tick(
        self, instance, shop, monkeypatch
    ) -> None:
        monkeypatch.setenv("RETOUR_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

        with pytest.raises(DatabaseUnavailable, match=r"cannot use the database .*start it"):
            new_events(instance)


class TestDeadRuns:
    @pytest.mark.parametrize(
        ("hours", "status"), [("0.0000001", Status.FAILURE), ("1", Status.STARTED)]
    )
    def test_ends_what_takes_longer_than_the_settings_say(
        self, instance, shop, monkeypatch, hours, status
    ) -> None:
        run = instance.create_run_for_job(refresh, status=Status.STARTING)
        start = dg.DagsterEvent(event_type_value="PIPELINE_START", job_name="refresh")
        instance.report_dagster_event(start, run.run_id)
        monkeypatch.setenv("RETOUR_LONGEST_RUN_HOURS", hours)

        sensor = defs().resolve_sensor_def("dead_runs")
        sensor.evaluate_tick(dg.build_sensor_context(instance=instance))

        assert instance.get_run_by_id(run.run_id).status is status


class TestBacklog:
    def test_counts_what_is_in_the_lake_but_not_published(self, shop, retour) -> None:
        with Warehouse.of(shop, say=print) as warehouse:  # a run that dies after it took events in
            take_in(shop, retour, warehouse)

        assert Manifest.load(shop.lake_dir).through_seq == retour.log_head()
        assert backlog(shop).events == retour.log_head()

    def test_is_what_came_since_the_publication(self, shop, retour) -> None:
        run_steps(shop, retour, NOW)
        before = backlog(shop)
        small_shop(shop, days=3)

        assert before.published > 0
        assert backlog(shop).events == retour.log_head() - before.published > 0


class TestNextRefreshAt:
    def test_is_no_moment_where_nothing_ran(self, instance) -> None:
        assert next_refresh_at(instance, "refresh") is None

    @pytest.mark.parametrize(
        ("statuses", "pause"),
        [
            ([Status.SUCCESS], PAUSE),
            ([Status.FAILURE], timedelta(minutes=2)),
            ([Status.SUCCESS, Status.FAILURE, Status.FAILURE], timedelta(minutes=4)),
            ([Status.FAILURE] * 9, timedelta(hours=1)),
            ([Status.FAILURE, Status.FAILURE, Status.SUCCESS], PAUSE),
            ([Status.FAILURE, Status.STARTED], timedelta(minutes=2)),
        ],
    )
    def test_comes_later_with_every_failure_in_a_row(self, instance, statuses, pause) -> None:
        for status in statuses:
            ran(instance, status)
        newest = next(
            each
            for each in instance.get_run_records()
            if each.dagster_run.status in (Status.SUCCESS, Status.FAILURE)
        )

        assert next_refresh_at(instance, "refresh") == newest.create_timestamp + pause


class TestHourly:
    def test_refreshes_every_hour_whatever_is_new(self, instance, shop) -> None:
        schedule = defs().resolve_schedule_def("hourly")

        asked = schedule.evaluate_tick(dg.build_schedule_context(instance=instance))

        assert schedule.cron_schedule == "0 * * * *"
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
        assert len(asked.run_requests or []) == 1

    @pytest.mark.parametrize("status", [Status.NOT_STARTED, Status.STARTED])
    def test_does_not_queue_a_refresh_behind_a_run(self, instance, shop, status) -> None:
        ran(instance, status)
        schedule = defs().resolve_schedule_def("hourly")

        asked = schedule.evaluate_tick(dg.build_schedule_context(instance=instance))

        assert not asked.run_requests
        assert "waiting or running" in str(asked.skip_message)


class TestNights:
    """Asked every quarter of an hour, whatever zone was known when Dagster loaded them."""

    MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
    TIMES = ("03:00", "03:30", "19:15", "19:30", "19:45", "21:45")

    def starts(self, instance: dg.DagsterInstance, schedule: dg.ScheduleDefinition) -> list[str]:
        """At which of the times (UTC) of a Monday a schedule starts its job."""
        assert schedule.cron_schedule == "*/15 * * * *"
        assert schedule.execution_timezone == "UTC"
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
        return [
            at
            for at in self.TIMES
            if schedule.evaluate_tick(
                dg.build_schedule_context(
                    instance=instance,
                    scheduled_execution_time=datetime.combine(
                        self.MONDAY, time.fromisoformat(at), UTC
                    ),
                )
            ).run_requests
        ]

    @pytest.mark.parametrize(
        ("zone", "name", "starts"),
        [
            ("Asia/Shanghai", "nightly_verify", "19:30"),
            ("Asia/Shanghai", "nightly_prune", "19:45"),
            ("Asia/Kathmandu", "nightly_verify", "21:45"),
            ("Europe/Berlin", "weekly_train", "03:00"),
        ],
    )
    def test_fall_into_the_small_hours_by_the_shops_own_clock(
        self, instance, shop, monkeypatch, zone: str, name: str, starts: str
    ) -> None:
        monkeypatch.setenv("RETOUR_TIMEZONE", zone)

        assert self.starts(instance, nightly(name)) == [starts]

    def test_take_up_a_zone_that_is_first_known_after_they_were_loaded(
        self, instance, shop, monkeypatch
    ) -> None:
        schedule = nightly("nightly_verify")
        before = self.starts(instance, schedule)
        monkeypatch.setenv("RETOUR_TIMEZONE", "Asia/Shanghai")

        assert before == ["03:30"]
        assert self.starts(instance, schedule) == ["19:30"]

    def test_a_week_has_one_training(self, instance) -> None:
        clock, zone = Clock(time(4), weekday=0), ZoneInfo("America/New_York")

        due = [
            moment
            for moment in (self.MONDAY + timedelta(minutes=15 * place) for place in range(96 * 7))
            if is_due(instance, "train", clock, moment, zone)
        ]

        assert due == [self.MONDAY + timedelta(hours=9)]

    def test_what_was_missed_is_made_up_for_once(self, instance) -> None:
        ran(instance, Status.SUCCESS)
        (newest,) = instance.get_run_records()
        begun, clock, zone = newest.create_timestamp, Clock(time(3, 30)), ZoneInfo("UTC")
        next_morning = begun + timedelta(days=1, hours=12)

        assert is_due(instance, "refresh", clock, next_morning, zone)
        assert not is_due(instance, "refresh", Clock(begun.time()), begun, zone)
        assert not is_due(instance, "verify", clock, self.MONDAY + timedelta(hours=9), zone)

    @pytest.mark.parametrize(
        ("moment", "stood"),
        [
            ("2026-03-29T01:40", "2026-03-29T01:30"),  # clocks went from 2 to 3 at 01:00 UTC
            ("2026-03-29T01:10", "2026-03-28T02:30"),
            ("2026-10-25T02:40", "2026-10-25T02:30"),
        ],
    )
    def test_know_when_the_clocks_are_changed(self, moment: str, stood: str) -> None:
        at = datetime.fromisoformat(f"{moment}+00:00")

        last = Clock(time(3, 30)).last_stood(at, ZoneInfo("Europe/Berlin"))

        assert f"{last:%Y-%m-%dT%H:%M}" == stood

    def test_without_a_setting_the_clock_is_the_one_last_published(self, shop, retour) -> None:
        assert quiet_zone(shop) == "UTC"
        run_steps(shop.model_copy(update={"timezone": "Europe/Berlin"}), retour, NOW)

        assert quiet_zone(shop) == "Europe/Berlin"
        assert quiet_zone(shop.model_copy(update={"timezone": "Asia/Tokyo"})) == "Asia/Tokyo"
