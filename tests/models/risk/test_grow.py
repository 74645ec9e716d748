"""Many requests teach as few of them do, only faster; weights count, and what cannot be learned from is not tried."""

from dataclasses import replace

import numpy as np
import pytest
from risk_toys import shop

from models.risk import grow
from models.risk.grow import Examples, Shape, can_learn
from models.risk.split import Lesson

SHAPE = Shape(leaves=4, learning_rate=0.15, trees=60)
SHOP = shop(6000, 3)
EXAMPLES = Examples(SHOP.features, SHOP.label, np.ones(6000))
LESSON = Lesson(np.arange(5000), np.arange(5000, 6000))


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


def test_the_shape_with_less_loss_on_later_requests_is_taken() -> None:
    blind = Shape(leaves=2, learning_rate=0.0001, trees=1)
    assert grow.best_shape(EXAMPLES, LESSON, (blind, SHAPE), 1) == SHAPE


def test_a_lesson_of_one_kind_teaches_nothing() -> None:
    assert can_learn(EXAMPLES, LESSON)
    honest = replace(EXAMPLES, label=np.zeros(6000))
    assert not can_learn(honest, LESSON)
    assert not can_learn(EXAMPLES, Lesson(LESSON.train, np.arange(0)))
