"""The notices of one shard as MongoDB keeps them: what is due, and what becomes of it.

A notice is `new`, then `queued` or `suppressed`, then `sent`, `failed` or `suppressed`. Each step is told as
an event. The step and its event are one transaction, which the mailer's lease fences: each is told once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from consumers.engine.outbox import Lease
from consumers.messages.tools import Step
from consumers.mongo_outbox import MongoLeases, put_outbox, transaction
from consumers.mongo_rows import kept
from consumers.notice_rows import Row
from events.codec import encode
from events.topics import FOLLOWUPS
from infra.failpoints import failpoint
from infra.mongo import Database, UpdateOne

OPEN = ("new", "queued")


class MongoDesk:
    """The notices of one shard, for whoever has its lease."""

    def __init__(self, db: Database, leases: MongoLeases, lease: Lease, shard: int) -> None:
        self._db = db
        self._rows = db["notifications"]
        self._leases = leases
        self._lease = lease
        self._shard = shard
        # The relay keeps its place under this topic and partition; any will do, each shard has its own line.
        self._outbox = f"mailer.{shard}/{FOLLOWUPS.name}/0"

    async def due(self, now: datetime, held: Mapping[str, datetime], most: int) -> Sequence[Row]:
        """Notices to look at, the oldest first."""
        found = self._rows.find({"shard": self._shard, **_due(now, held)})
        return await found.sort([("look_at", 1), ("_id", 1)]).limit(most).to_list(most)

    async def trying(self, rows: Sequence[Row]) -> None:
        """They are about to be sent: should we die now, the next mailer knows that this was a try."""
        await self._rows.update_many({"_id": {"$in": [row["_id"] for row in rows]}}, {"$inc": {"tries": 1}})

    async def settle(self, steps: Sequence[Step], now: datetime) -> None:
        """All of these steps and their events, or none. Raises Fenced."""
        changes = [UpdateOne({"_id": step.row["_id"]}, {"$set": step.change}) for step in steps]
        events = [kept(encode(step.event)) for step in steps if step.event]
        if not events:
            await self._rows.bulk_write(changes, ordered=False)
            return
        session = await self._leases.session(self._lease.name)
        async with transaction(session):
            await put_outbox(self._db, self._lease, self._outbox, events, session=session, now=now)
            failpoint("amid_settle_messages")
            await self._rows.bulk_write(changes, ordered=False, session=session)
            failpoint("before_settled_messages")


async def shards_due(db: Database, now: datetime, held: Mapping[str, datetime]) -> list[int]:
    """Where there are notices to look at."""
    return [int(shard) for shard in await db["notifications"].distinct("shard", _due(now, held))]


async def any_due(db: Database, cities: Sequence[str], at: datetime) -> bool:
    """Whether these cities have a notice to look at by this moment."""
    wanted = {"city": {"$in": cities}, **_due(at, {})}
    return await db["notifications"].find_one(wanted, {"_id": 1}) is not None


def _due(now: datetime, held: Mapping[str, datetime]) -> dict[str, Any]:
    """Of cities whose history is brought in, by the clock of their history."""
    ahead = [{"city": city, "look_at": {"$gt": at}} for city, at in held.items()]
    wanted = {"status": {"$in": OPEN}, "look_at": {"$lte": now}}
    return {**wanted, **({"$nor": ahead} if ahead else {})}
