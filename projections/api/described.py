"""What programs can read, listed for people: API paths, collections and topics as they are declared."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from events.topics import TOPICS, Topic
from projections.core import DocumentView, Tally
from projections.registry import VIEWS

TAGS = ("read", "live")


class Path(NamedTuple):
    """A path of the read API with what it needs in braces. `ready`: it needs nothing and can be opened."""

    path: str
    says: str
    ready: bool


class Collection(NamedTuple):
    """A read model; `key` names the dimensions of a tally and is empty for documents."""

    name: str
    says: str
    key: tuple[str, ...]


def paths(openapi: dict[str, Any]) -> Iterator[Path]:
    """The paths that answer reads, in the order of the OpenAPI document."""
    for path, methods in openapi["paths"].items():
        get = methods.get("get", {})
        tag = next(iter(get.get("tags", [])), None)
        if tag in TAGS:
            address = path + _query(get.get("parameters", []))
            yield Path(address, get["description"], ready=tag == "read" and "{" not in address)


def collections() -> list[Collection]:
    """Every read model in MongoDB."""
    return [Collection(view.name, view.description, _key(view)) for view in VIEWS.values()]


def topics() -> tuple[Topic, ...]:
    """Every topic in Kafka."""
    return TOPICS


def _query(parameters: list[dict[str, Any]]) -> str:
    names = [one["name"] for one in parameters if one["in"] == "query" and one["required"]]
    return "".join(f"{'&' if place else '?'}{name}={{{name}}}" for place, name in enumerate(names))


def _key(view: DocumentView | Tally) -> tuple[str, ...]:
    return () if isinstance(view, DocumentView) else view.dimensions
