"""The publisher: events into Kafka, each acknowledged by every in-sync replica.

For Python apps that speak Kafka, and for everything of ours that publishes::

    async with Publisher(settings) as publisher:
        positions = await publisher.publish(events)
"""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from structlog import get_logger

from events.codec import Record, encode
from events.envelope import Event
from events.partitioning import partition_of
from events.positions import Position
from events.topics import TOPICS
from infra.failpoints import failpoint
from infra.kafka import producer
from infra.settings import Settings

DEADLINE_SECONDS = 5.0
STOP_SECONDS = 1.0
_PARTITIONS = {topic.name: topic.partitions for topic in TOPICS}
_log = get_logger(__name__)


class OutcomeUnknown(RuntimeError):
    """Kafka did not acknowledge in time: the events may or may not stand in the log.

    Nothing is lost by publishing the same events, with the same ids, again.
    """


class Publisher:
    """An idempotent producer that renews itself after a fatal error."""

    def __init__(self, settings: Settings, *, deadline: float = DEADLINE_SECONDS) -> None:
        self._settings = settings
        self._deadline = deadline
        self._opening: asyncio.Task[AIOKafkaProducer] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opening is not None:
            await self._retire(self._opening)

    async def publish(self, events: Sequence[Event]) -> list[Position]:
        """Publish all, wait for every acknowledgement; positions in the order of `events`.

        Raises OutcomeUnknown when the deadline passes or the producer fails, and Undecodable,
        before anything is sent, for an event that no reader would take.
        """
        records = [encode(event) for event in events]
        if self._opening is None:
            self._opening = asyncio.create_task(_open(self._settings))
        opening = self._opening
        try:
            async with asyncio.timeout(self._deadline):
                # Cancelled half-way a start leaks its connection, so it goes on by itself.
                return await _send(await asyncio.shield(opening), records)
        except (TimeoutError, KafkaError) as error:
            _log.warning("publish_outcome_unknown", events=len(events), error=type(error).__name__)
            if opening.done():
                # A producer that timed out may still hold its batch, or be fatally out of sequence.
                await self._retire(opening)
            raise OutcomeUnknown(
                f"Kafka did not acknowledge {len(events)} event(s) within {self._deadline:g} s. "
                "Publish them again with the same ids: what arrived already counts once."
            ) from error

    async def _retire(self, opening: "asyncio.Task[AIOKafkaProducer]") -> None:
        if self._opening is opening:
            self._opening = None
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await (await opening).stop()
        except (TimeoutError, KafkaError) as error:
            _log.warning("producer_stop_failed", error=type(error).__name__)


async def _open(settings: Settings) -> AIOKafkaProducer:
    client = producer(settings)
    try:
        await client.start()
    except BaseException:
        await client.stop()
        raise
    return client


async def _send(current: AIOKafkaProducer, records: Sequence[Record]) -> list[Position]:
    failpoint("before_send")
    pending = [
        await current.send(
            record.topic,
            record.value,
            key=record.key,
            headers=record.headers,
            partition=partition_of(record.key, _PARTITIONS[record.topic]),
        )
        for record in records
    ]
    failpoint("after_send")
    done = await asyncio.gather(*pending)
    failpoint("after_ack")
    return [Position(item.topic, item.partition, item.offset) for item in done]
