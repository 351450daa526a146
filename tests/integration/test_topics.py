"""Topics are as declared, or the difference is said; a live topic is never spoiled."""

from dataclasses import replace
from uuid import uuid4

import pytest

from events.topics import IDEAS, Topic
from infra.embedded import Endpoints
from infra.kafka import TopicsDiffer, apply_topics, cluster_id, diff_topics
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
