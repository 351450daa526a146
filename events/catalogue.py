"""Every event type on one page for integrators: written from the registry, like the schemas."""

from collections.abc import Iterator, Mapping
from typing import Any

from events.envelope import Derived
from events.registry import EVENT_TYPES, EventType
from events.topics import TOPICS, Topic

HEAD = """# Event types

Generated from the registry by `python -m events.generate`; do not edit.

The `type` of an event is `org.citiesofservice.` and the name below. *Told of* says what `subject` is the id
of: all events of one are in one order. *By a rule* are those that follow from others: townhall tells them,
and nobody else may. *Personal* names the fields that hold a person's words or a place. Each name leads to
the schema of its data; an example of each is in [`examples`](examples).
"""


def text() -> str:
    """The page, in Markdown."""
    return "\n".join([HEAD, *(line for topic in TOPICS for line in _topic(topic))])


def _topic(topic: Topic) -> Iterator[str]:
    own = [entry for entry in EVENT_TYPES if entry.topic is topic]
    yield f"## `{topic.name}`\n"
    yield f"{topic.description}. {topic.partitions} partitions.\n"
    yield "| name | told of | by a rule | what it says | personal |"
    yield "|---|---|---|---|---|"
    yield from map(_row, own)
    yield ""


def _row(entry: EventType) -> str:
    name = f"{entry.name}.v{entry.version}"
    rule = "yes" if issubclass(entry.payload, Derived) else ""
    says = " ".join((entry.payload.__doc__ or "").split("\n\n")[0].split()).replace("|", "\\|")
    personal = ", ".join(f"`{field}`" for field in _personal(entry.payload.model_json_schema()))
    return f"| [`{name}`](schemas/{name}.json) | {entry.aggregate} | {rule} | {says} | {personal} |"


def _personal(schema: Mapping[str, Any]) -> list[str]:
    """The fields of the data that are marked, or hold something that is."""
    return [name for name, field in schema.get("properties", {}).items() if _marked(field, schema)]


def _marked(node: Any, schema: Mapping[str, Any]) -> bool:
    match node:
        case {"x-personal-data": _}:
            return True
        case {"$ref": str(path)}:
            return _marked(schema["$defs"][path.rpartition("/")[2]], schema)
        case dict():
            return any(_marked(item, schema) for item in node.values())
        case list():
            return any(_marked(item, schema) for item in node)
    return False
