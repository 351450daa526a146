"""What people write first: a FastStream handler for each message, an upsert for each thing it changes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from infra.mongo import Database, DuplicateKeyError
from tests.bench import plain
from tests.bench.plain import BALLOTS, IDEAS, ROUND_BALLOTS, SEEN, SUPPORT, SUPPORTS, VOTES, Doc


async def apply(db: Database, headers: Mapping[str, str], data: dict[str, Any]) -> None:
    """Apply one event, unless its identity was seen before."""
    try:
        await db[SEEN].insert_one({"_id": f"{headers['ce_source']}/{headers['ce_id']}"})
    except DuplicateKeyError:
        return
    collection, key = plain.place_of(headers)
    at = datetime.fromisoformat(headers["ce_time"]).astimezone(UTC)
    await {BALLOTS: _ballot, SUPPORTS: _support, IDEAS: _idea}[collection](db, key, headers, data, at)


async def _ballot(db: Database, key: str, headers: Mapping[str, str], data: Doc, at: datetime) -> None:
    change = {"$set": plain.ballot(headers, data, at), "$inc": {"casts": 1}}
    old = await db[BALLOTS].find_one_and_update({"_id": key}, change, upsert=True)
    place = (headers["ce_city"], data["ballot_round_id"])
    for choice in old["choices"] if old else ():
        await _add(db, VOTES, (*place, choice["project_id"]), votes=-1)
    for choice in data["choices"]:
        await _add(db, VOTES, (*place, choice["project_id"]), votes=1)
    if old is None:
        await _add(db, ROUND_BALLOTS, place, ballots=1)


async def _support(db: Database, key: str, headers: Mapping[str, str], data: Doc, at: datetime) -> None:
    new = plain.support(headers, data, at)
    old = await db[SUPPORTS].find_one_and_update({"_id": key}, {"$set": new}, upsert=True)
    before = bool(old and old["active"])
    if new["active"] != before:
        place = (headers["ce_city"], headers["ce_subject"])
        await _add(db, SUPPORT, place, supporters=int(new["active"]) - before)


async def _idea(db: Database, key: str, headers: Mapping[str, str], data: Doc, at: datetime) -> None:
    old = await db[IDEAS].find_one({"_id": key})
    new = {**(old or plain.blank_idea(headers)), **plain.idea_change(old, headers, data, at)}
    await db[IDEAS].replace_one({"_id": key}, {**new, "_id": key}, upsert=True)


async def _add(db: Database, collection: str, key: tuple[str, ...], **amounts: int) -> None:
    await db[collection].update_one(*plain.cell(collection, key, amounts), upsert=True)
