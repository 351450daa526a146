"""Filling a build from the log's start, beside the live one, which it does not touch.

Nobody reads the build yet, so much is folded before anything is written: a document changes once for
tens of thousands of events. Each worker process takes some of the partitions; checkpoints, fences and
the ledger are the engine's own, so a worker killed at any point is simply started again.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from structlog import get_logger

from consumers.engine.engine import Engine
from consumers.engine.model import Partition, Record
from consumers.fatal import end_process
from consumers.kafka_log import KafkaLog
from consumers.mongo_store import MongoStore
from infra.kafka import AIOKafkaConsumer, TopicPartition, reader, single
from infra.mongo import Database
from infra.settings import Settings
from projections.core import Projection

BATCHES = 8
"""So many live batches make one of a rebuild."""
MAX_TRANSACTION_BYTES = 48 * 1024 * 1024
WAIT_MS = 100

_log = get_logger(__name__)


class Halted(RuntimeError):
    """A partition cannot be filled: the log is not what it should be."""


def partitions(build: Projection, part: int, parts: int) -> list[Partition]:
    """The share of one worker: every `parts`-th partition, beginning with number `part`."""
    every = [Partition(topic.name, number) for topic in build.topics for number in range(topic.partitions)]
    return every[part::parts]


async def fill(
    settings: Settings, db: Database, cluster_id: str, build: Projection, mine: Sequence[Partition]
) -> None:
    """Fold these partitions up to the end of the log as it is when reached. Raises Halted."""
    consumer = reader(settings)
    await consumer.start()
    log = KafkaLog(lambda: consumer, cluster_id, lambda: single(settings))
    store = MongoStore(db, build, cluster_id)
    engine = Engine(
        build,
        log,
        store,
        owner=f"rebuild/{os.getpid()}",
        now=_now,
        failed=end_process,
        max_bytes=MAX_TRANSACTION_BYTES,
    )
    try:
        consumer.assign([TopicPartition(*one) for one in mine])
        await engine.assigned(mine)
        while not await _filled(engine, log, mine):
            if records := await _gather(consumer, BATCHES * settings.batch_records):
                await engine.take(records)
            else:
                await engine.settled()
    finally:
        await engine.close()
        await consumer.stop()
        await log.close()


async def _filled(engine: Engine, log: KafkaLog, mine: Sequence[Partition]) -> bool:
    for partition, incident in engine.halted.items():
        raise Halted(f"{partition.short}: {incident.kind}, {incident.detail}")
    positions = engine.positions()
    for partition in mine:
        if partition not in positions:
            return False
        _, end = await log.bounds(partition)
        at = positions[partition]
        if at < end and await log.first_from(partition, at) is not None:
            return False
    return True


async def _gather(consumer: AIOKafkaConsumer, most: int) -> list[Record]:
    """As many records as one transaction takes, or as there are."""
    records: list[Record] = []
    while len(records) < most:
        found = await consumer.getmany(timeout_ms=WAIT_MS, max_records=most - len(records))
        if not found:
            break
        for batch in found.values():
            records += batch
    return records


def _now() -> datetime:
    return datetime.now(UTC)
