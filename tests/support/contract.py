"""The committed schemas and golden examples, read from their files."""

import json
from pathlib import Path
from typing import Any, Final

from events.codec import Headers
from events.generate import HOME, file_name
from events.registry import EVENT_TYPES

JsonObject = dict[str, Any]

STRUCTURED: Final[Headers] = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


def read(path: Path) -> Any:
    """The JSON in one file."""
    return json.loads(path.read_text("utf-8"))


SCHEMAS: Final[dict[str, JsonObject]] = {
    entry.type: read(HOME / "schemas" / file_name(entry)) for entry in EVENT_TYPES
}
"""Committed JSON Schema by `type`."""

EXAMPLES: Final[dict[str, list[JsonObject]]] = {
    entry.type: read(HOME / "examples" / file_name(entry)) for entry in EVENT_TYPES
}
"""Golden events in structured form by `type`."""

ALL_EXAMPLES: Final[dict[str, JsonObject]] = {
    f"{type_.removeprefix('org.citiesofservice.')}-{number}": event
    for type_, events in EXAMPLES.items()
    for number, event in enumerate(events)
}
"""Each golden event under a short name."""


def as_bytes(event: JsonObject) -> bytes:
    """The event as the value of a structured record."""
    return json.dumps(event, ensure_ascii=False).encode()


def key_of(event: JsonObject) -> bytes:
    """The record key that the event must have."""
    return f"{event['city']}/{event['subject']}".encode()
