import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.events import PAYLOADS
from simulator.bulk.happening import Events, Items, events
from simulator.bulk.stream import ORDER, Stream, StretchTooLong, merged

_STRETCH_US, _STRETCHES, _END_US = 100, 5, 470
told = st.lists(
    st.tuples(
        st.sampled_from(["return.received", "return.closed", "line.inspected"]),
        st.integers(0, 600),
        st.integers(0, 3),
    ),
    max_size=60,
)


def _stream() -> Stream:
    return Stream(7, 1_000_000, _STRETCH_US, _END_US)


def _event(type_: str, at: int, units: int, number: int) -> Events:
    """One event that can be told from others by its subject; of a receipt the lines tell it too."""
    rma = pl.Series([f"R-{number:05}"])
    items = {}
    if type_ == "return.received":
        rows = pl.DataFrame({"line_no": [number] * units, "quantity": list(range(units))})
        rows = rows.cast(pl.Int64)
        items = {"lines": Items(np.array([units]), rows)}
    return events(type_, np.array([at]), rma, "system", None, items, rma=rma)


class TestStream:
    @given(told)
    def test_everything_comes_once_in_order_of_time_and_of_cause(
        self, happened: list[tuple[str, int, int]]
    ) -> None:
        stream = _stream()
        stream.tell(_event(*each, number) for number, each in enumerate(happened))
        frames = merged(stream.release(number) for number in range(_STRETCHES))

        in_time = [
            (at, ORDER.index(type_), number)
            for number, (type_, at, _) in enumerate(happened)
            if at < _END_US
        ]
        expected = [f"R-{number:05}" for _, _, number in sorted(in_time)]
        parts = [
            frame.select("seq", "subject") for name, frame in frames.items() if "lines" not in name
        ]
        found = pl.concat(parts).sort("seq") if parts else pl.DataFrame({"seq": [], "subject": []})
        assert found["subject"].to_list() == expected
        assert found["seq"].to_list() == list(range(1, len(expected) + 1))

    @given(told)
    def test_items_stay_with_their_event_in_their_order(
        self, happened: list[tuple[str, int, int]]
    ) -> None:
        stream = _stream()
        stream.tell(_event(*each, number) for number, each in enumerate(happened))
        frames = merged(stream.release(number) for number in range(_STRETCHES))
        if "return_received" not in frames:
            return

        by_seq = dict(frames["return_received"].select("seq", "subject").iter_rows())
        lines = frames["return_received_lines"]
        assert lines["subject"].to_list() == [by_seq[seq] for seq in lines["seq"]]
        assert lines["subject"].to_list() == [f"R-{number:05}" for number in lines["line_no"]]
        assert lines["seq"].is_sorted()
        for _, own in lines.group_by("seq"):
            assert own["quantity"].to_list() == list(range(own.height))
        units = sum(
            units for type_, at, units in happened if type_ == "return.received" and at < _END_US
        )
        assert lines.height == units

    def test_what_comes_at_the_end_or_later_is_forgotten(self) -> None:
        stream = _stream()
        moments = (_END_US - 1, _END_US, _END_US + 1)
        stream.tell(_event("return.closed", at, 0, at) for at in moments)
        frames = merged(stream.release(number) for number in range(_STRETCHES + 1))

        assert frames["return_closed"]["subject"].to_list() == [f"R-{_END_US - 1:05}"]

    def test_the_envelope_tells_when_it_was_recorded_and_when_it_happened(self) -> None:
        stream = _stream()
        rma = pl.Series(["R-1"])
        stream.tell(
            [events("return.closed", np.array([50]), rma, "system", rma=rma, time=np.array([20]))]
        )
        row = stream.release(0)["return_closed"].row(0, named=True)

        assert row["recorded_at"].microsecond == 50
        assert row["time"].microsecond == 20
        assert (row["source"], row["origin"], row["actor_role"]) == (
            "retour/service",
            "simulated",
            "system",
        )
        assert row["schema_version"] == 1

    def test_more_than_can_be_numbered_is_refused(self) -> None:
        stream = Stream(7, 0, (1 << 62) + 1, (1 << 62) + 1)
        rma = pl.Series(["R-1"])
        stream.tell([events("return.closed", np.array([1 << 62]), rma, "system", rma=rma)])

        with pytest.raises(StretchTooLong):
            stream.release(0)

    def test_the_order_of_causes_names_events_that_exist_once(self) -> None:
        assert set(ORDER) <= set(PAYLOADS)
        assert len(set(ORDER)) == len(ORDER)
