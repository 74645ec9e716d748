"""The exported model answers as the trained one does, says why, and refuses folders that are not as they were written."""

import json
import math
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from risk_toys import FIRST_DAY, frame, small_model, with_findings

from models.risk import export, golden, registry, score
from models.risk.features import FEATURES, NAMES
from models.risk.split import Plan, divide
from models.risk.stages import Forest, Regression
from models.risk.train import examples_of

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
GROWN, DOCUMENT, SHOP = small_model()
MODEL = export.unsaved(DOCUMENT, threshold=0.05)
GOLDEN = export.to_golden(GROWN, DOCUMENT, SHOP.features, seed=1)

numbers = st.one_of(
    st.none(), st.floats(allow_nan=True, allow_infinity=False), st.integers(-3, 9).map(float)
)


def artefact(**changes: object) -> registry.Artefact:
    return registry.Artefact(
        model={**DOCUMENT, **changes},
        golden=GOLDEN,
        manifest={"features": list(NAMES), "threshold": 0.05},
        card="# {version}",
        plots={"reliability.svg": "<svg/>"},
    )


@settings(max_examples=300)
@given(st.lists(numbers, min_size=len(NAMES), max_size=len(NAMES)))
def test_any_vector_scores_to_the_last_bit_as_in_training(vector: list[float | None]) -> None:
    row = np.array([[math.nan if one is None else one for one in vector]])
    assert MODEL.raw(vector) == GROWN.raw(row)[0]


def test_the_trees_are_those_of_scikit_learn_to_the_last_bit() -> None:
    assert GROWN.hint is not None
    trees = Forest.read(DOCUMENT["hint"])
    raw = GROWN.hint._raw_predict(SHOP.features[:500])[:, 0]
    assert [trees.raw(row) for row in SHOP.features[:500].tolist()] == raw.tolist()


RISING = [place for place, each in enumerate(FEATURES) if each.monotone]


@settings(max_examples=200)
@given(
    st.sampled_from(SHOP.features[:400].tolist()),
    st.sampled_from(RISING),
    st.floats(0, 9),
)
def test_more_of_what_speaks_for_abuse_never_lowers_the_score(
    vector: list[float], place: int, more: float
) -> None:
    if math.isnan(vector[place]):
        return
    other = list(vector)
    other[place] += more * FEATURES[place].monotone
    assert MODEL.raw(other) >= MODEL.raw(vector) - 1e-12


@settings(max_examples=100)
@given(st.lists(numbers, min_size=len(NAMES), max_size=len(NAMES)))
def test_the_contributions_sum_to_what_the_raw_score_differs_from_the_mean(
    vector: list[float | None],
) -> None:
    told = MODEL.explain(vector)
    assert sum(change for _, change in told) == pytest.approx(
        MODEL.raw(vector) - MODEL.expected, abs=1e-9
    )
    assert [abs(change) for _, change in told] == sorted(
        (abs(change) for _, change in told), reverse=True
    )
    assert {name for name, _ in told} <= set(NAMES)


def test_each_stage_s_reasons_start_from_the_mean_of_what_taught_it() -> None:
    record = with_findings(frame(SHOP), 0.5, 0)
    as_of = FIRST_DAY + timedelta(days=400)
    lesson, seen = divide(record, as_of, Plan()).last, examples_of(record, as_of).features
    assert GROWN.hint is not None
    older = lesson.findings[: round(len(lesson.findings) * 0.9)]
    hinted = GROWN.hint._raw_predict(seen[older])[:, 0]
    assert Forest.read(DOCUMENT["hint"]).expected == pytest.approx(hinted.mean(), abs=1e-9)
    taught = seen[lesson.train]
    added_up = GROWN.regression.raw(taught, GROWN.hint._raw_predict(taught)[:, 0])
    assert Regression.read(DOCUMENT["regression"]).expected == pytest.approx(
        added_up.mean(), abs=1e-9
    )


def test_the_score_rises_with_the_raw_score_and_is_flat_beyond_the_knots() -> None:
    knots = DOCUMENT["calibration"]
    asked = np.linspace(knots["x"][0] - 5, knots["x"][-1] + 5, 999)
    given_scores = [MODEL.calibrate(float(raw)) for raw in asked]
    assert given_scores == pytest.approx(np.interp(asked, knots["x"], knots["y"]))
    assert given_scores == sorted(given_scores)


def test_a_vector_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match=rf"takes {len(NAMES)} features, this vector has 2"):
        MODEL.score([1.0, None])


def test_a_published_model_loads_and_reproduces_its_golden_rows(tmp_path: Path) -> None:
    version = registry.publish(tmp_path, artefact(), AS_OF)
    model = registry.verify(tmp_path / version)
    assert model.version == version
    assert model.version.startswith("r2026-03-01-")
    assert model.threshold == 0.05
    rows = golden.read(tmp_path / version, score.read_manifest(tmp_path / version))
    assert len(rows.vectors) >= golden.LEAST_ROWS
    assert any(None in vector for vector in rows.vectors)
    assert [model.score(vector) for vector in rows.vectors] == list(rows.score)


@pytest.mark.parametrize("name", ["model.json", "golden.json", "card.md", "reliability.svg"])
def test_a_file_with_one_other_byte_is_refused_by_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / registry.publish(tmp_path, artefact(), AS_OF)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(
        score.ModelUnusable, match=rf"{name} is not the file .* `retour model rollback`"
    ):
        score.load(folder)


def test_a_missing_file_and_a_manifest_that_is_no_json_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / registry.publish(tmp_path, artefact(), AS_OF)
    (folder / "model.json").unlink()
    with pytest.raises(score.ModelUnusable, match=r"model\.json cannot be read"):
        score.load(folder)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(score.ModelUnusable, match=r"manifest\.json is not JSON"):
        score.load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 1}, "reads format 3"),
        ({"features": [*NAMES[:-1], "moon"]}, rf"asks for moon; it does not know {NAMES[-1]}"),
        ({"features": list(reversed(NAMES))}, "stand in another order"),
        ({"files": {}}, r"lists no model\.json"),
    ],
)
def test_a_manifest_for_another_product_is_refused(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    folder = tmp_path / registry.publish(tmp_path, artefact(), AS_OF)
    manifest = {**json.loads((folder / "manifest.json").read_text()), **change}
    signed = {**manifest, "version": f"r2026-03-01-{score.identity(manifest)}"}
    (folder / "manifest.json").write_text(json.dumps(signed))
    with pytest.raises(score.ModelUnusable, match=message):
        score.load(folder)


@pytest.mark.parametrize(
    "change", [{"threshold": 0.99}, {"files": None}, {"version": None}, {"more": 1}]
)
def test_a_manifest_that_was_changed_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    folder = tmp_path / registry.publish(tmp_path, artefact(), AS_OF)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, **change}))

    with pytest.raises(
        score.ModelUnusable, match=r"not the manifest that was written.*`retour model rollback`"
    ):
        score.read_manifest(folder)


def test_a_model_that_answers_otherwise_than_its_golden_rows_is_not_published(
    tmp_path: Path,
) -> None:
    with pytest.raises(score.ModelUnusable, match=r"rows differ, the first is row 0"):
        registry.publish(tmp_path, artefact(baseline=DOCUMENT["baseline"] + 1e-12), AS_OF)
    assert list(tmp_path.iterdir()) == []


def test_a_tree_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    tree = DOCUMENT["trees"][0]
    astray = {**tree, "left": [9999, *tree["left"][1:]]}
    with pytest.raises(score.ModelUnusable, match="node 0 leads nowhere"):
        registry.publish(tmp_path, artefact(trees=[astray]), AS_OF)


def test_the_scorer_needs_the_standard_library_only() -> None:
    code = (
        "import sys; from models.risk import score, golden, registry; "
        "print([m for m in ('numpy', 'sklearn', 'scipy', 'polars') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
