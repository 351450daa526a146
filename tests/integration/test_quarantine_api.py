"""`/v1/quarantine`: what could not be counted, over HTTP; a city's own and no other's."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from consumers.engine.memory import MemoryTopics
from consumers.engine.model import Partition
from consumers.http import quarantine_router
from consumers.mongo_store import MongoStore
from events.codec import encode
from events.envelope import Event
from events.partitioning import partition_of
from infra import problems
from infra.directory import City, add_city
from infra.embedded import Endpoints
from infra.keys import Keys, Scope
from infra.mongo import Database, connect
from infra.settings import Settings
from projections import builds
from projections.registry import BY_NAME, PROJECTIONS
from tests.support import build
from tests.support.engines import Worker, all_partitions

pytestmark = pytest.mark.servers
PARTICIPATION = BY_NAME["participation"]
ANN, BEN = "ann-pseudonym-0001", "ben-pseudonym-0002"


def strange(topics: MemoryTopics, event: Event) -> None:
    """The event, of a type that nobody knows: whatever follows with its key must wait."""
    record = encode(event)
    headers = [(name, b"org.x.v1" if name == "ce_type" else value) for name, value in record.headers]
    place = Partition(record.topic, partition_of(record.key, 6))
    topics.append_raw(place, record.key, record.value, headers)


@dataclass
class Desk:
    """An API, and keys for it."""

    http: httpx2.AsyncClient
    db: Database
    texts: dict[str, str]

    async def get(self, path: str = "", *, who: str = "riverton", **query: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.texts[who]}"}
        return await self.http.get(f"/v1/quarantine{path}", params=query, headers=headers)

    async def post(self, path: str, *, who: str = "riverton") -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.texts[who]}"}
        return await self.http.post(f"/v1/quarantine/{path}", headers=headers)

    async def one(self, reason: str) -> dict[str, Any]:
        items = (await self.get()).json()["items"]
        (found,) = [item for item in items if item["reason"] == reason]
        return dict(found)


@pytest.fixture
async def desk(servers: Endpoints) -> AsyncIterator[Desk]:
    """Riverton has a stranger with a ballot waiting behind it, and a broken record; Boston has one too."""
    settings = Settings(mongo=servers.mongo, mongo_database=f"test_{secrets.token_hex(8)}")
    async with connect(settings) as db:
        await builds.prepare(db, PROJECTIONS)
        topics = MemoryTopics()
        strange(topics, build.ballot("a", by=ANN))
        topics.append(encode(build.ballot("b", by=ANN)))
        topics.append(encode(build.ballot("a", by=BEN))._replace(value=b"no JSON \xff"))
        boston = encode(build.ballot("a", by=ANN, city="boston"))
        topics.append(boston._replace(value=b"{"))
        topics.append_raw(Partition("townhall.ideas", 0), None, b"of nobody", [])
        worker = Worker(PARTICIPATION, topics, MongoStore(db, PARTICIPATION, "memory"))
        await worker.assign(all_partitions(PARTICIPATION))
        await worker.drain()

        texts, keys = {}, Keys(db)
        for city in ("riverton", "boston"):
            await add_city(db, City(id=city, name=city, timezone="America/New_York"))
            texts[city], _ = await keys.create(city, "desk", scopes=["operate"])
        unfit: list[Scope] = ["events:write", "read"]
        texts["app"], _ = await keys.create("riverton", "app", scopes=unfit)
        app = FastAPI()
        app.include_router(quarantine_router(lambda: (db, keys)))
        problems.install(app)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://desk") as http:
            yield Desk(http, db, texts)
        await db.client.drop_database(db.name)


async def test_a_key_sees_its_own_city_only(desk: Desk) -> None:
    own = (await desk.get()).json()
    assert sorted(item["reason"] for item in own["items"]) == ["not_json", "parked", "unknown_type"]
    assert own["next"] is None
    other = (await desk.get(who="boston")).json()["items"]
    assert [item["reason"] for item in other] == ["not_json"]
    for path in (f"/{other[0]['id']}", "/nothing"):
        assert (await desk.get(path)).status_code == 404
    assert (await desk.post(f"{other[0]['id']}/drop")).status_code == 404


async def test_the_list_goes_by_pages_and_shows_no_bytes(desk: Desk) -> None:
    seen, after = [], None
    while True:
        answer = (await desk.get(limit=1, **({"after": after} if after else {}))).json()
        seen += answer["items"]
        if (after := answer["next"]) is None:
            break
    assert [item["id"] for item in seen] == sorted(item["id"] for item in (await desk.get()).json()["items"])
    assert all(item.keys().isdisjoint({"key", "value", "headers"}) for item in seen)


async def test_one_record_is_shown_with_its_bytes(desk: Desk) -> None:
    answer = await desk.get(f"/{(await desk.one('not_json'))['id']}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["value"] == "base64:bm8gSlNPTiD/"
    assert answer.json()["key"].startswith("riverton/")


async def test_what_still_cannot_be_counted_stays_and_given_up_it_lets_others_go_on(desk: Desk) -> None:
    first = await desk.one("unknown_type")
    refused = await desk.post(f"{first['id']}/retry")
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:townhall:problem:still_poison"
    assert await desk.db["ballots.v3"].count_documents({}) == 0

    done = await desk.post(f"{first['id']}/drop")
    assert (done.status_code, done.json()) == (200, {"records": 2, "still": None})
    assert await desk.db["ballots.v3"].count_documents({}) == 1
    assert [item["reason"] for item in (await desk.get()).json()["items"]] == ["not_json"]
    settled = (await desk.get(settled=True)).json()["items"]
    assert sorted(item["status"] for item in settled) == ["dropped", "open", "replayed"]

    again = await desk.post(f"{first['id']}/drop")
    assert again.status_code == 409
    assert again.json()["type"] == "urn:townhall:problem:not_open"


@pytest.mark.parametrize(("who", "status"), [("nobody", 401), ("app", 403)])
async def test_others_are_refused(desk: Desk, who: str, status: int) -> None:
    desk.texts["nobody"] = "th_aaaaaaaaaaaa_" + 43 * "x"
    for answer in (
        await desk.get(who=who),
        await desk.get("/x", who=who),
        await desk.post("x/drop", who=who),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


async def test_no_question_becomes_a_query_of_another_kind(desk: Desk) -> None:
    for path in ("/%7B%22$ne%22:null%7D", "/" + "x" * 301):
        assert (await desk.get(path)).status_code in (404, 422)
    assert (await desk.get(limit=0)).status_code == 422
    assert (await desk.get(after='{"$gt":""}')).json()["items"] == []  # a text that no id comes after
