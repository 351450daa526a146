"""Incidents: partitions that halted because going on would lose or repeat events, and how they go on.

The collection `incidents` holds one row for each reason at each checkpoint. Its status: `open`,
`accepted` by an operator, or `passed`, when the partition went on because the log was mended.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from infra.kafka import TopicPartition, cluster_id, reader
from infra.mongo import Database
from infra.settings import Settings

Row = Mapping[str, Any]
MOST = 200


class NotAccepted(ValueError):
    """The incident cannot be accepted like this; nothing was changed."""


async def listing(db: Database, *, every: bool = False) -> Sequence[Row]:
    """The latest incidents first; only the open ones unless `every`."""
    wanted = {} if every else {"status": "open"}
    return await db["incidents"].find(wanted).sort("last_at", -1).limit(MOST).to_list(MOST)


async def find(db: Database, incident: str) -> Row:
    """One incident; raises NotAccepted where there is none."""
    found = await db["incidents"].find_one({"_id": {"$eq": incident}})
    if found is None:
        raise NotAccepted(f"There is no incident {incident!r}; `townhall incidents list --all` names them.")
    return found


async def accept(settings: Settings, db: Database, incident: str, start: int | None = None) -> str:
    """Let the partition go on; what it did is told in a sentence.

    It goes on at `start`, or else at the first record that the log holds: of these, the ones that
    were applied before are known by their identity and do not count again. After too much poison it
    goes on where it stands, and lets everything that is in the log now turn to poison if it must.
    Raises NotAccepted.
    """
    row = await find(db, incident)
    if row["status"] != "open":
        raise NotAccepted(f"This incident is not open: it was {row['status']}. Nothing was changed.")
    first, end = await _bounds(settings, row)
    change, done = _decide(row, first, end, start)
    change["cluster"] = await cluster_id(settings)
    await _write(db, row, change)
    return done


def _decide(row: Row, first: int, end: int, start: int | None) -> tuple[dict[str, Any], str]:
    place = f"{row['topic']}, partition {row['partition']}"
    if row["kind"] == "too_much_poison":
        done = f"{place} goes on at {row['next']}; before {end} everything may turn to poison."
        return {"poison_until": end}, done
    if row["kind"] == "undeclared_partition":
        raise NotAccepted(
            "A partition that is not declared is never applied: keys would lose their order. Move its "
            "events to the declared ones. Nothing was changed."
        )
    if row["kind"] == "unreadable" and start is None:
        raise NotAccepted(
            f"Nothing can read what stands at {row['next']}. Say where to go on: --from OFFSET, up to {end}. "
            "The records before it never count. Nothing was changed."
        )
    at = first if start is None else start
    if not first <= at <= end:
        raise NotAccepted(f"The log holds {first} to {end}; {at} lies outside. Nothing was changed.")
    return {"next": at, "last": None}, f"{place} goes on at {at} instead of {row['next']}."


async def _bounds(settings: Settings, row: Row) -> tuple[int, int]:
    place = TopicPartition(row["topic"], row["partition"])
    consumer = reader(settings)
    await consumer.start()
    try:
        first, end = await consumer.beginning_offsets([place]), await consumer.end_offsets([place])
    finally:
        await consumer.stop()
    return first[place], end[place]


async def _write(db: Database, row: Row, change: dict[str, Any]) -> None:
    """Both or neither; a claim that was taken since then ends with it."""
    async with await db.client.start_session() as session, session.start_transaction():
        held = {"_id": row["checkpoint"], "epoch": row["epoch"]}
        moved = await db["checkpoints"].update_one(
            held, {"$set": change, "$unset": {"halted": ""}, "$inc": {"epoch": 1}}, session=session
        )
        if moved.matched_count == 0:
            raise NotAccepted(
                "The partition was claimed again meanwhile. Nothing was changed; look at it once more."
            )
        accepted = {"status": "accepted", "settled_at": datetime.now(UTC), "went_on": change}
        await db["incidents"].update_one({"_id": row["_id"]}, {"$set": accepted}, session=session)
