"""The lake as the warehouse shows it, and what tells relations by all that they read."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from pipelines.costs import CostRate
from pipelines.lake.manifest import Manifest
from pipelines.lake.tables import payload_tables
from pipelines.warehouse.catalogue import Seen, Standing
from pipelines.warehouse.following import MOMENT, WHOLE
from pipelines.warehouse.lake_views import (
    create_views,
    digest,
    read_run,
    stored_run,
    table_fingerprints,
    view_digests,
    write_rates,
    write_run,
)
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.plans import AS_OF, Plan
from pipelines.warehouse.session import BuildFailed, Session

_LAKE = "lake"
_RATES = "meta.cost_rates"


class Shown:
    """The lake and the run's parameters as they were shown last: `attach` comes before all else."""

    def __init__(self, session: Session, lake_dir: Path, timezone: str) -> None:
        self._session, self._lake_dir, self._timezone = session, lake_dir, timezone

    def attach(self) -> None:
        """Show the lake as its manifest now says. One that another version of Retour wrote is not shown."""
        manifest = Manifest.load(self._lake_dir)
        self.is_readable = manifest.through_seq == 0 or manifest.schemas == payload_tables()
        if self.is_readable:
            self._attach(manifest)
        connection = self._session.connection
        self.manifest, self.run = manifest, stored_run(connection)
        offsets = connection.execute("select * from meta.zone_offsets").fetchall()
        self._zone = digest(str(offsets))

    def _attach(self, manifest: Manifest) -> None:
        views, tables = view_digests(manifest), table_fingerprints(manifest)
        state = digest(
            str(manifest.through_seq),
            manifest.generation,
            self._timezone,
            *views.values(),
            *tables.values(),
        )
        shown = self._session.catalogue.recorded(_LAKE)
        if shown is None or shown.fingerprint != state:
            try:
                self._show(manifest, views, tables, state)
            except duckdb.Error:
                manifest.verify()  # a damaged segment is told by its name
                raise

    def _show(
        self, manifest: Manifest, views: Mapping[str, str], tables: Mapping[str, str], state: str
    ) -> None:
        rows = manifest.rows()
        connection, catalogue = self._session.connection, self._session.catalogue
        with self._session.transaction():
            shown = {name: catalogue.find(f"lake.{name}") for name in views}
            others = [
                name for name, each in shown.items() if not each or each.made_from != views[name]
            ]
            create_views(connection, manifest, others)
            write_run(connection, *read_run(connection, manifest, self._timezone))
            for name, view in views.items():
                relation = f"lake.{name}"
                code = digest(str(sorted(payload_tables()[name].items())))
                standing = Standing(relation, view, tables[relation], rows.get(name, 0), code)
                if standing != shown[name]:
                    catalogue.record(standing, "view")
            catalogue.record(Standing(_LAKE, state, state, None))

    def show_rates(self, rates: Sequence[CostRate]) -> None:
        """Put the rates by which costs are computed where SQL reads them."""
        state = digest(str(rates))
        shown = self._session.catalogue.recorded(_RATES)
        if shown is None or shown.fingerprint != state:
            with self._session.transaction():
                write_rates(self._session.connection, rates)
                self._session.catalogue.record(Standing(_RATES, state, state, len(rates)))

    # --- what tells a relation by all that it reads ------------------------------------------------

    def made_from(self, model: SqlModel) -> str:
        """What a SQL relation would be made from now. Raises `BuildFailed` where the lake cannot be read."""
        if model.is_python:
            raise ValueError(f"{model.relation} is built by Python; hand its rows to `replace`")
        if not self.is_readable:
            raise BuildFailed(
                f"{self._lake_dir}/ was written by another version of Retour; run `retour refresh`, which makes it anew "
                "from the log"
            )
        return self.fingerprint(model, self.code(model))

    def fingerprint(self, model: SqlModel, *own: str) -> str:
        """As `Warehouse.fingerprint`."""
        read = [f"{dep}={self._fingerprint_of(dep, model.run_columns)}" for dep in model.deps]
        return digest(duckdb.__version__, model.relation, *own, *read)

    def code(self, model: SqlModel) -> str:
        """What a relation's shape and rows follow from besides the rows that it reads: its SQL, and that of all before it."""
        before = (self.standing(dep).code for dep in model.deps if not dep.startswith("meta."))
        return digest(
            duckdb.__version__, model.header.refresh, model.sql, repr(model.plan), *before
        )

    def standing(self, relation: str) -> Standing:
        """The relation as it was last made. Raises `BuildFailed` where it never was."""
        found = self._session.catalogue.find(relation)
        if found is None:
            raise BuildFailed(f"{relation} is not built yet; run `retour refresh`")
        return found

    def seen_now(self, plan: Plan) -> dict[str, Seen]:
        """How far each source of a relation is, and what those hold that are read whole."""
        seen = {}
        for source in plan.sources:
            if source.startswith("lake."):
                seen[source] = Seen(self.manifest.through_seq, self.manifest.generation)
            else:
                seen[source] = Seen(self.standing(source).version)
        others = tuple(name for name in plan.run_columns if name != AS_OF)
        for name in plan.whole:
            seen[f"{WHOLE}{name}"] = Seen(fingerprint=self._fingerprint_of(name, others))
        if AS_OF in plan.run_columns:
            seen[MOMENT] = Seen(fingerprint=str(self.run.as_of))
        return seen

    def _fingerprint_of(self, dep: str, run_columns: Sequence[str]) -> str:
        if dep == "meta.run":
            run = self.run
            return digest(*(f"{name}={getattr(run, name)}" for name in run_columns))
        if dep == "meta.zone_offsets":
            return self._zone
        return self.standing(dep).fingerprint
