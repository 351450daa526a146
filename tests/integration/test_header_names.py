"""A header whose name is no UTF-8 stops nobody: Kafka allows it, so somebody will send it."""

import asyncio
import os
import sys
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic

from events.codec import Undecodable, decode, encode
from infra.embedded import Endpoints
from infra.kafka import admin, reader
from infra.settings import Settings
from tests.support import build

pytestmark = pytest.mark.servers

# aiokafka's pure-Python producer asks the name to encode itself; its compiled one does not.
SEND = """
import asyncio, sys
from aiokafka import AIOKafkaProducer

class Name(str):
    def encode(self, *_):
        return bytes.fromhex("63655fff")

async def send(kafka, topic, kind):
    async with AIOKafkaProducer(bootstrap_servers=kafka, compression_type=kind or None) as producer:
        for header in ("good", Name("bad"), "good"):
            await producer.send(topic, b"{}", key=b"k", headers=[(header, b"v")], partition=0)
        await producer.flush()

asyncio.run(send(*sys.argv[1:]))
"""


@pytest.mark.parametrize("compression", ["", "gzip"])
async def test_records_around_and_with_a_bad_header_name_are_read(
    servers: Endpoints, compression: str
) -> None:
    settings = Settings(kafka=servers.kafka)
    topic = f"names-{uuid4().hex[:12]}"
    async with admin(settings) as client:
        await client.create_topics([NewTopic(topic, 1, 1)])
    command = [sys.executable, "-c", SEND, servers.kafka, topic, compression]
    plain_python = {**os.environ, "AIOKAFKA_NO_EXTENSIONS": "1"}
    sending = await asyncio.create_subprocess_exec(*command, env=plain_python)
    assert await asyncio.wait_for(sending.wait(), 60) == 0
    consumer = reader(settings)
    consumer.assign([TopicPartition(topic, 0)])
    await consumer.start()
    try:
        await consumer.seek_to_beginning()
        names: list[str] = []
        while len(names) < 3:
            for records in (await consumer.getmany(timeout_ms=5_000)).values():
                names += [record.headers[0][0] for record in records]
    finally:
        await consumer.stop()
    assert names == ["good", "ce_\\xff", "good"]


def test_such_a_header_does_not_hide_the_event() -> None:
    """It is an attribute that no reader knows; without the known ones the record is no event."""
    record = encode(build.supported("i1", by="person-000000000001"))
    assert decode(record.key, record.value, [*record.headers, ("ce_\\xff", b"v")]).event.subject == "i1"
    with pytest.raises(Undecodable):
        decode(record.key, record.value, [("ce_\\xff", b"v")])
