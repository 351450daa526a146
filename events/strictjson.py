"""JSON as the contract accepts it: one verdict for the edge and for every reader.

Refused: bytes that are no UTF-8 JSON, NaN and Infinity, lone surrogates, a key named twice in
one object, U+0000, and nesting deeper than `MAX_DEPTH` (MongoDB refuses at 180, Python's own
parser crashes at 1100).
"""

import json
from typing import Any, Final

import orjson

MAX_DEPTH: Final = 32


class InvalidJson(ValueError):
    """The bytes are not JSON that the contract accepts; the message says why."""


def loads(raw: bytes) -> Any:
    """Parse `raw`, or raise InvalidJson."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InvalidJson(str(error)) from None
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _too_deep(value):
        raise InvalidJson(f"nested deeper than {MAX_DEPTH} levels")
    # What comes out as it went in has lost no repeated key: true of compact JSON, as our own is.
    if orjson.dumps(value) != raw and _has_repeated_key(raw):
        raise InvalidJson("a key stands twice in one object")
    if b"\\u0000" in raw and _has_nul(value):
        raise InvalidJson("a text holds U+0000")
    return value


def _too_deep(value: Any) -> bool:
    boxes = [value]
    for _ in range(MAX_DEPTH):
        inside = (box.values() if isinstance(box, dict) else box for box in boxes)
        boxes = [item for items in inside for item in items if isinstance(item, (dict, list))]
        if not boxes:
            return False
    return True


def _has_repeated_key(raw: bytes) -> bool:
    """The exact answer, at the price of parsing again in Python."""
    repeated = False

    def pairs(items: list[tuple[str, Any]]) -> None:
        nonlocal repeated
        repeated = repeated or len({key for key, _ in items}) != len(items)

    try:
        json.loads(raw, object_pairs_hook=pairs)
    except RecursionError:
        # What was kept is shallow, so what is deep was dropped as the value of a repeated key.
        return True
    return repeated


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any("\x00" in key or _has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(_has_nul(item) for item in value)
