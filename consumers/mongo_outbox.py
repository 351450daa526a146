"""Outbox and leases on MongoDB: the collections `outbox` and `leases`.

Whoever puts events into a shard of its own counts them in its lease, in the same transaction: once the
lease was taken, nothing of it is written.
"""

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any

from structlog import get_logger

from consumers.engine.model import Fenced
from consumers.engine.outbox import Lease, Numbered
from consumers.mongo_rows import numbered, outbox_rows
from infra.failpoints import failpoint
from infra.mongo import (
    Database,
    DuplicateKeyError,
    ExecutionTimeout,
    RawBSONDocument,
    ReadConcern,
    Session,
    WriteConcern,
)

TAKE_MS = 500
"""A lease that is free and cannot be taken in this time is locked by a transaction that nobody will end."""

READ_BYTES = 4_000_000
"""Of events in memory at once, for each shard; one row more may come with them."""

_log = get_logger(__name__)


async def prepare(db: Database) -> None:
    """Indexes of what follow-ups keep together; safe to repeat."""
    await db["outbox"].create_index([("shard", 1), ("n", 1)], unique=True)
    await db["timers"].create_index([("shard", 1), ("due", 1)])
    await db["notifications"].create_index([("shard", 1), ("status", 1), ("look_at", 1)])
    await db["notifications"].create_index([("city", 1), ("about", 1)])
    await db["notifications"].create_index([("status", 1), ("look_at", 1), ("shard", 1)])
    await db["audiences"].create_index([("audience", 1), ("member", 1)], unique=True)
    await db["announcements"].create_index([("at", 1), ("_id", 1)])
    await db["leases"].create_index([("owner", 1)])


class MongoLeases:
    """The leases of one process; each runs out `seconds` after it was last renewed.

    Each names a session of its own: an owner that died inside a transaction still holds the locks of
    what it wrote, for a minute, unless the next one ends its session.
    """

    def __init__(self, db: Database, owner: str, seconds: float, now: Callable[[], datetime]) -> None:
        self._db = db
        self._rows = db["leases"]
        self._owner = owner
        self._seconds = timedelta(seconds=seconds)
        self._now = now
        self._held: set[str] = set()
        self._sessions: dict[str, Session] = {}

    async def session(self, name: str) -> Session:
        """The session of every transaction under this lease, one after the other."""
        if name not in self._sessions:
            self._sessions[name] = await self._db.client.start_session()
        return self._sessions[name]

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
        now, session = self._now(), await self.session(name)
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
        found, session = await self._rows.find_one({"_id": name}, {"session": 1}), await self.session(name)
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
        found: list[Numbered] = []
        size = 0
        async for row in self._db["outbox"].find({"shard": shard, "n": {"$gt": n}}).sort("n", 1).limit(most):
            events = [one for one in numbered(row) if one.n > n]
            found += events
            size += sum(len(one.record.value) for one in events)
            if len(found) >= most or size >= READ_BYTES:
                break
        return found[:most]

    async def published(self, lease: Lease, shard: str, upto: int) -> None:
        """They stand in the log: remember that, and keep them no longer."""
        await self._db["leases"].update_one({"_id": lease.name}, {"$max": {"last": upto}})
        failpoint("amid_published")
        await self._db["outbox"].delete_many({"shard": shard, "n": {"$lte": upto}})


async def put_outbox(
    db: Database,
    lease: Lease,
    shard: str,
    records: Sequence[RawBSONDocument],
    *,
    session: Session,
    now: datetime,
) -> None:
    """Records, as `consumers.mongo_rows.kept` keeps them, become the next events of the lease's own shard.

    Within the session's transaction, whose other writes stand or fall with them, and come later: should we
    die in it, the lock on the lease tells its next owner, who ends it. The lease counts, so the
    shard has no gaps, and two owners never give the same number. Raises Fenced.
    """
    held = {"_id": lease.name, "epoch": lease.epoch}
    counted = {"$inc": {"last": len(records)}}
    found = await db["leases"].find_one_and_update(held, counted, return_document=True, session=session)
    if found is None:
        raise Fenced(f"the lease {lease.name} was taken")
    await db["outbox"].insert_many(
        outbox_rows(shard, found["last"] - len(records), records, now), session=session
    )


def transaction(session: Session) -> AbstractAsyncContextManager[object]:
    """One of this session; it is committed at the end, or undone where anything is raised."""
    return session.start_transaction(
        read_concern=ReadConcern("snapshot"), write_concern=WriteConcern(w="majority", j=True)
    )
