"""The quarantine, for operators: look at what could not be counted, try it again, or give it up.

Trying again takes the partition from its projector for a moment; the projector claims it back after
its lease. Listings go by cursor: however much lies there, one page is held at a time.
"""

import base64
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from consumers.engine.fold import Plan
from consumers.engine.model import Fenced, Partition
from consumers.engine.replay import StillPoison, replay
from consumers.followups.registry import FOLLOW_UPS
from consumers.mongo_store import MongoStore
from consumers.quarantine_rows import as_quarantined
from events.codec import WAITING
from infra.mongo import Database
from projections import builds
from projections.core import Projection
from projections.registry import PROJECTIONS

Row = Mapping[str, Any]
MAX_PAGE = 200
REPLAYED_AT_ONCE = 2_000
"""Records of one key in one transaction; a longer queue takes several, each of them in order."""
OWNER = "operator"
_LISTED = {"value": 0, "headers": 0}


class NotFound(ValueError):
    """No such record is in quarantine."""


class UnknownBuild(ValueError):
    """The record was set aside by a projection that this code does not have; nothing was changed."""


class NotDropped(ValueError):
    """The record cannot be given up; nothing was changed."""


@dataclass
class Tried:
    """What trying again brought about: keys that went on, records that count now, and what still cannot."""

    keys: int = 0
    records: int = 0
    still: tuple[str, ...] = ()


async def page(
    db: Database,
    *,
    after: str | None,
    limit: int,
    group: str | None = None,
    city: str | None = None,
    every: bool = False,
) -> Sequence[Row]:
    """Records in quarantine without their bytes, in the order of their ids; the open ones unless `every`."""
    wanted: dict[str, Any] = {} if every else {"status": "open"}
    wanted |= {"group": {"$eq": group}} if group else {}
    wanted |= {"city": {"$eq": city}} if city else {}
    wanted |= {"_id": {"$gt": after}} if after else {}
    size = max(1, min(limit, MAX_PAGE))
    return await db["quarantine"].find(wanted, _LISTED).sort("_id", 1).limit(size).to_list(size)


async def find(db: Database, entry: str) -> Row:
    """One record with its bytes, or NotFound."""
    found = await db["quarantine"].find_one({"_id": {"$eq": entry}})
    if found is None:
        raise NotFound(f"{entry!r} is not in quarantine; `townhall quarantine list` names what is.")
    return found


async def projection_of(db: Database, row: Row) -> Projection:
    """Who set the record aside, or UnknownBuild."""
    for known in await every(db):
        if known.group == row["group"]:
            return known
    raise UnknownBuild(f"This code does not know {row['group']}. Nothing was changed.")


async def every(db: Database) -> list[Projection]:
    """All of this code that may have set records aside: the builds of projections, and follow-ups."""
    listed = await builds.listing(db, PROJECTIONS)
    return [*(build.projection for build in listed if build.projection), *FOLLOW_UPS]


def readable(value: Any) -> str:
    """Bytes as JSON shows them: text, or base64 of what is none."""
    if not isinstance(value, bytes):
        raise TypeError
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(value).decode()}"


async def retry(db: Database, projection: Projection, row: Row) -> Tried:
    """Try again what waits for this record's key, in the order of the log."""
    return await _retry_key(db, projection, _place(row), row["key"])


async def drop(db: Database, projection: Projection, row: Row) -> Tried:
    """Give the record up, and let what waits behind it go on.

    It never counts, also when it is sent again. Raises NotDropped for what is not open.
    """
    if row["status"] != "open":
        raise NotDropped(f"It was {row['status']} already. Nothing was changed.")
    if row["reason"] in WAITING:
        await _drop(db, projection, row)
        return await _retry_key(db, projection, _place(row), row["key"])
    settled = {"status": "dropped", "settled_at": datetime.now(UTC)}
    await db["quarantine"].update_one({"_id": row["_id"], "status": "open"}, {"$set": settled})
    return Tried()


async def retry_all(db: Database, projection: Projection) -> AsyncIterator[Tried]:
    """Try every key again, one after the other; yields what came of each."""
    waiting = {"group": projection.group, "status": "open", "reason": {"$in": sorted(WAITING)}}
    by_key = {"_id": {"topic": "$topic", "partition": "$partition", "key": "$key"}}
    pipeline: list[dict[str, Any]] = [{"$match": waiting}, {"$group": by_key}, {"$sort": {"_id": 1}}]
    async for row in db["quarantine"].aggregate(pipeline, allowDiskUse=True, batchSize=500):
        yield await _retry_key(db, projection, _place(row["_id"]), row["_id"]["key"])


async def _drop(db: Database, projection: Projection, row: Row) -> None:
    store, plan = MongoStore(db, projection, ""), Plan(projection)
    while (now := await find(db, row["_id"]))["status"] == "open":
        claim = await store.claim(_place(row), OWNER)
        entry = as_quarantined(now)
        write = await replay(plan, store, claim, [entry], datetime.now(UTC), dropped={entry.identity})
        with contextlib.suppress(Fenced):  # a projector claimed it back before we were done
            await store.commit(write)


async def _retry_key(db: Database, projection: Projection, partition: Partition, key: bytes) -> Tried:
    store, plan = MongoStore(db, projection, ""), Plan(projection)
    tried = Tried()
    while await store.quarantined(partition, key, 1):
        claim = await store.claim(partition, OWNER)
        # Read under the claim: its last owner adds no more from here on.
        entries = await store.quarantined(partition, key, REPLAYED_AT_ONCE)
        try:
            write = await replay(plan, store, claim, entries, datetime.now(UTC))
            await store.commit(write)
        except StillPoison as error:
            tried.still = (str(error),)
            break
        except Fenced:
            continue  # a projector claimed it back before we were done
        tried.keys = 1
        tried.records += len(write.releases)
    return tried


def _place(row: Row) -> Partition:
    return Partition(row["topic"], row["partition"])
