"""Many replays of a shop that gathers labels, trains, certifies, and lets the model decide for three months more.

Each replay goes the product's way: what inspections found (not the truth) are the labels, training and certificate are
`models.risk.train` under the built-in policy. What is then approved is judged by the truth, beside what else could have
decided the same applications.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

from bench.keeping import kept
from bench.pool import answers, pool
from bench.risk import baselines, oracle, scoring
from bench.risk.cases import (
    CASES,
    Case,
    Flags,
    Floats,
    Size,
    features_of,
    played,
    risk_rules,
    scenario_of,
    with_labels,
)
from models.risk.certify import Judged, certify, withstanding
from models.risk.choose import review_cost, threshold_at
from models.risk.grow import Grown
from models.risk.measure import auc
from models.risk.rules import RiskRules, may_judge
from models.risk.train import Trained, train

_SPLIT = 2  # parts of a case's shops: each part's oracle is taught by the others
SAME, ALL = "oracle of the same features", "all-knowing oracle"
CERTIFIED_SAME = "oracle of the same features, certified by the labels"
CERTIFIED_ALL = "all-knowing oracle, certified by the labels"
SHARES = tuple(twentieth / 20 for twentieth in range(1, 21))


@dataclass(frozen=True, slots=True)
class Extent:
    """How many replays: `shops` a case, and in each of them `draws` of so many labels."""

    cases: tuple[Case, ...] = CASES
    size: Size = field(default_factory=Size)
    shops: int = 6
    draws: tuple[tuple[int, int], ...] = ((10_000, 7), (50_000, 1))  # labels, draws
    first_seed: int = 1


QUICK = Extent(
    cases=(CASES[1], CASES[4]), size=Size(360, 240, 90, 500.0), shops=2, draws=((10_000, 2),)
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one way of deciding does to later applications that the rules pass.

    `coverage`: the share approved. `abuse`, `amount`: the true share of abuse among them by count and by amount;
    `expected`, `expected_amount`: the same as the all-knowing oracle expects it, free of that quarter's chance.
    `cost`: minor units an application, reviews and losses.
    """

    coverage: float
    abuse: float
    amount: float
    expected: float
    expected_amount: float
    cost: float


@dataclass(frozen=True, slots=True)
class Task:
    """One replay: the shop's applications and their same-feature oracle's scores, and which draw of how many labels."""

    case: Case
    seed: int
    draw: int
    labels: int
    size: Size
    shop: Path
    known_best: Path


def run(extent: Extent, folder: Path, tell: Callable[[str], None]) -> pl.DataFrame:
    """A row for each replay and way of deciding: `case, seed, draw, labels, known, way`, its outcome, and of the replay
    `auc, auc_oracle, auc_features, certified, taught`, the same by month (`auc_1` …), and `curve`: the expected rate of
    abuse in the least risky 5, 10, … 100 % by the order of this way. `folder` keeps what is played and found, and another run
    goes on from it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shops = [
        (case, extent.first_seed + number)
        for case in extent.cases
        for number in range(extent.shops)
    ]
    with pool() as processes:
        plays = [(play_into, (case, seed, extent.size, folder)) for case, seed in shops]
        answers(processes, plays, "shops played", tell)
        fits = [
            (write_known_best, (case, part, extent, folder))
            for case in extent.cases
            for part in range(_SPLIT)
        ]
        answers(processes, fits, "oracles of the same features taught", tell)
        tasks = [
            (
                _replay_kept,
                (Task(case, seed, draw, labels, extent.size, *_paths(folder, case, seed)),),
            )
            for labels, draws in extent.draws
            for case, seed in shops
            for draw in range(draws)
        ]
        return pl.concat(answers(processes, tasks, "replays", tell))


def play_into(case: Case, seed: int, size: Size, folder: Path) -> None:
    """Play a shop and keep its applications."""
    shop, _ = _paths(folder, case, seed)
    kept(shop, played, scenario_of(case), seed, size.days, size.orders_per_day)


def write_known_best(case: Case, part: int, extent: Extent, folder: Path) -> None:
    """Score the applications of one part of a case's shops, from when labels are kept, by the oracle of the other ones."""
    seeds = range(extent.first_seed, extent.first_seed + extent.shops)
    inside = [seed for seed in seeds if seed % _SPLIT == part]
    outside = [seed for seed in seeds if seed % _SPLIT != part] or inside
    missing = [seed for seed in inside if not _paths(folder, case, seed)[1].exists()]
    if not missing:
        return
    best, taught = oracle.of_other_shops([_paths(folder, case, seed)[0] for seed in outside], part)
    for seed in missing:
        shop, known_best = _paths(folder, case, seed)
        kept(known_best, _scored, best, taught, shop, extent.size)


def _scored(best: Grown, taught: int, shop: Path, size: Size) -> pl.DataFrame:
    rows = pl.read_parquet(shop).filter("is_eligible", pl.col("requested_at") >= size.opens)
    scored = {"rma": rows["rma"], "score": best.score(features_of(rows)), "taught": taught}
    return pl.DataFrame(scored)


def _replay_kept(task: Task) -> pl.DataFrame:
    return kept(
        task.shop.with_name(f"{task.shop.stem}-{task.labels}-{task.draw}.parquet"), replay, task
    )


def replay(task: Task) -> pl.DataFrame:
    """One replay; see `run`."""
    applications, rules = pl.read_parquet(task.shop), risk_rules()
    chance = np.random.default_rng([task.seed, task.draw, task.labels])
    frame = _labelled(applications, task, chance)
    trained = train(frame, task.size.as_of, rules, task.draw, explain=False)
    best = pl.read_parquet(task.known_best)
    posterior = applications.select("rma", score="posterior")
    later = _later(applications, task.size)
    known_best = _of(later, best)
    known = frame.filter(pl.col("label").is_not_null() & (pl.col("labelled_at") <= task.size.as_of))
    approved = {
        **_ways(trained, known, later, known_best, rules, task.draw),
        CERTIFIED_SAME: certified_by(best, trained.judged, later, rules),
        CERTIFIED_ALL: certified_by(posterior, trained.judged, later, rules),
    }
    score = scoring.scores(trained.document, features_of(later))
    of_replay = {
        "case": task.case.name,
        "seed": task.seed,
        "draw": task.draw,
        "labels": task.labels,
        "known": len(known),
        "taught": best["taught"][0],
        "certified": trained.choice.actions["approve"].certified_share or 0.0,
        **_aucs(later, score, known_best, task.size),
    }
    orders = {
        "product": score,
        SAME: known_best,
        ALL: later["posterior"].to_numpy(),
    }
    every_way = [
        {
            **of_replay,
            "way": name,
            **asdict(outcome(chosen, later, rules)),
            "curve": _curve(orders[name], later) if name in orders else None,
        }
        for name, chosen in approved.items()
    ]
    return pl.DataFrame(every_way, schema_overrides={"curve": pl.List(pl.Float64)})


def outcome(approved: Flags, later: pl.DataFrame, rules: RiskRules) -> Outcome:
    """What approving these applications (n,) does."""
    truth, posterior, value = _truth(later)
    abuse, amount = scoring.rates(approved, truth, value)
    expected, expected_amount = scoring.rates(approved, posterior, value)
    cost = np.where(approved, truth * value * rules.loss_share, review_cost(rules))
    return Outcome(
        float(approved.mean()), abuse, amount, expected, expected_amount, float(cost.mean())
    )


def _labelled(applications: pl.DataFrame, task: Task, chance: np.random.Generator) -> pl.DataFrame:
    """So many applications of the learning days that the rules pass, drawn by lot alike, were inspected in full."""
    opens, as_of = task.size.opens, task.size.as_of
    requested = pl.col("requested_at")
    is_in_time = (requested >= opens) & (requested < as_of)
    can = applications.select(pl.col("comes") & pl.col("is_eligible") & is_in_time)
    rows = np.flatnonzero(can.to_series().to_numpy())
    inspected = np.zeros(len(applications), dtype=np.bool_)
    inspected[chance.permutation(rows)[: task.labels]] = True
    weight = np.ones(len(applications))
    return with_labels(applications, inspected, weight).filter(requested >= opens)


def _ways(
    trained: Trained,
    known: pl.DataFrame,
    later: pl.DataFrame,
    known_best: Floats,
    rules: RiskRules,
    seed: int,
) -> dict[str, Flags]:
    features = features_of(later)
    score = scoring.scores(trained.document, features)
    _, posterior, value = _truth(later)
    approve = trained.choice.actions["approve"]
    caps = rules.abuse_cap, rules.amount_cap
    tuned = trained.choice.thresholds(baselines.tuned_share(trained, rules.abuse_cap))
    may = later.select(may_judge(rules.most_linked)).to_series().to_numpy()
    return {
        "product": may & _upto(score, approve.threshold),
        "all that is certified": may & _upto(score, approve.certified_threshold),
        "no bound: threshold tuned": may & _upto(score, tuned),
        "logistic regression, tuned": baselines.approved_by_logistic(
            known, features, rules.abuse_cap, seed
        ),
        "boosted trees at 0.5": baselines.approved_by_half(known, features, seed),
        "rules only": np.ones(len(later), dtype=np.bool_),
        "the model, knowing the truth": _best(score, posterior, value, caps),
        SAME: _best(known_best, posterior, value, caps),
        ALL: _best(posterior, posterior, value, caps),
    }


def certified_by(
    order: pl.DataFrame, judged: pl.DataFrame, later: pl.DataFrame, rules: RiskRules
) -> Flags:
    """What of the later applications (n,) the product's own certificate would let pass by the very labels it has (`judged` of
    `models.risk.train.Trained`), if its scores were these (`rma, score`); the newest findings are not asked.
    """
    judged = judged.with_columns(score=pl.Series(_of(judged, order)))
    among = np.sort(judged.filter(~pl.col("is_test"))["score"].to_numpy())
    rank = np.searchsorted(among, judged["score"], side="right") / max(len(among), 1)
    known = judged.with_columns(rank=pl.Series(rank)).filter(pl.col("label").is_not_null())
    certificate = certify(
        _evidence(known.filter(~pl.col("is_test"))),
        cap=rules.abuse_cap,
        amount_cap=rules.amount_cap,
        confidence=rules.confidence,
        seed=0,
    )
    share = withstanding(certificate, _evidence(known.filter("is_test"))).share
    may = later.select(may_judge(rules.most_linked)).to_series().to_numpy()
    threshold = None if share is None else threshold_at(among, share)
    return np.asarray(may & _upto(_of(later, order), threshold))


def _evidence(known: pl.DataFrame) -> Judged:
    return Judged(
        *(known[name].to_numpy() for name in ("rank", "score", "label", "weight", "value"))
    )


def _of(rows: pl.DataFrame, scored: pl.DataFrame) -> Floats:
    """The scores (n,) of these rows."""
    found = rows.select("rma").join(scored, on="rma", how="left", maintain_order="left")
    return found["score"].to_numpy()


def _upto(score: Floats, threshold: float | None) -> Flags:
    return np.asarray(score <= (-np.inf if threshold is None else threshold))


def _best(score: Floats, expected: Floats, value: Floats, caps: tuple[float, float]) -> Flags:
    """The most that this order could approve under the caps, if one knew how abusive each is in expectation."""
    taken = round(scoring.coverage(score, expected, value, *caps) * len(score))
    approved = np.zeros(len(score), dtype=np.bool_)
    approved[np.argsort(score, kind="stable")[:taken]] = True
    return approved


def _curve(score: Floats, later: pl.DataFrame) -> list[float]:
    expected = later["posterior"].to_numpy()[np.argsort(score, kind="stable")]
    ends = np.maximum((np.array(SHARES) * len(expected)).astype(int), 1)
    return list((np.cumsum(expected)[ends - 1] / ends).tolist())


def _aucs(later: pl.DataFrame, score: Floats, known_best: Floats, size: Size) -> dict[str, float]:
    truth, posterior, _ = _truth(later)
    even = np.ones(len(later))
    found = {
        "auc": auc(score, truth, even),
        "auc_oracle": auc(posterior, truth, even),
        "auc_features": auc(known_best, truth, even),
    }
    since = ((later["requested_at"] - size.as_of) / timedelta(days=30)).to_numpy()
    for month in range(3):
        rows = np.floor(since) == month
        for name, one in (("auc", score), ("auc_oracle", posterior), ("auc_features", known_best)):
            found[f"{name}_{month + 1}"] = (
                auc(one[rows], truth[rows], even[rows])
                if 0 < truth[rows].sum() < rows.sum()
                else float("nan")
            )
    return found


def _truth(later: pl.DataFrame) -> tuple[Floats, Floats, Floats]:
    return (
        later["is_abusive"].to_numpy().astype(np.float64),
        later["posterior"].to_numpy(),
        later["value"].to_numpy(),
    )


def _later(applications: pl.DataFrame, size: Size) -> pl.DataFrame:
    return applications.filter((pl.col("requested_at") >= size.as_of) & pl.col("is_eligible"))


def _paths(folder: Path, case: Case, seed: int) -> tuple[Path, Path]:
    name = f"{CASES.index(case) if case in CASES else case.name}-{seed}"
    return folder / f"{name}.parquet", folder / f"{name}-best.parquet"
