"""What the page *Satisfaction* shows: the score with its interval, by waiting and outcome, and what was said."""

from dataclasses import dataclass

import duckdb
import polars as pl

from dashboards.queries.frames import frame, only_row
from dashboards.queries.intervals import with_mean_score, with_share
from dashboards.queries.periods import Period, grain
from dashboards.words import WAITING

LOW = 2  # a score up to this one is somebody's case


@dataclass(frozen=True, slots=True)
class Score:
    """The period's figures; shares from 0 to 1, scores from 1 to 5, each with its 95 % interval."""

    sent: int
    answered: int
    satisfied: int
    csat: float | None
    csat_low: float | None
    csat_high: float | None
    share: float | None
    share_low: float | None
    share_high: float | None
    response: float | None


def score(connection: duckdb.DuckDBPyConnection, period: Period) -> Score:
    """All surveys sent in the period."""
    rows = frame(
        connection,
        f"select {_SUMS} from satisfaction_daily where day between $first and $last",
        _days(period),
    )
    return Score(**_judged(rows).select(list(Score.__annotations__)).row(0, named=True))


def over_time(connection: duckdb.DuckDBPyConnection, period: Period) -> tuple[str, pl.DataFrame]:
    """What a row stands for (week or month), and the rows that have answers: `starts`, csat … response."""
    first, last = only_row(
        connection,
        "select min(day), max(day) from satisfaction_daily where day between $first and $last",
        _days(period),
    )
    step = "month" if first and grain(first, last) == "month" else "week"
    rows = frame(
        connection,
        f"""
        select date_trunc($step, day)::date as starts, {_SUMS}
        from satisfaction_daily where day between $first and $last
        group by all having sum(answered) > 0 order by starts
        """,
        {"step": step, **_days(period)},
    )
    return step, _judged(rows)


def by(connection: duckdb.DuckDBPyConnection, dimension: str, period: Period) -> pl.DataFrame:
    """Each value of a dimension with its score, over the weeks that touch the period; values without answers too.

    Waiting classes come from short to long, other values with most answers first.
    """
    rows = frame(
        connection,
        """
        select value, sum(sent)::bigint as sent, sum(answered)::bigint as answered,
               sum(csat_sum)::double as total, sum(satisfied)::bigint as satisfied
        from satisfaction_by
        where dimension = $dimension and week_start between $first_week and $last
        group by value
        """,
        {"dimension": dimension, "first_week": period.first_week, "last": period.last},
    )
    place = {value: n for n, value in enumerate(WAITING)} if dimension == "waiting" else {}
    order = pl.col("value").replace_strict(place, default=len(place), return_dtype=pl.Int64)
    return _judged(rows).sort(order, -pl.col("answered"), pl.col("value"))


def tags(connection: duckdb.DuckDBPyConnection, period: Period) -> pl.DataFrame:
    """How often each word was chosen, and the mean score of the answers that carry it."""
    return frame(
        connection,
        """
        select tag, count(*) as answers, avg(csat)::double as csat
        from (
            select csat, unnest(string_split(tags, ',')) as tag
            from satisfaction_answers where day between $first and $last and tags <> ''
        )
        group by tag order by answers desc, tag
        """,
        _days(period),
    )


def low_answers(
    connection: duckdb.DuckDBPyConnection, period: Period, limit: int | None
) -> pl.DataFrame:
    """The low answers of the period, the newest first."""
    return frame(
        connection,
        f"""
        select rma, answered_at, day, csat, tags, has_comment, outcome, waited_hours
        from satisfaction_answers where day between $first and $last and csat <= {LOW}
        order by answered_at desc, rma
        {f"limit {limit:d}" if limit is not None else ""}
        """,
        _days(period),
    )


def comments(
    connection: duckdb.DuckDBPyConnection, period: Period, csat: int | None, limit: int | None
) -> pl.DataFrame:
    """The answers of the period with a comment, the newest first; of one score, or of all where it is None.

    `text_ref` is where the service keeps the words; `is_low` are those that `low_answers` has, too.
    """
    return frame(
        connection,
        f"""
        select rma, answered_at, day, csat, csat <= {LOW} as is_low, tags, outcome, waited_hours, text_ref
        from satisfaction_answers where {_COMMENTED}
        order by answered_at desc, rma
        {f"limit {limit:d}" if limit is not None else ""}
        """,
        {"csat": csat, **_days(period)},
    )


def comment_count(connection: duckdb.DuckDBPyConnection, period: Period, csat: int | None) -> int:
    """How many answers of the period have a comment, of one score or of all."""
    (count,) = only_row(
        connection,
        f"select count(*) from satisfaction_answers where {_COMMENTED}",
        {"csat": csat, **_days(period)},
    )
    return int(count)


def cases(connection: duckdb.DuckDBPyConnection, period: Period) -> pl.DataFrame:
    """A row a kind of case: how many were opened in the period and what became of them; the most frequent first.

    `ended` are all that ended in the period, whenever they opened. Hours are of those: what half of them took to the first
    answer and to the end, and nine of ten to the end; null where none ended.
    """
    return frame(
        connection,
        """
        with begun as (
            select kind, sum(opened)::bigint as opened, sum(closed)::bigint as closed,
                   sum(escalated)::bigint as escalated, sum(still_open)::bigint as still_open
            from cases_daily where day between $first and $last group by kind
        ),

        ends as (
            select kind, count(*) as ended, median(first_answer_hours) as first_answer_median_hours,
                   median(hours) as median_hours, quantile_disc(hours, 0.9) as p90_hours
            from case_ends where day between $first and $last group by kind
        )

        select kind, coalesce(opened, 0) as opened, coalesce(closed, 0) as closed,
               coalesce(escalated, 0) as escalated, coalesce(still_open, 0) as still_open,
               coalesce(ended, 0) as ended, first_answer_median_hours, median_hours, p90_hours
        from begun full join ends using (kind)
        order by opened desc, kind
        """,
        _days(period),
    )


_COMMENTED = """
    has_comment and day between $first and $last and ($csat::integer is null or csat = $csat)
"""
_SUMS = """
    coalesce(sum(sent), 0)::bigint as sent, coalesce(sum(answered), 0)::bigint as answered,
    coalesce(sum(satisfied), 0)::bigint as satisfied,
    coalesce(sum(csat_mean * answered), 0)::double as total
"""


def _judged(rows: pl.DataFrame) -> pl.DataFrame:
    scored = with_mean_score(rows, "total", "answered", "csat")
    shared = with_share(scored, "satisfied", "answered", "share")
    return with_share(shared, "answered", "sent", "response").drop("total")


def _days(period: Period) -> dict[str, object]:
    return {"first": period.first, "last": period.last}
