"""A gateway on a loopback port of its own, with a city and a key, on real servers."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import orjson
import uvicorn
from pydantic import SecretStr

from events.codec import Decoded, decode
from events.positions import from_token
from infra.directory import City, add_city
from infra.embedded import Endpoints
from infra.kafka import TopicPartition, apply_topics, reader
from infra.keys import ApiKey, Keys
from infra.mongo import Database, connect
from infra.settings import Settings
from producers.http.app import create_app
from producers.http.bodies import BATCH, STRUCTURED
from producers.http.gateway import Gateway
from producers.http.server import config

CITIES = (
    City(id="boston", name="Boston", timezone="America/New_York"),
    City(id="warsaw", name="Warszawa", timezone="Europe/Warsaw"),
)


@dataclass
class Client:
    """What a test needs of a running gateway."""

    http: httpx2.AsyncClient
    settings: Settings
    db: Database
    text: str
    key: ApiKey
    port: int

    async def post(
        self, body: Any, content_type: str = STRUCTURED, *, key: str | None = None, **headers: str
    ) -> httpx2.Response:
        """POST /v1/events with this body (bytes, chunks, or anything that becomes JSON)."""
        raw = body if isinstance(body, bytes) or hasattr(body, "__aiter__") else orjson.dumps(body)
        sent = {"authorization": f"Bearer {key or self.text}", "content-type": content_type, **headers}
        return await self.http.post("/v1/events", content=raw, headers=sent)

    async def batch(self, events: list[Any]) -> httpx2.Response:
        """POST a batch."""
        return await self.post(events, BATCH)

    async def stored(self, response: httpx2.Response, count: int = 1) -> list[Decoded]:
        """The last `count` records of the partition in the response's position token, decoded."""
        [position] = from_token(response.json()["position"])
        place = TopicPartition(position.topic, position.partition)
        consumer = reader(self.settings)
        await consumer.start()
        try:
            consumer.assign([place])
            consumer.seek(place, position.offset - count + 1)
            records = [await consumer.getone() for _ in range(count)]
        finally:
            await consumer.stop()
        return [decode(record.key, record.value, record.headers) for record in records]


@asynccontextmanager
async def running(endpoints: Endpoints) -> AsyncIterator[Client]:
    """A gateway with an empty database of its own."""
    settings = Settings(
        kafka=endpoints.kafka,
        mongo=SecretStr(endpoints.mongo),
        mongo_database=f"test_{uuid4().hex[:12]}",
    )
    await apply_topics(settings)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = uvicorn.Server(config(create_app(Gateway(settings)), settings, loop="none"))
    async with connect(settings) as db:
        for city in CITIES:
            await add_city(db, city)
        text, key = await Keys(db).create("boston", "lights")
        task = asyncio.create_task(server._serve([listener]))
        try:
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
                yield Client(http, settings, db, text, key, port)
        finally:
            server.should_exit = True
            await task
            await db.client.drop_database(settings.mongo_database)
