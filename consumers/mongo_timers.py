"""Timers on MongoDB: the collection `timers`.

A timer that fires is deleted, and its event stands in the outbox, in one transaction. That transaction
also counts the events in the sweeper's lease, so a sweeper whose lease was taken changes nothing.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from consumers.engine.model import Partition
from consumers.engine.outbox import Due, Lease
from consumers.mongo_outbox import READ_BYTES, MongoLeases, put_outbox, transaction
from consumers.mongo_rows import shard_of, timers_of, waiting_in
from infra.failpoints import failpoint
from infra.mongo import (
    Database,
    OperationFailure,
    RawBSONDocument,
    Session,
    as_stored,
)

TRANSIENT = "TransientTransactionError"
"""How MongoDB names a transaction that met another one; nothing of it was written."""


async def shards_due(db: Database, now: datetime) -> list[str]:
    """Where timers are due, the oldest first: shards of `consumers.mongo_rows.shard_of`.

    Also where they are held by a history. MongoDB reads one key of its index for each shard.
    """
    oldest = {"$group": {"_id": "$shard", "due": {"$first": "$due"}}}
    found = db["timers"].aggregate([{"$sort": {"shard": 1, "due": 1}}, oldest])
    rows = [(row["due"], str(row["_id"])) async for row in found if row["due"] <= now]
    return [shard for _, shard in sorted(rows)]


class MongoTimers:
    """The timers of one follow-up in one partition."""

    def __init__(self, db: Database, leases: MongoLeases, group: str, partition: Partition) -> None:
        self._db = db
        self._leases = leases
        self._shard = shard_of(group, partition)
        self._outbox = timers_of(group, partition)
        self._waiting = waiting_in(group, partition)

    async def due(self, now: datetime) -> Due | None:
        """What is due; None where nothing is."""
        due = Due(now, await self._held())
        return due if await self._db["timers"].find_one(self._find(due), {"_id": 1}) else None

    async def _held(self, session: Session | None = None) -> dict[str, datetime]:
        rows = await self._db["histories"].find({}, session=session).to_list(None)
        return {row["_id"]: row["at"] for row in rows}

    def _find(self, due: Due) -> dict[str, Any]:
        ahead = [{"city": city, "due": {"$gt": at}} for city, at in due.held.items()]
        return {"shard": self._shard, "due": {"$lte": due.now}, **({"$nor": ahead} if ahead else {})}

    async def fire(self, lease: Lease, due: Due, folded: int, most: int) -> int | None:
        """Make events of the oldest timers that are due, still; None where a batch changed one first."""
        try:
            async with transaction(session := await self._leases.session(lease.name)):
                if not await self._is_folded(folded, session):
                    return None
                return await self._fire(lease, due, most, session)
        except OperationFailure as error:
            if not error.has_error_label(TRANSIENT):
                raise
            return None

    async def _is_folded(self, upto: int, session: Session) -> bool:
        found = await self._db["checkpoints"].find_one({"_id": self._shard}, session=session)
        return found is not None and found["next"] >= upto and not found.get("halted", False)

    async def _fire(self, lease: Lease, due: Due, most: int, session: Session) -> int:
        rows = await self._oldest(due, most, session)
        if not rows:
            return 0
        records = [row["record"] for row in rows]
        await put_outbox(self._db, lease, self._outbox, records, session=session, now=due.now)
        failpoint("amid_fire")
        await self._db["timers"].delete_many({"_id": {"$in": [row["_id"] for row in rows]}}, session=session)
        return len(rows)

    async def _oldest(self, due: Due, most: int, session: Session) -> list[RawBSONDocument]:
        """By what is held now as well: a history that began after `due` was found holds them, too."""
        waiting = await self._db["quarantine"].distinct("key", self._waiting, session=session)
        held = await self._held(session)
        both = {city: min(at, due.held.get(city, at)) for city, at in held.items()}
        query = {**self._find(replace(due, held={**due.held, **both})), "key": {"$nin": waiting}}
        found: list[RawBSONDocument] = []
        size = 0
        timers = as_stored(self._db["timers"])
        async for row in timers.find(query, session=session).sort("due", 1).limit(most):
            found.append(row)
            size += len(row.raw)
            if size >= READ_BYTES:
                break
        return found
