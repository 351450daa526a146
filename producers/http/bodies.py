"""From an HTTP request to items that claim to be CloudEvents: modes, bounds, bytes.

CloudEvents 1.0 HTTP binding: binary (`ce-*` headers), structured and batch mode.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import unquote_to_bytes

import orjson
from starlette.requests import ClientDisconnect, Request

from events import strictjson
from events.codec import FieldError, Undecodable, from_structured
from infra.problems import ProblemError
from producers.http.limits import (
    BODY_SECONDS,
    MAX_BATCH_BYTES,
    MAX_BATCH_EVENTS,
    MAX_CE_HEADERS,
    MAX_SINGLE_BYTES,
    Hold,
)

Mode = Literal["binary", "structured", "batch"]
STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
LIMIT: Final[dict[Mode, int]] = {
    "binary": MAX_SINGLE_BYTES,
    "structured": MAX_SINGLE_BYTES,
    "batch": MAX_BATCH_BYTES,
}
_QUOTED_PAIR = re.compile(r"\\(.)")
_SPACE: Final = " \t\r\n"


class Item(NamedTuple):
    """The attributes an event claims, and its data as JSON bytes."""

    attributes: dict[str, Any]
    data: bytes


def mode_of(request: Request) -> Mode:
    """How the request carries events, from its headers alone; 415 or 400 where it carries none."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _unsupported("a body with a content-encoding is not taken; send it plain")
    media, *parameters = request.headers.get("content-type", "").lower().split(";")
    charset = [text.strip() for text in parameters if text.strip().startswith("charset=")]
    if any(text.removeprefix("charset=").strip('"') not in ("utf-8", "us-ascii") for text in charset):
        raise _unsupported("the charset must be utf-8")
    media = media.strip()
    if media == STRUCTURED:
        return "structured"
    if media == BATCH:
        return "batch"
    is_json = media == "application/json" or (
        media.endswith("+json") and not media.startswith("application/cloudevents")
    )
    if not is_json:
        raise _unsupported(f"send {STRUCTURED}, {BATCH}, or application/json with ce-* headers")
    if "ce-specversion" not in request.headers:
        raise _no_event(
            "there is no ce-specversion header, so this is no CloudEvent in binary mode; "
            f"for an event in the body the content type is {STRUCTURED}"
        )
    return "binary"


async def read_body(request: Request, limit: int, hold: Hold, *, seconds: float = BODY_SECONDS) -> bytes:
    """The whole body, of at most `limit` bytes, within `seconds`; its bytes are taken from `hold`."""
    if int(request.headers.get("content-length", "0")) > limit:
        raise _too_large(f"the body is larger than {limit} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                if len(body) + len(chunk) > limit:
                    raise _too_large(f"the body is larger than {limit} bytes")
                hold.take(len(chunk))
                body += chunk
    except TimeoutError:
        detail = f"The body did not arrive within {seconds:g} s. Nothing was stored. Send it again."
        raise ProblemError(408, "body_too_slow", detail, headers={"connection": "close"}) from None
    except ClientDisconnect:
        raise _no_event("the client left before the body had arrived") from None
    return bytes(body)


def items_of(mode: Mode, request: Request, body: bytes) -> list[Item | Undecodable]:
    """What the body holds, item by item and in order; ProblemError where it holds no items at all."""
    if mode == "batch":
        return [_split(raw) for raw in _batch(body)]
    if mode == "structured":
        return [_split(_json(body))]
    try:
        return [Item(_ce_headers(request.scope["headers"]), body)]
    except Undecodable as error:
        return [error]


def _split(raw: Any) -> Item | Undecodable:
    if isinstance(raw, Undecodable):
        return raw
    try:
        return Item(*from_structured(raw))
    except Undecodable as error:
        return error


def _json(body: bytes) -> Any:
    try:
        return strictjson.loads(body)
    except strictjson.InvalidJson as error:
        raise _no_event(f"the body is not JSON that is accepted here: {error}") from None


def _batch(body: bytes) -> list[Any]:
    try:
        items = strictjson.loads(body)
    except strictjson.InvalidJson as error:
        items = _one_by_one(body, error)
    if not isinstance(items, list):
        raise _no_event("the body of a batch is a JSON array of events")
    if not items:
        raise _no_event(f"the batch is empty; send 1 to {MAX_BATCH_EVENTS} events")
    if len(items) > MAX_BATCH_EVENTS:
        raise _too_large(f"the batch holds {len(items)} events, the most is {MAX_BATCH_EVENTS}")
    return items


def _one_by_one(body: bytes, error: strictjson.InvalidJson) -> list[Any]:
    """Each item judged by itself, so that one bad item does not keep its neighbours out."""
    try:
        whole = orjson.loads(body)
        pieces = list(_pieces(body.decode())) if isinstance(whole, list) else []
    except (orjson.JSONDecodeError, RecursionError):
        pieces = []
    if not pieces:
        raise _no_event(f"the body is not JSON that is accepted here: {error}") from None
    return [_piece(piece) for piece in pieces]


def _piece(text: str) -> Any:
    try:
        return strictjson.loads(text.encode())
    except strictjson.InvalidJson as error:
        return Undecodable("not_json", [FieldError("", str(error))])


def _pieces(text: str) -> Iterator[str]:
    """The texts of the items of a valid JSON array."""
    read = json.JSONDecoder().raw_decode
    start = _after_space(text, text.index("[") + 1)
    while text[start] != "]":
        _, end = read(text, start)
        yield text[start:end]
        start = _after_space(text, end)
        if text[start] == ",":
            start = _after_space(text, start + 1)


def _after_space(text: str, start: int) -> int:
    while text[start] in _SPACE:
        start += 1
    return start


def _ce_headers(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    found = [(name[3:].decode("ascii", "replace"), value) for name, value in headers if name[:3] == b"ce-"]
    if len(found) > MAX_CE_HEADERS:
        detail = f"{len(found)} ce-* headers, the most is {MAX_CE_HEADERS}"
        raise Undecodable("bad_envelope", [FieldError("", detail)])
    attributes: dict[str, str] = {}
    for name, value in found:
        if name in attributes:
            raise Undecodable("bad_envelope", [FieldError(f"/{name}", "stands twice")])
        attributes[name] = _header_text(name, value)
    return attributes


def _header_text(name: str, value: bytes) -> str:
    """A header's value decoded as the HTTP binding says: a quoted string, then percent-encoding."""
    try:
        text = value.decode("ascii")
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = _QUOTED_PAIR.sub(r"\1", text[1:-1])
        return unquote_to_bytes(text).decode() if "%" in text else text
    except UnicodeDecodeError:
        error = FieldError(f"/{name}", "must be ASCII, and percent-encoded UTF-8 beyond it")
        raise Undecodable("bad_envelope", [error]) from None


def _unsupported(detail: str) -> ProblemError:
    return ProblemError(415, "unsupported_media_type", f"Nothing was stored: {detail}.")


def _no_event(detail: str) -> ProblemError:
    return ProblemError(400, "no_cloudevent", f"Nothing was stored: {detail}.")


def _too_large(detail: str) -> ProblemError:
    return ProblemError(413, "too_large", f"Nothing was stored: {detail}. Send less at once.")
