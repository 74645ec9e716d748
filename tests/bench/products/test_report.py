"""A tiny shop goes the whole way: replayed, judged, and written down."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bench.figures import Figure
from bench.products import real, report, speed
from bench.products.oracle import oracle_of
from bench.products.planted import made_record
from bench.products.replay import ORACLE, PRODUCT, Extent, Outcome, outcome, usual_settings
from bench.products.shops import Shop, Size, has_begun, shop_of, world_of_shop
from bench.products.truth import truth_of
from bench.products.verdicts import Found, of_way, verdicts
from models.products.detector import Detector

SIZE = Size(products=160, weeks=24, orders_per_day=160.0)
EXTENT = Extent({"usual": 1}, SIZE, first_seed=3)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return shop_of("usual", 3, SIZE)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    kept = tmp_path_factory.mktemp("kept")
    first = outcome("usual", 3, SIZE, kept)
    again = outcome("usual", 3, SIZE, kept)
    assert all(one.equals(again.flags[name]) for name, one in first.flags.items())
    return again


def test_the_harm_only_grows_and_begins_with_the_fault(shop: Shop) -> None:
    truth = truth_of(shop)

    begun = {shop.goods.sku[each] for each in np.flatnonzero(has_begun(shop.goods, SIZE.weeks - 1))}
    assert set(truth.products["sku"]) == begun
    steps = truth.harm.select(pl.col("excess", "lines").diff().over("sku"))
    assert (steps.drop_nulls().min_horizontal() >= 0).all()
    first = truth.harm.group_by("sku").agg(pl.col("week").min()).join(truth.products, on="sku")
    assert (first["week"] == first["from_day"] // 7).all()


def test_the_oracle_is_as_sure_as_it_is_right(shop: Shop) -> None:
    oracle = oracle_of(shop, world_of_shop("usual", 3, SIZE), Detector().longest_lag_weeks)
    at_end = oracle.scores(SIZE.weeks - 1)

    assert at_end["score"].is_between(0, 1).all()
    early = oracle.scores(3)  # before any fault may begin
    assert early["score"].max() < 1e-9
    assert at_end["score"].sum() > 1


def test_every_way_is_judged_and_none_flags_what_it_never_saw(played: Outcome) -> None:
    for way, setting in usual_settings().items():
        one = of_way([played], "usual", way, setting)
        assert 0 <= one.false <= one.raised, way
        assert 0 <= one.found <= one.large, way
    product, best = (of_way([played], "usual", way, "0.05") for way in (PRODUCT, ORACLE))
    assert best.false <= max(1, product.false)


def _backtest() -> pl.DataFrame:
    lists = {real.FLAGGED: 12, real.OTHERS: 2, "highest raw rate": 3}
    rows = [
        {"known_until": date(2011, 2, 27), "chosen_by": name, "products": 5, "order_lines": 100, "incidents": number, "rate": number / 100}
        for name, number in lists.items()
    ]  # fmt: skip
    return pl.DataFrame(rows)


def test_the_report_judges_by_the_figures_alone(played: Outcome, tmp_path: Path) -> None:
    fast = [Figure("evidence", 12.0, "s", "≤ 10 s"), Figure("memory", 1.5, "GiB", "≤ 2 GiB")]
    found = Found([played], fast, _backtest(), [], 60.0)
    text = report.write(report.Plan(EXTENT, 1, (), 0), found, tmp_path).read_text()

    said = {one.target: one.is_met for one in verdicts(found)}
    assert said["memory ≤ 2 GiB"]
    assert not said["evidence ≤ 10 s"]
    assert said[f"Real shop: next quarter more comes back of flagged SKUs than of those of “{real.OTHERS}”"]  # fmt: skip
    assert f"{sum(one is True for one in said.values())} of {len(said)} targets are met" in text
    assert {each.name for each in tmp_path.iterdir()} == {
        "report.md",
        "frontier.csv",
        "recall.svg",
        "recall_close.svg",
        "delay_close.svg",
    }


def test_without_the_real_shop_the_report_says_so(played: Outcome, tmp_path: Path) -> None:
    plan, found = report.Plan(EXTENT, 1, (), 0), Found([played], [], None, [], 60.0)

    assert "is not at" in report.write(plan, found, tmp_path).read_text()


def test_planted_faults_multiply_what_comes_back(shop: Shop) -> None:
    record, truth = made_record(shop.until(SIZE.weeks - 1), 0.5, 1)
    faulty = truth.products

    assert len(faulty) == round(0.03 * record.sales["sku"].n_unique())
    of_all = len(record.incidents) / record.sales["order_lines"].sum()
    assert 0.3 < of_all < 0.55  # half of all, but for what has not come back yet
    assert (faulty["excess"] > 0).any()


def test_a_stored_record_is_weighed_and_counted(tmp_path: Path) -> None:
    sales, incidents = speed.write_record(tmp_path, 300, 20, 1)

    assert 0.25 < sales / (300 * 20) < 0.75
    assert incidents > 0
    assert min(speed.weigh_stored(tmp_path, 20)) > 0
    assert speed.count_stored(tmp_path)[0] > 0
