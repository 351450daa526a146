"""Deliveries: what goes to which endpoint, and what came of it.

The collection `webhook_deliveries`, and `webhook_messages` with the bodies: many deliveries share one. A
row's id is its endpoint and its message, so the same event is one delivery however often it comes. Rows
go 30 days after they were written or sent again; an event that is repeated later is delivered again, with
the same `webhook-id`.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import orjson

from consumers.webhooks.dial import SECONDS, Answer
from consumers.webhooks.endpoints import Endpoint
from consumers.webhooks.messages import TEST_TYPE, Message
from infra.mongo import Database, ReadConcern, WriteConcern

COLLECTION: Final = "webhook_deliveries"
MESSAGES: Final = "webhook_messages"
KEPT: Final = timedelta(days=30)
CLAIMED: Final = timedelta(seconds=SECONDS + 5)
"""For so long nobody else tries: longer than an attempt may take. A sender that died had no more."""
MAX_PAGE: Final = 200
_ATTEMPTS_KEPT: Final = 20

Status = Literal["pending", "delivered", "exhausted"]
Row = Mapping[str, Any]
Statement = dict[str, Any]


class NoDelivery(ValueError):
    """There is no such delivery of this endpoint; nothing was changed."""


async def prepare(db: Database) -> None:
    """Indexes; safe to repeat."""
    rows = db[COLLECTION]
    await rows.create_index([("status", 1), ("webhook", 1), ("next_at", 1)])
    await rows.create_index([("webhook", 1), ("at", -1), ("_id", -1)])
    await rows.create_index("keep_until", expireAfterSeconds=0)
    await db[MESSAGES].create_index("keep_until", expireAfterSeconds=0)
    await db["webhooks"].create_index([("city", 1)])


def delivery_statement(endpoint: Endpoint, message: Message, now: datetime) -> Statement:
    """Writes the delivery, unless it stands there: it may have been sent."""
    row = {
        "webhook": endpoint.id,
        "city": endpoint.city,
        "message": message.id,
        "type": message.type,
        "at": now,
        "status": "pending",
        "next_at": now,
        "attempts": 0,
        "round": 0,
        "tried": [],
        "keep_until": now + KEPT,
    }
    return {"q": {"_id": f"{endpoint.id}/{message.id}"}, "u": {"$setOnInsert": row}, "upsert": True}


def message_statement(message: Message, now: datetime) -> Statement:
    """Keeps the body, a little longer than its deliveries; the first one stays."""
    kept = {"$max": {"keep_until": now + KEPT + timedelta(days=1)}}
    body = {"$setOnInsert": {"type": message.type, "body": message.body}}
    return {"q": {"_id": message.id}, "u": {**kept, **body}, "upsert": True}


@dataclass(frozen=True)
class Due:
    """A delivery that an attempt was begun for; `attempt` is its number, which no other has."""

    id: str
    webhook: str
    message: str
    attempt: int
    round: int
    """Attempts before it was last asked for."""


class Deliveries:
    """The deliveries in one database."""

    def __init__(self, db: Database) -> None:
        # What an election undoes is written, or sent, again with the same ids: nobody waits for a majority
        # to hold an attempt.
        self._db = db.with_options(read_concern=ReadConcern("local"))
        self._rows = self._db[COLLECTION]
        self._attempts = self._rows.with_options(write_concern=WriteConcern(w=1))

    async def waiting(self) -> list[str]:
        """The endpoints that deliveries wait for, due or not."""
        return [str(one) for one in await self._rows.distinct("webhook", {"status": "pending"})]

    async def due(self, endpoint: str, now: datetime, most: int) -> list[str]:
        """The first that are due."""
        query = {"status": "pending", "webhook": endpoint, "next_at": {"$lte": now}}
        found = self._rows.find(query, {"_id": 1}).sort("next_at", 1).limit(most)
        return [row["_id"] async for row in found]

    async def begin(self, delivery: str, now: datetime) -> Due | None:
        """Write that an attempt begins; None where it is no longer due."""
        due = {"_id": delivery, "status": "pending", "next_at": {"$lte": now}}
        begun = {
            "$set": {"next_at": now + CLAIMED},
            "$inc": {"attempts": 1},
            "$push": {"tried": {"$each": [{"at": now}], "$slice": -_ATTEMPTS_KEPT}},
        }
        row = await self._attempts.find_one_and_update(due, begun, return_document=True)
        if row is None:
            return None
        return Due(row["_id"], row["webhook"], row["message"], row["attempts"], row["round"])

    async def body(self, due: Due) -> bytes | None:
        """What is sent; None where nobody has it any more."""
        row = await self._db[MESSAGES].find_one({"_id": due.message}, {"body": 1})
        return None if row is None else bytes(row["body"])

    async def end(
        self, due: Due, begun: datetime, answer: Answer, ms: int, then: tuple[Status, datetime | None]
    ) -> None:
        """Write what came of the attempt, and what follows; nothing where another one began since."""
        status, next_at = then
        last = {"at": begun, "ms": ms, "outcome": answer.outcome, "status": answer.status}
        same = {"_id": due.id, "attempts": due.attempt, "status": "pending"}
        tried = {"tried.$[last]": last}
        change = {"$set": {"status": status, "next_at": next_at, **tried}}
        await self._attempts.update_one(same, change, array_filters=[{"last.at": begun, "last.ms": None}])

    async def page(
        self, endpoint: Endpoint, *, after: str | None, limit: int, status: Status | None = None
    ) -> Sequence[Row]:
        """The log of an endpoint, the latest first; `after` is the last message of the page before."""
        mine: dict[str, Any] = {"webhook": endpoint.id, **({"status": status} if status else {})}
        if after:
            last = await self.find(endpoint, after)
            before = [{"at": {"$lt": last["at"]}}, {"at": last["at"], "_id": {"$lt": last["_id"]}}]
            mine["$or"] = before
        size = max(1, min(limit, MAX_PAGE))
        return await self._rows.find(mine).sort([("at", -1), ("_id", -1)]).limit(size).to_list(size)

    async def find(self, endpoint: Endpoint, message: str) -> Row:
        """One delivery. Raises NoDelivery."""
        row = await self._rows.find_one({"_id": {"$eq": f"{endpoint.id}/{message}"}})
        if row is None:
            raise NoDelivery("There is no such delivery of this endpoint. Nothing was changed.")
        return row

    async def test(self, endpoint: Endpoint, now: datetime) -> str:
        """A message that says nothing but that the endpoint is reached; its id."""
        told = {"type": TEST_TYPE, "timestamp": now.isoformat(), "data": {"webhook": endpoint.id}}
        message = Message(f"msg_{secrets.token_hex(16)}", TEST_TYPE, orjson.dumps(told))
        for collection, one in (
            (MESSAGES, message_statement(message, now)),
            (COLLECTION, delivery_statement(endpoint, message, now)),
        ):
            await self._db[collection].update_one(one["q"], one["u"], upsert=True)
        return message.id

    async def replay(self, endpoint: Endpoint, message: str, now: datetime) -> None:
        """Send it again, whatever came of it; one that waits goes now. Raises NoDelivery."""
        row = await self.find(endpoint, message)
        await self._again({"_id": row["_id"]}, [row["message"]], now)

    async def replay_between(
        self, endpoint: Endpoint, since: datetime, until: datetime, now: datetime
    ) -> int:
        """Send everything of this time again but what waits anyhow; how many."""
        mine = {
            "webhook": endpoint.id,
            "at": {"$gte": since, "$lt": until},
            "status": {"$ne": "pending"},
            "keep_until": {"$lt": now + KEPT},  # none that this very call has sent again
        }
        sent = 0
        while rows := await self._rows.find(mine, {"message": 1}).limit(1_000).to_list(1_000):
            await self._again(
                {"_id": {"$in": [row["_id"] for row in rows]}}, [row["message"] for row in rows], now
            )
            sent += len(rows)
        return sent

    async def now(self, endpoint: Endpoint, now: datetime) -> None:
        """What waits is due at once: the receiver is said to be well again."""
        waiting = {"webhook": endpoint.id, "status": "pending"}
        await self._rows.update_many(waiting, {"$set": {"next_at": now}})

    async def forget(self, endpoint: str) -> None:
        """Delete all of an endpoint that is gone."""
        await self._rows.delete_many({"webhook": endpoint})

    async def counts(self, endpoints: Iterable[Endpoint]) -> dict[str, dict[str, int]]:
        """How many wait and how many ran out, by endpoint."""
        ids = [one.id for one in endpoints]
        grouped: list[dict[str, Any]] = [
            {"$match": {"status": {"$in": ["pending", "exhausted"]}, "webhook": {"$in": ids}}},
            {"$group": {"_id": {"webhook": "$webhook", "status": "$status"}, "n": {"$sum": 1}}},
        ]
        found: dict[str, dict[str, int]] = {id_: {} for id_ in ids}
        async for row in self._rows.aggregate(grouped):
            found[row["_id"]["webhook"]][row["_id"]["status"]] = row["n"]
        return found

    async def _again(self, which: dict[str, Any], messages: Sequence[str], now: datetime) -> None:
        """Bodies first: whoever dies in between has only kept them longer."""
        kept = {"$max": {"keep_until": now + KEPT + timedelta(days=1)}}
        await self._db[MESSAGES].update_many({"_id": {"$in": list(messages)}}, kept)
        fresh = {"status": "pending", "next_at": now, "round": "$attempts", "keep_until": now + KEPT}
        await self._rows.update_many(which, [{"$set": fresh}])
