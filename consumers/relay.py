"""The relay's process: it publishes what stands in the outbox, and fires the timers of follow-ups.

Every shard and every partition's timers are leased. Several processes share them: the first one takes
what it finds, the others what it leaves or loses. Nothing is mended here: whatever fails ends the
process with code 70, and the next one reads where things stand.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from structlog import get_logger

from consumers.engine.model import Partition
from consumers.engine.relay import Relay
from consumers.engine.sweeper import Sweeper
from consumers.kafka_log import KafkaLog
from consumers.kafka_outlet import KafkaOutlet
from consumers.leased import until_stopped
from consumers.mongo_outbox import MongoLeases, MongoOutbox, prepare
from consumers.mongo_rows import shard_of
from consumers.mongo_store import MongoStore
from consumers.mongo_timers import MongoTimers, shards_due
from consumers.projector import owner
from infra.failpoints import failpoint
from infra.kafka import single, uncommitted
from infra.mongo import Database
from infra.settings import Settings
from projections.core import Projection

LOOK_SECONDS = 0.2
"""How soon an event in the outbox is seen."""
SWEEP_SECONDS = 0.2
"""How soon a timer that is due is seen."""
AT_ONCE = 4
"""Shards that are published, and others that are swept, at the same time; each holds its events in memory."""
_log = get_logger(__name__)


def now() -> datetime:
    """The clock of the timers."""
    return datetime.now(UTC)


async def run(
    settings: Settings,
    db: Database,
    cluster_id: str,
    follow_ups: Sequence[Projection],
    stop: asyncio.Event,
    *,
    clock: Callable[[], datetime] = now,
) -> None:
    """Relay and sweep until `stop` is set; ends the process when anything fails."""
    await prepare(db)
    seconds = settings.session_timeout_ms / 1000
    leases = MongoLeases(db, owner(), seconds, clock)
    log = KafkaLog(lambda: None, cluster_id, lambda: single(settings))
    relays = Relays(settings, MongoOutbox(db), leases)
    written = KafkaLog(lambda: None, cluster_id, lambda: uncommitted(settings))
    sweepers = Sweepers(db, (log, written), follow_ups, leases, clock)
    _log.info("relay_started", follow_ups=[one.group for one in follow_ups])
    await until_stopped("relay", stop, leases, seconds, relays.run(), sweepers.run())
    await relays.close()
    await log.close()
    await written.close()
    _log.info("relay_stopped")


class _SideBySide:
    """Work that goes on for each of several shards, once at a time for each."""

    def __init__(self, work: Callable[[str], Awaitable[None]]) -> None:
        self._work = work
        self._busy: dict[str, asyncio.Future[None]] = {}

    async def run(self, shards: Callable[[], Awaitable[Sequence[str]]], seconds: float) -> None:
        """Look every so often which shards there is work for, until cancelled."""
        try:
            while True:
                for shard in await shards():
                    if shard not in self._busy:
                        self._busy[shard] = asyncio.ensure_future(self._work(shard))
                await asyncio.sleep(seconds)
                for shard in [shard for shard, task in self._busy.items() if task.done()]:
                    self._busy.pop(shard).result()
        finally:
            for task in self._busy.values():
                task.cancel()


class Relays:
    """One relay for each shard with events in it; each works by itself."""

    def __init__(self, settings: Settings, outbox: MongoOutbox, leases: MongoLeases) -> None:
        self._settings = settings
        self._outbox = outbox
        self._leases = leases
        self._relays: dict[str, Relay] = {}
        self._few = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Publish until cancelled."""
        await _SideBySide(self._publish).run(self._outbox.shards, LOOK_SECONDS)

    async def close(self) -> None:
        """Let go of Kafka."""
        await asyncio.gather(*(relay.close() for relay in self._relays.values()))

    async def _publish(self, shard: str) -> None:
        more = True
        while more:
            async with self._few:  # in turn: a long shard keeps no other one waiting
                relay = self._relays.get(shard) or await self._open(shard)
                more = relay is not None and await relay.step()

    async def _open(self, shard: str) -> Relay | None:
        lease = await self._leases.take(f"relay/{shard}")
        if lease is None:
            return None
        relay = Relay(shard, lease, self._outbox, KafkaOutlet(self._settings, lease.line, shard))
        self._relays[shard] = relay
        await relay.open()
        return relay


class Sweepers:
    """One sweeper for each partition of each follow-up that ever had a timer due."""

    def __init__(
        self,
        db: Database,
        logs: tuple[KafkaLog, KafkaLog],
        follow_ups: Sequence[Projection],
        leases: MongoLeases,
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._log, self._written = logs
        self._leases = leases
        self._clock = clock
        self._places = {
            shard_of(one.group, place): (one, place)
            for one in follow_ups
            for topic in one.topics
            for place in (Partition(topic.name, number) for number in range(topic.partitions))
        }
        self._sweepers: dict[str, Sweeper] = {}
        self._few = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Sweep until cancelled."""
        await _SideBySide(self._sweep).run(self._due, SWEEP_SECONDS)

    async def _due(self) -> list[str]:
        return [shard for shard in await shards_due(self._db, self._clock()) if shard in self._places]

    async def _sweep(self, shard: str) -> None:
        more = True
        while more:
            async with self._few:
                sweeper = await self._sweeper(shard)
                more = sweeper is not None and await sweeper.step() > 0

    async def _sweeper(self, shard: str) -> Sweeper | None:
        if shard not in self._sweepers:
            lease = await self._leases.take(f"sweeper/{shard}")
            if lease is None:
                return None
            failpoint("after_sweeper_lease")
            follow_up, partition = self._places[shard]
            timers = MongoTimers(self._db, self._leases, follow_up.group, partition)
            store = MongoStore(self._db, follow_up, self._log.cluster)
            self._sweepers[shard] = Sweeper(
                partition, lease, timers, store=store, log=self._log, written=self._written, now=self._clock
            )
        return self._sweepers[shard]
