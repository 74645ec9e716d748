"""From a frame to a model that may be published: learned in order of time, the same again, and told in a card."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from risk_toys import FIRST_DAY, frame, shop, with_findings

from models.risk import card, export, registry
from models.risk.features import FEATURES, NAMES
from models.risk.grow import Shape
from models.risk.rules import RiskRules, sharing
from models.risk.train import TooFewLabels, Trained, to_manifest, train

AS_OF = FIRST_DAY + timedelta(days=330)
RULES = RiskRules(abuse_cap=0.03, amount_cap=0.03, early_cap=0.02, basic_cap=0.03)
SMALL = (Shape(leaves=4, learning_rate=0.15, trees=60),)
RECORD = frame(shop(5000, 1))


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(RECORD, AS_OF, RULES, 1, shapes=SMALL)


def test_a_model_that_learned_tells_abuse_from_honesty_on_later_requests(trained: Trained) -> None:
    assert trained.metrics.auc is not None
    assert trained.metrics.auc.low > 0.8
    assert trained.metrics.calibration_error is not None
    assert trained.metrics.calibration_error.value < 0.05
    model = export.unsaved(trained.document)
    later = shop(3000, 77)
    scores = np.array([model.score(vector) for vector in later.features.tolist()])
    assert scores[later.label == 1].mean() > 3 * scores[later.label == 0].mean()


def test_what_it_approves_keeps_the_cap_on_requests_that_it_never_saw(trained: Trained) -> None:
    assert trained.threshold is not None
    later = shop(6000, 78)
    model = export.unsaved(trained.document)
    scores = np.array([model.score(vector) for vector in later.features.tolist()])
    approved = scores <= trained.threshold
    assert later.probability[approved].mean() < RULES.abuse_cap
    share = trained.choice.actions["approve"].share
    assert approved.mean() == pytest.approx(share, abs=0.05)


def test_labels_that_somebody_s_choice_made_known_teach_and_certify_nothing() -> None:
    """Half of the abuse above the middle is declined: only what the lot drew tells how much there is."""
    chosen = pl.col("rma").hash(7) % 2 == 0
    known = RECORD.with_columns(
        certifying_weight=pl.when(chosen).then(None).otherwise(pl.lit(2.0)),
        label=pl.when(chosen & (pl.col("label") == 1) & (pl.col("rma").hash(8) % 2 == 0))
        .then(None)
        .otherwise("label"),
    ).with_columns(labelled_at=pl.when(pl.col("label").is_not_null()).then("labelled_at"))

    made = train(known, AS_OF, RULES, 1, shapes=SMALL, explain=False)

    judged = made.judged.join(known.select("rma", "certifying_weight"), on="rma")
    assert judged["label"].is_null().eq(judged["certifying_weight"].is_null()).all()
    told = judged.filter(pl.col("label").is_not_null())
    assert set(told["weight"]) == {2.0}
    assert told["label"].mean() == pytest.approx(RECORD["label"].mean(), abs=0.02)
    assert made.data["labels"] > 1.5 * made.data["certifying"]
    assert f"{made.data['certifying']:,}; the others" in card.to_markdown(made, "1")


def test_who_shares_something_with_too_many_is_learned_from_and_judged_by_nobody() -> None:
    """A certificate must speak of those alone whom the model may let pass."""
    limit = RECORD["same_address"].quantile(0.9)
    assert limit is not None
    rules = replace(RULES, most_linked={"same_address": int(limit)})

    made = train(RECORD, AS_OF, rules, 1, shapes=SMALL, explain=False)
    unlimited = train(RECORD, AS_OF, RULES, 1, shapes=SMALL, explain=False)

    shared = made.judged.join(RECORD.select("rma", "same_address"), on="rma")["same_address"]
    assert len(shared) > 0
    assert shared.max() <= int(limit)  # type: ignore[operator]
    assert len(made.judged) < len(unlimited.judged)
    assert made.data["labels"] == unlimited.data["labels"]
    assert to_manifest(made, "1")["rules"]["most_linked"] == {"same_address": int(limit)}
    assert f"at most same_address {int(limit)}" in card.to_markdown(made, "1")

    told = card.reviewed_in_vain(
        made, RECORD.select("rma", sharing(rules.most_linked).alias("links"))
    )
    share = {each["slice"]: each["share"] for each in told.iter_rows(named=True)}
    assert share["beyond"] == 1
    assert max(share["nothing"], share["within"]) < 1
    honest = unlimited.judged.filter(pl.col("label") == 0)
    assert told["honest"].sum() == len(honest)


def test_every_monotone_feature_moves_the_score_its_way_only(trained: Trained) -> None:
    model = export.unsaved(trained.document)
    vectors = shop(60, 5).features.tolist()
    moving = [(at, each.monotone) for at, each in enumerate(FEATURES) if each.monotone]
    for vector in vectors:
        for at, direction in moving:
            raised = [*vector[:at], vector[at] + 2.0, *vector[at + 1 :]]
            assert direction * (model.raw(raised) - model.raw(vector)) >= 0 or np.isnan(vector[at])


def test_the_same_frame_makes_the_same_model_in_whatever_order_it_comes(trained: Trained) -> None:
    again = train(
        RECORD.sample(fraction=1, shuffle=True, seed=1),
        AS_OF,
        RULES,
        1,
        shapes=SMALL,
        explain=False,
    )
    assert again.document == trained.document
    assert again.threshold == trained.threshold
    assert again.certificates == trained.certificates


def test_what_came_after_as_of_changes_nothing(trained: Trained) -> None:
    later = AS_OF + timedelta(days=1)
    unknown = RECORD.head(500).with_columns(
        pl.lit("later-").alias("rma") + pl.col("rma"),
        pl.lit(later).alias("requested_at").cast(pl.Datetime("us", "UTC")),
        pl.lit(1).cast(pl.Int8).alias("label"),
    )
    told_later = RECORD.with_columns(
        pl.when(pl.col("rma") < "R0000050").then(pl.lit(None)).otherwise("label").alias("label")
    )
    late = told_later.with_columns(
        pl.when(pl.col("label").is_null()).then(1).otherwise("label").cast(pl.Int8).alias("label"),
        pl.when(pl.col("label").is_null())
        .then(pl.lit(later))
        .otherwise("labelled_at")
        .alias("labelled_at"),
    )
    known = train(told_later, AS_OF, RULES, 1, shapes=SMALL, explain=False)
    seen = train(pl.concat([late, unknown]), AS_OF, RULES, 1, shapes=SMALL, explain=False)
    assert seen.document == known.document
    assert seen.certificates == known.certificates


def with_lies(first: int, last: int) -> pl.DataFrame:
    """The record with the labels of a stretch turned about."""
    lies = pl.col("rma").is_between(pl.lit(f"R{first:07d}"), pl.lit(f"R{last:07d}"))
    label = pl.when(lies).then(1 - pl.col("label")).otherwise("label")
    return RECORD.with_columns(label.cast(pl.Int8).alias("label"))


def test_no_request_was_judged_by_a_model_that_had_learned_from_it(trained: Trained) -> None:
    second = trained.judged.filter(pl.col("block") == 1)["rma"]
    lies = with_lies(int(second.min()[1:]), int(second.max()[1:]))  # type: ignore[index]
    other = train(lies, AS_OF, RULES, 1, shapes=SMALL, explain=False)
    columns = ["rma", "score"]
    its = pl.col("block") == 1
    assert other.judged.filter(its)[columns].equals(trained.judged.filter(its)[columns])
    assert not other.judged.filter(~its)[columns].equals(trained.judged.filter(~its)[columns])


def test_no_judgement_knew_what_the_test_was_to_tell(trained: Trained) -> None:
    first = trained.judged.filter("is_test")["rma"].min()
    other = train(
        with_lies(int(str(first)[1:]), 5000), AS_OF, RULES, 1, shapes=SMALL, explain=False
    )
    columns = ["rma", "block", "score", "rank"]
    assert other.judged[columns].equals(trained.judged[columns])
    assert other.document != trained.document


def test_where_abuse_is_all_in_one_stretch_nothing_is_judged_rather_than_the_rest() -> None:
    number = pl.col("rma").str.slice(1).cast(pl.Int64)
    bad = number.is_between(1000, 1800) | number.is_in([4450, 4500, 4600, 4700])
    label = pl.when(bad).then("label").otherwise(0)
    label = pl.when(number.is_in([4450, 4500, 4600, 4700])).then(1).otherwise(label)
    lumped = RECORD.with_columns(label.cast(pl.Int8).alias("label"))
    found = train(lumped, AS_OF, RULES, 1, shapes=SMALL, explain=False)
    assert lumped["label"].sum() > 40
    assert found.judged.is_empty()
    assert found.threshold is None


def test_nothing_is_approved_that_the_test_contradicts(trained: Trained) -> None:
    first = int(str(trained.judged.filter("is_test")["rma"].min())[1:])
    bad = pl.when(pl.col("rma") >= pl.lit(f"R{first:07d}")).then(1).otherwise("label")
    turned = RECORD.with_columns(bad.cast(pl.Int8).alias("label"))
    found = train(turned, AS_OF, RULES, 1, shapes=SMALL, explain=False)
    assert trained.threshold is not None
    assert found.threshold is None
    assert not any(step.passes for step in found.certificates["approve"].steps)
    assert found.certificates["approve"].contradicted_by == "later_labels"
    assert "labels of later requests contradict it" in card.to_markdown(found, "1")


def test_nothing_is_approved_where_the_newest_inspections_find_more_than_before() -> None:
    """Of the last two weeks no label counts yet, and a quick look finds a fifth of all goods bad."""
    as_of = FIRST_DAY + timedelta(days=301)
    record = with_findings(RECORD, 0.6, 1)
    is_new = pl.col("found_at") > as_of - timedelta(days=14)
    bad = is_new & (pl.col("rma").hash(3) % 5 == 0)
    risen = record.with_columns(
        pl.when(bad).then(1).otherwise("finding").cast(pl.Int8).alias("finding")
    )

    before, after = (
        train(each, as_of, RULES, 1, shapes=SMALL, explain=False) for each in (record, risen)
    )

    assert before.threshold is not None
    assert before.usual is not None
    told = to_manifest(before, "1")["usual"]
    assert told["times"] >= 1
    approved = before.choice.actions["approve"].share
    assert told["known"] == pytest.approx(approved * record["finding"].count(), rel=0.1)
    assert told["bad"] / told["known"] < RULES.abuse_cap
    assert after.threshold is None
    assert after.usual is None
    assert after.certificates["approve"].contradicted_by == "newest_findings"
    assert to_manifest(after, "1")["certificate"]["contradicted_by"] == "newest_findings"
    assert "of late inspections find more than before" in card.to_markdown(after, "1")


def test_requests_that_the_score_does_not_decide_are_not_judged(trained: Trained) -> None:
    ineligible = RECORD.with_columns(pl.col("rma").str.ends_with("7").not_().alias("is_eligible"))
    found = train(ineligible, AS_OF, RULES, 1, shapes=SMALL, explain=False)
    assert not found.judged["rma"].str.ends_with("7").any()
    assert len(found.judged) == pytest.approx(0.9 * len(trained.judged), rel=0.05)


def test_too_few_labels_are_counted_and_the_way_out_is_named() -> None:
    with pytest.raises(TooFewLabels, match="at least 20 abusive") as told:
        train(RECORD.head(130), AS_OF, RULES, 1)
    assert told.value.labels == 130
    assert 0 < told.value.positives < 20
    with pytest.raises(TooFewLabels, match="0 requests are labelled"):
        train(RECORD.clear(), AS_OF, RULES, 1)


def test_too_few_to_certify_says_how_many_are_missing_and_until_when() -> None:
    strict = RiskRules(abuse_cap=0.008, amount_cap=0.008)
    found = train(RECORD.head(2000), FIRST_DAY + timedelta(days=130), strict, 1, shapes=SMALL)
    assert found.threshold is None
    missing = found.certificates["approve"].missing_labels
    assert missing is not None
    assert missing > 0
    assert found.missing_until is not None
    pace = 5000 / 300
    assert (found.missing_until - found.as_of).days == pytest.approx(missing / pace, rel=0.5)
    assert f"{missing:,} labels are missing" in card.to_markdown(found, "p1")


def test_a_trained_model_is_published_loads_and_tells_all_in_its_manifest(
    trained: Trained, tmp_path: Path
) -> None:
    version = registry.publish(tmp_path, card.to_artefact(trained, "p-7"), trained.as_of)
    model = registry.verify(tmp_path / version)
    assert model.threshold == trained.threshold
    manifest = json.loads((tmp_path / version / "manifest.json").read_text())
    assert set(to_manifest(trained, "p-7")) < set(manifest)
    assert manifest["policy_version"] == "p-7"
    assert manifest["features"] == list(NAMES)
    assert manifest["data"]["labels"] == 5000
    assert manifest["certificate"]["certified"]
    passed = [one for one in manifest["certificate"]["by"] if one["passes"]]
    assert max(one["threshold"] for one in passed) == manifest["certificate"]["threshold"]
    assert all(one["bound"] <= RULES.abuse_cap for one in passed)
    assert set(manifest["files"]) == {
        "card.md",
        "coverage.svg",
        "golden.json",
        "importance.svg",
        "model.json",
        "reliability.svg",
    }


def test_the_card_tells_who_is_reviewed_without_need_and_its_plots_are_svg(
    trained: Trained,
) -> None:
    half = pl.when(pl.col("rma").str.ends_with("1")).then(pl.lit("ja")).otherwise(pl.lit("en"))
    text = card.to_markdown(trained, "p-7", RECORD.select("rma", half.alias("language")))
    assert text.startswith("# Risk model {version}")
    assert "| language | ja |" in text
    assert "| quarter of value | 4 of 4 |" in text
    for name, plot in card.to_plots(trained).items():
        assert f"]({name})" in text
        assert ElementTree.fromstring(plot).tag.endswith("svg")


def test_false_reviews_are_the_share_of_honest_requests_beyond_the_threshold(
    trained: Trained,
) -> None:
    everyone = RECORD.select("rma", pl.lit("all").alias("who"))
    found = card.reviewed_in_vain(trained, everyone).row(0, named=True)
    honest = trained.judged.filter(pl.col("label") == 0)
    reviewed = honest.filter(pl.col("rank") > trained.choice.actions["approve"].share)
    assert found["honest"] == len(honest)
    assert found["share"] == pytest.approx(len(reviewed) / len(honest))
    assert found["low"] < found["share"] < found["high"]


def test_what_matters_most_is_what_abuse_was_made_of(trained: Trained) -> None:
    told = {name for name, _ in trained.importance[:6]}
    made_of = set(NAMES[:4]) | {each.name for each in FEATURES if each.monotone}
    assert len(told & made_of) >= 5
