from pathlib import Path

from small_practice import played_stage, stopped_play

from simulator.play.checkpoint import (
    Checkpoint,
    checkpoint_of,
    go_on,
    plan_of,
    read_checkpoint,
    write_checkpoint,
)


class TestCheckpoint:
    def test_a_play_that_goes_on_from_it_has_the_same_in_mind(self, tmp_path: Path) -> None:
        play, again = stopped_play(tmp_path / "first"), stopped_play(tmp_path / "second", days=0)
        kept = checkpoint_of(play, 12)
        write_checkpoint(tmp_path, kept)

        read = read_checkpoint(tmp_path, kept.position)
        assert read is not None
        go_on(read, again)

        assert (
            checkpoint_of(again, 12).model_dump_json()
            == checkpoint_of(play, 12)
            .model_copy(update={"now_us": again.stage.now_us})
            .model_dump_json()
        )

    def test_the_plan_goes_on_with_the_same_days(self, tmp_path: Path) -> None:
        play, again = stopped_play(tmp_path / "first"), stopped_play(tmp_path / "second", days=0)
        go_on(checkpoint_of(play, 12), again)

        ours, theirs = play.stage.plan.day(12), again.stage.plan.day(12)

        assert ours.orders.equals(theirs.orders)
        assert ours.requests.equals(theirs.requests)

    def test_of_several_the_newest_counts_that_the_log_has_reached(self, tmp_path: Path) -> None:
        kept = checkpoint_of(stopped_play(tmp_path / "play"), 12)
        for position in (100, 200, 300):
            write_checkpoint(tmp_path, kept.model_copy(update={"position": position}))

        assert _position(read_checkpoint(tmp_path, 1000)) == 300
        assert _position(read_checkpoint(tmp_path, 299)) == 200
        assert read_checkpoint(tmp_path, 199) is None  # older ones are gone
        assert plan_of(kept).world.seed == kept.seed

    def test_one_that_cannot_be_read_counts_as_none(self, tmp_path: Path) -> None:
        (tmp_path / "play-000000000100.json").write_text("{}")

        assert read_checkpoint(tmp_path, 100) is None


class TestMemory:
    def test_what_everybody_has_in_mind_is_forgotten_in_time(self, tmp_path: Path) -> None:
        """Orders are talked of for some weeks; a play of years would hold all of them otherwise."""
        stage = played_stage(tmp_path, days=70)

        assert stage.orders
        assert len(stage.orders) < stage.plan.orders / 2
        assert len(stage.lives) < stage.applied_for


def _position(kept: Checkpoint | None) -> int | None:
    return kept and kept.position
