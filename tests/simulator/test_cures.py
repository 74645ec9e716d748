"""A buyer's action ends the fault that it fits, for what is sold afterwards; and a play that goes on remembers it."""

from pathlib import Path

import numpy as np
import pytest
from small_practice import stopped_play

from service.domain.events import RecordedEvent, SkuAction, SkuActionTaken
from simulator.cures import CURES, cure
from simulator.goods import Fault, Goods, goods_of
from simulator.play.checkpoint import checkpoint_of, go_on, plan_of
from simulator.play.reactions import react
from simulator.scenario import Faults, Scenario, Shop
from simulator.world import DAY_US

DAYS = 200
MANY = Scenario(shop=Shop(products=600), faults=Faults(faulty_share=0.2, ending_share=0.0))
FITS: list[tuple[Fault, SkuAction]] = [
    (fault, action) for fault, actions in CURES.items() for action in sorted(actions)
]


@pytest.fixture
def goods() -> Goods:
    return goods_of(MANY, 1, DAYS)


def faulty(goods: Goods, fault: Fault) -> tuple[int, int]:
    """A product with this fault, and a day on which it has had it for a while."""
    place = next(
        place
        for place, truth in enumerate(goods.fault)
        if truth and truth.fault == fault and truth.end_day is None
    )
    return place, int(goods.fault_from[place]) + 20


class TestCure:
    @pytest.mark.parametrize(("fault", "action"), FITS)
    def test_what_fits_ends_the_fault_from_that_day_on(
        self, goods: Goods, fault: Fault, action: SkuAction
    ) -> None:
        place, day = faulty(goods, fault)

        assert cure(goods, goods.sku[place], action, day)

        extra = [goods.extra_factor(each)[place] for each in (day - 1, day, day + 100)]
        assert extra[0] > 0
        assert extra[1:] == [0, 0]
        truth = goods.fault[place]
        assert truth
        assert truth.end_day == day

    def test_a_listing_is_that_of_all_sizes(self, goods: Goods) -> None:
        place, day = faulty(goods, "wrong_size_chart")
        same = np.flatnonzero(goods.style == goods.style[place])
        assert (goods.extra_factor(day)[same] > 0).sum() > 1

        cure(goods, goods.sku[place], "size_note", day)

        assert (goods.extra_factor(day)[same] == 0).all()

    @pytest.mark.parametrize("action", ["fix_listing", "size_note", "mark_down"])
    def test_what_does_not_fit_changes_nothing(self, goods: Goods, action: SkuAction) -> None:
        place, day = faulty(goods, "defective_batch")

        assert not cure(goods, goods.sku[place], action, day)

        assert goods.extra_factor(day)[place] > 0

    def test_a_fault_that_is_not_there_is_not_cured(self, goods: Goods) -> None:
        place, day = faulty(goods, "defective_batch")
        sound = next(place for place, truth in enumerate(goods.fault) if truth is None)

        assert not cure(goods, "no such product", "stop_buying", day)
        assert not cure(goods, goods.sku[sound], "stop_buying", day)
        assert not cure(goods, goods.sku[place], "stop_buying", int(goods.fault_from[place]))
        assert goods.extra_factor(day)[place] > 0


def test_a_play_cures_what_a_buyer_does_and_remembers_it(tmp_path: Path) -> None:
    play, again = stopped_play(tmp_path / "first", days=1), stopped_play(tmp_path / "2nd", days=0)
    stage = play.stage
    goods = stage.plan.world.goods
    place = next(place for place, truth in enumerate(goods.fault) if truth)
    truth = goods.fault[place]
    assert truth
    day = truth.from_day + 9
    (action, *_) = sorted(CURES[truth.fault])

    react(stage, [_told(goods.sku[place], action, stage.start_us + day * DAY_US)])
    go_on(checkpoint_of(play, 1), again)

    assert goods.extra_factor(day)[place] > 0  # who bought that day has made up their mind
    for world in (stage.plan.world, again.stage.plan.world):
        assert world.goods.extra_factor(day + 1)[place] == 0
    fresh = plan_of(checkpoint_of(play, 1)).world.goods
    assert fresh.extra_factor(day + 1)[place] > 0


def _told(sku: str, action: SkuAction, time_us: int) -> RecordedEvent:
    said = SkuActionTaken(sku=sku, flag_id="f", action=action)
    return RecordedEvent(
        seq=1,
        id="e-1",
        source="test",
        type=said.type,
        subject=sku,
        time_us=time_us,
        recorded_at_us=time_us,
        origin="live",
        actor_role="buyer",
        actor_key="s-1",
        correlation_id=None,
        causation_id=None,
        corrects=None,
        schema_version=1,
        data=said.model_dump_json(),
    )
