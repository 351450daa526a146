"""The publisher on a real Kafka that stops answering: nobody is failed for another, nothing is left over."""

import asyncio
from collections.abc import AsyncIterator

import psutil
import pytest
from aiokafka import AIOKafkaProducer

from events.envelope import Event
from infra.embedded import EmbeddedServers
from infra.kafka import apply_topics, producer
from infra.settings import Settings
from producers import publisher
from producers.publisher import OutcomeUnknown, Publisher
from tests.conftest import NewServers
from tests.support import build

pytestmark = pytest.mark.servers


@pytest.fixture
def own(embedded_servers: NewServers) -> EmbeddedServers:
    return embedded_servers()


@pytest.fixture
async def settings(own: EmbeddedServers) -> AsyncIterator[Settings]:
    settings = Settings(_env_file=None, kafka=own.start().kafka)
    await apply_topics(settings)
    yield settings
    own.kafka.resume()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[AIOKafkaProducer]:
    """Every producer that a publisher makes."""
    producers: list[AIOKafkaProducer] = []

    def remembered(settings: Settings) -> AIOKafkaProducer:
        producers.append(producer(settings))
        return producers[-1]

    monkeypatch.setattr(publisher, "producer", remembered)
    return producers


async def _silence(own: EmbeddedServers) -> None:
    """Pause Kafka; on a busy machine it goes on for a moment after the signal."""
    own.kafka.pause()
    while psutil.Process(own.kafka.pid).status() != psutil.STATUS_STOPPED:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.01)


async def test_a_producer_that_timed_out_ends_while_kafka_is_silent_still(
    settings: Settings, own: EmbeddedServers, made: list[AIOKafkaProducer]
) -> None:
    """Its sender, its connections and its tasks: an hour of trouble must not fill the process with them."""
    before = asyncio.all_tasks()
    async with Publisher(settings, deadline=20) as ours:
        await ours.publish([build.opened("r1")])
        await _silence(own)
        ours._deadline = 1
        with pytest.raises(OutcomeUnknown):
            await ours.publish([build.opened("r2")])
        async with asyncio.timeout(30):
            await asyncio.wait(ours._ending)
        assert made[0]._sender.sender_task.done()
        assert not any(connection.connected() for connection in made[0].client._conns.values())
        assert asyncio.all_tasks() == before
        own.kafka.resume()
        ours._deadline = 20
        async with asyncio.timeout(60):
            while not await _published(ours, [build.opened("r2")]):
                pass
    assert len(made) > 1


async def _published(ours: Publisher, events: list[Event]) -> bool:
    try:
        return bool(await ours.publish(events))
    except OutcomeUnknown:
        return False


async def test_a_request_that_times_out_does_not_fail_those_that_share_its_producer(
    settings: Settings, own: EmbeddedServers, made: list[AIOKafkaProducer]
) -> None:
    """The other has more to send than fits at once, so it is half-way when the first gives up."""
    much = [build.opened("r3", description="x" * 1_000) for _ in range(2_000)]
    async with Publisher(settings, deadline=30) as hasty:
        await hasty.publish([build.opened("r1")])
        await _silence(own)
        second = asyncio.create_task(_published(hasty, much))
        await asyncio.sleep(0)
        hasty._deadline = 1
        first = asyncio.create_task(_published(hasty, [build.opened("r2")]))
        assert not await first
        own.kafka.resume()
        assert await second
        assert len(made) == 1
        hasty._deadline = 30
        await hasty.publish([build.opened("r4")])
        assert len(made) == 2
