"""A projector in memory: the real engine on the log and the store of `consumers.engine.memory`.

`TroubledStore` is where tests plant faults: at every wait of the engine something may happen.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from consumers.engine.engine import Engine
from consumers.engine.memory import MemoryLog, MemoryStore, MemoryTopics
from consumers.engine.model import Claim, Fenced, Partition, Record, Store, Unavailable, Write
from events.codec import encode
from events.envelope import Event
from events.partitioning import partition_of
from events.registry import BY_PAYLOAD
from projections.core import Document, Projection
from tests.support import spec

NOW = datetime(2026, 4, 2, tzinfo=UTC)

MOST_STEPS = 2_000

Action = Callable[[], Awaitable[None]]


async def refuse() -> None:
    """The store does not answer, and has done nothing."""
    raise Unavailable("planted")


@dataclass
class TroubledStore(MemoryStore):
    """Before and after each call, under a name like `before commit`, one planted action is taken."""

    planted: dict[str, list[Action]] = field(default_factory=dict)
    writing: Write | None = None
    reads: int = 0

    def plant(self, where: str, *actions: Action) -> None:
        """These actions happen at the next calls, one each."""
        self.planted.setdefault(where, []).extend(actions)

    async def _at(self, where: str) -> None:
        if actions := self.planted.get(where):
            await actions.pop(0)()

    async def claim(self, partition: Partition, owner: str) -> Claim:
        await self._at("before claim")
        claim = await super().claim(partition, owner)
        await self._at("after claim")
        return claim

    async def read(self, partition: Partition) -> Claim:
        await self._at("before read")
        claim = await super().read(partition)
        await self._at("after read")
        return claim

    async def load(self, collection: str, ids: Sequence[str]) -> dict[str, Document]:
        self.reads += 1
        await self._at("before load")
        found = await super().load(collection, ids)
        await self._at("after load")
        return found

    async def identities(self, partition: Partition, hours: Sequence[int]) -> dict[int, dict[bytes, bytes]]:
        self.reads += 1
        await self._at("before identities")
        found = await super().identities(partition, hours)
        await self._at("after identities")
        return found

    async def commit(self, write: Write) -> None:
        self.writing = write
        await self._at("before commit")
        await super().commit(write)
        await self._at("after commit")

    async def land(self, write: Write) -> None:
        """A write whose sender has long given up arrives after all."""
        with suppress(Fenced):
            await super().commit(write)

    async def next(self, partition: Partition) -> int:
        """The stored checkpoint; no fault is planted in it."""
        return (await super().read(partition)).next


class Worker:
    """One consumer of a projection: its log, its engine."""

    def __init__(
        self,
        projection: Projection,
        topics: MemoryTopics,
        store: Store,
        name: str = "worker",
        failures: list[BaseException] | None = None,
    ) -> None:
        """`failures` takes those of what the engine does by itself."""
        self.topics = topics
        self.failures = [] if failures is None else failures
        self.log = MemoryLog(topics)
        self.engine = Engine(
            projection, self.log, store, owner=name, now=lambda: NOW, failed=self.failures.append, lease=0
        )

    async def assign(self, partitions: Iterable[Partition]) -> None:
        """A rebalance, as Kafka tells of it; another one meanwhile ends the claims of this one."""
        self.engine.revoked()
        held = sorted(partitions)
        self.log.assign(held)
        claiming = self.engine.assigned(held)
        await asyncio.wait([claiming])
        if not claiming.cancelled():
            claiming.result()

    async def step(self, most: int = 1_000) -> None:
        """One batch."""
        if batch := self.fetch(most):
            await self.engine.handle(batch)

    def fetch(self, most: int = 1_000) -> list[Record]:
        """What the log hands out next."""
        return self.log.fetch(most)

    async def drain(self, most: int = 1_000) -> None:
        """Batches until nothing waits in any partition that is not paused, and none is being claimed."""
        for _ in range(MOST_STEPS):
            if self._waiting():
                await self.step(most)
            elif self.engine._claiming:
                await asyncio.sleep(0)
            else:
                return
        raise AssertionError(f"after {MOST_STEPS} batches records still wait: nothing moves")

    def _waiting(self) -> bool:
        places = self.log._positions.items()
        return any(
            at < len(self.topics.records.get(partition, ()))
            for partition, at in places
            if partition not in self.log._paused
        )


def home(event: Event) -> Partition:
    """Where the event's key belongs."""
    topic = BY_PAYLOAD[type(event.data)].topic
    return Partition(topic.name, partition_of(event.key.encode(), topic.partitions))


def all_partitions(projection: Projection) -> list[Partition]:
    """Every partition the projection reads."""
    return [Partition(topic.name, n) for topic in projection.topics for n in range(topic.partitions)]


def publish(topics: MemoryTopics, *events: Event) -> None:
    """The events as records of the log."""
    for event in events:
        topics.append(encode(event))


def cells(store: MemoryStore, collection: str) -> spec.Sums:
    """What a reader sees of a tally: sums over partitions, without zeros."""
    sums: spec.Sums = {}
    for cell_id, amounts in store.cells.get(collection, {}).items():
        *parts, _partition = cell_id.split("|")
        key = tuple(part.replace("%7C", "|").replace("%25", "%") for part in parts)
        total = sums.setdefault(key, {})
        for measure, amount in amounts.items():
            total[measure] = total.get(measure, 0) + amount
    shown = {key: {name: n for name, n in total.items() if n} for key, total in sums.items()}
    return {key: total for key, total in shown.items() if total}


def assert_exact(store: MemoryStore, projection: Projection, *events: Event) -> None:
    """Every document and cell is what a fold of these events, in this order, leaves behind."""
    for view in projection.documents:
        stored = store.documents.get(projection.collection(view), {})
        assert stored == spec.given(view, *events).documents, view.name
    for tally in projection.tallies:
        assert cells(store, projection.collection(tally)) == spec.tallied(tally, *events), tally.name
