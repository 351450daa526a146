"""Feeds while processes are killed, and while the log is not what it was: never a silent gap."""

import asyncio
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiokafka.admin import RecordsToDelete

from consumers.feeds.cursor import from_text, to_text
from events.envelope import Event
from events.topics import IDEAS
from events.types.ideas import IdeaSupported
from infra.directory import City, add_city
from infra.embedded import EmbeddedServers
from infra.kafka import TopicPartition, admin, apply_topics, reader
from infra.keys import Keys
from infra.mongo import connect
from producers.publisher import Publisher
from tests.faults.scene import Projector, Scene, wait_until
from tests.support import build
from tests.support.feeds import Follower, told
from tests.support.processes import free_port

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(180, method="signal")]

KILLS = 12


class Web:
    """`townhall web` at one address, started again after each kill, and keys for two cities."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys = asyncio.run(self._keys())
        self.process = self._start()

    async def _keys(self) -> dict[str, str]:
        texts: dict[str, str] = {}
        async with connect(self.scene.settings) as db:
            for city in ("riverton", "boston"):
                await add_city(db, City(id=city, name=city, timezone="America/New_York"))
                texts[city], _ = await Keys(db).create(city, "feeds", scopes=["read"])
        return texts

    def _start(self) -> Projector:
        process = self.scene.start("townhall", "web", TOWNHALL_PORT=str(self.port))
        wait_until(self._answers, "the web application answers", 60)
        return process

    def _answers(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/v1/cities", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    def kill(self) -> None:
        """SIGKILL, and another one."""
        self.process.kill()
        self.process = self._start()

    def follower(self, city: str = "riverton", **asked: Any) -> Follower:
        return Follower(self.url, self.keys[city], asked=asked)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("feeds")
    with Scene(EmbeddedServers(folder / "home"), folder) as scene:
        try:
            yield Web(scene)
        finally:
            scene.servers.stop()


def supports(start: int, count: int) -> list[Event]:
    """Of two cities in turn, each for a few ideas."""
    return [
        build.event(
            f"idea-{n % 9}",
            IdeaSupported(),
            city=("riverton", "boston")[n % 2],
            participant=f"somebody-pseudonym-{n:06}",
            id=f"s{n}",
        )
        for n in range(start, start + count)
    ]


def publish(web: Web, events: list[Event]) -> None:
    async def send() -> None:
        async with Publisher(web.scene.settings, deadline=30) as publisher:
            await publisher.publish(events)

    asyncio.run(send())


def log(web: Web, city: str) -> dict[str, list[str]]:
    """The ids on the log for each key of a city, read without a feed."""

    async def read() -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        places = [TopicPartition(IDEAS.name, n) for n in range(IDEAS.partitions)]
        consumer = reader(web.scene.settings)
        await consumer.start()
        try:
            ends = await consumer.end_offsets(places)
            consumer.assign(places)
            for place, first in (await consumer.beginning_offsets(places)).items():
                consumer.seek(place, first)
            while any([await consumer.position(place) < ends[place] for place in places]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        key = (record.key or b"").decode()
                        if key.startswith(f"{city}/"):
                            found[key].append(dict(record.headers)["ce_id"].decode())
        finally:
            await consumer.stop()
        return dict(found)

    return asyncio.run(read())


def by_key(events: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for event in events:
        found[event["partitionkey"]].append(event["id"])
    return dict(found)


@pytest.mark.parametrize("streamed", [False, True])
def test_readers_see_exactly_the_log_while_everything_is_killed(web: Web, streamed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Readers lose all but what they stored; the application dies under pages, waits and streams."""
    before = {city: web.follower(city) for city in web.keys}
    for one in before.values():
        one.catch_up()
    done = threading.Event()
    follow = _stream if streamed else _poll
    threads = [
        threading.Thread(target=follow, args=(one, done, random.Random(city))) for city, one in before.items()
    ]
    for thread in threads:
        thread.start()
    start = 100_000 * (1 + streamed)
    for kill in range(KILLS):
        publish(web, supports(start + 200 * kill, 200))
        web.kill()
    for city, one in before.items():
        wanted = log(web, city)
        wait_until(partial(_has, one, wanted), f"all of {city} is read", 30)
    done.set()
    for thread in threads:
        thread.join(40)
        assert not thread.is_alive()
    for city, one in before.items():
        assert by_key(one.read) == log(web, city)
        assert {event["city"] for event in one.read} == {city}
        print(f"{city}: {len(one.read)} events, {KILLS} kills")


def _has(one: Follower, wanted: dict[str, list[str]]) -> bool:
    return by_key(one.read) == wanted


def _poll(one: Follower, done: threading.Event, rng: random.Random) -> None:
    while not done.is_set():
        try:
            answer = one.ask(limit=rng.randrange(1, 60), wait=1)
        except httpx2.TransportError:
            time.sleep(0.1)
            continue
        if rng.random() < 0.2:
            continue  # it died before it stored anything
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 200:
            one.read += answer.json()["items"]
            one.cursor = answer.json()["next"]


def _stream(one: Follower, done: threading.Event, rng: random.Random) -> None:
    while not done.is_set():
        try:
            with one.stream(last=one.cursor, limit=rng.randrange(1, 60)) as messages:
                for message in messages:
                    if "id" in message and "event" not in message:
                        if rng.random() < 0.01:
                            break  # it died before it stored this
                        one.read.append(told(message))
                        one.cursor = message["id"]
                    if done.is_set():
                        break
                    if len(one.read) and rng.random() < 0.001:
                        break
        except (httpx2.TransportError, AssertionError):
            time.sleep(0.1)


def problem(one: Follower) -> str:
    answer = one.ask()
    assert answer.status_code == 410, answer.text
    assert answer.json()["type"] == "urn:townhall:problem:cursor_gone"
    detail: str = answer.json()["detail"]
    assert "Begin again" in detail
    return detail


def test_what_retention_took_unread_is_told(web: Web) -> None:
    publish(web, supports(500_000, 60))
    apart = web.follower(limit=500)
    apart.catch_up()
    behind = web.follower()
    behind.page(limit=1)
    assert apart.cursor is not None
    reached = from_text(apart.cursor, IDEAS)
    _delete(web, {n: place.next for n, place in enumerate(reached.places)})
    assert apart.page()["items"] == []  # all that is gone it has read
    assert "deleted" in problem(behind)
    with pytest.raises(AssertionError, match="410"), behind.stream(last=behind.cursor):
        pass
    publish(web, supports(500_100, 60))
    assert len(apart.page(limit=500)["items"]) == 30
    assert len(web.follower().catch_up()) == 30  # a new reader begins with what there is


def _delete(web: Web, before: dict[int, int]) -> None:
    async def delete() -> None:
        async with admin(web.scene.settings) as client:
            await client.delete_records(
                {TopicPartition(IDEAS.name, n): RecordsToDelete(offset) for n, offset in before.items()}
            )

    asyncio.run(delete())


def test_a_log_that_is_another_where_it_was_read_is_told(web: Web) -> None:
    """As after a restored backup: the same topic, another record at the place that was read last."""
    one = web.follower()
    publish(web, supports(600_000, 60))
    one.catch_up()
    assert one.cursor is not None
    publish(web, supports(600_100, 60))
    cursor = from_text(one.cursor, IDEAS)
    n, place = next((n, place) for n, place in enumerate(cursor.places) if place.last >= 0)
    one.cursor = to_text(cursor.moved(n, place._replace(at=place.at - 1)))
    assert "restored" in problem(one)
    one.cursor = to_text(cursor.moved(n, place._replace(next=place.next + 1_000_000)))
    assert "cut off" in problem(one)


def test_a_topic_made_anew_is_told_however_long_it_is(web: Web) -> None:
    reader, fresh = web.follower(), web.follower(since="now")
    reader.catch_up()
    fresh.page()
    with web.follower(since="now").stream() as messages:
        next(messages)
        asyncio.run(_made_anew(web))
        publish(web, supports(700_000, 3_000))
        last = [message for message in messages if "event" in message][-1]
        assert last["event"] == "problem"
        assert told(last)["status"] in (410, 503)  # 503 while there is no topic at all
    for one in (reader, fresh):
        assert "made anew" in problem(one)
    assert by_key([*_all(web)]) == log(web, "riverton")


def _all(web: Web) -> list[dict[str, Any]]:
    one = web.follower(limit=500)
    one.catch_up()
    return one.read


async def _made_anew(web: Web) -> None:
    async with admin(web.scene.settings) as client:
        await client.delete_topics([IDEAS.name])
        async with asyncio.timeout(30):
            while IDEAS.name in set(await client.list_topics()):  # noqa: ASYNC110 - there is no event
                await asyncio.sleep(0.1)
    await apply_topics(web.scene.settings)


def test_while_kafka_is_gone_readers_are_told_and_go_on_later(web: Web) -> None:
    publish(web, supports(800_000, 20))
    one = web.follower()
    one.page(limit=5)
    there = log(web, "riverton")  # after a kill Kafka may show again what was deleted just before
    web.scene.embedded.kafka.kill()
    started = time.monotonic()
    answer = one.ask()
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "2"
    assert time.monotonic() - started < 8
    assert httpx2.get(f"{web.url}/v1/cities", timeout=5).status_code == 200
    web.scene.embedded.kafka.start()
    web.scene.embedded.kafka.wait_ready()
    wait_until(lambda: one.ask().status_code == 200, "the feed is back", 60)
    one.catch_up()
    assert by_key(one.read) == there
