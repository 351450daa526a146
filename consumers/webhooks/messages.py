"""What is sent: the event as it stands in the log, in the envelope of Standard Webhooks.

The id follows from what an event is known by: its city, source and id, its partition and its hour, as the
engine knows it. So retries and repeats of an event carry the same id, in every version and after any crash.
"""

from hashlib import blake2b
from typing import Final, NamedTuple

import orjson

from consumers.engine.ledger import hour_of
from consumers.engine.model import Partition
from events.codec import Decoded, to_structured
from events.registry import BY_TYPE, EVENT_TYPES, EventType
from events.topics import TOPICS

MAX_BYTES: Final = 65_536
"""Of a body. A larger event is sent without its data: the receiver reads it from the API."""
ALL: Final = "all"
TEST_TYPE: Final = "webhook.test"
FAMILIES: Final = frozenset(topic.name.removeprefix("townhall.") for topic in TOPICS)
CHOICES: Final = frozenset({ALL, *FAMILIES, *(entry.name for entry in EVENT_TYPES)})
"""What an endpoint can ask for: types by name, families, or all."""


class Message(NamedTuple):
    """The id and the body of what is sent; the same in each attempt."""

    id: str
    type: str
    body: bytes


def wanted_by(entry: EventType) -> frozenset[str]:
    """What endpoints ask for that get events of this type."""
    return frozenset({ALL, entry.topic.name.removeprefix("townhall."), entry.name})


def message_id(decoded: Decoded, partition: Partition) -> str:
    """The `webhook-id` of an event."""
    place = f"{partition.topic}\0{partition.number}\0{hour_of(decoded.event.time)}"
    return "msg_" + blake2b(decoded.identity + place.encode(), digest_size=16).hexdigest()


def message_of(decoded: Decoded, partition: Partition) -> Message:
    """The event as it is sent; without its data, and saying so, where it is too large."""
    event, name = decoded.event, BY_TYPE[decoded.event.type].name
    told = {"type": name, "timestamp": event.time.isoformat()}
    whole = to_structured(event)
    body = orjson.dumps({**told, "data": orjson.Fragment(whole)})
    if len(body) > MAX_BYTES:
        known = {key: value for key, value in orjson.loads(whole).items() if key != "data"}
        body = orjson.dumps({**told, "data": known, "data_left_out": True})
    return Message(message_id(decoded, partition), name, body)
