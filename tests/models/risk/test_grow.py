"""Many requests teach as few of them do, only faster; weights count, and what cannot be learned from is not tried."""

from dataclasses import replace

import numpy as np
import pytest
from risk_toys import Shop, shop

from models.risk import grow
from models.risk.grow import Examples, Shape, can_learn
from models.risk.measure import auc
from models.risk.split import Lesson

SHAPE = Shape(leaves=4, learning_rate=0.15, trees=60)
SHOP = shop(6000, 3)
NOTHING = np.arange(0)
EXAMPLES = Examples(SHOP.features, SHOP.label, np.ones(6000), np.full(6000, np.nan))
LESSON = Lesson(np.arange(5000), np.arange(5000, 6000), NOTHING)


def test_thinning_the_honest_leaves_the_odds_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = grow.grow(EXAMPLES, LESSON, SHAPE, 1)
    monkeypatch.setattr(grow, "_ENOUGH", 2000)
    thin = grow.grow(EXAMPLES, LESSON, SHAPE, 1)
    rows = thin.classifier._predictors[0][0].nodes["count"][0]
    assert rows < 2000 < whole.classifier._predictors[0][0].nodes["count"][0]
    asked = shop(4000, 9).features
    assert thin.raw(asked).mean() == pytest.approx(whole.raw(asked).mean(), abs=0.25)


def test_a_request_that_stands_for_many_counts_for_many() -> None:
    heavy = replace(EXAMPLES, weight=np.where(SHOP.label > 0, 5.0, 1.0))
    plain, weighted = (grow.grow(each, LESSON, SHAPE, 1) for each in (EXAMPLES, heavy))
    assert weighted.score(SHOP.features).mean() > 2 * plain.score(SHOP.features).mean()


def test_the_shape_with_less_loss_on_later_requests_is_taken_with_what_it_grew() -> None:
    blind = Shape(leaves=2, learning_rate=0.0001, trees=1)
    shape, grown = grow.grow_best(EXAMPLES, LESSON, (blind, SHAPE), 1)
    assert shape == SHAPE
    alone = grow.grow(EXAMPLES, LESSON, SHAPE, 1)
    assert np.array_equal(grown.score(SHOP.features), alone.score(SHOP.features))


def test_a_lesson_of_one_kind_teaches_nothing() -> None:
    assert can_learn(EXAMPLES, LESSON)
    honest = replace(EXAMPLES, label=np.zeros(6000))
    assert not can_learn(honest, LESSON)
    assert not can_learn(EXAMPLES, Lesson(LESSON.train, NOTHING, NOTHING))


def test_what_basic_inspections_find_teaches_where_labels_are_few() -> None:
    chance = np.random.default_rng(5)
    finding = np.where(chance.random(6000) < 0.5, SHOP.label, 0.0)
    examples = replace(EXAMPLES, finding=finding)
    few = Lesson(np.arange(150), np.arange(150, 300), NOTHING)
    hinted = grow.grow(examples, replace(few, findings=np.arange(300, 6000)), SHAPE, 1)
    alone = grow.grow(examples, few, SHAPE, 1)
    later = shop(6000, 8)
    assert alone.hint is None
    assert measured(hinted, later) > measured(alone, later) + 0.01


def test_few_findings_are_no_hint() -> None:
    examples = replace(EXAMPLES, finding=SHOP.label)
    lesson = replace(LESSON, train=np.arange(3000), findings=np.arange(3000, 3300))
    assert grow.grow(examples, lesson, SHAPE, 1).hint is None


def test_stages_together_rank_better_than_either_alone() -> None:
    grown = grow.grow(EXAMPLES, LESSON, SHAPE, 1)
    later = shop(20_000, 8)
    sums = grown.regression.raw(later.features, None)
    both = auc(grown.raw(later.features), later.label, np.ones(20_000))
    assert both > auc(sums, later.label, np.ones(20_000))


def measured(grown: grow.Grown, later: Shop) -> float:
    return auc(grown.raw(later.features), later.label, np.ones(len(later.label)))
