"""Outbox, timers, leases and outlet in memory: the twins of those on MongoDB and Kafka."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from consumers.engine.memory import MemoryStore, MemoryTopics
from consumers.engine.model import Fenced, Partition, Timer, belonged
from consumers.engine.outbox import Due, Lease, Numbered
from events.codec import Record

TIMERS = "/timers"


@dataclass
class MemoryLeases:
    """Every lease is free at any time: whoever takes it may have lost patience with its owner."""

    held: dict[str, Lease] = field(default_factory=dict)

    async def take(self, name: str) -> Lease | None:
        before = self.held.get(name, Lease(name, 0, name, 0))
        self.held[name] = replace(before, epoch=before.epoch + 1)
        return self.held[name]


class MemoryOutbox:
    """The outbox of one store, and what its timers have become."""

    def __init__(self, store: MemoryStore, leases: MemoryLeases) -> None:
        self._store = store
        self._leases = leases
        self.fired: dict[str, dict[int, Record]] = {}

    def _rows(self) -> dict[str, dict[int, Record]]:
        return {place.short: rows for place, rows in self._store.outbox.items()} | self.fired

    async def shards(self) -> list[str]:
        return sorted(shard for shard, rows in self._rows().items() if rows)

    async def after(self, shard: str, n: int, most: int) -> list[Numbered]:
        rows = self._rows().get(shard, {})
        return [Numbered(at, rows[at]) for at in sorted(rows) if at > n][:most]

    async def published(self, lease: Lease, shard: str, upto: int) -> None:
        now = self._leases.held[lease.name]
        self._leases.held[lease.name] = replace(now, last=max(now.last, upto))
        rows = self._rows().get(shard, {})
        for n in [n for n in rows if n <= upto]:
            del rows[n]


class MemoryTimers:
    """The timers of one partition."""

    def __init__(self, partition: Partition, store: MemoryStore, outbox: MemoryOutbox) -> None:
        self._partition = partition
        self._store = store
        self._outbox = outbox

    async def due(self, now: datetime) -> Due | None:
        return Due(now) if self._due(now) else None

    async def fire(self, lease: Lease, due: Due, folded: int, most: int) -> int | None:
        held = self._outbox._leases.held  # noqa: SLF001 - one database
        if held[lease.name].epoch != lease.epoch:
            raise Fenced(lease.name)
        claim = await self._store.read(self._partition)
        if claim.next < folded or claim.halted:
            return None
        waiting = await self._waiting()
        fired = [timer for timer in self._due(due.now) if timer.key.encode() not in waiting][:most]
        rows = self._outbox.fired.setdefault(self._partition.short + TIMERS, {})
        last = held[lease.name].last
        for n, timer in enumerate(fired, last + 1):
            rows[n] = self._store.timers.pop(timer.id).record
        held[lease.name] = replace(held[lease.name], last=last + len(fired))
        return len(fired)

    async def _waiting(self) -> set[bytes]:
        return await self._store.waiting(self._partition)

    def _due(self, now: datetime) -> list[Timer]:
        mine = (timer for timer in self._store.timers.values() if timer.partition == self._partition)
        return sorted((timer for timer in mine if timer.due <= now), key=lambda one: (one.due, one.id))


@dataclass
class MemoryBroker:
    """What Kafka keeps of transactional producers: who is the latest, and how far its line is."""

    topics: MemoryTopics
    epochs: dict[str, int] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)


class MemoryOutlet:
    """A transactional producer: it ends the one before, and each transaction leaves a marker."""

    def __init__(self, broker: MemoryBroker, line: str) -> None:
        self._broker = broker
        self._line = line
        self._epoch = 0

    async def open(self) -> int:
        self._epoch = self._broker.epochs[self._line] = self._broker.epochs.get(self._line, 0) + 1
        return self._broker.positions.get(self._line, 0)

    async def publish(self, records: Sequence[Record], upto: int) -> None:
        if self._broker.epochs[self._line] != self._epoch:
            raise Fenced(self._line)
        touched = [self._broker.topics.append(record) for record in records]
        for place in sorted({Partition(one.topic, one.partition) for one in touched}):
            self._broker.topics.append_hole(place)
        self._broker.positions[self._line] = upto

    async def close(self) -> None: ...


def spread(store: MemoryStore) -> bool:
    """Make notices of the oldest announcement; whether there was one."""
    if not store.announcements:
        return False
    first = min(store.announcements.values(), key=lambda one: (one.notice.at, one.notice.id))
    for member, changes in sorted(store.audiences.get(first.audience, {}).items()):
        if belonged(changes, first.offset):
            notice = first.to(member)
            store.notices.setdefault(notice.id, notice)
    del store.announcements[first.notice.id]
    return True
