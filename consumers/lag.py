"""Where each projection stands against the log, in events and in time."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import NamedTuple

from consumers.engine.model import Partition
from consumers.followups.registry import FOLLOW_UPS
from consumers.kafka_log import UNREADABLE
from infra.kafka import AIOKafkaConsumer, TopicPartition, TopicsDiffer, reader
from infra.mongo import Database
from infra.settings import Settings
from projections import builds
from projections.core import Projection
from projections.registry import PROJECTIONS

MOST_COUNTED = 1_000
"""So many events still to come are counted one by one; beyond, offsets stand for them."""
READ_SECONDS = 5.0
_COUNTS = ("applied", "duplicates", "quarantined")


class Standing(NamedTuple):
    """One projection on one topic, over all partitions, in events and records."""

    projection: str
    topic: str
    applied: int
    duplicates: int
    quarantined: int
    waiting: int
    oldest_seconds: float | None
    """The age of the oldest record that waits; None when none does, or when it cannot be read."""
    halted: dict[str, str]
    """The partitions that wait for an operator, with the kind of their incident."""


class Ahead(NamedTuple):
    """What lies between a checkpoint and the end of its partition."""

    records: int
    oldest_ms: int | None


class Bounds(NamedTuple):
    """The first offset that still exists, and the one after the last that a reader can see."""

    first: int
    end: int


async def standing(settings: Settings, db: Database) -> list[Standing]:
    """One row for each projection and topic. Raises TopicsDiffer where a topic does not exist."""
    consumer = reader(settings)
    try:
        await consumer.start()
        log = _Log(consumer, await _bounds(consumer))
        return [
            await _standing(log, db, (name, projection), topic.name)
            for name, projection in await _builds(db)
            for topic in projection.topics
        ]
    finally:
        await consumer.stop()


async def _builds(db: Database) -> list[tuple[str, Projection]]:
    """The build that readers see under the projection's name, every other one with its own; follow-ups."""
    found = [build for build in await builds.listing(db, PROJECTIONS) if build.projection]
    named = {build.name if build.live else f"{build.name}.{build.tag}": build.projection for build in found}
    if not found:
        return [(projection.name, projection) for projection in PROJECTIONS]
    begun = await db["checkpoints"].distinct("group")
    named |= {one.name: one for one in FOLLOW_UPS if one.group in begun}
    return [(name, projection) for name, projection in named.items() if projection]


async def _bounds(consumer: AIOKafkaConsumer) -> dict[TopicPartition, Bounds]:
    wanted = {topic for projection in (*PROJECTIONS, *FOLLOW_UPS) for topic in projection.topics}
    missing = {topic.name for topic in wanted} - await consumer.topics()
    if missing:
        names = ", ".join(sorted(missing))
        raise TopicsDiffer(f"Kafka has no topic {names}. `townhall topics apply` creates what is missing.")
    places = [TopicPartition(topic.name, n) for topic in wanted for n in range(topic.partitions)]
    first, end = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    return {place: Bounds(first[place], end[place]) for place in places}


async def _standing(
    log: "_Log",
    db: Database,
    named: tuple[str, Projection],
    topic: str,
) -> Standing:
    name, projection = named
    mine = {"group": projection.group, "topic": topic}
    found = {row["partition"]: row async for row in db["checkpoints"].find(mine)}
    open_ones = db["incidents"].find({**mine, "status": "open"}).sort("last_at", 1)
    halted = {Partition(topic, row["partition"]).short: row["kind"] async for row in open_ones}
    ahead = [
        await log.ahead(place, found.get(place.partition, {"next": 0})["next"])
        for place in log.bounds
        if place.topic == topic
    ]
    applied, duplicates, quarantined = (sum(row[name] for row in found.values()) for name in _COUNTS)
    oldest = min((one.oldest_ms for one in ahead if one.oldest_ms is not None), default=None)
    return Standing(
        name,
        topic,
        applied,
        duplicates,
        quarantined,
        sum(one.records for one in ahead),
        None if oldest is None else max(0.0, round(time.time() - oldest / 1000, 1)),
        halted,
    )


@dataclass
class _Log:
    """The log as it stands now. What several projections have ahead alike is counted once."""

    consumer: AIOKafkaConsumer
    bounds: dict[TopicPartition, Bounds]
    _known: dict[tuple[TopicPartition, int], Ahead] = field(default_factory=dict)

    async def ahead(self, place: TopicPartition, checkpoint: int) -> Ahead:
        """The markers of transactions are no records, also where they are all that lies ahead."""
        first, end = self.bounds[place]
        start = max(checkpoint, first)
        if start >= end:
            return Ahead(0, None)
        if (place, start) not in self._known:
            self._known[place, start] = await self._ahead(place, start, end)
        return self._known[place, start]

    async def _ahead(self, place: TopicPartition, start: int, end: int) -> Ahead:
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await _count(self.consumer, place, start, end)
        except (*UNREADABLE, TimeoutError):
            return Ahead(end - start, None)


async def _count(consumer: AIOKafkaConsumer, place: TopicPartition, start: int, end: int) -> Ahead:
    count, oldest = 0, None
    consumer.assign([place])
    consumer.seek(place, start)
    while count < MOST_COUNTED and await consumer.position(place) < end:
        found = await consumer.getmany(place, timeout_ms=200, max_records=MOST_COUNTED)
        for record in found.get(place, ()):
            count += record.offset < end
            oldest = record.timestamp if oldest is None else oldest
    return Ahead(count + max(0, end - await consumer.position(place)), oldest)


def in_words(seconds: float | None) -> str:
    """An age as a person reads it, as in `12 s`."""
    if seconds is None:
        return ""
    for unit, size, most in (("s", 1, 120), ("min", 60, 7_200), ("h", 3_600, 172_800)):
        if seconds < most:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"
