"""Servers of a test's own, the processes of ours that it starts, and the log that they leave."""

import asyncio
import random
import secrets
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TypeVar

from events.codec import decode
from events.envelope import Event
from events.topics import Topic
from infra.embedded import EmbeddedServers
from infra.failpoints import VARIABLE
from infra.kafka import TopicPartition, apply_topics, reader
from infra.mongo import Database, connect
from infra.settings import Settings
from producers.publisher import Publisher
from tests.support.forked import Child
from tests.support.processes import environment

SECONDS = 60.0
LEASE_MS = 1_000


@dataclass
class Scene:
    """Servers of the test's own, and the processes that it starts."""

    settings: Settings
    db: Database
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    """More of the processes' environment."""
    _numbers: Iterator[int] = field(default_factory=count)

    def start(self, command: str, *, dies_at: str | None = None) -> Child:
        """A process; `dies_at` names the step of its own death."""
        variables = environment(self.settings) | {
            "TOWNHALL_SESSION_TIMEOUT_MS": str(LEASE_MS),
            **self.variables,
            VARIABLE: f"{dies_at}=kill" if dies_at else "",
        }
        log = self.folder / f"{command}-{next(self._numbers)}.log"
        return Child("townhall", [command], environment=variables, folder=self.folder, log=log)

    @contextmanager
    def running(self, command: str, *, dies_at: str | None = None) -> Iterator[Child]:
        """A process, killed at the end whatever it does; `dies_at` names the step of its own death."""
        child = self.start(command, dies_at=dies_at)
        try:
            yield child
        finally:
            child.kill()
            child.wait(10)

    def dies(self, command: str, step: str) -> None:
        """Run it until it has died at this step."""
        with self.running(command, dies_at=step) as child:
            assert child.wait(SECONDS) == -signal.SIGKILL, step

    async def publish(self, *events: Event) -> None:
        """In this order, and acknowledged."""
        async with Publisher(self.settings, deadline=30) as publisher:
            await publisher.publish(events)

    async def read(self, topic: Topic) -> list[tuple[int, Event]]:
        """Every event that a reader of the topic sees, with its partition."""
        consumer, found = reader(self.settings), list[tuple[int, Event]]()
        await consumer.start()
        try:
            places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
            ends = await consumer.end_offsets(places)
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            while any([await consumer.position(place) < ends[place] for place in places]):
                for place, records in (await consumer.getmany(timeout_ms=200)).items():
                    events = (decode(one.key, one.value, one.headers).event for one in records)
                    found += [(place.partition, event) for event in events]
        finally:
            await consumer.stop()
        return found

    async def until(self, found: Callable[[], Awaitable[int]], wanted: int, seconds: float = SECONDS) -> None:
        """Return when so many are found."""
        async with asyncio.timeout(seconds):
            while await found() != wanted:  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.1)


SomeScene = TypeVar("SomeScene", bound=Scene)


@asynccontextmanager
async def opened(
    servers: EmbeddedServers, folder: Path, kind: Callable[[Settings, Database, Path], SomeScene]
) -> AsyncIterator[SomeScene]:
    """A scene on these servers, with topics and an empty database."""
    found = servers.start()
    settings = Settings(
        kafka=found.kafka,
        mongo=found.mongo,
        mongo_database=f"test_{secrets.token_hex(8)}",
        session_timeout_ms=LEASE_MS,
        home=folder,
    )
    await apply_topics(settings)
    async with connect(settings) as db:
        yield kind(settings, db, folder)


class Crew:
    """Processes of ours, each started again when it has ended, as a supervisor does."""

    def __init__(self, scene: Scene, commands: Mapping[str, str], dice: random.Random) -> None:
        """`commands` by the names of the processes."""
        self._scene = scene
        self._commands = commands
        self._dice = dice
        self._children: dict[str, Child] = {}
        self.happened: Counter[str] = Counter()
        self.ended: Counter[int] = Counter()

    async def keep(self) -> None:
        """Until cancelled."""
        while True:
            for name, command in self._commands.items():
                child = self._children.get(name)
                if child is None or child.poll() is not None:
                    if child is not None:
                        self.ended[child.wait()] += 1
                    self._children[name] = self._scene.start(command)
            await asyncio.sleep(0.5)

    async def kill(self, *names: str) -> None:
        """One of these, or of all."""
        name = self._dice.choice(names or sorted(self._children))
        self._children[name].kill()
        self.happened[f"{name} killed"] += 1

    async def freeze(self, names: Sequence[str]) -> None:
        """One of these sleeps for longer than its leases last, and wakes up as if nothing had been."""
        child = self._children[self._dice.choice(names)]
        child.send_signal(signal.SIGSTOP)
        await asyncio.sleep(2.5 * LEASE_MS / 1000)
        child.send_signal(signal.SIGCONT)
        self.happened["frozen"] += 1

    def end(self) -> None:
        """All of them."""
        for child in self._children.values():
            child.kill()
            child.wait(10)


@contextmanager
def crew_of(scene: Scene, commands: Mapping[str, str], dice: random.Random) -> Iterator[Crew]:
    """Kept running until the end."""
    crew = Crew(scene, commands, dice)
    keeping = asyncio.ensure_future(crew.keep())
    try:
        yield crew
    finally:
        keeping.cancel()
        crew.end()
