"""A mail when a run or a check fails: one for each thing that goes wrong, until it has been well again or grows a good deal.

A check that judges many things tells each of them by itself (`failing`): what stands for long must not hide what comes to it.
So does a run that fails where it failed before for another reason: only figures and names may differ in one that is known.
What ended runs say is kept as a small state: what is wrong, and up to which run it was looked at. A mail that could not
be sent leaves the state as it was, so the next look sends it; its Message-ID makes sending it twice harmless.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, Self
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._core.execution.plan.objects import StepFailureData
from dagster_shared.error import SerializableErrorInfo

from pipelines.publish.manifest import Publication
from retour.assembly import open_mailer
from retour.settings import Settings
from service.platform.language import say_moment
from service.platform.mail import Mail, Sender, compose

_ENDED = [  # one that somebody cancelled says neither
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
]
_TELLING = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}
_FAILING, _OF_A_BATCH, _NOTHING_TO_MEND = "failing", "of_a_batch", "nothing_to_mend"
_WITHIN = " › "
_VARYING = re.compile(r"'[^']*'|\S*[\d/]\S*")  # what is quoted, numbers, paths, ids
_KIND_LENGTH = 200
_MANY, _TIMES = 10, 2  # more, and as often, as when it was told
_OF_OTHERS_RUNS = "__ASSET_JOB"  # assets that somebody materialized by hand
_MATERIALIZED = "materialization by hand"
_STARTED_BY = {"dagster/schedule_name", "dagster/sensor_name"}
_EVER_AGAIN = "refresh"  # as soon as events wait, and every hour


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong: where, told the same each time, and in which words this run tells of it.

    `size`: how many rows it is about. `is_past`: it is about what one run took in, which no later run looks at again.
    """

    place: str
    words: str
    step: str | None = None
    size: int = 1
    is_past: bool = False

    @property
    def name(self) -> str:
        """Where and of what kind: its words without what differs from run to run."""
        return f"{self.place}{_WITHIN}{_VARYING.sub('…', self.words)[:_KIND_LENGTH]}"


@dataclass(frozen=True, slots=True)
class Ended:
    """A run as far as alerts go: its job, whether it failed, what went wrong in it, which checks it made, and whether a
    schedule or a sensor started it.
    """

    run_id: str
    job: str
    ended_at: datetime
    has_failed: bool
    failures: tuple[Fault, ...]
    failed_checks: tuple[Fault, ...]
    checks: frozenset[str]
    is_by_itself: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """What is wrong, and the moment up to which runs were looked at (seconds). Of jobs the names of their faults are kept, of
    what checks found by place how large it was when it was told.
    """

    looked_at: float = 0.0
    failing_jobs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    failing_checks: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str | None) -> Self:
        """The state of a sensor's cursor; empty where there is none yet, and of checks where an earlier release wrote it."""
        said = json.loads(text) if text else {}
        checks = said.get("failing_checks")
        return cls(**{**said, "failing_checks": checks if isinstance(checks, dict) else {}})

    def written(self) -> str:
        """The state as a sensor's cursor."""
        return json.dumps(
            {
                "looked_at": self.looked_at,
                "failing_jobs": dict(self.failing_jobs),
                "failing_checks": dict(self.failing_checks),
            },
            sort_keys=True,
        )

    def after(self, run: Ended, looked_at: float) -> "State":
        """What is wrong after this run. A job that went well is well; one that fails elsewhere fails there now, and where it
        fails again for another reason either may be told of it.
        """
        jobs = {job: names for job, names in self.failing_jobs.items() if job != run.job}
        if run.has_failed:
            names = [*self._known(run), *(each.name for each in run.failures)]
            jobs[run.job] = list(dict.fromkeys(names))
        checks = {
            place: size
            for place, size in self.failing_checks.items()
            if _check(place) not in run.checks
        }
        for each in run.failed_checks:
            known = self.failing_checks.get(each.place, each.size)
            checks[each.place] = each.size if _has_grown(each.size, known) else known
        return State(looked_at, jobs, checks)

    def news(self, run: Ended) -> tuple[Fault, ...]:
        """What this run tells that was not wrong before it, or not as wrong by far."""
        known = set(self._known(run))
        return (
            *(each for each in run.failures if each.name not in known),
            *(each for each in run.failed_checks if self._is_news(each)),
        )

    def _known(self, run: Ended) -> Iterator[str]:
        """The names of faults that the job had before, at the places where it fails now."""
        for name in self.failing_jobs.get(run.job, ()):
            if any(name.startswith(f"{each.place}{_WITHIN}") for each in run.failures):
                yield name

    def _is_news(self, fault: Fault) -> bool:
        known = self.failing_checks.get(fault.place)
        return known is None or _has_grown(fault.size, known)


def failing(
    found: Iterable[tuple[str, str, int]], *, of_a_batch: bool = False
) -> dict[str, dg.MetadataValue[Any]]:
    """What a check's metadata tells alerts of the things that it judged: name, words and how many rows each fails in.

    `of_a_batch`: it judged what its run took in; no later run judges that again.
    """
    things = [{"name": name, "words": words, "rows": rows} for name, words, rows in found if rows]
    return {_FAILING: dg.MetadataValue.json(things), _OF_A_BATCH: dg.MetadataValue.bool(of_a_batch)}


def nothing_to_mend() -> dict[str, dg.MetadataValue[Any]]:
    """What the metadata of a check tells alerts that fails and is no fault: nobody is told."""
    return {_NOTHING_TO_MEND: dg.MetadataValue.bool(value=True)}


def _check(place: str) -> str:
    return _WITHIN.join(place.split(_WITHIN)[:2])


def _has_grown(size: int, known: int) -> bool:
    return size >= _TIMES * known and size - known >= _MANY


def look(
    instance: dg.DagsterInstance, state: State
) -> tuple[State, list[tuple[Ended, list[Fault]]]]:
    """The state after all runs that ended since, and of each run what it told first and is still wrong, or can never be
    looked at again.
    """
    told: list[tuple[Ended, tuple[Fault, ...]]] = []
    for run, updated_at in _ended_since(instance, state.looked_at):
        told.append((run, state.news(run)))
        state = state.after(run, updated_at)
    failing_jobs = {name for names in state.failing_jobs.values() for name in names}
    alerts, mentioned = [], set[str]()
    for run, faults in told:
        still = [
            each
            for each in faults
            if (each.name in failing_jobs or each.place in state.failing_checks or each.is_past)
            and each.name not in mentioned
        ]
        mentioned |= {each.name for each in still}
        if still:
            alerts.append((run, still))
    return state, alerts


def _ended_since(instance: dg.DagsterInstance, moment: float) -> Iterator[tuple[Ended, float]]:
    since = dg.RunsFilter(statuses=_ENDED, updated_after=datetime.fromtimestamp(moment, UTC))
    records = instance.get_run_records(since)
    for record in sorted(records, key=lambda each: each.update_timestamp):
        updated_at = record.update_timestamp.timestamp()
        if updated_at > moment:
            yield _ended(instance, record.dagster_run, record.update_timestamp), updated_at


def _ended(instance: dg.DagsterInstance, run: dg.DagsterRun, ended_at: datetime) -> Ended:
    has_failed = run.status == dg.DagsterRunStatus.FAILURE
    job = _MATERIALIZED if run.job_name == _OF_OTHERS_RUNS else run.job_name
    entries = instance.all_logs(run.run_id, of_type=_TELLING)
    events = [each.dagster_event for each in entries if each.dagster_event]
    checks = [
        each.asset_check_evaluation_data
        for each in events
        if each.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    return Ended(
        run_id=run.run_id,
        job=job,
        ended_at=ended_at,
        has_failed=has_failed,
        failures=tuple(failures(events, job)) if has_failed else (),
        failed_checks=tuple(
            fault for each in checks if not each.passed for fault in _failed_check(each)
        ),
        checks=frozenset(_place(each) for each in checks),
        is_by_itself=not _STARTED_BY.isdisjoint(run.tags),
    )


def failures(events: Sequence[dg.DagsterEvent], job: str) -> Iterator[Fault]:
    """Where a failed run failed, and why: its steps, or, where it came to none, the run itself."""
    steps = [each for each in events if each.is_step_failure]
    for each in steps:
        step = (each.step_key or "").replace("__", "/")
        yield Fault(f"{job}: {step}", _words_of_step(each.step_failure_data), step)
    if not steps:
        ends = [each for each in events if each.event_type == dg.DagsterEventType.RUN_FAILURE]
        yield Fault(job, _words_of_run(ends[-1]) if ends else "no more is known")


def _words_of_step(data: StepFailureData) -> str:
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    return _innermost(data.error) if data.error else "no more is known"


def _words_of_run(event: dg.DagsterEvent) -> str:
    error = event.job_failure_data.error if event.event_specific_data else None
    return _innermost(error) if error else event.message or "no more is known"


def _innermost(error: SerializableErrorInfo) -> str:
    """The first cause's own words, in one line and without the module of its kind."""
    while error.cause:
        error = error.cause
    line = next(iter(error.message.strip().splitlines()), "")
    kind, _, words = line.partition(": ")
    return words if words and " " not in kind else line


def _failed_check(check: dg.AssetCheckEvaluation) -> Iterator[Fault]:
    if _said(check, _NOTHING_TO_MEND):
        return
    place, things = _place(check), _said(check, _FAILING) or []
    for each in things:
        yield Fault(
            f"{place}{_WITHIN}{each['name']}",
            each["words"],
            size=each["rows"],
            is_past=bool(_said(check, _OF_A_BATCH)),
        )
    if not things:
        yield Fault(place, check.description or "it does not hold")


def _said(check: dg.AssetCheckEvaluation, name: str) -> Any:
    value = check.metadata.get(name)
    return None if value is None else value.value


def _place(check: dg.AssetCheckEvaluation) -> str:
    return f"{check.asset_key.to_user_string()}{_WITHIN}{check.check_name}"


# --- the mail ----------------------------------------------------------------------------------

_ENGLISH = """\
The run of {job} that ended on {moment} has {what}.

{faults}

The message above says what to mend. {again} Until it is well you are told again only if it grows a good deal, or something else goes wrong.
{published}
The run, with all its details: {link}
"""
_CHINESE = """\
于{moment}结束的运行 {job} {what}。

{faults}

上面的信息说明了如何解决。{again}在恢复正常之前，只有问题明显扩大或出现其他问题时，才会再次通知您。
{published}
该次运行的全部细节：{link}
"""
_AGAIN = {
    "at_once": ("It is tried again by itself.", "系统会自动重试。"),
    "by_schedule": (
        "Its schedule starts it again when its time comes.",
        "到了计划时间，系统会再次运行。",
    ),
    "by_hand": (
        "This run was started by hand and is not repeated by itself: start it once more when that is mended.",
        "该次运行是手动启动的，系统不会自动重试：解决后请再次启动。",
    ),
}


def message(settings: Settings, run: Ended, faults: Sequence[Fault]) -> EmailMessage:
    """The mail about a run, in both languages: whoever minds the pipeline has not told theirs."""
    publication = Publication.load(settings.published_dir)
    zone = ZoneInfo(settings.timezone or (publication.timezone if publication else "UTC"))
    parts = {
        "job": run.job,
        "faults": "\n\n".join(f"  {each.place}\n    {each.words}" for each in faults),
        "link": f"{settings.dagster_address}/runs/{run.run_id}",
    }
    in_english, in_chinese = _AGAIN[_again(run)]
    english = _ENGLISH.format(
        **parts,
        again=in_english,
        moment=f"{say_moment(run.ended_at, 'en', zone)} ({zone.key})",
        what="failed" if run.has_failed else "ended, and checks of its data failed",
        published=_still_published(publication),
    )
    chinese = _CHINESE.format(
        **parts,
        again=in_chinese,
        moment=f"{say_moment(run.ended_at, 'zh', zone)}（{zone.key}）",
        what="失败了" if run.has_failed else "已结束，但数据检查未通过",
        published=_still_published_in_chinese(publication),
    )
    subject = (
        f"Retour: {run.job} {'failed' if run.has_failed else 'found bad data'}, {faults[0].place}"
    )
    mail = Mail(settings.alert_mail, "zh", subject, f"{english}\n———\n\n{chinese}")
    composed = compose(
        mail,
        Sender(settings.shop_name, settings.mail_from),
        f"alert-{run.run_id}",
        run.ended_at,
    )
    composed.replace_header("Content-Language", "en, zh")
    return composed


def _again(run: Ended) -> str:
    if run.job == _EVER_AGAIN:
        return "at_once"
    return "by_schedule" if run.is_by_itself else "by_hand"


def send(settings: Settings, run: Ended, faults: Sequence[Fault]) -> None:
    """Tell by mail. Raises `MailDelayed` where it cannot be handed over now."""
    open_mailer(settings).send(message(settings, run, faults))


def _still_published(publication: Publication | None) -> str:
    if publication is None:
        return "Nothing is published yet, so dashboards are empty."
    return f"Dashboards go on showing what was published last: all up to event {publication.through_seq:,}."


def _still_published_in_chinese(publication: Publication | None) -> str:
    if publication is None:
        return "目前尚未发布任何数据，看板为空。"
    return f"看板继续显示最近一次发布的数据：截至第 {publication.through_seq:,} 个事件。"
