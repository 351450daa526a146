"""Cursors of listings: opaque to clients, and on the way back plain values or nothing."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

Scalar = str | int | float | bool | datetime | None
Order = Sequence[tuple[str, int]]
"""Fields with 1 or -1; `_id` is added as the last, so that the order is total."""

INT64 = range(-(2**63), 2**63)


class BadCursor(ValueError):
    """The text is no cursor of this listing."""


def to_cursor(item: Mapping[str, Any], order: Order) -> str:
    """The place behind `item` in a listing of this order."""
    packed = orjson.dumps([[_name(order), *(_pack(item[field]) for field, _ in order)]])
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def from_cursor(cursor: str, order: Order) -> list[Scalar]:
    """The values of the item that the cursor was made from, one per field of `order`; or BadCursor."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        ((name, *values),) = orjson.loads(packed)
        if name != _name(order) or len(values) != len(order):
            raise BadCursor("a cursor of another listing")
        return [_unpack(value) for value in values]
    except (ValueError, TypeError, KeyError, OverflowError, OSError) as error:
        raise BadCursor("not a cursor of this listing; use the one that the page before returned") from error


def _name(order: Order) -> str:
    return ",".join(f"{'-' if direction < 0 else ''}{field}" for field, direction in order)


def _pack(value: Scalar) -> Any:
    return {"at": round(value.timestamp() * 1000)} if isinstance(value, datetime) else value


def _unpack(value: Any) -> Scalar:
    if isinstance(value, dict):
        return datetime.fromtimestamp(int(value["at"]) / 1000, UTC)
    if value is None or isinstance(value, str | float) or (isinstance(value, int) and value in INT64):
        return value
    raise TypeError(type(value))
