"""HTTP requests without a server, and events as a city app sends them."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from starlette.requests import Request
from starlette.types import Message

from events.codec import Undecodable
from producers.http.bodies import Item, Mode, items_of

SUPPORT = "org.citiesofservice.idea.supported.v1"
IDEA = "org.citiesofservice.idea.submitted.v1"
PARTICIPANT = "p-7f3a9c51e2d84b60"


def event(event_id: str = "e-1", **changes: Any) -> dict[str, Any]:
    """A good structured event; `changes` replace attributes, None removes one."""
    good = {
        "specversion": "1.0",
        "id": event_id,
        "type": SUPPORT,
        "subject": "idea-1",
        "time": "2026-04-01T23:30:00Z",
        "participant": PARTICIPANT,
        "data": {"channel": "online"},
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def idea(**data: Any) -> dict[str, Any]:
    """A good `idea.submitted`; `data` replace fields."""
    fields = {"title": "Bicycle stands", "summary": "At every library", "category": "mobility", **data}
    return event(type=IDEA, participant=None, data=fields)


def ce_headers(structured: dict[str, Any]) -> dict[str, str]:
    """The same event's headers in binary mode."""
    attributes = {name: value for name, value in structured.items() if name != "data"}
    return {"content-type": "application/json", **{f"ce-{name}": text for name, text in attributes.items()}}


def request(headers: dict[str, str], chunks: Iterable[bytes] = (b"",)) -> Request:
    """A POST with this body, chunk by chunk; endless where `chunks` are."""

    async def messages() -> AsyncIterator[Message]:
        for chunk in chunks:
            yield {"type": "http.request", "body": chunk, "more_body": True}
        yield {"type": "http.request", "body": b"", "more_body": False}

    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/v1/events", "query_string": b"", "headers": raw}
    return Request(scope, messages().__anext__)


def items_in(mode: Mode, of: Request, body: bytes) -> list[Item | Undecodable]:
    """Every item of a body, as the gateway takes them in turns."""
    return [item for item in items_of(mode, of, body) if item is not None]
