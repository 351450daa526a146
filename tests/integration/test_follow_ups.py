"""A deadline passes: one event on the log, whichever process dies at whichever step."""

import asyncio
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consumers import history as histories
from consumers.followups.registry import FOLLOW_UPS
from consumers.history import NotQuiet
from consumers.verify import verify
from events.envelope import Event
from events.topics import REQUESTS
from infra.failpoints import FOLLOW_UP_STEPS, VARIABLE
from infra.kafka import TopicPartition, apply_topics, reader
from infra.mongo import Database, connect
from infra.settings import Settings
from producers.publisher import Publisher
from tests.conftest import NewServers
from tests.support import build
from tests.support.forked import Child
from tests.support.processes import environment

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(180)]

RUNNER_STEPS = {"after_outbox_insert", "after_timers", "after_audiences"}
SECONDS = 30.0
LEASE_MS = 1_000
DEADLINES = [one for one in FOLLOW_UPS if one.name == "request_deadlines"]


@dataclass
class Scene:
    """Servers of the test's own, and the processes that it starts."""

    settings: Settings
    db: Database
    folder: Path

    @contextmanager
    def running(self, command: str, *, dies_at: str | None = None) -> Iterator[Child]:
        """A process, killed at the end whatever it does; `dies_at` names the step of its own death."""
        variables = environment(self.settings) | {
            "TOWNHALL_SESSION_TIMEOUT_MS": str(LEASE_MS),
            VARIABLE: f"{dies_at}=kill" if dies_at else "",
        }
        log = self.folder / f"{command}.log"
        child = Child("townhall", [command], environment=variables, folder=self.folder, log=log)
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

    async def log(self) -> list[tuple[str, str]]:
        """Type and subject of every record that a reader of the topic sees."""
        consumer = reader(self.settings)
        await consumer.start()
        try:
            places = [TopicPartition(REQUESTS.name, number) for number in range(REQUESTS.partitions)]
            ends = await consumer.end_offsets(places)
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            found = []
            while any([await consumer.position(place) < ends[place] for place in places]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [dict(record.headers) for record in records]
        finally:
            await consumer.stop()
        return [(one["ce_type"].decode().split(".", 2)[2], one["ce_subject"].decode()) for one in found]

    async def wrong(self) -> list[str]:
        """In which states the log and what is stored differ."""
        found = [await verify(self.settings, self.db, one, lambda *_: None) for one in DEADLINES]
        return [difference for one in found for difference in one.differences]

    async def overdue(self) -> Counter[str]:
        return Counter(subject for type_, subject in await self.log() if "overdue" in type_)

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


@pytest.fixture
async def scene(embedded_servers: NewServers, tmp_path: Path) -> AsyncIterator[Scene]:
    servers = embedded_servers().start()
    settings = Settings(
        kafka=servers.kafka,
        mongo=servers.mongo,
        mongo_database=f"test_{secrets.token_hex(8)}",
        session_timeout_ms=LEASE_MS,
        home=tmp_path,
    )
    await apply_topics(settings)
    async with connect(settings) as db:
        yield Scene(settings, db, tmp_path)


def soon(request: str, seconds: float = 0.0) -> Event:
    """A request that is overdue in so many seconds."""
    now = datetime.now(UTC)
    return build.opened(request, at=now.isoformat(), expected_datetime=now + timedelta(seconds=seconds))


async def test_a_follow_up_that_is_behind_may_hold_what_cancels_the_timer(scene: Scene) -> None:
    """So nothing fires until it has caught up: it was closed, and is not late."""
    with scene.running("relay"):
        await scene.publish(soon("behind", 3))
        with scene.running("follow-up"):
            await scene.until(lambda: scene.db["timers"].count_documents({}), 1)
        await scene.publish(build.closed("behind", at=datetime.now(UTC).isoformat()))
        await asyncio.sleep(5)
        assert await scene.db["timers"].count_documents({"due": {"$lt": datetime.now(UTC)}}) == 1
        with scene.running("follow-up"):
            await scene.publish(soon("other"))
            assert await scene.until_overdue("other") == {"other": 1}
            await scene.until(lambda: scene.db["timers"].count_documents({}), 0)


async def test_one_event_whichever_process_dies_at_whichever_step(scene: Scene) -> None:
    relay_steps = [step for step in FOLLOW_UP_STEPS if step not in RUNNER_STEPS]
    requests = [f"dies-{step}" for step in FOLLOW_UP_STEPS]
    for step in RUNNER_STEPS:
        await scene.publish(soon(f"dies-{step}"))
        scene.dies("follow-up", step)
    with scene.running("follow-up"):
        for step in relay_steps:
            await scene.publish(soon(f"dies-{step}"))
            scene.dies("relay", step)
        with scene.running("relay"):
            assert await scene.until_overdue(*requests) == dict.fromkeys(requests, 1)
            await scene.until(lambda: scene.db["outbox"].count_documents({}), 0)
    assert await scene.db["timers"].count_documents({}) == 0
    assert await scene.overdue() == dict.fromkeys(requests, 1)
    assert await scene.wrong() == []
    await scene.db["request_deadlines.v1"].update_one({"request_id": requests[0]}, {"$set": {"open": False}})
    (difference,) = await scene.wrong()
    assert requests[0] in difference


async def test_a_history_finds_its_deadlines_when_it_comes_to_them(scene: Scene) -> None:
    """Published in a minute, all of them have long passed: one that was kept must not be told as missed."""
    opened, promised = (datetime(2020, 3, day, 17, tzinfo=UTC) for day in (1, 2))
    kept, missed = (
        build.opened(request, at=opened.isoformat(), expected_datetime=promised)
        for request in ("kept", "missed")
    )
    async with histories.opened(scene.settings, scene.db, ["riverton"]) as history:
        await history.hold(opened)
        with scene.running("follow-up"), scene.running("relay"):
            await scene.publish(kept, missed)
            await history.settle(promised - timedelta(seconds=1))
            assert await scene.overdue() == {}
            await scene.publish(build.closed("kept", at=(promised - timedelta(hours=1)).isoformat()))
            await history.settle(promised)
            assert await scene.overdue() == {"missed": 1}


async def test_a_history_that_nobody_follows_up_says_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.history.QUIET_SECONDS", 1.0)
    await scene.publish(soon("unseen"))
    async with histories.opened(scene.settings, scene.db, ["riverton"]) as history:
        with pytest.raises(NotQuiet, match="townhall follow-up"):
            await history.settle(datetime.now(UTC))
