"""Written times: which form a column uses is decided from all of its values; local times become UTC.

A clock time that occurs twice (autumn) is its first occurrence, one that is skipped (spring) is read
with the offset before the change, as Python does for `fold=0` (PEP 495).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from retour.errors import UserError
from retour.importers.files import LINE, ROW_N, Table, quoted
from service.platform.clock import to_us

_CLOCKS = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f")
_ISO = ["%Y-%m-%d"] + [f"%Y-%m-%d{gap}{clock}" for gap in " T" for clock in _CLOCKS]


def _slashed(day: str, month: str) -> list[str]:
    dates = [f"{day}{mark}{month}{mark}%Y" for mark in "/-."]
    return dates + [f"{date} {clock}" for date in dates for clock in _CLOCKS[:2]]


_FORMS = {
    "year-month-day": _ISO,
    "day/month/year": _slashed("%d", "%m"),
    "month/day/year": _slashed("%m", "%d"),
}
# Offsets reach to eighteen hours at most.
_ZONED = r"[0-9](Z|[+-](0[0-9]|1[0-7])(:?[0-5][0-9])?|[+-]18(:?00)?)$"


@dataclass(frozen=True, slots=True)
class Period:
    """When a shop's past can have been: what lies outside is a slip, and the service would not hold it."""

    earliest: datetime
    latest: datetime

    @staticmethod
    def until(now: datetime) -> "Period":
        """From 1990, as in the service's own requests, to a day from now: clocks differ."""
        return Period(datetime(1990, 1, 1, tzinfo=UTC), now + timedelta(days=1))

    @property
    def said(self) -> str:
        return f"is not a time from {self.earliest:%Y-%m-%d} to {self.latest:%Y-%m-%d}"

    def misses(self, time_us: str) -> str:
        """SQL that is true where microseconds UTC are missing or lie outside."""
        bounds = f"{to_us(self.earliest)} and {to_us(self.latest)}"
        return f"coalesce({time_us} not between {bounds}, true)"

    def nearly_holds(self, local: str, slack: timedelta = timedelta(days=2)) -> str:
        """SQL that is true where a local timestamp lies inside, whatever its zone."""
        earliest, latest = self.earliest - slack, self.latest + slack
        return f"{local} between timestamp '{earliest:%F %T}' and timestamp '{latest:%F %T}'"


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """How to read one column: SQL that gives a local timestamp, and SQL that gives UTC microseconds where a zone is written."""

    local: str
    zoned_us: str
    form: str


def read_times(connection: duckdb.DuckDBPyConnection, table: Table, column: str) -> TimeColumn:
    """Decide how a column writes its times. Raises `UserError` naming the first line that breaks the form."""
    type_, name = table.columns[column], quoted(column)
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return TimeColumn("cast(null as timestamp)", f"epoch_us({name})", "")
    if type_.startswith(("TIMESTAMP", "DATE")):
        return TimeColumn(f"cast({name} as timestamp)", "cast(null as bigint)", "")
    text = f"nullif(trim(cast({name} as varchar)), '')"
    zoned = f"regexp_matches({text}, '{_ZONED}') and {text} like '%:%'"
    zoned_us = f"case when {zoned} then epoch_us(try_cast({text} as timestamptz)) end"
    form = _decide(connection, table, column, f"case when not ({zoned}) then {text} end")
    local = f"case when not ({zoned}) then {_parse(text, form)} end"
    return TimeColumn(local, zoned_us, form)


def _parse(text: str, form: str) -> str:
    return f"try_strptime({text}, {_FORMS[form]!r})"


def _decide(connection: duckdb.DuckDBPyConnection, table: Table, column: str, text: str) -> str:
    failures = _failures(connection, table, text)
    fitting = [form for form, count in failures.items() if count == 0]
    if len(fitting) == 1 or len(fitting) == len(_FORMS):
        return fitting[0]  # all fit where there is nothing to read
    if not fitting:
        _refuse_first_misfit(connection, table, column, text, failures)
    return _by_order(connection, table, column, text, fitting)


def _failures(connection: duckdb.DuckDBPyConnection, table: Table, text: str) -> dict[str, int]:
    counts = ", ".join(
        f"count(*) filter (where t is not null and {_parse('t', form)} is null)" for form in _FORMS
    )
    row = connection.execute(f"select {counts} from (select {text} as t from {table.view})")
    return dict(zip(_FORMS, row.fetchall()[0], strict=True))


def _refuse_first_misfit(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    column: str,
    text: str,
    failures: dict[str, int],
) -> None:
    form = min(failures, key=lambda form: failures[form])
    found = connection.execute(
        f"""select {LINE}, t, count(*) over () from (select *, {text} as t from {table.view})
            where t is not null and {_parse("t", form)} is null order by {ROW_N} limit 1"""
    ).fetchall()
    ((line, value, misfits),) = found
    ((times,),) = connection.execute(f"select count({text}) from {table.view}").fetchall()
    said = f"a time in the form {form} that other lines use; mend that line"
    if misfits == times:
        said = "a time; write it as 2024-05-01 10:00:00"
    raise UserError(
        f"{table.path}, line {line}: {value!r} in column {column} is not {said}. Nothing was imported"
    )


def _by_order(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    column: str,
    text: str,
    fitting: list[str],
) -> str:
    """Both readings of 01/12/2010 are dates: a file that is in order of time under one alone tells which."""
    steps = ", ".join(f"{_parse('t', form)} as t{n}" for n, form in enumerate(fitting))
    backs = ", ".join(f"count(*) filter (where t{n} < before{n})" for n in range(len(fitting)))
    lags = ", ".join(
        f"t{n}, lag(t{n}) over (order by {ROW_N}) as before{n}" for n in range(len(fitting))
    )
    row = connection.execute(
        f"""select {backs} from (select {lags} from
            (select {ROW_N}, {steps} from (select {ROW_N}, {text} as t from {table.view})))"""
    ).fetchall()[0]
    orderly = [form for form, count in zip(fitting, row, strict=True) if count == 0]
    if len(orderly) == 1:
        return orderly[0]
    raise UserError(
        f"{table.path}: the dates in column {column} can be read as {' and as '.join(fitting)}, and "
        "nothing in the file tells which; write them as 2010-12-31 08:26:00. Nothing was imported"
    )


def utc_us(local: str, zone: str, earliest: datetime, latest: datetime) -> str:
    """SQL that turns a local timestamp between two (naive) moments into microseconds UTC."""
    changes = _changes(ZoneInfo(zone), earliest, latest)
    branches = "".join(
        f" when {local} < timestamp '{until:%Y-%m-%d %H:%M:%S}' then {seconds}"
        for until, seconds in changes[:-1]
    )
    last = changes[-1][1]
    offset = f"(case{branches} else {last} end)" if branches else str(last)
    return f"(epoch_us({local}) - {offset} * cast(1000000 as bigint))"


def _changes(zone: ZoneInfo, earliest: datetime, latest: datetime) -> list[tuple[datetime, int]]:
    """Each offset in seconds and the local moment until which it holds; the last holds on."""
    found: list[tuple[datetime, int]] = []
    moment = (earliest - timedelta(days=2)).replace(tzinfo=UTC)
    end = (latest + timedelta(days=2)).replace(tzinfo=UTC)
    before = _offset(zone, moment)
    while moment < end:
        after = _offset(zone, moment + timedelta(hours=12))
        if after != before:
            change = _moment_of_change(zone, moment, before)
            found.append((change.replace(tzinfo=None) + max(before, after), _seconds(before)))
            before = after
        moment += timedelta(hours=12)
    return [*found, (latest, _seconds(before))]


def _moment_of_change(zone: ZoneInfo, start: datetime, before: timedelta) -> datetime:
    low, high = 0, 12 * 3600
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, start + timedelta(seconds=middle)) == before:
            low = middle
        else:
            high = middle
    return start + timedelta(seconds=high)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _seconds(offset: timedelta) -> int:
    return int(offset.total_seconds())
