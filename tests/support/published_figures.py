"""The marts of operations as the pipeline publishes them: thirteen made-up weeks up to 1 March 2026."""

from datetime import date, datetime, timedelta

import polars as pl

LAST = date(2026, 3, 1)
FIRST = LAST - timedelta(days=90)
MONDAYS = [date(2025, 12, 1) + timedelta(weeks=week) for week in range(13)]
CLOCKS = ("decision", "review", "inspection", "refund", "case", "first_answer")
NOW = datetime(2026, 3, 1, 12)  # noqa: DTZ001  # UTC, as published


def figures() -> dict[str, pl.DataFrame]:
    """Every mart of operations, by name."""
    return {
        "sla_daily": sla_daily(),
        "sla_forecast": sla_forecast(),
        "forecast_scores": forecast_scores(),
        "work_now": work_now(7),
        "stage_daily": stage_daily(),
        "reviewer_weekly": reviewer_weekly(),
        "process_edges": process_edges(),
        "process_design": process_design(),
        "satisfaction_daily": satisfaction_daily(),
        "satisfaction_by": satisfaction_by(),
        "satisfaction_answers": satisfaction_answers(),
        "cases_daily": cases_daily(),
        "case_ends": case_ends(),
        "ills_weekly": ills_weekly(),
        "refunds_daily": refunds_daily(),
        "cost_monthly": cost_monthly(),
        **risk(),
    }


def sla_daily() -> pl.DataFrame:
    """Each clock and day: ten opened, nine met and one breached; on the last day three still open."""
    rows = [
        {
            "day": day,
            "clock": clock,
            "opened": 10,
            "met": 6 if day == LAST else 9,
            "breached": 1,
            "still_open": 3 if day == LAST else 0,
            "no_due": 0,
            "automatic": 8 if clock == "decision" else 0,
            "p50_hours": 4.0,
            "p90_hours": 20.0 + day.day % 7,
            "p95_hours": None if day == LAST else 30.0,
        }
        for day in _days()
        for clock in CLOCKS
    ]
    return pl.DataFrame(rows)


def sla_forecast() -> pl.DataFrame:
    rows = [(clock, 10 + place, place, 4, 1.5, 0.2, 2.8) for place, clock in enumerate(CLOCKS)]
    names = "clock open_now overdue_now due_24h expected_breaches expected_low expected_high"
    return pl.DataFrame(rows, schema=names.split(), orient="row")


def forecast_scores() -> pl.DataFrame:
    """Of each clock ten past looks, of which nine held, and that of now."""
    rows = [
        (
            clock,
            NOW - timedelta(days=look),
            4,
            1.5,
            0.2,
            2.8,
            (4 if look == 1 else 1) if look else None,
        )
        for clock in CLOCKS
        for look in range(11)
    ]
    names = "clock looked_at due_24h expected_breaches expected_low expected_high breaches"
    return pl.DataFrame(rows, schema=names.split(), orient="row")


def work_now(count: int) -> pl.DataFrame:
    """`count` pieces of work, two hours apart; the first three overdue, the last without a due moment.

    Nothing escalated: what is overdue is so by the moment that stands now.
    """
    rows = [
        {
            "subject": f"R-{n}",
            "kind": "review" if n % 2 else "inspection",
            "owner_role": "reviewer" if n % 2 else "inspector",
            "owner_key": f"staff-{n}" if n % 2 else None,
            "opened_at": NOW - timedelta(hours=30 - n),
            "due_at": None if n == count - 1 else NOW + timedelta(hours=2 * n - 5),
            "paused": n == 4,
            "rma": f"R-{n}",
            "is_overdue": n < 3 and n != count - 1,
            "hours_over": 5.0 - 2 * n if n < 3 and n != count - 1 else None,
            "hours_left": None if n == count - 1 else 2.0 * n - 5,
            "value_minor": 1000 * n,
            "currency": "EUR",
            "customer_waits_hours": 30.0 - n,
            "items": 1,
        }
        for n in range(count)
    ]
    types = {"owner_key": pl.String, "due_at": pl.Datetime("us")}
    types |= dict.fromkeys(("hours_over", "hours_left"), pl.Float64)
    return pl.DataFrame(rows, schema_overrides=types)


def stage_daily() -> pl.DataFrame:
    stages = (("decide", "reviewer", 2), ("decide", "system", 0), ("inspect", "inspector", 4))
    rows = [
        {
            "day": day,
            "stage": stage,
            "owner_role": role,
            "ended": 5,
            "median_hours": 3.0,
            "p90_hours": 26.0,
            "over_24h": over,
        }
        for day in _days()
        for stage, role, over in stages
    ]
    return pl.DataFrame(rows)


def reviewer_weekly() -> pl.DataFrame:
    rows = [
        {
            "week_start": week,
            "reviewer_key": f"reviewer-{n}",
            "decided": 20 + n,
            "median_minutes": 30.0,
            "overturned": n,
            "authorized": 15,
            "declined": 5 + n,
            "late": 2 * n,
            "failed_later": 1,
            "blind": n,
            "blind_agreed": n // 2,
            "blind_median_minutes": 25.0 if n else None,
        }
        for week in MONDAYS
        for n in range(3)
    ]
    return pl.DataFrame(rows)


def process_edges() -> pl.DataFrame:
    """A short life in which more is asked for twice, and with one move that was never designed."""
    rows = [
        ("start", "return.requested", 100, None, None, 100, 1.0, True),
        ("return.requested", "return.authorized", 80, 0.0, 0.1, 80, 0.8, True),
        ("return.requested", "review.opened", 20, 0.0, 0.1, 20, 0.2, True),
        ("review.opened", "evidence.requested", 8, 5.0, 9.0, 6, 0.3, True),
        ("evidence.requested", "evidence.received", 8, 30.0, 70.0, 6, 1.0, True),
        ("evidence.received", "evidence.requested", 2, 3.0, 6.0, 2, 0.25, True),
        ("evidence.received", "return.authorized", 6, 4.0, 9.0, 6, 0.75, True),
        ("review.opened", "return.authorized", 12, 12.0, 23.0, 12, 0.6, True),
        ("return.authorized", "return.received", 96, 90.0, 200.0, 96, 0.97, True),
        ("return.authorized", "refund.settled", 2, 1.0, 2.0, 2, 0.03, False),
        ("return.received", "refund.settled", 96, 20.0, 40.0, 96, 1.0, True),
        ("refund.settled", "end", 98, 0.0, 0.0, 98, 1.0, True),
    ]
    names = [
        "from_step",
        "to_step",
        "cases",
        "median_hours",
        "p90_hours",
        "returns",
        "share",
        "is_designed",
    ]
    moves = pl.DataFrame(rows, schema=names, orient="row")
    goes_back = (
        pl.col("from_step") == "evidence.received",
        pl.col("to_step") == "evidence.requested",
    )
    return moves.with_columns(
        waiting_hours=pl.col("cases") * pl.col("median_hours"),
        again=pl.when(*goes_back).then(pl.col("cases")).otherwise(0),
        strays=pl.when(pl.col("is_designed")).then(0).otherwise(pl.col("cases")),
    )


def process_design() -> pl.DataFrame:
    designed = process_edges().filter(pl.col("is_designed")).select("from_step", "to_step")
    unused = pl.DataFrame({"from_step": ["return.requested"], "to_step": ["return.declined"]})
    return pl.concat([designed, unused])


def refunds_daily() -> pl.DataFrame:
    """Each day four refunds of 10.50 euros, one of them to a bank with a payment refused; and on the last one in pounds."""
    names = "day means currency refunds refund_minor failed goodwill_minor reconciled median_hours"
    rows: list[tuple[object, ...]] = [
        (day, *each)
        for day in _days()
        for each in (
            ("original", "EUR", 3, 3150, 0, 0, 1, 20.0),
            ("bank_transfer", "EUR", 1, 1050, 1, 500, 0, 30.0),
        )
    ]
    rows.append((LAST, "original", "GBP", 1, 9900, 0, 0, 0, 5.0))
    return pl.DataFrame(rows, schema=names.split(), orient="row")


def cost_monthly() -> pl.DataFrame:
    """Eight months of costs in euros, of which handling lacks two rates each, and one in pounds."""
    months = [date(2025 + n // 12, n % 12 + 1, 1) for n in range(7, 15)]
    kinds = {"refunds": 100_000, "freight": 20_000, "handling": 5_000, "write_down": 30_000}
    rows = [
        (month, kind, "EUR", amount, 10, 2 if kind == "handling" else 0)
        for month in months
        for kind, amount in kinds.items()
    ]
    rows.append((months[-1], "refunds", "GBP", 9900, 1, 0))
    names = ["month", "kind", "currency", "amount_minor", "items", "unpriced"]
    return pl.DataFrame(rows, schema=names, orient="row")


def satisfaction_daily() -> pl.DataFrame:
    rows = [
        {
            "day": day,
            "sent": 10,
            "answered": 4,
            "csat_mean": 4.25,
            "csat_low": 3.0,
            "csat_high": 4.8,
            "satisfied": 3,
            "satisfied_low": 0.3,
            "satisfied_high": 0.95,
        }
        for day in _days()
    ]
    return pl.DataFrame(rows)


def satisfaction_by() -> pl.DataFrame:
    groups = (
        ("waiting", "<2d", 20, 10, 46, 9),
        ("waiting", "5-10d", 40, 16, 60, 10),
        ("waiting", ">20d", 10, 2, 4, 0),
        ("outcome", "refunded", 50, 22, 95, 18),
        ("outcome", "declined", 20, 6, 15, 1),
    )
    rows = [(week, *group) for week in MONDAYS for group in groups]
    names = ["week_start", "dimension", "value", "sent", "answered", "csat_sum", "satisfied"]
    return pl.DataFrame(rows, schema=names, orient="row")


def satisfaction_answers() -> pl.DataFrame:
    """An answer a day, every third a low one with words."""
    rows = [
        {
            "rma": f"R-{place}",
            "answered_at": datetime(day.year, day.month, day.day, 3),  # noqa: DTZ001  # UTC, as published
            "day": day,
            "csat": 1 if place % 3 == 0 else 5,
            "tags": "slow,unclear" if place % 3 == 0 else "easy",
            "has_comment": place % 3 == 0,
            "text_ref": f"text-{place}" if place % 3 == 0 else None,
            "outcome": "declined" if place % 3 == 0 else "refunded",
            "waited_hours": 20.0 + place,
        }
        for place, day in enumerate(_days())
    ]
    return pl.DataFrame(rows, schema_overrides={"text_ref": pl.String})


def cases_daily() -> pl.DataFrame:
    rows = [
        (day, kind, 2, 2 - still, 1, still, 30.0, 60.0, 4.0)
        for day in _days()
        for kind, still in (("complaint", 0), ("stalled", 1))
    ]
    names = "day kind opened closed escalated still_open median_hours p90_hours first_answer_median_hours"
    return pl.DataFrame(rows, schema=names.split(" "), orient="row")


def case_ends() -> pl.DataFrame:
    """Of those that `cases_daily` tells of, each on the day of its opening."""
    rows = [
        (f"{kind}-{day}-{n}", kind, datetime(day.year, day.month, day.day, 3), day, 30.0 * n, 4.0)  # noqa: DTZ001  # UTC, as published
        for day in _days()
        for kind, ended in (("complaint", 2), ("stalled", 1))
        for n in range(1, ended + 1)
    ]
    names = "case_id kind ended_at day hours first_answer_hours"
    return pl.DataFrame(rows, schema=names.split(), orient="row")


def ills_weekly() -> pl.DataFrame:
    measures = (
        ("laborious", "inputs_median", 5.0, "count"),
        ("laborious", "minutes_median", 3.0, "minutes"),
        ("slow", "decision_hours_median", 2.0, "hours"),
        ("slow", "auto_share", 0.8, "share"),
        ("silent", "message_minutes_median", 1.0, "minutes"),
        ("silent", "first_answer_hours_median", 6.0, "hours"),
        ("stalled", "stalled_returns", 4.0, "count"),
        ("stalled", "stalled_hours_median", 200.0, "hours"),
        ("unanalysed", "analysed_share", 0.9, "share"),
    )
    rows = [
        (week, ill, measure, value * (1 + place / 100), unit, 50)
        for place, week in enumerate(MONDAYS)
        for ill, measure, value, unit in measures
    ]
    names = ["week_start", "ill", "measure", "value", "unit", "n"]
    return pl.DataFrame(rows, schema=names, orient="row")


def health() -> dict[str, pl.DataFrame]:
    """Every mart of the health publication, by name."""
    return {
        "data_quality": data_quality(),
        "quarantine": quarantine(),
        "pipeline_runs": pipeline_runs(),
    }


def data_quality() -> pl.DataFrame:
    """Two checks in two runs: one passes, the other passed at first and fails now."""
    rows = [
        {
            "run_id": f"run-{run}",
            "checked_at": NOW + timedelta(hours=run),
            "door": "marts",
            "table_name": table,
            "expectation": "unique_together",
            "passed": table == "marts.sla_daily" or run == 0,
            "failing_rows": 0 if table == "marts.sla_daily" or run == 0 else 2,
            "column_name": "rma",
            "severity": "blocking",
            "rows": 100,
            "description": "rma tells rows apart",
            "sample": "" if table == "marts.sla_daily" or run == 0 else "R-1, R-2",
        }
        for run in range(2)
        for table in ("marts.sla_daily", "marts.return_lifecycle")
    ]
    return pl.DataFrame(rows)


def quarantine() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "seq": [7, 9, 12],
            "type": ["order.placed", "order.placed", "line.inspected"],
            "kind": ["failed_check", "failed_check", "unknown_version"],
            "reason": ["quantity is negative", "quantity is negative", "unknown version 9"],
            "recorded_at": [NOW - timedelta(days=3), NOW - timedelta(days=1), NOW],
        }
    )


def pipeline_runs() -> pl.DataFrame:
    """Twenty runs of some seconds; the fifth failed."""
    rows = [
        {
            "run_id": f"run-{n}",
            "job": "refresh",
            "status": "FAILURE" if n == 4 else "SUCCESS",
            "started_at": NOW - timedelta(hours=20 - n),
            "ended_at": NOW - timedelta(hours=20 - n) + timedelta(seconds=20 + n),
            "seconds": 20.0 + n,
            "events": 10 * n,
            "through_seq": 100 * n,
            "failed_step": "published" if n == 4 else None,
            "message": "the disk is full" if n == 4 else None,
        }
        for n in range(20)
    ]
    return pl.DataFrame(rows, schema_overrides={"failed_step": pl.String, "message": pl.String})


def _days() -> list[date]:
    return [FIRST + timedelta(days=n) for n in range(91)]


def risk() -> dict[str, pl.DataFrame]:
    """A model that decides: thirteen weeks of what passed, what another share would bring, drift, slices and reviews."""
    return {
        "risk_standing": risk_standing(),
        "risk_monitor_weekly": risk_monitor_weekly(),
        "risk_models": risk_models(),
        "risk_trade_off": risk_trade_off(),
        "risk_drift": risk_drift(),
        "risk_slices": risk_slices(),
        "risk_reviews_weekly": risk_reviews_weekly(),
        "policy_rules_weekly": policy_rules_weekly(),
    }


def risk_standing(**changes: object) -> pl.DataFrame:
    row = {
        "as_of": NOW,
        "deciding": "model",
        "champion": "r2026-02-01-aaaaaaaa",
        "challenger": "r2026-03-01-bbbbbbbb",
        "cause": None,
        "why": None,
        "newest": "r2026-03-01-bbbbbbbb",
        "against": "it saves 0.1 a request",
        "labels": 2400,
        "abusive": 120,
        "missing_labels": None,
        "missing_until": None,
        "abuse_cap": 0.01,
        "confidence": 0.95,
        "audits": 150,
        "audits_abusive": 1,
        "evidence": 1.4,
        "evidence_limit": 20.0,
        "compared": 5000,
        "differing": 0,
        "first_difference": None,
        "currency": "EUR",
        **changes,
    }
    texts = dict.fromkeys(("cause", "why", "first_difference"), pl.String)
    return pl.DataFrame(
        [row],
        schema_overrides={
            **texts,
            "missing_labels": pl.Int64,
            "missing_until": pl.Datetime("us"),
        },
    )


def risk_monitor_weekly() -> pl.DataFrame:
    """A hundred judged a week, of whom 80 pass; 8 are audited, one of them is abusive in every fourth week; of 70 others one
    fails in every second week; the last unknown."""
    rows = [
        {
            "week_start": week,
            "model_version": "r2026-02-01-aaaaaaaa",
            "scored": 100,
            "auto_share": 0.8,
            "audited": 0 if week == MONDAYS[-1] else 8,
            "abuse_rate": None if week == MONDAYS[-1] else 0.125 * (place % 4 == 0),
            "abuse_low": None if week == MONDAYS[-1] else 0.0,
            "abuse_high": None if week == MONDAYS[-1] else 0.4,
            "approved": 80,
            "audits_drawn": 8,
            "audits_abusive": 0 if week == MONDAYS[-1] else int(place % 4 == 0),
            "audited_effective": None if week == MONDAYS[-1] else 8.0,
            "doubts_drawn": place % 2,
            "doubts_inspected": 0 if week == MONDAYS[-1] else place % 2,
            "doubts_abusive": 0 if week == MONDAYS[-1] else int(place % 4 == 1),
            "looked_at": 0 if week == MONDAYS[-1] else 70,
            "failed": 0 if week == MONDAYS[-1] else int(place % 2),
            "estimated_rate": None if week == MONDAYS[-1] else 0.01 + 0.01 * (place % 2),
            "estimated_low": None if week == MONDAYS[-1] else 0.002,
            "estimated_high": None if week == MONDAYS[-1] else 0.06,
        }
        for place, week in enumerate(MONDAYS)
    ]
    return pl.DataFrame(rows)


def risk_models() -> pl.DataFrame:
    def model(version: str, role: str, moment: datetime) -> dict[str, object]:
        return {
            "version": version,
            "trained_at": moment,
            "role": role,
            "promoted_at": moment if role == "champion" else None,
            "promoted_by": "pipeline" if role == "champion" else None,
            "reason": "certified" if role == "champion" else None,
            "labels": 2000,
            "abusive": 100,
            "auc": 0.91,
            "share": 0.8,
            "bound": 0.0085,
            "is_certified": True,
            "early_share": 0.5,
            "early_bound": 0.0045,
            "basic_share": 0.7,
            "basic_bound": 0.0085,
            "missing_labels": 0,
        }

    return pl.DataFrame(
        [
            model("r2026-02-01-aaaaaaaa", "champion", NOW - timedelta(days=28)),
            model("r2026-03-01-bbbbbbbb", "challenger", NOW),
        ]
    )


def risk_trade_off() -> pl.DataFrame:
    """Twenty shares; the certificate reaches 85 %, 80 % are chosen."""
    rows = [
        {
            "version": "r2026-02-01-aaaaaaaa",
            "share": place / 20,
            "threshold": place / 1000,
            "reviews_a_day": 20.0 - place,
            "cost": 500.0 - 20 * place,
            "abuse_rate": place / 4000,
            "abuse_bound": place / 2000,
            "labels": 100 * place,
            "abusive": place,
            "is_certified": place <= 17,
            "is_chosen": place == 16,
        }
        for place in range(1, 21)
    ]
    return pl.DataFrame(rows)


def risk_drift() -> pl.DataFrame:
    rows = [("score", 0.05), *((f"feature_{n}", 0.02 * n) for n in range(20))]
    return pl.DataFrame(
        [
            {
                "version": "r2026-02-01-aaaaaaaa",
                "feature": feature,
                "stability_index": index,
                "moved_at": 0.25,
                "has_moved": index > 0.25,
                "requests": 400,
            }
            for feature, index in rows
        ]
    )


def risk_slices() -> pl.DataFrame:
    """Slices of each kind, seen in decisions and in training."""
    slices = {
        "tenure": ("<30d", ">1y"),
        "language": ("en", "zh"),
        "region": ("DE", "FR"),
        "value": ("<20", ">100"),
        "links": ("nothing", "beyond"),
    }
    rows = [
        ("r2026-02-01-aaaaaaaa", seen_in, dimension, each, 50, share, share / 2, share * 2)
        for seen_in, share in (("decisions", 0.1), ("training", 0.2))
        for dimension, names in slices.items()
        for each in names
    ]
    names = "version seen_in dimension slice honest share low high"
    return pl.DataFrame(rows, schema=names.split(), orient="row")


def risk_reviews_weekly() -> pl.DataFrame:
    rows = [
        (week, sent_by, decided, decided // 2, 1, minutes)
        for week in MONDAYS
        for sent_by, decided, minutes in (
            ("model", 20, 30.0),
            ("rules", 10, 60.0),
            ("blind_passed", 2, 20.0),
            ("blind_doubted", 2, 20.0),
        )
    ]
    names = "week_start sent_by decided authorized failed_later median_minutes"
    return pl.DataFrame(rows, schema=names.split(), orient="row")


def policy_rules_weekly() -> pl.DataFrame:
    rows = [
        (week, version, rule, 100, failed, 0, failed, failed // 2)
        for week in MONDAYS
        for version in ("1", "2")
        for rule, failed in (("value_cap", 10), ("evidence", 4))
    ]
    names = (
        "week_start policy_version rule checked failed declined reviewed authorized_after_review"
    )
    return pl.DataFrame(rows, schema=names.split(), orient="row")
