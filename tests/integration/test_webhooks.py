"""`townhall webhooks` as a process: each event is delivered, whatever dies; a repeat carries the same id."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from standardwebhooks import Webhook

from consumers.webhooks.addresses import networks
from consumers.webhooks.deliveries import COLLECTION
from consumers.webhooks.endpoints import Endpoint, Endpoints
from consumers.webhooks.fanout import WEBHOOKS
from events.envelope import Event
from infra.directory import City, add_city
from infra.failpoints import WEBHOOK_STEPS
from producers.publisher import Publisher
from tests.conftest import NewServers
from tests.support import build, receivers, scenes
from tests.support.receivers import Receiver, receiving
from tests.support.scenes import opened

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(240)]

LOOPBACK = "127.0.0.0/8"
SECONDS = 40.0
FAILING = ("amid_failure",)
"""Steps that are taken where a receiver fails."""


@dataclass
class Scene(scenes.Scene):
    """Knows what was published, and waits for deliveries."""

    published: list[Event] = field(default_factory=list)

    async def endpoint(self, receiver: Receiver, *types: str, city: str = "riverton") -> tuple[Endpoint, str]:
        endpoints = Endpoints(self.db, networks(LOOPBACK))
        return await endpoints.create(city, receiver.url, types or ["all"], datetime.now(UTC))

    async def publish(self, *events: Event) -> None:
        self.published += events
        await super().publish(*events)

    async def until_holds(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < deadline, what
            await asyncio.sleep(0.05)

    async def until_all_delivered(self) -> None:
        deadline = time.monotonic() + SECONDS
        while await self.db[COLLECTION].count_documents({"status": {"$ne": "delivered"}}):
            assert time.monotonic() < deadline, "something waits"
            await asyncio.sleep(0.1)

    def said(self) -> str:
        """All that its processes have, one after the other."""
        logs = sorted(self.folder.glob("webhooks-*.log"), key=lambda log: int(log.stem.split("-")[1]))
        return "".join(log.read_text() for log in logs)


@pytest.fixture
async def scene(embedded_servers: NewServers, tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(embedded_servers(), tmp_path, Scene) as found:
        found.variables["TOWNHALL_WEBHOOK_NETWORKS"] = LOOPBACK
        for city in ("riverton", "boston"):
            await add_city(found.db, City(id=city, name=city, timezone="America/New_York"))
        yield found


def told(receiver: Receiver) -> dict[str, str]:
    """What a receiver has that drops repeats by their id: the event of each id."""
    return {one.id: orjson.loads(one.body)["data"]["id"] for one in receiver.got}


async def test_each_event_once_by_its_id_whichever_step_the_process_dies_at(scene: Scene) -> None:
    with receiving() as receiver:
        _, secret = await scene.endpoint(receiver)
        for step in WEBHOOK_STEPS:
            receiver.script = receivers.status(500) if step in FAILING else receivers.well
            event = build.opened(f"dies-{step}")
            await scene.publish(event, event)
            with scene.running("webhooks", dies_at=step) as child:
                ended = await asyncio.to_thread(child.wait, SECONDS)
                assert ended == -signal.SIGKILL, scene.said()[-3000:]
        receiver.script = receivers.well
        wanted = {event.id for event in scene.published}
        with scene.running("webhooks"):
            await scene.until_holds(lambda: set(told(receiver).values()) == wanted, "each event")
            await scene.until_all_delivered()
        known = told(receiver)
        assert sorted(known.values()) == sorted(wanted), "one id for each event"
        for one in receiver.got:
            assert orjson.loads(one.body)["data"]["id"] == known[one.id]
        again = len(receiver.got) - len(known)
        assert again >= 2, "those killed after an answer came again"
        Webhook(secret).verify(receiver.got[-1].body, dict(receiver.got[-1].headers))
        assert secret not in scene.said()
        assert secret.removeprefix("whsec_") not in scene.said()
    reached = [orjson.loads(line)["name"] for line in scene.said().splitlines() if '"failpoint"' in line]
    assert reached == list(WEBHOOK_STEPS)


async def test_who_gets_what(scene: Scene) -> None:
    """By city, type and family; what came before is not sent; one process takes over from another."""
    early = build.opened("early")
    with receiving() as all_, receiving() as family, receiving() as type_, receiving() as other:
        await scene.publish(early)
        await asyncio.sleep(6)  # longer than clocks may differ
        await scene.endpoint(all_)
        await scene.endpoint(family, "ideas")
        await scene.endpoint(type_, "service_request.closed", "idea.submitted")
        await scene.endpoint(other, city="boston")
        opened, closed = build.opened("r1"), build.closed("r1")
        idea, elsewhere = build.submitted("i1"), build.submitted("i2").model_copy(update={"city": "boston"})
        with scene.running("webhooks") as first:
            await scene.publish(opened, closed, idea, elsewhere)
            await scene.until_holds(lambda: len(all_.got) == 3 and len(other.got) == 1, "delivered")
            with scene.running("webhooks") as second:
                await asyncio.sleep(2)
                first.terminate()
                await asyncio.to_thread(first.wait, SECONDS)
                await scene.publish(late := build.opened("late"))
                await scene.until_holds(lambda: len(all_.got) == 4, "by the second")
                assert second.poll() is None
        assert sorted(told(all_).values()) == sorted(one.id for one in (opened, closed, idea, late))
        assert list(told(family).values()) == [idea.id]
        assert sorted(told(type_).values()) == sorted([closed.id, idea.id])
        assert list(told(other).values()) == [elsewhere.id]


async def test_what_is_no_event_is_passed_over_and_another_log_halts_one_partition(scene: Scene) -> None:
    with receiving() as receiver:
        await scene.endpoint(receiver)
        with scene.running("webhooks"):
            await scene.publish(first := build.opened("r1"))
            await scene.until_holds(lambda: len(receiver.got) == 1, "the first")
        place = {"group": WEBHOOKS.group, "topic": "townhall.requests", "applied": {"$gt": 0}}
        moved = await scene.db["checkpoints"].find_one_and_update(place, {"$inc": {"next": 1_000}})
        assert moved is not None
        with scene.running("webhooks"):
            await scene.publish(build.opened("r1"), idea := build.submitted("i1"))
            await scene.until_holds(lambda: idea.id in told(receiver).values(), "other partitions go on")
            await asyncio.sleep(1)
        assert set(told(receiver).values()) == {first.id, idea.id}
        incident = await scene.db["incidents"].find_one({"group": WEBHOOKS.group, "status": "open"})
        assert incident is not None
        assert incident["kind"] == "checkpoint_ahead"
        assert "webhooks_halted" in scene.said()


async def test_from_acknowledgement_to_receiver(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """The goal is 5 s at the 95th percentile; and how many go through."""
    with receiving() as receiver:
        await scene.endpoint(receiver)
        with scene.running("webhooks"):
            await scene.publish(build.opened("warm"))
            await scene.until_holds(lambda: len(receiver.got) == 1, "warm")
            loop, took = asyncio.get_running_loop(), []
            async with Publisher(scene.settings, deadline=30) as publisher:
                for number in range(30):
                    seen = len(receiver.got)
                    await publisher.publish([build.opened(f"r{number}")])
                    started = loop.time()
                    await scene.until_holds(lambda seen=seen: len(receiver.got) > seen, "one more")  # type: ignore[misc]
                    took.append(loop.time() - started)
                seen, started = len(receiver.got), loop.time()
                await publisher.publish([build.opened(f"m{number}") for number in range(1_000)])
                await scene.until_holds(lambda: len(set(receiver.ids)) == seen + 1_000, "a thousand")
                rate = 1_000 / (loop.time() - started)
    took.sort()
    with capsys.disabled():
        print(
            f"\n  webhooks: p50 {took[15]:.2f} s, p95 {took[28]:.2f} s, {rate:,.0f} a second to one endpoint"
        )
    assert took[28] < 5
    assert timedelta(seconds=max(took)) < timedelta(seconds=10)
