"""Bringing in the history of a city: its timers and messages go by the clock of its history, not by today's.

A year that is published in a minute would find every deadline long past. So its timers and messages are held
where the history stands, and whoever brings it in goes on when all that was due until then stands in the log.
What is held waits until somebody moves on: should that process die, starting it again goes on.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from consumers.engine.model import Partition
from consumers.followups.registry import FOLLOW_UPS
from consumers.kafka_log import KafkaLog
from consumers.messages.desk import any_due
from consumers.mongo_rows import shard_of
from infra.kafka import cluster_id, single
from infra.mongo import Database, UpdateOne
from infra.settings import Settings
from projections.core import Projection

QUIET_SECONDS = 60.0
LOOK_SECONDS = 0.05
Place = tuple[Partition, int, int]
"""A partition, where a follow-up stands in it, and its end."""


class NotQuiet(TimeoutError):
    """What had to follow did not; a projector, the follow-ups, the relay or the mailer may not run."""


async def held(db: Database) -> dict[str, datetime]:
    """The cities whose timers wait, and where their histories stand."""
    return {row["_id"]: row["at"] async for row in db["histories"].find().sort("_id", 1)}


class History:
    """The history of some cities, on its way in."""

    def __init__(
        self, db: Database, log: KafkaLog, follow_ups: Sequence[Projection], cities: Iterable[str]
    ) -> None:
        self._db = db
        self._log = log
        self._follow_ups = follow_ups
        self._cities = sorted(cities)
        self._shards = [
            shard_of(one.group, Partition(topic.name, number))
            for one in follow_ups
            for topic in one.topics
            for number in range(topic.partitions)
        ]
        self._nothing: set[Place] = set()
        """Where nothing but the markers of transactions was seen."""

    async def hold(self, at: datetime) -> None:
        """No timer of these cities fires that is due later. To be called before the first event."""
        rows = [UpdateOne({"_id": city}, {"$set": {"at": at}}, upsert=True) for city in self._cities]
        await self._db["histories"].bulk_write(rows)

    async def settle(self, at: datetime) -> None:
        """Move on to `at`, and return when all that is due by then stands in the log. Raises NotQuiet."""
        await self.hold(at)
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                while not await self._quiet(at):  # noqa: ASYNC110 - no event to wait for
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise NotQuiet(
                f"What follows until {at:%Y-%m-%d %H:%M} UTC did not happen within {QUIET_SECONDS:g} s. "
                "Are `townhall project`, `townhall follow-up`, `townhall relay` and `townhall mailer` "
                "running? Does `townhall status` show a partition that halted? "
                "The same command goes on from here."
            ) from None

    async def _quiet(self, at: datetime) -> bool:
        """Read in this order: what was folded has left its rows, and what was relayed has moved an end.

        An announcement is gone when its notices stand, and a notice is done when its event is in the outbox.
        """
        ends = await self._ends()
        return (
            await self._folded(ends)
            and await self._db["timers"].find_one(
                {"shard": {"$in": self._shards}, "city": {"$in": self._cities}, "due": {"$lte": at}},
                {"_id": 1},
            )
            is None
            and await self._db["announcements"].find_one({}, {"_id": 1}) is None
            and not await any_due(self._db, self._cities, at)
            and await self._db["outbox"].find_one({}, {"_id": 1}) is None
            and await self._ends() == ends
        )

    async def _ends(self) -> dict[Partition, int]:
        topics = {topic for one in self._follow_ups for topic in one.topics}
        return await self._log.ends(
            [Partition(topic.name, n) for topic in topics for n in range(topic.partitions)]
        )

    async def _folded(self, ends: dict[Partition, int]) -> bool:
        groups = {"$in": [one.group for one in self._follow_ups]}
        rows = await self._db["checkpoints"].find({"group": groups}).to_list(None)
        stands = {(row["group"], Partition(row["topic"], row["partition"])): row["next"] for row in rows}
        for one in self._follow_ups:
            for place in [place for place in ends if place.topic in {topic.name for topic in one.topics}]:
                if not await self._at_end(place, stands.get((one.group, place), 0), ends[place]):
                    return False
        return True

    async def _at_end(self, place: Partition, stands: int, end: int) -> bool:
        if stands >= end or (place, stands, end) in self._nothing:
            return True
        if await self._log.first_from(place, stands) is not None:
            return False
        self._nothing.add((place, stands, end))
        return True


@asynccontextmanager
async def opened(settings: Settings, db: Database, cities: Iterable[str]) -> AsyncIterator[History]:
    """A history of these cities, with all follow-ups of this code."""
    log = KafkaLog(lambda: None, await cluster_id(settings), lambda: single(settings))
    try:
        yield History(db, log, FOLLOW_UPS, cities)
    finally:
        await log.close()
