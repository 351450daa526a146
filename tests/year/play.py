"""The whole town in memory: every read model and follow-up on the real engine, under a clock that is set.

Events come in any interleaving that keeps the order of each key, some come twice, workers crash in the
middle of their transactions, relays die after they have published, mailers before and after they keep what
they did. None of it may show.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from consumers.engine.memory import MemoryTopics
from consumers.engine.memory_outbox import (
    MemoryLeases,
    MemoryOutbox,
    MemoryTimers,
    spread,
)
from consumers.engine.model import Notice, Partition, Record
from consumers.engine.sweeper import Sweeper
from consumers.followups.registry import FOLLOW_UPS
from events.codec import encode
from events.envelope import Event
from infra.contacts import Contact
from infra.directory import City
from producers.simulate.steps import Reached, Step
from projections.core import Document, Projection
from projections.registry import OWNER, PROJECTIONS, VIEWS
from tests.support.engines import TroubledStore, Worker, all_partitions
from tests.support.simulator import Killed
from tests.year.mailroom import MAIL, Mailroom
from tests.year.relays import Relays

AGAIN = 0.02
"""How many of the events come twice."""
BATCHES = (1, 20, 100, 500, 500)
MOST_ROUNDS = 100
"""What follows from what follows: so long a chain has no end."""


class ShuffledWorker(Worker):
    """Gets the records of its partitions in any order of partitions, a few or many of each."""

    dice: Random

    def fetch(self, most: int = 1_000) -> list[Record]:
        """A batch."""
        log, batch = self.log, list[Record]()
        places = sorted(log._positions.keys() - log._paused)
        self.dice.shuffle(places)
        for place in places:
            start = log._positions[place]
            few = min(self.dice.choice(BATCHES), most - len(batch))
            taken = self.topics.records.get(place, [])[start : start + few]
            log.seek(place, start + len(taken))
            batch += [record for record in taken if record is not None]
        return batch


class Reader:
    """A projection or follow-up with its store, and the worker that folds for it until it crashes."""

    def __init__(self, projection: Projection, topics: MemoryTopics, dice: Random, crashes: float) -> None:
        self.projection = projection
        self.store = TroubledStore()
        self.places = all_partitions(projection)
        self.crashed = 0
        self.failures: list[BaseException] = []
        self._topics = topics
        self._dice = dice
        self._crashes = crashes
        self.worker = self._worker()

    def _worker(self) -> ShuffledWorker:
        worker = ShuffledWorker(self.projection, self._topics, self.store, failures=self.failures)
        worker.dice = self._dice
        return worker

    async def begin(self) -> None:
        """Take every partition."""
        await self.worker.assign(self.places)

    async def drain(self) -> bool:
        """Fold all there is; whether there was any."""
        worked = False
        while self.worker._waiting():
            worked = True
            await self._step()
        await self.worker.engine.settled()
        return worked

    async def _step(self) -> None:
        self.store.planted = {}
        if self._dice.random() < self._crashes:
            self.store.plant(f"{self._dice.choice(['before', 'after'])} commit", self._kill)
        try:
            await self.worker.step(self._dice.choice(BATCHES))
            await self.worker.engine.settled()
        except Killed:
            self.crashed += 1
            self.worker.log.assign([])
            self.worker.engine.revoked()
            self.worker = self._worker()
            self.store.planted = {}
            await self.begin()

    async def _kill(self) -> None:
        raise Killed


class Office:
    """The relays and the sweepers of one follow-up."""

    def __init__(self, town: "MemoryTown", reader: Reader) -> None:
        self._town = town
        self._reader = reader
        self._leases = MemoryLeases()
        self._outbox = MemoryOutbox(reader.store, self._leases)
        self._relays = Relays(town, reader.projection.group, self._leases, self._outbox)

    async def work(self) -> bool:
        """Fire what is due, publish what is to be published; whether there was any."""
        now, busy = self._town.horizon, False
        due = {timer.partition for timer in self._reader.store.timers.values() if timer.due <= now}
        for place in sorted(due):
            busy |= bool(await (await self._sweeper(place)).step())
        return await self._relays.work() or busy

    async def _sweeper(self, place: Partition) -> Sweeper:
        lease = await self._leases.take(f"sweeper/{place.short}")
        assert lease is not None
        timers = MemoryTimers(place, self._reader.store, self._outbox)
        log = self._reader.worker.log
        return Sweeper(
            place,
            lease,
            timers,
            store=self._reader.store,
            log=log,
            written=log,
            now=lambda: self._town.horizon,
        )


class MemoryTown:
    """Everything that reads the log, and the moment up to which time has passed for it."""

    def __init__(
        self, seed: int, cities: Iterable[City], *, again: float = AGAIN, crashes: float = 0.01
    ) -> None:
        self.dice = Random(seed)
        self.crashes = crashes
        self.topics = MemoryTopics()
        self.horizon = datetime(1970, 1, 1, tzinfo=UTC)
        self._again = again
        self._told: list[Event] = []
        self.repeated = 0
        self.readers = [self._reader(one) for one in (*PROJECTIONS, *FOLLOW_UPS)]
        self.stored = {reader.projection.name: reader.store for reader in self.readers}
        """The stores of the read models and follow-ups, by name."""
        self.mail, self.contacts = MAIL, dict[str, Contact]()
        """The channel to addresses, and how each `city/participant` is reached."""
        self.mailroom = Mailroom(self, cities)
        self._offices = [Office(self, one) for one in self.readers if one.projection in FOLLOW_UPS]

    def _reader(self, projection: Projection) -> Reader:
        return Reader(projection, self.topics, self.dice, self.crashes)

    async def begin(self) -> None:
        """Everybody takes what is theirs."""
        for reader in self.readers:
            await reader.begin()

    async def play(self, step: Step) -> None:
        """Publish the step, and let everything happen that must have happened by its moment."""
        self.reach(step.contacts)
        self.publish(step.events)
        await self.advance(step.moment)

    async def advance(self, moment: datetime) -> None:
        """The clock goes on to this moment; returns when nothing is left to be done by it."""
        self.horizon = moment
        for _ in range(MOST_ROUNDS):
            if not await self._round():
                return
        raise AssertionError(f"after {MOST_ROUNDS} rounds something still follows: it follows from itself")

    async def _round(self) -> bool:
        """Everybody reads all there is, fires what is due and publishes what follows."""
        busy = False
        for number, reader in enumerate(self.dice.sample(self.readers, len(self.readers))):
            busy |= await reader.drain()
            if number == len(self.readers) // 2:  # when some read models are behind
                busy |= await self.mailroom.work()
        for office in self._offices:
            busy |= await office.work()
        for reader in self.readers:
            while spread(reader.store):
                busy = True
        return await self.mailroom.work() or busy

    def reach(self, changes: Iterable[Reached]) -> None:
        """How people are reached from now on."""
        for one in changes:
            key = f"{one.city}/{one.participant}"
            if one.contact is None:
                self.contacts.pop(key, None)
            else:
                self.contacts[key] = one.contact

    def publish(self, events: Sequence[Event]) -> None:
        """The events come, in any interleaving of their keys; some of them, or of earlier ones, twice."""
        for event in shuffled(events, self.dice):
            self.topics.append(encode(event))
            self._told.append(event)
            if self.dice.random() < self._again:
                late = self._told[-1] if self.dice.random() < 0.5 else self.dice.choice(self._told)
                self.topics.append(encode(late))
                self.repeated += 1

    @property
    def published(self) -> int:
        """How many events were published, each counted once."""
        return len(self._told)

    def documents(self, view: str) -> dict[str, Document]:
        """What the read model of this name holds."""
        owner: Any = OWNER[view]
        return self.stored[owner.name].documents.get(owner.collection(VIEWS[view]), {})

    def notices(self) -> Iterable[Notice]:
        """What people are to be told."""
        return [notice for reader in self.readers for notice in reader.store.notices.values()]

    def records(self) -> Iterable[Any]:
        """All that stands in the log, partition by partition."""
        for place in sorted(self.topics.records):
            yield from (record for record in self.topics.records[place] if record is not None)


def shuffled(events: Sequence[Event], dice: Random) -> list[Event]:
    """Any interleaving of the keys; each keeps its order."""
    keys = [event.key for event in events]
    by_key: dict[str, list[Event]] = {}
    for event in events:
        by_key.setdefault(event.key, []).append(event)
    queues = {key: iter(found) for key, found in by_key.items()}
    dice.shuffle(keys)
    return [next(queues[key]) for key in keys]
