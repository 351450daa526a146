"""The CNCF SDK, which knows nothing of us, reads what we write; we read what it writes."""

from datetime import datetime
from typing import Any

import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings import kafka

from events.codec import decode, encode, from_structured, to_structured
from events.envelope import Event
from tests.support.contract import ALL_EXAMPLES, STRUCTURED, JsonObject, as_bytes, key_of

EACH = pytest.mark.parametrize("event", ALL_EXAMPLES.values(), ids=ALL_EXAMPLES)


def ours(event: JsonObject) -> Event:
    return decode(key_of(event), as_bytes(event), STRUCTURED).event


def said(event: BaseCloudEvent) -> dict[str, Any]:
    """What the SDK understood; times as points in time."""
    values = {**event.get_attributes(), "data": event.get_data()}
    return {
        name: datetime.fromisoformat(value) if name == "recordedtime" else value
        for name, value in values.items()
    }


def expected(event: Event) -> dict[str, Any]:
    attributes, _ = from_structured(to_structured(event))
    times = {name: datetime.fromisoformat(attributes[name]) for name in attributes if name.endswith("time")}
    return {**attributes, **times, "data": event.data.model_dump(mode="json", exclude_none=True)}


@EACH
def test_the_sdk_reads_our_binary_records(event: JsonObject) -> None:
    record = encode(ours(event))
    message = kafka.KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value)
    assert said(kafka.from_kafka_event(message)) == expected(ours(event))


@EACH
def test_the_sdk_reads_our_structured_events(event: JsonObject) -> None:
    value = to_structured(ours(event))
    message = kafka.KafkaMessage(headers=dict(STRUCTURED), key=key_of(event), value=value)
    assert said(kafka.from_kafka_event(message)) == expected(ours(event))


@EACH
@pytest.mark.parametrize("write", [kafka.to_binary_event, kafka.to_structured_event])
def test_we_read_what_the_sdk_writes(event: JsonObject, write: Any) -> None:
    golden = kafka.KafkaMessage(headers=dict(STRUCTURED), key=key_of(event), value=as_bytes(event))
    written = write(kafka.from_structured_event(golden))
    assert written.key is not None
    key = written.key if isinstance(written.key, bytes) else written.key.encode()
    assert decode(key, written.value, list(written.headers.items())).event == ours(event)
