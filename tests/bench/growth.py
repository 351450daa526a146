"""What ten times the documents cost: the same number of events, among citizens who all voted before."""

from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

from infra.mongo import Database, WriteConcern
from tests.bench import contenders, plain, workload
from tests.bench.contenders import Task
from tests.bench.meter import Figure
from tests.bench.scene import Scene

TIMES = 10
SEEDED_AT_ONCE = 10_000


@dataclass
class Town:
    """A database in which everybody has voted."""

    db: Database
    people: int
    figures: list[Figure]


async def grow(
    scene: Scene, people: int, events: int, count: int, step: Callable[[], None]
) -> list[list[Figure]]:
    """Figures of the projector among `people` citizens, and among ten times as many."""
    async with AsyncExitStack() as stack:
        towns = [
            Town(await stack.enter_async_context(scene.database()), many, [])
            for many in (people, TIMES * people)
        ]
        for town in towns:
            await _seed(town)
            step()
        for number in range(count):
            for town in towns:
                town.figures.append(await _more(scene, town, events, number))
                step()
        return [town.figures for town in towns]


async def _more(scene: Scene, town: Town, events: int, number: int) -> Figure:
    """Catch up with events published while nobody read."""
    begin = await scene.stand_at_end(town.db)
    await scene.publish(workload.events(events, people=town.people, seed=2, first=number * events))
    settings = scene.named(town.db.name)
    task = Task(settings, town.db, scene.projection, scene.cluster, begin + events, scene.meter.watch())
    return await contenders.projected(replace(task, begin=begin))


async def _seed(town: Town) -> None:
    """Written past the projector, as it would have written them."""
    quick = town.db.with_options(write_concern=WriteConcern(w=1, j=False))
    batch: list[dict[str, Any]] = []
    for document in _ballots(town.people):
        batch.append(document)
        if len(batch) == SEEDED_AT_ONCE:
            await quick[plain.BALLOTS].insert_many(batch, ordered=False)
            batch = []
    if batch:
        await quick[plain.BALLOTS].insert_many(batch, ordered=False)


def _ballots(people: int) -> Iterator[dict[str, Any]]:
    data = {"ballot_round_id": "round-1", "vote_type": "approval", "choices": [{"project_id": "0"}]}
    for citizen in workload.citizens(people):
        headers = {"ce_city": f"city-{citizen.city}", "ce_participant": citizen.name}
        document = plain.ballot(headers, data, workload.START, casts=1)
        yield {**document, "_id": f"city-{citizen.city}/round-1:{citizen.name}"}
