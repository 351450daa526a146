"""From an HTTP request to items that claim to be CloudEvents: modes, bounds, bytes.

CloudEvents 1.0 HTTP binding: binary (`ce-*` headers), structured and batch mode.
"""

import asyncio
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
_SPACE: Final = b" \t\r\n"
_STRETCH: Final = 1_048_576
"""Bytes looked through at once; a text that is longer is part of no event."""
_REST: Final = 16_384
"""Bytes after which the search can rest: they may be nothing but brackets."""
_TEXT: Final = rb'"(?:[^"\\]++|\\.)*+"'
_TO_BRACKET: Final = re.compile(rb'(?:[^"\[\]{}]++|' + _TEXT + rb")*+", re.DOTALL)
_TO_BRACKET_OR_COMMA: Final = re.compile(rb'(?:[^"\[\]{},]++|' + _TEXT + rb")*+", re.DOTALL)
_DEEPER: Final = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


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


def items_of(mode: Mode, request: Request, body: bytes) -> Iterator[Item | Undecodable | None]:
    """What the body holds, item by item and in order; ProblemError where it holds no items at all.

    None comes where there is no item yet. However hostile the body, no step takes longer than an
    event of the largest size does: whoever iterates can let others have their turn in between.
    """
    if mode == "batch":
        yield from _batch(body)
    elif mode == "structured":
        yield _split(_json(body))
    else:
        yield _binary(request, body)


def _binary(request: Request, body: bytes) -> Item | Undecodable:
    try:
        return Item(_ce_headers(request.scope["headers"]), body)
    except Undecodable as error:
        return error


def _split(raw: Any) -> Item | Undecodable:
    try:
        return Item(*from_structured(raw))
    except Undecodable as error:
        return error


def _json(body: bytes) -> Any:
    try:
        return strictjson.loads(body)
    except strictjson.InvalidJson as error:
        raise _no_json(str(error)) from None


def _batch(body: bytes) -> Iterator[Item | Undecodable | None]:
    """The items of a batch, each parsed by itself, and none before all are counted.

    So one bad item does not keep its neighbours out, and a body of millions is not parsed at all.
    """
    pieces: list[bytes] = []
    for piece in _pieces(body):
        if piece is None:
            yield None
        elif len(pieces) == MAX_BATCH_EVENTS:
            raise _too_large(f"the batch holds more than {MAX_BATCH_EVENTS} events")
        else:
            pieces.append(piece)
    if pieces == [b""]:
        raise _no_event(f"the batch is empty; send 1 to {MAX_BATCH_EVENTS} events")
    yield from map(_item, pieces)


def _item(piece: bytes) -> Item | Undecodable:
    if len(piece) > MAX_SINGLE_BYTES:
        detail = f"{len(piece)} bytes; the most is {MAX_SINGLE_BYTES}"
        return Undecodable("too_large", [FieldError("", detail)])
    try:
        return _split(strictjson.loads(piece))
    except strictjson.InvalidJson as error:
        _must_be_json(piece)
        return Undecodable("not_json", [FieldError("", str(error))])


def _must_be_json(piece: bytes) -> None:
    """What is no JSON at all spoils the whole body: where its items end is only a guess then."""
    try:
        orjson.loads(piece)
    except orjson.JSONDecodeError as error:
        raise _no_json(str(error)) from None


def _pieces(body: bytes) -> Iterator[bytes | None]:
    """The texts of the items of a JSON array, each to be parsed; None wherever the search can rest."""
    if not body.lstrip(_SPACE).startswith(b"["):
        raise _no_event("the body of a batch is a JSON array of events")
    start = at = rested = body.index(b"[") + 1
    depth = 1
    while depth:
        before, at = at, _bracket_or_comma(body, at, depth)
        mark = body[at : at + 1]
        depth += _DEEPER.get(mark, 0)
        if depth == 0 or (depth == 1 and mark == b","):
            yield body[start:at].strip(_SPACE)
            start = at = at + 1
        elif mark in _DEEPER:
            at += 1
        elif at == before:
            raise _no_json(f"it ends early, or holds a text of more than {_STRETCH} bytes")
        if at - rested > _REST:
            rested = at
            yield None
    if body[start - 1 : start] != b"]" or body[start:].strip(_SPACE):
        raise _no_json("it is no array, or something follows it")


def _bracket_or_comma(body: bytes, at: int, depth: int) -> int:
    """Where the next bracket stands, or the next comma between items; at most _STRETCH away."""
    pattern = _TO_BRACKET_OR_COMMA if depth == 1 else _TO_BRACKET
    found = pattern.match(body, at, at + _STRETCH)
    return found.end() if found else at


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


def _no_json(detail: str) -> ProblemError:
    return _no_event(f"the body is not JSON that is accepted here: {detail}")


def _too_large(detail: str) -> ProblemError:
    return ProblemError(413, "too_large", f"Nothing was stored: {detail}. Send less at once.")
