"""Announcements made into notices: everybody who belonged to an audience is told, page by page.

A page is set down before the announcement remembers how far it came. A crash in between sets the same
notices down again, under the same ids, where they already stand. Nobody is missed: who joined before the
announcement was made stands in the audience since the transaction that made it, or an earlier one.
"""

from typing import Any

from consumers.engine.model import belonged
from consumers.notice_rows import as_announcement, notify
from infra.failpoints import failpoint
from infra.mongo import Database, UpdateOne

PAGE = 1_000
"""Members that are looked at together."""


async def spread(db: Database) -> bool:
    """Carry the oldest announcement a page further; whether there was one."""
    row = await db["announcements"].find_one({}, sort=[("at", 1), ("_id", 1)])
    if row is None:
        return False
    of = {"audience": row["audience"], "member": {"$gt": row["after"]}}
    members = await db["audiences"].find(of).sort("member", 1).limit(PAGE).to_list(PAGE)
    await _set_down(db, row, members)
    failpoint("after_page")
    if len(members) < PAGE:
        await db["announcements"].delete_one({"_id": row["_id"]})
    else:
        moved = {"$max": {"after": members[-1]["member"]}}
        await db["announcements"].update_one({"_id": row["_id"]}, moved)
    return True


async def _set_down(db: Database, row: dict[str, Any], members: list[dict[str, Any]]) -> None:
    announcement = as_announcement(row)
    told = [one["member"] for one in members if belonged(one["changes"], announcement.offset)]
    statements = [notify(announcement.to(member)) for member in told]
    if statements:
        writes = [UpdateOne(one["q"], one["u"], upsert=True) for one in statements]
        await db["notifications"].bulk_write(writes, ordered=False)
