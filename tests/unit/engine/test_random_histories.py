"""Random histories: whatever happens to two workers, the store equals a fold of the log.

The fold here is written a second time, in plain Python over the bytes of the log; it shares
nothing with the engine or the views.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from consumers.engine import engine as engine_module
from consumers.engine import owned as owned_module
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
from tests.support.engines import NOW, TroubledStore, Worker, all_partitions, cells

HISTORIES = int(os.environ.get("TOWNHALL_TEST_HISTORIES", "320"))
PIECES = 8


def _projection(cells: Callable[[Event], Iterable[Cell]]) -> Projection:
    return Projection(
        "simulated",
        version=1,
        topics=(IDEAS, REQUESTS),
        documents=(ballots.VIEW, service_requests.VIEW),
        document_tallies=(ballots.VOTES, ballots.BALLOTS, service_requests.BY_STAGE),
        event_tallies=(replace(pulse.PULSE, cells=cells),),
    )


ALL = all_partitions(_projection(pulse.cells))
CHOICES: list[str | tuple[str, int]] = ["a", ("b", 3), ("c", 5), "d|1", "boom"]
PEOPLE = [f"person-{n:02d}-pseudonym" for n in range(4)]
TIMES = [f"2026-04-{day:02d}T{hour:02d}:10:00-04:00" for day in (1, 2) for hour in (9, 10, 22)]
WAITS = [
    f"{when} {call}"
    for call in ("claim", "read", "identities", "load", "commit")
    for when in ("before", "after")
]


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Expected:
    """An independent fold of the log."""

    ballots: dict[str, dict[str, Any]] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    pulse: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    applied: int = 0
    duplicates: int = 0
    poison: list[PlainRecord] = field(default_factory=list)

    def votes(self) -> dict[tuple[str, ...], dict[str, int]]:
        sums: dict[tuple[str, ...], Counter[str]] = {}
        for ballot in self.ballots.values():
            for choice in ballot["choices"]:
                key = (ballot["city"], ballot["round"], choice["project_id"])
                sums.setdefault(key, Counter()).update(votes=1, points=choice["points"] or 0)
        return {key: {name: n for name, n in sum_.items() if n} for key, sum_ in sums.items()}

    def count(self) -> dict[tuple[str, ...], dict[str, int]]:
        counted = Counter((ballot["city"], ballot["round"]) for ballot in self.ballots.values())
        return {key: {"ballots": n} for key, n in counted.items()}

    def by_stage(self) -> dict[tuple[str, ...], dict[str, int]]:
        counted = Counter((key.split("/")[0], stage) for key, stage in self.stages.items())
        return {key: {"count": n} for key, n in counted.items()}


STAGE_AFTER = {"acknowledged": "acknowledged", "closed": "closed", "reopened": "reopened"}


@dataclass
class Seen:
    """What has been met in one partition: contents by identity, and keys that wait for a mend."""

    contents: dict[tuple[str, ...], tuple[Any, ...]] = field(default_factory=dict)
    waiting: set[bytes | None] = field(default_factory=set)


def fold(topics: MemoryTopics, *, mended: bool) -> Expected:
    """After a mend nothing waits: what no code can count was given up, everything else was counted."""
    expected = Expected()
    for place, records in topics.records.items():
        seen = Seen()
        for record in records:
            if record is not None:
                _fold_one(expected, place, record, seen, mended=mended)
    return expected


def _fold_one(expected: Expected, place: Partition, record: PlainRecord, seen: Seen, *, mended: bool) -> None:
    told = {name[3:]: value.decode() for name, value in record.headers if name.startswith("ce_")}
    try:
        data = json.loads(record.value or b"")
        family, name = told["type"].removeprefix("org.citiesofservice.").removesuffix(".v1").split(".")
    except (ValueError, KeyError):
        expected.poison.append(record)
        return
    key = f"{told['city']}/{told['subject']}"
    if family not in ("priority_ballot", "service_request"):
        expected.poison.append(record)
        if not mended:
            seen.waiting.add(record.key)
        return
    if (record.key or b"").decode() != key or partition_of(key.encode(), 6) != place.number:
        expected.poison.append(record)
        return
    identity = (told["city"], told["source"], told["id"])
    content = (told["type"], told["time"], told.get("participant"), record.value)
    if identity in seen.contents:
        if seen.contents[identity] == content:
            expected.duplicates += 1
        else:
            expected.poison.append(record)
        return
    boom = not mended and any(choice["project_id"] == "boom" for choice in data.get("choices", ()))
    if boom or record.key in seen.waiting:
        expected.poison.append(record)
        seen.waiting.add(record.key)
        return
    seen.contents[identity] = content
    expected.applied += 1
    expected.pulse[told["city"], told["time"][:10], f"{family}.{name}"] += 1
    if family == "priority_ballot":
        expected.ballots[key] = _ballot(told, data, expected.ballots.get(key))
    elif name == "opened":
        expected.stages.setdefault(key, "submitted")
    else:
        expected.stages[key] = STAGE_AFTER[name]


def _ballot(told: dict[str, str], data: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "city": told["city"],
        "round": data["ballot_round_id"],
        "participant": told["participant"],
        "vote_type": data["vote_type"],
        "choices": [{"project_id": c["project_id"], "points": c.get("points")} for c in data["choices"]],
        "cast_at": datetime.fromisoformat(told["time"]).astimezone(UTC),
        "casts": 1 + (before["casts"] if before else 0),
    }


class History:
    """One log, one store, two workers, and dice that decide what happens."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.mended = False
        self.projection = _projection(self._pulse)
        self.topics = MemoryTopics()
        self.store = TroubledStore()
        self.workers = [self._worker(), self._worker()]
        self.hands: list[list[list[Record]]] = [[], []]
        self.late: list[Write] = []
        self.told: list[Event] = []
        self.happened: Counter[str] = Counter()
        self._nested = False

    def _worker(self) -> Worker:
        return Worker(self.projection, self.topics, self.store)

    def _pulse(self, event: Event) -> Iterable[Cell]:
        """The last view of all has a fault: by then the event has passed all others."""
        choices = event.data.choices if isinstance(event.data, PriorityBallotCast) else ()
        if not self.mended and any(choice.project_id == "boom" for choice in choices):
            raise RuntimeError("planted")
        return pulse.cells(event)

    async def run(self, steps: int = 60) -> None:
        await self.rebalance()
        moves = (
            self.append,
            self.append,
            *[self.step] * 4,
            self.rebalance,
            self.crash,
            self._land,
            self._mend,
        )
        for _ in range(steps):
            if self.dice.random() < 0.35:
                self.store.planted = {self.dice.choice(WAITS): [self._disturb]}
            await self.dice.choice(moves)()
            if self.dice.random() < 0.3:
                await asyncio.sleep(0)  # claims after the lease, if any wait
        await self.finish()

    async def finish(self) -> None:
        """One healthy worker is left with everything, a fresh one or one with its memory."""
        self.store.planted = {}
        while self._nested:  # noqa: ASYNC110 - a rebalance that began under a claim ends first
            await asyncio.sleep(0)
        if self.dice.random() < 0.5 or await self._died(0):
            self.workers[0] = self._crashed(0)
        await self.workers[1].assign([])
        await self.workers[0].assign(ALL)
        for hand in self.hands[0]:
            await self.workers[0].engine.handle(hand)
        await self._land()
        async with asyncio.timeout(5):
            await self.workers[0].drain(self.dice.choice([1, 7, 1_000]))
        if self.mended:
            await self._replay()

    async def _mend(self) -> None:
        """Sometimes the fault is mended; whether it is or not, an operator tries again."""
        self.mended = self.mended or self.dice.random() < 0.2
        try:
            await self._replay()
        except (Unavailable, Fenced, Killed):
            self.happened["replay cut off"] += 1

    async def _replay(self) -> None:
        plan = Plan(self.projection)
        for place in ALL:
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

    async def append(self) -> None:
        for _ in range(self.dice.randint(1, 6)):
            self.dice.choice([self._event] * 5 + [self._again, self._again, self._poison, self._hole])()

    def _event(self) -> None:
        at = self.dice.choice(TIMES)
        choices = self.dice.sample(CHOICES, self.dice.randint(0, 2))
        request = self.dice.choice(["r1", "r2", "r3"])
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
        other = place._replace(number=(place.number + 1) % 6)
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
        self.topics.append_hole(self.dice.choice(ALL))

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
        mine = [partition for partition in ALL if self.dice.random() < 0.5]
        shares = self.dice.choice([[ALL, []], [[], ALL], [mine, [p for p in ALL if p not in mine]]])
        deaf = self.dice.randrange(2) if self.dice.random() < 0.3 else None
        self.happened["rebalance"] += 1
        for number in self.dice.sample([0, 1], 2):
            if number == deaf:
                continue
            try:
                await self.workers[number].assign(shares[number])
            except Killed:
                self.workers[number] = self._crashed(number)

    async def crash(self) -> None:
        if self.dice.random() < 0.3:
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
            await self.dice.choice(
                [self._refuse, self._delay, self._kill, self._rebalance_meanwhile, self._other, self._pause]
            )()
        finally:
            self._nested = False

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
        await thief.assign(ALL)
        await thief.step(self.dice.choice([2, 50]))
        thief.log.assign([])
        thief.engine.revoked()

    async def _pause(self) -> None:
        await self.append()
        await asyncio.sleep(0)

    def check(self) -> None:
        expected = fold(self.topics, mended=self.mended)
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
        records = [one for held in self.topics.records.values() for one in held if one is not None]
        assert sum(counts) == len(records)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(engine_module, "RETRY_SECONDS", 0)
    return iter(())


@pytest.mark.parametrize("piece", range(PIECES))
async def test_the_store_equals_a_fold_of_the_log(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give TOWNHALL_TEST_HISTORIES for more of them; a failure names its seed."""
    if piece % 2:
        monkeypatch.setattr(engine_module, "MAX_TRANSACTION_BYTES", 700)
    if piece % 4 > 1:
        monkeypatch.setattr(owned_module, "MAX_DOCUMENTS", 2 * len(ALL))
        monkeypatch.setattr(owned_module, "MAX_IDENTITIES", 2 * len(ALL))
    for seed in range(piece, HISTORIES, PIECES):
        await _history(seed)


async def _history(seed: int) -> None:
    history = History(seed)
    try:
        await history.run()
        history.check()
    except BaseException as error:
        error.add_note(f"seed {seed}: {dict(history.happened)}")
        raise
    assert history.happened["rebalance"]
