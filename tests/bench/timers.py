"""100,000 timers due at one instant, and an outbox full of events: how soon they stand readable on the log.

The relay is a process of its own; alone, and beside the follow-ups, which fold again what it publishes.
What it is held against is measured in the same run: the same rows into MongoDB and out again, and the
same records in bare transactions of Kafka.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from consumers import follow_up
from consumers.engine.derive import Deriver
from consumers.engine.model import Partition, Timer
from consumers.followups import request_deadlines
from consumers.followups.registry import FOLLOW_UPS
from consumers.mongo_outbox import MongoLeases, put_outbox
from consumers.mongo_rows import record_of, start, timers_of
from events.envelope import Event
from events.partitioning import partition_of
from events.topics import REQUESTS
from events.types.requests import ServiceRequestOpened
from infra.kafka import AIOKafkaConsumer, TopicPartition, reader, transactional, uncommitted
from infra.mongo import Database, ReadConcern
from infra.settings import Settings
from tests.bench.scene import Scene
from tests.support.processes import townhall

DEADLINES = next(one for one in FOLLOW_UPS if one.name == "request_deadlines")
PLACES = [Partition(REQUESTS.name, number) for number in range(REQUESTS.partitions)]
ALONE, FOLLOWED = "timers due at one instant", "the same, followed up meanwhile"
ONE, MANY = "an outbox full, 1 shard", "an outbox full, 36 shards"
ROWS, SENT = "insert_many and delete_many of the rows", "bare transactions of Kafka"
LIMITS = (ROWS, SENT)
"""Measured in each run."""
PIECE = 1_000
"""Rows, or records, in one step of what the relay is held against."""
FIRST = 100
"""Timers that fire before: a relay has been at work for long when something is due."""
A_ROW = timedelta(microseconds=600)
"""Longer than it takes to put a timer in."""
LONGEST_SECONDS = 120.0
Row = dict[str, Any]


class Fired(NamedTuple):
    """Seconds from the due time to the record being read."""

    p50: float
    p99: float
    most: float
    rate: float
    """Events a second, until the last one."""


async def measure(
    scene: Scene, count: int, rounds: int, step: Callable[[], None], only: str
) -> dict[str, list[Fired]]:
    """Figures by name, of so many rounds in turn."""
    rows = list(_rows(count))
    runs: dict[str, Callable[[], Awaitable[Fired]]] = {
        ROWS: lambda: _in_and_out(scene, rows),
        SENT: lambda: _bare(scene.settings, rows),
        ALONE: lambda: _due(scene, rows, followed=False),
        FOLLOWED: lambda: _due(scene, rows, followed=True),
        ONE: lambda: _outbox(scene, rows, 1),
        MANY: lambda: _outbox(scene, rows, 36),
    }
    chosen = {name: run for name, run in runs.items() if only in name or name in LIMITS}
    figures: dict[str, list[Fired]] = {name: [] for name in chosen}
    for _ in range(rounds):
        for name, run in chosen.items():
            figures[name].append(await run())
            step()
    return figures


def _rows(count: int) -> Iterator[Row]:
    """The timers that so many requests would start."""
    deriver = Deriver("request_deadlines", "request_deadlines.v1")
    opened = datetime(2026, 4, 1, 13, tzinfo=UTC)
    expected = opened + timedelta(days=3)
    for number in range(count):
        city, subject = f"city-{number % 300}", f"request-{number}"
        data = ServiceRequestOpened(
            service_code="pothole",
            service_name="Pothole",
            requested_datetime=opened,
            expected_datetime=expected,
        )
        told = Event(
            id=f"bench-opened-{number}",
            source=f"urn:townhall:{city}:bench",
            type="org.citiesofservice.service_request.opened.v1",
            subject=subject,
            time=opened,
            city=city,
            data=data,
        )
        key = f"{city}/{subject}"
        place = PLACES[partition_of(key.encode(), REQUESTS.partitions)]
        _, effects = request_deadlines.react(None, told)
        for made in deriver.made(place, key, told, effects).values():
            if isinstance(made, Timer):
                yield start(DEADLINES.group, made)["u"]


@asynccontextmanager
async def _database(scene: Scene) -> AsyncIterator[tuple[Settings, Database]]:
    """One whose follow-ups have folded all that stands in the log."""
    async with scene.database() as db:
        await follow_up.prepare(db, scene.cluster, FOLLOW_UPS)
        await _fold(scene.settings, db)
        yield scene.named(db.name), db


async def _fold(settings: Settings, db: Database) -> None:
    """Nobody folds here: say that all has been."""
    consumer = uncommitted(settings)
    await consumer.start()
    try:
        async for row in db["checkpoints"].find():
            place = TopicPartition(row["topic"], row["partition"])
            end = (await consumer.end_offsets([place]))[place]
            await db["checkpoints"].update_one({"_id": row["_id"]}, {"$set": {"next": end}})
    finally:
        await consumer.stop()


async def _due(scene: Scene, rows: Sequence[Row], *, followed: bool) -> Fired:
    async with _database(scene) as (own, db), AsyncExitStack() as stack:
        seen = await stack.enter_async_context(_watched(own))
        await stack.enter_async_context(townhall(own, "relay"))
        if followed:
            await stack.enter_async_context(townhall(own, "follow-up"))
        await _inserted(db, "timers", rows[:FIRST])
        await _all(seen, rows[:FIRST], lambda first: first)
        if not followed:
            await _fold(own, db)
        due = datetime.now(UTC) + len(rows) * A_ROW
        await _inserted(db, "timers", [{**row, "due": due} for row in rows[FIRST:]])
        assert datetime.now(UTC) < due, "the timers were not in before they were due"
        return await _all(seen, rows[FIRST:], lambda _: due.timestamp())


async def _outbox(scene: Scene, rows: Sequence[Row], shards: int) -> Fired:
    async with _database(scene) as (own, db), AsyncExitStack() as stack:
        leases = MongoLeases(db, "bench", 60, lambda: datetime.now(UTC))
        session = await leases.session("bench")
        for number in range(shards):
            lease = await leases.take(f"bench/{number}")
            assert lease is not None
            shard = timers_of(f"townhall.bench-{number}.v1", PLACES[number % len(PLACES)])
            mine = [row["record"] for row in rows[number::shards]]
            for at in range(0, len(mine), PIECE):
                async with session.start_transaction(read_concern=ReadConcern("snapshot")):
                    await put_outbox(
                        db, lease, shard, mine[at : at + PIECE], session=session, now=datetime.now(UTC)
                    )
        seen = await stack.enter_async_context(_watched(own))
        await stack.enter_async_context(townhall(own, "relay"))
        return await _all(seen, rows, lambda first: first)


@asynccontextmanager
async def _watched(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """A reader that stands at the end of every partition."""
    consumer = reader(settings)
    await consumer.start()
    try:
        places = [TopicPartition(*place) for place in PLACES]
        consumer.assign(places)
        for place, end in (await consumer.end_offsets(places)).items():
            consumer.seek(place, end)
        yield consumer
    finally:
        await consumer.stop()


async def _all(consumer: AIOKafkaConsumer, rows: Sequence[Row], since: Callable[[float], float]) -> Fired:
    """Read until each is there; one that comes twice, or none of these, fails the run."""
    ids = {_id(record_of(row["record"]).headers) for row in rows}
    took: list[tuple[float, int]] = []
    async with asyncio.timeout(LONGEST_SECONDS):
        while ids:
            found = await consumer.getmany(timeout_ms=100, max_records=5_000)
            now, count = time.time(), 0
            for records in found.values():
                for record in records:
                    ids.remove(_id(record.headers))
                    count += 1
            if count:
                took.append((now, count))
    began = since(took[0][0])
    late = [now - began for now, count in took for _ in range(count)]
    return Fired(late[len(late) // 2], late[len(late) * 99 // 100], late[-1], len(late) / max(late[-1], 1e-9))


def _id(headers: Sequence[tuple[str, bytes]]) -> bytes:
    return next(value for name, value in headers if name == "ce_id")


async def _inserted(db: Database, collection: str, rows: Sequence[Row]) -> None:
    for at in range(0, len(rows), PIECE):
        await db[collection].insert_many(rows[at : at + PIECE])


async def _in_and_out(scene: Scene, rows: Sequence[Row]) -> Fired:
    """Into a collection without further indexes, and out again by id."""
    async with scene.database() as db:
        began, took = time.perf_counter(), list[float]()
        for at in range(0, len(rows), PIECE):
            await db["plain"].insert_many(rows[at : at + PIECE])
        for at in range(0, len(rows), PIECE):
            await db["plain"].delete_many({"_id": {"$in": [row["_id"] for row in rows[at : at + PIECE]]}})
            took.append(time.perf_counter() - began)
    return _figure(took, len(rows))


async def _bare(settings: Settings, rows: Sequence[Row]) -> Fired:
    """One producer, one transaction after the other."""
    records, took = [record_of(row["record"]) for row in rows], list[float]()
    async with transactional(settings, "bench-bare") as client:
        began = time.perf_counter()
        for at in range(0, len(records), PIECE):
            async with client.transaction():
                for r in records[at : at + PIECE]:
                    await client.send(r.topic, r.value, key=r.key, headers=r.headers)
            took.append(time.perf_counter() - began)
    return _figure(took, len(rows))


def _figure(took: Sequence[float], count: int) -> Fired:
    return Fired(took[len(took) // 2], took[len(took) * 99 // 100], took[-1], count / took[-1])
