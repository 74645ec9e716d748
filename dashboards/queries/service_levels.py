"""What the page *Service levels* shows: clocks met and breached, who and what breaches, the queue, the forecast."""

from dataclasses import dataclass

import duckdb
import polars as pl

from dashboards.queries.frames import frame, only_row
from dashboards.queries.intervals import with_share
from dashboards.queries.periods import Period, grain
from dashboards.queries.weighted import weighted_mean, weighted_middle

CLOCKS = ("decision", "review", "inspection", "refund", "case", "first_answer")


@dataclass(frozen=True, slots=True)
class Queue:
    """Which of the waiting work is asked for; None means all."""

    kind: str | None = None
    owner_role: str | None = None
    only_overdue: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """Clocks that run, that are overdue, that are due within 24 h, and how many of the latter may be late."""

    open_now: int
    overdue_now: int
    due_24h: int
    expected_breaches: float


def by_clock(connection: duckdb.DuckDBPyConnection, period: Period) -> pl.DataFrame:
    """A row a clock: how many were opened in the period, and of those that are decided the share within time.

    `within` is met / (met + breached), with its 95 % interval; null where neither happened. `automatic` are decisions
    made by rule. Hours are the middle of the days, each by its clocks.
    """
    rows = frame(
        connection,
        """
        select clock, sum(opened)::bigint as opened, sum(met)::bigint as met,
               sum(breached)::bigint as breached, sum(still_open)::bigint as still_open,
               sum(no_due)::bigint as no_due, sum(automatic)::bigint as automatic
        from sla_daily where day between $first and $last group by clock
        """,
        _days(period),
    )
    days = frame(
        connection,
        """
        select clock, opened, p50_hours, p90_hours, p95_hours
        from sla_daily where day between $first and $last
        """,
        _days(period),
    )
    names = ("p50_hours", "p90_hours", "p95_hours")
    hours = days.group_by("clock").agg(weighted_middle(name, "opened") for name in names)
    return _in_order(_with_within(rows).join(hours, on="clock"))


def over_time(
    connection: duckdb.DuckDBPyConnection, clock: str, period: Period
) -> tuple[str, pl.DataFrame]:
    """What a row stands for (day, week or month), and the rows of one clock: `starts`, opened … within."""
    first, last = only_row(
        connection,
        "select min(day), max(day) from sla_daily where clock = $clock and day between $first and $last",
        {"clock": clock, **_days(period)},
    )
    step = grain(first, last) if first else "day"
    rows = frame(
        connection,
        """
        select date_trunc($step, day)::date as starts, sum(opened)::bigint as opened,
               sum(met)::bigint as met, sum(breached)::bigint as breached,
               sum(still_open)::bigint as still_open
        from sla_daily where clock = $clock and day between $first and $last
        group by all order by starts
        """,
        {"clock": clock, "step": step, **_days(period)},
    )
    return step, _with_within(rows)


def hours(connection: duckdb.DuckDBPyConnection, clock: str, period: Period) -> pl.DataFrame:
    """A clock's hours day by day: half, nine of ten and nineteen of twenty of those opened took no longer."""
    return frame(
        connection,
        """
        select day, p50_hours, p90_hours, p95_hours
        from sla_daily where clock = $clock and day between $first and $last order by day
        """,
        {"clock": clock, **_days(period)},
    )


def stages(connection: duckdb.DuckDBPyConnection, period: Period) -> pl.DataFrame:
    """Where time passes and whose turn it was: stages that ended in the period, and the share of over 24 h.

    Hours are the middle of the days, each by what ended.
    """
    rows = frame(
        connection,
        """
        select stage, owner_role, sum(ended)::bigint as ended, sum(over_24h)::bigint as over_24h
        from stage_daily where day between $first and $last group by all
        """,
        _days(period),
    )
    days = frame(
        connection,
        """
        select stage, owner_role, ended, median_hours, p90_hours
        from stage_daily where day between $first and $last
        """,
        _days(period),
    )
    hours = days.group_by("stage", "owner_role").agg(
        weighted_middle("median_hours", "ended"), weighted_middle("p90_hours", "ended")
    )
    shares = with_share(rows, "over_24h", "ended", "share_over_24h")
    return shares.join(hours, on=["stage", "owner_role"]).sort(
        "over_24h", "stage", "owner_role", descending=[True, False, False]
    )


def reviewers(connection: duckdb.DuckDBPyConnection, period: Period) -> pl.DataFrame:
    """A row a reviewer, most late decisions first; over the weeks that touch the period. Minutes are the mean of the weeks, each by its decisions."""
    return frame(
        connection,
        f"""
        select reviewer_key, sum(decided)::bigint as decided, sum(late)::bigint as late,
               {weighted_mean("median_minutes", "decided")} as median_minutes,
               sum(authorized)::bigint as authorized, sum(declined)::bigint as declined,
               sum(overturned)::bigint as overturned, sum(failed_later)::bigint as failed_later,
               sum(blind)::bigint as blind, sum(blind_agreed)::bigint as blind_agreed
        from reviewer_weekly where week_start between $first_week and $last
        group by all order by late desc, decided desc, reviewer_key
        """,
        {"first_week": period.first_week, "last": period.last},
    )


def forecast(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """A row a clock: open, overdue, due within 24 h, and how many of these are expected to be late.

    Then what was expected of the last 28 days at this hour, and came; `held` is the share of the days within their interval,
    null where nothing was due on any.
    """
    return _in_order(
        frame(
            connection,
            """
            with scores as (
                select clock, sum(expected_breaches) as expected_before,
                       sum(breaches)::bigint as came_before,
                       avg((breaches between expected_low and expected_high)::integer) as held
                from forecast_scores where breaches is not null group by clock
            )

            select clock, open_now, overdue_now, due_24h, expected_breaches, expected_low, expected_high,
                   expected_before, came_before, held
            from sla_forecast left join scores using (clock)
            """,
        )
    )


def forecast_sum(connection: duckdb.DuckDBPyConnection) -> Forecast:
    """All clocks together. An open decision is under review: it counts once, as a review."""
    names = ", ".join(f"coalesce(sum({name}), 0)" for name in Forecast.__annotations__)
    return Forecast(
        *only_row(connection, f"select {names} from sla_forecast where clock <> 'decision'")
    )


def owners(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Whose waiting work it is: how much, how much of it overdue, and for how many hours the worst has been.

    Lines of a return that wait together count each, as the clocks of the forecast do.
    """
    return frame(
        connection,
        """
        select owner_role, kind, sum(items)::bigint as waiting,
               coalesce(sum(items) filter (where is_overdue), 0)::bigint as overdue,
               max(hours_over) as worst_hours
        from work_now group by all order by overdue desc, waiting desc, owner_role, kind
        """,
    )


def queue(connection: duckdb.DuckDBPyConnection, asked: Queue, limit: int | None) -> pl.DataFrame:
    """The waiting work: what is overdue for longest first, then what is due soonest; what has no due moment last."""
    return frame(
        connection,
        f"""
        select subject, kind, items, owner_role, owner_key, opened_at, due_at, hours_left, is_overdue, hours_over, paused,
               customer_waits_hours, rma, value_minor, currency
        from work_now where {_ASKED}
        order by hours_over desc nulls last, hours_left asc nulls last, opened_at, subject, kind
        {f"limit {limit:d}" if limit is not None else ""}
        """,
        _wanted(asked),
    )


def queue_length(connection: duckdb.DuckDBPyConnection, asked: Queue) -> tuple[int, int]:
    """How much is waiting, and how much of it is overdue: lines that wait together count each."""
    waiting, overdue = only_row(
        connection,
        f"""
        select coalesce(sum(items), 0), coalesce(sum(items) filter (where is_overdue), 0)
        from work_now where {_ASKED}
        """,
        _wanted(asked),
    )
    return int(waiting), int(overdue)


_ASKED = """
    ($kind is null or kind = $kind) and ($owner_role is null or owner_role = $owner_role)
    and (not $only_overdue or is_overdue)
"""


def _wanted(asked: Queue) -> dict[str, object]:
    return {
        "kind": asked.kind,
        "owner_role": asked.owner_role,
        "only_overdue": asked.only_overdue,
    }


def _days(period: Period) -> dict[str, object]:
    return {"first": period.first, "last": period.last}


def _with_within(rows: pl.DataFrame) -> pl.DataFrame:
    judged = rows.with_columns(_judged=pl.col("met") + pl.col("breached"))
    return with_share(judged, "met", "_judged", "within").drop("_judged")


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Clocks in the order of a return's life, unknown ones last."""
    places = {clock: place for place, clock in enumerate(CLOCKS)}
    place = pl.col("clock").replace_strict(places, default=len(CLOCKS), return_dtype=pl.Int64)
    return rows.sort(place, pl.col("clock"))
