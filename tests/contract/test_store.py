"""What the engine expects of a store: one class of tests for the one in memory and for MongoDB."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumers.engine.memory import MemoryStore
from consumers.engine.model import (
    Advance,
    Claim,
    Fenced,
    Incident,
    LedgerEntry,
    Mark,
    Partition,
    PlainRecord,
    Quarantined,
    Release,
    Store,
    Unavailable,
    Unstorable,
    Write,
)
from consumers.mongo_store import MongoStore
from events.topics import IDEAS
from infra.embedded import Endpoints
from infra.mongo import Database, connect
from infra.settings import Settings
from projections.core import DocumentView, EventTally, Projection, cell_id
from projections.storage import prepare

AT = datetime(2026, 4, 1, 13, 30, 0, 123_000, tzinfo=UTC)
ZERO, ONE = Partition("townhall.ideas", 0), Partition("townhall.ideas", 1)
THINGS = DocumentView("things", "d", frozenset(), lambda event: event.key, lambda old, _: old, {})
SUMS = EventTally("sums", "d", ("who", "what"), {"n": "count", "m": "more"}, None, lambda _: ())
PROJECTION = Projection("contract", 1, (IDEAS,), documents=(THINGS,), event_tallies=(SUMS,))
DOCUMENTS, CELLS = "things.v1", "sums.v1"

Cells = dict[str, dict[str, int]]


@dataclass
class Subject:
    """A store with what is needed to look behind it."""

    store: Store
    cells: Callable[[], Awaitable[Cells]]
    quarantine: Callable[[], Awaitable[list[tuple[bytes | None, list[int]]]]]
    counts: Callable[[], Awaitable[tuple[int, int, int]]]
    incidents: Callable[[], Awaitable[list[tuple[str, str]]]]
    cluster: str

    async def everything(self) -> tuple[Any, ...]:
        """All that a write can change."""
        return (
            await self.store.load(DOCUMENTS, ["x", "y", "z"]),
            await self.store.identities(ZERO, [1, 2]),
            await self.store.identities(ONE, [1, 2]),
            await self.cells(),
            await self.quarantine(),
            await self.counts(),
            await self.store.read(ZERO),
            await self.store.read(ONE),
        )


def in_memory() -> Subject:
    store = MemoryStore()

    async def cells() -> Cells:
        return store.cells.get(CELLS, {})

    async def quarantine() -> list[tuple[bytes | None, list[int]]]:
        return [
            (items[0].record.value, [i.record.offset for i in items]) for items in store.quarantine.values()
        ]

    async def counts() -> tuple[int, int, int]:
        return store.counts()

    async def incidents() -> list[tuple[str, str]]:
        return [(one.kind, "open") for one in store.incidents]

    return Subject(store, cells, quarantine, counts, incidents, "memory")


def on_mongo(db: Database) -> Subject:
    async def cells() -> Cells:
        return {cell["_id"]: cell["n"] async for cell in db[CELLS].find()}

    async def quarantine() -> list[tuple[bytes | None, list[int]]]:
        found = await db["quarantine"].find().to_list(None)
        assert all(item["count"] == len(item["offsets"]) for item in found)
        return [(item["value"], item["offsets"]) for item in found]

    async def counts() -> tuple[int, int, int]:
        found = await db["checkpoints"].find().to_list(None)
        applied, duplicates, quarantined = (
            sum(item[name] for item in found) for name in ("applied", "duplicates", "quarantined")
        )
        return applied, duplicates, quarantined

    async def incidents() -> list[tuple[str, str]]:
        found = await db["incidents"].find({"status": "open"}).to_list(None)
        return [(item["kind"], item["status"]) for item in found]

    store = MongoStore(db, PROJECTION, "cluster")
    return Subject(store, cells, quarantine, counts, incidents, "cluster")


@pytest.fixture
async def mongo(servers: Endpoints) -> AsyncIterator[Database]:
    """A database of the test's own."""
    settings = Settings(
        kafka=servers.kafka,
        mongo=servers.mongo,
        mongo_database=f"test_{secrets.token_hex(8)}",
    )
    async with connect(settings) as db:
        await prepare(db, PROJECTION)
        yield db
        await db.client.drop_database(db.name)


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.servers)])
def subject(request: pytest.FixtureRequest) -> Subject:
    return in_memory() if request.param == "memory" else on_mongo(request.getfixturevalue("mongo"))


def advance(claim: Claim, count: int = 1, **counts: int) -> Advance:
    applied = counts.get("applied", count)
    mark = Mark(claim.next + count - 1, b"12345678")
    others = (counts.get("duplicates", 0), counts.get("quarantined", 0))
    return Advance(claim, claim.next + count, mark, applied, *others)


def write(*claims: Claim, **parts: Any) -> Write:
    return Write(advances=[advance(claim) for claim in claims], at=AT, **parts)


def poison(offset: int, value: bytes = b"{") -> Quarantined:
    headers: Any = [("ce_id", b"\xff"), ("x", None)]
    record = PlainRecord("townhall.ideas", 0, offset, b"riverton/x", value, headers)
    return Quarantined(record, "not_json", "detail", value.ljust(16))


def full(*claims: Claim) -> Write:
    """A write of everything there is."""
    return write(
        *claims,
        documents={DOCUMENTS: {"x": {"a": 1}, "y": None}},
        cells={CELLS: {(ZERO, ("ann", "b")): {"n": 1}}},
        ledger=[LedgerEntry(ZERO, 1, {b"i" * 16: b"f" * 8})],
        quarantine=[poison(0)],
    )


class TestStore:
    async def test_a_partition_begins_at_its_first_offset(self, subject: Subject) -> None:
        assert await subject.store.read(ZERO) == Claim(ZERO, 0, 0)
        assert await subject.store.claim(ZERO, "a") == Claim(ZERO, 1, 0)

    async def test_a_claim_raises_the_epoch_of_its_partition_only(self, subject: Subject) -> None:
        await subject.store.claim(ZERO, "a")
        assert (await subject.store.claim(ZERO, "b")).epoch == 2
        assert (await subject.store.claim(ONE, "b")).epoch == 1
        assert await subject.store.read(ZERO) == Claim(ZERO, 2, 0)

    async def test_a_claim_tells_what_was_applied_last_and_in_which_cluster(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        assert (claim.last, claim.cluster, claim.halted) == (None, subject.cluster, False)
        await subject.store.commit(write(claim))
        claim = await subject.store.claim(ZERO, "a")
        assert claim.last == Mark(0, b"12345678")

    async def test_an_incident_fences_its_owner_until_the_partition_goes_on(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        await subject.store.report(Incident(claim, "expired", "planted", 3, 9), AT)
        with pytest.raises(Fenced):
            await subject.store.commit(write(claim))
        again = await subject.store.claim(ZERO, "b")
        assert (again.epoch, again.halted) == (claim.epoch + 2, True)
        assert await subject.incidents() == [("expired", "open")]
        await subject.store.settle(again, AT)
        assert not (await subject.store.read(ZERO)).halted
        assert await subject.incidents() == []
        await subject.store.commit(write(again))

    async def test_an_incident_of_a_claim_that_has_ended_fences_nobody(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        other = await subject.store.claim(ZERO, "b")
        await subject.store.report(Incident(claim, "expired", "planted", 3, 9), AT)
        await subject.store.commit(write(other))
        assert not (await subject.store.read(ZERO)).halted

    async def test_a_document_is_created_once(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        new: Any = {"documents": {DOCUMENTS: {"x": {"a": 1}}}, "created": {(DOCUMENTS, "x")}}
        await subject.store.commit(write(claim, **new))
        before = await subject.everything()
        new["documents"] = {DOCUMENTS: {"x": {"a": 2}}}
        with pytest.raises(Unavailable):
            await subject.store.commit(write(await subject.store.read(ZERO), **new))
        assert await subject.everything() == before

    async def test_a_write_may_end_its_claim(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        still = replace(advance(claim), next=claim.next, last_of_claim=True)
        await subject.store.commit(Write(advances=[still], at=AT))
        with pytest.raises(Fenced):
            await subject.store.commit(Write(advances=[still], at=AT))
        assert await subject.store.read(ZERO) == Claim(ZERO, claim.epoch + 1, 0)

    async def test_what_waits_is_found_by_its_key_in_the_order_of_the_log(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        first = replace(poison(7, b"later"), reason="parked")
        second = replace(poison(5, b"earlier"), reason="fold_failed")
        kept = [first, second, first, poison(6)]
        await subject.store.commit(write(claim, quarantine=kept))
        assert await subject.store.waiting(ZERO) == {b"riverton/x"}
        assert await subject.store.waiting(ONE) == set()
        found = await subject.store.quarantined(ZERO, b"riverton/x", 9)
        assert [(one.record.offset, one.record.value, one.reason, one.count) for one in found] == [
            (5, b"earlier", "fold_failed", 1),
            (7, b"later", "parked", 2),
        ]
        assert list(found[0].record.headers) == list(second.record.headers)
        assert found[0].identity == second.identity
        assert len(await subject.store.quarantined(ZERO, b"riverton/x", 1)) == 1
        assert await subject.store.quarantined(ZERO, b"riverton/y", 9) == []

    async def test_what_was_released_waits_no_more(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        one, two, three = (replace(poison(n, b"%d" % n), reason="fold_failed") for n in range(3))
        await subject.store.commit(write(claim, quarantine=[one, two, three]))
        claim = await subject.store.claim(ZERO, "a")
        releases = [
            Release(ZERO, one.identity, "replayed"),
            Release(ZERO, two.identity, "dropped"),
            Release(ZERO, three.identity, "conflict"),
        ]
        await subject.store.commit(write(claim, releases=releases))
        assert await subject.store.waiting(ZERO) == set()

    async def test_concurrent_claims_get_epochs_of_their_own(self, subject: Subject) -> None:
        claims = await asyncio.gather(*(subject.store.claim(ZERO, str(n)) for n in range(8)))
        assert sorted(claim.epoch for claim in claims) == list(range(1, 9))

    async def test_a_commit_moves_the_checkpoint(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        moved = advance(claim, 5, applied=2, duplicates=1, quarantined=2)
        await subject.store.commit(Write(advances=[moved], at=AT))
        assert await subject.store.read(ZERO) == replace(claim, next=5)
        assert await subject.store.claim(ZERO, "b") == Claim(ZERO, 2, 5)
        assert await subject.counts() == (2, 1, 2)

    @pytest.mark.parametrize("wrong", ["epoch", "next", "both", "never claimed"])
    async def test_a_claim_that_does_not_hold_changes_nothing(self, subject: Subject, wrong: str) -> None:
        claim = await subject.store.claim(ZERO, "a")
        await subject.store.commit(write(claim, documents={DOCUMENTS: {"x": {"a": 0}, "y": {"a": 0}}}))
        before = await subject.everything()
        now = replace(claim, next=1)
        stale = {
            "epoch": replace(now, epoch=2),
            "next": claim,
            "both": Claim(ZERO, 0, 0),
            "never claimed": Claim(ONE, 0, 0),
        }
        with pytest.raises(Fenced):
            await subject.store.commit(full(stale[wrong]))
        assert await subject.everything() == before
        await subject.store.commit(full(now))
        assert await subject.everything() != before

    async def test_a_claim_fences_the_one_before(self, subject: Subject) -> None:
        old = await subject.store.claim(ZERO, "a")
        new = await subject.store.claim(ZERO, "a")
        with pytest.raises(Fenced):
            await subject.store.commit(full(old))
        await subject.store.commit(full(new))

    @pytest.mark.parametrize("fenced", [ZERO, ONE], ids=str)
    async def test_one_fenced_partition_of_several_stops_the_whole_write(
        self, subject: Subject, fenced: Partition
    ) -> None:
        claims = [await subject.store.claim(partition, "a") for partition in (ZERO, ONE)]
        await subject.store.claim(fenced, "b")
        before = await subject.everything()
        with pytest.raises(Fenced):
            await subject.store.commit(full(*claims))
        assert await subject.everything() == before

    async def test_a_write_of_several_partitions_moves_them_together(self, subject: Subject) -> None:
        claims = [await subject.store.claim(partition, "a") for partition in (ZERO, ONE)]
        await subject.store.commit(full(*claims))
        assert [(await subject.store.read(partition)).next for partition in (ZERO, ONE)] == [1, 1]
        assert await subject.counts() == (2, 0, 0)

    async def test_documents_come_back_as_they_were_written(self, subject: Subject) -> None:
        document = {
            "text": "ż|%$.\U0001f333",
            "number": 2**62,
            "float": 0.1,
            "yes": True,
            "none": None,
            "at": AT,
            "ancient": datetime(1900, 1, 1, tzinfo=UTC) + timedelta(milliseconds=1),
            "list": [{"inner": [1, [2, {"at": AT}]]}, [], ""],
            "map": {"a": {}, "b": {"c": [None]}},
        }
        claim = await subject.store.claim(ZERO, "a")
        await subject.store.commit(write(claim, documents={DOCUMENTS: {"x": document, "y": {}}}))
        found = await subject.store.load(DOCUMENTS, ["x", "y", "absent"])
        assert found == {"x": document, "y": {}}
        assert list(found["x"]) == list(document)

    async def test_documents_are_replaced_whole_and_deleted(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        first = {"x": {"a": 1, "b": 2}, "y": {"a": 1}, "z": {"a": 1}}
        await subject.store.commit(write(claim, documents={DOCUMENTS: first}))
        second = {"x": {"a": 3}, "y": None, "absent": None}
        await subject.store.commit(write(replace(claim, next=1), documents={DOCUMENTS: second}))
        found = await subject.store.load(DOCUMENTS, ["x", "y", "z", "absent"])
        assert found == {"x": {"a": 3}, "z": {"a": 1}}

    async def test_what_is_loaded_is_the_caller_s_own(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        await subject.store.commit(write(claim, documents={DOCUMENTS: {"x": {"list": [1]}}}))
        (await subject.store.load(DOCUMENTS, ["x"]))["x"]["list"].append(2)
        assert await subject.store.load(DOCUMENTS, ["x"]) == {"x": {"list": [1]}}

    async def test_cells_add_up_and_zeros_do_no_harm(self, subject: Subject) -> None:
        key = (ZERO, ("ann", "b"))
        claim = await subject.store.claim(ZERO, "a")
        for number, sums in enumerate([{"n": 2}, {"n": -1, "m": 2**40}, {"n": 0}, {"n": 0, "m": 1}]):
            await subject.store.commit(write(replace(claim, next=number), cells={CELLS: {key: sums}}))
        assert await subject.cells() == {"ann|b|ideas.0": {"n": 1, "m": 2**40 + 1}}

    async def test_a_cell_is_its_key_and_its_partition_whatever_the_parts_hold(
        self, subject: Subject
    ) -> None:
        keys = [("a|b", "c"), ("a", "b|c"), ("a%7Cb", "c"), ("a%", "b"), ("a%25", "b"), ("", "|"), ("|", "")]
        claims = [await subject.store.claim(partition, "a") for partition in (ZERO, ONE)]
        cells = {(claim.partition, key): {"n": 1} for claim in claims for key in keys}
        await subject.store.commit(write(*claims, cells={CELLS: cells}))
        expected = {cell_id(key, partition.short): {"n": 1} for partition in (ZERO, ONE) for key in keys}
        assert len(expected) == 2 * len(keys)
        assert await subject.cells() == expected

    async def test_identities_are_found_again_by_partition_and_hour(self, subject: Subject) -> None:
        def some(prefix: int) -> dict[bytes, bytes]:
            return {bytes([prefix, n]) * 8: bytes([n, prefix]) * 4 for n in range(20)}

        claims = [await subject.store.claim(partition, "a") for partition in (ZERO, ONE)]
        first = [LedgerEntry(ZERO, 1, some(1)), LedgerEntry(ZERO, -2, some(2)), LedgerEntry(ONE, 1, some(3))]
        await subject.store.commit(write(*claims, ledger=first))
        second = write(replace(claims[0], next=1), ledger=[LedgerEntry(ZERO, 1, some(4))])
        await subject.store.commit(second)
        found = await subject.store.identities(ZERO, [1, -2, 7])
        assert {hour: known for hour, known in found.items() if known} == {1: some(1) | some(4), -2: some(2)}
        assert (await subject.store.identities(ONE, [1]))[1] == some(3)

    async def test_poison_of_the_same_bytes_is_one_entry(self, subject: Subject) -> None:
        claim = await subject.store.claim(ZERO, "a")
        await subject.store.commit(write(claim, quarantine=[poison(0), poison(1), poison(2, b"[")]))
        await subject.store.commit(write(replace(claim, next=1), quarantine=[poison(9)]))
        assert sorted(await subject.quarantine(), key=str) == [(b"[", [2]), (b"{", [0, 1, 9])]

    async def test_of_concurrent_commits_of_one_claim_one_succeeds(self, subject: Subject) -> None:
        """The others are fenced or, where the database noticed the conflict first, unavailable."""
        claim = await subject.store.claim(ZERO, "a")
        cells = {CELLS: {(ZERO, ("ann", "b")): {"n": 1}}}
        outcomes = await asyncio.gather(
            *(subject.store.commit(write(claim, cells=cells)) for _ in range(8)), return_exceptions=True
        )
        assert outcomes.count(None) == 1
        assert await subject.cells() == {"ann|b|ideas.0": {"n": 1}}
        assert await subject.store.read(ZERO) == replace(claim, next=1)

    async def test_a_claim_and_a_commit_at_once_agree_on_who_was_first(self, subject: Subject) -> None:
        """What the claim returns is final: no commit of the old owner lands behind it."""
        for _ in range(10):
            old = await subject.store.claim(ZERO, "a")
            outcome, new = await asyncio.gather(
                subject.store.commit(write(old)), subject.store.claim(ZERO, "b"), return_exceptions=True
            )
            assert isinstance(new, Claim)
            assert new.next == old.next + (1 if outcome is None else 0)
            assert await subject.store.read(ZERO) == new


@pytest.mark.servers
class TestMongoStore:
    """What only MongoDB can get wrong."""

    async def test_a_write_larger_than_one_command_may_be(self, mongo: Database) -> None:
        """20 MB of documents in one collection; a command holds 16 MB."""
        store = MongoStore(mongo, PROJECTION, "cluster")
        claim = await store.claim(ZERO, "a")
        documents = {f"d{n}": {"text": "x" * 20_000} for n in range(1_000)}
        await store.commit(write(claim, documents={DOCUMENTS: documents}))
        assert await mongo[DOCUMENTS].estimated_document_count() == 1_000

    async def test_many_small_changes_fit_one_transaction(self, mongo: Database) -> None:
        store = MongoStore(mongo, PROJECTION, "cluster")
        claim = await store.claim(ZERO, "a")
        ids = [f"d{n}" for n in range(12_000)]
        await store.commit(write(claim, documents={DOCUMENTS: {key: {"n": 1} for key in ids}}))
        gone: Sequence[str] = ids[:11_000]
        await store.commit(write(replace(claim, next=1), documents={DOCUMENTS: dict.fromkeys(gone)}))
        assert await mongo[DOCUMENTS].count_documents({}) == 1_000

    async def test_the_longest_list_of_offsets_of_poison_is_bounded(self, mongo: Database) -> None:
        store = MongoStore(mongo, PROJECTION, "cluster")
        claim = await store.claim(ZERO, "a")
        await store.commit(write(claim, quarantine=[poison(n) for n in range(50)]))
        found = await mongo["quarantine"].find_one()
        assert found is not None
        assert (found["count"], found["first_offset"]) == (50, 0)
        assert found["offsets"] == list(range(30, 50))
        assert (found["key"], found["headers"]) == (b"riverton/x", [["ce_id", b"\xff"], ["x", None]])

    async def test_of_concurrent_commits_of_several_stores_one_succeeds(self, mongo: Database) -> None:
        """Zombies and their successors are processes of their own, each with its session."""
        stores = [MongoStore(mongo, PROJECTION, "cluster") for _ in range(8)]
        claim = await stores[0].claim(ZERO, "a")
        cells = {CELLS: {(ZERO, ("ann", "b")): {"n": 1}}}
        outcomes = await asyncio.gather(
            *(store.commit(write(claim, cells=cells)) for store in stores), return_exceptions=True
        )
        assert outcomes.count(None) == 1
        found = await mongo[CELLS].find_one()
        assert found is not None
        assert found["n"] == {"n": 1}

    async def test_an_owner_frozen_inside_a_transaction_does_not_hold_up_the_next(
        self, mongo: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """MongoDB would keep its lock for a minute; and what it wrote is undone."""
        frozen, thawed = MongoStore(mongo, PROJECTION, "cluster"), asyncio.Event()
        inside = asyncio.Event()

        async def freeze(_: object) -> None:
            inside.set()
            await thawed.wait()

        claim = await frozen.claim(ZERO, "a")
        monkeypatch.setattr("consumers.mongo_store._commit", freeze)
        documents = {DOCUMENTS: {"x": {"by": "the frozen one"}}}
        commit = asyncio.create_task(frozen.commit(write(claim, documents=documents)))
        await inside.wait()
        monkeypatch.undo()
        successor = MongoStore(mongo, PROJECTION, "cluster")
        async with asyncio.timeout(10):
            new = await successor.claim(ZERO, "b")
        assert new == Claim(ZERO, 2, 0)
        await successor.commit(write(new, documents={DOCUMENTS: {"x": {"by": "the next one"}}}))
        thawed.set()
        await asyncio.wait([commit])
        assert await successor.load(DOCUMENTS, ["x"]) == {"x": {"by": "the next one"}}
        assert await successor.read(ZERO) == replace(new, next=1)

    @pytest.mark.parametrize(
        "document",
        [{"a": 2**63}, {"a": {"$bad\0": 1}}, {"a": "x" * 17_000_000}],
        ids=["a number of more than 64 bits", "a name with NUL", "17 MB"],
    )
    async def test_what_mongodb_can_never_hold_is_told_apart_and_changes_nothing(
        self, mongo: Database, document: Any
    ) -> None:
        store = MongoStore(mongo, PROJECTION, "cluster")
        claim = await store.claim(ZERO, "a")
        with pytest.raises(Unstorable):
            await store.commit(write(claim, documents={DOCUMENTS: {"x": {"a": 1}, "y": document}}))
        assert await store.load(DOCUMENTS, ["x"]) == {}
        await store.commit(write(claim, documents={DOCUMENTS: {"x": {"a": 1}}}))

    async def test_of_a_record_too_large_for_any_event_the_beginning_is_kept(self, mongo: Database) -> None:
        store = MongoStore(mongo, PROJECTION, "cluster")
        claim = await store.claim(ZERO, "a")
        large = replace(poison(0, b"x" * 20_000_000), identity=b"i" * 16)
        await store.commit(write(claim, quarantine=[large]))
        (kept,) = await mongo["quarantine"].find().to_list(None)
        assert (len(kept["value"]), kept["cut"]) == (65_536, True)
        assert kept["bytes"] > 20_000_000
