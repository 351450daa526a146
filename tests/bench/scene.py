"""The servers of a run, the events in them, and databases to read them into."""

import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from events.codec import encode
from events.envelope import Event
from events.topics import IDEAS
from infra.kafka import TopicPartition, producer, reader
from infra.mongo import Database, connect
from infra.settings import Settings
from projections.core import Projection
from projections.storage import prepare
from tests.bench.meter import Meter


@dataclass(frozen=True)
class Scene:
    """Real servers of our own."""

    settings: Settings
    meter: Meter
    projection: Projection
    cluster: str

    def named(self, database: str) -> Settings:
        """The settings of a process that uses this database."""
        return self.settings.model_copy(update={"mongo_database": database})

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """An empty one with the collections and indexes of the projection, dropped at the end."""
        own = self.named(f"bench_{uuid.uuid4().hex[:12]}")
        async with connect(own) as db:
            await prepare(db, self.projection)
            try:
                yield db
            finally:
                await db.client.drop_database(own.mongo_database)

    async def publish(self, events: Iterable[Event]) -> None:
        """Append the events to the topic."""
        client = producer(self.settings)
        await client.start()
        try:
            for event in events:
                record = encode(event)
                await client.send(record.topic, record.value, key=record.key, headers=record.headers)
            await client.flush()
        finally:
            await client.stop()

    async def ends(self) -> dict[int, int]:
        """Where each partition of the topic ends."""
        consumer = reader(self.settings)
        await consumer.start()
        try:
            places = [TopicPartition(IDEAS.name, number) for number in range(IDEAS.partitions)]
            found = await consumer.end_offsets(places)
        finally:
            await consumer.stop()
        return {place.partition: end for place, end in found.items()}

    async def stand_at_end(self, db: Database) -> int:
        """Set the projection's checkpoints to the end of the log; returns the sum of their offsets."""
        ends = await self.ends()
        for number, end in ends.items():
            fresh = {"epoch": 0, "applied": 0, "duplicates": 0, "quarantined": 0}
            named = {"group": self.projection.group, "topic": IDEAS.name, "partition": number}
            await db["checkpoints"].update_one(
                {"_id": f"{self.projection.group}/{IDEAS.name}/{number}"},
                {
                    "$setOnInsert": {**fresh, **named, "cluster": self.cluster},
                    "$set": {"next": end, "last": None},
                },
                upsert=True,
            )
        return sum(ends.values())
