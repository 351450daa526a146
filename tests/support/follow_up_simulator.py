"""Random histories of follow-ups: the same dice and troubles, with a clock, two relays and two sweepers.

Derived events go back into the log and are folded like all others. In the end the log itself is looked
at (`follow_up_truth`): each derived fact stands there once, and none that was cancelled in time.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from consumers.engine.effects import Emit, Notify, Reaction, process_manager
from consumers.engine.memory_outbox import (
    MemoryBroker,
    MemoryLeases,
    MemoryOutbox,
    MemoryOutlet,
    MemoryTimers,
)
from consumers.engine.model import Fenced, Partition, PlainRecord, Unavailable
from consumers.engine.relay import Relay
from consumers.engine.sweeper import Sweeper
from consumers.followups import request_deadlines
from events.codec import encode
from events.envelope import Event
from events.topics import REQUESTS
from events.types.requests import ServiceRequestReopened, ServiceRequestUpdatePosted
from projections.core import Document, Projection, types
from tests.support import build
from tests.support.engines import Action
from tests.support.follow_up_truth import Facts, facts
from tests.support.simulator import WAITS, History, Killed, Topics, lived

BEGIN, END = datetime(2026, 4, 1, 12, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
STEPS = 200
REQUESTS_TOLD = ["r1", "r2", "r3", "r4"]
CALLS = ("shards", "after", "published", "open", "publish", "publish", "due", "fire", "fire")


def echo(state: Document | None, event: Event) -> Reaction:
    """Tells another aggregate of every closing, and somebody of every reopening."""
    count = {"events": 1 + (state["events"] if state else 0)}
    if isinstance(event.data, ServiceRequestReopened):
        return count, [Notify("reopened", "person-00-pseudonym", "again")]
    told = ServiceRequestUpdatePosted(text_ref=event.id, author_kind="agency", is_public=True)
    return count, [Emit("closed", told, subject=f"{event.subject}-audit"), Emit("kept", told, subject="all")]


ECHO = process_manager(
    "echo",
    "A manager of the tests' own",
    types("service_request.closed", "service_request.reopened"),
    echo,
    {"events": "how many"},
)


class TimedTopics(Topics):
    """Remembers what the clock said when each record was published."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._clock = clock
        self.times: dict[tuple[Partition, int], datetime] = {}

    def append_raw(self, partition: Partition, *parts: Any) -> PlainRecord:
        """Store any bytes anywhere."""
        record = super().append_raw(partition, *parts)
        self.times[partition, record.offset] = self._clock()
        return record


class Shaken:
    """Anything with async methods; before and after each call something may happen."""

    def __init__(self, inner: object, at: Callable[[str], Awaitable[None]]) -> None:
        self._inner = inner
        self._at = at

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._inner, name)

        async def shaken(*arguments: Any) -> Any:
            await self._at(f"before {name}")
            found = await call(*arguments)
            await self._at(f"after {name}")
            return found

        return shaken


class Office:
    """One process that relays and sweeps."""

    def __init__(self, town: "FollowUpHistory") -> None:
        self._town = town
        self.busy = False
        """It does one thing after the other."""
        self._relays: dict[str, Relay] = {}
        self._sweepers: dict[Partition, Sweeper] = {}

    async def relay(self, shard: str) -> bool:
        if shard not in self._relays:
            lease = await self._town.leases.take(f"relay/{shard}")
            assert lease is not None
            outlet = self._town.shaken(MemoryOutlet(self._town.broker, shard))
            relay = Relay(shard, lease, self._town.shaken(self._town.outbox), outlet)
            await relay.open()
            self._relays[shard] = relay
        return await self._relays[shard].step()

    async def sweep(self, partition: Partition) -> int:
        if partition not in self._sweepers:
            town = self._town
            lease = await town.leases.take(f"sweeper/{partition.short}")
            assert lease is not None
            timers = town.shaken(MemoryTimers(partition, town.store, town.outbox))
            log = town.workers[0].log
            self._sweepers[partition] = Sweeper(
                partition, lease, timers, store=town.store, log=log, written=log, now=lambda: town.clock
            )
        return await self._sweepers[partition].step()


class FollowUpHistory(History):
    """One log, one store, two workers, two offices, a clock and dice."""

    topics: TimedTopics
    places = tuple(Partition(REQUESTS.name, number) for number in range(REQUESTS.partitions))

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.clock = BEGIN
        self.faulty = self.dice.choice([0.02, 0.02, 0.3])
        self.topics = TimedTopics(lambda: self.clock)
        self.workers = [self._worker(), self._worker()]
        self.leases = MemoryLeases()
        self.outbox = MemoryOutbox(self.store, self.leases)
        self.broker = MemoryBroker(self.topics)
        self.offices = [Office(self), Office(self)]

    def shaken(self, inner: object) -> Any:
        return Shaken(inner, self.store._at)

    def _projected(self) -> Projection:
        deadlines = replace(request_deadlines.MANAGER, react=self._deadlines)
        return Projection("simulated", 1, (REQUESTS,), documents=(ECHO, deadlines))

    def _deadlines(self, state: Document | None, event: Event) -> Reaction:
        """The last manager of all has a fault: by then the event has passed the other one."""
        notice = getattr(event.data, "service_notice", None) or getattr(event.data, "local_status", None)
        if not self.mended and notice == "boom":
            raise RuntimeError("planted")
        return request_deadlines.react(state, event)

    async def run(self, steps: int = STEPS) -> None:
        await super().run(steps)

    def moves(self) -> Sequence[Action]:
        """What may happen next."""
        same = (
            self.append,
            self.append,
            *[self.step] * 3,
            self.rebalance,
            self.crash,
            self._land,
            self._mend,
        )
        return (*same, *[self._relay] * 3, *[self._sweep] * 3, self._tick, self._tick)

    def waits(self) -> Sequence[str]:
        """Where somebody waits and something else will happen: one of the engine, one of an office."""
        when, call = self.dice.choice(["before", "after"]), self.dice.choice(CALLS)
        return [self.dice.choice(WAITS), f"{when} {call}"]

    def troubles(self) -> Sequence[Action]:
        """What may happen meanwhile."""
        return (*super().troubles(), self._relay, self._sweep, self._tick, self._pause)

    def _event(self) -> None:
        request, at = self.dice.choice(REQUESTS_TOLD), self.clock.isoformat()
        due = self.clock + timedelta(minutes=self.dice.randint(-30, 180))
        named: dict[str, Any] = self.dice.choice([{}, {"expected_datetime": due}, {"expected_datetime": due}])
        label = "boom" if self.dice.random() < self.faulty else "fine"
        make: Callable[[], Event] = self.dice.choice(
            [
                lambda: build.opened(request, at=at, **named),
                lambda: build.acknowledged(request, at=at, service_notice=label, **named),
                lambda: build.acknowledged(request, at=at, **named),
                lambda: build.closed(request, at=at),
                lambda: build.reopened(request, at=at),
                lambda: build.stage_changed(request, to="in_progress", label=label, at=at),
            ]
        )
        self.told.append(make())
        self.topics.append(encode(self.told[-1]))

    def _poison(self) -> None:
        record = encode(build.closed(self.dice.choice(REQUESTS_TOLD), at=self.clock.isoformat()))
        other = self.dice.choice(self.places)
        kinds = [(record.key, b"{", record.headers), (b"riverton/nobody", record.value, record.headers)]
        self.topics.append_raw(other, *self.dice.choice(kinds))

    async def step(self) -> None:
        """One batch, and a moment for what goes on by itself."""
        await super().step()
        for _ in range(5):
            await asyncio.sleep(0)

    async def _tick(self) -> None:
        self.clock += timedelta(minutes=self.dice.choice([1, 20, 60]))

    async def _relay(self) -> None:
        if shards := await self.outbox.shards():
            await self._at_work(lambda office: office.relay(self.dice.choice(shards)))

    async def _sweep(self) -> None:
        if places := sorted({timer.partition for timer in self.store.timers.values()}):
            place = self.dice.choice(places)
            await self._at_work(lambda office: office.sweep(place))

    async def _at_work(self, work: Callable[[Office], Awaitable[object]]) -> None:
        """Whatever an office meets, it dies of; and sometimes it dies of nothing."""
        free = [number for number in (0, 1) if not self.offices[number].busy]
        if not free:
            return
        number = self.dice.choice(free)
        office = self.offices[number]
        office.busy = True
        try:
            if await work(office):
                self.happened["worked"] += 1
        except (Fenced, Unavailable, Killed) as error:
            self.happened[f"office {type(error).__name__}"] += 1
            self.offices[number] = Office(self)
        finally:
            office.busy = False

    async def finish(self) -> None:
        """What was mended is counted, and the clock goes on until nothing is left to be done."""
        self.mended = True
        await super().finish()
        self.clock = END
        self.offices = [Office(self), Office(self)]
        busy = True
        while busy:
            busy = False
            await self.workers[0].drain()
            for place in self.places:
                busy |= bool(await self.offices[0].sweep(place))
            for shard in await self.outbox.shards():
                busy |= await self.offices[0].relay(shard)

    async def check(self) -> None:
        """Fails where the log holds another derived fact than it should, or one twice, or not at all."""
        assert self.mended
        found: Facts = facts(self.topics.records, self.topics.times)
        assert found.wrong == []
        assert found.missing() == []
        assert self.store.timers == {}
        assert await self.outbox.shards() == []
        assert len(self.store.notices) == len(found.reopened)
        assert {one.causationid for one in self.store.notices.values()} == found.reopened
        states = self.store.documents.get("request_deadlines.v1", {})
        assert {key: state["overdue_at"] for key, state in states.items()} == found.overdue_at()
        assert [one for one in self.failures if not isinstance(one, Killed)] == []
        self.happened["overdue"] += sum(map(len, found.late.values()))
        self.happened["emitted"] += len(found.emitted)


async def simulate(seed: int) -> Counter[str]:
    """What happened in the history of this seed. Whatever it raises names the seed."""
    return await lived(FollowUpHistory(seed), seed)
