import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.goods import CATEGORIES, FAULT_REASONS, NEVER, Goods, ProductTruth, goods_of
from simulator.scenario import Faults, Scenario, Shop

DAYS = 182


def goods(*, seed: int = 1, products: int = 480, days: int = DAYS, **faults: float) -> Goods:
    scenario = Scenario(shop=Shop(products=products), faults=Faults.model_validate(faults))
    return goods_of(scenario, seed, days)


@pytest.fixture(scope="module")
def many() -> Goods:
    """A large catalogue in which much is wrong."""
    return goods(
        products=4000,
        faulty_share=0.2,
        always_high_share=0.1,
        ending_share=0.5,
        launched_share=0.3,
        shocks_a_year=20,
    )


def truths(many: Goods) -> list[tuple[int, ProductTruth]]:
    return [(place, truth) for place, truth in enumerate(many.fault) if truth]


class TestCatalogue:
    def test_the_same_seed_gives_the_same_goods_and_another_one_others(self) -> None:
        first, again, other = goods(seed=5), goods(seed=5), goods(seed=6)

        assert first.title == again.title
        assert first.fault == again.fault
        assert np.array_equal(first.price_minor, again.price_minor)
        assert first.fault != other.fault
        assert not np.array_equal(first.price_minor, other.price_minor)

    @given(products=st.integers(20, 700), seed=st.integers(0, 50))
    def test_every_sku_is_there_once_and_all_categories_are(self, products: int, seed: int) -> None:
        found = goods(seed=seed, products=products)

        assert len(set(found.sku)) == len(found) == products
        assert set(found.category.tolist()) == set(range(len(CATEGORIES)))

    def test_goods_are_sold_for_more_than_they_cost(self, many: Goods) -> None:
        assert (many.cost_minor > 0).all()
        assert (many.cost_minor < many.price_minor).all()

    def test_sizes_of_a_style_share_its_price_popularity_and_launch(self, many: Goods) -> None:
        for column in (many.price_minor, many.popularity, many.launch_day):
            by_style = {(style, value) for style, value in zip(many.style, column, strict=True)}
            assert len(by_style) == len(set(many.style.tolist()))


class TestFaults:
    def test_as_many_products_are_hit_as_the_scenario_says(self, many: Goods) -> None:
        assert 800 <= len(truths(many)) <= 803  # the last style may bring its sizes

    def test_each_fault_has_its_reason_and_a_multiplier_in_the_range(self, many: Goods) -> None:
        for _, truth in truths(many):
            assert truth.reason == FAULT_REASONS[truth.fault]
            assert 1.6 <= truth.multiplier <= 3.5

    def test_there_are_faults_of_every_sort_some_of_which_end(self, many: Goods) -> None:
        found = [truth for _, truth in truths(many)]

        assert {truth.fault for truth in found} == set(FAULT_REASONS)
        for fault in FAULT_REASONS:
            ends = np.mean([truth.end_day is not None for truth in found if truth.fault == fault])
            assert 0.35 < ends < 0.65

    def test_each_begins_while_the_product_is_sold_and_ends_later(self, many: Goods) -> None:
        for place, truth in truths(many):
            assert many.launch_day[place] < truth.from_day < DAYS
            assert truth.end_day is None or truth.from_day < truth.end_day

    def test_only_what_has_sizes_has_a_wrong_size_chart(self, many: Goods) -> None:
        for place, truth in truths(many):
            if truth.fault == "wrong_size_chart":
                assert CATEGORIES[many.category[place]].sizes

    def test_a_fault_of_listing_or_chart_hits_all_sizes_that_do_not_always_come_back_a_lot(
        self, many: Goods
    ) -> None:
        for place, truth in truths(many):
            if truth.fault != "defective_batch":
                same = np.flatnonzero((many.style == many.style[place]) & (many.rate_factor < 2))
                onsets = {many.fault_from[each] for each in same}
                assert onsets == {truth.from_day}

    def test_a_defect_hits_one_sku_of_a_style(self, many: Goods) -> None:
        styles = [
            many.style[place] for place, truth in truths(many) if truth.fault == "defective_batch"
        ]

        assert len(styles) == len(set(styles))

    def test_a_defect_lies_within_batches(self, many: Goods) -> None:
        for place, truth in truths(many):
            if truth.fault == "defective_batch":
                edges = {truth.from_day} | ({truth.end_day} if truth.end_day else set())
                for day in edges:
                    assert many.lot(place, day - 1) != many.lot(place, day)

    def test_it_multiplies_only_between_its_onset_and_its_end(self, many: Goods) -> None:
        for place, truth in truths(many):
            last = NEVER - 1 if truth.end_day is None else truth.end_day - 1
            extra = [
                many.extra_factor(day)[place]
                for day in (truth.from_day - 1, truth.from_day, last, last + 1)
            ]
            assert extra == pytest.approx([0, truth.multiplier - 1, truth.multiplier - 1, 0])

    def test_what_always_comes_back_a_lot_has_no_fault(self, many: Goods) -> None:
        is_high = many.rate_factor >= 2

        assert is_high.sum() == pytest.approx(400, rel=0.05)
        assert not any(many.fault[place] for place in np.flatnonzero(is_high))

    def test_none_are_planted_where_none_are_wanted(self) -> None:
        assert truths(goods(faulty_share=0.0)) == []


class TestLots:
    def test_a_batch_is_sold_for_eight_weeks(self, many: Goods) -> None:
        lots = [many.lot(7, day) for day in range(10 * 56)]

        assert {lots.count(lot) for lot in set(lots[56:-56])} == {56}

    def test_new_lots_are_those_whose_name_changes(self, many: Goods) -> None:
        for day in (30, 100):
            changed = [
                place
                for place in range(len(many))
                if many.lot(place, day - 1) != many.lot(place, day) and many.launch_day[place] < day
            ]
            assert many.new_lots(day).tolist() == changed


class TestShocks:
    def test_a_shock_lifts_its_whole_category_until_it_ends(self, many: Goods) -> None:
        shock = many.shocks[0]
        others = [each for each in many.shocks[1:] if each.category == shock.category]
        is_old = many.launch_day == 0  # what is new comes back more for a while
        mine = is_old & (many.category == shock.category)
        for day in (shock.from_day - 1, shock.from_day, shock.end_day - 1, shock.end_day):
            factor = np.prod(
                [each.factor for each in others if each.from_day <= day < each.end_day]
            )
            if shock.from_day <= day < shock.end_day:
                factor *= shock.factor
            assert many.return_factor(day)[mine] == pytest.approx(many.rate_factor[mine] * factor)

    def test_there_are_about_as_many_as_the_scenario_says(self) -> None:
        counts = [len(goods(seed=seed, days=365, shocks_a_year=6).shocks) for seed in range(60)]

        assert np.mean(counts) == pytest.approx(6, abs=1.2)
