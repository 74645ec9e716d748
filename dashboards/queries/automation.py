"""What the page *Automation & risk* shows: who decides, what passes without a person, and what another threshold would bring."""

import math
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import polars as pl

from dashboards.queries.frames import frame, only_row
from dashboards.queries.intervals import with_share
from dashboards.queries.periods import Period
from dashboards.queries.weighted import weighted_mean
from dashboards.risk_words import SLICES

_Z = 1.959963984540054  # 97.5 % of a normal distribution lies below
_PRIOR = 4.0  # audits expected to fail, that the failures of other inspections weigh as much as
MOST_MOVED = 12


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share and its 95 % interval."""

    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Passed:
    """What passed without a person in a period, and how much of it was abusive: by audits alone with its 95 % interval
    (None: not audited), and by all inspections (`estimate`; None: nothing inspected).

    `doubts` were let pass by lot although the model doubted them; of those `doubts_inspected`, `doubts_abusive` were abusive. They
    are counted in nothing else but `scored`.
    """

    scored: int
    approved: int
    audited: int
    abusive: int
    abuse_rate: float | None
    abuse_low: float | None
    abuse_high: float | None
    estimate: Estimate | None
    doubts: int
    doubts_inspected: int
    doubts_abusive: int

    @property
    def share(self) -> float | None:
        """Of the scored requests, those that passed without a person; None of none."""
        return self.approved / self.scored if self.scored else None


def standing(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """Who decides at present and how the newest training went; None before any application was judged."""
    rows = frame(connection, "select * from risk_standing order by as_of desc limit 1")
    return rows.row(0, named=True) if len(rows) else None


def passed(connection: duckdb.DuckDBPyConnection, period: Period) -> Passed:
    """The weeks of a period together.

    Each week's rate counts by what was approved in it. The interval is Wilson's at the number of inspections of equal
    weight that would say as much.
    """
    rows = weeks(connection, period)
    scored, approved = int(rows["scored"].sum()), int(rows["approved"].sum())
    known = rows.filter(pl.col("abuse_rate").is_not_null() & (pl.col("approved") > 0))
    counts = int(rows["audited"].sum()), int(rows["audits_abusive"].sum())
    doubts = tuple(int(rows[f"doubts_{each}"].sum()) for each in ("drawn", "inspected", "abusive"))
    looked = int(rows["looked_at"].sum()), int(rows["failed"].sum())
    if known.is_empty():
        estimate = estimated(*looked, 0.0, 0.0)
        return Passed(scored, approved, *counts, None, None, None, estimate, *doubts)
    weight, found = known["approved"].to_numpy().astype(float), known["abuse_rate"].to_numpy()
    rate = float(np.average(found, weights=weight))
    effective = float(weight.sum() ** 2 / (weight**2 / known["audited_effective"].to_numpy()).sum())
    low, high = interval(rate, effective)
    estimate = estimated(*looked, effective, effective * rate)
    return Passed(scored, approved, *counts, rate, low, high, estimate, *doubts)


def estimated(
    looked_at: int, failed: int, audited: float, audits_abusive: float
) -> Estimate | None:
    """The share of abuse among approvals by all that is known of them; None where no inspection is known but audits.

    Most parcels get the basic inspection. What escapes it and what it finds of honest people nearly cancel out, so the share
    that `failed` of those `looked_at` is where the estimate begins. Audits, given as so many of equal weight, correct it as far
    as their number tells: the ratio of abuse to failures has a gamma prior around one that weighs as much as audits of which
    four would be expected to fail, so that where audits are many the estimate is their own rate. The interval is that of a gamma with the relative
    variance of both, by its cube root (Wilson & Hilferty 1931).
    """
    if not looked_at:
        return None
    share = (failed + 0.5) / (looked_at + 1)
    rate = share * (_PRIOR + audits_abusive) / (_PRIOR + audited * share)
    ninth = (1 / (_PRIOR + audits_abusive) + 1 / (failed + 0.5)) / 9
    low, high = (max(0.0, 1 - ninth + side * math.sqrt(ninth)) ** 3 for side in (-_Z, _Z))
    return Estimate(min(1.0, rate), min(1.0, rate * low), min(1.0, rate * high))


def interval(rate: float, size: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share that was seen in so many, which need be no whole number."""
    middle = (rate + _Z**2 / (2 * size)) / (1 + _Z**2 / size)
    reach = _Z / (1 + _Z**2 / size) * math.sqrt(rate * (1 - rate) / size + _Z**2 / (4 * size**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def weeks(connection: duckdb.DuckDBPyConnection, period: Period) -> pl.DataFrame:
    """The weeks of a period by who decided in them; see the mart."""
    return frame(
        connection,
        """
        select week_start, model_version, scored, approved, auto_share, audited, audits_abusive, abuse_rate,
               abuse_low, abuse_high, audited_effective, doubts_drawn, doubts_inspected, doubts_abusive,
               looked_at, failed, estimated_rate, estimated_low, estimated_high
        from risk_monitor_weekly where week_start between $first and $last order by week_start, model_version
        """,
        _weeks(period),
    )


def models(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Every model, the newest first."""
    return frame(connection, "select * from risk_models order by trained_at desc, version")


def trade_off(connection: duckdb.DuckDBPyConnection, version: str) -> pl.DataFrame:
    """What approving each share of requests would cost and bring, by one model."""
    return frame(
        connection,
        "select * from risk_trade_off where version = $version order by share",
        {"version": version},
    )


def drift(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The score, and the features that moved most."""
    return frame(
        connection,
        """
        select feature, stability_index, moved_at, has_moved, requests from risk_drift
        order by feature <> 'score', stability_index desc, feature limit $most
        """,
        {"most": MOST_MOVED},
    )


def slices(connection: duckdb.DuckDBPyConnection, version: str, dimension: str) -> pl.DataFrame:
    """Honest customers sent to a person by one model, by slice: in its own decisions, or where it made none, in training."""
    rows = frame(
        connection,
        """
        select seen_in, slice, honest, share, low, high from risk_slices
        where version = $version and dimension = $dimension order by slice
        """,
        {"version": version, "dimension": dimension},
    )
    seen_in = "decisions" if "decisions" in rows["seen_in"] else "training"
    return rows.filter(pl.col("seen_in") == seen_in).sort(_place(pl.col("slice")), "slice")


def _place(codes: pl.Expr) -> pl.Expr:
    """The place of slices in the order of the glossary, from little to much; others come behind."""
    places = {code: place for place, code in enumerate(SLICES)}
    return codes.replace_strict(places, default=len(places), return_dtype=pl.Int64)


def passes_nobody(connection: duckdb.DuckDBPyConnection, version: str) -> bool:
    """Whether a model would send everybody to a person: it is certified for nothing, and never decided."""
    return bool(
        only_row(
            connection,
            """
            select count(*) from risk_models
            where version = $version and not is_certified and version not in (
                select version from risk_slices where seen_in = 'decisions'
            )
            """,
            {"version": version},
        )[0]
    )


def reviews(connection: duckdb.DuckDBPyConnection, period: Period) -> pl.DataFrame:
    """What people decided by what had sent it to them: `decided, authorized, failed_later, median_minutes`, and `overridden`
    with its interval.

    Minutes are the middle of the weeks, each by its decisions.
    """
    rows = frame(
        connection,
        f"""
        select sent_by, sum(decided)::bigint as decided, sum(authorized)::bigint as authorized,
               sum(failed_later)::bigint as failed_later,
               {weighted_mean("median_minutes", "decided")} as median_minutes
        from risk_reviews_weekly where week_start between $first and $last group by sent_by order by sent_by
        """,
        _weeks(period),
    )
    return with_share(rows, "authorized", "decided", "overridden")


def rules(connection: duckdb.DuckDBPyConnection, period: Period) -> pl.DataFrame:
    """How often each rule of the policy spoke in a period, and how often a person then authorized all the same."""
    rows = frame(
        connection,
        """
        select rule, sum(checked)::bigint as checked, sum(failed)::bigint as failed,
               sum(declined)::bigint as declined, sum(reviewed)::bigint as reviewed,
               sum(authorized_after_review)::bigint as authorized_after_review
        from policy_rules_weekly where week_start between $first and $last
        group by rule order by sum(failed) desc, rule
        """,
        _weeks(period),
    )
    return with_share(rows, "authorized_after_review", "reviewed", "overridden")


def _weeks(period: Period) -> dict[str, object]:
    return {"first": period.first_week, "last": period.last}
