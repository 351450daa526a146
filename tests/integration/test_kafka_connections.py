"""A connection to Kafka that breaks is told as a KafkaError, whichever loop it belongs to."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop
from aiokafka.conn import create_conn
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
