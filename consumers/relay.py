"""The relay's process: it publishes what stands in the outbox, and fires the timers of follow-ups.

Every shard and every partition's timers are leased. Several processes share them: the first one takes
what it finds, the others what it leaves or loses. Nothing is mended here: whatever fails ends the
process with code 70, and the next one reads where things stand.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from structlog import get_logger

from consumers.engine.model import Fenced, Partition, Unavailable
from consumers.engine.relay import Relay
from consumers.engine.sweeper import MOST, Sweeper
from consumers.fatal import FAILED_EXIT_CODE, end_process
from consumers.kafka_log import KafkaLog
from consumers.kafka_outlet import KafkaOutlet
from consumers.mongo_outbox import MongoLeases, MongoOutbox, MongoTimers, prepare, shards_due
from consumers.mongo_rows import shard_of
from consumers.mongo_store import MongoStore
from consumers.projector import owner
from infra.failpoints import failpoint
from infra.kafka import KafkaError, single
from infra.mongo import Database, PyMongoError
from infra.settings import Settings
from projections.core import Projection

LOOK_SECONDS = 0.2
"""How soon an event in the outbox is seen."""
SWEEP_SECONDS = 0.2
"""How soon a timer that is due is seen."""
TROUBLE = (Fenced, Unavailable, KafkaError, PyMongoError, TimeoutError)
"""What the servers or another relay are the cause of."""

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
    sweepers = Sweepers(db, log, follow_ups, leases, clock)
    tasks = [asyncio.create_task(work) for work in (relays.run(), sweepers.run(), _keep(leases, seconds))]
    stopping = asyncio.create_task(stop.wait())
    _log.info("relay_started", follow_ups=[one.group for one in follow_ups])
    await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            _end_process(task.exception())
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await leases.release()
    await relays.close()
    await log.close()
    _log.info("relay_stopped")


def _end_process(error: BaseException | None) -> None:
    if isinstance(error, TROUBLE):
        _log.warning("relay_ended", why=type(error).__name__, error=str(error)[:500])
        os._exit(FAILED_EXIT_CODE)
    end_process(error or RuntimeError("a loop of the relay has ended"))


async def _keep(leases: MongoLeases, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds / 4)
        await leases.renew()


class Relays:
    """One relay for each shard that was ever seen with events in it; each works by itself."""

    def __init__(self, settings: Settings, outbox: MongoOutbox, leases: MongoLeases) -> None:
        self._settings = settings
        self._outbox = outbox
        self._leases = leases
        self._relays: dict[str, Relay] = {}
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Publish until cancelled."""
        try:
            while True:
                for shard in await self._outbox.shards():
                    if shard not in self._busy:
                        self._busy[shard] = asyncio.create_task(self._publish(shard))
                await asyncio.sleep(LOOK_SECONDS)
                for shard in [shard for shard, task in self._busy.items() if task.done()]:
                    self._busy.pop(shard).result()
        finally:
            for task in self._busy.values():
                task.cancel()

    async def close(self) -> None:
        """Let go of Kafka."""
        await asyncio.gather(*(relay.close() for relay in self._relays.values()))

    async def _publish(self, shard: str) -> None:
        relay = self._relays.get(shard) or await self._open(shard)
        while relay is not None and await relay.step():
            pass

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
        log: KafkaLog,
        follow_ups: Sequence[Projection],
        leases: MongoLeases,
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._log = log
        self._leases = leases
        self._clock = clock
        self._places = {
            shard_of(one.group, place): (one, place)
            for one in follow_ups
            for topic in one.topics
            for place in (Partition(topic.name, number) for number in range(topic.partitions))
        }
        self._sweepers: dict[str, Sweeper] = {}

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            for shard in sorted(self._places.keys() & await shards_due(self._db, self._clock())):
                sweeper = await self._sweeper(shard)
                while sweeper is not None and await sweeper.step() == MOST:
                    pass
            await asyncio.sleep(SWEEP_SECONDS)

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
                partition, lease, timers, store=store, log=self._log, now=self._clock
            )
        return self._sweepers[shard]
