"""A champion that must not decide for now: one small file, by version."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.risk.score import ModelUnusable
from models.risk.suspension import SUSPENDED, resume, suspend, suspensions

AT = datetime(2026, 3, 1, tzinfo=UTC)


def stop(root: Path, version: str = "r1", days: int = 0) -> None:
    suspend(
        root, version, at=AT + timedelta(days), cause="drift", by="pipeline", reason="hour: 0.31"
    )


def test_it_stands_until_it_is_lifted(tmp_path: Path) -> None:
    assert suspensions(tmp_path) == {}
    stop(tmp_path)

    standing = suspensions(tmp_path)["r1"]
    assert (standing.version, standing.cause, standing.since) == ("r1", "drift", AT.isoformat())
    assert resume(tmp_path, "r1") == standing
    assert suspensions(tmp_path) == {}
    assert resume(tmp_path, "r1") is None


def test_the_first_word_on_a_version_holds(tmp_path: Path) -> None:
    stop(tmp_path)
    stop(tmp_path, days=1)

    assert suspensions(tmp_path)["r1"].since == AT.isoformat()


def test_a_later_model_can_be_suspended_in_its_turn_and_the_earlier_one_still_is(
    tmp_path: Path,
) -> None:
    """Whoever goes back to a model that broke its cap must not let it decide by that alone."""
    stop(tmp_path)
    stop(tmp_path, "r2", days=1)
    assert set(suspensions(tmp_path)) == {"r1", "r2"}

    resume(tmp_path, "r2")

    assert set(suspensions(tmp_path)) == {"r1"}


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", "[{}]", "[1]", json.dumps([{"version": "r1", "since": "", "cause": "mood", "by": "", "reason": ""}])],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_the_way_out_and_can_be_lifted(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / SUSPENDED).write_text(content)

    with pytest.raises(ModelUnusable) as refused:
        suspensions(tmp_path)
    assert str(tmp_path / SUSPENDED) in str(refused.value)
    assert "`retour model resume`" in str(refused.value)
    resume(tmp_path, "r1")
    assert suspensions(tmp_path) == {}
