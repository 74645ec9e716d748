from typing import ClassVar

import duckdb
import pytest

from pipelines.lake.tables import UnsupportedField, payload_tables, tables, tables_of
from service.domain.events import PAYLOADS, Part, Payload


class Nested(Part):
    word: str


class TestPayloadTables:
    def test_an_event_type_becomes_a_table_of_envelope_and_scalar_fields(self) -> None:
        assert payload_tables()["line_inspected"] == {
            "seq": "BIGINT",
            "id": "VARCHAR",
            "source": "VARCHAR",
            "subject": "VARCHAR",
            "time": "TIMESTAMP",
            "recorded_at": "TIMESTAMP",
            "origin": "VARCHAR",
            "actor_role": "VARCHAR",
            "actor_key": "VARCHAR",
            "correlation_id": "VARCHAR",
            "causation_id": "VARCHAR",
            "corrects": "VARCHAR",
            "schema_version": "INTEGER",
            "rma": "VARCHAR",
            "line_no": "BIGINT",
            "quantity": "BIGINT",
            "outcome": "VARCHAR",
            "grade": "VARCHAR",
            "inspection_depth": "VARCHAR",
            "sku": "VARCHAR",
            "text_ref": "VARCHAR",
        }

    def test_a_list_becomes_a_table_with_a_short_envelope(self) -> None:
        assert payload_tables()["return_authorized_rules"] == {
            "seq": "BIGINT",
            "subject": "VARCHAR",
            "time": "TIMESTAMP",
            "recorded_at": "TIMESTAMP",
            "origin": "VARCHAR",
            "rule": "VARCHAR",
            "passed": "BOOLEAN",
            "detail": "VARCHAR",
        }

    def test_every_event_type_has_its_table(self) -> None:
        assert {table.event_type for table in tables().values()} == set(PAYLOADS)

    def test_the_tests_know_an_event_of_every_type(
        self, every_payload: tuple[Payload, ...]
    ) -> None:
        assert sorted(payload.type for payload in every_payload) == sorted(PAYLOADS)

    def test_duckdb_knows_every_type(self) -> None:
        con = duckdb.connect()
        for name, columns in payload_tables().items():
            typed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            con.execute(f"create table {name} ({typed})")

    def test_bounds_and_choices_are_the_models(self) -> None:
        fields = {column.name: column for column in tables()["return_authorized"].fields}
        assert (fields["score"].at_least, fields["score"].at_most) == (0, 1)
        assert fields["inspection"].choices == ("basic", "full")
        assert (fields["rma"].is_required, fields["score"].is_required) == (True, False)


class TestUnsupportedFields:
    def test_a_field_named_like_an_envelope_column_is_refused(self) -> None:
        class Clashing(Payload):
            type: ClassVar[str] = "test.clashing"
            family: ClassVar[str] = "test"
            seq: int

        with pytest.raises(UnsupportedField, match=r"Clashing: 'seq' is a column of the envelope"):
            tables_of(Clashing)

    def test_a_list_of_bare_values_is_refused(self) -> None:
        class Listing(Payload):
            type: ClassVar[str] = "test.listing"
            family: ClassVar[str] = "test"
            words: list[str]

        with pytest.raises(
            UnsupportedField, match=r"Listing\.words: a list in a payload holds `Part`s"
        ):
            tables_of(Listing)

    def test_a_nested_object_is_refused(self) -> None:
        class Nesting(Payload):
            type: ClassVar[str] = "test.nesting"
            family: ClassVar[str] = "test"
            inner: Nested

        with pytest.raises(UnsupportedField, match=r"Nesting\.inner: a column holds one of string"):
            tables_of(Nesting)

    def test_a_field_of_two_types_is_refused(self) -> None:
        class Wavering(Payload):
            type: ClassVar[str] = "test.wavering"
            family: ClassVar[str] = "test"
            amount: int | str

        with pytest.raises(UnsupportedField, match=r"Wavering\.amount"):
            tables_of(Wavering)
