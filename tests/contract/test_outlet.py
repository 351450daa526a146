"""What the relay expects of its way to the log: one class of tests for memory and for Kafka."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from consumers.engine.memory import MemoryTopics
from consumers.engine.memory_outbox import MemoryBroker, MemoryOutlet
from consumers.engine.model import Fenced, Partition
from consumers.engine.outbox import Outlet
from consumers.kafka_outlet import KafkaOutlet
from events.codec import Record
from events.partitioning import partition_of
from events.topics import IDEAS
from infra.embedded import Endpoints
from infra.kafka import ProducerFenced, TopicPartition, apply_topics, producer, reader
from infra.settings import Settings

KEY = f"riverton/outlet-{secrets.token_hex(6)}".encode()
PLACE = Partition(IDEAS.name, partition_of(KEY, IDEAS.partitions))
SHARD = f"townhall.contract.v1/{PLACE.topic}/{PLACE.number}/timers"


@dataclass
class Subject:
    """Outlets of one line, and what a reader sees of them."""

    new: Callable[[], Outlet]
    read: Callable[[], Awaitable[list[bytes]]]


def in_memory() -> Subject:
    topics = MemoryTopics()
    broker = MemoryBroker(topics)

    async def read() -> list[bytes]:
        return [one.value or b"" for one in topics.records.get(PLACE, ()) if one is not None]

    return Subject(lambda: MemoryOutlet(broker, "line"), read)


@pytest.fixture
async def on_kafka(servers: Endpoints) -> AsyncIterator[Subject]:
    settings = Settings(kafka=servers.kafka, mongo=servers.mongo)
    await apply_topics(settings)
    asyncio.get_running_loop().set_exception_handler(_told)
    line, made = secrets.token_hex(8), list[KafkaOutlet]()
    consumer = reader(settings)
    await consumer.start()
    place = TopicPartition(*PLACE)
    start = (await consumer.end_offsets([place]))[place]

    def new() -> Outlet:
        made.append(KafkaOutlet(settings, line, SHARD))
        return made[-1]

    async def read() -> list[bytes]:
        """Everything up to a record of its own: what was committed before is to be seen by then."""
        last = await _mark(settings)
        consumer.assign([place])
        consumer.seek(place, start)
        found: list[bytes] = []
        while await consumer.position(place) <= last:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                found += [record.value or b"" for record in records if record.offset < last]
        return found

    yield Subject(new, read)
    for outlet in made:
        await outlet.close()
    await consumer.stop()


def _told(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Aiokafka leaves futures behind that nobody asks why a producer was fenced."""
    if not isinstance(context.get("exception"), ProducerFenced):
        loop.default_exception_handler(context)


async def _mark(settings: Settings) -> int:
    async with producer(settings) as other:
        sent = await other.send_and_wait(IDEAS.name, b"mark", key=KEY, partition=PLACE.number)
    return int(sent.offset)


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.servers)])
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = in_memory() if request.param == "memory" else request.getfixturevalue("on_kafka")
    return found


def records(*texts: bytes) -> list[Record]:
    return [Record(IDEAS.name, KEY, text, [("ce_id", text)]) for text in texts]


class TestOutlet:
    async def test_a_new_line_stands_at_its_beginning(self, subject: Subject) -> None:
        assert await subject.new().open() == 0

    async def test_events_stand_in_the_log_in_order_and_the_place_beside_them(self, subject: Subject) -> None:
        outlet = subject.new()
        await outlet.open()
        await outlet.publish(records(b"1", b"2"), 2)
        await outlet.publish(records(b"3"), 3)
        assert await subject.read() == [b"1", b"2", b"3"]
        assert await subject.new().open() == 3

    async def test_a_later_producer_ends_the_one_before(self, subject: Subject) -> None:
        old, new = subject.new(), subject.new()
        await old.open()
        await old.publish(records(b"1"), 1)
        assert await new.open() == 1
        with pytest.raises(Fenced):
            await old.publish(records(b"2 of the old one"), 2)
        await new.publish(records(b"2"), 2)
        assert await subject.read() == [b"1", b"2"]


@pytest.mark.servers
async def test_what_a_producer_died_over_is_never_read(on_kafka: Subject) -> None:
    """Everything was sent, but for the end of the transaction."""
    dead = on_kafka.new()
    assert isinstance(dead, KafkaOutlet)
    await dead.open()
    assert dead._producer is not None
    await dead._producer.begin_transaction()
    await dead._producer.send_and_wait(IDEAS.name, b"lost", key=KEY, partition=PLACE.number)
    await dead._producer.send_offsets_to_transaction({dead._place: 1}, dead._line)
    next_ = on_kafka.new()
    assert await next_.open() == 0
    await next_.publish(records(b"1"), 1)
    assert await on_kafka.read() == [b"1"]
