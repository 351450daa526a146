"""Servers of a test's own, the follow-up of deadlines and the relay as processes, and the log they leave."""

import asyncio
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from consumers.followups.registry import FOLLOW_UPS
from consumers.lag import standing
from consumers.verify import verify
from events.envelope import Event
from events.topics import REQUESTS
from infra.embedded import EmbeddedServers
from infra.failpoints import VARIABLE
from infra.kafka import TopicPartition, apply_topics, reader
from infra.mongo import Database, connect
from infra.settings import Settings
from producers.publisher import Publisher
from tests.support import build
from tests.support.forked import Child
from tests.support.processes import environment

SECONDS = 60.0
LEASE_MS = 1_000
DEADLINES = [one for one in FOLLOW_UPS if one.name == "request_deadlines"]


@dataclass
class Scene:
    """Servers of the test's own, and the processes that it starts."""

    settings: Settings
    db: Database
    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def start(self, command: str, *, dies_at: str | None = None) -> Child:
        """A process; `dies_at` names the step of its own death."""
        variables = environment(self.settings) | {
            "TOWNHALL_SESSION_TIMEOUT_MS": str(LEASE_MS),
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
        async with Publisher(self.settings, deadline=30) as publisher:
            await publisher.publish(events)

    async def log(self) -> list[tuple[int, str, str]]:
        """Partition, type and subject of every record that a reader of the topic sees."""
        consumer = reader(self.settings)
        await consumer.start()
        try:
            places = [TopicPartition(REQUESTS.name, number) for number in range(REQUESTS.partitions)]
            ends = await consumer.end_offsets(places)
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            found = []
            while any([await consumer.position(place) < ends[place] for place in places]):
                for place, records in (await consumer.getmany(timeout_ms=200)).items():
                    found += [(place.partition, dict(record.headers)) for record in records]
        finally:
            await consumer.stop()
        return [
            (place, one["ce_type"].decode().split(".", 2)[2], one["ce_subject"].decode())
            for place, one in found
        ]

    async def wrong(self) -> list[str]:
        """In which states the log and what is stored differ."""
        found = [await verify(self.settings, self.db, one, lambda *_: None) for one in DEADLINES]
        return [difference for one in found for difference in one.differences]

    async def overdue(self) -> Counter[str]:
        return Counter(subject for _, type_, subject in await self.log() if "overdue" in type_)

    async def in_order(self) -> dict[int, list[str]]:
        """What is overdue, as each partition tells it."""
        found: dict[int, list[str]] = {}
        for place, type_, subject in await self.log():
            if "overdue" in type_:
                found.setdefault(place, []).append(subject)
        return found

    async def until_folded(self) -> None:
        """The follow-up has folded all that stands in the log."""

        async def waiting() -> int:
            rows = await standing(self.settings, self.db)
            return sum(row.waiting for row in rows if row.projection == DEADLINES[0].name)

        await self.until(waiting, 0)

    async def until(self, found: Callable[[], Awaitable[int]], wanted: int) -> None:
        async with asyncio.timeout(SECONDS):
            while await found() != wanted:  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.1)

    async def until_overdue(self, *requests: str) -> Counter[str]:
        """All that is overdue, when these are."""
        deadline = time.monotonic() + SECONDS
        while not set(requests) <= set(found := await self.overdue()):
            assert time.monotonic() < deadline, f"missing {set(requests) - set(found)}"
        return found


@asynccontextmanager
async def opened(servers: EmbeddedServers, folder: Path) -> AsyncIterator[Scene]:
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
        yield Scene(settings, db, folder)


def soon(request: str, seconds: float = 0.0) -> Event:
    """A request that is overdue in so many seconds."""
    now = datetime.now(UTC)
    return build.opened(request, at=now.isoformat(), expected_datetime=now + timedelta(seconds=seconds))
