"""The risk port with a model: who is heard, what becomes of a model that misbehaves, and files that change beneath a running service."""

import json
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from applications import PASSED, STOPPED, an_application
from hypothesis import given
from hypothesis import strategies as st
from risk_shelf import AS_OF, promote, put_model

from models.risk import registry, suspension
from models.risk.features import NAMES
from models.risk.rules import RiskRules
from models.risk.score import MANIFEST, MODEL
from service.domain.risk import VALUE, Application, Assessment
from service.policies import default_policy
from service.risk.model_risk import ModelRisk
from service.risk.standing import Registry

LOW = 0.001 + (0.5 - 0.001) / 5  # what the map between the knots makes of a raw score of -4
TERMS = default_policy().risk
HIGH = 0.5 + (0.999 - 0.5) / 5  # ... and of 1


def request(lines: float | None = 1.0, **changed: Any) -> Application:
    """An application of so many lines worth 20 euros; everything else is unknown."""
    features: dict[str, float | None] = dict.fromkeys(NAMES)
    return an_application(features={**features, VALUE: 2000.0, NAMES[0]: lines}, **changed)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "risk"


@pytest.fixture
def champion(root: Path) -> str:
    """A model that lets one line pass and no more: its version."""
    version = put_model(root, threshold=0.2)
    promote(root, version)
    return version


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    caplog.set_level(logging.WARNING, "retour.risk")
    return lambda: [json.loads(each.getMessage()) for each in caplog.records]


class TestWhoDecides:
    def test_before_the_first_promotion_the_rules_with_the_bootstrap_share(
        self, root: Path
    ) -> None:
        risk = ModelRisk(root)

        made = risk.assess(request(draw=0.2))

        assert (made.decision, made.basis, made.propensity) == ("approve", "no_model", 0.3)
        assert (made.model_version, made.score) == (None, None)
        assert risk.health(TERMS).deciding == "no_model"

    def test_a_policy_that_asks_for_more_than_the_certificate_proves_is_not_the_champion_s(
        self, root: Path, champion: str
    ) -> None:
        risk, tighter = ModelRisk(root), {"abuse_cap": 0.005}

        made = risk.assess(request(1, draw=0.9, risk=tighter))

        assert (made.basis, made.model_version) == ("uncertified", champion)
        assert risk.health(TERMS.model_copy(update=tighter)).deciding == "uncertified"
        assert risk.assess(request(1)).basis == "model"

    def test_the_score_of_the_champion(self, root: Path, champion: str) -> None:
        risk = ModelRisk(root)

        one, several = risk.assess(request(1)), risk.assess(request(2))

        assert (one.decision, one.basis, one.score) == ("approve", "model", LOW)
        assert (several.decision, several.basis, several.score) == ("review", "model", HIGH)
        assert one.propensity == 0.97 * 0.99
        assert {one.model_version, several.model_version} == {champion}

    def test_before_the_first_promotion_a_person_decides_on_what_is_worth_more(
        self, root: Path
    ) -> None:
        made = ModelRisk(root).assess(request(value_minor=2501))

        assert (made.decision, made.basis, made.propensity) == ("review", "no_model", 0.7)
        assert [each.code for each in made.reasons] == ["no_model"]

    def test_a_review_says_why_and_an_approval_does_not(self, root: Path, champion: str) -> None:
        risk = ModelRisk(root)

        assert risk.assess(request(1)).reasons == ()
        (reason,) = risk.assess(request(2)).reasons
        assert reason.code == NAMES[0]
        assert (
            reason.words
            == "We look more closely because of what comes back, its value or the reason that was given."
        )

    def test_of_a_blind_case_that_would_have_passed_only_the_lot_is_a_reason(
        self, root: Path, champion: str
    ) -> None:
        risk = ModelRisk(root)

        passed, doubted = (
            risk.assess(request(1, draw=0.995)),
            risk.assess(request(2, draw=0.1)),
        )

        assert (passed.decision, passed.hidden_decision) == ("review", "approve")
        assert [each.code for each in passed.reasons] == ["by_lot"]
        assert (passed.model_version, passed.score) == (champion, LOW)
        assert (doubted.decision, doubted.hidden_decision) == ("review", "review")
        assert [each.code for each in doubted.reasons] == [NAMES[0]]

    def test_what_a_rule_stops_is_scored_and_a_person_decides_all_the_same(
        self, root: Path, champion: str
    ) -> None:
        risk = ModelRisk(root)

        low, high = (risk.assess(request(each, judgement=STOPPED)) for each in (1, 2))

        assert {low.decision, high.decision} == {"review"}
        assert {low.basis, high.basis} == {"rules"}
        assert (low.score, high.score) == (LOW, HIGH)
        assert [each.code for each in low.reasons] == ["value"]
        assert [each.code for each in high.reasons] == ["value", NAMES[0]]

    def test_one_that_is_certified_for_nothing_is_scored_and_the_rules_decide(
        self, root: Path
    ) -> None:
        promote(root, put_model(root, threshold=None))

        made = ModelRisk(root).assess(request(2))

        assert (made.decision, made.basis, made.score) == ("approve", "uncertified", HIGH)
        assert made.propensity == 0.7

    def test_a_person_who_decides_for_want_of_a_certificate_is_told_no_more_than_that(
        self, root: Path
    ) -> None:
        promote(root, put_model(root, threshold=None))

        made = ModelRisk(root).assess(request(2, value_minor=2501))

        assert (made.decision, made.score) == ("review", HIGH)
        assert [each.code for each in made.reasons] == ["uncertified"]


LINKS = {
    "same_address": 2,
    "same_device": 1,
    "same_phone": 1,
    "same_payment": 1,
}  # the built-in policy's


class TestLinks:
    """A ring that no label knows yet looks harmless; its members share what they live on."""

    @pytest.mark.parametrize("name", LINKS)
    def test_a_person_decides_where_a_customer_shares_something_with_more_than_the_policy_bears(
        self, root: Path, champion: str, name: str
    ) -> None:
        at, above = (
            ModelRisk(root).assess(shared(**{name: LINKS[name] + more})) for more in (0, 1)
        )

        assert (at.decision, at.reasons) == ("approve", ())
        assert (above.decision, above.basis, above.score) == ("review", "model", LOW)
        assert above.inspection == "full"
        (reason,) = above.reasons
        assert reason.code == name
        assert "relate to other accounts" in reason.words

    def test_who_is_not_known_to_share_anything_is_judged_by_the_score(
        self, root: Path, champion: str
    ) -> None:
        assert ModelRisk(root).assess(shared(**dict.fromkeys(LINKS))).decision == "approve"

    def test_the_lot_of_doubts_draws_of_them_so_that_they_are_learned_of(
        self, root: Path, champion: str
    ) -> None:
        made = ModelRisk(root).assess(shared(same_device=5, draw=0.999))

        assert (made.decision, made.is_drawn_doubt, made.inspection) == ("approve", True, "full")

    def test_what_a_high_score_says_stands_beside_what_is_shared(
        self, root: Path, champion: str
    ) -> None:
        made = ModelRisk(root).assess(shared(2, same_phone=9))

        assert [each.code for each in made.reasons] == ["same_phone", NAMES[0]]

    @pytest.mark.parametrize(("proven", "allowed"), [(0, 3), (3, 0)])
    def test_the_tighter_limit_holds_of_the_policy_s_and_that_of_the_model_s_training(
        self, root: Path, proven: int, allowed: int
    ) -> None:
        """A certificate speaks of those whom it was made from; a policy may ask for less at any time."""
        promote(root, put_model(root, rules={"most_linked": {"same_device": proven}}))
        limit = default_policy().risk.links.model_copy(update={"device": allowed})

        alone, beside = (
            ModelRisk(root).assess(shared(same_device=others, risk={"links": limit}))
            for others in (0, 1)
        )

        assert (alone.decision, beside.decision) == ("approve", "review")


def shared(
    lines: float = 1, *, draw: float = 0.5, risk: Any = None, **links: float | None
) -> Application:
    """An application that the champion lets pass, of a customer who shares so much with others."""
    features = {**request(lines).features, **links}
    return an_application(features=features, draw=draw, risk=risk or {})


class TestStakes:
    @pytest.mark.parametrize(
        ("early", "basic", "refund_on", "inspection"),
        [
            (0.2, 0.2, "first_scan", "basic"),
            (0.01, 0.2, "inspected", "basic"),
            (None, 0.2, "inspected", "basic"),
            (None, 0.01, "inspected", "full"),
            (None, None, "inspected", "full"),
        ],
    )
    def test_each_action_goes_as_far_as_its_own_certificate(
        self, root: Path, early: float | None, basic: float | None, refund_on: str, inspection: str
    ) -> None:
        actions = {"refund_early": {"threshold": early}, "inspect_basic": {"threshold": basic}}
        promote(root, put_model(root, actions=actions))

        made = ModelRisk(root).assess(request(1))

        assert (made.decision, made.refund_on, made.inspection) == (
            "approve",
            refund_on,
            inspection,
        )

    @pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan, "0.1"])
    def test_a_threshold_that_is_no_probability_lets_nobody_pass(
        self, root: Path, champion: str, threshold: Any
    ) -> None:
        made = risk_with(root, Told(threshold=threshold)).assess(request(1))

        assert (made.decision, made.basis) == ("review", "unavailable")


class TestChallenger:
    @pytest.fixture
    def challenger(self, root: Path, champion: str) -> str:
        version = put_model(root, low=1.0, high=-4.0, threshold=None)
        registry.challenge(root, version, at=AS_OF, by="test", reason="to see")
        return version

    def test_it_scores_in_the_shadow_and_decides_nothing(
        self, root: Path, champion: str, challenger: str
    ) -> None:
        made = ModelRisk(root).assess(request(1))

        assert (made.decision, made.model_version, made.score) == ("approve", champion, LOW)
        assert (made.challenger_version, made.challenger_score) == (challenger, HIGH)

    def test_one_that_is_broken_costs_nothing_but_its_score(
        self, root: Path, champion: str, challenger: str
    ) -> None:
        risk = ModelRisk(root)
        (root / challenger / MODEL).write_text("{}")

        made = risk.assess(request(1))

        assert (made.decision, made.basis) == ("approve", "model")
        assert (made.challenger_version, made.challenger_score) == (challenger, None)
        assert risk.health(TERMS).discarded == {"challenger_unavailable": 1}


class TestChangesBeneathARunningService:
    def test_a_promotion_is_taken_up_with_the_next_request(self, root: Path, champion: str) -> None:
        risk = ModelRisk(root)
        risk.assess(request(2))
        second = put_model(root, split=2.5, threshold=0.2)

        promote(root, second)
        made = risk.assess(request(2))

        assert (made.model_version, made.decision) == (second, "approve")

    def test_a_file_is_read_once_while_it_does_not_change(self, root: Path, champion: str) -> None:
        loaded: list[Path] = []

        def load(folder: Path) -> Any:
            loaded.append(folder)
            return registry.verify(folder)

        risk = ModelRisk(root, load)
        for _ in range(5):
            risk.assess(request())

        assert loaded == [root / champion]

    def test_a_corrupt_model_goes_to_review_until_it_is_rolled_back(
        self, root: Path, champion: str, warnings: Callable[[], list[dict[str, Any]]]
    ) -> None:
        second = put_model(root, split=2.5, threshold=0.2)
        promote(root, second)
        risk = ModelRisk(root)
        assert risk.assess(request(2)).decision == "approve"
        flip_a_byte(root / second / MODEL)

        made = risk.assess(request(1))
        assert (made.decision, made.basis, made.score) == ("review", "unavailable", None)
        assert [each.code for each in made.reasons] == ["unavailable"]
        (warning,) = warnings()
        assert (warning["because"], warning["model_version"]) == ("unavailable", second)
        assert "is not the file that was written" in warning["detail"]
        assert risk.health(TERMS).deciding == "unavailable"

        registry.rollback(root, at=AS_OF, by="test", reason="corrupt")
        assert risk.assess(request(1)).model_version == champion
        assert risk.health(TERMS).deciding == "model"

    @pytest.mark.parametrize("name", ["champion.json", "{version}/manifest.json", "{version}/model.json", "{version}/golden.json"])  # fmt: skip
    @pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"version": "../.."}', b"\xff"])
    def test_whatever_is_done_to_its_files_a_person_decides(
        self, root: Path, champion: str, name: str, content: bytes | None
    ) -> None:
        path = root / name.format(version=champion)
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)

        made = ModelRisk(root).assess(request(1))

        assert (made.decision, made.basis) == ("review", "unavailable")

    def test_a_machine_that_could_not_read_for_a_moment_is_asked_again(
        self, root: Path, champion: str
    ) -> None:
        """No file changes when a process has too many open for a moment: a restart must not be what it takes."""
        seconds, failing = iter([0.0, 1.0, 6.0]), [OSError(24, "Too many open files")]

        def load(folder: Path) -> Any:
            if failing:
                raise failing.pop()
            return registry.verify(folder)

        standing = Registry(root, load, timer=lambda: next(seconds))

        found = [standing.standing().champion for _ in range(3)]

        assert ["Too many open files" in (each.fault or "") for each in found] == [
            True,
            True,
            False,
        ]
        assert found[-1].version == champion
        assert found[-1].model is not None

    def test_a_manifest_that_says_more_than_was_certified_is_not_believed(
        self, root: Path, champion: str
    ) -> None:
        """Threshold and limits stand in the manifest alone: were they not vouched for, a stray edit would let everybody pass."""
        path = root / champion / MANIFEST
        risk, said = ModelRisk(root), json.loads(path.read_text())
        assert risk.assess(request(2)).decision == "review"

        path.write_text(json.dumps({**said, "threshold": 0.99}))

        made = risk.assess(request(2))
        assert (made.decision, made.basis) == ("review", "unavailable")

    def test_a_model_that_is_put_right_decides_again(self, root: Path, champion: str) -> None:
        risk, path = ModelRisk(root), root / champion / MODEL
        sound = path.read_bytes()
        flip_a_byte(path)
        assert risk.assess(request(1)).basis == "unavailable"

        path.write_bytes(sound)

        assert risk.assess(request(1)).basis == "model"

    def test_a_folder_that_holds_another_model_is_not_the_one_that_was_promoted(
        self, root: Path, champion: str
    ) -> None:
        second = put_model(root, split=2.5)
        (root / champion).rename(root / "away")
        (root / second).rename(root / champion)

        assert ModelRisk(root).assess(request(1)).basis == "unavailable"


class TestSuspension:
    def suspend(self, root: Path, version: str) -> None:
        suspension.suspend(
            root, version, at=AS_OF, cause="cap_breached", by="test", reason="9 of 200"
        )

    def test_the_rules_decide_with_the_bootstrap_share_and_the_score_is_logged(
        self, root: Path, champion: str
    ) -> None:
        risk = ModelRisk(root)
        self.suspend(root, champion)

        made = risk.assess(request(2))

        assert (made.decision, made.basis, made.propensity) == ("approve", "suspended", 0.7)
        assert (made.model_version, made.score) == (champion, HIGH)
        assert risk.health(TERMS).deciding == "suspended"

    def test_or_a_person_where_the_policy_says_so(self, root: Path, champion: str) -> None:
        self.suspend(root, champion)

        made = ModelRisk(root).assess(request(1, risk={"if_suspended": "review"}))

        assert (made.decision, made.basis) == ("review", "suspended")
        assert [each.code for each in made.reasons] == ["suspended"]

    def test_it_holds_for_one_version_and_until_it_is_lifted(
        self, root: Path, champion: str
    ) -> None:
        risk = ModelRisk(root)
        self.suspend(root, champion)
        second = put_model(root, split=2.5)
        promote(root, second)
        assert risk.assess(request(1)).basis == "model"
        registry.rollback(root, at=AS_OF, by="test", reason="back")
        assert risk.assess(request(1)).basis == "suspended"

        suspension.resume(root, champion)

        assert risk.assess(request(1)).basis == "model"

    def test_one_that_cannot_be_read_holds_for_all(self, root: Path, champion: str) -> None:
        (root / "suspended.json").write_text("{}")

        made = ModelRisk(root).assess(request(1))

        assert (made.decision, made.basis) == ("review", "unavailable")

    def test_the_rules_take_over_from_a_model_that_is_broken_and_suspended(
        self, root: Path, champion: str
    ) -> None:
        flip_a_byte(root / champion / MODEL)
        self.suspend(root, champion)

        assert ModelRisk(root).assess(request(1)).basis == "suspended"


@dataclass
class Told:
    """A model that says and does what a test wants of it."""

    score_of: Callable[[], Any] = lambda: 0.01
    explain_of: Callable[[], Any] = list
    threshold: Any = 0.05
    version: str = ""
    features: tuple[str, ...] = (NAMES[0],)
    manifest: dict[str, Any] = field(default_factory=lambda: {"rules": asdict(RiskRules())})

    def score(self, vector: Sequence[float | None]) -> Any:
        return self.score_of()

    def explain(self, vector: Sequence[float | None]) -> Any:
        return self.explain_of()


def risk_with(root: Path, told: Told, *times: float) -> ModelRisk:
    """The port with this model, on a clock that shows these seconds one after the other."""
    told.version = registry.champion(root).version  # type: ignore[union-attr]  # promoted by the fixture
    shown = iter(times)
    timer = (lambda: next(shown)) if times else (lambda: 0.0)
    return ModelRisk(root, lambda _: told, timer)


def failing(error: BaseException) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


class TestMisbehaviour:
    def test_an_answer_within_the_policys_time_is_heard_and_a_later_one_is_not(
        self, root: Path, champion: str
    ) -> None:
        in_time, late = (
            risk_with(root, Told(), 7.0, 7.0 + took).assess(request()) for took in (0.05, 0.0501)
        )

        assert (in_time.basis, in_time.score) == ("model", 0.01)
        assert (late.decision, late.basis, late.score) == ("review", "late", None)
        assert [each.code for each in late.reasons] == ["late"]

    @pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, -1e-9, 1.0000001, None, "0.1", True, 1, b"", 1j])  # fmt: skip
    def test_what_is_no_probability_is_not_heard(
        self, root: Path, champion: str, score: object
    ) -> None:
        risk = risk_with(root, Told(lambda: score))

        made = risk.assess(request())

        assert (made.decision, made.basis, made.score) == ("review", "failed", None)
        assert risk.health(TERMS).discarded == {"champion_failed": 1}
        assert risk.health(TERMS).assessed == {"failed": 1}

    @pytest.mark.parametrize("error", [ValueError("no"), MemoryError(), RecursionError(), ZeroDivisionError()])  # fmt: skip
    def test_one_that_fails_is_not_heard(self, root: Path, champion: str, error: Exception) -> None:
        in_score = risk_with(root, Told(failing(error))).assess(request())
        in_words = risk_with(root, Told(lambda: 0.9, failing(error))).assess(request())

        assert (in_score.decision, in_score.basis) == ("review", "failed")
        assert (in_words.decision, in_words.basis) == ("review", "failed")

    def test_one_that_asks_for_what_nobody_computes_is_not_heard(
        self, root: Path, champion: str
    ) -> None:
        made = risk_with(root, Told(features=("zodiac",))).assess(request())

        assert (made.decision, made.basis) == ("review", "failed")

    @given(
        score=st.one_of(st.floats(), st.none(), st.text(), st.integers(), st.booleans()),
        explanation=st.one_of(
            st.none(), st.lists(st.tuples(st.sampled_from([*NAMES, "zodiac"]), st.floats())), st.just([("a",)])
        ),
        threshold=st.one_of(st.none(), st.floats(), st.text()),
        took=st.floats(0, 1),
        judgement=st.sampled_from([PASSED, STOPPED]),
    )  # fmt: skip
    def test_nothing_that_a_model_does_raises_or_refuses(
        self,
        root_of_any: Path,
        score: object,
        explanation: object,
        threshold: object,
        took: float,
        judgement: Any,
    ) -> None:
        told = Told(lambda: score, lambda: explanation, threshold)
        made = risk_with(root_of_any, told, 0.0, took).assess(request(judgement=judgement))

        assert made.decision in ("approve", "review")
        assert made.decision == "review" or judgement is PASSED
        assert made.refund_on in ("inspected", "first_scan")
        assert made.score is None or 0 <= made.score <= 1
        assert is_heard(made) or made.decision == "review" or threshold is None


def is_heard(made: Assessment) -> bool:
    return made.basis == "model" and made.score is not None


@pytest.fixture(scope="session")
def root_of_any(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("any") / "risk"
    promote(root, put_model(root))
    return root


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
