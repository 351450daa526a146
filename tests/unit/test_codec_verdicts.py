"""The verdict on every kind of bad bytes: frozen, and the same at the edge and at a reader.

The one difference: unknown fields and attributes are refused at the edge, ignored by readers.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from events.codec import MAX_EVENT_BYTES, Headers, Undecodable, build, decode, encode, from_structured
from events.envelope import Event
from events.types import ideas
from tests.support.contract import STRUCTURED

PREFIX = "org.citiesofservice."
FEEDBACK = {
    "specversion": "1.0",
    "id": "f-1",
    "source": "urn:kiel:app",
    "type": f"{PREFIX}program_feedback.submitted.v1",
    "subject": "fb-1",
    "time": "2026-04-01T09:30:00+02:00",
    "city": "kiel",
}
OPENED = {**FEEDBACK, "type": f"{PREFIX}service_request.opened.v1"}
SUPPORTED = {**FEEDBACK, "type": f"{PREFIX}idea.supported.v1"}
CLOSED = {**FEEDBACK, "type": f"{PREFIX}service_request.closed.v1"}
ROUND = {**FEEDBACK, "type": f"{PREFIX}ballot_round.opened.v1"}
BALLOT = {
    **FEEDBACK,
    "type": f"{PREFIX}priority_ballot.cast.v1",
    "subject": "spring-2026:abcdefghijklmnop",
    "participant": "abcdefghijklmnop",
}
PSEUDONYM = "abcdefghijklmnop"
KEY = b"kiel/fb-1"
GOOD = b'{"program_id":"p","rating":5}'
OK = "ok"


def verdict(attributes: Mapping[str, Any], data: bytes, *, edge: bool) -> str:
    try:
        build(attributes, data, edge=edge)
    except Undecodable as error:
        return error.reason
    return OK


def verdict_on_record(key: bytes | None, value: bytes | None, headers: Headers) -> str:
    try:
        decode(key, value, headers)
    except Undecodable as error:
        return error.reason
    return OK


def binary(attributes: Mapping[str, str]) -> list[tuple[str, bytes]]:
    return [(f"ce_{name}", value.encode()) for name, value in attributes.items()]


def key_of(attributes: Mapping[str, Any]) -> bytes:
    return f"{attributes['city']}/{attributes['subject']}".encode()


def structured(attributes: Mapping[str, Any], data: bytes) -> bytes:
    return json.dumps(attributes).encode()[:-1] + b',"data":' + data + b"}"


def feedback(**fields: Any) -> bytes:
    return json.dumps({"program_id": "p", "rating": 5, **fields}).encode()


def opened(**fields: Any) -> bytes:
    told = {"service_code": "1", "service_name": "n", "requested_datetime": "2026-04-01T07:00:00Z"}
    return json.dumps({**told, **fields}).encode()


def closed(time: Any) -> bytes:
    return json.dumps({"resolution_code": "fixed", "closed_datetime": time}).encode()


def ballot(*choices: Any) -> bytes:
    told = {"ballot_round_id": "spring-2026", "vote_type": "approval", "choices": choices}
    return json.dumps(told).encode()


def ballot_round(**fields: Any) -> bytes:
    project = {"project_id": "1", "name": "n", "cost": "1"}
    return json.dumps(
        {"title": "t", "vote_type": "approval", "rule": "r", "projects": [project], **fields}
    ).encode()


def spliced(good: bytes, field: bytes) -> bytes:
    return good[:-1] + b"," + field + b"}"


def deep(levels: int) -> bytes:
    """Data as deep as `levels`, in a field that the type does not know."""
    return spliced(GOOD, b'"more":' + b"[" * (levels - 1) + b"]" * (levels - 1))


Verdicts = tuple[Mapping[str, Any], bytes, str]

DATA: dict[str, Verdicts] = {
    "good": (FEEDBACK, GOOD, OK),
    "good, with blanks": (FEEDBACK, b' { "program_id" : "p" , "rating" : 5 } ', OK),
    "empty": (FEEDBACK, b"", "not_json"),
    "cut off": (FEEDBACK, GOOD[:-1], "not_json"),
    "text": (FEEDBACK, b"hello", "not_json"),
    "NaN": (OPENED, spliced(opened(), b'"lat":NaN,"long":1'), "not_json"),
    "Infinity": (OPENED, spliced(opened(), b'"lat":-Infinity,"long":1'), "not_json"),
    "1e999": (OPENED, spliced(opened(), b'"lat":1e999,"long":1'), "not_json"),
    "duplicate key": (FEEDBACK, b'{"program_id":"p","rating":5,"rating":1}', "not_json"),
    "duplicate key, escaped": (FEEDBACK, b'{"program_id":"p","rating":5,"r\\u0061ting":1}', "not_json"),
    "duplicate key, blanks": (FEEDBACK, b'{"program_id":"p","rating" :5,"rating"\t:1}', "not_json"),
    "duplicate unknown key": (FEEDBACK, spliced(GOOD, b'"x":1,"x":2'), "not_json"),
    "lone surrogate": (FEEDBACK, b'{"program_id":"\\ud800","rating":5}', "not_json"),
    "byte order mark": (FEEDBACK, b"\xef\xbb\xbf" + GOOD, "not_json"),
    "NUL byte": (FEEDBACK, b'{"program_id":"a\x00","rating":5}', "not_json"),
    "escaped NUL": (FEEDBACK, b'{"program_id":"a\\u0000","rating":5}', "not_json"),
    "Latin-1": (FEEDBACK, b'{"program_id":"\xfc","rating":5}', "not_json"),
    "33 deep": (FEEDBACK, deep(33), "not_json"),
    "1100 deep": (FEEDBACK, deep(1100), "not_json"),
    "null": (FEEDBACK, b"null", "bad_data"),
    "a list": (FEEDBACK, b"[" + GOOD + b"]", "bad_data"),
    "a text": (FEEDBACK, b'"x"', "bad_data"),
    "a number": (FEEDBACK, b"1", "bad_data"),
    "field missing": (FEEDBACK, b'{"program_id":"p"}', "bad_data"),
    "field in other case": (FEEDBACK, b'{"Program_id":"p","rating":5}', "bad_data"),
    "null for a value": (FEEDBACK, feedback(rating=None), "bad_data"),
    "null where none is needed": (FEEDBACK, feedback(text_ref=None), OK),
    "text for int": (FEEDBACK, feedback(rating="5"), "bad_data"),
    "float for int": (FEEDBACK, feedback(rating=5.0), "bad_data"),
    "exponent for int": (FEEDBACK, spliced(b'{"program_id":"p"}', b'"rating":5e0'), "bad_data"),
    "bool for int": (FEEDBACK, feedback(rating=True), "bad_data"),
    "int beyond its bound": (FEEDBACK, feedback(rating=6), "bad_data"),
    "int of 63 bits": (FEEDBACK, feedback(rating=2**63), "bad_data"),
    "int of 64 bits": (FEEDBACK, feedback(rating=2**64), "bad_data"),
    "int of 100 digits": (FEEDBACK, feedback(rating=10**100), "bad_data"),
    "int of 400 digits": (FEEDBACK, feedback(rating=10**400), "not_json"),
    "int for text": (FEEDBACK, feedback(program_id=7), "bad_data"),
    "int for bool": (OPENED, opened(anonymous=1), "bad_data"),
    "text for bool": (OPENED, opened(anonymous="true"), "bad_data"),
    "text for list": (FEEDBACK, feedback(themes="abc"), "bad_data"),
    "object for list": (FEEDBACK, feedback(themes={"0": "a"}), "bad_data"),
    "list of the wrong": (FEEDBACK, feedback(themes=["a", None]), "bad_data"),
    "list too long": (FEEDBACK, feedback(themes=["a"] * 21), "bad_data"),
    "text too long": (FEEDBACK, feedback(program_id="p" * 129), "bad_data"),
    "text empty": (FEEDBACK, feedback(program_id=""), "bad_data"),
    "text at its bound, four bytes each": (FEEDBACK, feedback(program_id="😀" * 128), OK),
    "unknown enum": (OPENED, opened(channel="telepathy"), "bad_data"),
    "enum in other case": (OPENED, opened(channel="Web"), "bad_data"),
    "int for float": (OPENED, opened(lat=54, long=10), OK),
    "text for float": (OPENED, opened(lat="54.3", long="10.1"), "bad_data"),
    "latitude off the globe": (OPENED, opened(lat=90.01, long=0), "bad_data"),
    "half a point": (OPENED, opened(lat=54.3), "bad_data"),
    "an address that is no URL": (OPENED, opened(media_url=["javascript:alert(1)"]), "bad_data"),
    "float for money": (ROUND, ballot_round(budget=10.5), "bad_data"),
    "money with a sign": (ROUND, ballot_round(budget="-1"), "bad_data"),
    "money with an exponent": (ROUND, ballot_round(budget="1e9"), "bad_data"),
    "money in other digits": (ROUND, ballot_round(budget="١٢"), "bad_data"),
    "money with a line end": (ROUND, ballot_round(budget="10\n"), "bad_data"),
    "no project": (ROUND, ballot_round(projects=[]), "bad_data"),
    "a project twice": (
        ROUND,
        ballot_round(projects=[{"project_id": "1", "name": "n", "cost": "1"}] * 2),
        "bad_data",
    ),
    "a ballot": (BALLOT, ballot({"project_id": "1"}), OK),
    "an empty ballot": (BALLOT, ballot(), OK),
    "a ballot that names a project twice": (
        BALLOT,
        ballot({"project_id": "1"}, {"project_id": "1"}),
        "bad_data",
    ),
    "points beyond the bound": (BALLOT, ballot({"project_id": "1", "points": 1_000_001}), "bad_data"),
    "rejected without a reason": (
        {**FEEDBACK, "type": f"{PREFIX}idea.answered.v1"},
        b'{"decision":"rejected","answered_at":"2026-04-01T07:00:00Z"}',
        "bad_data",
    ),
    "time": (CLOSED, closed("2026-04-01T09:30:00.123+02:00"), OK),
    "time in small letters": (CLOSED, closed("2026-04-01t07:30:00z"), OK),
    "time with nanoseconds": (CLOSED, closed("2026-04-01T07:30:00.123456789Z"), OK),
    "time without offset": (CLOSED, closed("2026-04-01T09:30:00"), "bad_data"),
    "time with a blank": (CLOSED, closed("2026-04-01 09:30:00Z"), "bad_data"),
    "time as a date": (CLOSED, closed("2026-04-01"), "bad_data"),
    "time as a number": (CLOSED, closed(1775035800), "bad_data"),
    "time as a fraction": (CLOSED, closed(1775035800.5), "bad_data"),
    "time as digits": (CLOSED, closed("1775035800"), "bad_data"),
    "time as bool": (CLOSED, closed(True), "bad_data"),  # noqa: FBT003 - a value, not a flag
    "time in other digits": (CLOSED, closed("٢٠٢٦-04-01T09:30:00Z"), "bad_data"),
    "no such day": (CLOSED, closed("2026-02-29T00:00:00Z"), "bad_data"),
    "hour 24": (CLOSED, closed("2026-04-01T24:00:00Z"), "bad_data"),
    "leap second": (CLOSED, closed("2016-12-31T23:59:60Z"), "bad_data"),
    "offset of a day": (CLOSED, closed("2026-04-01T00:00:00+24:00"), "bad_data"),
    "year 0001": (CLOSED, closed("0001-01-01T00:00:00+14:00"), "bad_data"),
    "year 9999": (CLOSED, closed("9999-12-31T23:59:59-14:00"), "bad_data"),
    "year 1900": (CLOSED, closed("1900-01-01T00:00:00Z"), OK),
    "year 1899 in UTC": (CLOSED, closed("1900-01-01T00:00:00+01:00"), "bad_data"),
    "year 2200": (CLOSED, closed("2200-12-31T23:59:59Z"), OK),
    "year 2201 in UTC": (CLOSED, closed("2200-12-31T23:59:59-01:00"), "bad_data"),
    "as large as can be": (FEEDBACK, GOOD + b" " * (MAX_EVENT_BYTES - len(GOOD)), OK),
}

ATTRIBUTES: dict[str, Verdicts] = {
    "no specversion": ({**FEEDBACK, "specversion": ""}, GOOD, "bad_envelope"),
    "specversion 0.3": ({**FEEDBACK, "specversion": "0.3"}, GOOD, "bad_envelope"),
    "other content": ({**FEEDBACK, "datacontenttype": "text/xml"}, GOOD, "bad_envelope"),
    "content with a charset": ({**FEEDBACK, "datacontenttype": "application/json; charset=utf-8"}, GOOD, OK),
    "content of a json kind": ({**FEEDBACK, "datacontenttype": "application/vnd.x+json"}, GOOD, OK),
    "unknown type": ({**FEEDBACK, "type": f"{PREFIX}program_feedback.vanished.v1"}, GOOD, "unknown_type"),
    "other owner": ({**FEEDBACK, "type": "com.example.program_feedback.submitted.v2"}, GOOD, "unknown_type"),
    "type without version": (
        {**FEEDBACK, "type": f"{PREFIX}program_feedback.submitted"},
        GOOD,
        "unknown_type",
    ),
    "version 0": ({**FEEDBACK, "type": f"{PREFIX}program_feedback.submitted.v0"}, GOOD, "unknown_type"),
    "version 01": ({**FEEDBACK, "type": f"{PREFIX}program_feedback.submitted.v01"}, GOOD, "unknown_type"),
    "version x": ({**FEEDBACK, "type": f"{PREFIX}program_feedback.submitted.vx"}, GOOD, "unknown_type"),
    "newer version": ({**FEEDBACK, "type": f"{PREFIX}program_feedback.submitted.v2"}, GOOD, "newer_version"),
    "newer version of unknown": ({**FEEDBACK, "type": f"{PREFIX}nothing.v2"}, GOOD, "unknown_type"),
    "version beyond every number": (
        {**FEEDBACK, "type": f"{PREFIX}program_feedback.submitted.v{'9' * 5000}"},
        GOOD,
        "newer_version",
    ),
    "newer version, data no JSON": (
        {**FEEDBACK, "type": f"{PREFIX}program_feedback.submitted.v2"},
        b"\xff",
        "newer_version",
    ),
    "empty id": ({**FEEDBACK, "id": ""}, GOOD, "bad_envelope"),
    "id with a blank": ({**FEEDBACK, "id": "a b"}, GOOD, "bad_envelope"),
    "id with NUL": ({**FEEDBACK, "id": "a\0b"}, GOOD, "bad_envelope"),
    "id too long": ({**FEEDBACK, "id": "a" * 201}, GOOD, "bad_envelope"),
    "id with a line end": ({**FEEDBACK, "id": "a\n"}, GOOD, "bad_envelope"),
    "city in capitals": ({**FEEDBACK, "city": "Kiel"}, GOOD, "bad_envelope"),
    "city with a slash": ({**FEEDBACK, "city": "kiel/x"}, GOOD, "bad_envelope"),
    "city with a line end": ({**FEEDBACK, "city": "kiel\n"}, GOOD, "bad_envelope"),
    "subject with a slash": ({**FEEDBACK, "subject": "a/b"}, GOOD, "bad_envelope"),
    "time without offset": ({**FEEDBACK, "time": "2026-04-01T09:30:00"}, GOOD, "bad_envelope"),
    "time as digits": ({**FEEDBACK, "time": "1775035800"}, GOOD, "bad_envelope"),
    "year 0001": ({**FEEDBACK, "time": "0001-01-01T00:00:00+14:00"}, GOOD, "bad_envelope"),
    "year 9999": ({**FEEDBACK, "time": "9999-12-31T23:59:59-14:00"}, GOOD, "bad_envelope"),
    "recordedtime without offset": (
        {**FEEDBACK, "recordedtime": "2026-04-01T09:30:00"},
        GOOD,
        "bad_envelope",
    ),
    "unknown origin": ({**FEEDBACK, "origin": "rumour"}, GOOD, "bad_envelope"),
    "participant too short": ({**FEEDBACK, "participant": "ann"}, GOOD, "bad_envelope"),
    "participant an address": ({**FEEDBACK, "participant": "ann.example@example.org"}, GOOD, "bad_envelope"),
    "lang no tag": ({**FEEDBACK, "lang": "plattdüütsch!"}, GOOD, "bad_envelope"),
    "partitionkey": ({**FEEDBACK, "partitionkey": "kiel/fb-1"}, GOOD, OK),
    "other partitionkey": ({**FEEDBACK, "partitionkey": "kiel/fb-2"}, GOOD, "bad_envelope"),
    "support without participant": (SUPPORTED, b"{}", "bad_envelope"),
    "support": ({**SUPPORTED, "participant": PSEUDONYM}, b"{}", OK),
    "ballot of another": ({**BALLOT, "participant": "ponmlkjihgfedcba"}, ballot(), "bad_envelope"),
    "ballot of another round": ({**BALLOT, "subject": f"fall-2026:{PSEUDONYM}"}, ballot(), "bad_envelope"),
}

ALL = {**DATA, **{f"attribute: {name}": case for name, case in ATTRIBUTES.items()}}
CASES = pytest.mark.parametrize(("attributes", "data", "expected"), ALL.values(), ids=ALL)


@CASES
def test_the_edge(attributes: Mapping[str, str], data: bytes, expected: str) -> None:
    assert verdict(attributes, data, edge=True) == expected


@CASES
def test_a_reader_in_binary_mode(attributes: Mapping[str, str], data: bytes, expected: str) -> None:
    assert verdict_on_record(key_of(attributes), data, binary(attributes)) == expected


@CASES
def test_a_reader_in_structured_mode(attributes: Mapping[str, str], data: bytes, expected: str) -> None:
    # The whole event is parsed first, so bytes that are no JSON show before what the envelope lacks.
    if expected == "newer_version" and data == b"\xff":
        expected = "not_json"
    # A NUL in an attribute is a NUL in the JSON text.
    if any("\0" in value for value in attributes.values()):
        expected = "not_json"
    assert verdict_on_record(key_of(attributes), structured(attributes, data), STRUCTURED) == expected


@pytest.mark.parametrize("name", FEEDBACK)
def test_a_required_attribute_that_is_missing(name: str) -> None:
    rest = {other: value for other, value in FEEDBACK.items() if other != name}
    assert verdict(rest, GOOD, edge=True) == "bad_envelope"
    assert verdict_on_record(KEY, GOOD, binary(rest)) == "bad_envelope"
    assert verdict_on_record(KEY, structured(rest, GOOD), STRUCTURED) == "bad_envelope"


@pytest.mark.parametrize("value", [1, 1.5, True, None, [], {}, ["kiel"], 1775035800])
@pytest.mark.parametrize("name", FEEDBACK)
def test_an_attribute_that_is_no_text(name: str, value: Any) -> None:
    """Only structured mode can say so; a time is never read from a number."""
    wrong = {**FEEDBACK, name: value}
    attributes, data = from_structured(structured(wrong, GOOD))
    assert verdict(attributes, data, edge=True) == "bad_envelope"
    assert verdict_on_record(KEY, structured(wrong, GOOD), STRUCTURED) == "bad_envelope"


UNKNOWN = {
    "a field": (FEEDBACK, spliced(GOOD, b'"x":1'), "bad_data"),
    "a field in an item": (BALLOT, ballot({"project_id": "1", "x": 1}), "bad_data"),
    "a field with a number of any size": (FEEDBACK, spliced(GOOD, b'"x":' + b"9" * 100), "bad_data"),
    "a field 32 deep": (FEEDBACK, deep(32), "bad_data"),
    "an attribute": ({**FEEDBACK, "weather": "rain"}, GOOD, "bad_envelope"),
    "an attribute named data": ({**FEEDBACK, "data_base64": "e30="}, GOOD, "bad_envelope"),
}


@pytest.mark.parametrize(("attributes", "data", "at_the_edge"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_unknown_is_refused_at_the_edge_and_ignored_by_readers(
    attributes: Mapping[str, str], data: bytes, at_the_edge: str
) -> None:
    assert verdict(attributes, data, edge=True) == at_the_edge
    assert verdict_on_record(key_of(attributes), data, binary(attributes)) == OK


def test_too_large_is_said_before_anything_is_parsed() -> None:
    data = b"[" * (MAX_EVENT_BYTES + 1)
    assert verdict({}, data, edge=True) == "too_large"
    assert verdict_on_record(None, data, []) == "too_large"


def test_the_edge_refuses_what_would_be_too_large_in_the_log() -> None:
    """Defaults are written out: data that just fit would come back too large for every reader."""
    one = '{"project_id":"%04d","name":"%s","cost":"1","lat":1,"long":2},'
    empty = '{"title":"","vote_type":"approval","rule":"r","projects":[]}'
    count, rest = divmod(MAX_EVENT_BYTES - len(empty) + 1, len(one % (0, "n" * 200)))
    projects = "".join(one % (number, "n" * 200) for number in range(count))
    data = empty.replace('""', f'"{"t" * rest}"').replace("[]", f"[{projects[:-1]}]").encode()
    assert len(data) == MAX_EVENT_BYTES
    assert verdict(ROUND, data, edge=False) == OK
    assert verdict(ROUND, data, edge=True) == "too_large"


NOT_TEXT = b"\xff\xfe"
HEADERS = binary(FEEDBACK)
RECORDS: dict[str, tuple[bytes | None, bytes | None, Headers, str]] = {
    "good": (KEY, GOOD, HEADERS, OK),
    "null value": (KEY, None, HEADERS, "bad_envelope"),
    "null value, structured": (KEY, None, STRUCTURED, "bad_envelope"),
    "null key": (None, GOOD, HEADERS, "wrong_key"),
    "empty key": (b"", GOOD, HEADERS, "wrong_key"),
    "wrong key": (b"kiel/fb-2", GOOD, HEADERS, "wrong_key"),
    "key of no text": (NOT_TEXT, GOOD, HEADERS, "wrong_key"),
    "key of 1 MB": (b"k" * 1_000_000, GOOD, HEADERS, "wrong_key"),
    "no headers": (KEY, GOOD, [], "bad_envelope"),
    "header of no text": (KEY, GOOD, [*HEADERS, ("ce_lang", NOT_TEXT)], "bad_envelope"),
    "header of no text, not ours": (KEY, GOOD, [*HEADERS, ("other", NOT_TEXT)], OK),
    "unknown attribute of no text": (KEY, GOOD, [*HEADERS, ("ce_x", NOT_TEXT)], "bad_envelope"),
    "null header": (KEY, GOOD, [*HEADERS, ("ce_lang", None)], "bad_envelope"),  # type: ignore[list-item]
    "null header, not ours": (KEY, GOOD, [*HEADERS, ("other", None)], OK),  # type: ignore[list-item]
    "attribute twice": (KEY, GOOD, [*HEADERS, ("ce_id", b"f-1")], "bad_envelope"),
    "header of ours without a name": (KEY, GOOD, [*HEADERS, ("ce_", b"x")], OK),
    "attribute in capitals": (KEY, GOOD, [*HEADERS[1:], ("CE_specversion", b"1.0")], "bad_envelope"),
    "10,000 headers": (KEY, GOOD, [*HEADERS, *((f"h{n}", b"x") for n in range(10_000))], OK),
    "10,000 attributes": (KEY, GOOD, [*HEADERS, *((f"ce_h{n}", b"x") for n in range(10_000))], OK),
    "header of 1 MB": (KEY, GOOD, [*HEADERS, ("ce_tracestate", b"x" * 1_000_000)], "bad_envelope"),
    "header of 1 MB, not ours": (KEY, GOOD, [*HEADERS, ("other", b"x" * 1_000_000)], OK),
    "type of 1 MB": (KEY, GOOD, [*binary({**FEEDBACK, "type": "t" * 1_000_000})], "unknown_type"),
    "content type of no text": (KEY, GOOD, [*HEADERS, ("content-type", NOT_TEXT)], OK),
    "structured, in capitals": (
        KEY,
        structured(FEEDBACK, GOOD),
        [("Content-Type", b"Application/CloudEvents+JSON")],
        OK,
    ),
    "structured, a list": (KEY, b"[" + structured(FEEDBACK, GOOD) + b"]", STRUCTURED, "bad_envelope"),
    "structured, no data": (KEY, json.dumps(FEEDBACK).encode(), STRUCTURED, "bad_data"),
    "structured, data as text": (
        KEY,
        structured(FEEDBACK, json.dumps(GOOD.decode()).encode()),
        STRUCTURED,
        "bad_data",
    ),
    "structured, data in base64": (
        KEY,
        json.dumps({**FEEDBACK, "data_base64": "e30="}).encode(),
        STRUCTURED,
        "bad_data",
    ),
    "structured, attribute twice": (
        KEY,
        b'{"id":"f-2",' + structured(FEEDBACK, GOOD)[1:],
        STRUCTURED,
        "not_json",
    ),
    "structured, wrong key": (b"kiel/x", structured(FEEDBACK, GOOD), STRUCTURED, "wrong_key"),
    "structured, nothing": (KEY, b"", STRUCTURED, "not_json"),
}


@pytest.mark.parametrize(("key", "value", "headers", "expected"), RECORDS.values(), ids=RECORDS)
def test_a_record(key: bytes | None, value: bytes | None, headers: Headers, expected: str) -> None:
    assert verdict_on_record(key, value, headers) == expected


@pytest.mark.parametrize(("key", "value", "headers", "expected"), RECORDS.values(), ids=RECORDS)
def test_an_error_is_short_whatever_came(
    key: bytes | None, value: bytes | None, headers: Headers, expected: str
) -> None:
    if expected != OK:
        with pytest.raises(Undecodable) as caught:
            decode(key, value, headers)
        assert 0 < len(caught.value.errors) <= 20
        assert len(str(caught.value)) < 2000


def test_many_unknown_attributes_make_a_short_error() -> None:
    attributes = {**FEEDBACK, **{f"{'x' * 1000}{n}": "1" for n in range(1000)}}
    with pytest.raises(Undecodable) as caught:
        build(attributes, GOOD, edge=True)
    assert len(caught.value.errors) == 20
    assert len(str(caught.value)) < 10_000


def test_an_error_points_at_the_place_and_repeats_no_personal_value() -> None:
    with pytest.raises(Undecodable) as caught:
        build(
            OPENED,
            opened(description="Ann lives here" * 1000, channel="Ann's letter", **{"a/b~": 1}),
            edge=True,
        )
    pointers = {error.pointer for error in caught.value.errors}
    assert pointers == {"/data/description", "/data/channel", "/data/a~1b~0"}
    assert "Ann" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "org.citiesofservice.idea.withdrawn.v1"}, "bad_envelope"),
        ({"data": ideas.IdeaSubmitted(title="a\x00b", summary="s", category="c")}, "not_json"),
    ],
)
def test_what_no_reader_would_take_is_not_written(change: dict[str, Any], reason: str) -> None:
    event = Event(
        id="1",
        source="urn:test",
        type="org.citiesofservice.idea.submitted.v1",
        subject="idea-1",
        time=datetime(2026, 4, 1, tzinfo=UTC),
        city="kiel",
        data=ideas.IdeaSubmitted(title="t", summary="s", category="c"),
    )
    assert encode(event).topic == "townhall.ideas"
    with pytest.raises(Undecodable) as refused:
        encode(event.model_copy(update=change))
    assert refused.value.reason == reason
