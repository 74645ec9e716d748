from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from migrated import upgrade_to
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

    def test_what_an_older_version_recorded_is_kept(self, database_url: str) -> None:
        database = Database(database_url)
        upgrade_to(database, "0001")
        old = (
            "insert into orders values ('A-1', 'cus_1', 'EUR', 'DE', 1)",
            "insert into order_lines values ('A-1', 1, 'MUG', 2, 500)",
            "insert into api_keys values ('key_1', 'desk', 'shop', 'hash', 1, null)",
            "insert into idempotency_keys values ('key_1', 'k-1', 'a hash', 'R1')",
        )
        with database.write() as connection:
            for each in old:
                connection.execute(text(each))

        migrate.upgrade(database)

        asked = (
            "select currency, discount_minor, shipping_minor from orders",
            "select sku, quantity, discount_minor, exclusion from order_lines",
            "select role, staff_id from api_keys",
            "select fingerprint, subject, created_at_us from idempotency_keys",
        )
        with database.read() as connection:
            kept = [tuple(connection.execute(text(each)).one()) for each in asked]
        database.dispose()
        assert kept == [
            ("EUR", 0, 0),
            ("MUG", 2, 0, None),
            ("shop", None),
            ("a hash", "R1", 0),
        ]

    def test_flags_of_before_stand_unless_they_were_cleared(self, database_url: str) -> None:
        database = Database(database_url)
        upgrade_to(database, "0007")
        told = (("MUG", "flagged"), ("POT", "flagged"), ("POT", "cleared"), ("MUG", "flagged"))
        old = (
            "insert into events (seq, id, source, type, subject, time_us, recorded_at_us, origin, "
            "actor_role, schema_version, data) "
            f"values ({seq}, 'e-{seq}', 'test', 'sku.{what}', '{sku}', {seq}, {seq}, 'live', "
            f"""'pipeline', 1, '{{"sku": "{sku}"}}')"""
            for seq, (sku, what) in enumerate(told, 1)
        )
        with database.write() as connection:
            for each in old:
                connection.exec_driver_sql(each)

        migrate.upgrade(database)

        asked = text("select flag_id, sku, status, version, flagged_at_us, said from sku_flags")
        with database.read() as connection:
            kept = [tuple(row) for row in connection.execute(asked)]
        database.dispose()
        assert kept == [("e-4", "MUG", "flagged", 1, 4, '{"sku": "MUG"}')]

    def test_what_customers_brought_up_before_is_the_first_message_of_its_case(
        self, database_url: str
    ) -> None:
        database = Database(database_url)
        upgrade_to(database, "0006")
        old = (
            "insert into cases (case_id, kind, owner_role, opened_at_us, due_at_us, text_ref) "
            f"values ('case_{number}', '{kind}', 'after_sales', 7, 9, {text_ref})"
            for number, (kind, text_ref) in enumerate(
                [("complaint", "'txt_1'"), ("low_score", "'txt_2'"), ("suggestion", "null")]
            )
        )
        with database.write() as connection:
            for each in old:
                connection.execute(text(each))

        migrate.upgrade(database)

        told = "select case_id, number, direction, text_ref, written_at_us from case_messages"
        waits = "select count(*) from cases where answer_due_at_us is not null"
        with database.read() as connection:
            messages = [tuple(row) for row in connection.execute(text(told))]
            waiting = connection.execute(text(waits)).scalar_one()
        database.dispose()
        assert messages == [("case_0", 1, "from_customer", "txt_1", 7)]
        assert waiting == 0

    def test_a_newer_database_is_refused_with_the_way_out(self, database_url: str) -> None:
        db = Database(database_url)
        migrate.upgrade(db)
        with db.write() as connection:
            connection.execute(text("update alembic_version set version_num = '9999'"))

        with pytest.raises(DatabaseUnavailable, match=r"newer Retour \(revision 9999\); upgrade"):
            migrate.upgrade(db)
        db.dispose()

    def test_revisions_are_one_chain_in_the_order_of_their_files(self) -> None:
        scripts = ScriptDirectory(files("service") / "migrations")
        chain = [script.revision for script in reversed(list(scripts.walk_revisions()))]
        names = sorted(Path(scripts.get_revision(each).path).name for each in chain)

        assert [name.partition("_")[0] for name in names] == chain
        assert scripts.get_heads() == chain[-1:]

    def test_every_revision_says_what_it_does(self) -> None:
        module = import_module("service.migrations.versions.0001_the_log_and_a_thin_flow")

        assert module.__doc__
