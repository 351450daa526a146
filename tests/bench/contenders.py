"""What is timed: each reads the topic from its start once."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from aiokafka import ConsumerRecord
from faststream.kafka import KafkaBroker, KafkaMessage

from consumers import projector, rebuild
from events.codec import decode
from events.topics import IDEAS
from infra.kafka import AIOKafkaConsumer, TopicPartition, broker_options, reader
from infra.mongo import Database
from infra.settings import Settings
from projections.core import Projection
from tests.bench import messages, plain
from tests.bench.meter import Figure, Stopwatch

BATCH = 5_000
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Task:
    """The work, the same for everybody, on an empty database."""

    settings: Settings
    db: Database
    projection: Projection
    cluster: str
    total: int
    """Where the log ends, added up over partitions."""
    watch: Stopwatch
    begin: int = 0
    """Where the checkpoints stand, added up likewise."""


Contender = Callable[[Task], Awaitable[Figure]]


async def undecoded(task: Task) -> Figure:
    """The limit of the client."""
    async for _ in _batches(task):
        pass
    return task.watch.stop(task.total)


async def decoded(task: Task) -> Figure:
    """The limit of everybody who takes only events of the contract."""
    async for records in _batches(task):
        for record in records:
            decode(record.key, record.value, record.headers)
    return task.watch.stop(task.total)


async def bulk_write(task: Task) -> Figure:
    """Motor, without any guarantee."""
    return await _plainly(task, plain.Writer(task.db))


async def bulk_write_blind(task: Task) -> Figure:
    """The same, and no identities are kept either: it would not know a duplicate."""
    return await _plainly(task, plain.Writer(task.db, identities=False))


async def _plainly(task: Task, writer: plain.Writer) -> Figure:
    async for records in _batches(task):
        await writer.take([plain.told(record.headers, record.value or b"") for record in records])
    return task.watch.stop(task.total)


async def _batches(task: Task) -> AsyncIterator[list[ConsumerRecord[bytes, bytes]]]:
    seen = 0
    async with _topic(task.settings) as consumer:
        while seen < task.total:
            found = await consumer.getmany(timeout_ms=1_000, max_records=BATCH)
            task.watch.start()
            records = [record for items in found.values() for record in items][: task.total - seen]
            seen += len(records)
            yield records


@asynccontextmanager
async def _topic(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that reads every partition of the topic from its start."""
    partitions = [TopicPartition(IDEAS.name, number) for number in range(IDEAS.partitions)]
    consumer = reader(settings)
    consumer.assign(partitions)
    await consumer.start()
    try:
        await consumer.seek_to_beginning(*partitions)
        yield consumer
    finally:
        await consumer.stop()


async def faststream_batch(task: Task) -> Figure:
    """FastStream as an expert uses it: batches, orjson, fold, `bulk_write`."""
    writer = plain.Writer(task.db)
    broker, arrived = _broker(task), _Arrivals(task)

    subscriber = broker.subscriber(
        IDEAS.name,
        group_id=_group(),
        auto_offset_reset="earliest",
        batch=True,
        max_records=BATCH,
        batch_timeout_ms=100,
        decoder=_orjson,
    )

    @subscriber
    async def handle(events: list[plain.Told]) -> None:
        task.watch.start()
        await writer.take(events)
        arrived.count(len(events))

    return await arrived.all(broker)


async def _orjson(message: KafkaMessage) -> Any:
    return [
        (headers, orjson.loads(body))
        for headers, body in zip(message.batch_headers, message.body, strict=True)
    ]


async def faststream_messages(task: Task) -> Figure:
    """FastStream as most people use it: a handler for each message."""
    broker, arrived = _broker(task), _Arrivals(task)

    subscriber = broker.subscriber(IDEAS.name, group_id=_group(), auto_offset_reset="earliest")

    @subscriber
    async def handle(data: dict[str, Any], message: KafkaMessage) -> None:
        task.watch.start()
        if not arrived.done.is_set():
            await messages.apply(task.db, message.headers, data)
            arrived.count(1)

    return await arrived.all(broker)


def _broker(task: Task) -> KafkaBroker:
    return KafkaBroker(**broker_options(task.settings), logger=None, allow_auto_create_topics=False)


def _group() -> str:
    return f"bench-{uuid.uuid4().hex}"


class _Arrivals:
    """Counts events until all have been handled."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._seen = 0
        self._figure: Figure | None = None
        self.done = asyncio.Event()

    def count(self, events: int) -> None:
        self._seen += events
        if self._seen >= self._task.total and self._figure is None:
            self._figure = self._task.watch.stop(self._task.total)
            self.done.set()

    async def all(self, broker: KafkaBroker) -> Figure:
        await broker.start()
        try:
            await self.done.wait()
        finally:
            await broker.stop()
        assert self._figure is not None
        return self._figure


async def projected(task: Task) -> Figure:
    """The projector as it runs in production: FastStream, engine, one transaction for each batch."""
    async with _projector(task):
        while True:
            rows = [row async for row in task.db["checkpoints"].find({}, {"next": 1, "epoch": 1})]
            if sum(row["epoch"] > 0 for row in rows) == IDEAS.partitions:
                task.watch.start()
            if sum(row["next"] for row in rows) >= task.total:
                return task.watch.stop(task.total - task.begin)
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def _projector(task: Task) -> AsyncIterator[None]:
    stop = asyncio.Event()
    run = projector.run(task.settings, task.db, task.cluster, [task.projection], stop)
    running = asyncio.create_task(run)
    try:
        yield
    finally:
        stop.set()
        await running


DECODE = "consume and decode (the limit)"
REBUILD = "rebuild, one process"
ONE_BY_ONE = "FastStream, a handler per message"


async def rebuilt(task: Task) -> Figure:
    """One worker of a rebuild, with all partitions."""
    task.watch.start()
    every = rebuild.partitions(task.projection, 0, 1)
    await rebuild.fill(task.settings, task.db, task.cluster, task.projection, every)
    return task.watch.stop(task.total)


READERS: dict[str, Contender] = {
    "consume, no decode": undecoded,
    DECODE: decoded,
    "fold + bulk_write, no identities": bulk_write_blind,
    "fold + bulk_write, no guarantee": bulk_write,
    "FastStream batch, fold + bulk_write": faststream_batch,
    "projector, full guarantee": projected,
    REBUILD: rebuilt,
    ONE_BY_ONE: faststream_messages,
}
