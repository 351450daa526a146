"""One page of a feed: the events of one city that follow a cursor, and the cursor behind them.

Within a page nothing is asked of others, so it is bounded by what one city may take at a time: events,
bytes, and the time that looking through other cities' records takes. A page may be empty and still move.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from consumers.engine.intake import UNHURRIED, arrival_of
from consumers.engine.model import Unreadable
from consumers.feeds.cursor import Cursor, Place
from consumers.kafka_log import UNREADABLE
from events.codec import as_structured
from infra.kafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

MAX_BYTES: Final = 1_048_576
"""A page ends with the event that passes this."""
SCAN_SECONDS: Final = 1.0
"""A page ends when looking has taken so long, also when it found nothing."""
Found = ConsumerRecord[bytes, bytes]
_GET_MS: Final = 50
_GET_RECORDS: Final = 500


class Gone(Exception):
    """What the cursor points at is not in the log any more; the message says why."""


class Item(NamedTuple):
    """An event in structured JSON, and where a reader stands that has it."""

    body: bytes
    cursor: Cursor


class Page(NamedTuple):
    """What was found; `more` when there was more to look at."""

    items: list[Item]
    cursor: Cursor
    more: bool


@dataclass
class Scan:
    """Goes through the partitions of a topic from a cursor on, with a consumer of its own."""

    consumer: AIOKafkaConsumer
    cursor: Cursor
    city: str
    limit: int
    items: list[Item] = field(default_factory=list)
    _bytes: int = 0
    _unproven: set[int] = field(default_factory=set)
    """Partitions in which the last record seen was not found again yet."""

    def __post_init__(self) -> None:
        self._prefix = f"{self.city}/".encode()

    async def run(self, starts: dict[int, int], ends: dict[int, int]) -> Page:
        """Look until the ends, or until the page is full. Raises Gone and Unreadable."""
        first, until = self.cursor, time.monotonic() + SCAN_SECONDS
        behind = {n for n, end in ends.items() if self.cursor.places[n].next < end}
        self._begin(behind, starts)
        try:
            while behind:
                await self._step()
                behind = {n for n in behind if self.cursor.places[n].next < ends[n]}
                if self._full or time.monotonic() >= until:
                    break
        except UNREADABLE as error:
            if self.cursor == first:  # else the other partitions go on, as far as they go
                raise Unreadable(type(error).__name__) from error
        return Page(self.items, self.cursor, more=bool(behind))

    def _begin(self, behind: set[int], starts: dict[int, int]) -> None:
        if behind:
            self.consumer.assign([self._native(n) for n in behind])
        for n in behind:
            place = self.cursor.places[n]
            known = place.last >= starts[n]
            if known:
                self._unproven.add(n)
            self.consumer.seek(self._native(n), place.last if known else place.next)

    async def _step(self) -> None:
        found = await self.consumer.getmany(timeout_ms=_GET_MS, max_records=_GET_RECORDS)
        for native, records in found.items():
            if not await self._take(native.partition, records):
                return  # the page is full; what lies behind is read again
        for native in self.consumer.assignment():
            # Past the markers of transactions and what was given up in them.
            self._pass(native.partition, await self.consumer.position(native))
        await asyncio.sleep(0)

    async def _take(self, n: int, records: list[Found]) -> bool:
        for record in records:
            if n in self._unproven:
                self._prove(n, record)
                continue
            if record.offset < self.cursor.places[n].next:
                raise Gone("a record stands where there was none: the log was cut off or restored")
            self.cursor = self.cursor.moved(n, Place(record.offset + 1, record.offset, record.timestamp))
            if (body := self._body(record)) is not None:
                self.items.append(Item(body, self.cursor))
                self._bytes += len(body)
                if self._full:
                    return False
                if len(self.items) % UNHURRIED == 0:
                    await asyncio.sleep(0)
        return True

    def _pass(self, n: int, position: int) -> None:
        place = self.cursor.places[n]
        if n in self._unproven and position > place.last:
            raise Gone("the record that was read last is no longer where it stood: the log was cut off")
        if position > place.next:
            self.cursor = self.cursor.moved(n, place._replace(next=position))

    def _prove(self, n: int, record: Found) -> None:
        place = self.cursor.places[n]
        if (record.offset, record.timestamp) != (place.last, place.at):
            raise Gone("another record stands where one was read: the log was cut off or restored")
        self._unproven.discard(n)

    def _body(self, record: Found) -> bytes | None:
        """The event, where it is one of this city; a key says so, and no event has another's."""
        if record.key is None or not record.key.startswith(self._prefix):
            return None
        if arrival_of(record).decoded is None:
            return None
        return as_structured(record.value or b"", record.headers)

    @property
    def _full(self) -> bool:
        return len(self.items) >= self.limit or self._bytes >= MAX_BYTES

    def _native(self, n: int) -> TopicPartition:
        return TopicPartition(self.cursor.topic.name, n)
