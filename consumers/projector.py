"""The projector: FastStream delivers batches of each projection's topics to its engine.

Bytes are never touched before the engine: one bad header would make the default parser drop a
whole batch. The handler never raises and never acknowledges: the checkpoint is the truth.
"""

import asyncio
import os
import socket
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage, KafkaMessage
from structlog import get_logger

from consumers import health
from consumers.engine.engine import Engine
from consumers.engine.model import Partition
from consumers.fatal import FAILED_EXIT_CODE, end_process
from consumers.kafka_log import KafkaLog
from consumers.mongo_store import MongoStore
from consumers.watchdog import Watchdog
from events.topics import MAX_RECORD_BYTES
from infra.failpoints import failpoint
from infra.kafka import broker_options, single
from infra.mongo import Database, PyMongoError
from infra.settings import Settings
from projections import builds
from projections.core import Projection

STOP_SECONDS = 12.0
"""Longer than a batch under way may take, shorter than a supervisor waits."""

METADATA_MS = 30_000
"""How soon a consumer learns that a topic which was deleted stands there again, or has more partitions."""
BUILDS_SECONDS = 5.0
"""How soon a projector learns of a build that was made or given up."""

_log = get_logger(__name__)


def build(
    settings: Settings, db: Database, cluster_id: str, projections: Iterable[Projection]
) -> tuple[KafkaBroker, list[Watchdog]]:
    """A broker with one subscriber for each projection, and what watches their progress."""
    broker = KafkaBroker(
        **broker_options(settings),
        logger=None,
        apply_types=False,
        allow_auto_create_topics=False,
        metadata_max_age_ms=METADATA_MS,
        graceful_timeout=10.0,
    )
    return broker, [_subscribe(broker, settings, MongoStore(db, p, cluster_id), p) for p in projections]


def _subscribe(
    broker: KafkaBroker, settings: Settings, store: MongoStore, projection: Projection
) -> Watchdog:
    log = KafkaLog(lambda: subscriber.consumer, store.cluster, lambda: single(settings))
    lease = settings.session_timeout_ms / 1000
    engine = Engine(projection, log, store, owner=owner(), now=_now, failed=end_process, lease=lease)
    subscriber = broker.subscriber(
        *(topic.name for topic in projection.topics),
        group_id=projection.group,
        batch=True,
        max_records=settings.batch_records,
        batch_timeout_ms=100,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=2 * MAX_RECORD_BYTES,
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=settings.session_timeout_ms // 4,
        rebalance_timeout_ms=15_000,
        listener=_Listener(engine),
        parser=_untouched,
        decoder=_records,
    )

    @subscriber
    async def handle(records: tuple[ConsumerRecord[bytes, bytes], ...]) -> None:
        try:
            failpoint("after_fetch")
            if 2 * len(records) >= settings.batch_records:
                await engine.take(records)
            else:  # caught up: what arrives while this is written is one batch, and none waits behind two
                await engine.handle(records)
        except Exception as error:  # noqa: BLE001 - FastStream would swallow it, and skip the batch for good
            end_process(error)

    return Watchdog(projection.group, engine, log, settings.stall_seconds)


class _Listener(ConsumerRebalanceListener):
    """Claims follow assignments, and go on after the client was answered: it waits with its heartbeats."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002
        failpoint("on_revoked")
        self._engine.revoked()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        failpoint("on_assigned")
        self._engine.assigned([Partition(tp.topic, tp.partition) for tp in assigned])


async def _untouched(batch: tuple[ConsumerRecord[Any, Any], ...]) -> KafkaMessage:
    return KafkaAckableMessage(
        body=batch,
        raw_message=batch,
        headers={},
        batch_headers=[{} for _ in batch],
        message_id=f"{batch[0].offset}-{batch[-1].offset}",
        consumer=_NoCommit(),
    )


async def _records(message: KafkaMessage) -> Any:
    return message.raw_message


class _NoCommit:
    """Acknowledging does nothing: offsets in Kafka play no part."""

    async def commit(self) -> None: ...

    def seek(self, partition: TopicPartition, offset: int) -> None: ...


def owner() -> str:
    """A name for this process that no other has."""
    return f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


def _now() -> datetime:
    return datetime.now(UTC)


async def follow(
    settings: Settings, db: Database, cluster_id: str, projections: Sequence[Projection], stop: asyncio.Event
) -> None:
    """Project whichever builds of these projections there are, until `stop` is set."""
    while not stop.is_set():
        now = await builds.prepare(db, projections)
        for missing in {one.name for one in projections} - {one.name for one in now}:
            _log.error("rebuild_needed", projection=missing, do=f"townhall projections rebuild {missing}")
        ended = asyncio.Event()
        until = [asyncio.create_task(stop.wait()), asyncio.create_task(_until_changed(db, projections, now))]
        for task in until:
            task.add_done_callback(partial(_end, ended))
        try:
            await run(settings, db, cluster_id, now, ended)
        finally:
            for task in until:
                task.cancel()


def _end(ended: asyncio.Event, _: asyncio.Task[Any]) -> None:
    ended.set()


async def _until_changed(db: Database, projections: Sequence[Projection], now: Sequence[Projection]) -> None:
    """Return when builds were made or given up."""
    found = now
    while found == now:
        await asyncio.sleep(BUILDS_SECONDS)
        try:
            found = await builds.following(db, projections)
        except PyMongoError as error:
            _log.warning("builds_unreadable", error=type(error).__name__)


async def run(
    settings: Settings, db: Database, cluster_id: str, projections: Iterable[Projection], stop: asyncio.Event
) -> None:
    """Project until `stop` is set; ends the process when nothing moves though there is work."""
    broker, watchdogs = build(settings, db, cluster_id, projections)
    async with health.served(settings.health_port, watchdogs):
        await _work(broker, watchdogs, stop)


async def _work(broker: KafkaBroker, watchdogs: Sequence[Watchdog], stop: asyncio.Event) -> None:
    watching: list[asyncio.Task[None]] = []
    try:
        if not await _started(broker, stop):
            return
        _log.info("projector_started", groups=[watchdog.group for watchdog in watchdogs])
        watching = [asyncio.create_task(watchdog.run()) for watchdog in watchdogs]
        await stop.wait()
    finally:
        for task in watching:
            task.cancel()
        await _stop(broker, watchdogs, asked=stop.is_set())
        _log.info("projector_stopped")


async def _started(broker: KafkaBroker, stop: asyncio.Event) -> bool:
    """Whether it has started before it was to stop: where Kafka is away, each consumer takes its time.

    It may fail halfway, with consumers at work that must be stopped too.
    """
    starting, stopping = asyncio.create_task(broker.start()), asyncio.create_task(stop.wait())
    await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not starting.done():
        starting.cancel()
        await asyncio.wait([starting], timeout=STOP_SECONDS)
        return False
    starting.result()
    return True


async def _stop(broker: KafkaBroker, watchdogs: Sequence[Watchdog], *, asked: bool) -> None:
    """Leave the groups; end the process where that takes too long.

    aiokafka waits for a claim under way, and claiming waits for MongoDB. Whatever the moment,
    ending loses nothing: the checkpoint says where the next owner goes on.
    """
    failpoint("before_stop")
    stopping = asyncio.create_task(_close(broker, watchdogs))
    await asyncio.wait([stopping], timeout=STOP_SECONDS)
    if not stopping.done():
        _log.warning("projector_stopped_hard", seconds=STOP_SECONDS)
        os._exit(0 if asked else FAILED_EXIT_CODE)
    await stopping
    failpoint("after_stop")


async def _close(broker: KafkaBroker, watchdogs: Sequence[Watchdog]) -> None:
    await broker.stop()
    for watchdog in watchdogs:
        await watchdog.close()
