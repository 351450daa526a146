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
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, ProducerClosed
from structlog import get_logger

from events.codec import Record, encode
from events.envelope import Event
from events.partitioning import partition_of
from events.positions import Position
from events.topics import TOPICS
from infra.failpoints import failpoint
from infra.kafka import TopicsDiffer, producer
from infra.settings import Settings

DEADLINE_SECONDS = 5.0
STOP_SECONDS = 1.0
CLOSE_SECONDS = 3.0
"""How long the end of a publisher waits for its producers; the end of the process closes the rest."""
_PARTITIONS = {topic.name: topic.partitions for topic in TOPICS}
_log = get_logger(__name__)


class OutcomeUnknown(RuntimeError):
    """Kafka did not acknowledge in time: the events may or may not stand in the log.

    Nothing is lost by publishing the same events, with the same ids, again.
    """


class _Shared:
    """A producer, perhaps still starting, and how many requests use it now."""

    def __init__(self, settings: Settings) -> None:
        self.opening = asyncio.create_task(_open(settings))
        self.users = 0


class Publisher:
    """An idempotent producer that is replaced when it fails or answers too late.

    After a time-out nobody can say whether it will work again, so requests that follow get another
    one. Those that share it go on with it: it is ended when the last of them is done, since ending
    it under them would make one partition's trouble the failure of all.
    """

    def __init__(self, settings: Settings, *, deadline: float = DEADLINE_SECONDS) -> None:
        self._settings = settings
        self._deadline = deadline
        self._current: _Shared | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        last, self._current = self._current, None
        if last is not None:
            self._end_unused(last)
        if self._ending:
            await asyncio.wait(self._ending, timeout=CLOSE_SECONDS)

    async def publish(self, events: Sequence[Event]) -> list[Position]:
        """Publish all, wait for every acknowledgement; positions in the order of `events`.

        Raises OutcomeUnknown when the deadline passes or the producer fails. Before anything is
        sent it raises Undecodable for an event that no reader would take, and TopicsDiffer where
        Kafka lacks the place of an event.
        """
        records = [encode(event) for event in events]
        shared = self._current = self._current or _Shared(self._settings)
        shared.users += 1
        try:
            async with asyncio.timeout(self._deadline):
                # Cancelled half-way a start leaks its connection, so it goes on by itself.
                return await _send(await asyncio.shield(shared.opening), records)
        except (TimeoutError, KafkaError) as error:
            _log.warning("publish_outcome_unknown", events=len(events), error=type(error).__name__)
            if shared.opening.done() and self._current is shared:
                self._current = None
            raise OutcomeUnknown(
                f"Kafka did not acknowledge {len(events)} event(s) within {self._deadline:g} s. "
                "Publish them again with the same ids: what arrived already counts once."
            ) from error
        finally:
            shared.users -= 1
            self._end_unused(shared)

    def _end_unused(self, shared: _Shared) -> None:
        """End a producer that nobody uses nor will use, in a task that nobody cancels.

        A stop that is cancelled half-way leaves the sender and its connections at work for ever.
        """
        if shared.users == 0 and shared is not self._current:
            task = asyncio.create_task(_end(shared.opening))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


async def _open(settings: Settings) -> AIOKafkaProducer:
    client = producer(settings)
    try:
        await client.start()
    except BaseException:
        await client.stop()
        raise
    return client


async def _end(opening: asyncio.Task[AIOKafkaProducer]) -> None:
    await asyncio.wait([opening], timeout=STOP_SECONDS)
    opening.cancel()  # of no effect once it has started or failed
    await asyncio.wait([opening])
    if opening.cancelled() or opening.exception() is not None:
        return  # it has ended itself
    current = opening.result()
    try:
        await _stop(current)
    except KafkaError as error:
        _log.warning("producer_stop_failed", error=type(error).__name__)
        await current.client.close()


async def _stop(current: AIOKafkaProducer) -> None:
    """Stop within STOP_SECONDS and one request: what is not acknowledged then is given up.

    An idempotent producer never lets go of a record. Left to itself it would try for as long as
    Kafka is in trouble, and with each time-out there would be one more of them.
    """
    stopping = asyncio.create_task(current.stop())
    await asyncio.wait([stopping], timeout=STOP_SECONDS)
    if not stopping.done():
        _log.warning("producer_gave_up")
        current._sender.sender_task.cancel()  # noqa: SLF001 - stop() waits for it, and has no limit
    await stopping
    current._message_accumulator.fail_all(ProducerClosed())  # noqa: SLF001 - ends what still waits for them


async def _send(current: AIOKafkaProducer, records: Sequence[Record]) -> list[Position]:
    places = [(record.topic, partition_of(record.key, _PARTITIONS[record.topic])) for record in records]
    for topic, partition in sorted(set(places)):
        await _find(current.client, topic, partition)
    failpoint("before_send")
    pending = [
        await current.send(
            record.topic, record.value, key=record.key, headers=record.headers, partition=partition
        )
        for record, (_, partition) in zip(records, places, strict=True)
    ]
    failpoint("after_send")
    done = await asyncio.gather(*pending)
    failpoint("after_ack")
    return [Position(item.topic, item.partition, item.offset) for item in done]


async def _find(client: AIOKafkaClient, topic: str, partition: int) -> None:
    """Return once `client` knows the partition; raise TopicsDiffer where the cluster has none such.

    What the client knows can be old or of other topics only, so the cluster is asked first.
    """
    while partition not in (client.cluster.partitions_for_topic(topic) or ()):
        cluster = await client.fetch_all_metadata()
        if partition not in (cluster.partitions_for_topic(topic) or ()):
            _log.error("publish_without_topic", topic=topic, partition=partition)
            raise TopicsDiffer(
                f"Kafka shows no partition {partition} of {topic}. Nothing was sent. "
                "`townhall topics diff` tells what is wrong, `townhall topics apply` creates what is missing."
            )
        client.add_topic(topic)
        await client.force_metadata_update()
