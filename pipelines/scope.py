"""How thorough a run is: what it makes anew although it stands, and whether it reads files that nothing changed."""

from datetime import date, timedelta

import dagster as dg
from pydantic import Field, PrivateAttr

from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from retour.errors import UserError


class BadScope(UserError):
    """What is to be made anew cannot be told from the words given."""


class Scope(dg.ConfigurableResource[None]):
    """What is made anew, or read, whatever stands. Everything else is brought up to date as by any refresh."""

    everything: bool = Field(
        False, description="Make every relation of this run anew, from the lake on."
    )
    from_log: bool = Field(
        False,
        description="Make the lake anew from the log first. It takes about a minute for a million events.",
    )
    reads_files: bool = Field(
        False,
        description="Read every file of lake, quarantine and publication and compare it with what was written. Else files "
        "are told by their sizes.",
    )
    first_day: str = Field(
        "",
        description="The first of the days to make anew in every relation kept by day, such as 2026-03-01. Relations by "
        "week or month make anew the weeks and months that the days lie in. What is kept by return, order or case stays as it "
        "stands. Empty: no days.",
    )
    last_day: str = Field("", description="The last of these days, such as 2026-03-31.")
    _days: tuple[date, date] | None = PrivateAttr(None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Read the days, before anything is done. Raises `BadScope`."""
        self._days = self.days()
        if self._days is None and context.run and context.run.job_name == "rebuild_days":
            raise BadScope("rebuild_days wants first_day and last_day, such as 2026-03-01")

    def days(self) -> tuple[date, date] | None:
        """The first and the last of the days to make anew, if there are any. Raises `BadScope`."""
        if not (self.first_day or self.last_day):
            return None
        first, last = _day("first_day", self.first_day), _day("last_day", self.last_day)
        if first > last:
            raise BadScope(f"first_day {first} comes after last_day {last}; exchange them")
        return first, last

    def build(self, warehouse: Warehouse, model: SqlModel) -> Built:
        """Bring a SQL relation up to date, or make of it anew what is asked for. Raises `BuildFailed`."""
        if self._days and model.days:
            return warehouse.rebuild_days(model, *partitions(model, *self._days))
        return warehouse.rebuild(model) if self.everything else warehouse.build(model)

    def begin(self, warehouse: Warehouse, *models: SqlModel) -> None:
        """Let relations that Python builds be built anew, if that is asked for."""
        if self.everything:
            for model in models:
                warehouse.distrust(model.relation)


def partitions(model: SqlModel, first: date, last: date) -> tuple[date, date]:
    """The stretch of a relation's partitions that days lie in, each named by its first day."""
    if model.days == "week_start":
        return first - timedelta(days=first.weekday()), last
    return (first.replace(day=1) if model.days == "month" else first), last


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as broken:
        raise BadScope(f"{name} is {text!r}; write a day such as 2026-03-01") from broken
