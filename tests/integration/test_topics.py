"""Topics are as declared, or the difference is said; a live topic is never spoiled."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from events.topics import IDEAS, Topic
from infra import kafka
from infra.embedded import Endpoints
from infra.kafka import TopicsDiffer, admin, apply_topics, cluster_id, diff_topics
from infra.settings import Settings

pytestmark = pytest.mark.servers


@pytest.fixture
def settings(servers: Endpoints) -> Settings:
    return Settings(kafka=servers.kafka)


@pytest.fixture
def topic() -> Topic:
    return replace(IDEAS, name=f"townhall.t{uuid4().hex[:12]}", partitions=3)


async def test_a_missing_topic_is_told_then_made(settings: Settings, topic: Topic) -> None:
    (missing,) = await diff_topics(settings, (topic,))
    assert (missing.what, missing.found) == ("topic", None)
    assert await apply_topics(settings, (topic,)) == [missing]
    assert await diff_topics(settings, (topic,)) == []
    assert await apply_topics(settings, (topic,)) == []


async def test_retention_that_somebody_changed_is_set_back(settings: Settings, topic: Topic) -> None:
    await apply_topics(settings, (replace(topic, retention_ms=60_000),))
    (change,) = await diff_topics(settings, (topic,))
    assert (change.what, change.declared, change.found) == ("retention.ms", "-1", "60000")
    await apply_topics(settings, (topic,))
    assert await diff_topics(settings, (topic,)) == []


async def test_what_an_operator_has_set_besides_is_kept(settings: Settings, topic: Topic) -> None:
    """To name one setting takes back every other, unless they are named too."""
    await apply_topics(settings, (topic,))
    async with admin(settings) as client:
        theirs = {**topic.config, "min.insync.replicas": "2", "retention.ms": "60000"}
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, theirs)])
    async with asyncio.timeout(15):
        while not await diff_topics(settings, (topic,)):  # noqa: ASYNC110 - the cluster tells of it a little later
            await asyncio.sleep(0.05)
    [change] = await apply_topics(settings, (topic,))
    assert change.what == "retention.ms"
    assert await diff_topics(settings, (topic,)) == []
    async with admin(settings) as client:
        rows = await kafka._settings_of(client, topic)
    found = {row[0]: row[1] for row in rows or ()}
    assert (found["min.insync.replicas"], found["retention.ms"]) == ("2", "-1")


async def test_a_change_that_kafka_refuses_is_told_at_once_with_its_reason(
    settings: Settings, topic: Topic
) -> None:
    impossible = replace(topic, retention_ms=-5)
    with pytest.raises(TopicsDiffer, match=f"{topic.name} was not created. Kafka says .*-5"):
        await apply_topics(settings, (impossible,))
    await apply_topics(settings, (topic,))
    with pytest.raises(TopicsDiffer, match=f"{topic.name} was not given retention.ms=-5. Kafka says .*-5"):
        await apply_topics(settings, (impossible,))
    assert await diff_topics(settings, (topic,)) == []


async def test_a_change_that_does_not_come_into_force_is_named(
    settings: Settings, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def accepted(*_: object) -> None:
        pass

    await apply_topics(settings, (topic,))
    monkeypatch.setattr(kafka, "_configure", accepted)
    monkeypatch.setattr(kafka, "SETTLE_SECONDS", 0.5)
    with pytest.raises(TopicsDiffer, match=r"retention.ms is -1, 60000 is declared"):
        await apply_topics(settings, (replace(topic, retention_ms=60_000),))


async def test_a_topic_that_one_broker_does_not_know_yet_is_missing(settings: Settings, topic: Topic) -> None:
    """The broker that names the topics and the one that tells their settings need not be the same."""
    async with admin(settings) as client:
        [change] = await kafka._diff_config(client, topic)
    assert (change.what, change.found) == ("topic", None)


async def test_settings_that_cannot_be_read_are_told_and_not_taken_for_different(
    settings: Settings, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await apply_topics(settings, (topic,))
    monkeypatch.setattr(kafka, "ConfigResource", lambda type_, _: ConfigResource(type_, "no such name!"))
    with pytest.raises(TopicsDiffer, match=f"The settings of {topic.name} cannot be read. Kafka says Inval"):
        await diff_topics(settings, (topic,))


async def test_another_partition_count_is_refused(settings: Settings, topic: Topic) -> None:
    """Keys would move to other partitions and lose their order; nothing is changed."""
    await apply_topics(settings, (topic,))
    more = replace(topic, partitions=4, retention_ms=60_000)
    other = replace(topic, name=f"{topic.name}x")
    with pytest.raises(TopicsDiffer, match="has 3 partitions, 4 are declared"):
        await apply_topics(settings, (more, other))
    assert await diff_topics(settings, (topic,)) == []
    assert [change.what for change in await diff_topics(settings, (other,))] == ["topic"]


async def test_a_cluster_has_an_identity(settings: Settings) -> None:
    assert len(await cluster_id(settings)) > 10
