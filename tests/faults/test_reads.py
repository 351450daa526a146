"""The engine reads all that its claim stands on, also where a majority is not known yet to hold it."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from consumers.engine.model import Partition
from consumers.mongo_store import MongoStore
from infra.mongo import Database, WriteConcern, connect
from infra.settings import Settings
from projections.registry import BY_NAME
from tests.support.replica_set import Member, ReplicaSet

pytestmark = [pytest.mark.servers, pytest.mark.faults]

PARTICIPATION = BY_NAME["participation"]
PLACE = Partition("townhall.ideas", 0)
IDENTITY, FINGERPRINT = 16 * b"i", 8 * b"f"
HOUR = 493_079


@pytest.fixture
def replica_set(tmp_path: Path) -> Iterator[ReplicaSet]:
    with ReplicaSet(tmp_path / "mongo") as found:
        found.wait_complete()
        yield found
    shutil.rmtree(tmp_path / "mongo", ignore_errors=True)


def write_alone(primary: Member, database: str, rows: dict[str, dict[str, Any]]) -> None:
    """As the last owner's transaction stands on a primary that does not know of the others' copies."""
    with primary.client() as client:
        for collection, row in rows.items():
            client.get_database(database, write_concern=WriteConcern(w=1))[collection].insert_one(row)


@pytest.mark.timeout(120, method="signal")
async def test_what_the_majority_is_not_known_to_hold_is_read(replica_set: ReplicaSet) -> None:
    settings = Settings(mongo=SecretStr(replica_set.uri), mongo_database="reads")
    async with connect(settings) as db:
        store = MongoStore(db, PARTICIPATION, "cluster")
        primary = await asyncio.to_thread(replica_set.primary)
        others = [member for member in replica_set.members if member is not primary]
        for collection in (PARTICIPATION.ledger, "ideas.v3"):
            await db.create_collection(collection)
        for member in others:
            assert member.ask("fsync", lock=True)["ok"]  # it answers, and takes no more writes
        try:
            identities = {"partition": PLACE.short, "hour": HOUR, "identities": IDENTITY + FINGERPRINT}
            rows: dict[str, dict[str, Any]] = {
                PARTICIPATION.ledger: identities,
                "ideas.v3": {"_id": "riverton/idea", "title": "Willows"},
            }
            await asyncio.to_thread(write_alone, primary, "reads", rows)
            assert await seen_by_majority(db) == 0, "the majority knows already: nothing is tested"
            assert await store.identities(PLACE, [HOUR]) == {HOUR: {IDENTITY: FINGERPRINT}}
            assert await store.load("ideas.v3", ["riverton/idea"]) == {"riverton/idea": {"title": "Willows"}}
        finally:
            for member in others:
                member.ask("fsyncUnlock")


async def seen_by_majority(db: Database) -> int:
    return len([row async for row in db["ideas.v3"].find({})])
