"""The feeds of one process: reads pages for many readers with a few consumers, and keeps nothing of a reader.

Whatever ends, ends without harm: all that a reader has is its cursor, and the same cursor gives the same
events again.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Final, Literal

from aiokafka.errors import OffsetOutOfRangeError, UnknownTopicOrPartitionError
from structlog import get_logger

from consumers.engine.model import Unavailable, Unreadable
from consumers.feeds.cursor import Cursor, Place
from consumers.feeds.page import Gone, Page, Scan
from consumers.feeds.pool import Pool
from consumers.kafka_log import SingleReader
from events.topics import Topic
from infra.kafka import AIOKafkaConsumer, KafkaError, TopicPartition, topic_id
from infra.problems import ProblemError

CONSUMERS: Final = 4
"""Pages that are read at the same time."""
READ_SECONDS: Final = 5.0
POLL_SECONDS: Final = 0.1
"""How often the ends of a topic are asked for while somebody waits for it, however many do."""

_log = get_logger(__name__)

Since = Literal["beginning", "now"] | datetime


class Feeds:
    """Pages of feeds. `close` first lets waiting readers go, `disconnect` ends its connections."""

    def __init__(self, make: Callable[[], AIOKafkaConsumer]) -> None:
        self._pool = Pool(make, CONSUMERS)
        self._ends = _Ends(SingleReader(make))
        self._closing = asyncio.Event()

    @property
    def closing(self) -> bool:
        """Whether the process stops: readers shall come again, elsewhere."""
        return self._closing.is_set()

    def close(self) -> None:
        """Nobody waits any longer."""
        self._closing.set()

    async def disconnect(self) -> None:
        """End every connection."""
        await self._pool.close()
        await self._ends.close()

    async def begin(self, topic: Topic, since: Since) -> Cursor:
        """Where a reader begins that has no cursor yet. Raises Unavailable."""
        with _told():
            async with asyncio.timeout(READ_SECONDS), self._pool.borrow() as consumer:
                found = await topic_id(consumer, topic.name)
                offsets = await _offsets(consumer, topic, since)
        return Cursor(topic, found, tuple(Place(offsets[place]) for place in _places(topic)))

    async def page(self, cursor: Cursor, city: str, limit: int) -> Page:
        """The events of the city behind the cursor. Raises Gone, Unreadable and Unavailable."""
        with _told():
            async with asyncio.timeout(READ_SECONDS), self._pool.borrow() as consumer:
                try:
                    page = await _read(Scan(consumer, cursor, city, limit))
                except (Gone, OffsetOutOfRangeError):
                    await _same(consumer, cursor)  # a topic made anew explains it better
                    raise
                # Asked last: what was read was read in a topic that is still there now.
                await _same(consumer, cursor)
        return page

    async def moved(self, cursor: Cursor, seconds: float) -> None:
        """Return when there may be more behind the cursor, when the process stops, or after so long."""
        with suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(seconds):
                while not self.closing and await self._ends.of(cursor.topic) == _nexts(cursor):
                    await self._pause()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._closing.wait()


class _Ends:
    """The ends of topics, asked for once for all who wait."""

    def __init__(self, reader: SingleReader) -> None:
        self._reader = reader
        self._known: dict[str, tuple[float, list[int]]] = {}
        self._one = asyncio.Lock()

    async def of(self, topic: Topic) -> list[int]:
        """The offset after the last record of each partition, as it was a moment ago."""
        async with self._one:
            asked, ends = self._known.get(topic.name, (0.0, []))
            if time.monotonic() - asked >= POLL_SECONDS:
                found = await self._reader.ends(_places(topic))
                ends = [found[place] for place in _places(topic)]
                self._known[topic.name] = time.monotonic(), ends
        return ends

    async def close(self) -> None:
        await self._reader.close()


async def _read(scan: Scan) -> Page:
    places = _places(scan.cursor.topic)
    starts = _by_number(await scan.consumer.beginning_offsets(places))
    ends = _by_number(await scan.consumer.end_offsets(places))
    for n, place in enumerate(scan.cursor.places):
        if place.next < starts[n]:
            raise Gone("events that were never read were deleted, by retention or by an operator")
        if place.next > ends[n]:
            raise Gone("the log ends before the place that was reached: it was cut off or restored")
    return await scan.run(starts, ends)


async def _same(consumer: AIOKafkaConsumer, cursor: Cursor) -> None:
    if await topic_id(consumer, cursor.topic.name) != cursor.topic_id:
        raise Gone("the topic was made anew, or the cursor comes from another cluster")


async def _offsets(consumer: AIOKafkaConsumer, topic: Topic, since: Since) -> dict[TopicPartition, int]:
    places = _places(topic)
    if since == "beginning":
        return dict(await consumer.beginning_offsets(places))
    ends = dict(await consumer.end_offsets(places))
    if since == "now":
        return ends
    # Asked after the ends: where no record is so late now, none stands before the end that was told.
    at = max(0, int(since.timestamp() * 1000))
    found = await consumer.offsets_for_times(dict.fromkeys(places, at))
    return {place: found[place].offset if found[place] else end for place, end in ends.items()}


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OffsetOutOfRangeError:
        raise Gone("events were deleted while they were read") from None
    except UnknownTopicOrPartitionError as error:
        raise Unavailable("Kafka has no such topic; `townhall topics apply` creates it") from error
    except (KafkaError, TimeoutError) as error:
        raise Unavailable(type(error).__name__) from error


@contextmanager
def as_problems() -> Iterator[None]:
    """What keeps a page from being read, as a reader is told."""
    try:
        yield
    except Gone as error:
        detail = (
            f"This cursor cannot go on: {error}. What followed it may be lost. Begin again: without a cursor "
            "with the oldest event there is, or with `since` and the time from which you need them; drop "
            "what you have already, by its `city`, `source` and `id`."
        )
        raise ProblemError(410, "cursor_gone", detail) from None
    except Unreadable as error:
        _log.error("feed_unreadable", error=str(error))
        detail = (
            "A record behind this cursor cannot be read by anybody. Keep the cursor, and tell the operator "
            "of this server: `townhall incidents list` shows more."
        )
        raise ProblemError(503, "unreadable", detail, headers={"retry-after": "60"}) from None
    except Unavailable as error:
        _log.warning("feed_unavailable", error=str(error))
        detail = "The log does not answer now. Nothing is lost: ask again with the same cursor in a moment."
        raise ProblemError(503, "unavailable", detail, headers={"retry-after": "2"}) from None


def _places(topic: Topic) -> list[TopicPartition]:
    return [TopicPartition(topic.name, n) for n in range(topic.partitions)]


def _by_number(offsets: Mapping[TopicPartition, int]) -> dict[int, int]:
    return {place.partition: offset for place, offset in offsets.items()}


def _nexts(cursor: Cursor) -> list[int]:
    return [place.next for place in cursor.places]
