"""Who minds the pipeline gets a mail when something goes wrong: once, until it has been well again."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData
from mail_server import Inbox, mail_server
from small_shop import small_shop

from pipelines.alerts import Ended, Fault, State, failing, look, message, nothing_to_mend
from pipelines.dagster_home import ensure_dagster_home
from pipelines.definitions import defs
from pipelines.run_job import RefreshFailed, run_job
from retour.settings import Settings
from service.platform.mail import MailDelayed

KEY = dg.AssetKey("figures")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
faulty: set[str] = set()


@dg.asset(
    check_specs=[
        dg.AssetCheckSpec("add_up", asset=KEY, description="Sums agree."),
        dg.AssetCheckSpec("keep_rules", asset=KEY, description="Many things at once."),
    ]
)
def figures() -> dg.MaterializeResult:  # type: ignore[type-arg]
    if "step" in faulty:
        raise dg.Failure("mend the figures")
    for each in faulty:
        if each.startswith("because"):
            raise dg.Failure(each)
    result = dg.AssetCheckResult(
        check_name="add_up",
        passed=faulty.isdisjoint({"check", "verdict"}),
        description="3 days differ",
        metadata=nothing_to_mend() if "verdict" in faulty else {},
    )
    rows = {
        name: int(count) for name, _, count in (each.partition("=") for each in faulty) if count
    }
    many = dg.AssetCheckResult(
        check_name="keep_rules",
        passed=not rows,
        metadata=failing(
            ((name, f"{count} rows", count) for name, count in rows.items()),
            of_a_batch="batch" in rows,
        ),
    )
    return dg.MaterializeResult(check_results=[result, many])


@dg.asset
def others() -> None:
    if "others" in faulty:
        raise ValueError("odd")


JOB = dg.Definitions(
    assets=[figures, others],
    jobs=[dg.define_asset_job("refresh", executor_def=dg.in_process_executor)],
).resolve_job_def("refresh")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(str(tmp_path)) as instance:
        yield instance


def run(instance: dg.DagsterInstance, *faults: str) -> str:
    """A run in which these things go wrong."""
    faulty.clear()
    faulty.update(faults)
    return JOB.execute_in_process(instance=instance, raise_on_error=False).run_id


class Watch:
    """Looks at what ended, time after time, as the sensor does."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance, self._state = instance, State()

    def told(self) -> list[str]:
        self._state, alerts = look(self._instance, State.read(self._state.written()))
        return [f"{each.place}: {each.words}" for _, faults in alerts for each in faults]


@pytest.fixture
def watch(instance: dg.DagsterInstance) -> Watch:
    return Watch(instance)


class TestLook:
    def test_tells_nothing_of_what_goes_well(self, instance, watch) -> None:
        run(instance)

        assert watch.told() == []

    def test_tells_where_a_run_failed_and_why(self, instance, watch) -> None:
        run(instance, "step", "others")

        assert watch.told() == [
            "refresh: figures: mend the figures",
            "refresh: others: odd",
        ]

    def test_tells_of_a_failed_check_in_a_run_that_went_well(self, instance, watch) -> None:
        run(instance, "check")

        assert watch.told() == ["figures › add_up: 3 days differ"]

    def test_tells_nothing_of_a_check_that_is_a_verdict_and_no_fault(self, instance, watch) -> None:
        run(instance, "verdict")

        assert watch.told() == []

    def test_tells_where_it_failed_before_of_another_reason(self, instance, watch) -> None:
        told = []
        for fault in ("because of the lake", "because of the disk", "because of the lake"):
            run(instance, fault)
            told += watch.told()

        assert told == [
            "refresh: figures: because of the lake",
            "refresh: figures: because of the disk",
        ]

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("because 3 rows differ", "because 41 rows differ"),
            ("because /lake/1/a.parquet is gone", "because /lake/2/b.parquet is gone"),
            ("because 'A' is no number", "because 'B' is no number"),
        ],
    )
    def test_the_same_reason_with_other_figures_and_names_is_told_already(
        self, instance, watch, first: str, second: str
    ) -> None:
        run(instance, first)
        watch.told()
        run(instance, second)

        assert watch.told() == []

    def test_tells_once_for_as_long_as_it_is_wrong(self, instance, watch) -> None:
        run(instance, "step", "check")
        watch.told()
        run(instance, "step")
        run(instance, "check")
        first = watch.told()
        run(instance, "check")

        assert first == ["figures › add_up: 3 days differ"]
        assert watch.told() == []

    def test_tells_again_after_it_was_well(self, instance, watch) -> None:
        for _ in range(2):
            run(instance, "check")
            run(instance, "others")
            assert len(watch.told()) == 1
            run(instance)
            assert watch.told() == []

    def test_tells_nothing_of_what_is_mended_already(self, instance, watch) -> None:
        run(instance, "step")
        run(instance)

        assert watch.told() == []

    def test_what_stands_for_long_does_not_hide_what_comes_to_it(self, instance, watch) -> None:
        """A table has one check and many rules: the second that breaks is as much news as the first."""
        run(instance, "late=1")
        first = watch.told()
        run(instance, "late=1", "twice=9000")

        assert first == ["figures › keep_rules › late: 1 rows"]
        assert watch.told() == ["figures › keep_rules › twice: 9000 rows"]

    def test_tells_again_what_has_grown_a_good_deal(self, instance, watch) -> None:
        told = []
        for rows in (1, 9, 11, 12, 21, 22, 40_000, 5, 40_000):
            run(instance, f"late={rows}")
            told += watch.told()

        assert [each.removeprefix("figures › keep_rules › late: ") for each in told] == [
            "1 rows",
            "11 rows",
            "22 rows",
            "40000 rows",
        ]

    def test_of_several_things_one_can_be_well_again_by_itself(self, instance, watch) -> None:
        run(instance, "late=1", "twice=1")
        watch.told()
        run(instance, "twice=1")
        assert watch.told() == []
        run(instance, "late=1", "twice=1")

        assert watch.told() == ["figures › keep_rules › late: 1 rows"]

    def test_what_a_run_took_in_is_told_although_the_next_one_took_in_nothing(
        self, instance, watch
    ) -> None:
        """No later run judges that batch again: that nothing fails any more says nothing of it."""
        run(instance, "batch=3")
        run(instance)

        assert watch.told() == ["figures › keep_rules › batch: 3 rows"]

    def test_a_state_of_an_earlier_release_is_read(self) -> None:
        written = '{"looked_at": 5.0, "failing_jobs": {"refresh": ["a"]}, "failing_checks": ["b"]}'
        assert State.read(written) == State(5.0, {"refresh": ["a"]})

    def test_tells_of_each_thing_once_however_many_runs_ended(self, instance, watch) -> None:
        for _ in range(3):
            run(instance, "step")

        assert watch.told() == ["refresh: figures: mend the figures"]

    def test_tells_of_a_run_that_came_to_no_step(self, instance, watch) -> None:
        died = instance.create_run_for_job(JOB, status=dg.DagsterRunStatus.STARTED)
        instance.report_run_failed(died, "The run's process ended without a word.")

        assert watch.told() == ["refresh: The run's process ended without a word."]

    def test_a_cancelled_run_says_neither(self, instance, watch) -> None:
        run(instance, "step")
        watch.told()
        cancelled = instance.create_run_for_job(JOB, status=dg.DagsterRunStatus.STARTED)
        instance.report_run_canceled(cancelled)
        run(instance, "step")

        assert watch.told() == []


class TestMessage:
    def test_says_what_where_and_what_to_do_in_both_languages(self, settings) -> None:
        told = settings.model_copy(
            update={"alert_mail": "data@example.com", "dagster_url": "https://dagster.example.com"}
        )
        run = Ended("abc", "refresh", NOON, True, (), (), frozenset())

        mail = message(told, run, [Fault("refresh: marts/x", "sql/marts/x.sql: no such column")])

        text = mail.get_content()
        assert mail["To"] == "data@example.com"
        assert mail["Subject"] == "Retour: refresh failed, refresh: marts/x"
        assert text.count("sql/marts/x.sql: no such column") == 2
        assert text.count("https://dagster.example.com/runs/abc") == 2
        assert "Sunday 1 March 2026, 12:00 (UTC)" in text
        assert "2026年3月1日星期日 12:00（UTC）" in text
        assert "Nothing is published yet" in text

    @pytest.mark.parametrize(
        ("job", "is_by_itself", "says"),
        [
            ("refresh", False, ("tried again by itself", "系统会自动重试")),
            ("train", True, ("Its schedule starts it again", "到了计划时间")),
            ("train", False, ("started by hand and is not repeated", "该次运行是手动启动的")),
        ],
    )
    def test_says_who_starts_it_again(
        self, settings, job: str, is_by_itself: bool, says: tuple[str, str]
    ) -> None:
        told = settings.model_copy(update={"alert_mail": "data@example.com"})
        run = Ended("abc", job, NOON, True, (), (), frozenset(), is_by_itself)

        text = message(told, run, [Fault(job, "odd")]).get_content()

        assert all(each in text for each in says)

    @pytest.mark.parametrize(
        "tags", [{}, {"dagster/schedule_name": "weekly"}, {"dagster/sensor_name": "new"}]
    )
    def test_it_is_known_of_a_run_who_started_it(self, instance, tags: dict[str, str]) -> None:
        faulty.clear()
        faulty.add("step")
        JOB.execute_in_process(instance=instance, raise_on_error=False, tags=tags)

        _, [(ended, _)] = look(instance, State())

        assert ended.is_by_itself == bool(tags)


@pytest.mark.slow
class TestSensor:
    """A real refresh that fails, and a real mail server."""

    @pytest.fixture
    def inbox(self) -> Inbox:
        return Inbox()

    @pytest.fixture
    def shop(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, inbox: Inbox
    ) -> Iterator[Settings]:
        small_shop(settings, days=3)
        with mail_server(inbox) as address:
            given = {
                "VAR_DIR": settings.var_dir,
                "WAREHOUSE": settings.warehouse,
                "SMTP_URL": f"smtp://{address}",
                "MAIL_FROM": "returns@example.com",
                "ALERT_MAIL": "data@example.com",
            }
            for name, value in given.items():
                monkeypatch.setenv(f"RETOUR_{name}", str(value))
            yield settings

    @pytest.fixture
    def home(self, shop: Settings) -> Path:
        return ensure_dagster_home(shop)

    def test_one_mail_for_a_failure_until_it_has_been_well(self, shop, home, inbox) -> None:
        run_job(home)
        segment = next(shop.lake_dir.rglob("*.parquet"))
        hidden = segment.with_suffix(".hidden")
        segment.rename(hidden)
        cursor = None
        counts = []
        for is_well in (False, False, True, False):
            if is_well:
                hidden.rename(segment)
                run_job(home)
            else:
                if segment.exists():
                    segment.rename(hidden)
                with pytest.raises(RefreshFailed):
                    run_job(home)
            cursor = self.tick(home, cursor).cursor
            counts.append(len(inbox.messages))

        assert counts == [1, 1, 1, 2]
        mail = inbox.messages[0]
        assert mail["To"] == "data@example.com"
        assert mail["Message-ID"] != inbox.messages[1]["Message-ID"]
        assert f"{segment.name} is missing" in mail.get_content().replace("\n", " ")
        assert "Dashboards go on showing what was published last" in mail.get_content()

    def test_a_mail_that_could_not_be_sent_is_sent_by_the_next_look(
        self, shop, home, inbox
    ) -> None:
        run_job(home)
        next(shop.lake_dir.rglob("*.parquet")).unlink()
        with pytest.raises(RefreshFailed):
            run_job(home)
        inbox.data_answer = "451 later"
        with pytest.raises(MailDelayed):
            self.tick(home, None)
        inbox.data_answer = "250 OK"

        self.tick(home, None)

        assert len(inbox.messages) == 1

    def test_nobody_is_told_where_nobody_is_named(self, shop, home, inbox, monkeypatch) -> None:
        monkeypatch.delenv("RETOUR_ALERT_MAIL")

        ticked = self.tick(home, None)

        assert "RETOUR_ALERT_MAIL" in str(ticked.skip_message)
        assert ticked.cursor is None

    @staticmethod
    def tick(home: Path, cursor: str | None) -> SensorExecutionData:
        sensor = defs().resolve_sensor_def("alerts")
        with dg.DagsterInstance.from_config(str(home)) as instance:
            return sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))
