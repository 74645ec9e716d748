"""Shops played and walked through week by week, with the evidence that the product, the usual rules and the oracle see.

A flag is of the end of a week. What each way thought of each product is kept, so that other thresholds need no new replay.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from bench.pool import answers, pool
from bench.products import baselines
from bench.products.nowcasts import nowcasts
from bench.products.oracle import Oracle, oracle_of
from bench.products.scoring import by_decisions, by_threshold, settings
from bench.products.shops import Shop, Size, shop_of, world_of_shop
from bench.products.truth import Truth, truth_of
from models.products.detector import Detector
from models.products.evidence import weigh
from models.products.expected import cohorts
from models.products.record import to_grid

PRODUCT, ORACLE = "product", "oracle"
FIRST_WEEK = 8
# Below this a score is kept for no threshold.
_LEAST = {way: min(rule.frontier) for way, rule in baselines.RULES.items()} | {
    PRODUCT: 0.02,
    ORACLE: 0.02,
}
KEPT = pl.Schema(
    {
        "way": pl.String(),
        "week": pl.Int64(),
        "sku": pl.String(),
        "score": pl.Float64(),
        "ended": pl.Float64(),
        "incidents": pl.Int64(),
        "excess_units": pl.Float64(),
        "likely_cause": pl.String(),
    }
)


@dataclass(frozen=True, slots=True)
class Extent:
    """Which shops: so many seeds of each scenario, the first numbered `first_seed`."""

    seeds: dict[str, int] = field(default_factory=lambda: {"usual": 20, "calm": 5, "rough": 5})
    size: Size = field(default_factory=Size)
    first_seed: int = 1

    def shops(self) -> list[tuple[str, int]]:
        return [
            (scenario, self.first_seed + number)
            for scenario, many in self.seeds.items()
            for number in range(many)
        ]


QUICK = Extent({"usual": 2}, Size(products=2000, weeks=52, orders_per_day=1200.0))


@dataclass(frozen=True, slots=True)
class Replayed:
    """One shop: its truth, what each way thought week by week (`KEPT`), and its nowcasts (see `nowcasts`)."""

    scenario: str
    seed: int
    truth: Truth
    kept: pl.DataFrame
    nowcasts: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Outcome:
    """One shop: its truth, its nowcasts, and the flags of each way at each of its settings (see `by_decisions`)."""

    scenario: str
    seed: int
    truth: Truth
    nowcasts: pl.DataFrame
    flags: dict[tuple[str, str], pl.DataFrame]


def run(extent: Extent, tell: Callable[[str], None], folder: Path | None = None) -> list[Outcome]:
    """All shops, by several processes of one thread each; `folder` keeps what was seen for another run."""
    with pool() as processes:
        works = [
            (outcome, (scenario, seed, extent.size, folder)) for scenario, seed in extent.shops()
        ]
        return answers(processes, works, "shops replayed", tell)


def outcome(scenario: str, seed: int, size: Size, folder: Path | None = None) -> Outcome:
    """One shop replayed, and the flags that every setting would have raised in it."""
    found = replay(scenario, seed, size, folder)
    return Outcome(scenario, seed, found.truth, found.nowcasts, flags_of(found.kept))


def flags_of(kept: pl.DataFrame) -> dict[tuple[str, str], pl.DataFrame]:
    """The flags of each way at each of its settings, from what it thought week by week (`KEPT`)."""
    raised: dict[tuple[str, str], pl.DataFrame] = {}
    for way in (PRODUCT, ORACLE):
        mine = kept.filter(pl.col("way") == way)
        raised |= {(way, setting(each)): by_decisions(mine, each) for each in settings(Detector())}
    for way, rule in baselines.RULES.items():
        mine = kept.filter(pl.col("way") == way)
        raised |= {(way, f"{each:.3g}"): by_threshold(mine, each) for each in rule.frontier}
    return raised


def setting(detector: Detector) -> str:
    """What one setting of the frontier is called."""
    return f"{detector.false_discovery_rate:g}"


def usual_settings() -> dict[str, str]:
    """Of each way the setting that is its usual one."""
    by_rule = {way: f"{rule.usual:.3g}" for way, rule in baselines.RULES.items()}
    return {PRODUCT: setting(Detector()), ORACLE: setting(Detector())} | by_rule


def replay(scenario: str, seed: int, size: Size, folder: Path | None = None) -> Replayed:
    """One shop, from its ninth week to its last."""
    if folder and (kept := _stored(folder, scenario, seed)).exists():
        return _read(kept)
    shop, detector = shop_of(scenario, seed, size), Detector()
    oracle = oracle_of(shop, world_of_shop(scenario, seed, size), detector.longest_lag_weeks)
    weeks = [_week(shop, oracle, week, detector) for week in range(FIRST_WEEK, shop.weeks)]
    found = Replayed(scenario, seed, truth_of(shop), pl.concat(weeks), nowcasts(shop, detector))
    if folder:
        _write(found, _stored(folder, scenario, seed))
    return found


def _week(shop: Shop, oracle: Oracle, week: int, detector: Detector) -> pl.DataFrame:
    record = shop.until(week)
    evidence = weigh(record, detector).evidence.rename({"probability": "score"})
    grid = to_grid(record)
    usual = baselines.scores(record, grid, cohorts(grid, detector.longest_lag_weeks))
    parts = (
        evidence.with_columns(way=pl.lit(PRODUCT)),
        oracle.scores(week).with_columns(way=pl.lit(ORACLE)),
        usual,
    )
    return pl.concat(
        [_as_kept(part.with_columns(week=pl.lit(week, pl.Int64))) for part in parts]
    ).filter(pl.col("score") >= pl.col("way").replace_strict(_LEAST, return_dtype=pl.Float64))


def _as_kept(part: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, kind).alias(name) for name, kind in KEPT.items() if name not in part]
    return part.with_columns(missing).select(KEPT.names())


def _stored(folder: Path, scenario: str, seed: int) -> Path:
    return folder / f"{scenario}-{seed}.pickle"


def _write(found: Replayed, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_bytes(pickle.dumps(found))
    beside.replace(path)


def _read(path: Path) -> Replayed:
    found: Replayed = pickle.loads(path.read_bytes())
    return found
