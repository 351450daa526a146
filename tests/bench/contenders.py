"""What is timed: each reads the whole topic once and says how many events a second it took."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from consumers import projector
from consumers.engine.batch import Batch
from consumers.engine.fold import Plan
from consumers.engine.model import Claim, Partition, Record, Store, Write
from consumers.engine.owned import Owned
from consumers.mongo_store import MongoStore
from events.codec import decode
from events.topics import IDEAS
from infra.kafka import AIOKafkaConsumer, TopicPartition, reader
from infra.mongo import Database, DeleteOne, ReplaceOne, UpdateOne
from infra.settings import Settings
from projections.core import Projection, cell_id

BATCH = 5_000


@dataclass(frozen=True)
class Task:
    """The work, the same for everybody."""

    settings: Settings
    db: Database
    projection: Projection
    total: int


Contender = Callable[[Task], Awaitable[float]]


async def raw(task: Task) -> float:
    """The limit: consume and decode, nothing else."""
    started = 0.0
    seen = 0
    async with _topic(task.settings) as consumer:
        while seen < task.total:
            batch = await consumer.getmany(timeout_ms=1_000, max_records=BATCH)
            started = started or time.perf_counter()
            for records in batch.values():
                for record in records:
                    decode(record.key, record.value, record.headers)
                seen += len(records)
    return task.total / (time.perf_counter() - started)


async def unguarded(task: Task) -> float:
    """The same fold, with a memory, then `bulk_write`: no transaction, checkpoint or ledger."""
    plan = Plan(task.projection)
    store = MongoStore(task.db, task.projection, "bench")
    owned = {
        Partition(IDEAS.name, n): Owned(Claim(Partition(IDEAS.name, n), 1, 0))
        for n in range(IDEAS.partitions)
    }
    started = 0.0
    seen = 0
    async with _topic(task.settings) as consumer:
        while seen < task.total:
            batch = await consumer.getmany(timeout_ms=1_000, max_records=BATCH)
            started = started or time.perf_counter()
            records: dict[Partition, list[Record]] = {
                Partition(tp.topic, tp.partition): list(items) for tp, items in batch.items()
            }
            seen += sum(map(len, records.values()))
            await _fold_and_write(task.db, plan, store, owned, records)
    return task.total / (time.perf_counter() - started)


async def _fold_and_write(
    db: Database,
    plan: Plan,
    store: Store,
    owned: dict[Partition, Owned],
    records: dict[Partition, list[Record]],
) -> None:
    batch = Batch(plan, owned, records)
    write = await batch.fold(store, datetime.now(UTC))
    for collection, documents in write.documents.items():
        changes = [
            ReplaceOne({"_id": key}, {**new, "_id": key}, upsert=True) if new else DeleteOne({"_id": key})
            for key, new in documents.items()
        ]
        await db[collection].bulk_write(changes, ordered=False)
    await _write_cells(db, write)
    batch.keep(write)


async def _write_cells(db: Database, write: Write) -> None:
    for collection, cells in write.cells.items():
        changes = [
            UpdateOne(
                {"_id": cell_id(key, partition.short)},
                {"$inc": {f"n.{name}": amount for name, amount in sums.items()}},
                upsert=True,
            )
            for (partition, key), sums in cells.items()
        ]
        await db[collection].bulk_write(changes, ordered=False)


async def guarded(task: Task) -> float:
    """The projector as it runs in production: FastStream, engine, one transaction for each batch."""
    stop = asyncio.Event()
    running = asyncio.create_task(projector.run(task.settings, task.db, "bench", [task.projection], stop))
    started = 0.0
    try:
        while True:
            positions = [item["next"] async for item in task.db["checkpoints"].find({}, {"next": 1})]
            if len(positions) == IDEAS.partitions:
                started = started or time.perf_counter()
            if sum(positions) >= task.total:
                return task.total / (time.perf_counter() - started)
            await asyncio.sleep(0.02)
    finally:
        stop.set()
        await running


def _topic(settings: Settings) -> "_Assigned":
    return _Assigned(settings)


class _Assigned:
    """A consumer that reads every partition of the topic from its start."""

    def __init__(self, settings: Settings) -> None:
        self._consumer = reader(settings)

    async def __aenter__(self) -> AIOKafkaConsumer:
        partitions = [TopicPartition(IDEAS.name, n) for n in range(IDEAS.partitions)]
        self._consumer.assign(partitions)
        await self._consumer.start()
        await self._consumer.seek_to_beginning(*partitions)
        return self._consumer

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
