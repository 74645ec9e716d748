"""The payloads as JSON Schema, one file per event type.

`python -m service.domain.schemas FOLDER` writes the files (`docs/events/`).
"""

import json
import sys
from pathlib import Path

from service.domain.events import PAYLOADS


def schema_files() -> dict[str, str]:
    """The text of every schema file, by its name."""
    return {f"{type_}.json": _schema(type_) for type_ in sorted(PAYLOADS)}


def _schema(type_: str) -> str:
    model = PAYLOADS[type_]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"docs/events/{type_}.json",
        "x-family": model.family,
        "x-schema-version": model.schema_version,
    }
    return json.dumps({**head, **model.model_json_schema()}, indent=2, ensure_ascii=False) + "\n"


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
