"""CloudEvents on the wire: Kafka binary mode out, binary and structured in, HTTP for the edge.

One path decodes for everybody. `edge=True` refuses what the contract does not know; readers
ignore unknown fields and attributes.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple

import orjson
from pydantic import ValidationError

from events import strictjson
from events.envelope import PREFIX, Event, Payload
from events.registry import BY_PAYLOAD, BY_TYPE, NEWEST, EventType
from events.topics import MAX_RECORD_BYTES

MAX_EVENT_BYTES: Final = 262_144
"""Largest data of one event, in bytes."""

Reason = Literal[
    "too_large",
    "not_json",
    "bad_envelope",
    "unknown_type",
    "newer_version",
    "bad_data",
    "wrong_key",
    "wrong_topic",
    "wrong_partition",
    "conflict",
    "decode_failed",
    "fold_failed",
    "parked",
]
"""Why a record is set aside. `parked`: nothing is wrong with it, but an event of its key before it waits."""

OURS: Final = frozenset[Reason]({"decode_failed", "fold_failed"})
"""What our own code failed on."""
MENDABLE: Final = OURS | {"unknown_type", "newer_version"}
"""What other code may be able to count: later events of the same key wait behind it."""
WAITING: Final = MENDABLE | {"parked"}
"""What keeps a key waiting while it is in quarantine."""

_OPTIONAL: Final = ("correlationid", "causationid", "lang", "participant", "traceparent", "tracestate")
_KNOWN: Final = frozenset(
    {"id", "source", "type", "subject", "time", "city", "recordedtime", "origin", *_OPTIONAL}
)
_SHOWN: Final = 200
"""How much of a bad value an error repeats."""
_MOST_ERRORS: Final = 20
_IMPLIED: Final = frozenset({"specversion", "datacontenttype", "dataschema", "partitionkey"})

Headers = Sequence[tuple[str, bytes]]


class FieldError(NamedTuple):
    """One thing that is wrong; `pointer` is a JSON Pointer into the structured event."""

    pointer: str
    detail: str


class Undecodable(Exception):
    """Bytes that are no event of this contract. Never raised for a passing trouble."""

    def __init__(self, reason: Reason, errors: Iterable[FieldError]) -> None:
        self.reason: Reason = reason
        self.errors = tuple(errors)
        super().__init__(f"{reason}: {'; '.join(f'{e.pointer} {e.detail}'.strip() for e in self.errors)}")


class Record(NamedTuple):
    """What Kafka stores of one event."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Decoded(NamedTuple):
    """An event with its identity (16 bytes) and the fingerprint (8 bytes) of its content.

    Equal identity and fingerprint: the same event again. Equal identity and another
    fingerprint: a conflict.
    """

    event: Event
    identity: bytes
    fingerprint: bytes


def encode(event: Event) -> Record:
    """The event as a Kafka record in CloudEvents binary mode.

    Raises Undecodable for what no reader would take: another type than the data's, U+0000 in a
    text, too many bytes. (An event that was built here has not passed the edge.)
    """
    entry = BY_PAYLOAD[type(event.data)]
    if event.type != entry.type:
        raise Undecodable("bad_envelope", [FieldError("/type", f"these data are of type {entry.type}")])
    data = _data_json(event.data)
    if b"\\u0000" in data:
        _loads(data, "/data")
    _check_size(data)
    headers = [("content-type", b"application/json"), ("ce_specversion", b"1.0")]
    headers += [(f"ce_{name}", value.encode()) for name, value in _attributes(event, entry)]
    return Record(entry.topic.name, event.key.encode(), data, headers)


def to_structured(event: Event) -> bytes:
    """The event as one JSON object (`application/cloudevents+json`)."""
    attributes = dict(_attributes(event, BY_PAYLOAD[type(event.data)]))
    document = {"specversion": "1.0", **attributes, "datacontenttype": "application/json"}
    return orjson.dumps({**document, "data": orjson.Fragment(_data_json(event.data))})


def as_structured(value: bytes, headers: Headers) -> bytes:
    """What a record that is an event says, as `application/cloudevents+json`.

    Nothing is read into it or left out: attributes and fields that only newer code knows stand there too.
    """
    if _content_type(headers).startswith("application/cloudevents"):
        return value
    document = {"datacontenttype": "application/json", **_kafka_attributes(headers)}
    return orjson.dumps({**document, "data": orjson.Fragment(value)})


def decode(key: bytes | None, value: bytes | None, headers: Headers) -> Decoded:
    """Read a Kafka record in binary or structured mode, or raise Undecodable."""
    if value is None:
        raise Undecodable("bad_envelope", [FieldError("", "a record without a value is no event")])
    _check_record_size(key, value, headers)
    structured = _content_type(headers).startswith("application/cloudevents")
    attributes, data = from_structured(value) if structured else (_kafka_attributes(headers), value)
    try:
        decoded = build(attributes, data)
    except Undecodable as error:
        # What may be an event in other code keeps its key waiting: it must be its own key.
        if error.reason in MENDABLE:
            _check_key(key, f"{attributes.get('city')}/{attributes.get('subject')}")
        raise
    _check_key(key, decoded.event.key)
    return decoded


def from_structured(raw: bytes | Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Split a structured event into its attributes and its data as JSON bytes."""
    document = _loads(raw, "") if isinstance(raw, bytes) else raw
    if not isinstance(document, Mapping):
        raise Undecodable("bad_envelope", [FieldError("", "a structured event is a JSON object")])
    if "data" not in document:
        raise Undecodable("bad_data", [FieldError("/data", "missing")])
    attributes = {name: value for name, value in document.items() if name != "data"}
    return attributes, orjson.dumps(document["data"])


def build(attributes: Mapping[str, Any], data: bytes, *, edge: bool = False) -> Decoded:
    """The event that these attributes and this data (JSON bytes) are, or raise Undecodable."""
    _check_size(data)
    _check_implied(attributes, edge=edge)
    entry = _entry(attributes.get("type"))
    _loads(data, "/data")
    try:
        payload = entry.payload.model_validate_json(data, extra="forbid" if edge else "ignore")
    except ValidationError as error:
        raise Undecodable("bad_data", _field_errors(error, "/data")) from None
    if edge:
        _check_size(_data_json(payload))  # what will stand in the log: it can be longer than what came
    try:
        event = Event.model_validate({**attributes, "data": payload}, extra="ignore")
    except ValidationError as error:
        raise Undecodable("bad_envelope", _field_errors(error, "")) from None
    if "partitionkey" in attributes and attributes["partitionkey"] != event.key:
        detail = f"must be city/subject, {event.key!r}, or be left out"
        raise Undecodable("bad_envelope", [FieldError("/partitionkey", detail)])
    return Decoded(event, identity(event.city, event.source, event.id), fingerprint(event, data))


def identity(city: str, source: str, event_id: str) -> bytes:
    """16 bytes that stand for one event. The city is part of it: no city can use up another's ids."""
    return blake2b(f"{city}\0{source}\0{event_id}".encode(), digest_size=16).digest()


def fingerprint(event: Event, data: bytes) -> bytes:
    """8 bytes over what the event says: not over when it was recorded or how it was traced."""
    said = f"{event.type}\0{event.subject}\0{event.at.isoformat()}\0{event.participant or ''}\0"
    return blake2b(said.encode() + data, digest_size=8).digest()


def _check_key(key: bytes | None, expected: str) -> None:
    if key != expected.encode("utf-8", "surrogatepass"):
        shown = key[:_SHOWN] if key else key
        detail = f"the record's key must be {expected[:_SHOWN]!r}, it is {shown!r}"
        raise Undecodable("wrong_key", [FieldError("", detail)])


def _check_record_size(key: bytes | None, value: bytes, headers: Headers) -> None:
    """Compressed, a record can be far larger than any that the topic takes as it is."""
    size = record_bytes(key, value, headers)
    if size > MAX_RECORD_BYTES:
        detail = f"{size} bytes with its headers; the most is {MAX_RECORD_BYTES}"
        raise Undecodable("too_large", [FieldError("", detail)])


def record_bytes(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """How much memory the parts of a record take, about."""
    names = sum(len(name) + len(text or b"") + 16 for name, text in headers)
    return len(key or b"") + len(value or b"") + names


def _data_json(data: Payload) -> bytes:
    return data.__pydantic_serializer__.to_json(data, exclude_none=True)


def _attributes(event: Event, entry: EventType) -> Iterable[tuple[str, str]]:
    yield "id", event.id
    yield "source", event.source
    yield "type", entry.type
    yield "subject", event.subject
    yield "time", event.time.isoformat()
    yield "dataschema", entry.dataschema
    yield "city", event.city
    yield "partitionkey", event.key
    yield "origin", event.origin
    if event.recordedtime is not None:
        yield "recordedtime", event.recordedtime.isoformat()
    for name in _OPTIONAL:
        value = getattr(event, name)
        if value is not None:
            yield name, value


def _content_type(headers: Headers) -> str:
    for name, value in headers:
        if name.lower() == "content-type" and value is not None:
            return value.decode("utf-8", "replace").strip().lower()
    return ""


def _kafka_attributes(headers: Headers) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for header, value in headers:
        if not header.startswith("ce_"):
            continue
        name = header[3:]
        try:
            text = value.decode()
        except (UnicodeDecodeError, AttributeError):
            error = FieldError(_pointer("", (name,)), "not UTF-8 text")
            raise Undecodable("bad_envelope", [error]) from None
        if name in attributes:
            raise Undecodable("bad_envelope", [FieldError(_pointer("", (name,)), "stands twice")])
        attributes[name] = text
    return attributes


def _check_size(data: bytes) -> None:
    if len(data) > MAX_EVENT_BYTES:
        detail = f"{len(data)} bytes; the most is {MAX_EVENT_BYTES}"
        raise Undecodable("too_large", [FieldError("/data", detail)])


def _check_implied(attributes: Mapping[str, Any], *, edge: bool) -> None:
    errors = []
    if attributes.get("specversion") != "1.0":
        errors.append(FieldError("/specversion", 'must be "1.0"'))
    if not _is_json(attributes.get("datacontenttype", "application/json")):
        errors.append(FieldError("/datacontenttype", "must be application/json"))
    if edge:
        unknown = sorted(set(attributes) - _KNOWN - _IMPLIED)[:_MOST_ERRORS]
        errors += [FieldError(_pointer("", (name,)), "no attribute of this contract") for name in unknown]
    if errors:
        raise Undecodable("bad_envelope", errors)


def _is_json(content_type: Any) -> bool:
    if not isinstance(content_type, str):
        return False
    media = content_type.split(";", 1)[0].strip().lower()
    return media == "application/json" or media.endswith("+json")


def _entry(type_: Any) -> EventType:
    if not isinstance(type_, str):
        raise Undecodable("bad_envelope", [FieldError("/type", "missing")])
    entry = BY_TYPE.get(type_)
    if entry is not None:
        return entry
    name, dot, version = type_.removeprefix(PREFIX).rpartition(".v")
    if (
        type_.startswith(PREFIX)
        and dot
        and version.isdecimal()
        and int(version[:9]) > NEWEST.get(name, 10**9)
    ):
        newest = f"this reader knows {name} up to version {NEWEST[name]}"
        raise Undecodable("newer_version", [FieldError("/type", newest)])
    raise Undecodable("unknown_type", [FieldError("/type", f"no event type {type_[:_SHOWN]!r}")])


def _loads(raw: bytes, pointer: str) -> Any:
    try:
        return strictjson.loads(raw)
    except strictjson.InvalidJson as error:
        raise Undecodable("not_json", [FieldError(pointer, str(error))]) from None


def _field_errors(error: ValidationError, prefix: str) -> list[FieldError]:
    """The first errors, without the rejected values: they may be personal."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [FieldError(_pointer(prefix, item["loc"]), item["msg"]) for item in details[:_MOST_ERRORS]]


def _pointer(prefix: str, location: tuple[int | str, ...]) -> str:
    steps = [str(step)[:_SHOWN].replace("~", "~0").replace("/", "~1") for step in location]
    return prefix + "".join(f"/{step}" for step in steps)
