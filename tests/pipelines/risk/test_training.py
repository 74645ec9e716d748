"""A shop whose goods were inspected trains a model, lets it decide, watches it, and stops it where the cap is broken."""

import json
import math
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from labelled_shop import DEFECTS, apply, labelled_shop, share_a_device
from service_shop import Shop

from dashboards.texts import Texts
from models.risk import registry, suspension
from models.risk.features import NAMES
from pipelines.risk.bench import Bench
from pipelines.risk.frame import main_currency, rules_of, training_frame
from pipelines.risk.promotion import Judgement, judge
from pipelines.risk.seen import parity
from pipelines.risk.slices import words_of
from pipelines.risk.standing import build_standing, read_shelf
from pipelines.risk.training import train_challenger
from pipelines.risk.watching import Watched, watch_champion
from pipelines.steps import build, relations, take_in
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.application import Retour
from service.domain.events import Actor
from service.platform.clock import VirtualClock
from service.platform.ids import SystemIds, read_rma
from service.policies import default_text
from service.risk.model_risk import ModelRisk
from service.risk.telling import resumed

pytestmark = pytest.mark.slow

CAPS = {
    "abuse_cap = 0.01": "abuse_cap = 0.05",
    "amount_cap = 0.01": "amount_cap = 0.06",
    "abuse_cap = 0.005": "abuse_cap = 0.03",
}
LATER = datetime(2026, 5, 1, 9, tzinfo=UTC)


class Installation:
    """A shop's log, warehouse and models, refreshed and trained by the pipeline's own steps."""

    def __init__(self, folder: Path, **shop: float) -> None:
        text = default_text()
        for line, instead in CAPS.items():
            assert line in text
            text = text.replace(line, instead)
        (folder / "policy.toml").write_text(text, encoding="utf-8")
        self.settings = Settings(
            var_dir=folder / "var",
            warehouse=folder / "warehouse.duckdb",
            policy=str(folder / "policy.toml"),
        )
        self.retour: Retour = labelled_shop(self.settings, **shop)  # type: ignore[arg-type]
        self.bench = Bench.of(self.settings)

    @contextmanager
    def refreshed(self) -> Iterator[Warehouse]:
        """The warehouse with all that the log has."""
        models = relations()
        with Warehouse.of(self.settings, say=lambda _: None) as warehouse:
            take_in(self.settings, self.retour, warehouse)
            build(warehouse, self.retour, models, self.bench)
            yield warehouse

    def train(self) -> Judgement | None:
        """Train on what the log has, and promote what deserves it."""
        with self.refreshed() as warehouse:
            self.bench.keep_frame(training_frame(warehouse))
            policy = self.retour.context.policy
            rules = rules_of(policy, main_currency(warehouse))
            slices = words_of(warehouse, rules.most_linked)
            train_challenger(self.bench.frame(), rules, policy.version, self.bench, slices)
            return judge(self.bench, parity(warehouse), self.retour)

    @property
    def champion(self) -> str:
        pointer = registry.champion(self.bench.registry)
        assert pointer is not None
        return pointer.version

    def judged(self) -> Judgement | None:
        """Judge what the newest training gave once more."""
        with self.refreshed() as warehouse:
            return judge(self.bench, parity(warehouse), self.retour)

    def ask(self, sql: str) -> list[dict[str, object]]:
        with self.refreshed() as warehouse:
            return warehouse.query(sql).to_dicts()

    def watch(self) -> Watched | None:
        with self.refreshed() as warehouse:
            return watch_champion(warehouse, self.bench, self.retour)

    def told(self, kind: str) -> list[dict[str, object]]:
        """What the log says of this type."""
        events = self.retour.read_log(0, 1_000_000)
        return [json.loads(each.data) for each in events if each.type == kind]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A shop whose first training was promoted."""
    shop = Installation(tmp_path_factory.mktemp("labelled"))
    found = shop.train()
    assert found is not None
    assert found.is_promoted, found.comparison.against
    return shop


class TestFirstTraining:
    def test_a_certified_model_decides_and_the_log_is_told_once(self, shop: Installation) -> None:
        pointer = registry.champion(shop.bench.registry)

        assert pointer is not None
        (told,) = shop.told("model.promoted")
        assert told["version"] == pointer.version
        assert told["by"] == "pipeline"
        assert registry.challenger(shop.bench.registry) is None

    def test_it_lets_those_pass_of_whom_little_is_to_be_feared(self, shop: Installation) -> None:
        (row,) = shop.ask("select * from marts.risk_models")

        assert row["role"] == "champion"
        assert 0.5 < row["share"] <= 1 - DEFECTS + 0.05
        assert row["bound"] <= row["cap"] == 0.05
        assert row["reason"].startswith("certified; saves ")
        assert not re.search("[a-z]{3}", Texts("zh").sentences(row["reason"]))

    def test_it_is_told_who_decides_and_that_nothing_speaks_against_it(
        self, shop: Installation
    ) -> None:
        (row,) = shop.ask("select * from marts.risk_standing")

        assert (row["deciding"], row["against"], row["differing"]) == ("model", "", 0)
        assert row["labels"] == 90 * 16

    def test_every_share_has_its_cost_and_one_is_chosen(self, shop: Installation) -> None:
        rows = shop.ask("select * from marts.risk_trade_off order by share")

        assert [row["share"] for row in rows] == pytest.approx([n / 20 for n in range(1, 21)])
        assert sum(bool(row["is_chosen"]) for row in rows) == 1
        assert rows[0]["abuse_rate"] < 0.05 < rows[-1]["abuse_rate"]
        assert rows[0]["reviews_a_day"] > rows[-1]["reviews_a_day"] == pytest.approx(0)

    def test_the_same_training_once_more_changes_nothing(self, shop: Installation) -> None:
        before = shop.retour.log_head(), registry.champion(shop.bench.registry)
        version = shop.bench.told()

        shop.bench.keep_frame(shop.bench.frame())
        found = shop.judged()

        assert found is not None
        assert not found.is_promoted
        assert (shop.retour.log_head(), registry.champion(shop.bench.registry)) == before
        assert version is not None
        assert found.champion == version.version


@pytest.fixture
def own(tmp_path: Path) -> Installation:
    """A shop of its own that was trained once."""
    own = Installation(tmp_path)
    own.train()
    return own


def decide(
    own: Installation, count: int, outcome: str, score: float = 0.001, **assessed: object
) -> None:
    """The champion lets applications pass that are drawn for a full inspection, with this result."""
    pointer = registry.champion(own.bench.registry)
    assert pointer is not None
    for number in range(count):
        apply(
            own.retour,
            f"{outcome}-{own.retour.log_head()}-{number}",
            LATER + timedelta(minutes=own.retour.log_head()),
            outcome,
            basis="model",
            model_version=pointer.version,
            score=score,
            **{"is_audit": True, "propensity": 0.03, **assessed},
        )


def turn_bad(own: Installation) -> None:
    """For two months every second application is abusive, whatever is known of it."""
    for number in range(60 * 8):
        moment = LATER + number * timedelta(hours=3)
        apply(own.retour, f"bad-{number}", moment, ("passed", "failed")[number % 2])


class TestLoop:
    def test_what_is_applied_for_afterwards_is_decided_by_it_and_seen_alike_by_both(
        self, own: Installation
    ) -> None:
        policy, clock = own.retour.context.policy, VirtualClock(LATER)
        no_lot = {"share": 0.0, "blind_share": 0.0, "doubt_share": 0.0}
        audit = policy.audit.model_copy(update=no_lot)  # no chance has a say in what is decided
        retour = Retour(
            own.retour.context.db,
            policy.model_copy(update={"audit": audit}),
            ModelRisk(own.bench.registry),
            clock,
            SystemIds(),
            secret=b"a test's secret",
        )
        with Shop(retour, clock) as shop:
            told = {reason: _applied(shop, reason) for reason in ("changed_mind", "defect")}
        pointer = registry.champion(own.bench.registry)
        assert pointer is not None

        rows = own.ask("select * from marts.risk_decisions where basis = 'model'")

        decided = {row["rma"]: (row["decision"], row["decided_by"]) for row in rows}
        assert decided == {
            told["changed_mind"]: ("approve", pointer.version),
            told["defect"]: ("review", pointer.version),
        }
        with own.refreshed() as warehouse:
            found = parity(warehouse)
        assert found.holds, found.first
        assert found.fields == 2 * len(NAMES)
        last = own.ask("select * from marts.risk_monitor_weekly order by week_start desc limit 1")
        assert (last[0]["model_version"], last[0]["scored"]) == (pointer.version, 2)
        assert last[0]["auto_share"] == 0.5


def _applied(shop: Shop, reason: str) -> str:
    """An order of a new customer arrived, and one unit is to go back for this reason; the return's number in the log."""
    order, customer = f"A-{reason}", f"{reason}@example.com"
    day = timedelta(days=1)
    placed = (LATER - 9 * day).isoformat()
    line = {"line_no": 1, "sku": "SKU-01", "quantity": 1, "unit_price_minor": 2000}
    shop.put_order(order, customer=customer, country="US", placed_at=placed, lines=[line])
    parcel = [{"line_no": 1, "quantity": 1}]
    shop.put_parcel(order, delivered_at=(LATER - 6 * day).isoformat(), lines=parcel)
    back = [{"line_no": 1, "quantity": 1, "reason": reason}]
    answer = shop.apply(order_id=order, customer=customer, lines=back)
    assert answer.is_success, answer.text
    return read_rma(answer.json()["rma"])


class TestWatch:
    def test_a_broken_cap_suspends_the_model_and_tells_the_log(self, own: Installation) -> None:
        decide(own, 60, "passed")
        decide(own, 25, "failed")

        (row,) = own.ask("select * from marts.risk_standing")

        held = suspension.suspensions(own.bench.registry)[own.champion]
        assert (held.cause, held.by) == ("cap_breached", "pipeline")
        (told,) = own.told("model.suspended")
        assert told["cause"] == "cap_breached"
        assert row["deciding"] == "suspended"
        assert row["evidence"] >= row["evidence_limit"]
        assert (row["audits"], row["audits_abusive"]) == (85, 25)
        assert not re.search("[a-z]{3}", Texts("zh").sentences(row["why"]))
        (model,) = own.ask("select role from marts.risk_models")
        assert model["role"] == "suspended"

    def test_what_it_doubted_and_the_lot_let_pass_speaks_neither_for_nor_against_it(
        self, own: Installation
    ) -> None:
        decide(own, 60, "passed")
        decide(own, 60, "failed", is_drawn_doubt=True, approve_propensity=0.03)

        (row,) = own.ask("select * from marts.risk_standing")

        assert (row["deciding"], row["audits"], row["audits_abusive"]) == ("model", 60, 0)
        assert suspension.suspensions(own.bench.registry) == {}

    def test_audits_that_keep_the_cap_leave_it_alone(self, own: Installation) -> None:
        decide(own, 100, "passed")
        decide(own, 2, "failed")

        found = own.watch()

        assert found is not None
        assert found.cause is None
        assert suspension.suspensions(own.bench.registry) == {}

    def test_more_failures_than_the_certificate_bears_suspend_it_long_before_audits_do(
        self, tmp_path: Path
    ) -> None:
        """Of its approvals hardly any is audited; the quick look of all others finds one in eight bad."""
        own = Installation(tmp_path, audits=0.7)
        own.train()
        quick = {"inspection": "basic", "is_audit": False, "propensity": 0.97}
        for _ in range(15):
            decide(own, 7, "passed", **quick)
            decide(own, 1, "failed", **quick)
        decide(own, 5, "passed")

        (row,) = own.ask("select * from marts.risk_standing")

        assert (row["deciding"], row["cause"]) == ("suspended", "findings_exceeded")
        assert "approvals failed the basic inspection in the week up to 2026-05-0" in row["why"]
        assert not re.search("[a-z]{3}", Texts("zh").sentences(row["why"]))
        assert (row["audits"], row["audits_abusive"]) == (5, 0)
        lifted = suspension.resume(own.bench.registry, own.champion)
        assert lifted is not None
        looked = resumed(lifted.version, LATER + timedelta(days=200), "x", "looked", Actor("admin"))
        own.retour.conclusions.append([looked])
        own.ask("select 1")
        assert suspension.suspensions(own.bench.registry) == {}

    def test_failures_that_the_certificate_bears_leave_it_alone(self, tmp_path: Path) -> None:
        own = Installation(tmp_path, audits=0.7)
        own.train()
        quick = {"inspection": "basic", "is_audit": False, "propensity": 0.97}
        decide(own, 100, "passed", **quick)
        decide(own, 1, "failed", **quick)
        decide(own, 40, "failed", **quick, is_drawn_doubt=True, approve_propensity=0.03)
        decide(own, 120, "passed")
        decide(own, 9, "failed")

        found = own.watch()

        assert found is not None
        assert found.rise is None
        assert (found.by_count.audits, found.by_count.abusive) == (129, 9)
        assert found.cause is None

    def test_who_lets_it_decide_again_is_heard_until_new_evidence_comes(
        self, own: Installation
    ) -> None:
        decide(own, 85, "failed")
        own.ask("select 1")
        lifted = suspension.resume(own.bench.registry, own.champion)
        assert lifted is not None
        at = LATER + timedelta(days=200)
        own.retour.conclusions.append(
            [resumed(lifted.version, at, "x", "looked at", Actor("admin"))]
        )

        own.ask("select 1")

        assert suspension.suspensions(own.bench.registry) == {}

    def test_scores_that_moved_away_suspend_it(self, own: Installation) -> None:
        decide(own, 310, "passed", score=0.97)

        (row,) = own.ask("select * from marts.risk_standing")

        assert (row["deciding"], row["cause"]) == ("suspended", "drift")
        assert not re.search("[a-z]{3}", Texts("zh").sentences(row["why"]))
        drifted = own.ask("select * from marts.risk_drift where feature = 'score'")
        assert drifted[0]["has_moved"]

    def test_scores_of_those_whom_it_may_let_pass_by_no_score_move_nothing(
        self, own: Installation
    ) -> None:
        """Its reference is made of those within the limit on links; these all have one device."""
        pointer = registry.champion(own.bench.registry)
        assert pointer is not None
        numbers = [f"shared-{number}" for number in range(310)]
        share_a_device(own.retour, numbers, LATER - timedelta(days=20))
        told = {"basis": "model", "model_version": pointer.version, "score": 0.97}
        for place, number in enumerate(numbers):
            moment = LATER + timedelta(minutes=place)
            apply(own.retour, number, moment, "passed", **told, is_audit=True, propensity=0.03)

        found = own.watch()

        assert found is not None
        assert found.recent == len(numbers)
        assert found.score is not None
        assert (found.score.has_moved, found.cause) == (False, None)

    def test_whom_the_limit_on_links_sends_to_a_person_is_told_beside_the_others(
        self, own: Installation
    ) -> None:
        """Whoever lives with many others waits for a person however honest: a shop must see how many that are."""
        numbers = [f"shared-{number}" for number in range(12)]
        share_a_device(own.retour, numbers, LATER - timedelta(days=20))
        pointer = registry.champion(own.bench.registry)
        assert pointer is not None
        told = {"basis": "model", "model_version": pointer.version, "score": 0.001}
        for place, number in enumerate(numbers):
            moment = LATER + timedelta(minutes=place)
            sent = {"decision": "review", "is_audit": False, "propensity": 1.0}
            apply(own.retour, number, moment, "passed", **told, **sent)
        decide(own, 8, "passed")

        rows = own.ask("select * from marts.risk_slices where dimension = 'links'")

        live = {row["slice"]: row for row in rows if row["seen_in"] == "decisions"}
        assert (live["beyond"]["honest"], live["beyond"]["share"]) == (12, 1.0)
        assert (live["nothing"]["honest"], live["nothing"]["share"]) == (8, 0.0)
        assert {row["slice"] for row in rows if row["seen_in"] == "training"} == {"nothing"}

    def test_fewer_requests_than_say_something_move_nothing(self, own: Installation) -> None:
        decide(own, 250, "passed", score=0.97)

        found = own.watch()

        assert found is not None
        assert found.score is not None
        assert found.score.index > found.score.limit
        assert found.cause is None


class TestRegistry:
    """What lies in the registry is other people's business too: a backup, a full disk, an editor."""

    @pytest.mark.parametrize("name", ["{version}/manifest.json", "champion.json", "promotions.jsonl", "suspended.json"])  # fmt: skip
    @pytest.mark.parametrize("content", [None, b"{", b"\xff\xfe", b"[]", b'{"format": 3}'])
    def test_whatever_is_in_its_files_the_marts_are_made(
        self, shop: Installation, tmp_path: Path, name: str, content: bytes | None
    ) -> None:
        """One mart that fails keeps every figure of the shop from being published."""
        root = tmp_path / "risk"
        shutil.copytree(shop.bench.registry, root)
        path = root / name.format(version=shop.champion)
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)
        bench = replace(shop.bench, registry=root)

        with shop.refreshed() as warehouse:
            named = {each.relation: each for each in relations()}
            build_standing(warehouse, named, bench, shop.retour)
            (row,) = warehouse.query("select * from marts.risk_standing").to_dicts()

        is_champions = name.startswith("{") or name == "champion.json"
        if is_champions or (name == "suspended.json" and content is not None):
            assert row["deciding"] in ("unavailable", "no_model")
        else:
            assert row["deciding"] == "model"

    def test_a_policy_that_asks_for_more_than_is_proven_is_told_to_leave_it_to_the_rules(
        self, own: Installation
    ) -> None:
        policy = own.retour.context.policy
        tight = policy.risk.model_copy(update={"abuse_cap": policy.risk.abuse_cap / 2})
        context = replace(own.retour.context, policy=policy.model_copy(update={"risk": tight}))

        shelf = read_shelf(own.bench, context.policy.risk)

        assert shelf.deciding == "uncertified"
        assert read_shelf(own.bench, policy.risk).deciding == "model"


class TestRenewal:
    """A certificate is good until the next training."""

    def test_where_nothing_can_be_certified_any_more_who_decided_is_suspended_and_the_log_told_once(
        self, own: Installation
    ) -> None:
        pointer = registry.champion(own.bench.registry)
        assert pointer is not None
        turn_bad(own)

        found = own.train()

        assert found is not None
        assert (found.is_certified, found.is_promoted) == (False, False)
        (told,) = own.told("model.suspended")
        assert (told["version"], told["cause"]) == (pointer.version, "not_renewed")
        (row,) = own.ask("select * from marts.risk_standing")
        assert (row["deciding"], row["cause"]) == ("suspended", "not_renewed")

    def test_without_a_model_of_the_newest_training_none_decides_either(
        self, own: Installation
    ) -> None:
        own.bench.note_trained(None, "too few labels")

        assert own.judged() is None

        (told,) = own.told("model.suspended")
        assert told["cause"] == "not_renewed"
        assert suspension.resume(own.bench.registry, own.champion) is not None
        assert own.judged() is None
        assert suspension.suspensions(own.bench.registry) == {}

    def test_who_lets_it_decide_again_is_heard_until_the_next_training(
        self, own: Installation
    ) -> None:
        turn_bad(own)
        own.train()
        assert suspension.resume(own.bench.registry, own.champion) is not None

        own.judged()

        assert suspension.suspensions(own.bench.registry) == {}

    def test_what_a_killed_run_kept_from_the_log_is_told_by_the_next(
        self, own: Installation
    ) -> None:
        pointer = registry.champion(own.bench.registry)
        assert pointer is not None
        suspension.suspend(
            own.bench.registry,
            pointer.version,
            at=own.bench.frame().as_of,
            cause="not_renewed",
            by="pipeline",
            reason="nothing is certified",
        )
        own.bench.note_trained(None, "too few labels")

        own.judged()

        (told,) = own.told("model.suspended")
        assert told["version"] == pointer.version

    def test_the_next_model_need_not_be_cheaper_than_one_that_is_suspended(
        self, own: Installation
    ) -> None:
        pointer = registry.champion(own.bench.registry)
        assert pointer is not None
        suspension.suspend(
            own.bench.registry, pointer.version, at=LATER, cause="by_hand", by="x", reason="y"
        )
        decide(own, 30, "passed")

        found = own.train()

        assert found is not None
        assert found.is_promoted, found.comparison.against
        assert found.champion != pointer.version


class TestPromotion:
    def test_a_field_that_differs_between_service_and_warehouse_keeps_a_model_from_deciding(
        self, tmp_path: Path
    ) -> None:
        own = Installation(tmp_path)
        apply(own.retour, "odd", LATER, features=[{"name": NAMES[0], "value": 17.0}])

        found = own.train()

        assert found is not None
        assert not found.is_promoted
        assert (found.parity.differing, found.parity.first) == (1, f"Rodd: {NAMES[0]}")
        assert registry.champion(own.bench.registry) is None
        assert registry.challenger(own.bench.registry) is not None
        (row,) = own.ask("select * from marts.risk_standing")
        assert row["against"] == "features differ between log and lake"
        assert row["first_difference"] == f"Rodd: {NAMES[0]}"

    def test_with_too_few_labels_there_is_no_model_and_it_is_told_how_many(
        self, tmp_path: Path
    ) -> None:
        own = Installation(tmp_path, days=20)

        assert own.train() is None

        (row,) = own.ask("select * from marts.risk_standing")
        assert row["deciding"] == "no_model"
        assert "at least 20 abusive" in str(row["against"])
        assert row["labels"] == 20 * 16
        assert own.ask("select * from marts.risk_models") == []

    def test_it_is_told_how_many_are_missing_to_a_first_model_and_until_when(
        self, tmp_path: Path
    ) -> None:
        """Nine days of sixteen labels: at the pace and rate of abuse so far the date follows by hand."""
        own = Installation(tmp_path, days=9)
        own.train()

        (row,) = own.ask("select * from marts.risk_standing")

        assert 0 < row["abusive"] < 23
        assert row["newest"] is None
        missing = math.ceil((23 - row["abusive"]) * row["labels"] / row["abusive"])
        assert row["missing_labels"] == missing
        days = missing / (row["labels"] / 28)
        assert row["missing_until"] == row["as_of"] + timedelta(days=days)

    def test_a_challenger_that_is_not_cheaper_only_scores(self, own: Installation) -> None:
        champion = registry.champion(own.bench.registry)
        for number in range(40):
            apply(own.retour, f"more-{number}", LATER + timedelta(hours=number))

        found = own.train()

        assert found is not None
        assert champion is not None
        assert found.version != champion.version
        assert registry.champion(own.bench.registry) == champion
        rival = registry.challenger(own.bench.registry)
        assert rival is not None
        assert rival.version == found.version
        assert "are needed" in "; ".join(found.comparison.against)


class TestFrame:
    def test_a_label_counts_for_as_many_as_it_was_improbable(self, tmp_path: Path) -> None:
        own = Installation(tmp_path, days=20, audits=0.25)
        with own.refreshed() as warehouse:
            rows = training_frame(warehouse).rows

        assert set(rows.filter(pl.col("label").is_not_null())["weight"]) == {4.0}
        assert 0.15 < rows["label"].count() / len(rows) < 0.35

    def test_where_the_lot_drew_of_the_doubts_each_of_two_samples_teaches_for_half_of_them(
        self, tmp_path: Path
    ) -> None:
        own = Installation(tmp_path, days=2)
        model = {"basis": "model", "model_version": "r2026-01-01-00000000", "score": 0.4}
        drawn = {"is_drawn_doubt": True, "propensity": 0.04, "approve_propensity": 0.04}
        asked = {"decision": "review", "is_audit": False, **model}
        beside = {"propensity": 0.96, "approve_propensity": 0.04}
        told = {
            apply(own.retour, name, LATER, "passed", **assessed): name
            for name, assessed in (
                ("drawn", {**model, **drawn}),
                ("beside", {**asked, **beside}),
                ("alone", {**asked, "propensity": 1.0, "approve_propensity": 0.0}),
            )
        }
        with own.refreshed() as warehouse:
            rows = training_frame(warehouse).rows.filter(pl.col("rma").is_in(list(told)))

        weights = {
            told[rma]: (teaches, certifies)
            for rma, teaches, certifies in rows.select(
                "rma", "weight", "certifying_weight"
            ).iter_rows()
        }
        assert weights == {
            "drawn": pytest.approx((0.5 / 0.04, 1 / 0.04)),
            "beside": (0.5 / 0.96, None),
            "alone": (1.0, 1.0),
        }
        assert rows["label"].to_list() == [0, 0, 0]

    def test_what_a_basic_inspection_finds_is_no_label_of_the_frame(self, tmp_path: Path) -> None:
        own = Installation(tmp_path, days=2)
        basic = {"inspection": "basic", "is_audit": False, "propensity": 0.7}
        bad = apply(own.retour, "bad", LATER, "failed", **basic)

        (row,) = own.ask(f"select * from intermediate.risk_labels where rma = '{bad}'")
        with own.refreshed() as warehouse:
            rows = training_frame(warehouse).rows

        assert (row["label"], row["label_source"]) == (1, "basic_inspection")
        assert rows.filter(pl.col("rma") == bad)["label"].to_list() == [None]
        assert rows["label"].count() == len(rows) - 1

    def test_what_basic_inspections_find_is_a_hint_and_what_full_ones_find_is_none(
        self, tmp_path: Path
    ) -> None:
        own = Installation(tmp_path, days=2)
        basic = {"inspection": "basic", "is_audit": False, "propensity": 0.7}
        bad = apply(own.retour, "bad", LATER, "failed", **basic)
        good = apply(own.retour, "good", LATER, "passed", **basic)
        with own.refreshed() as warehouse:
            rows = training_frame(warehouse).rows

        hints = rows.filter(pl.col("finding").is_not_null())
        assert dict(hints.select("rma", "finding").iter_rows()) == {bad: 1, good: 0}
        assert hints["label"].to_list() == [None, None]
        assert (hints["found_at"] > hints["requested_at"]).all()
