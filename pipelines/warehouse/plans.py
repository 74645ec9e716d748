"""How a relation can follow what it reads: which inputs are followed row by row, and which rebuild it when they change.

An input is followed if its new rows are known by themselves: a table of events, a table of the warehouse, or a view that makes
each row of one row of these. Of `by_key` and `by_day` it must also carry the partition column.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pipelines.warehouse.folding import Fold, NotFoldable, read_fold
from pipelines.warehouse.lineage import Analysis, NotAnalysable, analyse
from pipelines.warehouse.rowwise import NotRowWise, Text, row_wise

AS_OF = "as_of"
_LAKE, _META = "lake.", "meta."
_RUN = "meta.run"


class NotFollowing(Exception):
    """A relation that cannot be refreshed as its header says; the message says why, and what to write."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a file says of its relation, as far as following it is concerned."""

    refresh: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    text: Text
    reads: tuple[str, ...]
    partition: str | None
    volatile: str | None

    @property
    def sql(self) -> str:
        return self.text.sql


@dataclass(frozen=True, slots=True)
class Plan:
    """How one relation follows its inputs.

    `tracked` are those of its inputs whose changes are followed row by row; `sources` the tables behind them; `views` the
    SELECTs of those that are views, `moments` those of views of nothing but the run's parameters. A change in one of `whole` rebuilds the relation, but for a later moment of the run where
    `volatile` says which partitions it touches. A fold has a `fold`, the others have a `partition`.
    """

    tracked: tuple[str, ...]
    sources: tuple[str, ...]
    whole: tuple[str, ...]
    views: Mapping[str, Text] = field(default_factory=dict)
    moments: Mapping[str, str] = field(default_factory=dict)
    run_columns: tuple[str, ...] = ()
    fold: Fold | None = None
    partition: str = ""
    volatile: str = ""


class Planner:
    """Makes the plans of a set of relations that read each other."""

    def __init__(
        self, files: Mapping[str, Described], known: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._files, self._known = files, known

    def plan(self, relation: str) -> Plan | None:
        """The plan of a relation; none for kinds that are made as a whole. Raises `NotFollowing`."""
        file = self._files[relation]
        if file.refresh == "fold":
            return self._fold(file)
        if file.refresh in ("by_key", "by_day"):
            return self._by_partition(file)
        return None

    def _fold(self, file: Described) -> Plan:
        try:
            fold = read_fold(file.sql, file.key)
        except NotFoldable as problem:
            raise NotFollowing(str(problem)) from problem
        events = [name for name in file.reads if not name.startswith(_META)]
        for name in events:
            sources = self._sources(name)
            if not all(source.startswith(_LAKE) for source in sources or ("",)):
                raise NotFollowing(
                    f"cannot be folded: it reads {name}, which is no relation of events; a fold reads lake tables "
                    "and views that make each row of one event"
                )
        plan = self._plan(file, events)
        if strange := [each for each in plan.whole if each != "meta.zone_offsets"]:
            raise NotFollowing(
                f"cannot be folded: it reads {strange[0]}, which changes without an event; read it where "
                "this relation is read"
            )
        return replace(plan, fold=fold)

    def _by_partition(self, file: Described) -> Plan:
        partition = file.partition or (
            "day" if file.refresh == "by_day" else next(iter(file.key), "")
        )
        if partition not in file.columns:
            raise NotFollowing(f"partition: {partition!r} is not among the columns")
        tracked = [
            name for name in file.reads if partition in self._known[name] and self._sources(name)
        ]
        if not tracked:
            raise NotFollowing(
                f"no input whose changes are followed carries {partition!r}, so every change would rebuild it; "
                "carry the column in an input, or write `refresh: full`"
            )
        plan = self._plan(file, tracked)
        self._check_moment(file, plan, partition)
        return replace(plan, partition=partition, volatile=file.volatile or "")

    def _plan(self, file: Described, tracked: Iterable[str]) -> Plan:
        tracked = tuple(tracked)
        views = {view: self._files[view].text for name in tracked for view in self._views(name)}
        others = [name for name in file.reads if name not in tracked]
        moments = {
            view: self._files[view].sql for name in others for view in self._views_of_meta(name)
        }
        whole = {name for name in others if name not in moments}
        for view in (*views, *moments):
            whole |= {name for name in self._files[view].reads if name.startswith(_META)}
        texts = [file.sql, *(view.sql for view in views.values()), *moments.values()]
        return Plan(
            tracked,
            tuple(sorted({source for name in tracked for source in self._sources(name)})),
            tuple(sorted(whole)),
            views,
            moments,
            self._run_columns(texts) if _RUN in whole else (),
        )

    def _sources(self, relation: str) -> tuple[str, ...]:
        """The tables of whose rows a relation makes its own; none where its changes cannot be followed."""
        if relation.startswith(_LAKE):
            return (relation,)
        if relation.startswith(_META):
            return ()
        file = self._files[relation]
        if file.refresh != "view":
            return (relation,)
        try:
            read = row_wise(file.sql)
        except NotRowWise:
            return ()
        behind = [self._sources(each) for each in read]
        return tuple(source for each in behind for source in each) if all(behind) else ()

    def _views(self, relation: str) -> tuple[str, ...]:
        """The views between a relation and the tables behind it, itself included."""
        if relation not in self._files or self._files[relation].refresh != "view":
            return ()
        inner = [view for each in self._files[relation].reads for view in self._views(each)]
        return (relation, *inner)

    def _views_of_meta(self, relation: str) -> tuple[str, ...]:
        """The views between a relation and the run's parameters; none where it reads anything else."""
        if not (views := self._views(relation)):
            return ()
        read = {name for view in views for name in self._files[view].reads} - set(views)
        return views if all(name.startswith(_META) for name in read) else ()

    def _run_columns(self, texts: Iterable[str]) -> tuple[str, ...]:
        found = {
            name for text in texts for name in self._analysed(text).run_columns(self._known[_RUN])
        }
        return tuple(sorted(found))

    def _analysed(self, sql: str) -> Analysis:
        return analyse(sql, self._known)

    def _check_moment(self, file: Described, plan: Plan, partition: str) -> None:
        """Whether it is said which partitions a later moment touches, in a way that can be relied on."""
        if AS_OF in plan.run_columns and not file.volatile:
            raise NotFollowing(
                "reads as_of, which moves with every refresh, but no `volatile` says which partitions that touches"
            )
        if not file.volatile:
            return
        try:
            read = self._analysed(file.volatile)
        except NotAnalysable as problem:
            raise NotFollowing(f"volatile: {problem}") from problem
        for name in read.reads:
            if name not in plan.tracked:
                raise NotFollowing(
                    f"volatile: reads {name}; it may read only inputs that carry {partition!r}"
                    if name in file.reads
                    else f"volatile: reads {name}, which the SELECT does not"
                )
        if read.is_resolved and len(read.columns) != 1:
            raise NotFollowing("volatile: gives more than the values of one column")
