from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

import service.application  # noqa: F401  # with it every table is declared
from service.platform import migrate
from service.platform.db import Database, DatabaseUnavailable, metadata


class TestUpgrade:
    def test_migrated_tables_are_those_of_the_code(self, db: Database) -> None:
        with db.read() as connection:
            difference = compare_metadata(MigrationContext.configure(connection), metadata)

        assert difference == []

    def test_running_it_again_changes_nothing(self, db: Database) -> None:
        migrate.upgrade(db)

        with db.read() as connection:
            assert set(metadata.tables) <= set(inspect(connection).get_table_names())

    def test_a_newer_database_is_refused_with_the_way_out(self, db: Database) -> None:
        with db.write() as connection:
            connection.execute(text("update alembic_version set version_num = '9999'"))

        with pytest.raises(DatabaseUnavailable, match=r"newer Retour \(revision 9999\); upgrade"):
            migrate.upgrade(db)

    def test_every_revision_says_what_it_does(self) -> None:
        module = import_module("service.migrations.versions.0001_the_log_and_a_thin_flow")

        assert module.__doc__
