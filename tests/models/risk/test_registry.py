"""Which model decides: pointers that are whole or not there, and a record of every change."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from risk_toys import small_model

from models.risk import export, registry
from models.risk.features import NAMES
from models.risk.score import ModelUnusable

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    root = tmp_path_factory.mktemp("risk")
    return root, [publish(root, seed) for seed in range(3)]


@pytest.fixture
def shop(published: tuple[Path, list[str]]) -> tuple[Path, list[str]]:
    root, versions = published
    for name in (registry.CHAMPION, registry.CHALLENGER, registry.HISTORY):
        (root / name).unlink(missing_ok=True)
    return root, versions


def publish(root: Path, seed: int) -> str:
    grown, document, made = small_model(seed, requests=900, trees=3)
    rows = export.to_golden(grown, document, made.features, seed)
    manifest = {"features": list(NAMES), "threshold": None}
    return registry.publish(
        root,
        registry.Artefact(document, rows, manifest, "# {version}", {}),
        AS_OF + timedelta(seed),
    )


def promote(root: Path, version: str) -> registry.Pointer:
    return registry.promote(root, version, at=AS_OF, by="mira", reason="cheaper")


def test_publishing_the_same_model_again_changes_nothing(shop: tuple[Path, list[str]]) -> None:
    root, versions = shop
    stamp = (root / versions[0]).stat().st_mtime_ns
    assert publish(root, 0) == versions[0]
    assert (root / versions[0]).stat().st_mtime_ns == stamp
    assert registry.versions(root) == versions
    assert (root / versions[0] / "card.md").read_text() == f"# {versions[0]}"


def test_the_same_trees_with_another_certificate_are_another_version(tmp_path: Path) -> None:
    """Else a training under a tighter cap would leave the old threshold in force."""
    grown, document, made = small_model(1, requests=900, trees=3)
    rows = export.to_golden(grown, document, made.features, 1)
    first, second = (
        registry.publish(
            tmp_path,
            registry.Artefact(
                document, rows, {"features": list(NAMES), "threshold": each}, "# {version}", {}
            ),
            AS_OF,
        )
        for each in (0.2, 0.1)
    )

    assert first != second
    assert registry.verify(tmp_path / second).threshold == 0.1


def test_a_record_whose_last_line_was_cut_short_is_read_and_goes_on(
    shop: tuple[Path, list[str]],
) -> None:
    """A full disk or a kill while it is written: the pointer comes after it, so nothing stood by that line."""
    root, versions = shop
    first = promote(root, versions[0])
    with (root / registry.HISTORY).open("a") as file:
        file.write('{"version": "r1", "prom')
    assert registry.history(root) == [first]

    second = promote(root, versions[1])

    assert registry.history(root) == [first, second]
    assert registry.rollback(root, at=AS_OF, by="mira", reason="odd").version == versions[0]


@pytest.mark.parametrize("line", ["{", "[]", "{}", '"r1"', "1"])
def test_a_record_that_is_broken_is_told_with_the_way_out(
    shop: tuple[Path, list[str]], line: str
) -> None:
    root, versions = shop
    promote(root, versions[0])
    (root / registry.HISTORY).write_text(f"{line}\n")

    with pytest.raises(ModelUnusable, match=r"promotions\.jsonl is no record.*Restore it"):
        registry.history(root)


def test_nothing_stands_before_the_first_promotion(shop: tuple[Path, list[str]]) -> None:
    root, _ = shop
    assert registry.champion(root) is None
    assert registry.challenger(root) is None
    assert registry.history(root) == []
    assert registry.versions(root / "nowhere") == []
    with pytest.raises(ModelUnusable, match="none was ever promoted"):
        registry.rollback(root, at=AS_OF, by="mira", reason="odd")


def test_rolling_back_goes_one_further_each_time(shop: tuple[Path, list[str]]) -> None:
    root, versions = shop
    for version in versions:
        promote(root, version)
    found = [registry.rollback(root, at=AS_OF, by="mira", reason="odd").version for _ in range(2)]
    assert found == [versions[1], versions[0]]
    with pytest.raises(ModelUnusable, match=f"{versions[0]} was the first"):
        registry.rollback(root, at=AS_OF, by="mira", reason="odd")
    assert [past.version for past in registry.history(root)] == [*versions, *found]
    champion = registry.champion(root)
    assert champion is not None
    assert (champion.by, champion.reason) == ("mira", "odd")


def test_a_corrupt_champion_can_be_rolled_back_and_never_promoted(
    shop: tuple[Path, list[str]],
) -> None:
    root, versions = shop
    promote(root, versions[0])
    promote(root, versions[1])
    sound = (root / versions[1] / "model.json").read_bytes()
    (root / versions[1] / "model.json").write_bytes(sound.replace(b"1", b"2", 1))
    try:
        back = registry.rollback(root, at=AS_OF, by="mira", reason="corrupt")
        assert back.version == versions[0]
        with pytest.raises(ModelUnusable, match=r"model\.json is not the file"):
            promote(root, versions[1])
        with pytest.raises(ModelUnusable, match=r"model\.json is not the file"):
            registry.challenge(root, versions[1], at=AS_OF, by="mira", reason="try")
    finally:
        (root / versions[1] / "model.json").write_bytes(sound)
    champion = registry.champion(root)
    assert champion is not None
    assert champion.version == versions[0]


def test_a_broken_pointer_is_told_and_can_be_replaced(shop: tuple[Path, list[str]]) -> None:
    root, versions = shop
    promote(root, versions[0])
    (root / registry.CHAMPION).write_text("{")
    with pytest.raises(ModelUnusable, match=r"champion\.json does not name a model"):
        registry.champion(root)
    assert promote(root, versions[1]).previous == versions[0]
    (root / registry.CHAMPION).write_text("{}")
    assert promote(root, versions[1]).version == versions[1]
    champion = registry.champion(root)
    assert champion is not None
    assert champion.version == versions[1]


def test_a_challenger_that_is_promoted_challenges_no_longer(shop: tuple[Path, list[str]]) -> None:
    root, versions = shop
    registry.challenge(root, versions[2], at=AS_OF, by="the pipeline", reason="weekly")
    standing = registry.challenger(root)
    assert standing is not None
    assert standing.version == versions[2]
    promote(root, versions[2])
    assert registry.challenger(root) is None


def test_promoting_the_champion_again_leaves_the_record_as_it_is(
    shop: tuple[Path, list[str]],
) -> None:
    root, versions = shop
    first = promote(root, versions[0])
    assert promote(root, versions[0]) == first
    assert len(registry.history(root)) == 1
    pointer = json.loads((root / registry.CHAMPION).read_text())
    assert set(pointer) == {"version", "promoted_at", "by", "reason", "previous"}


def test_an_unknown_version_is_refused_with_those_that_there_are(
    shop: tuple[Path, list[str]],
) -> None:
    root, versions = shop
    with pytest.raises(ModelUnusable, match=rf"no model r1 in .*There are: {versions[0]}"):
        promote(root, "r1")
    with pytest.raises(ModelUnusable, match="None has been trained yet"):
        promote(root / "nowhere", "r1")
