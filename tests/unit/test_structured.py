"""A record as one CloudEvent in JSON: all that it says, whoever understands it."""

import orjson
import pytest

from events.codec import as_structured, decode, encode, to_structured
from tests.support import build

RECORD = encode(build.supported("i1", by="person-000000000001"))


def test_binary_and_structured_records_say_the_same() -> None:
    event = decode(*RECORD[1:]).event
    told = as_structured(RECORD.value, RECORD.headers)
    assert orjson.loads(told) == orjson.loads(to_structured(event))
    headers = [("content-type", b"application/cloudevents+json")]
    assert decode(RECORD.key, told, headers).event == event
    assert as_structured(told, headers) == told


@pytest.mark.parametrize("name", ["ce_later", "ce_\\xff"])
def test_what_only_newer_code_knows_is_told_too(name: str) -> None:
    value = b'{"channel": "online",\n "of_tomorrow": [1.10]}'
    told = as_structured(value, [*RECORD.headers, (name, b"more")])
    assert orjson.loads(told)[name.removeprefix("ce_")] == "more"
    assert b'"of_tomorrow": [1.10]' in told


def test_no_attribute_takes_the_place_of_the_data() -> None:
    told = orjson.loads(as_structured(RECORD.value, [*RECORD.headers, ("ce_data", b"false")]))
    assert told["data"] == orjson.loads(RECORD.value)
