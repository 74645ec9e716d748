"""A log with holes, and with facts about what it does not know: no rule that stops publication breaks by that."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from made_of import take_in
from quarter import ZONE, quarter

from pipelines.publish.publish import HEALTH_MARTS
from pipelines.quality.doors import Verdict, judge
from pipelines.steps import SQL_DIR, build
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.settings import Settings
from service.domain import events as e
from service.domain.events import RecordedEvent

pytestmark = pytest.mark.slow

# The dock split a line, and later the rest of it, of a return whose application nobody can read.
SPLITS = (
    e.LineSplit(rma="R-GONE", line_no=1, root_line_no=1, into_line_no=2, quantity=1, value_minor=500),
    e.LineSplit(rma="R-GONE", line_no=1, root_line_no=1, into_line_no=3, quantity=2, value_minor=900),
)  # fmt: skip
# Two parcels came on two days: the window stands open for one line and is over for the other.
TWO_WORDS = e.ReturnDeclined(
    rma="R-LATE",
    mode="rule",
    rule="return_window",
    appeal_until_us=1_800_000_000_000_000,
    policy_version="1",
    rules=[
        e.RuleOutcome(rule="return_window", passed=True, detail="day 3 of 30"),
        e.RuleOutcome(rule="return_window", passed=False, detail="day 31 of 30"),
    ],
)


def with_holes(log: Sequence[RecordedEvent], chance: random.Random) -> Iterator[RecordedEvent]:
    """The log without one event in twenty of each type, as if each lay in quarantine."""
    by_type = defaultdict(list)
    for each in log:
        by_type[each.type].append(each.seq)
    gone = {
        seq for all_ in by_type.values() for seq in chance.sample(all_, max(1, len(all_) // 20))
    }
    yield from (each for each in log if each.seq not in gone)


def told(payload: e.Payload, like: RecordedEvent) -> RecordedEvent:
    said = payload.model_dump(mode="json")
    return replace(
        like,
        id=f"told-{json.dumps(said)}",
        type=payload.type,
        subject=said["rma"],
        data=payload.model_dump_json(),
    )


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("holes")
    settings = Settings(
        var_dir=folder / "var", warehouse=folder / "warehouse.duckdb", timezone=ZONE
    )
    known = list(with_holes(quarter().log, random.Random(5)))
    log = [*known, *(told(payload, known[-1]) for payload in (*SPLITS, TWO_WORDS))]
    numbered = [replace(each, seq=place) for place, each in enumerate(log, 1)]
    retour = open_retour(settings)
    with Warehouse.of(settings, say=lambda _: None) as opened:
        take_in(settings, numbered)
        opened.attach_lake()
        build(opened, retour, load_models(SQL_DIR))
        yield opened
    retour.context.db.dispose()


@pytest.fixture(scope="module")
def broken(warehouse: Warehouse) -> list[Verdict]:
    models = [each for each in load_models(SQL_DIR) if each.relation not in HEALTH_MARTS]
    return [each for each in judge(warehouse, models, {}) if not each.passed]


def test_none_of_them_stops_publication(broken: list[Verdict]) -> None:
    """What cannot be read of one return must not keep every figure of the shop from being shown."""
    assert [each for each in broken if each.stops_publication] == []


def test_what_the_holes_left_is_told_as_a_warning(broken: list[Verdict]) -> None:
    found = {(each.rule.relation, each.rule.name) for each in broken}
    assert ("staging.returns", "order_id_is_known") in found
    assert ("intermediate.surveys", "survey_was_sent") in found
    assert ("intermediate.lines_now", "quantity_at_least_0") in found


def test_what_a_rule_passed_it_did_not_decline(warehouse: Warehouse) -> None:
    (row,) = warehouse.query(
        """select checked, failed, declined from marts.policy_rules_weekly
           where policy_version = '1' and rule = 'return_window'"""
    ).rows()
    assert row == (2, 1, 1)


def test_an_answer_to_a_survey_that_nobody_sent_is_listed_and_counted_for_no_day(
    warehouse: Warehouse,
) -> None:
    listed, of_sent = warehouse.query(
        """select count(*), count(surveys.sent_at) from marts.satisfaction_answers as answers
           left join intermediate.surveys as surveys on surveys.rma = answers.rma"""
    ).row(0)
    (counted,) = warehouse.query("select sum(answered) from marts.satisfaction_daily").row(0)
    assert listed > of_sent == counted
