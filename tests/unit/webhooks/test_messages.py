"""What is sent, and by which id."""

from datetime import timedelta

import orjson
import pytest

from consumers.engine.model import Partition
from consumers.webhooks.messages import CHOICES, MAX_BYTES, message_id, message_of, wanted_by
from events.codec import decode, encode, to_structured
from events.envelope import Event
from events.registry import BY_TYPE
from events.types.requests import ServiceRequestUpdatePosted
from tests.support import build

PLACE = Partition("townhall.requests", 3)


def decoded(event: Event) -> "object":
    record = encode(event)
    return decode(record.key, record.value, record.headers)


def test_an_event_is_sent_as_it_stands_in_the_log() -> None:
    event = build.opened("r1")
    message = message_of(decoded(event), PLACE)  # type: ignore[arg-type]
    body = orjson.loads(message.body)
    assert body.keys() == {"type", "timestamp", "data"}
    assert body["type"] == message.type == "service_request.opened"
    assert body["timestamp"] == "2026-04-01T09:30:00-04:00"
    assert body["data"] == orjson.loads(to_structured(event))
    assert body["data"]["specversion"] == "1.0"


def test_the_id_is_what_the_engine_knows_an_event_by() -> None:
    event = build.opened("r1")

    def of(changed: Event, place: Partition = PLACE) -> str:
        return message_id(decoded(changed), place)  # type: ignore[arg-type]

    same = of(event)
    assert same == of(
        event.model_copy(update={"traceparent": "00-x", "time": event.time + timedelta(minutes=9)})
    )
    others = {
        of(event.model_copy(update={"id": "other"})),
        of(event.model_copy(update={"source": "urn:other"})),
        of(event.model_copy(update={"city": "boston"})),
        of(event.model_copy(update={"time": event.time + timedelta(hours=1)})),
        of(event, Partition("townhall.requests", 4)),
        of(event, Partition("townhall.ideas", 3)),
    }
    assert len(others - {same}) == 6
    assert same.startswith("msg_")
    assert len(same) == 36


@pytest.mark.parametrize(("letters", "whole"), [(60_000, True), (90_000, False)])
def test_a_large_event_goes_without_its_data_and_says_so(letters: int, whole: bool) -> None:  # noqa: FBT001
    data = ServiceRequestUpdatePosted.model_construct(
        text_ref="x" * letters, author_kind="reporter", is_public=True
    )
    event = build.update_posted("r1").model_copy(update={"data": data})
    known = decoded(build.update_posted("r1"))
    message = message_of(known._replace(event=event), PLACE)  # type: ignore[attr-defined]
    body = orjson.loads(message.body)
    assert len(message.body) <= MAX_BYTES
    assert ("data" in body["data"]) is whole
    assert body.get("data_left_out", False) is not whole
    assert body["data"]["id"] == event.id


def test_what_an_endpoint_can_ask_for() -> None:
    entry = BY_TYPE["org.citiesofservice.idea.submitted.v1"]
    assert wanted_by(entry) == {"all", "ideas", "idea.submitted"}
    assert all(wanted_by(entry) <= CHOICES for entry in BY_TYPE.values())
    assert "idea" not in CHOICES
