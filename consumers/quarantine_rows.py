"""Records in quarantine as MongoDB keeps them."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consumers.engine.model import Partition, PlainRecord, Quarantined, Record, Release
from events.codec import record_bytes
from events.scalars import CITY_PATTERN
from events.topics import MAX_RECORD_BYTES

SHOWN_BYTES = 65_536
"""How much is kept of the value of a record that is too large to be any event."""
OFFSETS_KEPT = 20
_CITY = re.compile(CITY_PATTERN.encode())


def quarantine_of(group: str, item: Quarantined, at: datetime | None) -> dict[str, Any]:
    """The statement that keeps a record; the same bytes again are the same entry, with one more offset."""
    record = item.record
    partition = Partition(record.topic, record.partition)
    first = {
        "group": group,
        "topic": record.topic,
        "partition": record.partition,
        "city": _city(record.key),
        **_kept(record),
        "reason": item.reason,
        "detail": item.detail,
        "first_offset": record.offset,
        "first_at": at,
    }
    return {
        "q": {"_id": _quarantine_id(group, partition, item.identity)},
        "u": {
            "$setOnInsert": first,
            "$set": {"status": "open"},
            "$inc": {"count": 1},
            "$push": {"offsets": {"$each": [record.offset], "$slice": -OFFSETS_KEPT}},
        },
        "upsert": True,
    }


def release_of(group: str, release: Release, at: datetime | None) -> dict[str, Any]:
    """The statement that ends the waiting of a record, or says why it waits on."""
    change: dict[str, Any] = {"status": release.fate, "settled_at": at}
    if release.fate == "conflict":
        change = {"reason": "conflict", "detail": "known with other content when it was replayed"}
    place = {"_id": _quarantine_id(group, release.partition, release.identity)}
    return {"q": place, "u": {"$set": change}}


def _quarantine_id(group: str, partition: Partition, identity: bytes) -> str:
    return f"{group}/{partition.short}/{identity.hex()}"


def _kept(record: Record) -> dict[str, Any]:
    """The bytes of a record; of one that is too large for any event only the beginning."""
    size = record_bytes(record.key, record.value, record.headers)
    headers = [[name, value] for name, value in record.headers]
    if size <= MAX_RECORD_BYTES:
        return {"key": record.key, "value": record.value, "headers": headers, "bytes": size}
    key, value = (record.key or b"")[:1_024], (record.value or b"")[:SHOWN_BYTES]
    return {"key": key, "value": value, "headers": [], "bytes": size, "cut": True}


def _city(key: bytes | None) -> str | None:
    """The city of a key `city/aggregate`; None where it can be none, as in the keys of other software."""
    city, slash, _ = (key or b"").partition(b"/")
    return city.decode("ascii") if slash and len(city) <= 64 and _CITY.fullmatch(city) else None


def as_quarantined(row: Mapping[str, Any]) -> Quarantined:
    """A row of the collection `quarantine` as the engine knows it."""
    headers = [(name, value) for name, value in row["headers"]]
    record = PlainRecord(
        row["topic"], row["partition"], row["first_offset"], row["key"], row["value"], headers
    )
    identity = bytes.fromhex(row["_id"].rpartition("/")[2])
    return Quarantined(record, row["reason"], row["detail"], identity, row["count"])
