"""The relations of the warehouse, read from `sql/`: one file is one relation, `<folder>.<name>`.

A `.sql` file opens with a YAML header in a block comment, then holds one SELECT. A relation that Python builds has
a `.yaml` file instead: the same header with `refresh: python` and, since there is no SQL to read them from, `reads`.
Dependencies, output columns and column lineage come from the SQL itself; what a header says twice is compared.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.lake.tables import payload_tables
from pipelines.warehouse.lineage import Analysis, ColumnRef, NotAnalysable, analyse
from pipelines.warehouse.plans import Described, NotFollowing, Plan, Planner
from pipelines.warehouse.rowwise import Text, read_text
from retour.errors import UserError

LAYERS = ("staging", "intermediate", "features", "marts")
META_TABLES: Mapping[str, Mapping[str, str]] = {
    "run": {"as_of": "TIMESTAMP", "through_seq": "BIGINT", "timezone": "VARCHAR"},
    "zone_offsets": {
        "starts_at": "TIMESTAMP",
        "ends_at": "TIMESTAMP",
        "offset_seconds": "INTEGER",
    },
    "cost_rates": {
        "kind": "VARCHAR",
        "word": "VARCHAR",
        "currency": "VARCHAR",
        "amount_minor": "BIGINT",
        "percent": "INTEGER",
    },
}
_OPENING = re.compile(r"\s*/\*(?P<header>.*?)\*/(?P<select>.*)", re.DOTALL)
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Word = Annotated[str, Field(min_length=1)]
Refresh = Literal["view", "full", "fold", "by_key", "by_day", "python"]


class ModelError(UserError):
    """A file of `sql/` that cannot be used; the message names the file, the field and what is wrong."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")


class Header(BaseModel):
    """What a relation's file says of it. `key` are the columns that tell its rows apart.

    `publish_by` is a date or timestamp: the mart is published in files by its month, for marts that grow large.
    `sort_by` is the column in whose order the rows of a large table are laid down when it is made: what is new then lies
    together, and so does what a refresh takes away. It promises nothing to those that read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: Word
    grain: Word
    owner: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    refresh: Refresh
    key: tuple[Word, ...]
    columns: Annotated[dict[str, Word], Field(min_length=1)]
    partition: Word | None = None
    volatile: Word | None = None
    publish_by: Word | None = None
    sort_by: Word | None = None
    reads: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _key_is_of_the_columns(self) -> Self:
        if strange := [name for name in self.key if name not in self.columns]:
            raise ValueError(f"key names {strange[0]!r}, which is not among the columns")
        for field, column in (("publish_by", self.publish_by), ("sort_by", self.sort_by)):
            if column and column not in self.columns:
                raise ValueError(f"{field} names {column!r}, which is not among the columns")
        if self.sort_by and self.refresh in ("view", "python"):
            raise ValueError("sort_by is for tables that SQL makes; a view has no order")
        if self.reads and self.refresh != "python":
            raise ValueError("reads is for `refresh: python` only; SQL says itself what it reads")
        if (self.partition or self.volatile) and self.refresh not in ("by_key", "by_day"):
            raise ValueError("partition and volatile are for `refresh: by_key` and `by_day` only")
        return self


_DAYS = ("day", "week_start", "month")


@dataclass(frozen=True, slots=True)
class SqlModel:
    """One relation: its header, the SELECT (empty where Python builds it), what it reads, where columns come from.

    `plan` is how it follows what it reads; none for kinds that are made as a whole.
    """

    schema: str
    name: str
    path: Path
    header: Header
    text: Text
    deps: tuple[str, ...]
    lineage: Mapping[str, tuple[ColumnRef, ...]]
    run_columns: tuple[str, ...] = ()
    plan: Plan | None = None

    @property
    def days(self) -> str | None:
        """The column of days, weeks or months that the relation is kept by; None where a row is of no stretch of days."""
        header = self.header
        if header.refresh == "by_day":
            return header.partition or "day"
        of_fold = (name for name in _DAYS if name in header.key)
        return next(of_fold, None) if header.refresh == "fold" else None

    @property
    def relation(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        return self.text.sql

    @property
    def is_python(self) -> bool:
        return self.header.refresh == "python"


@dataclass(frozen=True, slots=True)
class _File:
    schema: str
    name: str
    path: Path
    header: Header
    sql: str

    @property
    def relation(self) -> str:
        return f"{self.schema}.{self.name}"


def load_models(sql_dir: Path) -> list[SqlModel]:
    """Every relation under `sql_dir`, each after those it reads. Raises `ModelError`."""
    files = {file.relation: file for file in _read_files(sql_dir)}
    known = _known_columns(files.values())
    models = {relation: _model(file, known) for relation, file in files.items()}
    planner = Planner({relation: _described(model) for relation, model in models.items()}, known)
    return [_planned(models[relation], planner) for relation in _in_order(models)]


def _described(model: SqlModel) -> Described:
    header = model.header
    return Described(
        refresh=header.refresh,
        key=header.key,
        columns=tuple(header.columns),
        text=model.text,
        reads=model.deps,
        partition=header.partition,
        volatile=header.volatile,
    )


def _planned(model: SqlModel, planner: Planner) -> SqlModel:
    try:
        return replace(model, plan=planner.plan(model.relation))
    except NotFollowing as problem:
        raise ModelError(model.path, str(problem)) from problem


def model_files(sql_dir: Path) -> list[Path]:
    """The files that say what relations there are, sorted. Raises `ModelError` where the folder is missing."""
    if not sql_dir.is_dir():
        raise ModelError(sql_dir, "there is no such folder; it holds the warehouse's relations")
    return sorted((*sql_dir.glob("*/*.sql"), *sql_dir.glob("*/*.yaml")))


def _read_files(sql_dir: Path) -> list[_File]:
    found: dict[str, _File] = {}
    for path in model_files(sql_dir):
        file = _read_file(path)
        if twin := found.get(file.relation):
            raise ModelError(path, f"{file.relation} is defined twice, in {twin.path} as well")
        found[file.relation] = file
    return list(found.values())


def _read_file(path: Path) -> _File:
    schema, name, text = path.parent.name, path.stem, path.read_text(encoding="utf-8")
    if schema not in LAYERS:
        raise ModelError(path, f"folder {schema!r} is no layer; there are {', '.join(LAYERS)}")
    if not _NAME.fullmatch(name):
        raise ModelError(path, "a relation's name is lower case letters, digits and underscores")
    if path.suffix == ".yaml":
        return _File(schema, name, path, _header(path, text, is_python=True), "")
    opening = _OPENING.fullmatch(text)
    if not opening:
        raise ModelError(path, "opens with no header; write it in YAML between /* and */")
    header = _header(path, opening["header"], is_python=False)
    return _File(schema, name, path, header, opening["select"].strip().removesuffix(";"))


def _header(path: Path, text: str, *, is_python: bool) -> Header:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as broken:
        raise ModelError(
            path, f"the header is not YAML: {' '.join(str(broken).split())}"
        ) from broken
    if not isinstance(document, dict):
        raise ModelError(path, "the header is not a YAML mapping of fields")
    try:
        header = Header.model_validate(document)
    except ValidationError as invalid:
        raise ModelError(path, _first_problem(invalid)) from invalid
    if is_python != (header.refresh == "python"):
        raise ModelError(path, "refresh: `python` belongs to a .yaml file, all others to .sql")
    return header


def _first_problem(invalid: ValidationError) -> str:
    problem = invalid.errors()[0]
    field = ".".join(str(part) for part in problem["loc"])
    return f"{field}: {problem['msg']}" if field else problem["msg"]


def _known_columns(files: Iterable[_File]) -> dict[str, dict[str, str]]:
    """Every relation that a SELECT may name, with its columns and their types (where they are declared)."""
    lake = {f"lake.{name}": columns for name, columns in payload_tables().items()}
    meta = {f"meta.{name}": dict(columns) for name, columns in META_TABLES.items()}
    ours = {file.relation: dict.fromkeys(file.header.columns, "UNKNOWN") for file in files}
    return lake | meta | ours


def _model(file: _File, known: Mapping[str, Mapping[str, str]]) -> SqlModel:
    analysis = _analysis(file, known)
    for relation in analysis.reads:
        if relation not in known:
            raise ModelError(file.path, _unknown(relation))
    return SqlModel(
        schema=file.schema,
        name=file.name,
        path=file.path,
        header=file.header,
        text=read_text(file.sql) if file.sql else Text(""),
        deps=analysis.reads,
        lineage=analysis.lineage,
        run_columns=analysis.run_columns(META_TABLES["run"]),
    )


def _analysis(file: _File, known: Mapping[str, Mapping[str, str]]) -> Analysis:
    if file.header.refresh == "python":
        return Analysis(reads=tuple(sorted(file.header.reads)))
    try:
        analysis = analyse(file.sql, known)
    except NotAnalysable as problem:
        raise ModelError(file.path, str(problem)) from problem
    said, selected = list(file.header.columns), list(analysis.columns)
    if analysis.is_resolved and said != selected:
        raise ModelError(file.path, _difference(said, selected))
    return analysis


def _difference(said: list[str], selected: list[str]) -> str:
    if missing := [name for name in selected if name not in said]:
        return f"columns: the SELECT gives {missing[0]!r}, which the header does not describe"
    if extra := [name for name in said if name not in selected]:
        return f"columns: the header describes {extra[0]!r}, which the SELECT does not give"
    return f"columns: the SELECT gives them in another order: {', '.join(selected)}"


def _unknown(relation: str) -> str:
    schema, name = relation.split(".", 1)
    if schema == "lake":
        return f"reads {relation}, but no event has such a table; see service/domain/events/"
    if schema == "meta":
        return f"reads {relation}; meta has {', '.join(META_TABLES)}"
    return (
        f"reads {relation}, which no file defines; write sql/{schema}/{name}.sql or, where Python "
        f"builds it, sql/{schema}/{name}.yaml with `refresh: python` and `reads`"
    )


def _in_order(models: Mapping[str, SqlModel]) -> list[str]:
    graph = {
        relation: [dep for dep in model.deps if dep in models] for relation, model in models.items()
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as cycle:
        around: list[str] = cycle.args[1]
        raise ModelError(
            models[around[0]].path, f"relations read each other in a circle: {' → '.join(around)}"
        ) from cycle
