"""What the engine expects of a log: one class of tests for the one in memory and for Kafka.

The rest is what Kafka alone does: holes, bounds, bytes that a client of another kind may send.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete

from consumers.engine.memory import MemoryLog, MemoryTopics
from consumers.engine.model import Log, Partition, Unavailable
from consumers.kafka_log import KafkaLog
from infra.embedded import Endpoints
from infra.kafka import admin, connection, producer, single
from infra.settings import Settings

SECONDS = 15


@dataclass
class Subject:
    """A log of two assigned partitions, with ways to append and to read."""

    log: Log
    zero: Partition
    one: Partition
    append: Callable[[Partition, int], Awaitable[None]]
    fetch: Callable[[], Awaitable[list[tuple[Partition, int]]]]

    async def read(self, count: int) -> list[tuple[Partition, int]]:
        """The next records; no more than these may come."""
        found: list[tuple[Partition, int]] = []
        async with asyncio.timeout(SECONDS):
            while len(found) < count:
                found += await self.fetch()
        assert len(found) == count
        return found

    async def stands_still(self) -> bool:
        """Nothing comes, though it was asked for more than once."""
        return not [record for _ in range(3) for record in await self.fetch()]


async def in_memory() -> Subject:
    topics = MemoryTopics()
    log = MemoryLog(topics)
    zero, one = Partition("townhall.ideas", 0), Partition("townhall.ideas", 1)
    log.assign([zero, one])

    async def append(partition: Partition, count: int) -> None:
        for _ in range(count):
            topics.append_raw(partition, b"key", b"value")

    async def fetch() -> list[tuple[Partition, int]]:
        return [(Partition(r.topic, r.partition), r.offset) for r in log.fetch(1_000)]

    return Subject(log, zero, one, append, fetch)


async def on_kafka(settings: Settings, stack: AsyncExitStack) -> Subject:
    topic = f"test-{secrets.token_hex(8)}"
    zero, one = Partition(topic, 0), Partition(topic, 1)
    async with admin(settings) as client:
        await client.create_topics([NewTopic(topic, 2, 1)])
        stack.push_async_callback(_delete, settings, topic)
    sender = producer(settings)
    await sender.start()
    stack.push_async_callback(sender.stop)
    consumer = AIOKafkaConsumer(
        **connection(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await consumer.start()
    stack.push_async_callback(consumer.stop)
    consumer.assign([TopicPartition(topic, 0), TopicPartition(topic, 1)])

    async def append(partition: Partition, count: int) -> None:
        for _ in range(count):
            await sender.send_and_wait(topic, b"value", key=b"key", partition=partition.number)

    async def fetch() -> list[tuple[Partition, int]]:
        found = await consumer.getmany(timeout_ms=300)
        return [(Partition(tp.topic, tp.partition), r.offset) for tp, rs in found.items() for r in rs]

    log = KafkaLog(lambda: consumer, "cluster", lambda: single(settings))
    stack.push_async_callback(log.close)
    return Subject(log, zero, one, append, fetch)


async def _delete(settings: Settings, topic: str) -> None:
    async with admin(settings) as client:
        await client.delete_topics([topic])


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.servers)])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            yield await in_memory()
        else:
            servers: Endpoints = request.getfixturevalue("servers")
            yield await on_kafka(Settings(kafka=servers.kafka), stack)


class TestLog:
    async def test_what_is_assigned_is_told(self, subject: Subject) -> None:
        assert subject.log.assigned() == {subject.zero, subject.one}

    async def test_bounds_are_the_first_offset_and_the_one_after_the_last(self, subject: Subject) -> None:
        assert await subject.log.bounds(subject.zero) == (0, 0)
        await subject.append(subject.zero, 3)
        assert await subject.log.bounds(subject.zero) == (0, 3)
        assert await subject.log.bounds(subject.one) == (0, 0)

    async def test_a_seek_gives_the_same_records_again(self, subject: Subject) -> None:
        await subject.append(subject.zero, 4)
        everything = [(subject.zero, n) for n in range(4)]
        assert await subject.read(4) == everything
        subject.log.seek(subject.zero, 2)
        assert await subject.read(2) == everything[2:]
        subject.log.seek(subject.zero, 4)
        assert await subject.stands_still()
        await subject.append(subject.zero, 1)
        assert await subject.read(1) == [(subject.zero, 4)]

    async def test_of_a_paused_partition_nothing_comes_and_the_others_go_on(self, subject: Subject) -> None:
        subject.log.pause(subject.zero)
        await subject.append(subject.zero, 2)
        await subject.append(subject.one, 1)
        assert await subject.read(1) == [(subject.one, 0)]
        assert await subject.stands_still()
        subject.log.seek(subject.zero, 1)
        assert await subject.stands_still()
        subject.log.resume(subject.zero)
        assert await subject.read(1) == [(subject.zero, 1)]

    async def test_what_was_fetched_ahead_is_dropped_by_pause_and_seek(self, subject: Subject) -> None:
        await subject.append(subject.zero, 3)
        await subject.append(subject.one, 1)
        subject.log.pause(subject.one)
        await subject.read(3)
        subject.log.pause(subject.zero)
        subject.log.seek(subject.zero, 1)
        subject.log.resume(subject.zero)
        assert await subject.read(2) == [(subject.zero, 1), (subject.zero, 2)]

    async def test_single_records_are_read_beside_what_is_fetched(self, subject: Subject) -> None:
        await subject.append(subject.zero, 3)
        found = await subject.log.first_from(subject.zero, 1)
        assert found is not None
        assert (found.partition, found.offset) == (subject.zero.number, 1)
        assert await subject.log.first_from(subject.zero, 3) is None
        assert await subject.log.first_from(subject.one, 0) is None
        assert await subject.read(3) == [(subject.zero, n) for n in range(3)]

    async def test_a_partition_that_is_not_assigned_is_passed_over(self, subject: Subject) -> None:
        """A rebalance may come between a decision and its effect."""
        other = subject.zero._replace(number=7)
        subject.log.pause(other)
        subject.log.seek(other, 3)
        subject.log.resume(other)
        assert subject.log.assigned() == {subject.zero, subject.one}


@pytest.mark.servers
class TestKafkaLog:
    async def test_the_first_offset_moves_when_records_are_deleted(self, servers: Endpoints) -> None:
        settings = Settings(kafka=servers.kafka)
        async with AsyncExitStack() as stack:
            subject = await on_kafka(settings, stack)
            await subject.append(subject.zero, 3)
            async with admin(settings) as client:
                native = TopicPartition(subject.zero.topic, 0)
                await client.delete_records({native: RecordsToDelete(before_offset=2)})
            assert await subject.log.bounds(subject.zero) == (2, 3)

    async def test_an_aborted_transaction_leaves_holes_and_a_committed_one_a_marker(
        self, servers: Endpoints
    ) -> None:
        """So the end of the log lies behind the last record that will ever come."""
        settings = Settings(kafka=servers.kafka)
        async with AsyncExitStack() as stack:
            subject = await on_kafka(settings, stack)
            sender = AIOKafkaProducer(**connection(settings), transactional_id=secrets.token_hex(4))
            await sender.start()
            stack.push_async_callback(sender.stop)
            for committed in (False, True):
                await sender.begin_transaction()
                await sender.send_and_wait(subject.zero.topic, b"value", partition=0)
                await (sender.commit_transaction() if committed else sender.abort_transaction())
            assert await subject.read(1) == [(subject.zero, 2)]
            assert await subject.log.bounds(subject.zero) == (0, 4)
            found = await subject.log.first_from(subject.zero, 0)
            assert found is not None
            assert found.offset == 2
            assert await subject.log.first_from(subject.zero, 3) is None

    async def test_without_a_consumer_nothing_is_assigned_and_without_a_broker_nothing_is_known(self) -> None:
        log = KafkaLog(lambda: None, "cluster", lambda: single(Settings(kafka="127.0.0.1:1")))
        partition = Partition("townhall.ideas", 0)
        log.pause(partition)
        assert log.assigned() == frozenset()
        with pytest.raises(Unavailable):
            await log.bounds(partition)
