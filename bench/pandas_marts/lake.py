"""The lake as a pandas reader takes it: the columns that are needed, returns as numbers; and small tools on columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from pipelines.lake.manifest import Manifest
from pipelines.lake.tables import Kind, tables
from pipelines.warehouse.warehouse import Warehouse

HOUR_US = 3_600_000_000.0
_DTYPES: Mapping[Kind, str] = {
    "text": "str",
    "integer": "int64",
    "small_integer": "int32",
    "number": "float64",
    "flag": "bool",
    "moment": "datetime64[us]",
}
BEGUN = ("return_requested", "return_withdrawn")
LOOKED_AT = ("passed", "failed", "short", "wrong_item", "empty")
_MOST_LINES = 1_000_000  # of a return, splits included


@dataclass(frozen=True)
class Lake:
    """The lake's files, the moment for which is computed (naive, UTC), and the shop's offsets from UTC.

    `offsets` has the columns `starts_at` (ascending) and `offset_seconds`.
    """

    manifest: Manifest
    as_of: pd.Timestamp
    offsets: pd.DataFrame

    @cached_property
    def rmas(self) -> pd.Index:
        """Every return; its place here is its number."""
        rmas: pd.Index = pd.Index(pd.concat([self._read(name, ["rma"]) for name in BEGUN])["rma"])
        return rmas

    @classmethod
    def of(cls, warehouse: Warehouse) -> Self:
        """The lake that a warehouse shows, and the moment that it is computed for, which there must be."""
        as_of = warehouse.run.as_of
        if as_of is None:
            raise ValueError("there is no event in the lake")
        offsets = warehouse.query("select starts_at, offset_seconds from meta.zone_offsets order by starts_at")  # fmt: skip
        moment = pd.Timestamp(as_of).tz_convert(None)
        return cls(Manifest.load(warehouse.lake_dir), moment, offsets.to_pandas())

    def read(self, table: str, *columns: str) -> pd.DataFrame:
        """These columns of a table, in which `rma` is the return's number. Raises `LookupError` for an unknown return."""
        key = "subject" if tables()[table].item_field else "rma"
        frame = self._read(table, [key if name == "rma" else name for name in columns])
        if "rma" in columns:
            numbers = self.rmas.get_indexer(pd.Index(frame.pop(key)))
            if (numbers < 0).any():
                raise LookupError(f"{table} tells of a return that nobody applied for")
            frame["rma"] = numbers
        return frame

    def read_as_it_is(self, table: str, *columns: str) -> pd.DataFrame:
        """These columns of a table."""
        return self._read(table, list(columns))

    def day(self, moments: pd.Series) -> pd.Series:
        """The shop's days of moments."""
        place = np.searchsorted(self.offsets["starts_at"], moments, side="right") - 1
        seconds = self.offsets["offset_seconds"].to_numpy()[place]
        days: pd.Series = (moments + pd.to_timedelta(seconds, unit="s")).dt.floor("D")
        return days

    def _read(self, table: str, columns: list[str]) -> pd.DataFrame:
        files = self.manifest.files(table)
        if files:
            paths = [str(file) for file in files]
            frame: pd.DataFrame = pd.read_parquet(paths, columns=columns)  # type: ignore[call-overload]  # it takes several
            return frame
        kinds = {column.name: column.kind for column in tables()[table].columns}
        return pd.DataFrame({name: pd.Series(dtype=_DTYPES[kinds[name]]) for name in columns})


def side_by_side(lake: Lake, **columns: pd.Series) -> pd.DataFrame:
    """What is known by return, as the columns of one frame; nothing where nothing is known."""
    every = range(len(lake.rmas))
    return pd.DataFrame({name: column.reindex(every) for name, column in columns.items()})


def first_word(cases: Mapping[str, pd.Series], otherwise: str, index: pd.Index) -> pd.Series:
    """The first word whose case holds."""
    holds = [case.to_numpy(dtype=bool) for case in cases.values()]
    return pd.Series(np.select(holds, list(cases), otherwise), index=index)


def least(one: pd.Series, other: pd.Series) -> pd.Series:
    """The smaller of two, or the one that is there."""
    return one.where(~(other < one), other).fillna(other)


def moment(micros: pd.Series) -> pd.Series:
    """Moments from microseconds since 1970; none where there are none."""
    return pd.to_datetime(micros, unit="us").astype("datetime64[us]")


def micros(durations: pd.Series) -> pd.Series:
    return durations.astype("timedelta64[us]").astype("int64")


def micros_or_none(durations: pd.Series) -> pd.Series:
    whole = durations.astype("timedelta64[us]")
    return whole.astype("int64").astype("float64").where(whole.notna())


def line_number(frame: pd.DataFrame, number: str) -> pd.Series:
    """Lines of returns as one number each."""
    return frame["rma"] * _MOST_LINES + frame[number].astype("int64")
