"""The id that Kafka gives a topic when it is made: a topic made anew under the same name has another one.

aiokafka 0.14 speaks of metadata without it. The version that carries it is asked for here, on a consumer's
own connections; brokers know it since Kafka 3.1.
"""

from io import BytesIO

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import UnknownTopicOrPartitionError, for_code
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

_VERSION = 12
_NO_ID = bytes(16)


class _Uuid(AbstractType[bytes]):
    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


_TAGS = ("tags", TaggedFields)
_NAME = CompactString("utf-8")
_PARTITION = (
    ("error_code", Int16),
    ("index", Int32),
    ("leader", Int32),
    ("leader_epoch", Int32),
    ("replicas", CompactArray(Int32)),
    ("isr", CompactArray(Int32)),
    ("offline", CompactArray(Int32)),
    _TAGS,
)
_TOPIC = (
    ("error_code", Int16),
    ("name", _NAME),
    ("topic_id", _Uuid),
    ("is_internal", Boolean),
    ("partitions", CompactArray(*_PARTITION)),
    ("operations", Int32),
    _TAGS,
)
_BROKER = (("node", Int32), ("host", _NAME), ("port", Int32), ("rack", _NAME), _TAGS)


class _Answer(Response):
    API_KEY = 3
    API_VERSION = _VERSION
    SCHEMA = Schema(
        ("throttle_ms", Int32),
        ("brokers", CompactArray(*_BROKER)),
        ("cluster", _NAME),
        ("controller", Int32),
        ("topics", CompactArray(*_TOPIC)),
        _TAGS,
    )


class _Question(RequestStruct):
    API_KEY = 3
    API_VERSION = _VERSION
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _Answer
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("name", _NAME), _TAGS)),
        ("create", Boolean),
        ("operations", Boolean),
        _TAGS,
    )


class _TopicIds(Request[_Question]):
    API_KEY = 3

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def build(self, request_struct_class: type[_Question]) -> _Question:
        return request_struct_class([(_NO_ID, self._topic, {})], False, False, {})  # noqa: FBT003 - a wire format


async def topic_id(consumer: AIOKafkaConsumer, topic: str) -> str:
    """The topic's id as hex. Raises UnknownTopicOrPartitionError where there is none, and any KafkaError."""
    client = consumer._client  # noqa: SLF001 - aiokafka has no public way to ask a question of one's own
    answer = await client.send(client.get_random_node(), _TopicIds(topic))
    ((code, _, found, *_),) = answer.topics
    if code:
        raise for_code(code)(topic)
    if found == _NO_ID:
        raise UnknownTopicOrPartitionError(topic)
    return bytes(found).hex()
