import json
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from known_truth import read_truth
from risk_shelf import promote, put_model
from small_practice import DAYS, log_of, play_small_practice, settings_in

from retour import practice
from retour.assembly import open_retour, policy_in_force
from retour.practice_policy import lay_down_policy
from retour.progress import read_progress
from service.catalog.schemas import ProductBody
from service.domain.events import RecordedEvent
from service.platform.clock import to_us
from service.policies import default_policy, default_text
from simulator.play.checkpoint import read_checkpoint

DAY_US = 86_400_000_000
SPAWN = multiprocessing.get_context("spawn")


class TestPractice:
    def test_its_past_ends_now(self, tmp_path: Path) -> None:
        before_us = time.time_ns() // 1000

        play_small_practice(str(tmp_path))

        last_us = log_of(settings_in(tmp_path))[-1].recorded_at_us
        how_far = read_progress(settings_in(tmp_path))
        assert before_us - DAY_US < last_us <= time.time_ns() // 1000
        assert how_far is not None
        assert how_far.share == 1

    def test_a_model_that_was_promoted_decides_in_it(self, tmp_path: Path) -> None:
        settings = settings_in(tmp_path)
        version = put_model(settings.risk_dir)
        promote(settings.risk_dir, version)

        play_small_practice(str(tmp_path))

        said = [json.loads(e.data) for e in log_of(settings) if e.type == "return.assessed"]
        assert {each["model_version"] for each in said} == {version}
        assert "model" in {each["basis"] for each in said}

    def test_another_shops_log_is_left_as_it_is(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        retour = open_retour(settings_in(tmp_path))
        retour.catalog.put("MUG", ProductBody(title="a real mug"))

        play_small_practice(str(tmp_path))

        assert retour.log_head() == 1
        assert "another shop's events already" in capsys.readouterr().out
        assert policy_in_force(settings_in(tmp_path)) == default_policy()

    @pytest.mark.slow
    def test_killed_anywhere_it_goes_on_where_it_stopped(self, tmp_path: Path) -> None:
        """Without the checkpoint before each commit, orders would be lost or come twice."""
        settings = settings_in(tmp_path)
        for share in (0.1, 0.5):
            player = SPAWN.Process(target=play_small_practice, args=(str(tmp_path),))
            player.start()
            while (how_far := read_progress(settings)) is None or how_far.share < share:
                assert player.is_alive()
                time.sleep(0.02)
            assert player.pid is not None
            os.kill(player.pid, signal.SIGKILL)
            player.join()
            assert player.exitcode == -signal.SIGKILL

        play_small_practice(str(tmp_path))

        log = log_of(settings)
        placed = [event for event in log if event.type == "order.placed"]
        today_us = max(event.recorded_at_us for event in placed) // DAY_US * DAY_US
        orders = Counter(event.subject for event in placed)
        begun = [e.subject for e in log if e.type in ("return.requested", "return.withdrawn")]
        # Today's orders are not numbered in the order in which they are placed: some are yet to come.
        numbers = sorted(number_of(e) for e in placed if e.recorded_at_us < today_us)
        assert set(orders.values()) == {1}
        assert numbers == list(range(len(numbers)))
        assert all(number_of(e) >= len(numbers) for e in placed if e.recorded_at_us >= today_us)
        assert [e.recorded_at_us for e in log] == sorted(e.recorded_at_us for e in log)
        assert len({e.recorded_at_us // DAY_US for e in log}) >= DAYS
        known = read_truth(settings.var_dir / "truth", "returns").drop_nulls("rma")
        assert sorted(known["rma"]) == sorted(begun)


class TestPolicy:
    def test_its_own_is_the_built_in_one_but_for_what_a_small_shop_bears_and_inspects(
        self, tmp_path: Path
    ) -> None:
        settings = settings_in(tmp_path)

        lay_down_policy(settings)

        ours, usual = policy_in_force(settings).model_dump(), default_policy().model_dump()
        assert 0.3 < ours["audit"]["bootstrap_share"] < 1
        assert 0.01 < ours["risk"]["abuse_cap"] <= ours["risk"]["amount_cap"] <= 0.05
        assert {name for name in usual if ours[name] != usual[name]} == {"version", "audit", "risk"}
        caps = ("abuse_cap", "amount_cap", "early_refund", "basic_inspection")
        assert {n for n in usual["risk"] if ours["risk"][n] != usual["risk"][n]} == {*caps}

    def test_one_that_is_named_is_in_force_instead(self, tmp_path: Path) -> None:
        (tmp_path / "my.toml").write_text(default_text().replace("2026-11", "mine", 1))
        settings = settings_in(tmp_path).model_copy(update={"policy": str(tmp_path / "my.toml")})

        lay_down_policy(settings)

        assert policy_in_force(settings).version == "mine"
        assert not settings.practice_policy.exists()


class TestLearning:
    def test_what_its_past_taught_decides_the_last_weeks_of_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = settings_in(tmp_path)
        taught_at: list[int] = []

        def train() -> None:
            taught_at.append(log_of(settings)[-1].seq)
            promote(settings.risk_dir, put_model(settings.risk_dir))

        monkeypatch.setattr(practice, "_train", train)
        monkeypatch.setattr(practice, "DAYS_WITH_A_MODEL", 10)

        play_small_practice(str(tmp_path))

        log = log_of(settings)
        said = [(e.seq, json.loads(e.data)) for e in log if e.type == "return.assessed"]
        (seq,) = taught_at
        before = {(each["model_version"], each["policy_version"]) for at, each in said if at <= seq}
        after = {each["model_version"] for at, each in said if at > seq}
        days = (log[-1].recorded_at_us - log[seq - 1].recorded_at_us) / DAY_US
        assert {model for model, _ in before} == {None}
        assert {policy.removesuffix("-trial") for _, policy in before} == {"2026-11-practice"}
        assert len(after) == 1
        assert after != {None}
        assert 9.9 < days < 11.1


def number_of(placed: RecordedEvent) -> int:
    return int(placed.subject.removeprefix("P"))


class _Ticking:
    """A clock of this machine that a test moves on, and the event that ends a shop's life after some ticks."""

    def __init__(self, ticks: int, hours: int) -> None:
        self.ticks, self.hours, self.passed = ticks, hours, timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.passed

    def wait(self, _: float) -> bool:
        self.passed += timedelta(hours=self.hours)
        self.ticks -= 1
        return self.ticks < 0


class TestPresent:
    def test_the_shop_lives_on_day_after_day_and_leaves_its_jobs_to_the_worker(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = _Ticking(ticks=13, hours=6)  # three days: two whole ones, whatever the hour
        monkeypatch.setattr(practice, "SystemClock", lambda: clock)
        monkeypatch.setattr(practice, "DAYS", DAYS)
        monkeypatch.setattr(practice, "ORDERS_PER_DAY", 20.0)
        settings = settings_in(tmp_path)
        monkeypatch.setattr(
            practice, "_until_signalled", lambda live: live(cast(threading.Event, clock))
        )

        practice.play_practice(settings, keeps_growing=True)

        log, today_us = log_of(settings), to_us(datetime.now(UTC))
        lately = [event for event in log if event.recorded_at_us > today_us]
        counted = Counter(event.type for event in lately)
        assert {e.recorded_at_us // DAY_US for e in lately if e.type == "order.placed"} >= {
            today_us // DAY_US + 1,
            today_us // DAY_US + 2,
        }
        assert counted["return.requested"] + counted["return.withdrawn"] > 0
        assert counted["message.sent"] == 0
        kept = read_checkpoint(settings.var_dir / "practice", log[-1].seq)
        assert kept is not None
        assert kept.position == log[-1].seq
