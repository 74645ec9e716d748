from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines.lake.decode import Decoded, decode
from pipelines.lake.tables import Column, tables_of
from service.domain.events import (
    MOST_MINOR,
    PAYLOADS,
    ImportCompleted,
    OrderLine,
    Payload,
    ProductUpserted,
    RecordedEvent,
    SetAside,
)

Record = Callable[..., RecordedEvent]

INT64 = 2**63
_DAY = r"^\d{4}-\d{2}-\d{2}$"


def values(column: Column) -> st.SearchStrategy[Any]:
    """Whatever the models allow in a column, up to its edges."""
    if column.choices:
        some = st.sampled_from(column.choices)
    elif column.pattern == _DAY:
        some = st.dates().map(date.isoformat)
    elif column.pattern:
        some = st.from_regex(
            column.pattern, fullmatch=True, alphabet=st.characters(max_codepoint=127)
        )
    else:
        some = _BY_KIND[column.kind](column)
    return some if column.is_required else st.none() | some


_BY_KIND: dict[str, Callable[[Column], st.SearchStrategy[Any]]] = {
    "text": lambda column: st.text(
        st.characters(exclude_categories=["Cs"]),
        min_size=column.min_length or 0,
        max_size=column.max_length or 300,
    ),
    "integer": lambda column: st.integers(
        -INT64 if column.at_least is None else int(column.at_least),
        INT64 - 1 if column.at_most is None else int(column.at_most),
    ),
    "number": lambda column: st.floats(
        column.at_least, column.at_most, allow_nan=False, allow_infinity=False
    ),
    "flag": lambda _: st.booleans(),
}


def countable(item: dict[str, Any]) -> dict[str, Any]:
    """A line's price cut down to what its quantity may cost in all, its discount to that."""
    if "unit_price_minor" in item:
        item["unit_price_minor"] = min(item["unit_price_minor"], MOST_MINOR // item["quantity"])
        value_minor = item["quantity"] * item["unit_price_minor"]
        item["discount_minor"] = min(item["discount_minor"], value_minor)
    return item


def affordable(order: dict[str, Any]) -> dict[str, Any]:
    """An order's discount cut down to what its lines cost."""
    if "discount_minor" in order:
        net_minor = sum(OrderLine(**line).net_minor for line in order["lines"])
        order["discount_minor"] = min(order["discount_minor"], net_minor)
    return order


def payloads(model: type[Payload]) -> st.SearchStrategy[Payload]:
    """Any payload of a model, built through its JSON as the log holds it."""
    own, *lists = tables_of(model)
    fields = {column.name: values(column) for column in own.fields}
    for table in lists:
        item = st.fixed_dictionaries({column.name: values(column) for column in table.fields})
        fields[str(table.item_field)] = st.lists(item.map(countable), min_size=1, max_size=3)
    return st.fixed_dictionaries(fields).map(affordable).map(model.model_validate)


def rows(decoded: Decoded, table: str) -> list[dict[str, Any]]:
    return decoded.frames[table].to_dicts()


class TestWhatArrives:
    @pytest.mark.parametrize("model", PAYLOADS.values(), ids=PAYLOADS)
    @given(data=st.data())
    @hypothesis_settings(max_examples=25)
    def test_a_row_says_exactly_what_its_payload_said(
        self, model: type[Payload], data: st.DataObject, record: Record
    ) -> None:
        said = data.draw(st.lists(payloads(model), min_size=1, max_size=4))
        decoded = decode([record(seq, each) for seq, each in enumerate(said, 1)], 0)
        assert decoded.rejected == ()
        own, *lists = tables_of(model)
        for row, payload in zip(rows(decoded, own.name), said, strict=True):
            assert {c.name: row[c.name] for c in own.fields} == payload.model_dump(
                include={c.name for c in own.fields}
            )
        for table in lists:
            items = [item for each in said for item in getattr(each, str(table.item_field))]
            found = [
                {c.name: row[c.name] for c in table.fields} for row in rows(decoded, table.name)
            ]
            assert found == [item.model_dump() for item in items]

    def test_the_envelope_comes_with_it(self, record: Record) -> None:
        event = record(
            1,
            ProductUpserted(sku="A", title="t"),
            actor_key="staff_7",
            correlation_id="c",
            causation_id="b",
            corrects="a",
            time_us=1,
            recorded_at_us=-1,
        )
        (row,) = rows(decode([event], 0), "product_upserted")
        assert row["time"] == datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC).replace(tzinfo=None)
        assert row["recorded_at"] == datetime(
            1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC
        ).replace(tzinfo=None)
        assert [row[name] for name in ("seq", "id", "subject", "origin", "actor_role")] == [
            1,
            event.id,
            "subject-1",
            "live",
            "shop",
        ]
        assert [row[n] for n in ("actor_key", "correlation_id", "causation_id", "corrects")] == [
            "staff_7",
            "c",
            "b",
            "a",
        ]

    def test_items_carry_the_seq_of_their_event(self, log: Sequence[RecordedEvent]) -> None:
        decoded = decode(log, 0)
        orders = [event.seq for event in log if event.type == "order.placed"]
        assert [row["seq"] for row in rows(decoded, "order_placed_lines")] == [
            seq for seq in orders for _ in range(2)
        ]

    def test_an_event_with_an_empty_list_has_no_items(self, log: Sequence[RecordedEvent]) -> None:
        decoded = decode([event for event in log if event.type == "review.opened"], 0)
        assert rows(decoded, "review_opened_rules") == []
        assert len(rows(decoded, "review_opened")) == 3


class TestWhatDoesNot:
    def test_an_integer_beyond_64_bits_stops_only_its_own_event(self, record: Record) -> None:
        def completed(units: int) -> ImportCompleted:
            return ImportCompleted(
                importer="x",
                timezone="UTC",
                content_sha256="0" * 64,
                rows_read=1,
                rows_sold=0,
                rows_returned=0,
                units_sold=0,
                units_returned=0,
                units_matched=0,
                set_aside=[SetAside(reason="r", rows=1, units=units)],
            )

        amounts = [1, INT64 - 1, INT64, -INT64, -INT64 - 1, 2]
        decoded = decode([record(seq, completed(u)) for seq, u in enumerate(amounts, 1)], 0)
        assert [each.seq for each in decoded.rejected] == [3, 5]
        assert {each.kind for each in decoded.rejected} == {"invalid_payload"}
        assert "fits no column" in decoded.rejected[0].reason
        assert [row["units"] for row in rows(decoded, "import_completed_set_aside")] == [
            1,
            INT64 - 1,
            -INT64,
            2,
        ]

    @pytest.mark.parametrize(
        ("changes", "kind", "reason"),
        [
            (
                {"type": "return.teleported"},
                "unknown_type",
                "'return.teleported' is not known here",
            ),
            ({"type": None}, "malformed_envelope", "type is None, not str"),
            (
                {"schema_version": 2},
                "unknown_version",
                "version 2 of product.upserted is not known",
            ),
            (
                {"schema_version": 0},
                "unknown_version",
                "version 0 of product.upserted is not known",
            ),
            ({"schema_version": "1"}, "malformed_envelope", "schema_version is '1', not int"),
            ({"time_us": 1.5}, "malformed_envelope", "time_us is 1.5, not int"),
            ({"time_us": 10**18}, "malformed_envelope", "outside the years 1 to 9999"),
            ({"recorded_at_us": -(10**18)}, "malformed_envelope", "outside the years 1 to 9999"),
            ({"subject": b"x"}, "malformed_envelope", "subject is b'x', not str"),
            ({"data": b"{}"}, "malformed_envelope", "data is b'{}', not str"),
            (
                {"id": "00000000-0000-7000-8000-000000000001"},
                "repeated_id",
                "event 1 has the same id",
            ),
            ({"data": ""}, "invalid_payload", "Invalid JSON"),
            ({"data": "null"}, "invalid_payload", "payload: Input should be an object"),
            ({"data": '{"sku": "A", "title"'}, "invalid_payload", "Invalid JSON"),
            ({"data": '{"sku": "A"}'}, "invalid_payload", "title: Field required"),
            (
                {"data": '{"sku": "A", "title": 5}'},
                "invalid_payload",
                "title: Input should be a valid str",
            ),
            (
                {"data": '{"sku": "", "title": "t"}'},
                "invalid_payload",
                "sku: String should have at least 1",
            ),
            ({"data": '{"sku": "A", "title": "t", "x": 1}'}, "invalid_payload", "x: Extra inputs"),
            (
                {"data": '{"sku": "A", "title": "t", "cost_minor": 1000000000000000000}'},
                "invalid_payload",
                "cost_minor: Input should be less than or equal to 1000000000000",
            ),
            (
                {"data": '{"sku": "A", "title": "t", "cost_minor": 1.0}'},
                "invalid_payload",
                "cost_minor: Input should be a valid integer",
            ),
            (
                {"data": '{"sku": "A", "title": "t", "cost_minor": "1"}'},
                "invalid_payload",
                "cost_minor: Input should be a valid integer",
            ),
        ],
        ids=str,
    )
    def test_a_bad_event_says_why_and_its_neighbours_arrive(
        self, changes: dict[str, Any], kind: str, reason: str, record: Record
    ) -> None:
        good = ProductUpserted(sku="A", title="t")
        decoded = decode([record(1, good), record(2, good, **changes), record(3, good)], 0)
        (bad,) = decoded.rejected
        assert (bad.seq, bad.kind) == (2, kind)
        assert reason in bad.reason
        assert [row["seq"] for row in rows(decoded, "product_upserted")] == [1, 3]

    def test_a_reason_quotes_no_whole_payload(self, record: Record) -> None:
        event = record(
            1,
            ProductUpserted(sku="A", title="t"),
            data='{"sku": "A", "title": [' + "7," * 9999 + "7]}",
        )
        (bad,) = decode([event], 0).rejected
        assert len(bad.reason) < 250

    def test_a_hole_in_the_log_is_told_with_its_ends(self, record: Record) -> None:
        good = ProductUpserted(sku="A", title="t")
        decoded = decode([record(4, good), record(5, good), record(9, good)], 2)
        assert [(each.seq, each.kind) for each in decoded.rejected] == [
            (3, "missing"),
            (6, "missing"),
        ]
        assert "no event 3:" in decoded.rejected[0].reason
        assert "no events 6 to 8:" in decoded.rejected[1].reason

    def test_a_batch_of_nothing_but_bad_events_gives_no_frames(self, record: Record) -> None:
        event = record(1, ProductUpserted(sku="A", title="t"), type="return.teleported")
        decoded = decode([event], 0)
        assert decoded.frames == {}
        assert len(decoded.rejected) == 1
