"""How read models are laid out in MongoDB: collections, indexes, and the names readers use.

Each view `x` in version n lives in the collection `x.v<n>`. Readers use the plain name, a
MongoDB view: for documents the collection itself, for a tally the cells added up over their
partitions (`x`) and the cells as stored (`x_cells`).
"""

from collections.abc import Iterable
from typing import Any

from infra.mongo import Database, OperationFailure
from projections.core import Projection, Tally

NAMESPACE_EXISTS = 48


def summed(tally: Tally) -> list[dict[str, Any]]:
    """The aggregation that adds a tally's cells up over partitions."""
    sums: dict[str, Any] = {measure: {"$sum": f"$n.{measure}"} for measure in tally.measures}
    return [{"$group": {"_id": "$key", **sums}}, {"$match": {"$or": [{m: {"$ne": 0}} for m in sums]}}]


async def prepare(db: Database, projection: Projection) -> None:
    """Collections, indexes, and the missing public names; safe to repeat and to run twice at once."""
    await create(db, projection)
    for name, view in _public(projection).items():
        await _create(db, name, **view)


async def create(db: Database, projection: Projection) -> None:
    """The collections and indexes of a build; no reader sees it yet."""
    for view in projection.documents:
        await _create(db, projection.collection(view))
        for index in view.indexes:
            await db[projection.collection(view)].create_index(list(index))
    for tally in projection.tallies:
        physical = projection.collection(tally)
        await _create(db, physical)
        await db[physical].create_index([(f"key.{name}", 1) for name in tally.dimensions])
    await _create(db, projection.ledger)
    await db[projection.ledger].create_index([("partition", 1), ("hour", 1)])
    await _create_shared(db)


async def switch(db: Database, projection: Projection) -> None:
    """Point the public names at this build. Each changes at once; a repeat mends a crash between them."""
    for name, view in _public(projection).items():
        await _create(db, name, **view)
        await db.command("collMod", name, **view)


async def live_tag(db: Database, projection: Projection) -> str | None:
    """The build that readers see, as in `v1`; None before the first one."""
    view = (*projection.documents, *projection.tallies)[0]
    async for info in await db.list_collections(filter={"name": view.name, "type": "view"}):
        return str(info["options"]["viewOn"]).removeprefix(f"{view.name}.")
    return None


async def erase(db: Database, group: str, collections: Iterable[str]) -> None:
    """Delete all that a build has stored."""
    for name in collections:
        await db.drop_collection(name)
    for shared in ("checkpoints", "quarantine", "incidents"):
        await db[shared].delete_many({"group": group})


def _public(projection: Projection) -> dict[str, dict[str, Any]]:
    """The names that readers use, and what each is a view of."""
    names: dict[str, dict[str, Any]] = {
        view.name: {"viewOn": projection.collection(view), "pipeline": []} for view in projection.documents
    }
    for tally in projection.tallies:
        physical = projection.collection(tally)
        names[tally.name] = {"viewOn": physical, "pipeline": summed(tally)}
        names[f"{tally.name}_cells"] = {"viewOn": physical, "pipeline": []}
    return names


async def _create_shared(db: Database) -> None:
    """What all projections keep together."""
    await _create(db, "checkpoints")
    await _create(db, "quarantine")
    await _create(db, "incidents")
    await db["incidents"].create_index([("checkpoint", 1), ("status", 1)])
    await db["quarantine"].create_index([("group", 1), ("first_at", 1)])
    await db["quarantine"].create_index([("city", 1), ("_id", 1)])
    place = ("group", "topic", "partition", "status", "reason", "key", "first_offset")
    await db["quarantine"].create_index([(name, 1) for name in place])


async def _create(db: Database, name: str, **options: Any) -> None:
    try:
        await db.create_collection(name, check_exists=False, **options)
    except OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:
            raise
