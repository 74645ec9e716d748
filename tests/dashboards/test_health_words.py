"""Nothing that the pipeline says on the page *Data health* stays English on the Chinese one."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
from payloads import EVERY_PAYLOAD

import pipelines
from dashboards.texts import Texts
from dashboards.words import JOBS, SET_ASIDE
from pipelines import faults, liveness, scope
from pipelines.definitions import defs
from pipelines.lake import ingest, manifest, segments
from pipelines.lake.decode import decode
from pipelines.lake.quarantine import Kind, Quarantined
from pipelines.lake.tables import tables
from pipelines.publish import manifest as published
from pipelines.quality.doors import Found, Verdict, rules_for
from pipelines.quality.gate import PublicationStopped
from pipelines.quality.suites import EVENTS, suite
from pipelines.warehouse import lake_views, lock, opening, shown
from pipelines.warehouse.models import load_models
from retour.errors import UserError
from service.domain.events import Payload, RecordedEvent
from service.platform import db, migrate

SQL = Path(pipelines.__path__[0]).parent / "sql"
CHINESE = Texts("zh")
_NAME = re.compile(r"[a-z_]\w{2,}", re.ASCII | re.IGNORECASE)
_ENGLISH = re.compile(r"\b(the|is|it|was|to|of|or|and|run|which|cannot)\b", re.ASCII)
# What ends a run that a user can mend; what only whoever writes SQL can, stays as it is.
_ENDS_RUNS = (
    ingest,
    manifest,
    segments,
    published,
    scope,
    liveness,
    lake_views,
    lock,
    opening,
    shown,
    db,
    migrate,
)
_FIGURES = {"what": "no more is known", "last": "event 1 (x)"}


def left(told: str) -> set[str]:
    """Latin words that stay in the Chinese of what the pipeline told."""
    assert Texts("en").sentences(told) == told
    return set(_NAME.findall(CHINESE.sentences(told)))


class TestChecks:
    def test_each_rule_on_a_table_is_told_in_chinese_but_for_the_names_in_it(self) -> None:
        for rule in rules_for(load_models(SQL)):
            named = " ".join((rule.relation, rule.column, rule.fails, rule.failing))
            assert left(rule.says) <= set(_NAME.findall(named)), rule.says

    def test_each_expectation_on_a_batch_is_told_in_chinese_but_for_the_names_in_it(self) -> None:
        for each in (each for name in (EVENTS, *tables()) for each in suite(name)):
            named = " ".join((each.table, each.column, *each.choices, each.pattern))
            assert left(each.description) <= set(_NAME.findall(named)), each.description


class TestQuarantine:
    def test_each_kind_has_a_word(self) -> None:
        assert set(SET_ASIDE) == set(get_args(Kind))

    def test_each_fault_of_a_payload_is_told_in_chinese_but_for_the_field_it_is_of(self) -> None:
        found = set()
        for payload in EVERY_PAYLOAD:
            names = {*_NAME.findall(json.dumps(payload.model_json_schema())), "payload"}
            documents = spoiled(json.loads(payload.model_dump_json()))
            for each in rejected(payload, *map(json.dumps, documents)):
                found.add(re.sub(r"^.*?: ", "", told(each)))
                assert left(told(each)) <= names, told(each)

        assert len(found) > 40

    def test_a_payload_that_is_no_json_is_told_in_chinese_before_the_parsers_own_words(
        self,
    ) -> None:
        (each,) = rejected(EVERY_PAYLOAD[0], "{")

        assert CHINESE.sentences(told(each)).startswith("payload：不是有效的 JSON：EOF")

    @pytest.mark.parametrize(
        ("changes", "names"),
        [
            ({"seq": 3}, set()),
            ({"seq": 2}, set()),
            ({"type": "order.teleported"}, {"Retour"}),
            ({"schema_version": 7}, {"Retour", "order", "placed"}),
            ({"time_us": "noon"}, {"time_us", "int"}),
            ({"actor_key": 5}, {"actor_key", "str", "NoneType"}),
            ({"recorded_at_us": 1 << 60}, {"recorded_at_us"}),
        ],
    )
    def test_each_fault_of_an_envelope_is_told_in_chinese(
        self, changes: dict[str, Any], names: set[str]
    ) -> None:
        event = replace(recorded(EVERY_PAYLOAD[0]), type="order.placed")

        faulty = decode([replace(event, **changes)], 0).rejected[0]

        assert left(told(faulty)) <= names

    def test_an_event_that_is_there_twice_is_told_in_chinese(self) -> None:
        first = recorded(EVERY_PAYLOAD[0])

        (again,) = decode([first, replace(first, seq=2)], 0).rejected

        assert left(told(again)) == set()

    def test_several_failed_checks_are_told_one_by_one(self) -> None:
        several = "; ".join(each.description for each in suite("order_placed")[:2])

        first, second = CHINESE.sentences(several).split("；")

        assert first.endswith("不得为空")
        assert second.startswith("order_placed.")


class TestRuns:
    def test_each_job_has_a_word(self) -> None:
        jobs = {each.name for each in defs().get_repository_def().get_all_jobs()}

        assert set(JOBS) == jobs
        assert all(CHINESE(word) != word for word in JOBS.values())

    def test_what_a_user_can_mend_is_told_in_chinese(self) -> None:
        messages = [each for module in _ENDS_RUNS for each in raised(module)]

        assert len(messages) > 30
        for each in messages:
            assert not _ENGLISH.search(CHINESE.sentences(each)), each

    def test_what_keeps_a_publication_back_is_told_in_chinese(self) -> None:
        broken = [
            Verdict(rule, Found(100, count, "", ""), is_new=True)
            for count, rule in enumerate(rules_for(load_models(SQL)), 1)
        ]

        for few in (broken[:1], broken[1:3], broken):
            assert not _ENGLISH.search(CHINESE.sentences(str(PublicationStopped(few))))

    @pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyError("sku")])
    def test_before_the_words_of_a_fault_or_behind_them_stands_chinese(
        self, fault: Exception
    ) -> None:
        said = CHINESE.sentences(faults.told(fault))

        assert faults.named(fault) in said
        assert not _ENGLISH.search(said.replace(faults.named(fault), ""))


def told(each: Quarantined) -> str:
    """As the mart tells it."""
    return each.fault or each.reason


def rejected(payload: Payload, *data: str) -> tuple[Quarantined, ...]:
    """What of these texts is set aside where they stand for the payload's."""
    event = recorded(payload)
    events = [replace(event, seq=n, id=f"event-{n}", data=each) for n, each in enumerate(data, 1)]
    return decode(events, 0).rejected


def recorded(payload: Payload) -> RecordedEvent:
    """The first event of a log."""
    return RecordedEvent(
        seq=1,
        id="event-1",
        source="retour/service",
        type=payload.type,
        subject="subject",
        time_us=0,
        recorded_at_us=0,
        origin="live",
        actor_role="shop",
        actor_key=None,
        correlation_id=None,
        causation_id=None,
        corrects=None,
        schema_version=payload.schema_version,
        data=payload.model_dump_json(),
    )


_WRONG = (None, "", "x" * 2_000, 5, -1, 1.5, 10**15, 10**40, float("nan"), True, [], {})


def spoiled(document: Any) -> Iterator[Any]:
    """A JSON value with something wrong in each place."""
    yield from _WRONG
    if isinstance(document, dict):
        yield {**document, "no_such_field": 1}
        yield {}
        for name, value in document.items():
            yield from ({**document, name: each} for each in spoiled(value))
    elif isinstance(document, list) and document:
        yield from ([each, *document[1:]] for each in spoiled(document[0]))


def raised(module: ModuleType) -> Iterator[str]:
    """The messages in a module's source, with something in the place of each figure."""
    assert module.__file__
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        yield from map(_filled, _messages(node))


def _messages(node: ast.AST) -> Iterator[ast.JoinedStr | ast.Constant]:
    kinds = {each.__name__ for each in (UserError, *UserError.__subclasses__())}
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in kinds:
            said = node.args
        case ast.Call(func=ast.Attribute(attr="__init__")):
            said = node.args
        case ast.Assign(targets=[ast.Name(id="fault" | "message" | "_NO_ADDRESS")]):
            said = [node.value]
        case ast.Return(value=ast.JoinedStr()):
            said = [node.value]
        case _:
            said = []
    yield from (each for each in said if isinstance(each, (ast.JoinedStr, ast.Constant)))


def _filled(message: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(message, ast.Constant):
        return str(message.value)
    parts = message.values
    return "".join(
        str(each.value)
        if isinstance(each, ast.Constant)
        else _FIGURES.get(ast.unparse(each.value), "x")
        if isinstance(each, ast.FormattedValue)
        else ""
        for each in parts
    )
