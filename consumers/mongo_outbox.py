"""Outbox, timers and leases on MongoDB: the collections `outbox`, `timers` and `leases`.

A timer that fires is deleted, and its event stands in the outbox, in one transaction. That transaction
also counts the events in the sweeper's lease, so a sweeper whose lease was taken changes nothing.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any

from structlog import get_logger

from consumers.engine.model import Fenced, Partition
from consumers.engine.outbox import Lease, Numbered
from consumers.mongo_rows import as_record, outbox_row, shard_of, timers_of, waiting_in
from infra.failpoints import failpoint
from infra.mongo import (
    Database,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    ReadConcern,
    Session,
    WriteConcern,
)

TAKE_MS = 500
"""A lease that is free and cannot be taken in this time is locked by a transaction that nobody will end."""

TRANSIENT = "TransientTransactionError"
"""How MongoDB names a transaction that met another one; nothing of it was written."""

_log = get_logger(__name__)


async def prepare(db: Database) -> None:
    """Indexes of what follow-ups keep together; safe to repeat."""
    await db["outbox"].create_index([("shard", 1), ("n", 1)], unique=True)
    await db["timers"].create_index([("shard", 1), ("due", 1)])
    await db["timers"].create_index([("due", 1), ("shard", 1)])
    await db["notifications"].create_index([("shard", 1), ("status", 1), ("look_at", 1)])
    await db["audiences"].create_index([("audience", 1), ("member", 1)], unique=True)
    await db["announcements"].create_index([("at", 1), ("_id", 1)])
    await db["leases"].create_index([("owner", 1)])


class MongoLeases:
    """The leases of one process; each runs out `seconds` after it was last renewed.

    They name the one session of the process: an owner that died inside a transaction still holds the
    locks of what it wrote, for a minute, unless the next one ends its session.
    """

    def __init__(self, db: Database, owner: str, seconds: float, now: Callable[[], datetime]) -> None:
        self._db = db
        self._rows = db["leases"]
        self._owner = owner
        self._seconds = timedelta(seconds=seconds)
        self._now = now
        self._held: set[str] = set()
        self._session: Session | None = None

    async def session(self) -> Session:
        """The session of every transaction of this process, one after the other."""
        if self._session is None:
            self._session = await self._db.client.start_session()
        return self._session

    async def take(self, name: str) -> Lease | None:
        """A lease that is free, or whose owner has not renewed it; None while another one has it."""
        try:
            row = await self._take(name)
        except DuplicateKeyError:
            return None
        except ExecutionTimeout:
            await self._end_transaction_of_last_owner(name)
            return None  # free the next time, unless it was renewed
        self._held.add(name)
        return Lease(name, row["epoch"], row["line"], row["last"])

    async def _take(self, name: str) -> dict[str, Any]:
        now, session = self._now(), await self.session()
        mine = {"owner": self._owner, "until": now + self._seconds, "session": session.session_id}
        change = {
            "$set": mine,
            "$inc": {"epoch": 1},
            "$setOnInsert": {"line": uuid.uuid4().hex, "last": 0},
        }
        # Our own too: MongoDB may have given it without an answer in time.
        free = {"_id": name, "$or": [{"until": {"$lte": now}}, {"owner": self._owner}]}
        found: dict[str, Any] = await self._rows.find_one_and_update(
            free, change, upsert=True, return_document=True, maxTimeMS=TAKE_MS
        )
        return found

    async def _end_transaction_of_last_owner(self, name: str) -> None:
        found, session = await self._rows.find_one({"_id": name}, {"session": 1}), await self.session()
        if found is not None and found["session"] != session.session_id:
            _log.warning("ending_transaction_of_last_owner", lease=name)
            await self._db.client.admin.command("killSessions", [found["session"]])

    async def renew(self) -> None:
        """Keep all of them. Raises Fenced where one was taken."""
        names = sorted(self._held)
        longer = {"$set": {"until": self._now() + self._seconds}}
        kept = await self._rows.update_many({"_id": {"$in": names}, "owner": self._owner}, longer)
        if kept.matched_count < len(names):
            raise Fenced("another process has taken a lease of this one")

    async def release(self) -> None:
        """Let others have them at once."""
        await self._rows.update_many({"owner": self._owner}, {"$set": {"until": self._now()}})


class MongoOutbox:
    """The events that are to be published, as a majority holds them: no election undoes one."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def shards(self) -> list[str]:
        """Those that hold any."""
        return [str(shard) for shard in await self._db["outbox"].distinct("shard")]

    async def after(self, shard: str, n: int, most: int) -> list[Numbered]:
        """The first events with a higher number. One may be missing that was written with a later one."""
        found = self._db["outbox"].find({"shard": shard, "n": {"$gt": n}}).sort("n", 1).limit(most)
        return [Numbered(row["n"], as_record(row)) async for row in found]

    async def published(self, lease: Lease, shard: str, upto: int) -> None:
        """They stand in the log: remember that, and keep them no longer."""
        await self._db["leases"].update_one({"_id": lease.name}, {"$max": {"last": upto}})
        failpoint("amid_published")
        await self._db["outbox"].delete_many({"shard": shard, "n": {"$lte": upto}})


async def shards_due(db: Database, now: datetime) -> frozenset[str]:
    """Where timers are due: the shards of `consumers.mongo_rows.shard_of`."""
    return frozenset(await db["timers"].distinct("shard", await _due(db, now)))


async def _due(db: Database, now: datetime, session: Session | None = None) -> dict[str, Any]:
    """What finds timers that are due; of a city whose history is brought in, by the clock of its history."""
    held = await db["histories"].find({}, session=session).to_list(None)
    ahead = [{"city": row["_id"], "due": {"$gt": row["at"]}} for row in held]
    return {"due": {"$lte": now}, **({"$nor": ahead} if ahead else {})}


class MongoTimers:
    """The timers of one follow-up in one partition."""

    def __init__(self, db: Database, leases: MongoLeases, group: str, partition: Partition) -> None:
        self._db = db
        self._leases = leases
        self._shard = shard_of(group, partition)
        self._outbox = timers_of(group, partition)
        self._waiting = waiting_in(group, partition)

    async def any_due(self, now: datetime) -> bool:
        """Whether one is due."""
        due = {"shard": self._shard, **await _due(self._db, now)}
        return await self._db["timers"].find_one(due, {"_id": 1}) is not None

    async def fire(self, lease: Lease, now: datetime, folded: int, most: int) -> int:
        """Make events of the oldest timers that are due; 0 where a batch that changes one came first."""
        try:
            async with transaction(session := await self._leases.session()):
                if not await self._is_folded(folded, session):
                    return 0
                return await self._fire(lease, now, most, session)
        except OperationFailure as error:
            if not error.has_error_label(TRANSIENT):
                raise
            return 0

    async def _is_folded(self, upto: int, session: Session) -> bool:
        found = await self._db["checkpoints"].find_one({"_id": self._shard}, session=session)
        return found is not None and found["next"] >= upto and not found.get("halted", False)

    async def _fire(self, lease: Lease, now: datetime, most: int, session: Session) -> int:
        waiting = await self._db["quarantine"].distinct("key", self._waiting, session=session)
        due = {"shard": self._shard, "key": {"$nin": waiting}, **await _due(self._db, now, session)}
        oldest = self._db["timers"].find(due, session=session).sort([("due", 1), ("_id", 1)]).limit(most)
        rows = await oldest.to_list(most)
        if not rows:
            return 0
        await self._db["timers"].delete_many({"_id": {"$in": [row["_id"] for row in rows]}}, session=session)
        failpoint("amid_fire")
        records = [row["record"] for row in rows]
        await put_outbox(self._db, lease, self._outbox, records, session=session, now=now)
        return len(rows)


async def put_outbox(
    db: Database,
    lease: Lease,
    shard: str,
    records: Sequence[Mapping[str, Any]],
    *,
    session: Session,
    now: datetime,
) -> None:
    """Records, as `consumers.mongo_rows.kept` keeps them, become the next events of the lease's own shard.

    Within the session's transaction, whose other writes stand or fall with them. The lease counts, so the
    shard has no gaps, and two owners never give the same number. Raises Fenced.
    """
    held = {"_id": lease.name, "epoch": lease.epoch}
    counted = {"$inc": {"last": len(records)}}
    found = await db["leases"].find_one_and_update(held, counted, session=session)
    if found is None:
        raise Fenced(f"the lease {lease.name} was taken")
    rows = [outbox_row(shard, n, record, now) for n, record in enumerate(records, found["last"] + 1)]
    await db["outbox"].insert_many(rows, session=session)


def transaction(session: Session) -> AbstractAsyncContextManager[object]:
    """One of this session; it is committed at the end, or undone where anything is raised."""
    return session.start_transaction(
        read_concern=ReadConcern("snapshot"), write_concern=WriteConcern(w="majority", j=True)
    )
