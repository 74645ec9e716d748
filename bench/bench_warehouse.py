"""The warehouse on ten million events of the fast path: made from nothing, following new events, judged, published, shown.

What is compared with itself is told in processor seconds, so that a busy machine says the same; pages, and SQL beside pandas,
in seconds that somebody waits.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import nlargest
from math import isnan
from pathlib import Path
from statistics import median

from bench import warehouse_work as work
from bench.building import Build
from bench.bulk_lake import BulkLake, bulk_lake
from bench.child import Measured, in_own_process
from bench.figures import Figure, print_figures
from bench.pandas_marts import MARTS
from bench.warehouse_work import Doors, Publishing, Refresh

_EVENTS, _FEWER, _NEWEST = 10_000_000, 1_000_000, 10_000
_RUNS, _MART_RUNS = 3, 1
_DEAREST = 5
_AIMED_AT = ("fold", "by_day")
_FOLLOWING = (*_AIMED_AT, "by_key", "view")
_KEPT = ("var/quality", "var/published")  # besides the warehouse's file: what a refresh changes


@dataclass(frozen=True, slots=True)
class Shop:
    """What was measured on one lake, in processor seconds; every sequence has one entry a run."""

    lake: BulkLake
    scan: float
    rebuilds: Sequence[Measured]
    doors: Doors
    publishing: Publishing
    refreshes: Sequence[Refresh]

    @property
    def rebuild(self) -> float:
        """Median seconds of all SQL relations from nothing."""
        seconds: float = median(each.answer.sql for each in self.rebuilds)
        return seconds

    def refresh(self, seconds: Callable[[Refresh], float]) -> float:
        """The median of something about the refreshes."""
        return median(seconds(each) for each in self.refreshes)


def run() -> list[Figure]:
    """Make, refresh, judge and publish a warehouse of ten million events and one of a million; show the larger."""
    with tempfile.TemporaryDirectory() as folder:
        small = _measure(Path(folder) / "small", _FEWER)
        shutil.rmtree(Path(folder) / "small")
        whole = _measure(Path(folder) / "whole", _EVENTS)
        _say("showing every page")
        shown = in_own_process(work.pages, whole.lake.settings).answer
        pandas = [figure for mart in MARTS for figure in _against_pandas(whole.lake, mart)]
    return [*_rebuild(whole), *pandas, *_refresh(whole, small), *_doors(whole), *_pages(shown)]


def _measure(folder: Path, events: int) -> Shop:
    _say(f"{events:,} events: writing the lake")
    lake: BulkLake = in_own_process(bulk_lake, folder, events, _NEWEST).answer
    _say(f"{events:,} events: scanning")
    scan = in_own_process(work.scan, lake, 2 * _RUNS - 1).answer
    rebuilds = []
    for number in range(_RUNS):
        _say(f"{events:,} events: rebuilding, {number + 1} of {_RUNS}")
        rebuilds.append(in_own_process(work.rebuild, lake))
    _say(f"{events:,} events: judging and publishing all")
    doors, publishing = in_own_process(work.judge_and_publish, lake).answer
    refreshes = []
    with _standing(folder) as put_back:
        for number in range(_RUNS):
            _say(f"{events:,} events: refreshing with {_NEWEST:,} more, {number + 1} of {_RUNS}")
            put_back()
            refreshes.append(in_own_process(work.refresh, lake).answer)
    return Shop(lake, scan, rebuilds, doors, publishing, refreshes)


@contextmanager
def _standing(folder: Path) -> Iterator[Callable[[], None]]:
    """Keeps a copy of what stands, and hands out what puts it back."""
    aside = folder / "aside"
    for name in _KEPT:
        shutil.copytree(folder / name, aside / name)
    shutil.copyfile(folder / "warehouse.duckdb", aside / "warehouse.duckdb")

    def put_back() -> None:
        for name in _KEPT:
            shutil.rmtree(folder / name)
            shutil.copytree(aside / name, folder / name)
        for path in folder.glob("warehouse.duckdb*"):
            path.unlink()
        shutil.copyfile(aside / "warehouse.duckdb", folder / "warehouse.duckdb")

    yield put_back
    shutil.rmtree(aside)


def _rebuild(whole: Shop) -> list[Figure]:
    return [
        Figure("full rebuild, SQL ÷ scan-and-group", whole.rebuild / whole.scan, "×", "≤ 15 ×"),
        Figure("scan-and-group by return (baseline)", whole.scan, "s"),
        Figure("full rebuild, SQL", whole.rebuild, "s"),
        Figure(
            "full rebuild, relations that Python makes",
            median(each.answer.by_kind()["python"] for each in whole.rebuilds),
            "s",
        ),
        Figure(
            "full rebuild: peak memory of its process",
            max(each.peak_gib for each in whole.rebuilds),
            "GiB",
            "≤ 6 GiB",
        ),
        Figure(
            "full rebuild: closing the warehouse",
            median(each.answer.closing for each in whole.rebuilds),
            "s",
        ),
        *_dearest([each.answer for each in whole.rebuilds], "full rebuild"),
    ]


def _against_pandas(lake: BulkLake, mart: str) -> list[Figure]:
    """A mart with all that it reads, from the lake: in SQL, then in pandas, each in a process of its own."""
    in_sql, in_pandas = [], []
    for number in range(_MART_RUNS):
        _say(f"{mart} alone, in SQL and in pandas, {number + 1} of {_MART_RUNS}")
        in_sql.append(in_own_process(work.build_mart, lake, mart))
        in_pandas.append(in_own_process(work.pandas_mart, lake, mart))
    sql, pandas = (median(each.answer for each in runs) for runs in (in_sql, in_pandas))
    return [
        Figure(f"{mart}: pandas ÷ SQL, from the lake", pandas / sql, "×"),
        Figure(f"{mart}: SQL, with all that it reads", sql, "s"),
        Figure(f"{mart}: peak memory of SQL", max(each.peak_gib for each in in_sql), "GiB"),
        Figure(f"{mart}: pandas (baseline)", pandas, "s"),
        Figure(f"{mart}: peak memory of pandas", max(each.peak_gib for each in in_pandas), "GiB"),
    ]


def _refresh(whole: Shop, small: Shop) -> list[Figure]:
    new = f"{_NEWEST:,} new events"
    aimed_at, following = (_spent_on(whole, kinds) for kinds in (_AIMED_AT, _FOLLOWING))
    growth = following / _spent_on(small, _FOLLOWING)
    return [
        Figure(f"{new}: fold and by_day ÷ full rebuild, SQL", 100 * aimed_at / whole.rebuild, "%", "≤ 5 %"),
        Figure(f"{new}: with by_key and views ÷ full rebuild, SQL", 100 * following / whole.rebuild, "%"),
        Figure(f"{new}: all of these ÷ the same on {_FEWER:,}", growth, "×", "≤ 2 ×"),
        *(
            Figure(f"{new}: {kind}", whole.refresh(lambda each, of=kind: each.build.by_kind()[of]), "s")  # type: ignore[misc]
            for kind in (*_FOLLOWING, "full", "python")
        ),
        *_dearest([each.build for each in whole.refreshes], new),
        Figure(f"{new}: opening the warehouse", whole.refresh(lambda each: each.build.opening), "s"),
        Figure(f"{new}: closing the warehouse", whole.refresh(lambda each: each.build.closing), "s"),
        Figure(f"{new}: publication", whole.refresh(lambda each: each.publishing.new), "s"),
        Figure("publication of everything", whole.publishing.new, "s"),
        Figure("publication with nothing new", whole.refresh(lambda each: each.publishing.idle), "s"),
    ]  # fmt: skip


def _dearest(builds: Sequence[Build], what: str) -> list[Figure]:
    """The relations of SQL that took longest, by their medians."""
    spent = {
        relation: median(build.relations[relation] for build in builds)
        for relation, kind in builds[0].kinds.items()
        if kind != "python"
    }
    return [
        Figure(f"{what}: {relation}, {builds[0].kinds[relation]}", spent[relation], "s")
        for relation in nlargest(_DEAREST, spent, key=lambda each: spent[each])
    ]


def _spent_on(shop: Shop, kinds: Sequence[str]) -> float:
    """The median of what the relations of some kinds cost in a refresh."""
    return shop.refresh(lambda each: sum(each.build.by_kind()[kind] for kind in kinds))


def _doors(whole: Shop) -> list[Figure]:
    again = whole.refresh(lambda each: each.doors.judging)
    return [
        Figure("doors 2 and 3: after a refresh ÷ all anew", 100 * again / whole.doors.judging, "%"),
        Figure(f"doors 2 and 3: {whole.doors.rules} rules, all anew", whole.doors.judging, "s"),
        Figure(
            f"doors 2 and 3: after {_NEWEST:,} new events, "
            f"{whole.refreshes[0].doors.rules} rules to judge",
            again,
            "s",
        ),
        Figure("importing Great Expectations, once a run", whole.doors.importing, "s"),
    ]


def _pages(shown: dict[str, float]) -> list[Figure]:
    return [
        Figure(f"page {page}, seen before", 1000 * seconds, "ms", "≤ 500 ms")
        if not isnan(seconds)
        else Figure(f"page {page} has nothing to show", seconds, "ms")
        for page, seconds in shown.items()
    ]


def _say(what: str) -> None:
    print(f"warehouse: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    print_figures(__doc__ or "", run())
