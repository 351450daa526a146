"""Random histories: the real engine, a log and a store in memory, and dice that decide what goes wrong.

Two workers are rebalanced, crash, are cut off at every wait for the store, get events twice, read topics
that were made anew. In the end the store must equal a fold of the log (`simulator_truth`).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random

from consumers.engine.fold import Plan
from consumers.engine.memory import MemoryTopics
from consumers.engine.model import Fenced, Partition, PlainRecord, Record, Unavailable, Write
from consumers.engine.replay import StillPoison, replay
from events.codec import encode
from events.envelope import Event
from events.partitioning import partition_of
from events.topics import IDEAS, REQUESTS
from events.types.prioritisation import PriorityBallotCast
from projections.core import Cell, Projection
from projections.views import ballots, pulse, service_requests
from tests.support import build
from tests.support.engines import NOW, Action, TroubledStore, Worker, cells, home
from tests.support.simulator_truth import fold

STEPS = 30
CALM = 0.3


def _projection(cells: Callable[[Event], Iterable[Cell]]) -> Projection:
    return Projection(
        "simulated",
        version=1,
        topics=(IDEAS, REQUESTS),
        documents=(ballots.VIEW, service_requests.VIEW),
        document_tallies=(ballots.VOTES, ballots.BALLOTS, service_requests.BY_STAGE),
        event_tallies=(replace(pulse.PULSE, cells=cells),),
    )


CHOICES: list[str | tuple[str, int]] = ["a", ("b", 3), ("c", 5), "d|1", "boom"]
PEOPLE = [f"person-{n:02d}-pseudonym" for n in range(4)]
REQUESTS_TOLD = ["r1", "r2", "r3"]
ALL = sorted(
    {home(build.ballot(by=who)) for who in PEOPLE} | {home(build.opened(name)) for name in REQUESTS_TOLD}
)
"""The partitions with anything to read."""
TIMES = [f"2026-04-{day:02d}T{hour:02d}:10:00-04:00" for day in (1, 2) for hour in (9, 10, 22)]
WAITS = [
    f"{when} {call}"
    for call in ("claim", "read", "identities", "load", "commit", "commit", "commit")
    for when in ("before", "after")
]


class Killed(BaseException):
    """The process dies here."""


class Topics(MemoryTopics):
    """Topics of which some partitions were made anew; nobody publishes to those any more."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[Partition, list[PlainRecord | None]] = {}
        """What stood in the partitions that were made anew."""

    def append_raw(
        self,
        partition: Partition,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> PlainRecord:
        """Store any bytes anywhere but there."""
        if partition in self.before:
            return PlainRecord(partition.topic, partition.number, -1, key, value, headers)
        return super().append_raw(partition, key, value, headers)

    def append_hole(self, partition: Partition) -> None:
        """As above."""
        if partition not in self.before:
            super().append_hole(partition)

    def make_anew(self, partition: Partition, records: int) -> None:
        """Deleted, created, and so many other records published to it."""
        old = self.records.pop(partition)
        for number in range(records):
            self.append_raw(partition, b"riverton/anew", b"%d" % number)
        self.before[partition] = old


class History:
    """One log, one store, two workers, and dice that decide what happens."""

    places: Sequence[Partition] = ALL

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.mended = False
        self.projection = self._projected()
        self.topics = Topics()
        self.store = TroubledStore()
        self.failures: list[BaseException] = []
        self.workers = [self._worker(), self._worker()]
        self.hands: list[list[list[Record]]] = [[], []]
        self.late: list[Write] = []
        self.told: list[Event] = []
        self.happened: Counter[str] = Counter()
        self._nested = False

    def _projected(self) -> Projection:
        return _projection(self._pulse)

    def _worker(self) -> Worker:
        return Worker(self.projection, self.topics, self.store, failures=self.failures)

    def _pulse(self, event: Event) -> Iterable[Cell]:
        """The last view of all has a fault: by then the event has passed all others."""
        choices = event.data.choices if isinstance(event.data, PriorityBallotCast) else ()
        if not self.mended and any(choice.project_id == "boom" for choice in choices):
            raise RuntimeError("planted")
        return pulse.cells(event)

    async def run(self, steps: int = STEPS) -> None:
        await self.rebalance()
        moves = self.moves()
        for _ in range(steps):
            if self.dice.random() < 0.6:
                self.store.planted = {where: [self._disturb] for where in self.waits()}
            await self.dice.choice(moves)()
            if self.dice.random() < 0.3:
                await asyncio.sleep(0)  # claims after the lease, if any wait
        await self.finish()

    def moves(self) -> Sequence[Action]:
        """What may happen next."""
        return (
            self.append,
            self.append,
            *[self.step] * 4,
            self.rebalance,
            self.crash,
            self._land,
            self._mend,
            self._make_anew,
        )

    def waits(self) -> Sequence[str]:
        """Where somebody waits and something else will happen."""
        return [self.dice.choice(WAITS)]

    async def finish(self) -> None:
        """One healthy worker is left with everything, a fresh one or one with its memory."""
        self.store.planted = {}
        while self._nested:  # noqa: ASYNC110 - a rebalance that began under a claim ends first
            await asyncio.sleep(0)
        if self.dice.random() < 0.5 or await self._died(0):
            self.workers[0] = self._crashed(0)
        await self.workers[1].assign([])
        await self.workers[0].assign(self.places)
        for hand in self.hands[0]:
            await self.workers[0].engine.handle(hand)
        await self._land()
        async with asyncio.timeout(5):
            await self.workers[0].drain(self.dice.choice([1, 7, 1_000]))
        if self.mended:
            await self._replay()

    async def _mend(self) -> None:
        """Sometimes the fault is mended; whether it is or not, an operator tries again."""
        self.mended = self.mended or self.dice.random() < 0.4
        try:
            await self._replay()
        except (Unavailable, Fenced, Killed):
            self.happened["replay cut off"] += 1

    async def _replay(self) -> None:
        plan = Plan(self.projection)
        for place in self.places:
            keys = await self.store.waiting(place)
            for key in sorted(keys):
                claim = await self.store.claim(place, "operator")
                entries = await self.store.quarantined(place, key, 1_000)
                gone = {one.identity for one in entries if one.reason == "unknown_type" and self.mended}
                try:
                    write = await replay(plan, self.store, claim, entries, NOW, dropped=gone)
                except StillPoison:
                    self.happened["still poison"] += 1
                    continue
                await self.store.commit(write)
                self.happened["replayed"] += 1
                if self.dice.random() < 0.2:
                    self.late.append(write)  # it was sent twice

    async def _make_anew(self) -> None:
        """A log that is no longer than what was applied of the old one: the longer is found later only."""
        if self.dice.random() < 0.8:
            return
        applied = {place: await self.store.next(place) for place in self.topics.records}
        found = [place for place, next_ in applied.items() if next_ and place not in self.topics.before]
        if found:
            place = self.dice.choice(found)
            self.topics.make_anew(place, self.dice.randint(0, applied[place]))
            self.happened["made anew"] += 1

    async def append(self) -> None:
        for _ in range(self.dice.randint(1, 6)):
            self.dice.choice([self._event] * 5 + [self._again, self._again, self._poison, self._hole])()

    def _event(self) -> None:
        at = self.dice.choice(TIMES)
        choices = self.dice.sample(CHOICES, self.dice.randint(0, 2))
        request = self.dice.choice(REQUESTS_TOLD)
        make: Callable[[], Event] = self.dice.choice(
            [
                lambda: build.ballot(*choices, by=self.dice.choice(PEOPLE), at=at),
                lambda: build.ballot(*choices, by=self.dice.choice(PEOPLE), at=at),
                lambda: build.opened(request, at=at),
                lambda: build.acknowledged(request, at=at),
                lambda: build.closed(request, at=at),
                lambda: build.reopened(request, at=at),
            ]
        )
        self.told.append(make())
        self.topics.append(encode(self.told[-1]))

    def _again(self) -> None:
        """The same event once more, perhaps at once: word for word, otherwise traced, or a conflict."""
        if not self.told:
            return
        event = self.told[-1] if self.dice.random() < 0.3 else self.dice.choice(self.told)
        fate = self.dice.random()
        record = encode(event)
        if fate < 0.2:
            record = encode(event.model_copy(update={"recordedtime": event.at}))
        elif fate < 0.4:
            record = record._replace(value=record.value.replace(b"{", b'{"unknown":1,', 1))
        self.topics.append(record)

    def _poison(self) -> None:
        record = encode(build.ballot("a", by=self.dice.choice(PEOPLE)))
        place = Partition(record.topic, partition_of(record.key, 6))
        other = self.dice.choice([one for one in ALL if one.topic == place.topic and one != place])
        strange = [(name, b"org.x.v1" if name == "ce_type" else value) for name, value in record.headers]
        kinds: list[tuple[Partition, bytes | None, bytes | None, list[tuple[str, bytes]]]] = [
            (place, record.key, b"{", record.headers),
            (place, record.key, None, record.headers),
            (place, b"riverton/nobody", record.value, record.headers),
            (place, record.key, record.value, strange),
            (other, record.key, record.value, record.headers),
            (other, None, b"", []),
        ]
        self.topics.append_raw(*self.dice.choice(kinds))

    def _hole(self) -> None:
        self.topics.append_hole(self.dice.choice(self.places))

    async def step(self) -> None:
        """Fetch up to two batches, or handle the first: what happens in between makes them stale."""
        number = self.dice.randrange(2)
        hands = self.hands[number]
        if len(hands) < 2:
            hands.append(self.workers[number].fetch(self.dice.choice([1, 3, 10, 100])))
            if self.dice.random() < 0.5:
                return
        if self.dice.random() < 0.1:
            hands.pop(0)  # the client lost it
            return
        try:
            engine = self.workers[number].engine
            apply = self.dice.choice([engine.handle, engine.take])
            await apply(hands.pop(0))
        except Killed:
            self.workers[number] = self._crashed(number)
            await self.rebalance()

    async def _died(self, number: int) -> bool:
        """Whether it met its end in a transaction that nobody waited for."""
        try:
            await self.workers[number].engine.settled()
        except Killed:
            return True
        return False

    async def rebalance(self) -> None:
        """Share out the partitions; sometimes one is not told, and believes it holds what it held."""
        every = self.places
        mine = [partition for partition in every if self.dice.random() < 0.5]
        others = [partition for partition in every if partition not in mine]
        shares: list[list[Sequence[Partition]]] = [[every, []], [[], every], [mine, others]]
        share = self.dice.choice(shares)
        deaf = self.dice.randrange(2) if self.dice.random() < 0.3 else None
        self.happened["rebalance"] += 1
        for number in self.dice.sample([0, 1], 2):
            if number == deaf:
                continue
            try:
                await self.workers[number].assign(share[number])
            except Killed:
                self.workers[number] = self._crashed(number)

    async def crash(self) -> None:
        if self.dice.random() < CALM:
            return
        number = self.dice.randrange(2)
        self.workers[number] = self._crashed(number)
        await self.rebalance()

    def _crashed(self, number: int) -> Worker:
        self.workers[number].log.assign([])
        self.workers[number].engine.revoked()
        self.hands[number] = []
        self.happened["crash"] += 1
        return self._worker()

    async def _disturb(self) -> None:
        """What happens while somebody waits for the store."""
        if self._nested:
            return
        self._nested = True
        try:
            await self.dice.choice(self.troubles())()
        finally:
            self._nested = False

    def troubles(self) -> Sequence[Action]:
        """What may happen meanwhile."""
        return (
            self._refuse,
            self._delay,
            self._kill,
            self._rebalance_meanwhile,
            self._other,
            self._mend,
            self._pause,
        )

    async def _refuse(self) -> None:
        self.happened["unavailable"] += 1
        raise Unavailable("planted")

    async def _delay(self) -> None:
        """The answer is lost; the write itself may land at any time."""
        if self.store.writing is not None:
            self.late.append(self.store.writing)
        await self._refuse()

    async def _land(self) -> None:
        while self.late:
            await self.store.land(self.late.pop(self.dice.randrange(len(self.late))))

    async def _kill(self) -> None:
        self.happened["killed"] += 1
        raise Killed

    async def _rebalance_meanwhile(self) -> None:
        """In a task of its own, as Kafka's client tells of it: it may end the claim that waits here."""
        task, ended = asyncio.create_task(self.rebalance()), False
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                ended = True
        task.result()
        if ended:
            raise asyncio.CancelledError

    async def _other(self) -> None:
        """Another worker claims everything and works, and nobody tells the one that waits."""
        self.happened["stolen"] += 1
        thief = self._worker()
        await thief.assign(self.places)
        await thief.step(self.dice.choice([2, 50]))
        thief.log.assign([])
        thief.engine.revoked()

    async def _pause(self) -> None:
        await self.append()
        await asyncio.sleep(0)

    async def check(self) -> None:
        """Fails where the store differs from a fold of the log."""
        logs = self.topics.records | {
            place: old[: await self.store.next(place)] for place, old in self.topics.before.items()
        }
        expected = fold(logs, mended=self.mended)
        store = self.store
        assert store.documents.get("ballots.v1", {}) == expected.ballots
        stages = {key: one["stage"] for key, one in store.documents.get("service_requests.v1", {}).items()}
        assert stages == expected.stages
        assert cells(store, "votes_by_project.v1") == expected.votes()
        assert cells(store, "round_ballots.v1") == expected.count()
        assert cells(store, "requests_by_stage.v1") == expected.by_stage()
        assert cells(store, "pulse.v1") == {key: {"events": n} for key, n in expected.pulse.items()}
        kept = [
            (item.record.topic, item.record.partition, item.record.offset)
            for place, items in store.quarantine.items()
            for item in items
            if store.settled.get(place) != "replayed"
        ]
        assert sorted(kept) == sorted((one.topic, one.partition, one.offset) for one in expected.poison)
        counts = store.counts()
        assert counts == (expected.applied, expected.duplicates, len(expected.poison))
        assert sum(counts) == sum(one is not None for held in logs.values() for one in held)
        assert [one for one in self.failures if not isinstance(one, Killed)] == []
        assert {incident.claim.partition for incident in store.incidents} == self.topics.before.keys()


async def simulate(seed: int) -> Counter[str]:
    """What happened in the history of this seed. Whatever it raises names the seed."""
    return await lived(History(seed), seed)


async def lived(history: History, seed: int) -> Counter[str]:
    """The same for a history that was made already."""
    try:
        await history.run()
        await history.check()
    except BaseException as error:
        error.add_note(f"seed {seed}: {dict(history.happened)}")
        raise
    return history.happened
