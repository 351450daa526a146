"""A connection to Kafka that breaks is told as a KafkaError, whichever loop it belongs to."""

import asyncio
import contextlib
import gc
from collections.abc import Callable

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest

from infra.embedded import Endpoints
from infra.kafka import TopicPartition, apply_topics, reader
from infra.settings import Settings

pytestmark = pytest.mark.servers


async def _ask_when_broken(kafka: str, turns: int) -> BaseException | None:
    """What a request raises so many turns of the loop after its connection broke."""
    host, port = kafka.split(":")
    connection = await create_conn(host, int(port), request_timeout_ms=2_000)
    try:
        connection._writer.transport.abort()
        for _ in range(turns):
            await asyncio.sleep(0)
        await connection.send(MetadataRequest([]))
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - which it is, is the question
        return error
    finally:
        connection.close()
    return None


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_broken_connection_is_a_kafka_error(
    servers: Endpoints, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        raised = [runner.run(_ask_when_broken(servers.kafka, turns)) for turns in range(6)]
    assert [error for error in raised if not isinstance(error, KafkaError)] == []


async def _given_up(kafka: str, milliseconds: int) -> list[AIOKafkaConnection]:
    """The connections that are left when a consumer that was starting was cancelled and stopped."""
    consumer = reader(Settings(kafka=kafka))
    starting = asyncio.create_task(consumer.start())
    await asyncio.sleep(milliseconds / 1000)
    starting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starting
    await consumer.stop()
    made = [one for one in gc.get_objects() if type(one) is AIOKafkaConnection]
    return [one for one in made if one.connected() and one._loop is asyncio.get_running_loop()]


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_consumer_that_is_given_up_while_it_starts_leaves_no_connection(
    servers: Endpoints, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        assert [runner.run(_given_up(servers.kafka, after)) for after in range(12)] == [[]] * 12


async def test_a_consumer_stops_while_a_fetch_that_failed_waits_for_its_next_try(servers: Endpoints) -> None:
    settings = Settings(kafka=servers.kafka)
    await apply_topics(settings)
    consumer = reader(settings)
    await consumer.start()
    place = TopicPartition("townhall.ideas", 0)
    consumer.assign([place])
    consumer.seek(place, 0)
    waiting = asyncio.create_task(asyncio.sleep(60))  # as a fetch does after an answer that was an error
    await asyncio.sleep(0)
    assert consumer._fetcher is not None
    consumer._fetcher._pending_tasks.add(waiting)
    await consumer.stop()
    assert waiting.cancelled()
    assert not consumer._client._conns
