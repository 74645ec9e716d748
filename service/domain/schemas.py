"""The payloads as JSON Schema, one file per event type, and events as CloudEvents 1.0.

`python -m service.domain.schemas FOLDER` writes the files (`docs/events/`).
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from service.domain.events import PAYLOADS, RecordedEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def schema_files() -> dict[str, str]:
    """The text of every schema file, by its name."""
    return {f"{type_}.json": _schema(type_) for type_ in sorted(PAYLOADS)}


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


def _schema(type_: str) -> str:
    model = PAYLOADS[type_]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"docs/events/{type_}.json",
        "x-family": model.family,
        "x-schema-version": model.schema_version,
    }
    return json.dumps({**head, **model.model_json_schema()}, indent=2, ensure_ascii=False) + "\n"


def _rfc3339(us: int) -> str:
    moment = _EPOCH + timedelta(microseconds=us)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def main(folder: Path) -> None:
    """Write every schema file; files of types that are gone are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = schema_files()
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
