"""`retour model`, as it is called; and what the log knows of it afterwards."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from risk_shelf import AS_OF, promote, put_model
from service_shop import Shop
from typer.testing import CliRunner, Result

from models.risk import registry
from models.risk.score import MODEL
from retour.assembly import open_retour
from retour.cli import app
from retour.errors import UserError
from retour.settings import Settings, load_settings
from service.platform.clock import VirtualClock

Command = Callable[..., str]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("RETOUR_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("RETOUR_DATABASE_URL", "")
    return load_settings()


@pytest.fixture
def root(settings: Settings) -> Path:
    return settings.risk_dir


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["model", *words])


@pytest.fixture
def model(settings: Settings) -> Command:
    """Runs a command that must succeed; what it prints."""

    def command(*words: str) -> str:
        result = run(*words)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    return command


@pytest.fixture
def refused(settings: Settings) -> Command:
    """Runs a command that must be refused; what it says."""

    def command(*words: str) -> str:
        result = run(*words)
        assert isinstance(result.exception, UserError), (result.output, result.exception)
        return str(result.exception)

    return command


def told(settings: Settings, type_: str) -> list[dict[str, object]]:
    """What the log's events of a type say, in order."""
    retour = open_retour(settings)
    found = [json.loads(each.data) for each in retour.read_log(0, 1000) if each.type == type_]
    retour.context.db.dispose()
    return found


class TestList:
    def test_a_shop_without_a_model_learns_who_decides(self, model: Command) -> None:
        assert "no model yet: the rules decide" in model("list")

    def test_each_version_with_its_role_and_its_certificate(
        self, root: Path, model: Command
    ) -> None:
        first, second = put_model(root), put_model(root, split=2.5, threshold=None)
        promote(root, first)
        registry.challenge(root, second, at=AS_OF, by="test", reason="new")

        rows = {line.split()[0]: line for line in model("list").splitlines()}

        assert "champion" in rows[first]
        assert "0.2000  yes" in rows[first]
        assert "challenger" in rows[second]
        assert "no, 700 labels are missing" in rows[second]

    def test_what_no_label_would_mend_is_told_as_no_alone(self, root: Path, model: Command) -> None:
        nothing = {"certified": False, "missing_labels": None}
        version = put_model(root, threshold=None, certificate=nothing)

        (row,) = (line for line in model("list").splitlines() if line.startswith(version))

        assert row.split()[-1] == "no"


class TestShow:
    def test_the_manifest_and_that_the_files_are_sound(self, root: Path, model: Command) -> None:
        version = put_model(root)

        shown = model("show", version)

        assert f'"version": "{version}"' in shown
        assert "golden answers to the bit" in shown

    def test_one_whose_files_changed_is_refused_with_the_file_and_the_way_out(
        self, root: Path, refused: Command
    ) -> None:
        version = put_model(root)
        (root / version / MODEL).write_text("{}")

        words = refused("show", version)

        assert str(root / version / MODEL) in words
        assert "retour model rollback" in words

    def test_an_unknown_version_is_answered_with_the_known_ones(
        self, root: Path, refused: Command
    ) -> None:
        version = put_model(root)

        assert f"there is no model 'r1' in {root}: there are {version}" in refused("show", "r1")
        assert "there is no model 'r1'" in refused("promote", "r1", "--reason", "why not")


class TestPromotion:
    def test_it_decides_and_the_log_knows_who_what_and_why(
        self, settings: Settings, root: Path, model: Command
    ) -> None:
        version = put_model(root)

        said = model("promote", version, "--reason", "cheaper", "--by", "s-anna")

        assert said == f"{version} decides now.\n"
        (event,) = told(settings, "model.promoted")
        sha256 = json.loads((root / version / "manifest.json").read_text())["files"][MODEL]
        assert event == {
            "version": version,
            "previous": None,
            "is_rollback": False,
            "by": "s-anna",
            "reason": "cheaper",
            "model_sha256": sha256,
        }

    def test_once_more_is_the_same_promotion(
        self, settings: Settings, root: Path, model: Command
    ) -> None:
        version = put_model(root)

        for _ in range(2):
            model("promote", version, "--reason", "cheaper")

        assert len(told(settings, "model.promoted")) == 1

    def test_one_that_is_certified_for_nothing_is_said_to_be_so(
        self, root: Path, model: Command
    ) -> None:
        version = put_model(root, threshold=None)

        assert "certified for nothing yet" in model("promote", version, "--reason", "first")

    @pytest.mark.parametrize("reason", ["", " ", "a\nb", "x" * 201])
    def test_a_reason_is_one_line(self, root: Path, refused: Command, reason: str) -> None:
        version = put_model(root)

        words = refused("promote", version, "--reason", reason)

        assert words == "--reason must be one line of 1 to 200 characters"
        assert registry.champion(root) is None


class TestRollback:
    def test_the_one_before_decides_again(
        self, settings: Settings, root: Path, model: Command
    ) -> None:
        first, second = put_model(root), put_model(root, split=2.5)
        model("promote", first, "--reason", "first")
        model("promote", second, "--reason", "second")
        (root / second / MODEL).write_text("{}")

        said = model("rollback", "--reason", "corrupt")

        assert said == f"{first} decides again.\n"
        *_, last = told(settings, "model.promoted")
        assert (last["version"], last["is_rollback"]) == (first, True)

    def test_before_the_first_there_is_none_and_the_way_out_is_named(
        self, root: Path, model: Command, refused: Command
    ) -> None:
        assert "`retour model suspend`" in refused("rollback")
        model("promote", put_model(root), "--reason", "first")
        assert "`retour model suspend`" in refused("rollback")


class TestSuspension:
    def test_it_is_told_and_lifted_once(
        self, settings: Settings, root: Path, model: Command
    ) -> None:
        version = put_model(root)
        model("promote", version, "--reason", "first")

        assert f"{version} is suspended since" in model("suspend", "--reason", "odd week")
        model("suspend", "--reason", "once more")
        assert "suspended" in model("list")
        assert f"{version} is no longer suspended." in model("resume", "--reason", "looked at")
        assert "The model that decides was not suspended." in model("resume", "--reason", "again")

        (suspended,) = told(settings, "model.suspended")
        assert (suspended["cause"], suspended["reason"]) == ("by_hand", "odd week")
        assert [each["version"] for each in told(settings, "model.resumed")] == [version]

    def test_without_a_champion_there_is_none_to_suspend(self, refused: Command) -> None:
        assert "the rules decide already" in refused("suspend", "--reason", "odd week")


class TestReplay:
    @pytest.fixture
    def shop(self, settings: Settings) -> Iterator[Shop]:
        retour = open_retour(settings)
        clock = VirtualClock(retour.context.clock.now())
        with Shop(retour, clock) as shop:
            shop.put_order()
            shop.put_parcel(delivered_at=clock.now().isoformat())
            yield shop
        retour.context.db.dispose()

    def test_the_logged_score_comes_out_again_to_the_bit(
        self, root: Path, shop: Shop, model: Command
    ) -> None:
        version = put_model(root)
        promote(root, version)
        rma = shop.apply().json()["rma"]
        promote(root, put_model(root, split=2.5))

        said = model("replay", rma.lower())

        score = shop.retour.returns.assessed(rma).score
        assert f"return {rma}: model {version} gives {score!r}, as it did then." in said

    def test_a_folder_that_is_another_one_now_does_not_pass_for_it(
        self, root: Path, shop: Shop, refused: Command
    ) -> None:
        version = put_model(root)
        promote(root, version)
        rma = shop.apply().json()["rma"]
        other = put_model(root, low=-3.0)
        (root / version).rename(root / "away")
        (root / other).rename(root / version)

        words = refused("replay", rma)

        assert "restore it from a backup" in words

    def test_a_model_that_is_gone_is_named(self, root: Path, shop: Shop, refused: Command) -> None:
        version = put_model(root)
        promote(root, version)
        rma = shop.apply().json()["rma"]
        (root / version).rename(root / "away")

        assert f"there is no model '{version}'" in refused("replay", rma)

    def test_a_decision_without_a_score_says_who_decided(
        self, shop: Shop, refused: Command
    ) -> None:
        rma = shop.apply().json()["rma"]

        assert "there was no model, and the rules decided" in refused("replay", rma)

    def test_an_unknown_return_is_said_to_be_so(self, refused: Command) -> None:
        assert "no return 'R1' is known" in refused("replay", "R1")
