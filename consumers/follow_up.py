"""The runner of follow-ups: the projector's own machinery, which writes what process managers ask for.

A follow-up of a new version begins at the start of the log, beside the one before it. What that one has
seen to is not told again: up to where it stood, the new one is silent.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from consumers import projector
from consumers.engine.model import Partition
from consumers.mongo_outbox import prepare as prepare_outbox
from consumers.mongo_rows import shard_of, waiting_in
from consumers.mongo_store import MongoStore
from infra.mongo import Database, DuplicateKeyError
from infra.settings import Settings
from projections import storage
from projections.core import Projection


async def run(
    settings: Settings, db: Database, cluster_id: str, follow_ups: Sequence[Projection], stop: asyncio.Event
) -> None:
    """Follow up until `stop` is set; ends the process when nothing moves though there is work."""
    await prepare(db, cluster_id, follow_ups)
    await projector.run(settings, db, cluster_id, follow_ups, stop)


async def prepare(db: Database, cluster_id: str, follow_ups: Sequence[Projection]) -> None:
    """Collections, indexes, and the gates of new versions; safe to repeat and to run twice at once."""
    await prepare_outbox(db)
    for follow_up in follow_ups:
        await storage.create(db, follow_up)
        for topic in follow_up.topics:
            for number in range(topic.partitions):
                await _set_gate(db, MongoStore(db, follow_up, cluster_id), Partition(topic.name, number))


async def _set_gate(db: Database, store: MongoStore, partition: Partition) -> None:
    """A checkpoint for the partition, unless it has one: nothing of it was applied."""
    follow_up = store.projection
    place = {"_id": shard_of(follow_up.group, partition)}
    if await db["checkpoints"].find_one(place, {"_id": 1}) is not None:
        return
    gate = max([await _seen_to(db, row) for row in await _before(db, follow_up, partition)], default=0)
    fresh = {**place, **store.fresh(partition), "epoch": 0, "owner": None, "gate": gate}
    try:
        await db["checkpoints"].insert_one(fresh)
    except DuplicateKeyError:
        return  # another process was faster


async def _before(db: Database, follow_up: Projection, partition: Partition) -> list[dict[str, Any]]:
    """The checkpoints of other versions of it."""
    groups = {"$regex": f"^townhall\\.{follow_up.name}\\.v[0-9]"}
    mine = {"group": groups, "topic": partition.topic, "partition": partition.number}
    return await db["checkpoints"].find(mine).to_list(None)


async def _seen_to(db: Database, checkpoint: dict[str, Any]) -> int:
    """Up to where its effects were stored: what waits in quarantine has had none."""
    waiting = waiting_in(checkpoint["group"], Partition(checkpoint["topic"], checkpoint["partition"]))
    first = await db["quarantine"].find_one(waiting, sort=[("first_offset", 1)])
    return int(min(checkpoint["next"], first["first_offset"]) if first else checkpoint["next"])
