"""The shop that `make run` ends with: half a year in which everything happened that can happen, and a truth that the marts match."""

import json
from collections import defaultdict
from pathlib import Path
from typing import get_args

import polars as pl
import pytest
from replayed import Lines, replay
from running_shop import RunningShop

from retour.assembly import open_retour
from retour.practice import DAYS
from retour.settings import Settings
from service.domain import lifecycle
from service.domain.events import PAYLOADS, RecordedEvent
from service.domain.lifecycle import MACHINES
from service.letters.parts import LetterKind
from simulator.truth import read_truth

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# What a pipeline or an import concludes is no part of a shop's life.
CONCLUSIONS = {type_ for type_, model in PAYLOADS.items() if model.family == "conclusion"}
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
        assert {each.type for each in events} == set(PAYLOADS) - CONCLUSIONS

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
