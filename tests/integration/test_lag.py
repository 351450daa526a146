"""How far a projection is behind, on a real log with transactions in it."""

import secrets
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import CorruptRecordException
from pydantic import SecretStr

from consumers import lag
from consumers.engine.model import Claim, Incident, Partition
from consumers.lag import Ahead, Standing, in_words, standing
from consumers.mongo_store import MongoStore
from events.topics import IDEAS, TOPICS, Topic
from infra.embedded import Endpoints
from infra.kafka import TopicsDiffer, apply_topics, connection, reader
from infra.mongo import Database, connect
from infra.settings import Settings
from projections.core import Projection
from projections.registry import BY_NAME

pytestmark = pytest.mark.servers
PLACE = Partition(IDEAS.name, 3)


class Scene:
    """The projection of ideas, at the end of the log as the test found it, and a producer."""

    def __init__(self, settings: Settings, db: Database, sender: AIOKafkaProducer) -> None:
        self._settings = settings
        self._db = db
        self._sender = sender
        self.store = MongoStore(db, BY_NAME["participation"], "cluster")

    async def claim(self) -> Claim:
        """The partition that the test is about, claimed after all others, all of them at the end."""
        consumer = reader(self._settings)
        await consumer.start()
        try:
            for number in range(IDEAS.partitions):
                await self.store.claim(Partition(IDEAS.name, number), "test")
                place = TopicPartition(IDEAS.name, number)
                await self.put(number, (await consumer.end_offsets([place]))[place])
        finally:
            await consumer.stop()
        return await self.store.claim(PLACE, "test")

    async def put(self, number: int, at: int) -> None:
        where = {"_id": f"{BY_NAME['participation'].group}/{IDEAS.name}/{number}"}
        found = await self._db["checkpoints"].update_one(where, {"$set": {"next": at}})
        assert found.matched_count == 1

    async def publish(self, *, seconds_ago: float = 0) -> int:
        """A record and the marker that ends its transaction; the offset of the record."""
        at = int((time.time() - seconds_ago) * 1000)
        await self._sender.begin_transaction()
        sent = await self._sender.send_and_wait(PLACE.topic, b"any", partition=3, timestamp_ms=at)
        await self._sender.commit_transaction()
        return int(sent.offset)

    async def ideas(self) -> Standing:
        rows = await standing(self._settings, self._db)
        (row,) = [row for row in rows if row.projection == "participation"]
        return row


@pytest.fixture
async def scene(servers: Endpoints) -> AsyncIterator[Scene]:
    name = f"lag_{secrets.token_hex(6)}"
    settings = Settings(kafka=servers.kafka, mongo=SecretStr(servers.mongo), mongo_database=name)
    await apply_topics(settings)
    sender = AIOKafkaProducer(**connection(settings), transactional_id=name)
    async with connect(settings) as db:
        await sender.start()
        yield Scene(settings, db, sender)
        await sender.stop()
        await db.client.drop_database(name)


async def test_a_marker_at_the_end_of_the_log_is_nothing_to_come(scene: Scene) -> None:
    await scene.claim()
    await scene.put(3, await scene.publish() + 1)
    row = await scene.ideas()
    assert (row.waiting, row.oldest_seconds) == (0, None)


async def test_events_to_come_are_counted_without_markers_and_the_oldest_tells_its_age(scene: Scene) -> None:
    await scene.claim()
    await scene.publish(seconds_ago=90)
    await scene.publish(seconds_ago=5)
    row = await scene.ideas()
    assert row.waiting == 2
    assert row.oldest_seconds is not None
    assert 90 <= row.oldest_seconds < 120
    assert in_words(row.oldest_seconds).endswith(" s")


async def test_of_many_events_the_rest_is_measured_by_offsets(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.claim()
    for _ in range(3):
        await scene.publish()
    monkeypatch.setattr(lag, "MOST_COUNTED", 1)
    assert (await scene.ideas()).waiting == 6  # three records and three markers


async def test_what_has_expired_is_not_to_come() -> None:
    nobody: Any = None  # the log is not asked
    bounds = lag.Bounds(first=7, end=7)
    place = TopicPartition(*PLACE)
    assert await lag._Log(nobody, {place: bounds}).ahead(place, 3) == Ahead(0, None)


async def test_records_that_cannot_be_read_are_measured_by_offsets(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who looks after a halted partition must not be turned away by what halted it."""

    async def broken(*_: object) -> Ahead:
        raise CorruptRecordException

    await scene.claim()
    await scene.publish()
    monkeypatch.setattr(lag, "_count", broken)
    row = await scene.ideas()
    assert (row.waiting, row.oldest_seconds) == (2, None)


async def test_a_halted_partition_is_named_with_its_kind_until_it_goes_on(scene: Scene) -> None:
    now = datetime.now(UTC)
    claim = await scene.claim()
    await scene.store.report(Incident(claim, "expired", "planted", 0, 9), now)
    assert (await scene.ideas()).halted == {"ideas.3": "expired"}
    await scene.store.settle(await scene.store.claim(PLACE, "next"), now)
    assert (await scene.ideas()).halted == {}


async def test_a_topic_that_is_not_there_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Topic("townhall.absent", 1, "nobody", "made by nobody")
    monkeypatch.setattr(lag, "PROJECTIONS", (Projection("absent", version=1, topics=(absent,)),))
    with pytest.raises(TopicsDiffer, match=r"no topic townhall\.absent\. `townhall topics apply`"):
        await scene.ideas()
    assert absent not in TOPICS


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0.4, "0 s"), (12.3, "12 s"), (300, "5 min"), (7_200, "2 h"), (864_000, "10 d")],
)
def test_an_age_is_told_in_one_unit(seconds: float | None, words: str) -> None:
    assert in_words(seconds) == words
