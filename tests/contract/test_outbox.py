"""What the relay and the sweeper expect of their stores: one class of tests for memory and for MongoDB."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumers import follow_up, spreader
from consumers.engine.memory import MemoryStore
from consumers.engine.memory_outbox import MemoryLeases, MemoryOutbox, MemoryTimers
from consumers.engine.memory_outbox import spread as spread_in_memory
from consumers.engine.model import (
    Advance,
    Announcement,
    Claim,
    Fenced,
    Incident,
    Mark,
    Membership,
    Notice,
    Outgoing,
    Partition,
    PlainRecord,
    Quarantined,
    Release,
    Store,
    Timer,
    Write,
)
from consumers.engine.outbox import Due, Leases, Outbox, Timers
from consumers.mongo_outbox import MongoLeases, MongoOutbox
from consumers.mongo_rows import shard_of, timers_of
from consumers.mongo_store import MongoStore
from consumers.mongo_timers import MongoTimers
from events.codec import Record
from events.topics import IDEAS
from infra.embedded import Endpoints
from infra.mongo import Database, connect
from infra.settings import Settings
from projections.core import DocumentView, Projection

AT = datetime(2026, 4, 1, 13, 30, tzinfo=UTC)
DUE = Due(AT)
HOUR = timedelta(hours=1)
ZERO, ONE = Partition(IDEAS.name, 0), Partition(IDEAS.name, 1)
THINGS = DocumentView("things", "d", frozenset(), lambda event: event.key, lambda old, _: old, {})
FOLLOW_UP = Projection("contract", 1, (IDEAS,), documents=(THINGS,))


def record(text: str) -> Record:
    return Record(IDEAS.name, b"riverton/x", text.encode(), [("ce_id", text.encode()), ("x", b"\xff")])


def timer(name: str, due: datetime, key: str = "riverton/x") -> Timer:
    return Timer(f"things.v1/{key}/{name}", ZERO, key, due, record(name))


@dataclass
class Subject:
    """A store with its outbox, its timers, and leases for two processes."""

    store: Store
    outbox: Outbox
    leases: Leases
    timers: Timers
    shard: str
    timers_shard: str
    names: Callable[[], Awaitable[set[str]]]
    notices: Callable[[], Awaitable[list[tuple[str, str]]]]
    spread: Callable[[], Awaitable[bool]]

    async def write(self, claim: Claim, *texts: str, **parts: Any) -> Claim:
        """One batch with these events in it; the claim after it."""
        numbered = enumerate(texts, claim.outbox_n + 1)
        outbox = [Outgoing(claim.partition, n, record(text)) for n, text in numbered]
        mark = Mark(claim.next, b"12345678")
        advance = Advance(claim, claim.next + 1, mark, 1, 0, 0, emitted=len(outbox))
        await self.store.commit(Write(advances=[advance], at=AT, outbox=outbox, **parts))
        return await self.store.read(claim.partition)

    async def start(self, *timers: Timer) -> Claim:
        claim = await self.store.claim(ZERO, "a")
        return await self.write(claim, timers={one.id: one for one in timers})

    async def fired(self) -> list[bytes]:
        return [row.record.value for row in await self.outbox.after(self.timers_shard, 0, 99)]


def in_memory() -> Subject:
    store, leases = MemoryStore(), MemoryLeases()
    outbox = MemoryOutbox(store, leases)

    async def names() -> set[str]:
        return set(store.timers)

    async def notices() -> list[tuple[str, str]]:
        return [(one.id, one.template) for one in store.notices.values()]

    async def spread() -> bool:
        return spread_in_memory(store)

    timers = MemoryTimers(ZERO, store, outbox)
    return Subject(store, outbox, leases, timers, ZERO.short, f"{ZERO.short}/timers", names, notices, spread)


def on_mongo(db: Database) -> Subject:
    async def names() -> set[str]:
        return set(await db["timers"].distinct("_id"))

    async def notices() -> list[tuple[str, str]]:
        return [(row["_id"], row["template"]) async for row in db["notifications"].find()]

    group = FOLLOW_UP.group
    leases = MongoLeases(db, "one", 0.0, lambda: AT)  # over at once, as those in memory are
    timers = MongoTimers(db, leases, group, ZERO)
    shards = (shard_of(group, ZERO), timers_of(group, ZERO))
    store = MongoStore(db, FOLLOW_UP, "cluster")

    async def spread() -> bool:
        return await spreader.spread(db)

    return Subject(store, MongoOutbox(db), leases, timers, *shards, names, notices, spread)


@pytest.fixture
async def mongo(servers: Endpoints) -> AsyncIterator[Database]:
    """A database of the test's own."""
    name = f"test_{secrets.token_hex(8)}"
    async with connect(Settings(kafka=servers.kafka, mongo=servers.mongo, mongo_database=name)) as db:
        await follow_up.prepare(db, "cluster", [FOLLOW_UP])
        yield db
        await db.client.drop_database(db.name)


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.servers)])
def subject(request: pytest.FixtureRequest) -> Subject:
    return in_memory() if request.param == "memory" else on_mongo(request.getfixturevalue("mongo"))


class TestOutbox:
    async def test_events_come_out_in_order_as_they_went_in(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        claim = await subject.write(claim, "one", "two")
        claim = await subject.write(claim)
        assert (await subject.write(claim, "three")).outbox_n == 3
        found = await subject.outbox.after(subject.shard, 0, 99)
        assert [(row.n, row.record) for row in found] == [
            (1, record("one")),
            (2, record("two")),
            (3, record("three")),
        ]
        assert [row.n for row in await subject.outbox.after(subject.shard, 1, 1)] == [2]
        assert await subject.outbox.shards() == [subject.shard]

    async def test_the_next_owner_counts_on(self, subject: Subject) -> None:
        await subject.write(await subject.store.claim(ZERO, "a"), "one")
        claim = await subject.store.claim(ZERO, "b")
        assert claim.outbox_n == 1
        assert (await subject.write(claim, "two")).outbox_n == 2

    async def test_a_claim_that_does_not_hold_emits_nothing(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        await subject.store.claim(ZERO, "b")
        with pytest.raises(Fenced):
            await subject.write(claim, "one", timers={"t": timer("t", AT)}, notices=[notice("n")])
        assert await subject.outbox.shards() == []
        assert (await subject.names(), await subject.notices()) == (set(), [])

    async def test_what_was_published_is_gone_and_the_place_is_kept(self, subject: Subject) -> None:
        await subject.write(await subject.store.claim(ZERO, "a"), "one", "two", "three")
        lease = await subject.leases.take("relay")
        assert lease is not None
        await subject.outbox.published(lease, subject.shard, 2)
        assert [row.n for row in await subject.outbox.after(subject.shard, 2, 99)] == [3]
        await subject.outbox.published(lease, subject.shard, 1)  # told late
        again = await subject.leases.take("relay")
        assert again is not None
        assert (again.last, again.line, again.epoch) == (2, lease.line, lease.epoch + 1)
        await subject.outbox.published(again, subject.shard, 3)
        assert await subject.outbox.shards() == []

    async def test_a_notice_stays_as_it_was_first(self, subject: Subject) -> None:
        claim = await subject.write(await subject.store.claim(ZERO, "a"), notices=[notice("first")])
        await subject.write(claim, notices=[notice("second")])
        assert await subject.notices() == [("id", "first")]


class TestAudiences:
    async def test_an_announcement_reaches_everybody_who_was_there(
        self, subject: Subject, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """More than a page of them; who joined after it or left before it is not told."""
        monkeypatch.setattr(spreader, "PAGE", 3)
        claim = await subject.store.claim(ZERO, "a")
        people = [f"participant-{n:04}" for n in range(8)]
        claim = await subject.write(claim, memberships=[joins(one, 1) for one in people])
        claim = await subject.write(claim, memberships=[leaves(people[0], 2), leaves(people[1], 2)])
        claim = await subject.write(claim, memberships=[joins(people[1], 3), joins(people[2], 3)])
        claim = await subject.write(claim, announcements=[announcement("said", 4)])
        await subject.write(claim, memberships=[joins("$late", 5), leaves(people[3], 5), joins(people[0], 5)])
        while await subject.spread():
            pass
        told = {announcement("said", 4).to(one).id: "said" for one in people[1:]}
        assert dict(await subject.notices()) == told

    async def test_whoever_was_told_before_a_crash_is_not_told_again(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        claim = await subject.write(claim, memberships=[joins("ann-pseudonym-0001", 1)])
        for template in ("first", "second"):
            claim = await subject.write(claim, announcements=[announcement(template, 2)])
            while await subject.spread():
                pass
        assert [template for _, template in await subject.notices()] == ["first"]

    async def test_somebody_who_comes_and_goes_is_where_they_went_last(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        changes = [(joins, leaves)[n % 2]("$ann", n) for n in range(1, 202)]
        claim = await subject.write(claim, memberships=[leaves("$ann", 0), *changes])
        await subject.write(claim, announcements=[announcement("said", 202)])
        assert await subject.spread()
        assert [template for _, template in await subject.notices()] == []


def joins(member: str, offset: int) -> Membership:
    return Membership("things.v1/riverton/x", member, joins=True, offset=offset)


def leaves(member: str, offset: int) -> Membership:
    return replace(joins(member, offset), joins=False)


def announcement(template: str, offset: int) -> Announcement:
    told = replace(notice(template), recipient=None)
    return Announcement("things.v1/riverton/x", "things", ("cause", "rule"), told, offset)


def notice(template: str) -> Notice:
    return Notice("id", "riverton", "ann-pseudonym-0001", template, "x", {"a": "b"}, "cause", "cause", AT)


class TestTimers:
    async def test_they_are_started_replaced_and_cancelled(self, subject: Subject) -> None:
        one, two = timer("one", AT), timer("two", AT)
        claim = await subject.start(one, two)
        later = replace(one, due=AT + HOUR)
        claim = await subject.write(claim, timers={one.id: later, two.id: None, "absent": None})
        assert await subject.names() == {one.id}
        assert await subject.timers.due(AT) is None
        assert await subject.timers.due(AT + HOUR) == Due(AT + HOUR)

    async def test_they_fire_when_due_the_oldest_first_and_once(self, subject: Subject) -> None:
        names = {"c": -3, "a": -2, "b": 0, "later": 1}
        await subject.start(*(timer(name, AT + hours * HOUR) for name, hours in names.items()))
        lease = await subject.leases.take("sweeper")
        assert lease is not None
        assert await subject.timers.fire(lease, DUE, 0, 2) == 2
        assert await subject.timers.fire(lease, DUE, 0, 99) == 1
        assert await subject.timers.fire(lease, DUE, 0, 99) == 0
        assert await subject.fired() == [b"c", b"a", b"b"]
        found = await subject.outbox.after(subject.timers_shard, 0, 99)
        assert [row.n for row in found] == [1, 2, 3]
        assert found[0].record == record("c")

    async def test_those_of_keys_that_wait_do_not_fire(self, subject: Subject) -> None:
        claim = await subject.start(timer("a", AT, "riverton/waits"), timer("b", AT))
        kept = PlainRecord(ZERO.topic, 0, 1, b"riverton/waits", b"{}", ())
        waits = Quarantined(kept, "fold_failed", "planted", b"i" * 16)
        claim = await subject.write(claim, quarantine=[waits])
        lease = await subject.leases.take("sweeper")
        assert lease is not None
        assert await subject.timers.fire(lease, DUE, 0, 99) == 1
        assert await subject.fired() == [b"b"]
        await subject.write(claim, releases=[Release(ZERO, waits.identity, "replayed")])
        assert await subject.timers.fire(lease, DUE, 0, 99) == 1

    async def test_none_fires_where_less_is_folded_than_the_sweeper_believes(self, subject: Subject) -> None:
        claim = await subject.start(timer("a", AT))
        lease = await subject.leases.take("sweeper")
        assert lease is not None
        assert await subject.timers.fire(lease, DUE, claim.next + 1, 99) is None
        assert await subject.timers.fire(lease, DUE, claim.next, 99) == 1

    async def test_none_fires_of_a_partition_that_is_halted(self, subject: Subject) -> None:
        claim = await subject.start(timer("a", AT))
        await subject.store.report(Incident(claim, "expired", "planted", 3, 9), AT)
        lease = await subject.leases.take("sweeper")
        assert lease is not None
        assert await subject.timers.fire(lease, DUE, 0, 99) is None

    async def test_a_sweeper_whose_lease_was_taken_changes_nothing(self, subject: Subject) -> None:
        await subject.start(timer("a", AT))
        old = await subject.leases.take("sweeper")
        new = await subject.leases.take("sweeper")
        assert old is not None
        assert new is not None
        with pytest.raises(Fenced):
            await subject.timers.fire(old, DUE, 0, 99)
        assert await subject.outbox.shards() == []
        assert await subject.timers.fire(new, DUE, 0, 99) == 1

    async def test_those_of_other_partitions_are_left_alone(self, subject: Subject) -> None:
        other = replace(timer("other", AT), id="things.v1/riverton/y/other", partition=ONE)
        claim = await subject.store.claim(ONE, "a")
        await subject.write(claim, timers={other.id: other})
        lease = await subject.leases.take("sweeper")
        assert lease is not None
        assert await subject.timers.fire(lease, DUE, 0, 99) == 0
        assert await subject.names() == {other.id}


@pytest.mark.servers
class TestMongo:
    """What only MongoDB can get wrong."""

    async def test_a_cancellation_that_meets_the_firing_has_one_outcome(self, mongo: Database) -> None:
        subject = on_mongo(mongo)
        lease = await subject.leases.take("sweeper")
        assert lease is not None
        claim = await subject.store.claim(ZERO, "a")
        for number in range(30):
            one = timer(f"t{number}", AT)
            claim = await subject.write(claim, timers={one.id: one})
            fired, outcome = await asyncio.gather(
                subject.timers.fire(lease, DUE, 0, 99),
                subject.write(claim, timers={one.id: None}),
                return_exceptions=True,
            )
            published = one.record.value in await subject.fired()
            assert published == (fired == 1)
            if isinstance(outcome, Claim):
                assert one.id not in await subject.names()
            claim = await subject.store.read(ZERO)
            claim = await subject.write(claim, timers={one.id: None})
        assert await subject.names() == set()

    async def test_a_lease_is_its_owner_s_until_it_runs_out_or_is_let_go(self, mongo: Database) -> None:
        clock = [AT]
        one, two = (MongoLeases(mongo, owner, 10, lambda: clock[0]) for owner in ("one", "two"))
        first = await one.take("x")
        assert first is not None
        assert await two.take("x") is None
        clock[0] += timedelta(seconds=9)
        await one.renew()
        clock[0] += timedelta(seconds=9)
        assert await two.take("x") is None
        clock[0] += timedelta(seconds=2)
        taken = await two.take("x")
        assert taken is not None
        assert (taken.epoch, taken.line) == (first.epoch + 1, first.line)
        with pytest.raises(Fenced):
            await one.renew()
        await two.release()
        assert await one.take("x") is not None

    async def test_an_owner_that_died_inside_a_transaction_does_not_hold_up_the_next(
        self, mongo: Database
    ) -> None:
        """MongoDB would keep its locks for a minute."""
        clock = [AT]
        dead, alive = (MongoLeases(mongo, owner, 1, lambda: clock[0]) for owner in ("dead", "alive"))
        lease = await dead.take("sweeper")
        assert lease is not None
        session = await dead.session("sweeper")
        session.start_transaction()
        locked = {"_id": "sweeper"}
        await mongo["leases"].update_one(locked, {"$inc": {"last": 1}}, session=session)
        clock[0] += timedelta(seconds=2)
        async with asyncio.timeout(10):
            while (taken := await alive.take("sweeper")) is None:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.05)
        assert (taken.last, taken.epoch) == (0, 2)

    async def test_another_database_begins_a_line_of_its_own(self, mongo: Database) -> None:
        leases = MongoLeases(mongo, "one", 10, lambda: AT)
        lines = {lease.line for name in "ab" if (lease := await leases.take(name)) is not None}
        assert len(lines) == 2


@pytest.mark.servers
class TestGates:
    """Where a new version of a follow-up begins to be heard."""

    async def gates(self, db: Database, version: int) -> list[int]:
        new = replace(FOLLOW_UP, version=version)
        await follow_up.prepare(db, "cluster", [new])
        store = MongoStore(db, new, "cluster")
        return [(await store.claim(partition, "a")).gate for partition in (ZERO, ONE)]

    async def test_the_first_version_is_heard_from_the_start(self, mongo: Database) -> None:
        assert await self.gates(mongo, 1) == [0, 0]

    async def test_a_later_one_from_where_the_one_before_stood_and_that_stays(self, mongo: Database) -> None:
        subject = on_mongo(mongo)
        claim = await subject.store.claim(ZERO, "a")
        await subject.write(await subject.write(claim))
        assert await self.gates(mongo, 2) == [2, 0]
        await subject.write(await subject.store.read(ZERO))
        assert await self.gates(mongo, 2) == [2, 0]
        assert await self.gates(mongo, 3) == [3, 0]

    async def test_what_waits_in_quarantine_was_told_of_by_nobody(self, mongo: Database) -> None:
        subject = on_mongo(mongo)
        claim = await subject.store.claim(ZERO, "a")
        await subject.write(await subject.write(claim))
        place = {"group": FOLLOW_UP.group, "topic": IDEAS.name, "partition": 0}
        row = {**place, "status": "open", "reason": "fold_failed", "first_offset": 1}
        await mongo["quarantine"].insert_one(row)
        assert await self.gates(mongo, 2) == [1, 0]
