"""The engine's log on aiokafka: what it steers of the consumer that FastStream runs."""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from consumers.engine.model import Partition, Unavailable

POSITION_SECONDS = 5.0


class KafkaLog:
    """The consumer is made anew whenever FastStream starts, so it is asked for each time."""

    def __init__(self, consumer: Callable[[], AIOKafkaConsumer | None]) -> None:
        self._find = consumer

    def assigned(self) -> frozenset[Partition]:
        """The partitions this consumer holds now."""
        consumer = self._find()
        held = consumer.assignment() if consumer is not None else ()
        return frozenset(Partition(tp.topic, tp.partition) for tp in held)

    def pause(self, partition: Partition) -> None:
        """Fetch no more of it until resumed."""
        if partition in self.assigned():
            self._consumer().pause(_native(partition))

    def resume(self, partition: Partition) -> None:
        """Fetch it again."""
        if partition in self.assigned():
            self._consumer().resume(_native(partition))

    def seek(self, partition: Partition, offset: int) -> None:
        """Fetch from here next; what was fetched before is dropped."""
        if partition in self.assigned():
            self._consumer().seek(_native(partition), offset)

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """First offset that still exists, and the one after the last."""
        native = _native(partition)
        try:
            first = await self._consumer().beginning_offsets([native])
            end = await self._consumer().end_offsets([native])
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"the bounds of {partition.short}: {type(error).__name__}") from error
        return first[native], end[native]

    async def position(self, partition: Partition) -> int:
        """The offset that is read next: past the markers of transactions, which are no records."""
        try:
            async with asyncio.timeout(POSITION_SECONDS):
                return int(await self._consumer().position(_native(partition)))
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"the position in {partition.short}: {type(error).__name__}") from error

    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self._find()
        if consumer is None:
            raise IllegalStateError("the consumer has stopped")
        return consumer


def _native(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)
