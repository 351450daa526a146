"""The engine's log on aiokafka: what it steers of the consumer that FastStream runs."""

import asyncio
import struct
from collections.abc import Callable, Iterable, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, IllegalStateError, KafkaError, UnsupportedCodecError

from consumers.engine.model import Partition, Record, Unavailable, Unreadable
from infra.failpoints import failpoint

POSITION_SECONDS = 5.0
READ_SECONDS = 5.0
UNREADABLE = (CorruptRecordException, UnsupportedCodecError, ValueError, IndexError, struct.error)
"""What aiokafka raises for bytes that it will never make records of."""


class KafkaLog:
    """The consumer is made anew whenever FastStream starts, so it is asked for each time.

    `reader` makes a consumer without a group, for single records; `close` ends it.
    """

    def __init__(
        self,
        consumer: Callable[[], AIOKafkaConsumer | None],
        cluster: str,
        reader: Callable[[], AIOKafkaConsumer],
    ) -> None:
        self.cluster = cluster
        self._find = consumer
        self._reader = SingleReader(reader)

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
            failpoint("before_seek")
            self._consumer().seek(_native(partition), offset)
            failpoint("after_seek")

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """First offset that still exists, and the one after the last."""
        return (await self.all_bounds([partition]))[partition]

    async def all_bounds(self, partitions: Iterable[Partition]) -> dict[Partition, tuple[int, int]]:
        """The same of many, asked for at once."""
        places = {_native(one): one for one in partitions}
        try:
            async with asyncio.timeout(READ_SECONDS):
                found = await self._reader.bounds(list(places))
        except (KafkaError, TimeoutError) as error:
            names = ", ".join(one.short for one in places.values())
            raise Unavailable(f"the bounds of {names}: {type(error).__name__}") from error
        return {places[place]: bounds for place, bounds in found.items()}

    async def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The offset after the last of each, of which no part is a transaction under way."""
        try:
            async with asyncio.timeout(READ_SECONDS):
                found = await self._reader.ends([_native(one) for one in partitions])
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"the ends of partitions: {type(error).__name__}") from error
        return {Partition(place.topic, place.partition): end for place, end in found.items()}

    async def first_from(self, partition: Partition, offset: int) -> Record | None:
        """The first record at this offset, which lies within the bounds, or after it; None at the end."""
        place = f"{partition.short} at {offset}"
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await self._reader.read(_native(partition), offset)
        except UNREADABLE as error:
            raise Unreadable(f"{place} cannot be read: {type(error).__name__}: {error}"[:500]) from error
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"reading {place}: {type(error).__name__}") from error

    async def close(self) -> None:
        """End what this opened by itself."""
        await self._reader.close()

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


class SingleReader:
    """Asks one question at a time; connects when it is first asked.

    Its connection is its own: on that of a consumer at work each question waits until a fetch is
    answered, which takes half a second where nothing is published.
    """

    def __init__(self, make: Callable[[], AIOKafkaConsumer]) -> None:
        self._make = make
        self._consumer: AIOKafkaConsumer | None = None
        self._one = asyncio.Lock()

    async def bounds(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
        """First offset of each that still exists, and the one after the last."""
        async with self._one:
            consumer = await self._opened()
            first = await consumer.beginning_offsets(places)
            end = await consumer.end_offsets(places)
        return {place: (first[place], end[place]) for place in places}

    async def ends(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset after the last of each."""
        async with self._one:
            consumer = await self._opened()
            return dict(await consumer.end_offsets(places))

    async def read(self, place: TopicPartition, offset: int) -> Record | None:
        """The first record from `offset` on, or None where the log ends without one."""
        async with self._one:
            consumer = await self._opened()
            consumer.assign([place])
            try:
                return await _first(consumer, place, offset)
            finally:
                consumer.pause(place)  # else it would fetch on

    async def close(self) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None

    async def _opened(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = self._make()
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        return self._consumer


async def _first(consumer: AIOKafkaConsumer, place: TopicPartition, offset: int) -> Record | None:
    end = (await consumer.end_offsets([place]))[place]
    consumer.seek(place, offset)
    while await consumer.position(place) < end:  # past the markers of transactions
        found = await consumer.getmany(place, timeout_ms=200, max_records=1)
        for record in found.get(place, ()):
            return record
    return None


def _native(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)
