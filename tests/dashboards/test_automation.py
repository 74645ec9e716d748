import json
import math
from collections.abc import Callable
from datetime import timedelta

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_figures import (
    LAST,
    MONDAYS,
    figures,
    risk_models,
    risk_monitor_weekly,
    risk_slices,
    risk_standing,
    risk_trade_off,
)
from published_shop import PublishMarts, Visit

from dashboards.queries import automation as queries
from dashboards.queries.periods import Period

PAGE = "automation"
MODEL = "r2026-02-01-aaaaaaaa"
ALL = Period(MONDAYS[0], LAST)
BEFORE = Period(MONDAYS[0] - timedelta(days=70), MONDAYS[0] - timedelta(days=40))


def _share(value: float) -> str:
    return f"{100 * value:.2f}\N{NO-BREAK SPACE}%"


class TestPassed:
    def test_weeks_count_by_what_was_approved_in_them(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        found = queries.passed(marts, ALL)

        assert (found.scored, found.approved, found.share) == (1300, 1040, 0.8)
        assert (found.audited, found.abusive) == (96, 3)
        assert found.abuse_rate == pytest.approx(3 / 96)

    def test_a_week_of_which_nothing_is_known_counts_neither_way(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        last = Period(MONDAYS[-2], LAST)

        found = queries.passed(marts, last)

        assert found.audited == 8
        assert found.abuse_rate == pytest.approx(0.0)
        assert found.abuse_high == pytest.approx(queries.interval(0.0, 8.0)[1])

    def test_a_large_week_weighs_more_than_a_small_one(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        rows = risk_monitor_weekly().head(2)
        marts.register(
            "risk_monitor_weekly",
            rows.with_columns(approved=pl.Series([10, 90]), abuse_rate=pl.Series([1.0, 0.0])),
        )

        found = queries.passed(marts, ALL)

        assert found.abuse_rate == pytest.approx(0.1)
        effective = 100**2 / (10**2 / 8 + 90**2 / 8)
        assert (found.abuse_low, found.abuse_high) == pytest.approx(
            queries.interval(0.1, effective)
        )

    def test_what_the_lot_let_pass_of_its_doubts_is_counted_apart(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        rows = risk_monitor_weekly().head(2)
        drawn = {"doubts_drawn": [30, 10], "doubts_inspected": [20, 5], "doubts_abusive": [9, 1]}
        columns = [pl.Series(name, values) for name, values in drawn.items()]
        marts.register("risk_monitor_weekly", rows.with_columns(columns))

        found = queries.passed(marts, ALL)

        assert (found.doubts, found.doubts_inspected, found.doubts_abusive) == (40, 25, 10)
        assert (found.scored, found.approved, found.audited) == (200, 160, 16)

    def test_what_failed_of_all_that_was_inspected_is_corrected_by_the_audits(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        found = queries.passed(marts, ALL)

        assert found.estimate == queries.estimated(12 * 70, 6, 96, 3)

    def test_where_nothing_was_audited_what_failed_is_the_estimate(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        nothing = {name: pl.lit(None, pl.Float64) for name in ("abuse_rate", "audited_effective")}
        marts.register("risk_monitor_weekly", risk_monitor_weekly().with_columns(**nothing))

        found = queries.passed(marts, ALL)

        assert found.estimate is not None
        assert found.estimate.rate == pytest.approx(6.5 / 841)

    def test_without_any_inspection_nothing_is_estimated(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        assert queries.passed(marts, Period(MONDAYS[-1], LAST)).estimate is None

    def test_without_decisions_there_is_no_share(self, marts: duckdb.DuckDBPyConnection) -> None:
        found = queries.passed(marts, BEFORE)

        assert (found.scored, found.share, found.abuse_rate) == (0, None, None)

    @given(st.floats(0, 1), st.floats(0.5, 1e6))
    def test_an_interval_lies_around_its_share_and_narrows_with_more(
        self, rate: float, size: float
    ) -> None:
        low, high = queries.interval(rate, size)
        narrow_low, narrow_high = queries.interval(rate, 4 * size)

        assert 0 <= low <= rate + 1e-12
        assert rate - 1e-12 <= high <= 1
        assert narrow_high - narrow_low < high - low or math.isclose(high, low)


class TestEstimated:
    @given(st.integers(1, 10**6), st.floats(0, 1), st.integers(0, 10**4), st.floats(0, 1))
    def test_it_lies_in_its_interval_and_between_what_failed_and_what_audits_say(
        self, looked_at: int, failing: float, audits: int, abusive: float
    ) -> None:
        failed = round(looked_at * failing)
        found = queries.estimated(looked_at, failed, audits, audits * abusive)

        assert found is not None
        assert 0 <= found.low <= found.rate <= found.high <= 1
        ends = sorted(((failed + 0.5) / (looked_at + 1), abusive))
        assert ends[0] - 1e-9 <= found.rate <= ends[1] + 1e-9 or audits == 0

    def test_many_audits_are_believed_and_few_are_not(self) -> None:
        many, few = (queries.estimated(10_000, 50, n, 0.02 * n) for n in (100_000, 10))

        assert many is not None
        assert few is not None
        assert many.rate == pytest.approx(0.02, rel=0.03)
        assert few.rate == pytest.approx(0.005, rel=0.05)

    def test_it_is_surer_the_more_failed_and_the_more_audits_agree(self) -> None:
        def reach(*seen: float) -> float:
            found = queries.estimated(round(seen[0]), round(seen[1]), *seen[2:])
            assert found is not None
            return (found.high - found.low) / found.rate

        assert reach(10_000, 50, 0, 0) < reach(1000, 5, 0, 0)
        assert reach(10_000, 50, 4000, 20) < 0.7 * reach(10_000, 50, 0, 0)

    def test_it_covers_nineteen_of_twenty_where_its_prior_is_true(self) -> None:
        chance = np.random.default_rng(3)
        held = 0
        for ratio in chance.gamma(4, 1 / 4, 4000):
            abuse = min(0.004 * ratio, 1)
            found = queries.estimated(
                5000, chance.binomial(5000, 0.004), 400, chance.binomial(400, abuse)
            )
            assert found is not None
            held += found.low <= abuse <= found.high
        assert held / 4000 == pytest.approx(0.95, abs=0.015)


class TestModels:
    def test_a_models_table_is_its_own(self, marts: duckdb.DuckDBPyConnection) -> None:
        other = risk_trade_off().with_columns(version=pl.lit("other"), cost=0.0)
        marts.register("risk_trade_off", pl.concat([risk_trade_off(), other]))

        rows = queries.trade_off(marts, MODEL)

        assert rows["share"].is_sorted()
        assert len(rows) == 20
        assert rows["cost"].min() == 100.0

    def test_the_score_comes_first_and_then_what_moved_most(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        rows = queries.drift(marts)

        assert rows["feature"].to_list()[:3] == ["score", "feature_19", "feature_18"]
        assert len(rows) == queries.MOST_MOVED

    def test_its_own_decisions_are_told_before_its_training(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        assert set(queries.slices(marts, MODEL, "tenure")["seen_in"]) == {"decisions"}
        marts.register("risk_slices", risk_slices().filter(pl.col("seen_in") == "training"))
        assert set(queries.slices(marts, MODEL, "tenure")["seen_in"]) == {"training"}
        assert queries.slices(marts, "another", "tenure").is_empty()

    def test_slices_go_from_little_to_much(self, marts: duckdb.DuckDBPyConnection) -> None:
        mixed = risk_slices().filter(dimension="tenure").head(1)
        names = [">1y", "180-365d", "<30d", "unknown", "30-180d"]
        marts.register(
            "risk_slices", pl.concat([mixed.with_columns(slice=pl.lit(each)) for each in names])
        )

        rows = queries.slices(marts, MODEL, "tenure")

        assert rows["slice"].to_list() == ["<30d", "30-180d", "180-365d", ">1y", "unknown"]

    def test_one_that_is_certified_for_nothing_passes_nobody_unless_it_decided(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        assert not queries.passes_nobody(marts, MODEL)
        marts.register("risk_models", risk_models().with_columns(is_certified=pl.lit(False)))
        assert not queries.passes_nobody(marts, MODEL)
        marts.register("risk_slices", risk_slices().filter(pl.col("seen_in") == "training"))
        assert queries.passes_nobody(marts, MODEL)


class TestPeople:
    def test_who_overrides_what_sent_it(self, marts: duckdb.DuckDBPyConnection) -> None:
        rows = {row["sent_by"]: row for row in queries.reviews(marts, ALL).to_dicts()}

        assert set(rows) == {"model", "rules", "blind_passed", "blind_doubted"}
        assert (rows["model"]["decided"], rows["model"]["overridden"]) == (260, 0.5)
        assert (rows["model"]["median_minutes"], rows["rules"]["median_minutes"]) == (30.0, 60.0)
        few, many = rows["blind_doubted"], rows["model"]
        assert few["overridden_low"] < many["overridden_low"] < 0.5

    def test_rules_of_all_versions_of_the_policy_together(
        self, marts: duckdb.DuckDBPyConnection
    ) -> None:
        rows = queries.rules(marts, ALL)

        assert rows["rule"].to_list() == ["value_cap", "evidence"]
        assert rows["failed"].to_list() == [260, 104]


@pytest.fixture
def shown_with(publish_marts: PublishMarts) -> Callable[..., None]:
    """Publishes all marts, with these changes of who decides."""

    def publish(**changes: object) -> None:
        publish_marts({**figures(), "risk_standing": risk_standing(**changes)})

    return publish


class TestPage:
    def test_a_model_that_decides_is_named_with_its_bound(self, shown_with, visit: Visit) -> None:
        shown_with()

        shown = visit(PAGE, period="13w")

        assert shown.success[0].value == f"Model {MODEL} decides."
        metrics = {each.label: each.value for each in shown.metric}
        assert metrics["Passed without a person"] == "80.0\N{NO-BREAK SPACE}%"
        assert metrics["Certified: at most abusive"] == "0.85\N{NO-BREAK SPACE}%"
        assert metrics["Audited"] == "96"

    @pytest.mark.parametrize(
        ("lang", "unit"), [("en", "EUR for 100 requests"), ("zh", "每百个申请的成本（EUR）")]
    )
    def test_pictures_by_share_tell_what_each_would_cost_and_let_pass(
        self, everything: None, visit: Visit, lang: str, unit: str
    ) -> None:
        drawn = [
            json.loads(each.proto.spec) for each in visit(PAGE, lang=lang).get("vega_lite_chart")
        ]
        cost, abuse = [each for each in drawn if "abuse_bound" in json.dumps(each)]

        axis = cost["layer"][0]["encoding"]["y"]
        assert (axis["field"], axis["title"]) == ("cost_of_100", unit)
        assert axis["axis"].get("labels", True)
        for picture in (cost, abuse):
            told = picture["layer"][-1]["encoding"]["tooltip"]
            fields = ["share", "cost_of_100", "abuse_rate", "abuse_bound", "reviews_a_day"]
            assert [each["field"] for each in told] == fields

    def test_what_it_compares_by_is_no_choice_of_another_page(
        self, everything: None, visit: Visit
    ) -> None:
        shown = visit("satisfaction", by="reason").switch_page(f"app_pages/{PAGE}.py").run()
        shown.segmented_control(key="slice").set_value("value").run()

        shown.switch_page("app_pages/satisfaction.py").run()

        assert shown.segmented_control(key="by").value == "reason"

    def test_the_slider_begins_where_the_model_decides_and_tells_what_a_share_would_bring(
        self, shown_with, visit: Visit
    ) -> None:
        shown_with()

        shown = visit(PAGE)
        before = {each.label: each.value for each in shown.metric}
        shown.select_slider[0].set_value("90").run()
        after = {each.label: each.value for each in shown.metric}

        assert (before["Reviews a day"], after["Reviews a day"]) == ("4.0", "2.0")
        assert (before["Cost of 100 requests"], after["Cost of 100 requests"]) == ("€180", "€140")
        assert "does not reach so far" in shown.warning[0].value

    @pytest.mark.parametrize(
        ("changes", "kind", "words"),
        [
            ({"deciding": "no_model", "champion": None}, "info", "No model decides yet."),
            ({"deciding": "uncertified"}, "warning", "certified for nothing"),
            ({"deciding": "suspended", "why": "the cap is broken"}, "error", "the cap is broken"),
            ({"deciding": "suspended", "why": "drift"}, "caption", "`retour model resume`"),
            ({"deciding": "unavailable", "why": "a file is gone"}, "error", "so people decide."),
            ({"deciding": "unavailable", "why": "a file is gone"}, "caption", "a file is gone"),
            ({"differing": 2, "first_difference": "R1: units"}, "error", "R1: units"),
        ],
    )
    def test_who_decides_else_is_said_with_the_reason(
        self, shown_with, visit: Visit, changes, kind: str, words: str
    ) -> None:
        shown_with(**changes)

        shown = visit(PAGE)

        assert not shown.exception
        assert any(words in each.value for each in getattr(shown, kind))

    def test_a_model_that_cannot_be_read_is_told_in_chinese_before_the_program_s_own_words(
        self, shown_with, visit: Visit
    ) -> None:
        shown_with(deciding="unavailable", why="a file is gone")

        shown = visit(PAGE, lang="zh")

        assert shown.error[0].value.startswith("模型无法读取，因此由人工决定。")
        assert "程序的原话：a file is gone" in [each.value for each in shown.caption]

    def test_what_is_estimated_stands_beside_what_audits_alone_say(
        self, shown_with, visit: Visit
    ) -> None:
        shown_with()

        shown = visit(PAGE, period="all")

        told = {each.label: (each.value, each.delta) for each in shown.metric}
        found = queries.estimated(12 * 70, 6, 96, 3)
        assert found is not None
        assert told["Abusive among them"] == (
            _share(found.rate),
            f"95 %: {_share(found.low)} – {_share(found.high)}",
        )
        low, high = queries.interval(3 / 96, 96)
        assert told["Audited"] == ("96", f"3 abusive · 95 %: {_share(low)} – {_share(high)}")

    def test_blind_cases_stand_beside_the_others_and_what_they_are_is_said(
        self, shown_with, visit: Visit
    ) -> None:
        shown_with()

        shown = visit(PAGE)

        reviews = next(each.value for each in shown.dataframe if "Sent by" in each.value)
        assert "blind: doubted" in reviews["Sent by"].to_list()
        assert any(each.value.startswith("Blind cases are drawn by lot") for each in shown.caption)

    def test_what_the_lot_let_pass_of_its_doubts_is_told_where_it_drew(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        def told() -> list[tuple[str, str]]:
            shown = visit(PAGE)
            assert not shown.exception
            return [(each.value, each.delta) for each in shown.metric if "by lot" in each.label]

        some = {"doubts_drawn": 3, "doubts_inspected": 2, "doubts_abusive": 1}
        rows = risk_monitor_weekly().with_columns(**{name: pl.lit(n) for name, n in some.items()})
        publish_marts({**figures(), "risk_monitor_weekly": rows.tail(1)})
        assert told() == [("3", "1 abusive of 2 inspected")]

        publish_marts({**figures(), "risk_monitor_weekly": rows.with_columns(doubts_drawn=0)})
        assert told() == []

    def test_of_a_model_that_would_pass_nobody_no_customers_are_compared(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        """All of them would be sent to a person: a picture of 100 % for each says nothing."""
        publish_marts(
            {
                **figures(),
                "risk_standing": risk_standing(deciding="uncertified"),
                "risk_models": risk_models().with_columns(is_certified=pl.lit(False)),
                "risk_slices": risk_slices().filter(pl.col("seen_in") == "training"),
            }
        )

        shown = visit(PAGE)

        assert any("it would let nobody pass" in each.value for each in shown.info)
        assert not any(
            each.value.startswith("Of those known to be honest") for each in shown.caption
        )

    def test_why_a_model_was_promoted_is_read_in_chinese(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        why = pl.lit("certified; saves 299.7 minor units a request")
        publish_marts({**figures(), "risk_models": risk_models().with_columns(reason=why)})

        tables = [each.value for each in visit(PAGE, lang="zh").dataframe]

        (models,) = (table for table in tables if "原因" in table)
        assert set(models["原因"]) == {"已认证；每个申请节省 299.7（最小货币单位）"}

    def test_before_a_certificate_it_says_how_many_labels_are_missing(
        self, shown_with, visit: Visit
    ) -> None:
        shown_with(deciding="no_model", champion=None, missing_labels=865)

        shown = visit(PAGE)

        assert any("About 865 more are missing" in each.value for each in shown.caption)

    def test_and_before_a_first_model_too(self, shown_with, visit: Visit) -> None:
        shown_with(
            deciding="no_model",
            champion=None,
            newest=None,
            missing_labels=865,
            labels=40,
            abusive=1,
        )

        shown = visit(PAGE)

        assert any("865 more are missing to a first model" in each.value for each in shown.caption)

    def test_in_a_period_without_decisions_it_says_so(
        self, publish_marts: PublishMarts, visit: Visit
    ) -> None:
        publish_marts({**figures(), "risk_monitor_weekly": risk_monitor_weekly().clear()})

        shown = visit(PAGE)

        assert not shown.exception
        assert any("No application was judged in this period" in each.value for each in shown.info)
