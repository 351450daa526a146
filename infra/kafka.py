"""Kafka as the rest of townhall sees it: connection settings, topics, records by offset.

Only this file and the subscriber files import aiokafka or faststream.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from events.topics import MAX_RECORD_BYTES, TOPICS, Topic
from infra import kafka_records
from infra.settings import Settings

REQUEST_TIMEOUT_MS = 5_000
SETTLE_SECONDS = 30.0
_SASL = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}

kafka_records.install()

__all__ = ["AIOKafkaConsumer", "ConsumerRecord", "KafkaError", "TopicPartition"]


class TopicsDiffer(RuntimeError):
    """The cluster's topics are not those of the declaration."""


@dataclass(frozen=True)
class TopicChange:
    """One difference between the declaration and the cluster."""

    topic: str
    what: str
    declared: str
    found: str | None
    applicable: bool


def connection(settings: Settings) -> dict[str, Any]:
    """Keyword arguments that every aiokafka client of ours takes."""
    if not settings.kafka:
        raise ValueError("no Kafka is set: give TOWNHALL_KAFKA, or start the embedded one with `townhall up`")
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka,
        "security_protocol": settings.kafka_security,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
    }
    if _tls(settings):
        options["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ca_file)
    if settings.kafka_security.startswith("SASL"):
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_username
        if settings.kafka_password is not None:
            options["sasl_plain_password"] = settings.kafka_password.get_secret_value()
    return options


def broker_options(settings: Settings) -> dict[str, Any]:
    """The same for FastStream's broker, which wants credentials as a security object."""
    context = ssl.create_default_context(cafile=settings.kafka_ca_file) if _tls(settings) else None
    security: BaseSecurity | None = None
    if settings.kafka_security.startswith("SASL"):
        kind = _SASL[settings.kafka_sasl_mechanism]
        password = settings.kafka_password.get_secret_value() if settings.kafka_password else ""
        security = kind(settings.kafka_username or "", password, ssl_context=context, use_ssl=_tls(settings))
    elif context is not None:
        security = BaseSecurity(ssl_context=context, use_ssl=True)
    return {
        "bootstrap_servers": settings.kafka,
        "security": security,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
    }


def _tls(settings: Settings) -> bool:
    return settings.kafka_security in ("SSL", "SASL_SSL")


def producer(settings: Settings) -> AIOKafkaProducer:
    """A producer that never loses or repeats what it was asked to send once."""
    return AIOKafkaProducer(
        **connection(settings),
        acks="all",
        enable_idempotence=True,
        max_request_size=MAX_RECORD_BYTES,
        max_batch_size=262_144,
        compression_type=None,
        metadata_max_age_ms=60_000,
    )


def reader(settings: Settings, **options: Any) -> AIOKafkaConsumer:
    """A consumer without a group, for reading the log by offset."""
    return AIOKafkaConsumer(
        **connection(settings),
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=2 * MAX_RECORD_BYTES,
        isolation_level="read_committed",
        **options,
    )


def single(settings: Settings) -> AIOKafkaConsumer:
    """A consumer without a group that fetches as little as Kafka gives: one batch of records."""
    return reader(settings, fetch_max_wait_ms=10, fetch_max_bytes=1)


@asynccontextmanager
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, closed at the end."""
    client = AIOKafkaAdminClient(**connection(settings))
    try:
        await client.start()
        yield client
    finally:
        await client.close()


async def diff_topics(settings: Settings, topics: tuple[Topic, ...] = TOPICS) -> list[TopicChange]:
    """What differs between the declaration and the cluster; empty when nothing does."""
    async with admin(settings) as client:
        found = {item["topic"]: item for item in await client.describe_topics() if item["error_code"] == 0}
        changes = []
        for topic in topics:
            if topic.name not in found:
                changes.append(
                    TopicChange(topic.name, "topic", f"{topic.partitions} partitions", None, applicable=True)
                )
                continue
            count = len(found[topic.name]["partitions"])
            if count != topic.partitions:
                changes.append(
                    TopicChange(topic.name, "partitions", str(topic.partitions), str(count), applicable=False)
                )
            changes += await _diff_config(client, topic)
    return changes


async def _diff_config(client: AIOKafkaAdminClient, topic: Topic) -> list[TopicChange]:
    responses: list[Any] = await client.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic.name)]
    )
    entries = responses[0].resources[0][4]
    found = {entry[0]: entry[1] for entry in entries}
    return [
        TopicChange(topic.name, name, declared, found.get(name), applicable=True)
        for name, declared in topic.config.items()
        if found.get(name) != declared
    ]


async def apply_topics(settings: Settings, topics: tuple[Topic, ...] = TOPICS) -> list[TopicChange]:
    """Create what is missing and set what differs; return what was changed.

    Raises TopicsDiffer, before anything is changed, where a live topic has another partition
    count: keys would move to other partitions and lose their order.
    """
    changes = await diff_topics(settings, topics)
    fixed = [change for change in changes if not change.applicable]
    if fixed:
        lines = "; ".join(f"{c.topic} has {c.found} partitions, {c.declared} are declared" for c in fixed)
        raise TopicsDiffer(
            f"{lines}. Nothing was changed. A partition count cannot change on a live topic; "
            "point TOWNHALL_KAFKA at the right cluster or move the events to new topics."
        )
    declared = {topic.name: topic for topic in topics}
    async with admin(settings) as client:
        for change in changes:
            topic = declared[change.topic]
            if change.what == "topic":
                await _create(client, topic, settings.kafka_replication)
            else:
                resource = ConfigResource(ConfigResourceType.TOPIC, topic.name, topic.config)
                await client.alter_configs([resource])
    await _settled(settings, topics)
    return changes


async def _settled(settings: Settings, topics: tuple[Topic, ...]) -> None:
    """Wait until the cluster tells of what it has just accepted."""
    async with asyncio.timeout(SETTLE_SECONDS):
        while await diff_topics(settings, topics):  # noqa: ASYNC110 - the cluster has no event to wait for
            await asyncio.sleep(0.05)


async def _create(client: AIOKafkaAdminClient, topic: Topic, replication: int) -> None:
    new = NewTopic(topic.name, topic.partitions, replication, topic_configs=topic.config)
    response: Any = await client.create_topics([new])
    for name, code, *_ in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"topic {name} was not created")


async def ends(settings: Settings, topics: Iterable[Topic]) -> dict[tuple[str, int], int]:
    """The offset after the last record that a reader can see, for every declared partition."""
    partitions = [TopicPartition(topic.name, n) for topic in topics for n in range(topic.partitions)]
    consumer = reader(settings)
    await consumer.start()
    try:
        found = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    return {(tp.topic, tp.partition): end for tp, end in found.items()}


async def cluster_id(settings: Settings) -> str:
    """The identity of the cluster, part of every checkpoint."""
    async with admin(settings) as client:
        return str((await client.describe_cluster())["cluster_id"])
