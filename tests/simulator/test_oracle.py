"""The practice shop is neither trivial nor hopeless: what abuse looks like overlaps, and who knows everything sees it best."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from planned import Planned, forgetting, in_one_piece, planned
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from visible_features import FEATURES, visible_features

from simulator.kinds import HONEST, KINDS
from simulator.oracle import auc, posteriors
from simulator.plan import DayPlan
from simulator.scenario import Abuse, Returns, Scenario
from simulator.world import DAY_US

DAYS, WARM_UP, LEARNED = 182, 0.3, 0.6
# (share of abuse, seed, orders a day): more orders where abuse is rare, so that an AUC's sampling error stays below 0.01.
SHOPS = [(0.03, 1, 700), (0.03, 2, 700), (0.09, 3, 300), (0.09, 4, 300), (0.15, 5, 250), (0.15, 6, 250)]  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """Applications (no withdrawals: nobody may judge them) of a shop that has been there for a while, in order of time."""

    features: NDArray[np.float64]
    label: NDArray[np.int64]
    posterior: NDArray[np.float64]
    kind: NDArray[np.str_]

    @property
    def learned(self) -> int:
        """How many of the first ones a model learns from; the rest tests it."""
        return int(LEARNED * len(self.label))

    def feature(self, name: str) -> NDArray[np.float64]:
        return self.features[:, FEATURES.index(name)]


def judged(share: float, seed: int, orders_per_day: float) -> Judged:
    scenario = Scenario(abuse=Abuse(share=share))
    shop = planned(
        scenario, seed=seed, days=DAYS, orders_per_day=orders_per_day, with_evidence=True
    )
    known = visible_features(shop).join(
        posteriors(shop.plan, shop.days), on="request", maintain_order="left"
    )
    is_asked = ~pl.col("is_withdrawal") & (pl.col("requested_us") > WARM_UP * DAYS * DAY_US)
    asked = known.filter(is_asked)
    return Judged(
        features=asked.select(FEATURES).to_numpy(),
        label=asked["is_abusive"].cast(pl.Int64).to_numpy(),
        posterior=asked["posterior"].to_numpy(),
        kind=np.array(KINDS)[asked["kind"].to_numpy()],
    )


@pytest.fixture(scope="module", params=SHOPS, ids=lambda shop: f"{shop[0]:.0%} seed {shop[1]}")
def shop(request: pytest.FixtureRequest) -> Iterator[Judged]:
    with threadpool_limits(1):
        yield judged(*request.param)


def later_auc(shop: Judged, model: object) -> float:
    """How well a model ranks the later applications that has learned from the earlier ones."""
    model.fit(shop.features[: shop.learned], shop.label[: shop.learned])  # type: ignore[attr-defined]
    score = model.decision_function(shop.features[shop.learned :])  # type: ignore[attr-defined]
    return auc(shop.label[shop.learned :], score)


@pytest.mark.slow
class TestHowHardItIs:
    def test_who_knows_the_generator_tells_most_abuse_but_not_all(self, shop: Judged) -> None:
        assert 0.90 <= auc(shop.label, shop.posterior) <= 0.96

    def test_what_it_calls_probable_happens_as_often(self, shop: Judged) -> None:
        for low, high in ((0, 0.02), (0.02, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1.01)):
            is_in = (shop.posterior >= low) & (shop.posterior < high)
            said, happened = shop.posterior[is_in], shop.label[is_in]
            error = np.sqrt((said * (1 - said)).sum()) / len(said)
            assert happened.mean() == pytest.approx(said.mean(), abs=0.02 + 3 * error)

    def test_a_straight_model_stays_well_behind_it(self, shop: Judged) -> None:
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
        best = auc(shop.label[shop.learned :], shop.posterior[shop.learned :])

        assert 0.75 < later_auc(shop, model) <= best - 0.03

    def test_a_flexible_model_stays_behind_it_too(self, shop: Judged) -> None:
        model = HistGradientBoostingClassifier(
            max_iter=80, learning_rate=0.08, l2_regularization=5.0, random_state=1
        )
        best = auc(shop.label[shop.learned :], shop.posterior[shop.learned :])

        assert 0.75 < later_auc(shop, model) <= best - 0.01

    def test_no_single_feature_gives_it_away(self, shop: Judged) -> None:
        found = {name: auc(shop.label, shop.feature(name)) for name in FEATURES}

        assert {name: each for name, each in found.items() if not 0.25 <= each <= 0.75} == {}

    def test_shuffled_labels_are_not_told(self, shop: Judged) -> None:
        rng = np.random.default_rng(1)
        found = [auc(rng.permutation(shop.label), shop.posterior) for _ in range(20)]

        assert np.mean(found) == pytest.approx(0.5, abs=0.01)


Rule = Callable[[Judged], NDArray[np.bool_]]
NAIVE_RULES: list[tuple[str, Rule, float]] = [
    ("heavy", lambda shop: shop.feature("returns_before") >= 3, 0.2),
    ("bracketer", lambda shop: shop.feature("brackets") > 0, 0.5),
    ("newcomer", lambda shop: shop.feature("orders_before") <= 1, 0.5),
    ("gift", lambda shop: shop.feature("days") > 12, 0.5),
]


@pytest.mark.slow
class TestDecoys:
    """Honest customers whom a naive rule would punish."""

    @pytest.mark.parametrize("kind", HONEST)
    def test_who_knows_suspects_hardly_any_of_them(self, shop: Judged, kind: str) -> None:
        mine = shop.kind == kind

        assert shop.label[mine].sum() == 0
        assert shop.posterior[mine].mean() < shop.posterior[shop.label == 1].mean() / 4
        assert (shop.posterior[mine] > 0.5).mean() < 0.06

    @pytest.mark.parametrize(("kind", "breaks_rule", "blamed"), NAIVE_RULES)
    def test_a_naive_rule_blames_many_of_them(
        self, shop: Judged, kind: str, breaks_rule: Rule, blamed: float
    ) -> None:
        broken, mine = breaks_rule(shop), shop.kind == kind

        assert broken[mine].mean() > blamed
        assert broken[mine].mean() > 2 * broken[shop.kind == "ordinary"].mean()


@pytest.fixture(scope="module")
def known() -> Planned:
    return planned(
        Scenario(abuse=Abuse(share=0.15)), days=90, orders_per_day=80, with_evidence=True
    )


class TestHindsight:
    """Nothing that comes later may be known at an application."""

    @pytest.mark.parametrize("day", [30, 60, 75])
    def test_forgetting_what_comes_later_changes_no_posterior(
        self, known: Planned, day: int
    ) -> None:
        then = posteriors(known.plan, forgetting(known.days, day * DAY_US))

        now = posteriors(known.plan, known.days).join(then, on="request", suffix="_then")

        assert len(now) == len(then) > 200
        assert now["posterior"].to_numpy() == pytest.approx(now["posterior_then"], abs=1e-6)

    @pytest.mark.parametrize("day", [30, 60, 75])
    def test_forgetting_what_comes_later_changes_no_feature(self, known: Planned, day: int) -> None:
        then = visible_features(in_one_piece(known.plan, forgetting(known.days, day * DAY_US)))

        now = visible_features(known).filter(pl.col("requested_us") <= day * DAY_US)

        assert now.equals(then)

    def test_what_is_found_counts_once_the_goods_are_looked_at_and_not_before(
        self, known: Planned
    ) -> None:
        moment_us = 60 * DAY_US
        blind = [without_findings(day, since_us=moment_us - 8 * DAY_US) for day in known.days]

        both = posteriors(known.plan, known.days).join(
            posteriors(known.plan, blind), on="request", suffix="_blind"
        )

        is_before = known.requests["requested_us"] <= moment_us
        change = (both["posterior"] - both["posterior_blind"]).abs()
        assert change.filter(is_before).max() < 1e-6
        assert change.filter(~is_before).max() > 0.1


def without_findings(day: DayPlan, *, since_us: int) -> DayPlan:
    """This day, had nobody looked at the goods of who applied after a moment."""
    assert day.evidence is not None
    is_unseen = (day.requests["requested_us"] > since_us).to_numpy()[:, None]
    seen = day.evidence
    evidence = replace(
        seen,
        honest_found=np.where(is_unseen, seen.honest, seen.honest_found),
        abusive_found=np.where(is_unseen, seen.abusive, seen.abusive_found),
    )
    return replace(day, evidence=evidence)


class TestAuc:
    def test_it_counts_pairs_in_the_right_order_and_ties_half(self) -> None:
        label = pl.Series([0, 1, 0, 1])

        assert auc(label, pl.Series([1.0, 2.0, 3.0, 4.0])) == 0.75
        assert auc(label, pl.Series([1.0, 1.0, 1.0, 1.0])) == 0.5
        assert auc(label, pl.Series([0.1, 0.9, 0.2, 0.8])) == 1.0


class TestPosteriors:
    def test_every_application_has_one(self, known: Planned) -> None:
        found = posteriors(known.plan, known.days)

        assert found["request"].to_list() == known.requests["request"].to_list()
        assert found["posterior"].is_between(0, 1).all()

    def test_so_it_is_where_nobody_ever_picks_a_wrong_reason(self) -> None:
        """Then some kinds of customers say certain things never, neither honestly nor otherwise."""
        returns = Returns(wrong_reason_share=0.0)
        shop = planned(Scenario(returns=returns), days=10, orders_per_day=100, with_evidence=True)

        found = posteriors(shop.plan, shop.days)["posterior"]

        assert found.is_between(0, 1).all()
        assert found.is_not_nan().all()

    def test_who_shares_a_device_is_suspected_more_where_rings_do(self) -> None:
        abuse = Abuse(share=0.15, archetypes={"ring": 1.0})
        shop = planned(Scenario(abuse=abuse), days=90, orders_per_day=150, with_evidence=True)
        features = visible_features(shop).join(posteriors(shop.plan, shop.days), on="request")
        honest = features.filter(pl.col("kind") != KINDS.index("ring"))

        shared, alone = (
            honest.filter(each)["posterior"].mean()
            for each in (pl.col("at_device") > 1, pl.col("at_device") == 1)
        )

        assert shared > 1.4 * alone

    def test_nobody_is_suspected_where_nobody_abuses(self) -> None:
        shop = planned(
            Scenario(abuse=Abuse(share=0.0)), days=20, orders_per_day=50, with_evidence=True
        )

        assert posteriors(shop.plan, shop.days)["posterior"].max() < 1e-9
