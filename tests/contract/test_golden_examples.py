"""Every golden event is read by everybody, for ever, and survives writing unchanged."""

import pytest
from jsonschema import Draft202012Validator

from events.codec import Decoded, Undecodable, build, decode, encode, from_structured, to_structured
from events.generate import schema
from events.registry import BY_TYPE, EVENT_TYPES, EventType
from tests.support.contract import ALL_EXAMPLES, EXAMPLES, SCHEMAS, STRUCTURED, JsonObject, as_bytes, key_of

EACH = pytest.mark.parametrize("event", ALL_EXAMPLES.values(), ids=ALL_EXAMPLES)
ENTRIES = pytest.mark.parametrize("entry", EVENT_TYPES, ids=lambda entry: entry.name)


def read(event: JsonObject) -> Decoded:
    return decode(key_of(event), as_bytes(event), STRUCTURED)


@ENTRIES
def test_a_type_has_examples_of_its_own_type_only(entry: EventType) -> None:
    assert EXAMPLES[entry.type]
    assert {event["type"] for event in EXAMPLES[entry.type]} == {entry.type}
    assert {event["dataschema"] for event in EXAMPLES[entry.type]} == {entry.dataschema}


@ENTRIES
def test_the_examples_of_a_type_show_every_field_of_its_data(entry: EventType) -> None:
    shown = {name for event in EXAMPLES[entry.type] for name in event["data"]}
    assert shown == set(schema(entry).get("properties", {}))


@ENTRIES
def test_an_event_that_says_no_more_than_it_must_is_among_the_examples(entry: EventType) -> None:
    """What it says beside the required fields, one of several that are possible, cannot be left out."""
    required = set(schema(entry).get("required", []))
    assert any(
        not any(can_do_without(event, name) for name in set(event["data"]) - required)
        for event in EXAMPLES[entry.type]
    )


def can_do_without(event: JsonObject, field: str) -> bool:
    shorter = {name: value for name, value in event["data"].items() if name != field}
    try:
        read({**event, "data": shorter})
    except Undecodable:
        return False
    return True


def test_no_two_examples_share_an_identity() -> None:
    identities = [(event["city"], event["source"], event["id"]) for event in ALL_EXAMPLES.values()]
    assert len(set(identities)) == len(identities)


def test_the_examples_speak_of_many_cities_and_of_more_than_ascii() -> None:
    assert len({event["city"] for event in ALL_EXAMPLES.values()}) >= 5
    assert sum(not as_bytes(event).isascii() for event in ALL_EXAMPLES.values()) >= 5


@EACH
def test_the_edge_accepts_it(event: JsonObject) -> None:
    assert build(*from_structured(as_bytes(event)), edge=True) == read(event)


@EACH
def test_its_data_fit_the_committed_schema(event: JsonObject) -> None:
    validator = Draft202012Validator(
        SCHEMAS[event["type"]], format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    assert list(validator.iter_errors(event["data"])) == []


@EACH
def test_what_a_reader_sees_is_what_was_written(event: JsonObject) -> None:
    seen = read(event).event
    assert isinstance(seen.data, BY_TYPE[event["type"]].payload)
    assert seen.time.isoformat(timespec="milliseconds") == _milliseconds(event["time"])
    assert seen.time.utcoffset() is not None
    for name in ("id", "source", "type", "subject", "city"):
        assert getattr(seen, name) == event[name]
    for name, value in event["data"].items():
        if isinstance(value, str | bool | int | float) and not name.endswith(
            ("datetime", "_at", "_from", "acknowledge_by")
        ):
            assert getattr(seen.data, name) == value


def _milliseconds(text: str) -> str:
    return text if "." in text else f"{text[:19]}.000{text[19:]}"


@EACH
def test_it_survives_binary_mode(event: JsonObject) -> None:
    first = read(event)
    record = encode(first.event)
    again = decode(record.key, record.value, record.headers)
    assert again.event == first.event
    assert again.identity == first.identity
    assert encode(again.event) == record


@EACH
def test_it_survives_structured_mode(event: JsonObject) -> None:
    first = read(event)
    again = decode(key_of(event), to_structured(first.event), STRUCTURED)
    assert again.event == first.event
    assert again.identity == first.identity


@EACH
def test_both_modes_give_one_fingerprint(event: JsonObject) -> None:
    record = encode(read(event).event)
    binary = decode(record.key, record.value, record.headers)
    structured = decode(record.key, to_structured(binary.event), STRUCTURED)
    assert structured.fingerprint == binary.fingerprint


@EACH
def test_it_is_kept_in_the_topic_of_its_type_under_its_aggregate(event: JsonObject) -> None:
    record = encode(read(event).event)
    assert record.topic == BY_TYPE[event["type"]].topic.name
    assert record.key == key_of(event)
