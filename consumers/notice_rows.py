"""Notices, audiences and announcements as MongoDB keeps them."""

from collections.abc import Mapping
from typing import Any, Final
from zlib import crc32

from consumers.engine.model import Announcement, Membership, Notice

Row = Mapping[str, Any]
"""A notice as it is kept."""
MAILER_SHARDS: Final = 16
"""In how many parts the work of telling people is shared out."""
MOST_CHANGES: Final = 40
"""How often somebody may join and leave an audience before what was first is forgotten."""
NOTICE: Final = ("city", "recipient", "template", "about", "fields", "causationid", "correlationid", "at")


def notify(notice: Notice) -> dict[str, Any]:
    """The statement that sets a notice down; one that stands there stays as it is: it may have been sent."""
    told = {name: getattr(notice, name) for name in NOTICE}
    row = {**told, "shard": shard_of_recipient(notice), "status": "new", "look_at": notice.at}
    return {"q": {"_id": notice.id}, "u": {"$setOnInsert": row}, "upsert": True}


def shard_of_recipient(notice: Notice) -> int:
    """All that is for one person is written by one mailer, in order."""
    return crc32(f"{notice.city}/{notice.recipient or notice.about}".encode()) % MAILER_SHARDS


def belong(change: Membership) -> dict[str, Any]:
    """The statement of a membership: `changes` are the offsets of joining, leaving, joining and so on."""
    known = {"$ifNull": ["$changes", []]}
    outside = {"$eq": [{"$mod": [{"$size": known}, 2]}, 0]}
    if change.joins:
        full = {"$gte": [{"$size": known}, MOST_CHANGES]}
        kept = {"$cond": [full, {"$slice": [known, 2 - MOST_CHANGES]}, known]}  # two go, so the parity stays
        changes = {"$cond": [outside, {"$concatArrays": [kept, [change.offset]]}, known]}
    else:
        changes = {"$cond": [outside, known, {"$concatArrays": [known, [change.offset]]}]}
    # In a pipeline a text that begins with a dollar sign would name a field.
    named = {"audience": {"$literal": change.audience}, "member": {"$literal": change.member}}
    update = [{"$set": {**named, "changes": changes}}]
    return {"q": {"_id": f"{change.audience}/{change.member}"}, "u": update, "upsert": change.joins}


def announce(announcement: Announcement) -> dict[str, Any]:
    """The statement that sets an announcement down; `after` is the member whom it has reached."""
    notice = announcement.notice
    row = {
        "audience": announcement.audience,
        "offset": announcement.offset,
        "manager": announcement.manager,
        "cause": list(announcement.cause),
        "notice": {name: getattr(notice, name) for name in NOTICE},
        "at": notice.at,
        "after": "",
    }
    return {"q": {"_id": notice.id}, "u": {"$setOnInsert": row}, "upsert": True}


def as_announcement(row: Mapping[str, Any]) -> Announcement:
    """The announcement that a row keeps."""
    notice = Notice(id=row["_id"], **row["notice"])
    return Announcement(row["audience"], row["manager"], tuple(row["cause"]), notice, row["offset"])
