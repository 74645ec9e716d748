"""A shop whose goods were inspected trains a model, lets it decide, watches it, and stops it where the cap is broken."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from labelled_shop import DEFECTS, apply, labelled_shop

from models.risk import registry, suspension
from models.risk.features import NAMES
from pipelines.risk.bench import Bench
from pipelines.risk.frame import main_currency, rules_of, training_frame
from pipelines.risk.promotion import Judgement, judge
from pipelines.risk.seen import parity
from pipelines.risk.slices import words_of
from pipelines.risk.standing import build_standing
from pipelines.risk.training import train_challenger
from pipelines.risk.watching import Watched, watch_champion
from pipelines.steps import build, relations, take_in
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.application import Retour
from service.policies import default_text

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
            train_challenger(
                self.bench.frame(), rules, policy.version, self.bench, words_of(warehouse)
            )
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
        with shop.refreshed() as warehouse:
            found = judge(shop.bench, parity(warehouse), shop.retour)

        assert found is not None
        assert not found.is_promoted
        assert (shop.retour.log_head(), registry.champion(shop.bench.registry)) == before
        assert version is not None
        assert found.champion == version.version
