"""A web application with feeds on real servers, and a reader as an integrator would write one."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

from events.envelope import Event
from infra.directory import City, add_city
from infra.embedded import Endpoints
from infra.kafka import apply_topics
from infra.keys import ApiKey, Keys, Scope
from infra.mongo import connect
from infra.settings import Settings
from producers.publisher import Publisher
from tests.support.web import serve
from townhall import _reads


@dataclass
class Site:
    """Where the feeds are served, and how to prepare what they show."""

    url: str
    settings: Settings

    def city(self, *, scopes: tuple[Scope, ...] = ("read",)) -> tuple[str, str, ApiKey]:
        """A city that nobody else has, with the text of its key and what is known of it."""
        return asyncio.run(self._city(scopes))

    async def _city(self, scopes: tuple[Scope, ...]) -> tuple[str, str, ApiKey]:
        city = f"c-{uuid4().hex[:12]}"
        async with connect(self.settings) as db:
            await add_city(db, City(id=city, name=city, timezone="America/New_York"))
            text, key = await Keys(db).create(city, "feeds", scopes=scopes)
        return city, text, key

    def revoke(self, key: ApiKey) -> None:
        """The key is no good any more."""

        async def revoke() -> None:
            async with connect(self.settings) as db:
                await Keys(db).revoke(key.id)

        asyncio.run(revoke())

    def publish(self, events: Iterable[Event]) -> None:
        """In this order, and acknowledged."""
        asyncio.run(self._publish(list(events)))

    async def _publish(self, events: list[Event]) -> None:
        async with Publisher(self.settings) as publisher:
            await publisher.publish(events)

    def reader(self, key: str, feed: str = "ideas", **asked: Any) -> "Follower":
        """Somebody who follows a feed with this key."""
        return Follower(self.url, key, feed, asked)


@dataclass
class Follower:
    """Keeps the cursor and what it has read, and nothing else."""

    url: str
    key: str
    feed: str = "ideas"
    asked: dict[str, Any] = field(default_factory=dict)
    cursor: str | None = None
    read: list[dict[str, Any]] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def ask(self, **asked: Any) -> httpx2.Response:
        """One question, of which nothing is kept."""
        at = {"cursor": self.cursor} if self.cursor else {}
        query = {**self.asked, **at, **asked}
        return httpx2.get(f"{self.url}/v1/feeds/{self.feed}", params=query, headers=self.headers, timeout=40)

    def page(self, **asked: Any) -> dict[str, Any]:
        """The next page, kept."""
        answer = self.ask(**asked)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        self.read += page["items"]
        self.cursor = page["next"]
        return page

    def catch_up(self, **asked: Any) -> list[str]:
        """The ids of all that was read, when there is no more."""
        while self.page(**asked)["more"]:
            pass
        return [event["id"] for event in self.read]

    @contextmanager
    def stream(self, *, last: str | None = None, **asked: Any) -> Iterator[Iterator[dict[str, str]]]:
        """Server-sent events as they come: their fields, `comment` among them."""
        headers = {**self.headers, "Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
        path = f"{self.url}/v1/feeds/{self.feed}"
        query = {**self.asked, **asked}
        with httpx2.stream("GET", path, params=query, headers=headers, timeout=40) as answer:
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield _messages(answer.iter_lines())


def _messages(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    message: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            message[name or "comment"] = value.strip()
        else:
            yield message
            message = {}


def told(message: dict[str, str]) -> dict[str, Any]:
    """The event that a message carries."""
    event: dict[str, Any] = json.loads(message["data"])
    return event


@contextmanager
def site(servers: Endpoints, *, kafka: bool = True) -> Iterator[Site]:
    """The web application, served with a database of its own."""
    name = f"t_{uuid4().hex[:12]}"
    settings = Settings(kafka=servers.kafka, mongo=servers.mongo, mongo_database=name)
    asyncio.run(apply_topics(settings))
    with serve(_reads(settings if kafka else settings.model_copy(update={"kafka": None}))) as url:
        yield Site(url, settings)
    asyncio.run(_drop(settings))


async def _drop(settings: Settings) -> None:
    async with connect(settings) as db:
        await db.client.drop_database(settings.mongo_database)
