import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from known_truth import read_truth
from small_practice import DAYS, ORDERS_PER_DAY, SMALL, fingerprint, log_of, played_stage, simulated

from retour.settings import Settings
from retour.simulate import DEFAULT_START, simulate
from service.domain.events import RecordedEvent
from service.platform.clock import to_us
from simulator.scenario import Demand, Returns, Trial

START = datetime(DEFAULT_START.year, DEFAULT_START.month, DEFAULT_START.day, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return simulated(tmp_path_factory.mktemp("shop"), seed=7)


@pytest.fixture(scope="module")
def log(shop: Settings) -> list[RecordedEvent]:
    return log_of(shop)


class TestLog:
    def test_the_same_seed_plays_the_same_log_byte_for_byte_and_another_seed_another(
        self, log: list[RecordedEvent], tmp_path: Path
    ) -> None:
        again = log_of(simulated(tmp_path / "again", seed=7))
        other = log_of(simulated(tmp_path / "other", seed=8))

        assert fingerprint(again) == fingerprint(log)
        assert fingerprint(other) != fingerprint(log)

    def test_all_of_it_is_simulated_and_lies_in_its_days_in_order(
        self, log: list[RecordedEvent]
    ) -> None:
        recorded = [event.recorded_at_us for event in log]

        assert {event.origin for event in log} == {"simulated"}
        assert recorded == sorted(recorded)
        assert to_us(START) <= recorded[0]
        assert recorded[-1] <= to_us(START + timedelta(days=DAYS))

    def test_it_has_about_as_many_orders_as_was_asked_for(self, log: list[RecordedEvent]) -> None:
        placed = sum(event.type == "order.placed" for event in log)

        assert placed == pytest.approx(DAYS * ORDERS_PER_DAY, rel=0.35)

    def test_each_day_is_kept_and_the_returns_go_through_to_their_ends(
        self, log: list[RecordedEvent]
    ) -> None:
        counted = Counter(event.type for event in log)

        assert counted["return.closed"] > counted["return.requested"] / 3 > 10
        assert counted["survey.answered"] > 0
        assert counted["message.sent"] > counted["return.requested"]

    def test_customers_are_told_apart_and_tied_together_by_tokens_alone(
        self, log: list[RecordedEvent]
    ) -> None:
        said = "".join(event.data for event in log)

        assert sum(event.type == "customer.identified" for event in log) > 50
        assert "example.com" not in said
        assert "customer-0" not in said


class TestTrial:
    def test_for_its_days_another_policy_decides_and_then_the_usual_one_again(
        self, tmp_path: Path
    ) -> None:
        scenario = SMALL.model_copy(update={"trial": Trial(starts=0.3, days=10)})
        settings = Settings(var_dir=tmp_path)
        simulate(settings, scenario, days=DAYS, orders_per_day=ORDERS_PER_DAY, seed=3)

        versions = [
            (event.data.split('"policy_version":"')[1].split('"')[0], event.time_us)
            for event in log_of(settings)
            if event.type == "return.assessed"
        ]
        tried = [at for version, at in versions if version.endswith("-trial")]
        first, last = to_us(START + timedelta(days=8)), to_us(START + timedelta(days=18))

        assert tried
        assert all(first <= at < last for at in tried)
        assert {version for version, at in versions if not first <= at < last} == {
            version.removesuffix("-trial") for version, _ in versions
        }


class TestAnotherPerson:
    def test_who_was_declined_asks_once_and_somebody_else_decides(self, tmp_path: Path) -> None:
        scenario = SMALL.model_copy(update={"returns": Returns(second_look_share=1.0)})
        settings = Settings(var_dir=tmp_path)
        simulate(settings, scenario, days=40, orders_per_day=20, seed=5)

        told = log_of(settings)
        asked = Counter(event.subject for event in told if event.type == "review.requested")
        deciders: dict[str, list[str]] = {rma: [] for rma in asked}
        for event in told:
            if event.type == "review.decided" and event.subject in asked:
                deciders[event.subject].append(json.loads(event.data)["reviewer_key"])
        twice = [who for who in deciders.values() if len(who) == 2]
        assert set(asked.values()) == {1}
        assert len(twice) > 3
        assert all(first != second for first, second in twice)


class TestTruth:
    def test_it_knows_every_return_and_nothing_else(
        self, shop: Settings, log: list[RecordedEvent]
    ) -> None:
        begun = {e.subject for e in log if e.type in ("return.requested", "return.withdrawn")}
        known = read_truth(shop.var_dir / "truth", "returns").drop_nulls("rma")

        assert set(known["rma"]) == begun
        assert known["request"].is_unique().all()


class TestRefusedActs:
    def test_hardly_anything_that_people_try_is_refused(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A play whose people try what cannot be would leave out what it means to show."""
        stage = played_stage(tmp_path)

        assert stage.applied_for > 50
        assert sum(stage.refused.values()) < stage.applied_for / 10
        assert not [
            each for each in stage.refused if each.startswith(("order", "apply", "deliver"))
        ]
        assert caplog.records == []


class TestTinyShops:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_a_shop_with_hardly_any_order_is_played_too(self, seed: int, tmp_path: Path) -> None:
        scenario = SMALL.model_copy(update={"demand": Demand(promotions_a_year=0)})

        settings = Settings(var_dir=tmp_path)
        simulate(settings, scenario, days=3, orders_per_day=0.2, seed=seed)

        assert log_of(settings)
