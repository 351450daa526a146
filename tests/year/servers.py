"""The same town on a real Kafka and a real MongoDB, whose processes are killed one after the other.

What they leave behind is read into the shapes in which the town in memory keeps it, and compared alike.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from consumers import history
from consumers.engine.model import Notice
from consumers.followups.registry import FOLLOW_UPS
from consumers.lag import standing
from consumers.notice_rows import NOTICE
from events.codec import decode
from events.envelope import DERIVED
from events.topics import TOPICS
from infra.kafka import TopicPartition, apply_topics, reader
from infra.mongo import Database, connect
from infra.settings import Settings
from producers.publisher import Publisher
from producers.simulate import playing
from producers.simulate.entries import enter
from producers.simulate.simulation import Simulation
from projections.registry import PROJECTIONS
from tests.support.forked import Child
from tests.support.processes import environment

CREW = {
    "project-0": "project",
    "project-1": "project",
    "follow-up": "follow-up",
    "relay": "relay",
    "mailer": "mailer",
}
MAIL = "in_app"
"""The channel to addresses where no mail server is named."""
SESSION_MS = 3_000
BETWEEN_KILLS = (2.0, 14.0)
"""Seconds, at random."""
QUIET_SECONDS = 300.0
"""What follows takes follow-up, relay and mailer, and each of them may just have been killed."""
LOOK_SECONDS = 0.2
CAUGHT_UP_SECONDS = 120.0


@dataclass
class Kept:
    """What MongoDB keeps of one projection or follow-up."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    cells: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)


@dataclass
class Crew:
    """The processes of a town, each started again as soon as it has ended."""

    settings: Settings
    folder: Path
    children: dict[str, Child] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)
    ended: Counter[int] = field(default_factory=Counter)

    async def keep(self) -> None:
        """Until cancelled."""
        variables = environment(self.settings) | {"TOWNHALL_SESSION_TIMEOUT_MS": str(SESSION_MS)}
        while True:
            for name, command in CREW.items():
                child = self.children.get(name)
                if child is None or child.poll() is not None:
                    if child is not None:
                        self.ended[child.wait()] += 1
                    log = self.folder / f"{name}.log"
                    self.children[name] = Child(
                        "townhall", [command], environment=variables, folder=self.folder, log=log
                    )
            await asyncio.sleep(LOOK_SECONDS)

    async def kill(self, dice: Random) -> None:
        """One of them, again and again, until cancelled."""
        while True:
            await asyncio.sleep(dice.uniform(*BETWEEN_KILLS))
            name = dice.choice(sorted(CREW))
            if name in self.children:
                self.children[name].kill()
                self.killed[name] += 1

    def end(self) -> None:
        """All of them."""
        for child in self.children.values():
            child.kill()
            child.wait(10)


@dataclass
class ServerTown:
    """What is left when it is over; as `MemoryTown`, as far as it is compared."""

    stored: dict[str, Kept]
    log: list[Any]
    told: list[Notice]
    killed: Counter[str]
    ended: Counter[int]
    mail: str = MAIL

    def notices(self) -> Iterable[Notice]:
        """What people are to be told."""
        return self.told

    def records(self) -> Iterable[Any]:
        """All that a reader of the topics sees, partition by partition."""
        return self.log

    @property
    def repeats(self) -> list[str]:
        """Conclusions that stand in the log more than once, by identity."""
        seen: Counter[tuple[str, str, str]] = Counter()
        for record in self.log:
            event = decode(record.key, record.value, record.headers).event
            if event.source.endswith(f":{DERIVED}"):
                seen[event.city, event.source, event.id] += 1
        return [str(identity) for identity, times in seen.items() if times > 1]


async def lived(
    settings: Settings, simulation: Simulation, folder: Path, seed: int, shown: Callable[[datetime], None]
) -> ServerTown:
    """The simulation, played into these servers while processes are killed, and what it left."""
    await apply_topics(settings)
    history.QUIET_SECONDS = QUIET_SECONDS
    crew, names = Crew(settings, folder), [town.id for town in simulation.towns]
    async with (
        connect(settings) as db,
        Publisher(settings, deadline=60) as publisher,
        history.opened(settings, db, [simulation.coalition.id, *names]) as timers,
    ):
        await enter(db, [town.place for town in simulation.towns], simulation.coalition.city)
        progress = playing.Progress(db, simulation)
        await progress.begin()
        await timers.hold(progress.until)
        try:
            async with _working(crew.keep()):
                async with _working(crew.kill(Random(seed))):
                    await playing.play(simulation, progress, publisher, timers.settle, shown)
                await _caught_up(settings, db)
        finally:
            crew.end()
        log = await _log(settings)
        return ServerTown(await _stored(db), log, await _notices(db), crew.killed, crew.ended)


@contextlib.asynccontextmanager
async def _working(work: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _caught_up(settings: Settings, db: Database) -> None:
    async with asyncio.timeout(CAUGHT_UP_SECONDS):
        while any(row.waiting for row in await standing(settings, db)):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(LOOK_SECONDS)


async def _notices(db: Database) -> list[Notice]:
    rows = await db["notifications"].find().to_list(None)
    return [Notice(id=row["_id"], **_in_utc({name: row[name] for name in NOTICE})) for row in rows]


async def _stored(db: Database) -> dict[str, Kept]:
    stored = {one.name: Kept() for one in (*PROJECTIONS, *FOLLOW_UPS)}
    for one in PROJECTIONS:
        kept = stored[one.name]
        for view in one.documents:
            rows = [row async for row in db[one.collection(view)].find()]
            kept.documents[one.collection(view)] = {row.pop("_id"): _in_utc(row) for row in rows}
        for tally in one.tallies:
            cells = {row["_id"]: row["n"] async for row in db[one.collection(tally)].find()}
            kept.cells[one.collection(tally)] = cells
    return stored


def _in_utc(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC)
        case dict():
            return {name: _in_utc(item) for name, item in value.items()}
        case list():
            return [_in_utc(item) for item in value]
    return value


async def _log(settings: Settings) -> list[Any]:
    consumer, found = reader(settings), list[Any]()
    await consumer.start()
    try:
        for place in [TopicPartition(topic.name, n) for topic in TOPICS for n in range(topic.partitions)]:
            end = (await consumer.end_offsets([place]))[place]
            consumer.assign([place])
            await consumer.seek_to_beginning(place)
            while await consumer.position(place) < end:
                for records in (await consumer.getmany(place, timeout_ms=200)).values():
                    found += records
    finally:
        await consumer.stop()
    return found
