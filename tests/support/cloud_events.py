"""Events of the log as CloudEvents 1.0: nothing that the format asks for is missing in their envelope."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from service.domain.events import RecordedEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_cloudevent(event: RecordedEvent) -> dict[str, Any]:
    """An event in the JSON format of CloudEvents 1.0; what the log adds are extension attributes."""
    optional = {
        "actorkey": event.actor_key,
        "correlationid": event.correlation_id,
        "causationid": event.causation_id,
        "corrects": event.corrects,
    }
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": _rfc3339(event.time_us),
        "datacontenttype": "application/json",
        "dataschema": f"docs/events/{event.type}.json",
        # 64-bit numbers are no CloudEvents type: an extension may be a 32-bit integer or a text
        "sequence": str(event.seq),
        "recordedat": _rfc3339(event.recorded_at_us),
        "origin": event.origin,
        "actorrole": event.actor_role,
        "schemaversion": event.schema_version,
        **{name: value for name, value in optional.items() if value is not None},
        "data": json.loads(event.data),
    }


def _rfc3339(us: int) -> str:
    moment = _EPOCH + timedelta(microseconds=us)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
