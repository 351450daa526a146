"""Builds beside each other: filled, compared with the log, given to readers, deleted."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from consumers import rebuild, verify
from events.codec import build as event_of
from events.codec import from_structured
from infra.embedded import Endpoints
from infra.kafka import apply_topics, cluster_id
from infra.mongo import Database, connect
from infra.settings import Settings
from producers.publisher import Publisher
from projections import builds, storage
from projections.core import Projection
from projections.registry import BY_NAME, PROJECTIONS
from tests.support import build, town
from tests.support.contract import ALL_EXAMPLES, as_bytes

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

PARTICIPATION = BY_NAME["participation"]


@dataclass
class Scene:
    """A database of the test's own, and a log with events in it."""

    settings: Settings
    db: Database
    cluster: str

    async def follow(self, *projections: Projection) -> list[Projection]:
        """What projectors would do: every build that follows, up to the end of the log."""
        found = await builds.prepare(self.db, projections or (PARTICIPATION,))
        for one in found:
            await self.fill(one)
        return found

    async def fill(self, one: Projection) -> None:
        await rebuild.fill(self.settings, self.db, self.cluster, one, rebuild.partitions(one, 0, 1))

    async def rebuilt(self, projection: Projection) -> Projection:
        one = await builds.begin(self.db, projection)
        await self.fill(one)
        await builds.filled(self.db, one)
        return one

    async def verify(self, one: Projection = PARTICIPATION, **options: Any) -> verify.Result:
        return await verify.verify(self.settings, self.db, one, lambda *_: None, **options)


@pytest.fixture
async def scene(servers: Endpoints) -> AsyncIterator[Scene]:
    settings = Settings(
        kafka=servers.kafka, mongo=servers.mongo, mongo_database=f"test_{secrets.token_hex(8)}"
    )
    await apply_topics(settings)
    async with Publisher(settings, deadline=30) as publisher:
        people = [f"verified-{secrets.token_hex(6)}-{n}" for n in range(20)]
        votes = [build.ballot("a", ("b", 3), by=person) for person in people]
        again = [build.ballot("b", by=person) for person in people[:5]]
        # An id that is used again in another hour is another event.
        used_again = [votes[0].model_copy(update={"time": build.when("2026-05-06T07:00:00-04:00")})]
        await publisher.publish([*town.events(), *votes, *again, *votes[:3], *used_again])
    async with connect(settings) as db:
        yield Scene(settings, db, await cluster_id(settings))
        await db.client.drop_database(db.name)


async def test_what_projectors_leave_behind_is_what_the_log_says(scene: Scene) -> None:
    examples = [from_structured(as_bytes(one)) for one in ALL_EXAMPLES.values()]  # of every family
    async with Publisher(scene.settings, deadline=30) as publisher:
        await publisher.publish([event_of(*one).event for one in examples])
    for one in await scene.follow(*PROJECTIONS):
        result = await scene.verify(one)
        assert (result.wrong, result.differences) == (0, [])
        assert result.documents or not one.documents
        assert result.cells or not one.tallies
        kept = await scene.db["verifications"].find_one({"projection": one.group})
        assert kept is not None
        assert kept["digest"] == result.digest


async def _first(db: Database, collection: str) -> Any:
    found = await db[collection].find_one({}, sort=[("_id", 1)])
    assert found is not None
    return found["_id"]


async def _change_a_field(db: Database) -> str:
    key = await _first(db, "ballots.v3")
    await db["ballots.v3"].update_one({"_id": key}, {"$set": {"casts": 99}})
    return f"ballots.v3 {key}: casts is 99, by the events "


async def _take_a_document(db: Database) -> str:
    key = await _first(db, "ideas.v3")
    await db["ideas.v3"].delete_one({"_id": key})
    return f"ideas.v3 {key}: missing; the events make "


async def _add_a_document(db: Database) -> str:
    await db["ballots.v3"].insert_one({"_id": "riverton/made-up", "casts": 1})
    return "ballots.v3 riverton/made-up: stored, but no event makes it"


async def _double_a_cell(db: Database) -> str:
    cell = await db["votes_by_project.v3"].find_one({"n.votes": {"$gt": 0}})
    assert cell is not None
    twice = {"$set": {"n.votes": 2 * cell["n"]["votes"]}}
    await db["votes_by_project.v3"].update_one({"_id": cell["_id"]}, twice)
    return f"votes_by_project.v3 {cell['_id']}: n is "


async def _take_a_cell(db: Database) -> str:
    cell = await db["round_ballots.v3"].find_one({"n.ballots": {"$gt": 0}})
    assert cell is not None
    await db["round_ballots.v3"].delete_one({"_id": cell["_id"]})
    return f"round_ballots.v3 {cell['_id']}: missing; the events make "


CORRUPTIONS = [_change_a_field, _take_a_document, _add_a_document, _double_a_cell, _take_a_cell]


@pytest.mark.parametrize("corrupt", CORRUPTIONS)
async def test_every_kind_of_corruption_is_named(
    scene: Scene, corrupt: Callable[[Database], Awaitable[str]]
) -> None:
    await scene.follow()
    named = await corrupt(scene.db)
    result = await scene.verify()
    assert result.wrong == 1
    assert result.differences[0].startswith(named)


async def test_a_sample_finds_a_changed_document_and_says_what_it_is(scene: Scene) -> None:
    await scene.follow()
    await scene.db["ballots.v3"].update_many({}, {"$set": {"casts": 99}})
    result = await scene.verify(sample=10_000)
    assert result.sampled
    assert result.wrong == await scene.db["ballots.v3"].count_documents({})


async def test_a_rebuild_makes_the_same_and_readers_see_it_when_it_is_switched(scene: Scene) -> None:
    await scene.follow()
    before = await scene.verify()
    await _change_a_field(scene.db)
    new = await scene.rebuilt(PARTICIPATION)
    assert new.tag == "v3.2"
    assert (await scene.verify(new)).digest == before.digest
    assert await storage.live_tag(scene.db, PARTICIPATION) == "v3"
    assert await scene.db["ballots"].count_documents({"casts": 99}) == 1
    await builds.switch(scene.db, new)
    assert await scene.db["ballots"].count_documents({"casts": 99}) == 0
    assert await storage.live_tag(scene.db, PARTICIPATION) == "v3.2"
    cells = await scene.db["votes_by_project"].find().to_list(None)
    assert sorted(cells, key=str) == sorted(await _summed(scene.db), key=str)


async def _summed(db: Database) -> list[dict[str, Any]]:
    """The sums of the old build, which was corrupted in a document only."""
    pipeline = storage.summed(next(t for t in PARTICIPATION.tallies if t.name == "votes_by_project"))
    return await db["votes_by_project.v3"].aggregate(pipeline).to_list(None)


async def test_projectors_keep_both_builds_up_to_date_until_one_is_dropped(scene: Scene) -> None:
    await scene.follow()
    new = await scene.rebuilt(PARTICIPATION)
    assert {one.group for one in await builds.following(scene.db, [PARTICIPATION])} == {
        "townhall.participation.v3",
        "townhall.participation.v3.2",
    }
    await builds.switch(scene.db, new)
    row = await builds.forget(scene.db, "participation", "v3")
    await storage.erase(scene.db, PARTICIPATION.group, row["collections"])
    assert await builds.following(scene.db, [PARTICIPATION]) == [new]
    names = await scene.db.list_collection_names()
    assert not [name for name in names if name in PARTICIPATION.collections]
    assert (await scene.verify(new)).wrong == 0


async def test_what_readers_see_is_never_dropped(scene: Scene) -> None:
    await scene.follow()
    with pytest.raises(builds.CannotSwitch, match="switch to another build first"):
        await builds.forget(scene.db, "participation", "v3")


async def test_readers_never_go_back_in_time(scene: Scene) -> None:
    await scene.follow()
    behind = await builds.begin(scene.db, PARTICIPATION)
    with pytest.raises(builds.CannotSwitch, match="records behind what readers see"):
        await builds.switch(scene.db, behind)
    assert await storage.live_tag(scene.db, PARTICIPATION) == "v3"


async def test_a_filling_that_was_cut_off_goes_on_in_the_same_build(scene: Scene) -> None:
    await scene.follow()
    begun = await builds.begin(scene.db, PARTICIPATION)
    half = rebuild.partitions(begun, 0, 2)
    await rebuild.fill(scene.settings, scene.db, scene.cluster, begun, half)
    assert await builds.begin(scene.db, PARTICIPATION) == begun
    await scene.fill(begun)
    assert (await scene.verify(begun)).wrong == 0


async def test_code_of_a_new_version_leaves_what_readers_see_until_it_was_rebuilt(scene: Scene) -> None:
    await scene.follow()
    newer = replace(PARTICIPATION, version=4)
    assert await builds.following(scene.db, [newer]) == []
    new = await scene.rebuilt(newer)
    assert new.group == "townhall.participation.v4"
    assert await storage.live_tag(scene.db, newer) == "v3"
    await builds.switch(scene.db, new)
    assert await storage.live_tag(scene.db, newer) == "v4"


async def test_the_same_checkpoint_gives_the_same_digest_later(scene: Scene) -> None:
    await scene.follow()
    then = await scene.verify()
    async with Publisher(scene.settings, deadline=30) as publisher:
        await publisher.publish([build.ballot("c", by=f"later-{secrets.token_hex(6)}")])
    await scene.follow()
    now = await scene.verify()
    assert now.digest != then.digest
    again = await verify.recompute(scene.settings, scene.db, PARTICIPATION, then.checkpoint, lambda *_: None)
    assert again == (then.digest, then.digest)
