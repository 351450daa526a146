"""Open311 GeoReport v2 answers, JSON or XML, as plain rows: text in, text out.

Ids stay the text they are: numbers are never parsed, so `0012` keeps its zeros. JSON is read
as published, then once more leniently, because the standard's own examples are no JSON.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from producers.imports.outcomes import ImportRefused

MAX_BYTES: Final = 128 * 1024 * 1024
"""Largest file, in bytes: it is held in memory as a whole."""

_ID: Final = "service_request_id"
_WRAPPERS: Final = ("service_requests", "requests", "request")
_LENIENT: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<zeros>-?0\d+)(?![\d.eE])|(?P<comma>,)(?=\s*[\]}])')


def rows(raw: bytes) -> list[Any]:
    """The requests of a file in its order, each usually a mapping. Raises ImportRefused."""
    if len(raw) > MAX_BYTES:
        raise ImportRefused(
            f"{len(raw)} bytes; the most is {MAX_BYTES}. Nothing was published: split the file."
        )
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return list(_from_xml(raw))
    found = _unwrapped(_json(raw))
    if found is None:
        raise ImportRefused(
            "no Open311 answer: no list of service requests. Nothing of the file was published."
        )
    return found


def _json(raw: bytes) -> Any:
    try:
        text = raw.decode("utf-8-sig")
        try:
            return _parsed(text)
        except json.JSONDecodeError:
            return _parsed(_LENIENT.sub(_mended, text))
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"no readable JSON: {error}. Nothing of the file was published.") from None


def _parsed(text: str) -> Any:
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=lambda _: None)


def _mended(found: re.Match[str]) -> str:
    if found["zeros"]:
        return f'"{found["zeros"]}"'
    return "" if found["comma"] else found.group()


def _unwrapped(value: Any) -> list[Any] | None:
    """The list of requests, however it is wrapped; None where there is none."""
    if isinstance(value, list):
        return [row for item in value for row in _unwrapped_item(item)]
    if isinstance(value, dict) and _ID in value:
        return [value]
    if isinstance(value, dict):
        inner = next((value[name] for name in _WRAPPERS if name in value), None)
        return None if inner is None else _unwrapped(inner)
    return None


def _unwrapped_item(item: Any) -> list[Any]:
    if isinstance(item, dict) and _ID not in item and any(name in item for name in _WRAPPERS):
        return _unwrapped(item) or [item]
    return [item]


def _from_xml(raw: bytes) -> Iterator[dict[str, Any]]:
    try:
        root = fromstring(raw, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        detail = str(error) or type(error).__name__
        raise ImportRefused(f"no readable XML: {detail}. Nothing of the file was published.") from None
    if _name(root) == "request":
        yield _row(root)
        return
    if _name(root) not in _WRAPPERS:
        raise ImportRefused(f"no Open311 answer: it is <{_name(root)}>. Nothing of the file was published.")
    yield from (_row(item) for item in root if isinstance(item.tag, str))


def _row(request: Element) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for item in request:
        if isinstance(item.tag, str) and (item.text or "").strip():
            name = _name(item)
            row[name] = f"{row[name]} {item.text}" if name == "media_url" and name in row else item.text
    return row


def _name(element: Element) -> str:
    """The tag without its namespace."""
    return element.tag.rpartition("}")[2]
