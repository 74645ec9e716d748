"""The model card: what a model learned from, how good it is, what is certified, what it costs, and for whom it errs."""

from collections.abc import Sequence

import polars as pl

from models.risk import measure, plots, registry
from models.risk.compare import uncertified
from models.risk.features import NAMES
from models.risk.measure import Interval
from models.risk.slices import false_reviews
from models.risk.train import Trained, to_manifest

_MOST_FEATURES = 20
_JUDGED = ("rma", "requested_at", "label", "weight", "value")


def to_artefact(
    trained: Trained, policy_version: str, slices: pl.DataFrame | None = None
) -> registry.Artefact:
    """All that goes into the model's folder. `slices`: `rma` and columns of words (language, region, tenure band …),
    by each of which the card shows who is reviewed without need.
    """
    return registry.Artefact(
        model=trained.document,
        golden=trained.golden,
        manifest=to_manifest(trained, policy_version),
        card=to_markdown(trained, policy_version, slices),
        plots=to_plots(trained),
    )


def to_markdown(trained: Trained, policy_version: str, slices: pl.DataFrame | None = None) -> str:
    """The card as Markdown; `{version}` stands where the registry puts the version."""
    parts = [
        "# Risk model {version}",
        "The score is the probability that inspection or a dispute will find a return abusive, from what was known when "
        "it was applied for. It may approve or ask for a person; it never declines.",
        _learned(trained, policy_version),
        _quality(trained),
        _certified(trained),
        _cost(trained),
        _errors(trained, slices),
        _importance(trained),
        "## Limits\n\nThe certificate is that of the way of training: each request was judged by a model that had learned "
        "from others, before and after it, and not from its neighbours in time; the model of this card has learned from all. "
        "The latest requests were kept from all that, and tested it. It holds while requests come from "
        "the same world; audits and drift are watched for when they do not. Requests that the law grants are not scored.",
    ]
    return "\n\n".join(parts) + "\n"


def to_plots(trained: Trained) -> dict[str, str]:
    """The plots by file name."""
    return {
        "reliability.svg": _reliability_plot(trained),
        "coverage.svg": _coverage_plot(trained),
        "importance.svg": plots.bars("AUC lost when shuffled", trained.importance[:_MOST_FEATURES]),
    }


def reviewed_in_vain(trained: Trained, by: pl.DataFrame) -> pl.DataFrame:
    """Honest requests sent to a person, by slice; see `models.risk.slices.false_reviews`. Judged with the chosen share, by models that
    had not seen the requests; those beyond the limit on links are sent to a person whatever their score.
    """
    share = trained.choice.actions["approve"].share
    judged = trained.judged.with_columns(reviewed=pl.col("rank") > share)
    limited = trained.limited.with_columns(reviewed=pl.lit(True))
    everyone = (each.filter(pl.col("label") == 0) for each in (judged, limited))
    honest = pl.concat([each.select("rma", "reviewed", "weight") for each in everyone])
    return false_reviews(honest, by)


def _learned(trained: Trained, policy_version: str) -> str:
    data = trained.data
    return "## Learned from\n\n" + _table(
        ("what", "figure"),
        [
            ("requests", f"{data['requests']:,}, from {data['from']} to {data['to']}"),
            ("labels old enough", f"{data['labels']:,}, of them abusive {data['positives']:,}"),
            (
                "labels that certify",
                f"{data['certifying']:,}; the others a person's choice made known",
            ),
            ("features", str(len(NAMES))),
            ("made of", _made_of(trained)),
            ("policy", policy_version),
            ("seed", str(trained.seed)),
        ],
    )


def _made_of(trained: Trained) -> str:
    hint = trained.document["hint"]
    stages = [
        "a regression",
        f"{len(trained.document['trees'])} trees of up to {trained.shape.leaves} leaves",
        f"a hint of {len(hint['trees'])} trees, by {trained.data['findings']:,} findings of basic inspections"
        if hint
        else "no hint: too little is known of what basic inspections find",
    ]
    return "; ".join(stages)


def _quality(trained: Trained) -> str:
    metrics = trained.metrics
    if metrics.auc is None or metrics.calibration_error is None:
        return (
            "## How good\n\nThe test window holds too few labels of both kinds to measure anything."
        )
    return (
        "## How good\n\nOn the latest block of requests, which came after all that the model judging it had learned from.\n\n"
        + _table(
            ("measure", "value"),
            [
                ("labels", f"{metrics.labels:,}, of them abusive {metrics.positives:,}"),
                ("AUC", _interval(metrics.auc)),
                ("calibration error", _interval(metrics.calibration_error)),
                ("log loss", f"{metrics.log_loss:.4f}"),
                ("Brier score", f"{metrics.brier:.4f}"),
            ],
        )
        + "\n\n![Reliability](reliability.svg)"
    )


def _certified(trained: Trained) -> str:
    rows = [
        (
            name,
            _percent(action.cap),
            _percent(action.certified_share),
            _percent(action.share),
            _percent(action.rate),
            _percent(action.bound),
            _percent(action.amount_bound),
        )
        for name, action in trained.choice.actions.items()
    ]
    columns = (
        "action",
        "cap",
        "certified share",
        "chosen share",
        "abuse found",
        "at most",
        "at most, by amount",
    )
    return (
        f"## What is certified\n\nAt a confidence of {_percent(trained.rules.confidence)}{_of_whom(trained)}.\n\n"
        + _table(columns, rows)
        + _missing(trained)
        + "\n\n![Coverage and bound](coverage.svg)"
    )


def _of_whom(trained: Trained) -> str:
    limits = [f"{name} {most}" for name, most in trained.rules.most_linked.items()]
    return f", of requests with at most {', '.join(limits)}" if limits else ""


def _missing(trained: Trained) -> str:
    certificate = trained.certificates["approve"]
    if certificate.share is not None:
        return ""
    if certificate.contradicted_by is not None:
        return f"\n\n{uncertified(certificate.contradicted_by).capitalize()}. Until that is over the rules decide."
    if certificate.missing_labels is None:
        return "\n\nNothing is certified: at the abuse rate observed, no number of labels would do."
    until = f", there by {trained.missing_until:%Y-%m-%d}" if trained.missing_until else ""
    return (
        f"\n\nNothing is certified: the rules decide. {certificate.missing_labels:,} labels are missing at the rate "
        f"observed{until} at the present pace."
    )


def _cost(trained: Trained) -> str:
    costs = trained.choice.costs
    over = " This is more than reviewers can bear." if costs.is_over_capacity else ""
    return (
        f"## What it costs\n\nExpected cost of a request: {costs.chosen:,.1f} minor units as chosen, {costs.certified:,.1f} "
        f"at the largest certified share, {costs.review_all:,.1f} if a person saw all. Reviews a day: "
        f"{costs.reviews_a_day:,.1f}.{over}"
    )


def _errors(trained: Trained, slices: pl.DataFrame | None) -> str:
    by = _own_slices(
        pl.concat([each.select(_JUDGED) for each in (trained.judged, trained.limited)])
    )
    if slices is not None:
        by = by.join(slices, on="rma", how="left")
    found = reviewed_in_vain(trained, by)
    rows = [
        (dimension, name, f"{honest:,}", _percent(share), f"{_percent(low)} to {_percent(high)}")
        for dimension, name, honest, share, low, high in found.iter_rows()
    ]
    return (
        "## Who is reviewed without need\n\nHonest requests that go to a person, with 95 % intervals.\n\n"
        + _table(("by", "slice", "honest", "reviewed", "interval"), rows)
    )


def _own_slices(judged: pl.DataFrame) -> pl.DataFrame:
    quarter = (pl.col("value").rank("ordinal") * 4 / (pl.len() + 1)).floor().cast(pl.Int64) + 1
    return judged.select(
        "rma",
        pl.format("{} of 4", quarter).alias("quarter of value"),
        pl.col("requested_at").dt.strftime("%Y-%m").alias("month"),
    )


def _importance(trained: Trained) -> str:
    if not trained.importance:
        return "## What it looks at\n\nNot measured."
    named = ", ".join(name for name, lost in trained.importance[:5] if lost > 0)
    return f"## What it looks at\n\nMost of all: {named or 'nothing in particular'}.\n\n![Importance](importance.svg)"


def _reliability_plot(trained: Trained) -> str:
    test = trained.judged.filter(pl.col("is_test"), pl.col("label").is_not_null())
    table = measure.reliability(*(test[name].to_numpy() for name in ("score", "label", "weight")))
    points = [(row["predicted"], row["found"]) for row in table.iter_rows(named=True)]
    end = max([0.01, *(max(point) for point in points)])
    return plots.lines(
        "Reliability on the test window",
        "predicted probability",
        "found rate",
        [
            plots.Line("as predicted", [(0.0, 0.0), (end, end)], is_dashed=True),
            plots.Line("found", points),
        ],
    )


def _coverage_plot(trained: Trained) -> str:
    certificate = trained.certificates["approve"]
    steps = certificate.steps
    ends = (steps[0].share, steps[-1].share) if steps else (0.0, 1.0)
    return plots.lines(
        "Abuse among the approved, by the share approved",
        "share of requests approved automatically",
        "abuse rate",
        [
            plots.Line("cap", [(end, certificate.cap) for end in ends], is_dashed=True),
            plots.Line("bound by count", [(step.share, step.bound) for step in steps]),
            plots.Line("bound by amount", [(step.share, step.amount_bound) for step in steps]),
            plots.Line("found", [(step.share, step.rate) for step in steps]),
        ],
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _interval(interval: Interval) -> str:
    return f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"
