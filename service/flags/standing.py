"""What a run concludes about products becomes the service's state, in the transaction that appends it."""

from collections.abc import Sequence

from sqlalchemy import Connection

from service.domain.events import Event, SkuCleared, SkuFlagged
from service.flags import repository
from service.platform.clock import to_us


def take_in(connection: Connection, conclusions: Sequence[Event]) -> None:
    """Keep the flags that these conclusions raise and clear; they must be new to the log, and in its order.

    A product has one flag that stands: the newest.
    """
    for event in conclusions:
        if isinstance(event.data, SkuFlagged | SkuCleared):
            repository.clear(connection, event.data.sku, to_us(event.time))
        if isinstance(event.data, SkuFlagged):
            repository.insert(connection, _flag(event, event.data))


def _flag(event: Event, said: SkuFlagged) -> dict[str, object]:
    return {
        "flag_id": event.id,
        "sku": said.sku,
        "status": "flagged",
        "version": 1,
        "flagged_at_us": to_us(event.time),
        "changed_at_us": to_us(event.time),
        "owner_key": None,
        "said": said.model_dump_json(),
    }
