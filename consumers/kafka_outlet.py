"""The outlet of one shard on Kafka: a transactional producer whose position stands in Kafka as well.

The number of the last event is committed as an offset of the group `townhall.relay.<line>`, in the
transaction that holds the events. A line is made with its lease: another database never inherits one.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from consumers.engine.model import Fenced
from events.codec import Record
from events.partitioning import partition_of
from events.topics import BY_NAME
from infra.failpoints import failpoint
from infra.kafka import (
    AIOKafkaProducer,
    KafkaError,
    ProducerFenced,
    TopicPartition,
    committed,
    transactional,
)
from infra.settings import Settings

PUBLISH_SECONDS = 20.0
"""Shorter than Kafka lets a transaction live."""
CLOSE_SECONDS = 2.0


class KafkaOutlet:
    """Publishes one shard, for as long as no later producer of its line has started."""

    def __init__(self, settings: Settings, line: str, shard: str) -> None:
        self._settings = settings
        self._line = f"townhall.relay.{line}"
        _, topic, number, *_ = shard.split("/")
        self._place = TopicPartition(topic, int(number))
        self._producer: AIOKafkaProducer | None = None

    async def open(self) -> int:
        """End every earlier producer of this shard; the number of the last event that was published."""
        self._producer = transactional(self._settings, self._line)
        async with asyncio.timeout(PUBLISH_SECONDS):
            await self._producer.start()  # whatever an earlier one had begun is decided when this returns
            return max(0, await committed(self._settings, self._line, self._place))

    async def publish(self, records: Sequence[Record], upto: int) -> None:
        """All of them, in order, together with the number of the last one, or nothing. Raises Fenced."""
        assert self._producer is not None  # noqa: S101 - opened before
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await self._publish(self._producer, records, upto)
        except ProducerFenced as error:
            raise Fenced(f"another relay publishes {self._line}") from error

    async def _publish(self, producer: AIOKafkaProducer, records: Sequence[Record], upto: int) -> None:
        await producer.begin_transaction()
        sent = [await _send(producer, record) for record in records]
        await asyncio.gather(*sent)
        failpoint("amid_publish")
        await producer.send_offsets_to_transaction({self._place: upto}, self._line)
        failpoint("before_transaction_end")
        await producer.commit_transaction()

    async def close(self) -> None:
        """Publish nothing more. What Kafka does not answer in time ends with the process."""
        if self._producer is not None:
            with contextlib.suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._producer.stop()
            await self._producer.client.close()  # a producer that was ended leaves its connections open


async def _send(producer: AIOKafkaProducer, record: Record) -> Any:
    """What is to be awaited until it is acknowledged."""
    partition = partition_of(record.key, BY_NAME[record.topic].partitions)
    return await producer.send(
        record.topic, record.value, key=record.key, headers=record.headers, partition=partition
    )
