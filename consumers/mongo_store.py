"""The engine's store on MongoDB: one transaction per batch, fenced by its checkpoints.

Collections, per projection group: `checkpoints` and `quarantine` (shared), the ledger
`<projection>_ledger.v<version>`, and `<view>.v<version>` for every view. What process managers ask
for goes to `outbox`, `timers`, `notifications`, `audiences` and `announcements` (shared).
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from structlog import get_logger

from consumers.engine.model import (
    Advance,
    Claim,
    Fenced,
    Incident,
    LedgerEntry,
    Mark,
    Partition,
    Quarantined,
    Unavailable,
    Unstorable,
    Write,
)
from consumers.mongo_commands import Commands
from consumers.mongo_rows import kept, outbox_rows, shard_of, start, waiting_in
from consumers.notice_rows import announce, belong, notify
from consumers.quarantine_rows import as_quarantined, quarantine_of, release_of
from infra.failpoints import failpoint
from infra.mongo import (
    BSONError,
    Database,
    ExecutionTimeout,
    PyMongoError,
    ReadConcern,
    ReadPreference,
    Session,
    WriteConcern,
)
from projections.core import Document, Projection, cell_id

COMMIT_ATTEMPTS = 8
MAX_COMMIT_MS = 5_000
CLAIM_MS = 500
"""A claim that waits longer for a checkpoint's lock looks for a transaction that nobody will end."""
UNSTORABLE = (BSONError, OverflowError)
"""What the driver raises for documents that BSON cannot hold, or that are too large."""
IDENTITY, FINGERPRINT = 16, 8

_log = get_logger(__name__)


class MongoStore:
    """Checkpoints, documents, cells, ledger and quarantine of one projection."""

    def __init__(self, db: Database, projection: Projection, cluster_id: str) -> None:
        # Not "majority": a new primary knows late what the last one's majority held, and would answer with
        # less than the claim stands on. What is read here and rolled back later takes the checkpoint with it.
        self._db = db.with_options(read_concern=ReadConcern("local"))
        self.projection = projection
        self.cluster = cluster_id
        self._ledger = projection.ledger
        self._session: Session | None = None
        self._opening = asyncio.Lock()
        self._dimensions = {projection.collection(tally): tally.dimensions for tally in projection.tallies}

    async def claim(self, partition: Partition, owner: str) -> Claim:
        """Take the partition: a new epoch that fences every earlier owner."""
        try:
            session = await self._own_session()
            change = self._claim(partition, owner, session)
            try:
                found = await self._take(partition, change, CLAIM_MS)
            except ExecutionTimeout:
                await self._end_transaction_of_last_owner(partition, session)
                found = await self._take(partition, change, MAX_COMMIT_MS)
        except PyMongoError as error:
            raise Unavailable(f"claiming {partition.short}: {error}") from error
        return _as_claim(partition, found)

    async def _take(self, partition: Partition, change: dict[str, Any], most_ms: int) -> dict[str, Any]:
        found: dict[str, Any] = await self._db["checkpoints"].find_one_and_update(
            {"_id": self._checkpoint_id(partition)},
            change,
            upsert=True,
            return_document=True,
            maxTimeMS=most_ms,
        )
        return found

    def _claim(self, partition: Partition, owner: str, session: Session) -> dict[str, Any]:
        return {
            "$inc": {"epoch": 1},
            "$set": {"owner": owner, "session": session.session_id},
            "$setOnInsert": self.fresh(partition),
        }

    def fresh(self, partition: Partition) -> dict[str, Any]:
        """A checkpoint that nobody has claimed yet, but for its id and its epoch."""
        return {
            "cluster": self.cluster,
            "group": self.projection.group,
            "topic": partition.topic,
            "partition": partition.number,
            "next": 0,
            "applied": 0,
            "duplicates": 0,
            "quarantined": 0,
        }

    async def _own_session(self) -> Session:
        """The one session of all our transactions; every checkpoint that is claimed names it."""
        async with self._opening:
            if self._session is None:
                self._session = await self._db.client.start_session()
            return self._session

    async def _end_transaction_of_last_owner(self, partition: Partition, session: Session) -> None:
        """An owner that died or froze inside a transaction still holds the checkpoint's lock.

        MongoDB would keep it for `transactionLifetimeLimitSeconds`, a minute, and so would we wait.
        """
        query = {"_id": self._checkpoint_id(partition)}
        found = await self._db["checkpoints"].find_one(query, {"session": 1})
        failpoint("after_finding_last_owner")
        last = (found or {}).get("session")
        if last is not None and last != session.session_id:
            _log.warning("ending_transaction_of_last_owner", partition=partition.short)
            await self._db.client.admin.command("killSessions", [last])

    async def read(self, partition: Partition) -> Claim:
        """The checkpoint as it stands now."""
        try:
            found = await self._db["checkpoints"].find_one({"_id": self._checkpoint_id(partition)})
        except PyMongoError as error:
            raise Unavailable(f"reading the checkpoint of {partition.short}: {error}") from error
        return _as_claim(partition, found) if found else Claim(partition, 0, 0)

    async def load(self, collection: str, ids: Sequence[str]) -> dict[str, Document]:
        """The documents with these ids; absent ones are left out."""
        try:
            cursor = self._db[collection].find({"_id": {"$in": list(ids)}}, batch_size=5_000)
            found: list[dict[str, Any]] = await cursor.to_list(None)
        except PyMongoError as error:
            raise Unavailable(f"loading from {collection}: {error}") from error
        return {document.pop("_id"): document for document in found}

    async def identities(self, partition: Partition, hours: Sequence[int]) -> dict[int, dict[bytes, bytes]]:
        """Identities with fingerprints applied before, by hour."""
        try:
            query = {"partition": partition.short, "hour": {"$in": list(hours)}}
            segments = await self._db[self._ledger].find(query, {"hour": 1, "identities": 1}).to_list(None)
        except PyMongoError as error:
            raise Unavailable(f"loading the ledger of {partition.short}: {error}") from error
        known: dict[int, dict[bytes, bytes]] = {}
        for segment in segments:
            known.setdefault(segment["hour"], {}).update(_unpack(segment["identities"]))
        return known

    async def waiting(self, partition: Partition) -> set[bytes]:
        """The keys of quarantined records that later events of the same key must wait for."""
        try:
            found = self._db["quarantine"].find(self._waiting(partition), {"key": 1}, batch_size=10_000)
            return {row["key"] async for row in found}
        except PyMongoError as error:
            raise Unavailable(f"reading the quarantine of {partition.short}: {error}") from error

    async def quarantined(self, partition: Partition, key: bytes, most: int) -> list[Quarantined]:
        """The first records of a key that wait, in the order of the log."""
        try:
            query = {**self._waiting(partition), "key": key}
            found = await self._db["quarantine"].find(query).sort("first_offset", 1).limit(most).to_list(most)
        except PyMongoError as error:
            raise Unavailable(f"reading the quarantine of {partition.short}: {error}") from error
        return [as_quarantined(row) for row in found]

    def _waiting(self, partition: Partition) -> dict[str, Any]:
        return waiting_in(self.projection.group, partition)

    async def commit(self, write: Write) -> None:
        """Apply all or nothing; raise Fenced where a claim no longer holds."""
        try:
            session = await self._own_session()
            session.start_transaction(
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern(w="majority", j=True),
                read_preference=ReadPreference.PRIMARY,
                max_commit_time_ms=MAX_COMMIT_MS,
            )
            try:
                failpoint("after_session_start")
                await self._write(write, Commands(self._db, session))
                failpoint("before_commit_sent")
                await _commit(session)
                failpoint("after_commit_answered")
            finally:
                if session.in_transaction:  # type: ignore[truthy-function]  # a property; the stub errs
                    await session.abort_transaction()
                    failpoint("after_abort")
        except UNSTORABLE as error:
            raise Unstorable(f"{type(error).__name__}: {error}"[:500]) from error
        except PyMongoError as error:
            raise Unavailable(f"{type(error).__name__}: {error}"[:500]) from error

    async def report(self, incident: Incident, at: datetime) -> None:
        """Keep the incident for operators, and fence whoever holds its claim."""
        claim = incident.claim
        checkpoint = self._checkpoint_id(claim.partition)
        row = {
            "checkpoint": checkpoint,
            "group": self.projection.group,
            "topic": claim.partition.topic,
            "partition": claim.partition.number,
            "kind": incident.kind,
            "next": claim.next,
        }
        latest = {"status": "open", "last_at": at, "first": incident.first, "end": incident.end}
        change = {
            "$setOnInsert": {**row, "first_at": at},
            "$set": {**latest, "detail": incident.detail, "epoch": claim.epoch + 1},
            "$inc": {"count": 1},
        }
        held = {"_id": checkpoint, "epoch": claim.epoch}
        try:
            # The claim first: one that has ended may not overwrite what its successor tells. Should we
            # die in between, the next owner finds the same again.
            fenced = {"$inc": {"epoch": 1}, "$set": {"halted": True}}
            if (await self._db["checkpoints"].update_one(held, fenced)).matched_count:
                failpoint("amid_report")
                place = {"_id": f"{checkpoint}/{claim.next}/{incident.kind}"}
                await self._db["incidents"].update_one(place, change, upsert=True)
        except PyMongoError as error:
            raise Unavailable(f"keeping an incident of {claim.partition.short}: {error}") from error

    async def settle(self, claim: Claim, at: datetime) -> None:
        """The partition goes on: its open incidents have passed."""
        checkpoint = self._checkpoint_id(claim.partition)
        held = {"_id": checkpoint, "epoch": claim.epoch}
        passed = {"$set": {"status": "passed", "settled_at": at}}
        try:
            await self._db["incidents"].update_many({"checkpoint": checkpoint, "status": "open"}, passed)
            failpoint("amid_settle")
            await self._db["checkpoints"].update_one(held, {"$unset": {"halted": ""}})
        except PyMongoError as error:
            raise Unavailable(f"settling incidents of {claim.partition.short}: {error}") from error

    async def _write(self, write: Write, commands: Commands) -> None:
        """Checkpoints go first: a zombie is turned away before it costs anything."""
        group = self.projection.group
        advances = [self._advance(advance, write) for advance in write.advances]
        if await commands.update("checkpoints", advances) != len(advances):
            raise Fenced(", ".join(advance.claim.partition.short for advance in write.advances))
        failpoint("after_checkpoint_update")
        for collection, documents in write.documents.items():
            await self._put(collection, documents, write, commands)
            await commands.delete(collection, [key for key, new in documents.items() if new is None])
            failpoint("between_collections")
        for collection, cells in write.cells.items():
            statements = [
                self._add(collection, *place, sums) for place, sums in cells.items() if any(sums.values())
            ]
            await commands.update(collection, statements)
        failpoint("after_cells")
        await commands.insert(self._ledger, [_segment(entry) for entry in write.ledger])
        failpoint("after_ledger_insert")
        await commands.update(
            "quarantine", [quarantine_of(group, item, write.at) for item in write.quarantine]
        )
        failpoint("after_quarantine_update")
        await commands.update("quarantine", [release_of(group, one, write.at) for one in write.releases])
        if write.outbox or write.timers or write.notices or write.memberships or write.announcements:
            await self._put_effects(write, commands)

    async def _put_effects(self, write: Write, commands: Commands) -> None:
        group, at = self.projection.group, write.at
        rows: list[dict[str, Any]] = []
        for partition, outgoing in groupby(write.outbox, key=attrgetter("partition")):
            events = list(outgoing)
            records = [kept(one.record) for one in events]
            rows += outbox_rows(shard_of(group, partition), events[0].n - 1, records, at)
        await commands.insert("outbox", rows)
        failpoint("after_outbox_insert")
        await commands.update("timers", [start(group, one) for one in write.timers.values() if one])
        await commands.delete("timers", [id_ for id_, one in write.timers.items() if one is None])
        failpoint("after_timers")
        await commands.update("notifications", [notify(one) for one in write.notices])
        await commands.update("audiences", [belong(one) for one in write.memberships])
        failpoint("after_audiences")
        await commands.update("announcements", [announce(one) for one in write.announcements])

    async def _put(
        self, collection: str, documents: Mapping[str, Document | None], write: Write, commands: Commands
    ) -> None:
        created, changed = [], []
        for key, new in documents.items():
            if new is not None:
                whole = {**new, "_id": key}
                if (collection, key) in write.created:
                    created.append(whole)
                else:
                    changed.append({"q": {"_id": key}, "u": whole, "upsert": True})
        await commands.insert(collection, created)
        await commands.update(collection, changed)

    def _advance(self, advance: Advance, write: Write) -> dict[str, Any]:
        claim = advance.claim
        last = advance.last and advance.last._asdict()
        counts = {name: getattr(advance, name) for name in ("applied", "duplicates", "quarantined")}
        moved = {"next": advance.next, "last": last, "updated_at": write.at}
        if advance.emitted:
            moved["outbox_n"] = claim.outbox_n + advance.emitted
        return {
            "q": {"_id": self._checkpoint_id(claim.partition), "epoch": claim.epoch, "next": claim.next},
            "u": {"$set": moved, "$inc": {**counts, "epoch": int(advance.last_of_claim)}},
        }

    def _add(
        self, collection: str, partition: Partition, key: tuple[str, ...], sums: Mapping[str, int]
    ) -> dict[str, Any]:
        named = dict(zip(self._dimensions[collection], key, strict=True))
        return {
            "q": {"_id": cell_id(key, partition.short)},
            "u": {
                "$inc": {f"n.{measure}": amount for measure, amount in sums.items()},
                "$setOnInsert": {"key": named, "partition": partition.short},
            },
            "upsert": True,
        }

    def _checkpoint_id(self, partition: Partition) -> str:
        return shard_of(self.projection.group, partition)


def _as_claim(partition: Partition, found: Mapping[str, Any]) -> Claim:
    last = found.get("last")
    return Claim(
        partition,
        found["epoch"],
        found["next"],
        last=last and Mark(last["offset"], last["fingerprint"]),
        cluster=found["cluster"],
        poison_until=found.get("poison_until", 0),
        halted=found.get("halted", False),
        outbox_n=found.get("outbox_n", 0),
        gate=found.get("gate", 0),
    )


async def _commit(session: Session) -> None:
    """Commit; where the outcome is unknown the commit is asked again, never the body."""
    for attempt in range(COMMIT_ATTEMPTS):
        try:
            await session.commit_transaction()
        except PyMongoError as error:
            if not error.has_error_label("UnknownTransactionCommitResult") or attempt == COMMIT_ATTEMPTS - 1:
                raise
            _log.warning("commit_outcome_unknown", attempt=attempt, error=type(error).__name__)
            await asyncio.sleep(0.1 * 2**attempt)
            failpoint("before_commit_again")
        else:
            return


def _segment(entry: LedgerEntry) -> dict[str, Any]:
    packed = b"".join(identity + entry.identities[identity] for identity in entry.identities)
    return {"partition": entry.partition.short, "hour": entry.hour, "identities": packed}


def _unpack(packed: bytes) -> dict[bytes, bytes]:
    step = IDENTITY + FINGERPRINT
    starts = range(0, len(packed), step)
    return {packed[at : at + IDENTITY]: packed[at + IDENTITY : at + step] for at in starts}
