"""`/v1/webhooks` and `townhall endpoints`: a city's own endpoints, and no other's."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from consumers.cli.endpoints import app as endpoints_app
from consumers.webhooks import deliveries
from consumers.webhooks.addresses import networks
from consumers.webhooks.deliveries import COLLECTION
from consumers.webhooks.dial import Dial
from consumers.webhooks.endpoints import MOST
from consumers.webhooks.http import webhooks_router
from consumers.webhooks.sender import Sender
from infra import problems
from infra.directory import City, add_city
from infra.embedded import Endpoints as Servers
from infra.keys import Keys, Scope
from infra.mongo import Database, connect
from infra.settings import Settings
from tests.support import receivers
from tests.support.receivers import receiving

pytestmark = pytest.mark.servers
LOOPBACK = "127.0.0.0/8"
HOOK = {"url": "https://hooks.example.org/townhall", "types": ["ideas", "service_request.closed"]}


@dataclass
class Desk:
    """An API, and keys for it."""

    http: httpx2.AsyncClient
    db: Database
    settings: Settings
    texts: dict[str, str]

    async def call(
        self, method: str, path: str = "", body: Any = None, *, who: str = "riverton", **query: Any
    ) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.texts[who]}"}
        return await self.http.request(
            method, f"/v1/webhooks{path}", params=query, headers=headers, json=body
        )

    async def made(self, **change: Any) -> dict[str, Any]:
        answer = await self.call("POST", "", {**HOOK, **change})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def send(self) -> None:
        dial = Dial(networks(LOOPBACK), seconds=2)
        await Sender(self.db, dial, lambda: datetime.now(UTC), allowed=networks(LOOPBACK)).drained()
        await dial.close()


@pytest.fixture
async def desk(servers: Servers) -> AsyncIterator[Desk]:
    settings = Settings(
        mongo=servers.mongo, mongo_database=f"test_{secrets.token_hex(8)}", webhook_networks=LOOPBACK
    )
    async with connect(settings) as db:
        await deliveries.prepare(db)
        texts, keys = {"nobody": "th_aaaaaaaaaaaa_" + 43 * "x"}, Keys(db)
        for city in ("riverton", "boston"):
            await add_city(db, City(id=city, name=city, timezone="America/New_York"))
            texts[city], _ = await keys.create(city, "desk", scopes=["webhooks"])
        unfit: list[Scope] = ["events:write", "read", "operate"]
        texts["app"], _ = await keys.create("riverton", "app", scopes=unfit)
        app = FastAPI()
        app.include_router(webhooks_router(lambda: (db, keys), settings))
        problems.install(app)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://desk") as http:
            yield Desk(http, db, settings, texts)
        await db.client.drop_database(db.name)


async def test_a_secret_is_shown_when_it_is_made_and_never_again(desk: Desk) -> None:
    answer = await desk.call("POST", "", HOOK)
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert made["secret"].startswith("whsec_")
    rotated = (await desk.call("POST", f"/{made['id']}/rotate")).json()["secret"]
    assert rotated != made["secret"]
    await desk.call("POST", f"/{made['id']}/test")
    for answer in (
        await desk.call("GET"),
        await desk.call("GET", f"/{made['id']}"),
        await desk.call("PATCH", f"/{made['id']}", {"types": ["all"]}),
        await desk.call("GET", f"/{made['id']}/deliveries"),
    ):
        assert answer.status_code == 200
        assert "whsec" not in answer.text
        assert made["secret"].removeprefix("whsec_") not in answer.text


async def test_what_is_made_is_listed_shown_changed_and_deleted(desk: Desk) -> None:
    made = await desk.made()
    assert (made["city"], made["url"], made["types"]) == ("riverton", HOOK["url"], sorted(HOOK["types"]))
    assert (made["enabled"], made["disabled_because"], made["pending"]) == (True, None, 0)
    (item,) = (await desk.call("GET")).json()["items"]
    assert item == {name: value for name, value in made.items() if name != "secret"}
    path = f"/{made['id']}"
    changed = (await desk.call("PATCH", path, {"url": "https://b.example.org/", "types": ["all"]})).json()
    assert (changed["url"], changed["types"]) == ("https://b.example.org/", ["all"])
    off = (await desk.call("PATCH", path, {"enabled": False})).json()
    assert (off["enabled"], off["disabled_because"]) == (False, "by_hand")
    refused = await desk.call("POST", f"{path}/test")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:townhall:problem:disabled")
    on = (await desk.call("PATCH", path, {"enabled": True})).json()
    assert (on["enabled"], on["disabled_because"], on["url"]) == (True, None, "https://b.example.org/")
    assert (await desk.call("DELETE", path)).status_code == 204
    assert (await desk.call("GET", path)).status_code == 404
    assert (await desk.call("DELETE", path)).status_code == 404


async def test_endpoints_of_another_city_are_as_if_they_were_not_there(desk: Desk) -> None:
    made = await desk.made()
    message = (await desk.call("POST", f"/{made['id']}/test")).json()["id"]
    period = {"since": "2026-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z"}
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"enabled": False}),
        ("DELETE", "", None),
        ("POST", "/rotate", None),
        ("POST", "/test", None),
        ("GET", "/deliveries", None),
        ("POST", f"/deliveries/{message}/replay", None),
        ("POST", "/replay", period),
    ):
        other = await desk.call(method, f"/{made['id']}{path}", body, who="boston")
        absent = await desk.call(method, f"/wh_{'0' * 24}{path}", body, who="boston")
        assert other.status_code == absent.status_code == 404
        assert other.json() == absent.json()
        unfit = await desk.call(method, f"/{made['id']}{path}", body, who="app")
        assert unfit.status_code == 403
        assert (await desk.call(method, f"/{made['id']}{path}", body, who="nobody")).status_code == 401
    assert (await desk.call("GET", who="boston")).json() == {"items": []}
    assert (await desk.call("GET", f"/{made['id']}")).json()["enabled"]


@pytest.mark.parametrize(
    "change",
    [
        {"url": "ftp://example.org/"},
        {"url": "https://user@example.org/"},
        {"url": "http://10.0.0.1/"},
        {"url": "https://" + "a" * 3_000},
        {"url": {"$gt": ""}},
        {"url": None},
        {"types": []},
        {"types": ["idea"]},
        {"types": ["org.citiesofservice.idea.submitted.v1"]},
        {"types": [{"$ne": 1}]},
        {"types": "all"},
        {"city": "boston"},
        {"secret": "whsec_" + "A" * 44},
        {"enabled": True},
    ],
)
async def test_what_will_not_do_is_refused_and_nothing_is_made(desk: Desk, change: dict[str, Any]) -> None:
    answer = await desk.call("POST", "", {**HOOK, **change})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert await desk.db["webhooks"].count_documents({}) == 0


@pytest.mark.parametrize("id_", ["%7B%22$gt%22:%22%22%7D", "x", "wh_", "x" * 101, "wh_" + "0" * 24])
async def test_no_id_becomes_a_query_of_another_kind(desk: Desk, id_: str) -> None:
    await desk.made()
    assert (await desk.call("GET", f"/{id_}")).status_code in (404, 422)


async def test_a_large_body_is_not_read_to_its_end(desk: Desk) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 10**9:
            read += 8_192
            yield b"[" * 8_192

    headers = {"authorization": f"Bearer {desk.texts['nobody']}", "content-type": "application/json"}
    answer = await desk.http.post("/v1/webhooks", content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:townhall:problem:too_large")
    assert read < 100_000
    nested = await desk.http.post("/v1/webhooks", content=b"[" * 30_000, headers=headers)
    assert nested.status_code in (400, 401, 422)


async def test_a_city_has_so_many_and_no_more(desk: Desk) -> None:
    for _ in range(MOST):
        await desk.made()
    answer = await desk.call("POST", "", HOOK)
    assert answer.status_code == 422
    assert f"at most {MOST}" in answer.json()["detail"]


async def test_a_test_is_sent_and_the_log_tells_what_came_of_it(desk: Desk) -> None:
    with receiving(receivers.status(500)) as receiver:
        made = await desk.made(url=receiver.url)
        path = f"/{made['id']}"
        message = (await desk.call("POST", f"{path}/test")).json()["id"]
        await desk.send()
        assert receiver.ids == [message]
        (item,) = (await desk.call("GET", f"{path}/deliveries")).json()["items"]
        assert (item["id"], item["type"], item["status"]) == (message, "webhook.test", "pending")
        assert [(one["outcome"], one["status"]) for one in item["tried"]] == [("refused", 500)]
        assert item["next_at"] is not None
        shown = (await desk.call("GET", path)).json()
        assert shown["pending"] == 1
        assert shown["failing_since"] is not None
        receiver.script = receivers.well
        assert (await desk.call("POST", f"{path}/deliveries/{message}/replay")).status_code == 202
        await desk.send()
        (item,) = (await desk.call("GET", f"{path}/deliveries", status="delivered")).json()["items"]
        assert [one["outcome"] for one in item["tried"]] == ["refused", "delivered"]
        assert (await desk.call("GET", f"{path}/deliveries", status="exhausted")).json()["items"] == []
        now = datetime.now(UTC)
        period = {"since": str(now - timedelta(hours=1)), "until": str(now + timedelta(hours=1))}
        assert (await desk.call("POST", f"{path}/replay", period)).json() == {"deliveries": 1}
        await desk.send()
        assert receiver.ids == [message] * 3
        assert (await desk.call("POST", f"{path}/deliveries/msg_x/replay")).status_code == 404
        naive = {"since": "2026-01-01T00:00:00", "until": "2026-01-02T00:00:00"}
        assert (await desk.call("POST", f"{path}/replay", naive)).status_code == 422


async def test_the_log_goes_by_pages_the_latest_first(desk: Desk) -> None:
    made = await desk.made()
    sent = [(await desk.call("POST", f"/{made['id']}/test")).json()["id"] for _ in range(5)]
    seen: list[str] = []
    query: dict[str, str] = {}
    while True:
        answer = (await desk.call("GET", f"/{made['id']}/deliveries", limit=2, **query)).json()
        seen += [item["id"] for item in answer["items"]]
        if answer["next"] is None:
            break
        query = {"after": answer["next"]}
    assert sorted(seen) == sorted(sent)
    assert len(seen) == 5
    rows = await desk.db[COLLECTION].find().sort([("at", -1), ("_id", -1)]).to_list(None)
    assert seen == [row["message"] for row in rows]


async def test_the_document_describes_every_route(desk: Desk) -> None:
    document = (await desk.http.get("/openapi.json")).json()
    routes = [route for path in document["paths"].values() for route in path.values()]
    assert len(routes) == 10
    for route in routes:
        assert route["security"] == [{"apiKey": []}]
        assert route["summary"]
        assert {"401", "403", "404", "503"} <= route["responses"].keys()


def test_the_commands_do_the_same(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    database = f"test_{secrets.token_hex(8)}"
    monkeypatch.setenv("TOWNHALL_KAFKA", servers.kafka)
    monkeypatch.setenv("TOWNHALL_MONGO", servers.mongo)
    monkeypatch.setenv("TOWNHALL_MONGO_DATABASE", database)

    def told(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(endpoints_app, list(arguments))
        assert done.exit_code == code, done.output
        return done.output

    import asyncio

    async def prepare() -> None:
        async with connect(Settings(mongo=servers.mongo, mongo_database=database)) as db:
            await add_city(db, City(id="riverton", name="Riverton", timezone="America/New_York"))

    asyncio.run(prepare())
    made = told("add", "https://hooks.example.org/", "--city", "riverton", "--type", "ideas")
    id_ = made.split()[0]
    assert made.splitlines()[-1].startswith("whsec_")
    assert (
        "no webhook is sent"
        in told("add", "http://x.example.org/", "--city", "riverton", "--type", "all", code=1).lower()
    )
    assert (
        "no city"
        in told("add", "https://x.example.org/", "--city", "atlantis", "--type", "all", code=1).lower()
    )
    assert f"{id_}  riverton  enabled  https://hooks.example.org/" in told("list", "--city", "riverton")
    assert "all at https://b.example.org/" in told(
        "change", id_, "--url", "https://b.example.org/", "--type", "all"
    )
    assert told("rotate", id_).startswith("whsec_")
    message = told("test", id_).strip()
    assert message in told("deliveries", id_)
    assert "1 wait, 0 ran out" in told("list")
    assert "disabled" in told("disable", id_)
    assert "somebody of the city disabled it" in told("list")
    assert "enabled" in told("enable", id_)
    assert told("replay", id_, message).strip() == "1 on their way"
    assert told("replay", id_, "--since", "2026-01-01").strip() == "0 on their way"
    told("replay", id_, code=2)
    assert "no such delivery" in told("replay", id_, "msg_x", code=1)
    assert told("delete", id_, "--yes").strip() == "deleted"
    assert "no such endpoint" in told("rotate", id_, code=1)
