"""Records that are no events, each with the verdict of the contract, and odd records that are."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from events.codec import MAX_EVENT_BYTES, encode
from events.partitioning import partition_of
from events.topics import IDEAS
from tests.support import build

CASTS = "org.citiesofservice.priority_ballot.cast"
Header = tuple[str, bytes | None]


@dataclass(frozen=True)
class Planted:
    """What is sent; `reason` is None where it is an event in spite of its looks."""

    name: str
    reason: str | None
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    partition: int


def good(name: str) -> Planted:
    """A ballot of a voter of its own, as a producer of ours sends it."""
    record = encode(build.ballot("a", "b", by=f"voter-of-{name}-00000000"))
    partition = partition_of(record.key, IDEAS.partitions)
    return Planted(name, None, record.key, record.value, tuple(record.headers), partition)


def with_value(name: str, reason: str | None, value: bytes | None) -> Planted:
    return replace(good(name), reason=reason, value=value)


def with_headers(name: str, reason: str | None, *more: Header, **changed: bytes | None) -> Planted:
    """Some attributes changed, some added; None leaves one out only where it is named `absent`."""
    base = good(name)
    kept = [(header, changed.pop(header.removeprefix("ce_"), value)) for header, value in base.headers]
    left = tuple((header, value) for header, value in kept if value != b"(absent)")
    return replace(base, reason=reason, headers=(*left, *more))


def with_data(name: str, reason: str | None, text: str) -> Planted:
    """The data of a good ballot with `"x": <text>` inside: a field no reader knows."""
    base = good(name)
    assert base.value is not None
    return replace(base, reason=reason, value=base.value[:-1] + b',"x":' + text.encode() + b"}")


def with_choices(name: str, reason: str | None, choices: Any, **fields: Any) -> Planted:
    base = good(name)
    data = {**json.loads(base.value or b""), "choices": choices, **fields}
    return replace(base, reason=reason, value=json.dumps(data).encode())


def structured(name: str, reason: str | None, value: bytes) -> Planted:
    headers = (("content-type", b"application/cloudevents+json"),)
    return replace(good(name), reason=reason, value=value, headers=headers)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def _bytes() -> Iterator[Planted]:
    yield with_value("no-value", "bad_envelope", None)
    yield with_value("empty", "not_json", b"")
    yield with_value("cut-off", "not_json", b'{"ballot_round_id": "20')
    yield with_value("no-text", "not_json", b"\x00\xff\xfe binary")
    yield with_value("latin-1", "not_json", '{"ballot_round_id": "é"}'.encode("latin-1"))
    yield with_value("bom", "not_json", b"\xef\xbb\xbf" + (good("bom").value or b""))
    yield with_value("list", "bad_data", b"[]")
    yield with_value("large", "too_large", b'"%s"' % (b"x" * MAX_EVENT_BYTES))
    yield replace(good("no-key"), key=None, reason="wrong_key")
    yield replace(good("other-key"), key=b"riverton/other", reason="wrong_key", partition=3)
    elsewhere = good("elsewhere")
    yield replace(elsewhere, reason="wrong_partition", partition=(elsewhere.partition + 1) % IDEAS.partitions)
    yield structured("structured-cut-off", "not_json", b'{"specversion": "1.0"')
    yield structured("structured-list", "bad_envelope", b"[1]")
    yield structured("structured-without-data", "bad_data", b'{"specversion": "1.0"}')


def _bombs() -> Iterator[Planted]:
    yield with_data("deep", "not_json", nested(40))
    yield with_data("bottomless", "not_json", nested(100_000))
    yield with_data("key-twice", "not_json", '{"a":1,"a":2}')
    yield with_data("nan", "not_json", "NaN")
    yield with_data("infinity", "not_json", "-Infinity")
    yield with_data("surrogate", "not_json", r'"\ud800"')
    yield with_data("nul", "not_json", r'"\u0000"')
    yield with_choices("huge-number", "bad_data", [{"project_id": "a", "points": 10**30}])
    yield with_choices("past-64-bits", "bad_data", [{"project_id": "a", "points": 2**63}])
    yield with_choices("too-many", "bad_data", [{"project_id": str(n)} for n in range(2_001)])
    yield with_choices("named-twice", "bad_data", [{"project_id": "a"}, {"project_id": "a"}])
    yield with_choices("unknown-kind", "bad_data", [], vote_type="acclamation")
    yield with_choices("number-as-text", "bad_data", [{"project_id": "a", "points": "1"}])


def _envelopes() -> Iterator[Planted]:
    yield with_headers("no-utf-8", "bad_envelope", subject=b"\xff\xfe")
    yield with_headers("no-type", "bad_envelope", type=b"(absent)")
    yield with_headers("no-time", "bad_envelope", time=b"(absent)")
    yield with_headers("no-offset", "bad_envelope", time=b"2026-04-01T09:30:00")
    yield with_headers("old-cloudevents", "bad_envelope", specversion=b"0.3")
    yield with_headers("no-voter", "bad_envelope", participant=b"(absent)")
    yield with_headers("two-ids", "bad_envelope", ("ce_id", b"another"))
    yield with_headers("null-header", "bad_envelope", ("ce_lang", None))
    yield with_headers("unknown-type", "unknown_type", type=b"org.citiesofservice.idea.teleported.v1")
    yield with_headers("foreign-type", "unknown_type", type=b"com.example.thing")
    yield with_headers("newer", "newer_version", type=f"{CASTS}.v2".encode())
    yield with_headers("far-newer", "newer_version", type=f"{CASTS}.v{'9' * 60}".encode())
    yield with_headers("id-of-900-kB", "bad_envelope", id=b"i" * 900_000)
    yield with_headers("one-header-often", "bad_envelope", *[("ce_x", b"")] * 10_000)


BAD = (*_bytes(), *_bombs(), *_envelopes())
"""Each must stand in quarantine for its reason."""

ODD = (
    with_data("not-too-deep", None, nested(20)),
    with_data("huge-unknown", None, "1" + "0" * 30),
    with_headers("header-of-900-kB", None, ("x-noise", b"n" * 900_000)),
    with_headers("10000-headers", None, *((f"x-{n}", b"") for n in range(10_000))),
    with_headers("no-utf-8-elsewhere", None, ("x-name", b"\xff\xfe")),
    with_headers("unknown-attribute", None, ("ce_shoe", b"42")),
)
"""Each is an event: readers ignore what they do not know."""
