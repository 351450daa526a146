"""From published to readable: a projector in a process of its own, a steady stream, a reader who looks."""

import asyncio
import time
from typing import NamedTuple

from events.codec import Record, encode
from infra.kafka import producer
from infra.mongo import Database
from tests.bench import plain, workload
from tests.bench.scene import Scene
from tests.support.processes import townhall

POLL_SECONDS = 0.002
WARM_SECONDS = 2.0
LONGEST_SECONDS = 30.0
TICK_SECONDS = 0.002


class Latency(NamedTuple):
    """Milliseconds from `send` to the document being read."""

    p50: float
    p99: float
    seen: int


async def measure(scene: Scene, rate: int, seconds: float) -> Latency:
    """At `rate` events a second. New ideas, a tenth of the events, are what is looked for."""
    count = round(rate * (WARM_SECONDS + seconds))
    records = [encode(event) for event in workload.events(count, seed=3, first=10_000_000 * rate)]
    async with scene.database() as db:
        await scene.stand_at_end(db)
        async with townhall(scene.named(db.name), "project", scene.projection.name):
            await _claimed(db)
            watched = _Watched(db)
            looking = asyncio.create_task(watched.look())
            await _publish(scene, records, rate, watched)
            await watched.wait_for_all()
            looking.cancel()
    return watched.latency(round(rate * WARM_SECONDS))


class _Watched:
    """Ideas that were sent and not read yet."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sent: dict[str, tuple[int, float]] = {}
        self._took: list[tuple[int, float]] = []

    def sent(self, record: Record, number: int) -> None:
        key = record.key.decode()
        if "/idea-new-" in key:
            self._sent[key] = (number, time.perf_counter())

    async def look(self) -> None:
        """Read again and again what is not there yet."""
        while True:
            query = {"_id": {"$in": list(self._sent)}}
            rows = await self._db[plain.IDEAS].find(query, {"_id": 1}).to_list(None) if self._sent else []
            now = time.perf_counter()
            for row in rows:
                number, then = self._sent.pop(row["_id"])
                self._took.append((number, 1000 * (now - then)))
            await asyncio.sleep(POLL_SECONDS)

    async def wait_for_all(self) -> None:
        async with asyncio.timeout(LONGEST_SECONDS):
            while self._sent:  # noqa: ASYNC110 - the reader has no event for it
                await asyncio.sleep(POLL_SECONDS)

    def latency(self, warm: int) -> Latency:
        """Without the events before `warm`, when caches were cold."""
        took = sorted(ms for number, ms in self._took if number >= warm)
        return Latency(took[len(took) // 2], took[len(took) * 99 // 100], len(took))


async def _publish(scene: Scene, records: list[Record], rate: int, watched: _Watched) -> None:
    client = producer(scene.settings)
    await client.start()
    began = time.perf_counter()
    try:
        for number, record in enumerate(records):
            if (ahead := number / rate - (time.perf_counter() - began)) > 0:
                await asyncio.sleep(max(ahead, TICK_SECONDS))
            watched.sent(record, number)
            await client.send(record.topic, record.value, key=record.key, headers=record.headers)
        await client.flush()
    finally:
        await client.stop()


async def _claimed(db: Database) -> None:
    async with asyncio.timeout(LONGEST_SECONDS):
        while await db["checkpoints"].count_documents({"epoch": 0}):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
