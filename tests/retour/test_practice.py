import multiprocessing
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from small_practice import DAYS, log_of, play_small_practice, settings_in

from retour.assembly import open_retour
from retour.practice import read_progress
from service.catalog.schemas import ProductBody
from simulator.truth import read_truth

SPAWN = multiprocessing.get_context("spawn")


class TestPractice:
    def test_its_past_ends_now(self, tmp_path: Path) -> None:
        before_us = time.time_ns() // 1000

        play_small_practice(str(tmp_path))

        last_us = log_of(settings_in(tmp_path))[-1].recorded_at_us
        how_far = read_progress(settings_in(tmp_path))
        assert before_us - 86_400_000_000 < last_us <= time.time_ns() // 1000
        assert how_far is not None
        assert how_far.share == 1

    def test_another_shops_log_is_left_as_it_is(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        retour = open_retour(settings_in(tmp_path))
        retour.catalog.put("MUG", ProductBody(title="a real mug"))

        play_small_practice(str(tmp_path))

        assert retour.log_head() == 1
        assert "another shop's events already" in capsys.readouterr().out

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
        orders = Counter(event.subject for event in log if event.type == "order.placed")
        begun = [e.subject for e in log if e.type in ("return.requested", "return.withdrawn")]
        numbers = sorted(int(each.removeprefix("P")) for each in orders)
        assert set(orders.values()) == {1}
        assert numbers == list(range(len(numbers)))
        assert [e.recorded_at_us for e in log] == sorted(e.recorded_at_us for e in log)
        assert len({e.recorded_at_us // 86_400_000_000 for e in log}) >= DAYS
        known = read_truth(settings.var_dir / "truth", "returns").drop_nulls("rma")
        assert sorted(known["rma"]) == sorted(begun)
