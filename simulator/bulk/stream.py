"""From events in any order to the log's order: what lies in the future waits, what is past gets its place and its envelope.

Time goes in stretches of some days. Events are sorted into their stretches when they are told, and brought into order when
the stretch is over; so each row is moved twice, however long it waits.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from service.domain.events import PAYLOADS
from simulator.bulk.happening import Events, Items, nothing
from simulator.bulk.ids import event_ids
from simulator.chance import stream
from simulator.columns import Words, rows_taken, runs
from simulator.world import Integers

SOURCE = "retour/service"
ORIGIN = "simulated"
_SOURCES, _ORIGINS = Words([SOURCE]), Words([ORIGIN])
_ENVELOPE = (
    "seq", "id", "source", "subject", "time", "recorded_at", "origin", "actor_role", "actor_key",
    "correlation_id", "causation_id", "corrects", "schema_version",
)  # fmt: skip
_OF_ITEMS = ("seq", "subject", "time", "recorded_at", "origin")

# What happens at one moment, in the order in which the service says it: cause before effect, within and across transactions.
ORDER = (
    "product.upserted", "order.placed", "customer.identified", "order.delivered",
    "parcel.received", "return.requested", "return.withdrawn", "return.assessed",
    "evidence.requested", "evidence.received", "evidence.lapsed",
    "return.cancelled", "return.expired", "return.appeal_lapsed",
    "shipment.created", "pickup.booked", "pickup.failed", "shipment.scanned",
    "shipment.lost", "shipment.loss_accepted", "shipment.overdue", "return.received",
    "clock.breached", "return.authorized", "return.declined", "line.keep_granted", "review.decided",
    "return.reinstated", "review.opened", "review.assigned",
    "inspection.waived", "line.split", "line.inspected", "choice.made", "goods.sent_back",
    "line.dispositioned", "inventory.adjusted", "refund.requested", "choice.requested",
    "survey.answered", "case.opened", "refund.unknown", "refund.failed", "refund.settled",
    "return.closed", "survey.sent", "survey.reminded", "message.written", "case.assigned", "case.escalated", "case.closed", "message.sent",
)  # fmt: skip
_STEP = {type_: step for step, type_ in enumerate(ORDER)}
_KEY_BITS = 63

Frames = dict[str, pl.DataFrame]


class StretchTooLong(ValueError):
    """A stretch has more events, or more days, than can be numbered."""


@dataclass(slots=True)
class Stream:
    """`start_us` is the play's first midnight since 1970, `stretch_us` the length of a stretch, `end_us` that of the play.

    What would happen after the end is forgotten.
    """

    seed: int
    start_us: int
    stretch_us: int
    end_us: int
    seq: int = 0
    later: dict[int, dict[str, list[Events]]] = field(default_factory=dict)

    def tell(self, happened: Iterable[Events]) -> None:
        """Take events in, whenever they will be."""
        by_type: dict[str, list[Events]] = defaultdict(list)
        for each in happened:
            if len(each):
                by_type[each.type].append(each)
        for type_, parts in by_type.items():
            for stretch, part in self._by_stretch(_together(parts)):
                self.later.setdefault(stretch, {}).setdefault(type_, []).append(part)

    def release(self, stretch: int) -> Frames:
        """All that happened in a stretch, in the log's order, by lake table. Stretches must be asked for in order."""
        parts = self.later.pop(stretch, {})
        told = [_together(parts[type_]) for type_ in sorted(parts, key=_STEP.__getitem__)]
        begin_us = stretch * self.stretch_us
        rng = stream(self.seed, "ids", stretch)
        frames: Frames = {}
        for each, order, place in _numbered(told, begin_us):
            frames |= self._recorded(_reordered(each, order), self.seq + 1 + place, rng)
        self.seq += sum(map(len, told))
        return frames

    def _by_stretch(self, events: Events) -> Iterator[tuple[int, Events]]:
        """Rows of their own for each stretch: a view of all would keep all until the last is over."""
        place = np.flatnonzero(_at(events) < self.end_us)
        stretch = (_at(events)[place] // self.stretch_us).astype(np.int16)
        order = np.argsort(stretch, kind="stable")
        numbers, begins = np.unique(stretch[order], return_index=True)
        for number, part in zip(numbers.tolist(), np.split(place[order], begins[1:]), strict=False):
            yield number, _reordered(events, part)

    def _recorded(self, events: Events, seq: Integers, rng: np.random.Generator) -> Frames:
        name = events.type.replace(".", "_")
        own = self._with_envelope(events, seq, rng)
        lists = {f"{name}_{field}": _items(own, each) for field, each in events.items.items()}
        return {name: own, **lists}

    def _with_envelope(
        self, events: Events, seq: Integers, rng: np.random.Generator
    ) -> pl.DataFrame:
        model, number = PAYLOADS[events.type], len(events)
        recorded_us = _at(events) + self.start_us
        columns = dict(zip(events.rows.columns, events.rows.get_columns(), strict=True))
        recorded = pl.Series(recorded_us).cast(pl.Datetime("us"))
        if "time" in columns:
            happened = (columns["time"] + self.start_us).cast(pl.Datetime("us"))
        else:
            happened = recorded
        columns |= {
            "seq": pl.Series(seq),
            "id": event_ids(recorded_us, rng),
            "source": _SOURCES.always(SOURCE, number),
            "time": happened,
            "recorded_at": recorded,
            "origin": _ORIGINS.always(ORIGIN, number),
            "schema_version": pl.Series([model.schema_version], dtype=pl.Int32).new_from_index(
                0, number
            ),
        }
        payload = [name for name in model.model_fields if name not in events.items]
        null = nothing(number)
        return pl.DataFrame({name: columns.get(name, null) for name in (*_ENVELOPE, *payload)})


def _at(events: Events) -> Integers:
    return events.rows["at"].to_numpy()


def _numbered(told: Sequence[Events], begin_us: int) -> Iterator[tuple[Events, Integers, Integers]]:
    """Each type's events with the order to bring them into, and the place of each among all.

    Types come in the order of `ORDER`: so of events at one moment those come first whose type stands first there.
    """
    if not told:
        return
    at_us = np.concatenate([_at(each) for each in told]) - begin_us
    place_bits = len(at_us).bit_length()
    if int(at_us.max()).bit_length() + place_bits > _KEY_BITS:
        raise StretchTooLong(f"{len(at_us)} events within {int(at_us.max())} microseconds")
    keys = np.sort((at_us << place_bits) | np.arange(len(at_us)))  # faster than sorting places
    in_time = keys & ((1 << place_bits) - 1)
    lengths = [len(each) for each in told]
    type_of = np.repeat(np.arange(len(told), dtype=np.uint8), lengths)
    places = np.argsort(type_of[in_time], kind="stable")
    begin = 0
    for each in told:
        mine = places[begin : begin + len(each)]
        yield each, in_time[mine] - begin, mine
        begin += len(each)


def _items(own: pl.DataFrame, items: Items) -> pl.DataFrame:
    owner = np.repeat(np.arange(own.height), items.counts)
    envelope = {name: own[name] for name in _OF_ITEMS}
    return rows_taken(pl.DataFrame(envelope), owner).hstack(items.rows)


def _together(parts: Sequence[Events]) -> Events:
    """Several pieces of one type as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return Events(
        first.type,
        _stacked([each.rows for each in parts]),
        {name: _items_together([each.items[name] for each in parts]) for name in first.items},
    )


def _items_together(parts: Sequence[Items]) -> Items:
    counts = np.concatenate([each.counts for each in parts])
    return Items(counts, _stacked([each.rows for each in parts]))


def _stacked(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames, how="vertical", rechunk=True)


def _reordered(events: Events, order: Integers) -> Events:
    """Some of the events in another order; their items follow them."""
    rows = rows_taken(events.rows, order)
    return Events(
        events.type, rows, {name: _following(each, order) for name, each in events.items.items()}
    )


def _following(items: Items, order: Integers) -> Items:
    starts, counts = np.cumsum(items.counts) - items.counts, items.counts[order]
    return Items(counts, rows_taken(items.rows, runs(starts[order], counts)))


def merged(frames: Iterable[Mapping[str, pl.DataFrame]]) -> Frames:
    """Several stretches' frames as one of each table."""
    found: dict[str, list[pl.DataFrame]] = defaultdict(list)
    for each in frames:
        for name, frame in each.items():
            found[name].append(frame)
    return {name: _stacked(parts) for name, parts in found.items()}
