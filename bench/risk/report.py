"""The risk model's report: `python -m bench.risk.report [--quick] --into FOLDER`.

Replays, closed loop and speed, and what they say of each target. Every figure and every verdict comes from the runs; the
seeds stand in the report, and the same seeds give the same figures. It takes hours: what is found is kept in FOLDER/work until the
report is written, and the same command goes on from there after an interruption, unless the code has changed.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from polars.selectors import numeric

from bench import keeping
from bench.figures import Figure
from bench.reporting import Verdict, interval, table, word
from bench.risk import closed_loop, oracle, replays, speed
from bench.risk.cases import risk_rules
from bench.risk.replays import ALL, CERTIFIED_ALL, CERTIFIED_SAME, SAME
from models.risk.plots import Line, bars, lines

REPORT = "report.md"
_PLAYED_BY = (
    "bench/risk",
    "dashboards/queries",
    "models/risk",
    "pipelines/risk",
    "pipelines/warehouse",
    "service/domain",
    "service/policies",
    "simulator",
    "sql",
)
_BROKEN_MOST = 0.05
_COVERAGE = {10_000: 0.92, 50_000: 0.97}
_AUC_NEAR, _DECAY_MOST, _LOOPS_LEAST, _AUDIT_MOST, _ESTIMATE_NEAR = 0.01, 0.01, 0.95, 0.05, 0.003
_PRODUCT, _CERTIFIED = "product", "all that is certified"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the report is made from: replays, closed loops, in how many of those each safeguard is taken away, and training on
    how many requests.
    """

    extent: replays.Extent
    course: closed_loop.Course
    loops: range
    ablated: int
    many: int


FULL = Plan(replays.Extent(), closed_loop.Course(), range(1, 21), 2, 1_000_000)
QUICK = Plan(replays.QUICK, closed_loop.Course(360, 150, 42, 6, 500.0), range(1, 2), 1, 200_000)


@dataclass(frozen=True, slots=True)
class Found:
    """All that was measured, in how long, and how many pieces an earlier run had left."""

    replays: pl.DataFrame
    loops: pl.DataFrame
    speed: list[Figure]
    seconds: float
    held: int = 0


def measure(plan: Plan, work: Path, tell: Callable[[str], None]) -> Found:
    """Run everything that `work` does not hold yet; the caller removes that folder when all is well."""
    started = time.perf_counter()
    held = keeping.opened(work, keeping.made_from(_PLAYED_BY, plan))
    if held:
        tell(f"going on from {held} pieces of work that {work} holds")
    replayed = replays.run(plan.extent, work, tell)
    loops = closed_loop.run(plan.loops, plan.ablated, plan.course, work, tell)
    tell(f"training on {plan.many:,} requests")
    fast = speed.figures(plan.many)
    return Found(replayed, loops, fast, time.perf_counter() - started, held)


def write(plan: Plan, found: Found, into: Path) -> Path:
    """Write `report.md`, its plots and its figures; the report's path."""
    into.mkdir(parents=True, exist_ok=True)
    found.replays.drop("curve").write_csv(into / "replays.csv")
    found.loops.write_csv(into / "closed_loop.csv")
    for name, svg in _plots(found).items():
        (into / f"{name}.svg").write_text(svg, encoding="utf-8")
    report = into / REPORT
    report.write_text("\n\n".join(_sections(plan, found)) + "\n", encoding="utf-8")
    return report


def verdicts(found: Found) -> list[Verdict]:
    """Each target of the risk model and whether it is met."""
    product = found.replays.filter(pl.col("way") == _PRODUCT)
    return [
        *_cap_verdicts(product),
        *(
            _coverage_verdict(found.replays, labels, least)
            for labels, least in _COVERAGE.items()
            if labels in product["labels"]
        ),
        *_auc_verdicts(product),
        *_loop_verdicts(found.loops.filter(pl.col("way") == _PRODUCT)),
        *(_speed_verdict(figure) for figure in found.speed if figure.aim),
        *ablations(found.loops),
    ]


def ablations(loops: pl.DataFrame) -> list[Verdict]:
    """For each safeguard that was taken away whether that hurts: the cap breaks more often, less is approved, or the
    rate of abuse is told worse. Compared with the product in the same shops.
    """
    by_way = {name[0]: one for name, one in loops.group_by("way", maintain_order=True)}
    whole = by_way.pop(_PRODUCT)
    return [
        Verdict(f"Ablation “{name}” visibly hurts", words, is_worse)
        for name, one in by_way.items()
        for same in [whole.filter(pl.col("seed").is_in(one["seed"].unique().implode()))]
        for words, is_worse in [_compared(_summary(one), _summary(same))]
    ]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.risk.report", description=__doc__)
    parser.add_argument(
        "--into", type=Path, required=True, help="the folder that the report goes to"
    )
    parser.add_argument("--quick", action="store_true", help="few replays: a few minutes")
    given = parser.parse_args()
    plan = QUICK if given.quick else FULL
    work = given.into / "work"
    print(write(plan, measure(plan, work, _tell), given.into))
    shutil.rmtree(work)


def _tell(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def _cap_verdicts(product: pl.DataFrame) -> list[Verdict]:
    rules = risk_rules()
    found = []
    for name, column, cap in (
        ("count", "abuse", rules.abuse_cap),
        ("amount", "amount", rules.amount_cap),
    ):
        for labels in sorted(product["labels"].unique()):
            one = product.filter(pl.col("labels") == labels)
            broken, approving = int((one[column] > cap).sum()), int((one["coverage"] > 0).sum())
            low, high = interval(broken, len(one))
            words = (
                f"{broken} of {len(one)} ({broken / len(one):.1%}; 95 % interval {low:.1%} to {high:.1%}); "
                f"{approving} of them approved anything"
            )
            target = f"At {labels:,} labels the cap of {cap:.0%} by {name} is exceeded in ≤ {_BROKEN_MOST:.0%} of replays"
            found.append(
                Verdict(target, words, broken / len(one) <= _BROKEN_MOST if approving else None)
            )
    return found


def _coverage_verdict(rows: pl.DataFrame, labels: int, least: float) -> Verdict:
    of = {
        way: _mean(rows.filter((pl.col("way") == way) & (pl.col("labels") == labels)), "coverage")
        for way in (_CERTIFIED, SAME, ALL, CERTIFIED_SAME, CERTIFIED_ALL)
    }
    share = of[_CERTIFIED] / of[SAME]
    return Verdict(
        f"At {labels:,} labels the certified coverage is ≥ {least:.0%} of the oracle's",
        f"{share:.1%} of the oracle of the same features ({of[_CERTIFIED]:.1%} against {of[SAME]:.1%}), "
        f"{of[_CERTIFIED] / of[ALL]:.1%} of the all-knowing one ({of[ALL]:.1%}); the same labels would certify "
        f"{of[CERTIFIED_SAME] / of[SAME]:.1%} by the order of the first and {of[CERTIFIED_ALL] / of[ALL]:.1%} by that of the second",
        share >= least,
    )


def _auc_verdicts(product: pl.DataFrame) -> list[Verdict]:
    found = []
    for labels in sorted(product["labels"].unique()):
        one = product.filter(pl.col("labels") == labels).select(numeric().mean())
        behind = one["auc_features"][0] - one["auc"][0]
        faded = one["auc_1"][0] - one["auc_3"][0]
        aged = faded - (one["auc_features_1"][0] - one["auc_features_3"][0])
        found += [
            Verdict(
                f"At {labels:,} labels the AUC lies within {_AUC_NEAR} of the oracle's",
                f"{one['auc'][0]:.4f}, {behind:.4f} behind the oracle of the same features and "
                f"{one['auc_oracle'][0] - one['auc'][0]:.4f} behind the all-knowing one",
                behind <= _AUC_NEAR,
            ),
            Verdict(
                f"At {labels:,} labels the AUC decays by ≤ {_DECAY_MOST} over three months",
                f"{faded:+.4f} from the first month to the third; against the same-feature oracle, which does not "
                f"age, {aged:+.4f}",
                max(faded, aged) <= _DECAY_MOST,
            ),
        ]
    return found


def _loop_verdicts(product: pl.DataFrame) -> list[Verdict]:
    rules = risk_rules()
    kept = pl.col("abuse").max() <= rules.abuse_cap, pl.col("amount").max() <= rules.amount_cap
    runs = product.group_by("seed").agg((kept[0] & kept[1]).alias("kept"), pl.col("approved").sum())
    held, many = int(runs["kept"].sum()), len(runs)
    acting = product.filter(pl.col("approved") > 0)
    if acting.is_empty():
        return [
            Verdict("The closed loop keeps the cap", "no model was certified in any round", None)
        ]
    low, high = interval(held, many)
    audits = float(
        np.average(acting["audit_share"].to_numpy(), weights=acting["approved"].to_numpy())
    )
    off = acting.with_columns(
        (pl.col("audited_rate") - pl.col("abuse")).abs().alias("alone"),
        (pl.col("estimated_rate") - pl.col("abuse")).abs().alias("all"),
    )
    near = {
        name: float(np.mean(off[name].to_numpy() <= _ESTIMATE_NEAR)) for name in ("alone", "all")
    }
    holds = pl.col("abuse").is_between("estimated_low", "estimated_high")
    held_in = float(off.select(holds.mean()).item())
    return [
        Verdict(
            f"Closed loop: the cap holds in every round in ≥ {_LOOPS_LEAST:.0%} of runs, by count and by amount",
            f"{held} of {many} runs (95 % interval {low:.0%} to {high:.0%}); a model decided in {len(acting)} of "
            f"{len(product)} rounds",
            held / many >= _LOOPS_LEAST,
        ),
        Verdict(
            f"Closed loop: audits of ≤ {_AUDIT_MOST:.0%} of approvals",
            f"{audits:.1%}",
            audits <= _AUDIT_MOST,
        ),
        Verdict(
            f"Closed loop: the estimated abuse rate is within {_ESTIMATE_NEAR * 100:.1f} points of the truth in every round",
            f"in {near['alone']:.0%} of rounds from the audits alone (on average {_mean(off, 'alone') * 100:.2f} points "
            f"off), in {near['all']:.0%} as the page says it, with what all other inspections found "
            f"({_mean(off, 'all') * 100:.2f} points; the truth lies in its 95 % interval in {held_in:.0%})",
            near["all"] == 1.0,
        ),
    ]


def _speed_verdict(figure: Figure) -> Verdict:
    most = float(figure.aim.split()[1].replace(",", ""))
    return Verdict(
        f"{figure.name.strip()} {figure.aim}",
        f"{figure.value:.3g} {figure.unit}",
        figure.value <= most,
    )


@dataclass(frozen=True, slots=True)
class _Summary:
    worst: float
    broken: float
    coverage: float
    off: float


def _summary(one: pl.DataFrame) -> _Summary:
    cap = risk_rules().abuse_cap
    acting = one.filter(pl.col("approved") > 0).with_columns(
        off=(pl.col("estimated_rate").fill_nan(0.0) - pl.col("abuse")).abs()
    )
    worst = one.group_by("seed").agg(pl.col("expected").max())
    return _Summary(
        worst=_mean(worst, "expected"),
        broken=_mean(one.select(broken=pl.col("expected") > cap), "broken"),
        coverage=_mean(one, "coverage"),
        off=_mean(acting, "off"),
    )


def _compared(one: _Summary, whole: _Summary) -> tuple[str, bool | None]:
    words = (
        f"worst round {one.worst:.2%} abusive (product {whole.worst:.2%}), cap broken in {one.broken:.0%} of rounds "
        f"({whole.broken:.0%}), coverage {one.coverage:.1%} ({whole.coverage:.1%}), estimate "
        f"{one.off * 100:.2f} points off ({whole.off * 100:.2f})"
    )
    if one.broken > whole.broken + 0.05:
        return words, True
    if whole.coverage == 0:
        return f"{words}; the product approved nothing to compare with", None
    return words, one.coverage < whole.coverage - 0.02 or one.off > whole.off + _ESTIMATE_NEAR


def _mean(rows: pl.DataFrame, name: str) -> float:
    """The mean of a column; 0 of nothing."""
    return float(rows[name].cast(pl.Float64).to_numpy().mean()) if len(rows) else 0.0


def _sections(plan: Plan, found: Found) -> list[str]:
    judged = verdicts(found)
    met = sum(one.is_met is True for one in judged)
    since = f", going on from {found.held} pieces of an earlier run" if found.held else ""
    return [
        "# The risk model: what it does, measured",
        f"{met} of {len(judged)} targets are met. Made in {found.seconds / 60:.0f} minutes{since}, with the seeds below.",
        table(
            ("target", "found", "met"),
            [(one.target, one.found, word(one.is_met)) for one in judged],
        ),
        "## What was played",
        _played(plan, found),
        "## Ways of deciding the same applications",
        "Means over the replays; rates are true ones, among what was approved. Costs are euro cents an application. The "
        "lines that know the truth take the most that their order allows under both caps; *certified by the labels* is "
        "what the product's certificate would grant by the same labels to whoever orders as the oracle does: under it, more than that "
        "no better model could gain.",
        *_ways_tables(found.replays),
        "![Coverage against the true rate](coverage.svg)",
        "## The cap",
        "![How often the cap was exceeded](cap.svg)",
        _cap_table(found.replays),
        "## Rank and decay",
        "![AUC by month](auc.svg)",
        "## Closed loop",
        "![Abuse by round](loop.svg)",
        _loop_table(found.loops),
        "## Speed",
        table(
            ("figure", "value", "aim"),
            [(f.name.strip(), f"{f.value:.3g} {f.unit}", f.aim) for f in found.speed],
        ),
    ]


def _played(plan: Plan, found: Found) -> str:
    extent, course, size = plan.extent, plan.course, plan.extent.size
    taught = found.replays["taught"].unique().sort().to_list()
    seeds = f"{extent.first_seed} to {extent.first_seed + extent.shops - 1}"
    draws = ", ".join(f"{draws} of {labels:,} labels" for labels, draws in extent.draws)
    return (
        f"**Replays.** Cases: {', '.join(case.name for case in extent.cases)}. Shops with seeds {seeds} each, draws a "
        f"shop: {draws}. A shop of {size.orders_per_day:,.0f} orders a day is played for {size.before_days} days of which "
        f"no inspection was kept, then {size.learning_days} days in which applications are drawn by lot for a full "
        f"inspection (goods that never come have no label; an inspection is not always right); then the model is trained "
        f"and judged by the truth on the next {size.later_days} days. Draws of one shop share its applications, so "
        "replays are less than independent.\n\n"
        "**Oracles.** The *all-knowing* one is the generator's own posterior, given everything that the service ever "
        "saw: it knows the chances that each kind of customer acts by. The oracle *of the same features* sees only what "
        "the model sees; it is estimated by trees of the same kind, taught the truth of "
        f"{taught[0]:,} to {taught[-1]:,} applications of other shops of the case (at most {oracle.MOST:,}). Its figure "
        "is a lower bound of what those features can tell.\n\n"
        f"**Closed loop.** Shops with seeds {plan.loops[0]} to {plan.loops[-1]} and {course.orders_per_day:,.0f} orders a "
        f"day, the first {plan.ablated} of them without one safeguard at a time too: {course.before_days} days without labels, {course.first_days} days without a model, in which "
        f"{risk_rules().bootstrap_share:.0%} of what keeps the rules pass by lot and are inspected in full, small values pass, "
        f"and people decide on the rest; then {course.rounds} rounds of {course.round_days} days, each begun by a retraining; "
        f"the archetype “{course.late}” appears in round {int(course.late_in_round) + 1}. Where nothing was ever certified "
        "that goes on; where the watch proves a broken cap, or a retraining certifies nothing, it is so again until the next model is "
        "certified. Of what the "
        "model doubts a lot passes under full inspection; people decline the rest as the practice shop's do, and what they "
        "decline never becomes known. Every parcel gets a basic inspection, and customers do not react to the decisions."
    )


def _ways_tables(rows: pl.DataFrame) -> list[str]:
    parts = []
    for labels in sorted(rows["labels"].unique()):
        for case in rows["case"].unique(maintain_order=True):
            here = rows.filter((pl.col("labels") == labels) & (pl.col("case") == case))
            if here.is_empty():
                continue
            known = _mean(here, "known")
            means = here.group_by("way", maintain_order=True).agg(numeric().mean())
            parts += [
                f"**{case}, {labels:,} labels** ({known:,.0f} of them known in time)",
                table(
                    ("way", "coverage", "abuse by count", "by amount", "cost"),
                    [
                        (
                            one["way"],
                            f"{one['coverage']:.1%}",
                            f"{one['abuse']:.2%}",
                            f"{one['amount']:.2%}",
                            f"{one['cost']:.0f}",
                        )
                        for one in means.iter_rows(named=True)
                    ],
                ),
            ]
    return parts


def _cap_table(rows: pl.DataFrame) -> str:
    rules = risk_rules()
    lines_ = []
    for (labels, way), one in rows.group_by("labels", "way", maintain_order=True):
        count, amount = (
            int((one[name] > cap).sum())
            for name, cap in (("abuse", rules.abuse_cap), ("amount", rules.amount_cap))
        )
        expected = int((one["expected"] > rules.abuse_cap).sum())
        low, high = interval(count, len(one))
        lines_.append(
            (
                f"{labels:,}",
                str(way),
                f"{count} of {len(one)} ({low:.0%} to {high:.0%})",
                f"{amount} of {len(one)}",
                f"{expected} of {len(one)}",
            )
        )
    head = (
        "labels",
        "way",
        "exceeded by count (95 % interval)",
        "by amount",
        "by count, in expectation",
    )
    return table(head, lines_)


def _loop_table(loops: pl.DataFrame) -> str:
    means = loops.group_by("way", "round", maintain_order=True).agg(
        pl.col("labels", "coverage", "abuse", "amount", "expected", "audit_share").mean(),
        pl.col("audited_rate", "estimated_rate").fill_nan(None).mean(),
        pl.col("doubts").mean(),
        (pl.col("doubts") * pl.col("doubts_abuse")).sum().alias("doubts_abusive")
        / pl.col("doubts").sum(),
        pl.col("certified", "breached").sum(),
        pl.len().alias("runs"),
    )
    return table(
        (
            "way",
            "round",
            "labels",
            "certified",
            "watch stopped it",
            "coverage",
            "abuse",
            "by amount",
            "audited",
            "by audits",
            "estimate",
            "doubts let pass",
            "of them abusive",
        ),
        [
            (
                one["way"],
                str(one["round"]),
                f"{one['labels']:,.0f}",
                f"{one['certified']} of {one['runs']}",
                str(one["breached"]),
                f"{one['coverage']:.1%}",
                f"{one['abuse']:.2%}",
                f"{one['amount']:.2%}",
                f"{one['audit_share']:.1%}",
                _percent(one["audited_rate"]),
                _percent(one["estimated_rate"]),
                f"{one['doubts']:,.0f}",
                _percent(one["doubts_abusive"] if one["doubts"] else None),
            )
            for one in means.iter_rows(named=True)
        ],
    )


def _plots(found: Found) -> dict[str, str]:
    return {
        "coverage": _coverage_plot(found.replays),
        "cap": _cap_plot(found.replays),
        "auc": _auc_plot(found.replays),
        "loop": _loop_plot(found.loops),
    }


def _coverage_plot(rows: pl.DataFrame) -> str:
    shown = []
    for (labels, way), one in rows.filter(pl.col("curve").is_not_null()).group_by(
        "labels", "way", maintain_order=True
    ):
        if way != _PRODUCT and labels != rows["labels"].min():
            continue
        rates = np.mean(one["curve"].to_list(), axis=0)
        name = f"the model, {labels:,} labels" if way == _PRODUCT else str(way)
        points = [
            (rate, share) for rate, share in zip(rates, replays.SHARES, strict=True) if rate <= 0.05
        ]
        shown.append(Line(name, points, is_dashed=way != _PRODUCT))
    return lines(
        "How much can be approved at which true rate of abuse",
        "true rate of abuse",
        "share approved",
        shown,
    )


def _cap_plot(rows: pl.DataFrame) -> str:
    cap = risk_rules().abuse_cap
    shares = rows.group_by("way", maintain_order=True).agg(
        (pl.col("abuse") > cap).mean().alias("broken")
    )
    return bars("Share of replays in which the cap by count was exceeded", list(shares.iter_rows()))


def _auc_plot(rows: pl.DataFrame) -> str:
    product = rows.filter(pl.col("way") == _PRODUCT)
    shown = []
    for labels in sorted(product["labels"].unique()):
        one = product.filter(pl.col("labels") == labels).select(numeric().mean())
        shown.append(Line(f"the model, {labels:,} labels", _by_month(one, "auc")))
    whole = product.select(numeric().mean())
    shown += [
        Line(SAME, _by_month(whole, "auc_features"), is_dashed=True),
        Line(ALL, _by_month(whole, "auc_oracle"), is_dashed=True),
    ]
    return lines("AUC by month after the training", "month", "AUC", shown)


def _by_month(one: pl.DataFrame, name: str) -> list[tuple[float, float]]:
    return [(float(month), float(one[f"{name}_{month}"][0])) for month in (1, 2, 3)]


def _loop_plot(loops: pl.DataFrame) -> str:
    cap = risk_rules().abuse_cap
    shown = [
        Line(
            str(way),
            list(
                one.group_by("round", maintain_order=True).agg(pl.col("abuse").mean()).iter_rows()
            ),
        )
        for (way,), one in loops.group_by("way", maintain_order=True)
    ]
    last = float(loops["round"].to_numpy().max())
    shown.append(Line("the cap", [(0.0, cap), (last, cap)], is_dashed=True))
    return lines(
        "True abuse among what the model approved, by round", "round", "share abusive", shown
    )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2%}"


if __name__ == "__main__":
    main()
