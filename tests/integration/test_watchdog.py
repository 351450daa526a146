"""The watchdog knows work from none, on a real broker."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic

from consumers.engine.engine import Engine
from consumers.engine.memory import MemoryStore
from consumers.engine.model import Incident, Partition, Write
from consumers.fatal import end_process
from consumers.kafka_log import KafkaLog
from consumers.watchdog import Progress, Watchdog
from infra.embedded import Endpoints
from infra.kafka import admin, connection, single
from infra.settings import Settings
from projections.registry import BY_NAME

pytestmark = pytest.mark.servers
NOW = datetime(2026, 4, 1, tzinfo=UTC)


class Scene:
    """One partition, a producer that uses transactions, an engine, its watchdog."""

    def __init__(self, settings: Settings) -> None:
        self.place = Partition(f"test-{secrets.token_hex(8)}", 0)
        options = connection(settings)
        self.sender = AIOKafkaProducer(**options, transactional_id=secrets.token_hex(4))
        self.consumer = AIOKafkaConsumer(
            **options,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        self.store = MemoryStore()
        self.log = KafkaLog(lambda: self.consumer, "memory", lambda: single(settings))
        self.engine = Engine(
            BY_NAME["pulse"], self.log, self.store, owner="test", now=lambda: NOW, failed=end_process
        )
        self.watchdog = Watchdog("test", self.engine, self.log, stall_seconds=0)

    async def publish(self) -> None:
        await self.sender.begin_transaction()
        await self.sender.send_and_wait(self.place.topic, b"no event", partition=0)
        await self.sender.commit_transaction()

    async def work(self) -> bool:
        return bool(await self.watchdog._waiting())

    async def published(self) -> None:
        """What a transaction published can be read when its marker stands in the log: a little later."""
        await self.publish()
        async with asyncio.timeout(15):
            while not await self.work():  # noqa: ASYNC110 - the log has no event to wait for
                await asyncio.sleep(0.01)

    async def drain(self) -> None:
        async with asyncio.timeout(15):
            while await self.work():
                found = await self.consumer.getmany(timeout_ms=200)
                await self.engine.handle([record for records in found.values() for record in records])


@pytest.fixture
async def scene(servers: Endpoints) -> AsyncIterator[Scene]:
    settings = Settings(kafka=servers.kafka)
    scene = Scene(settings)
    async with admin(settings) as client:
        await client.create_topics([NewTopic(scene.place.topic, 1, 1)])
        await scene.sender.start()
        await scene.consumer.start()
        scene.consumer.assign([TopicPartition(*scene.place)])
        yield scene
        await scene.log.close()
        await scene.consumer.stop()
        await scene.sender.stop()
        await client.delete_topics([scene.place.topic])


async def test_a_marker_at_the_end_of_the_log_is_no_work(scene: Scene) -> None:
    """Else an idle projector would be ended and started again for ever."""
    await scene.engine.assigned([scene.place])
    assert not await scene.work()
    await scene.published()
    assert await scene.work()
    await scene.drain()
    assert scene.engine.positions() == {scene.place: 1}
    assert await scene.log.bounds(scene.place) == (0, 2)


async def test_a_partition_never_claimed_is_work(scene: Scene) -> None:
    assert await scene.work()
    claim = await scene.store.claim(scene.place, "test")
    scene.engine.halted[scene.place] = Incident(claim, "expired", "planted", 0, 0)
    assert not await scene.work()


async def test_progress_tells_claimed_from_unclaimed_and_halted(scene: Scene) -> None:
    assert scene.watchdog.progress() == Progress(0, [scene.place.short], {}, [])
    await scene.engine.assigned([scene.place])
    assert scene.watchdog.progress() == Progress(1, [], {}, [])
    claim = await scene.store.claim(scene.place, "test")
    await scene.engine._halt(Incident(claim, "expired", "planted", 0, 0))
    assert scene.watchdog.progress() == Progress(0, [], {scene.place.short: "expired"}, [])


async def test_a_partition_stands_still_that_has_work_and_does_not_move(scene: Scene) -> None:
    await scene.engine.assigned([scene.place])
    await scene.published()
    assert await scene.watchdog._stuck() == [scene.place]
    assert scene.watchdog.progress() == Progress(1, [], {}, [scene.place.short])
    scene.watchdog._stall_seconds = 60
    assert scene.watchdog.progress().still == []  # not for long enough
    scene.watchdog._stall_seconds = 0
    await scene.drain()
    assert scene.watchdog.progress().still == []  # it has moved, though nobody has checked since


async def test_a_batch_under_way_is_work_though_nothing_waits_behind_it(scene: Scene) -> None:
    await scene.engine.assigned([scene.place])
    await scene.published()
    commit = scene.store.commit
    seen: list[bool] = []

    async def slow(write: Write) -> None:
        seen.append(await scene.work())
        await commit(write)

    scene.store.commit = slow  # type: ignore[method-assign]
    await scene.drain()
    assert seen == [True]


async def test_what_the_client_lost_at_the_end_of_the_log_is_read_again(scene: Scene) -> None:
    """No later record would show the gap."""
    await scene.engine.assigned([scene.place])
    await scene.published()
    async with asyncio.timeout(15):
        while not await scene.consumer.getmany(timeout_ms=200):
            pass
        while await scene.log.position(scene.place) < 2:
            await scene.consumer.getmany(timeout_ms=200)
    assert not await scene.work()
    assert await scene.work()
    await scene.drain()
    assert scene.engine.positions() == {scene.place: 1}
    async with asyncio.timeout(15):
        while await scene.work():
            assert not await scene.consumer.getmany(timeout_ms=200)
    assert not await scene.work()
