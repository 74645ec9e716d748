"""The shop that `make run` ends with: seven months in which everything happened that can happen, and a truth that the marts match."""

import json
from collections import defaultdict
from pathlib import Path
from typing import get_args

import polars as pl
import pytest
from known_truth import read_truth
from replayed import Lines, replay
from running_shop import RunningShop

from retour.assembly import open_retour
from retour.practice import DAYS, DAYS_WITH_A_MODEL
from retour.settings import Settings
from service.domain import lifecycle
from service.domain.events import PAYLOADS, RecordedEvent
from service.domain.lifecycle import MACHINES
from service.letters.parts import LetterKind

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# What a pipeline or an import concludes is no part of a shop's life, nor what buyers say of it afterwards.
CONCLUSIONS = {type_ for type_, model in PAYLOADS.items() if model.family in ("conclusion", "flag")}
DAY_US = 86_400_000_000


@pytest.fixture(scope="module")
def events(running: RunningShop) -> list[RecordedEvent]:
    """The log of the practice shop, without what other tests do to it."""
    retour = open_retour(Settings(var_dir=running.folder / "var"))
    found: list[RecordedEvent] = []
    while more := retour.read_log(found[-1].seq if found else 0, 10_000):
        found.extend(more)
    return [each for each in found if each.origin == "simulated"]


@pytest.fixture(scope="module")
def truth(running: RunningShop) -> Path:
    return running.folder / "var" / "truth"


class TestEverythingHappens:
    def test_the_shop_has_a_past_of_several_months_up_to_now(
        self, events: list[RecordedEvent]
    ) -> None:
        days = (events[-1].time_us - events[0].time_us) / DAY_US

        assert DAYS - 1 <= days <= DAYS + 2

    def test_every_event_type_that_a_shops_life_has(self, events: list[RecordedEvent]) -> None:
        nobody_complains_with_a_choice_open = {"clock.put_off"}

        assert {each.type for each in events} == (
            set(PAYLOADS) - CONCLUSIONS - nobody_complains_with_a_choice_open
        )

    def test_every_letter(self, events: list[RecordedEvent]) -> None:
        sent = {json.loads(each.data)["letter"] for each in events if each.type == "message.sent"}

        assert sent == set(get_args(LetterKind))

    def test_letters_in_both_languages_and_the_last_ones_are_written(
        self, running: RunningShop, events: list[RecordedEvent]
    ) -> None:
        said = [json.loads(each.data) for each in events if each.type == "message.sent"]
        assert {each["language"] for each in said} == {"en", "zh"}
        written = {
            path.name.partition("@")[0] for path in (running.folder / "var" / "mail").iterdir()
        }
        last = [each.time_us for each in events][-1]
        recent = {
            json.loads(each.data)["message_id"]
            for each in events
            if each.type == "message.sent" and each.time_us > last - 6 * DAY_US
        }

        assert recent
        assert recent <= written
        assert len(written) < len(said) / 4

    def test_every_state_of_the_lifecycle(self, events: list[RecordedEvent]) -> None:
        seen: set[tuple[str, str]] = set()

        def watch(lines: Lines) -> None:
            for line in lines.values():
                seen.update((machine, str(line.state(machine))) for machine in MACHINES)

        for of_one in by_return(events).values():
            replay(of_one, refund_on_of(of_one), watch)

        every = {(machine, state) for machine in MACHINES for state in lifecycle.STATES[machine]}
        assert every - seen == set()

    def test_no_job_of_the_past_is_left_over_or_parked(self, running: RunningShop) -> None:
        retour = open_retour(Settings(var_dir=running.folder / "var"))

        assert retour.jobs.entries(only_parked=True) == []


class TestTruth:
    def test_the_marts_count_the_returns_of_each_product_that_the_truth_knows(
        self, running: RunningShop, truth: Path
    ) -> None:
        applied = read_truth(truth, "return_lines").drop_nulls("rma")
        skus = read_truth(truth, "products")["sku"]
        meant = (
            applied.with_columns(sku=skus.gather(applied["product"]))
            .group_by("sku")
            .agg(pl.col("quantity").sum())
        )
        rmas = ",".join(f"'{rma}'" for rma in applied["rma"].unique())
        counted = running.query(
            f"""select sku, sum(quantity)::bigint from return_lines
                where rma in ({rmas}) and reason is not null or rma in ({rmas}) and value_minor > 0
                group by sku"""
        )

        assert dict(counted) == dict(meant.iter_rows())

    def test_the_share_of_abuse_is_that_of_the_scenario(self, truth: Path) -> None:
        returns = read_truth(truth, "returns").drop_nulls("rma")
        share = json.loads((truth / "shop.json").read_text())["scenario"]["abuse"]["share"]

        assert returns.height > 3_000
        assert abs(float(returns["is_abusive"].mean()) - share) < 0.02  # type: ignore[arg-type]

    def test_every_return_of_the_log_is_in_the_truth(
        self, events: list[RecordedEvent], truth: Path
    ) -> None:
        begun = {
            each.subject for each in events if each.type in ("return.requested", "return.withdrawn")
        }
        known = set(read_truth(truth, "returns")["rma"].drop_nulls())

        assert begun == known


class TestModel:
    """Its past taught a model, which decided the last weeks of it: told by the log, and by the marts."""

    def test_one_was_promoted_within_the_past_and_decides_from_then_on(
        self, events: list[RecordedEvent], promoted: RecordedEvent
    ) -> None:
        version = json.loads(promoted.data)["version"]
        later = [each for each in assessed(events) if each.seq > promoted.seq]
        said = [json.loads(each.data) for each in later]

        days = (events[-1].time_us - promoted.time_us) / DAY_US
        assert DAYS_WITH_A_MODEL - 1 < days < DAYS_WITH_A_MODEL + 2
        assert {each["model_version"] for each in said} == {version}
        assert {each["basis"] for each in said} <= {"model", "rules"}

    def test_more_passes_by_itself_than_in_the_months_without_one(
        self, events: list[RecordedEvent], promoted: RecordedEvent
    ) -> None:
        before, after = (
            [each for each in assessed(events) if (each.seq > promoted.seq) == is_later]
            for is_later in (False, True)
        )

        assert len(after) > 300
        assert automatic(after) > automatic(before) + 0.05

    def test_its_audits_do_not_say_that_it_lets_pass_too_much(self, running: RunningShop) -> None:
        ((deciding, evidence, limit, audits, abusive, cap),) = running.query(
            "select deciding, evidence, evidence_limit, audits, audits_abusive, abuse_cap from risk_standing"
        )

        assert deciding == "model"
        assert audits > 20  # type: ignore[operator]
        assert abusive / audits < cap  # type: ignore[operator]
        assert evidence < limit  # type: ignore[operator]

    def test_what_it_let_pass_is_seldom_abusive_in_truth(
        self, events: list[RecordedEvent], promoted: RecordedEvent, truth: Path
    ) -> None:
        """Some of so few may be over the cap by chance; as much as without a model they are not."""
        passed = [
            each.subject
            for each in assessed(events)
            if each.seq > promoted.seq and json.loads(each.data)["decision"] == "approve"
        ]
        returns = read_truth(truth, "returns")
        share = returns.filter(pl.col("rma").is_in(passed))["is_abusive"].mean()

        assert float(share) < float(returns["is_abusive"].mean())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def promoted(running: RunningShop) -> RecordedEvent:
    """The first promotion of a model."""
    retour = open_retour(Settings(var_dir=running.folder / "var"))
    position = 0
    while page := retour.read_log(position, 10_000):
        for each in page:
            if each.type == "model.promoted":
                return each
        position = page[-1].seq
    raise AssertionError("no model was promoted")


def assessed(events: list[RecordedEvent]) -> list[RecordedEvent]:
    """The judged applications."""
    return [each for each in events if each.type == "return.assessed"]


def automatic(judged: list[RecordedEvent]) -> float:
    """The share that passed without a person."""
    said = [json.loads(each.data)["decision"] for each in judged]
    return said.count("approve") / len(said)


def by_return(events: list[RecordedEvent]) -> dict[str, list[RecordedEvent]]:
    """The events of each return, in order."""
    found: dict[str, list[RecordedEvent]] = defaultdict(list)
    begun = {
        each.subject for each in events if each.type in ("return.requested", "return.withdrawn")
    }
    for each in events:
        if each.subject in begun:
            found[each.subject].append(each)
    return found


def refund_on_of(events: list[RecordedEvent]) -> str:
    """What a return's refund waits for, as was agreed last."""
    agreed = "inspected"
    for each in events:
        agreed = json.loads(each.data).get("refund_on", agreed)
    return agreed
