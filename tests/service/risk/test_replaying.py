"""A logged decision, asked again: what the log keeps of it is enough, to the last bit."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_shelf import put_model

from models.risk import registry
from models.risk.features import NAMES
from service.domain.events import Feature, ReturnAssessed
from service.domain.risk import feature_vector
from service.risk.replaying import NothingToReplay, replay, version_to_replay
from service.risk.standing import Model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    root: Path = tmp_path_factory.mktemp("replay")
    return registry.verify(root / put_model(root, feature="value", split=0.1, low=-0.7))


def logged(model: Model, features: dict[str, float | None]) -> ReturnAssessed:
    """As it comes out of the log: written as JSON, and read."""
    said = ReturnAssessed(
        rma="R1",
        as_of_seq=7,
        policy_version="1",
        model_version=model.version,
        score=model.score([features[name] for name in model.features]),
        decision="approve",
        refund_on="inspected",
        inspection="basic",
        is_audit=False,
        propensity=0.97,
        features=feature_vector(features),
        reasons=[],
        basis="model",
    )
    return ReturnAssessed.model_validate_json(said.model_dump_json())


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=len(NAMES), max_size=len(NAMES)))  # fmt: skip
def test_any_vector_gives_its_score_again(model: Model, values: list[float | None]) -> None:
    features = dict(zip(NAMES, values, strict=True))

    replayed = replay(logged(model, features), model)

    assert replayed.is_same
    assert [each.value for each in logged(model, features).features] == values


@given(st.floats(0, 1))
def test_the_log_keeps_a_score_and_a_feature_to_the_last_bit(number: float) -> None:
    kept = Feature.model_validate_json(Feature(name="value", value=number).model_dump_json())

    assert kept.value == number


def test_another_score_is_noticed(model: Model) -> None:
    said = logged(model, dict.fromkeys(NAMES, 0.5))
    altered = said.model_copy(update={"score": (said.score or 0) + 2**-52})

    assert not replay(altered, model).is_same


def test_a_vector_that_lacks_what_the_model_needs_is_not_replayed(model: Model) -> None:
    said = logged(model, dict.fromkeys(NAMES, 0.5))
    short = said.model_copy(update={"features": said.features[1:]})

    with pytest.raises(NothingToReplay, match=f"needs {NAMES[0]}"):
        replay(short, model)


@pytest.mark.parametrize(
    ("basis", "why"),
    [
        (None, "before there were models"),
        ("no_model", "there was no model"),
        ("late", "came too late"),
        ("failed", "no usable answer"),
        ("unavailable", "could not be loaded"),
    ],
)
def test_a_decision_without_a_score_says_who_decided(
    model: Model, basis: str | None, why: str
) -> None:
    said = logged(model, dict.fromkeys(NAMES, 0.5))
    without = said.model_copy(update={"score": None, "basis": basis})

    with pytest.raises(NothingToReplay, match=why):
        version_to_replay(without)
