"""Kafka as the rest of townhall sees it: connection settings, topics, records by offset.

Only this file and the subscriber files import aiokafka or faststream.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    KafkaError,
    ProducerFenced,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from structlog import get_logger

from events.topics import MAX_RECORD_BYTES, TOPICS, Topic
from infra import kafka_connections, kafka_fetching, kafka_metadata, kafka_records
from infra.kafka_topic_ids import topic_id
from infra.settings import Settings

REQUEST_TIMEOUT_MS = 5_000
SETTLE_SECONDS = 30.0
_SET_ON_THE_TOPIC = 1
"""Where Kafka says a setting comes from: the topic itself, and not a default of the broker's."""
_SASL = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
_log = get_logger(__name__)

kafka_connections.install()
kafka_fetching.install()
kafka_metadata.install()
kafka_records.install()

__all__ = [
    "AIOKafkaConsumer",
    "AIOKafkaProducer",
    "ConsumerRecord",
    "KafkaError",
    "ProducerFenced",
    "TopicPartition",
    "topic_id",
]


class TopicsDiffer(RuntimeError):
    """The cluster's topics are not those of the declaration, or Kafka does not let them be."""


@dataclass(frozen=True)
class TopicChange:
    """One difference between the declaration and the cluster."""

    topic: str
    what: str
    declared: str
    found: str | None
    applicable: bool

    @property
    def is_addition(self) -> bool:
        """Whether somebody has added partitions to those that are declared."""
        return self.what == "partitions" and int(self.found or 0) > int(self.declared)

    def __str__(self) -> str:
        if self.what == "topic":
            return f"{self.topic} is missing"
        if self.what == "partitions":
            return f"{self.topic} has {self.found} partitions, {self.declared} are declared"
        return f"{self.topic}: {self.what} is {self.found}, {self.declared} is declared"


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


def transactional(settings: Settings, line: str) -> AIOKafkaProducer:
    """A producer of whose line there is one: starting it ends every earlier one."""
    return AIOKafkaProducer(
        **connection(settings),
        transactional_id=line,
        transaction_timeout_ms=30_000,
        acks="all",
        max_request_size=MAX_RECORD_BYTES,
        max_batch_size=262_144,
        compression_type=None,
    )


async def committed(settings: Settings, group: str, place: TopicPartition) -> int:
    """The offset that a group has committed; -1 where it has not. Waits while Kafka finds who knows."""
    async with admin(settings) as client:
        while True:
            try:
                found = await client.list_consumer_group_offsets(group, partitions=[place])
            except KafkaError as error:
                if not error.retriable:
                    raise
            else:
                if place in found:  # else a coordinator that is not ready yet: the client hides its error
                    return int(found[place].offset)
            await asyncio.sleep(0.1)


def reader(
    settings: Settings, *, isolation_level: str = "read_committed", **options: Any
) -> AIOKafkaConsumer:
    """A consumer without a group, for reading the log by offset."""
    return AIOKafkaConsumer(
        **connection(settings),
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=2 * MAX_RECORD_BYTES,
        isolation_level=isolation_level,
        **options,
    )


def single(settings: Settings) -> AIOKafkaConsumer:
    """A consumer without a group that fetches as little as Kafka gives: one batch of records."""
    return reader(settings, fetch_max_wait_ms=10, fetch_max_bytes=1)


def browser(settings: Settings) -> AIOKafkaConsumer:
    """A consumer without a group that looks at a place for a moment, holds little and waits for nothing."""
    return reader(settings, fetch_max_wait_ms=10, fetch_max_bytes=MAX_RECORD_BYTES)


def uncommitted(settings: Settings) -> AIOKafkaConsumer:
    """A consumer without a group for which the log ends behind all that stands in it.

    For others it ends where the first transaction under way has begun, whatever was acknowledged since.
    """
    return reader(settings, isolation_level="read_uncommitted")


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
        changes = await _diff_partitions(client, topics)
        missing = {change.topic for change in changes if change.what == "topic"}
        for topic in topics:
            if topic.name not in missing:
                changes += await _diff_config(client, topic)
    return changes


async def check_topics(
    settings: Settings, topics: tuple[Topic, ...] = TOPICS, *, exactly: bool = False
) -> None:
    """Raise TopicsDiffer where a topic is missing or has too few partitions; change nothing.

    Partitions that were added are told in the log, and are no reason for readers to stop: what stands
    in them is wrong, what stands elsewhere is not. `exactly` refuses them too. Settings are not
    looked at: reading them is a right that not every client has.
    """
    async with admin(settings) as client:
        changes = await _diff_partitions(client, topics)
    added = [] if exactly else [change for change in changes if change.is_addition]
    for change in added:
        _log.warning("topic_has_more_partitions", topic=change.topic, found=change.found)
    if len(changes) > len(added):
        lines = "; ".join(str(change) for change in changes if change not in added)
        raise TopicsDiffer(
            f"{lines}. Nothing was changed. Run `townhall topics apply`: it creates what is missing, "
            "and says what to do about the rest."
        )


async def _diff_partitions(client: AIOKafkaAdminClient, topics: tuple[Topic, ...]) -> list[TopicChange]:
    described = await client.describe_topics()
    found = {item["topic"]: len(item["partitions"]) for item in described if item["error_code"] == 0}
    return [
        _partitions(topic, found.get(topic.name))
        for topic in topics
        if found.get(topic.name) != topic.partitions
    ]


def _partitions(topic: Topic, found: int | None) -> TopicChange:
    if found is None:
        return TopicChange(topic.name, "topic", f"{topic.partitions} partitions", None, applicable=True)
    return TopicChange(topic.name, "partitions", str(topic.partitions), str(found), applicable=False)


async def _diff_config(client: AIOKafkaAdminClient, topic: Topic) -> list[TopicChange]:
    entries = await _settings_of(client, topic)
    if entries is None:
        return [_partitions(topic, None)]
    found = {entry[0]: entry[1] for entry in entries}
    return [
        TopicChange(topic.name, name, declared, found.get(name), applicable=True)
        for name, declared in topic.config.items()
        if found.get(name) != declared
    ]


async def _settings_of(client: AIOKafkaAdminClient, topic: Topic) -> list[Any] | None:
    """Rows of name, value, read-only, source and more; None where the broker asked has no such topic."""
    responses: list[Any] = await client.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic.name)]
    )
    code, message, _, _, entries = responses[0].resources[0]
    if for_code(code) is UnknownTopicOrPartitionError:
        return None
    _must_be_done(f"The settings of {topic.name} cannot be read", code, message)
    return list(entries)


async def apply_topics(settings: Settings, topics: tuple[Topic, ...] = TOPICS) -> list[TopicChange]:
    """Create what is missing and set what differs; return what was changed.

    Raises TopicsDiffer, before anything is changed, where a live topic has another partition
    count: keys would move to other partitions and lose their order. Raises it too where Kafka
    refuses a change, with its reason.
    """
    changes = await diff_topics(settings, topics)
    fixed = [change for change in changes if not change.applicable]
    if fixed:
        lines = "; ".join(map(str, fixed))
        raise TopicsDiffer(
            f"{lines}. Nothing was changed. A partition count cannot change on a live topic; "
            "point TOWNHALL_KAFKA at the right cluster or move the events to new topics."
        )
    async with admin(settings) as client:
        for topic in topics:
            wanted = [change for change in changes if change.topic == topic.name]
            if any(change.what == "topic" for change in wanted):
                await _create(client, topic, settings.kafka_replication)
            elif wanted:
                await _configure(client, topic, wanted)
    await _settled(settings, topics)
    return changes


async def _settled(settings: Settings, topics: tuple[Topic, ...]) -> None:
    """Wait until the cluster tells of what it has just accepted."""
    left: list[TopicChange] = []
    try:
        async with asyncio.timeout(SETTLE_SECONDS):
            while left := await diff_topics(settings, topics):  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.05)
    except TimeoutError:
        lines = "; ".join(map(str, left)) or "nobody can say how the topics are"
        raise TopicsDiffer(
            f"Kafka accepted the change, and {SETTLE_SECONDS:g} s later {lines}. What it accepted is kept. "
            "See its log, then run `townhall topics apply` again."
        ) from None


async def _create(client: AIOKafkaAdminClient, topic: Topic, replication: int) -> None:
    new = NewTopic(topic.name, topic.partitions, replication, topic_configs=topic.config)
    response: Any = await client.create_topics([new])
    for name, code, message, *_ in response.topic_errors:
        if for_code(code) is not TopicAlreadyExistsError:
            _must_be_done(f"Topic {name} was not created", code, message)


async def _configure(client: AIOKafkaAdminClient, topic: Topic, wanted: list[TopicChange]) -> None:
    """Set what is declared. What an operator has set besides is sent along.

    The request replaces all settings of the topic: one that it does not name falls back to the
    broker's default.
    """
    entries = await _settings_of(client, topic)
    if entries is None:
        return  # the broker asked knows no such topic yet; _settled tells what differs still
    kept = {entry[0]: entry[1] for entry in entries if entry[3] == _SET_ON_THE_TOPIC}
    resource = ConfigResource(ConfigResourceType.TOPIC, topic.name, {**kept, **topic.config})
    responses: list[Any] = await client.alter_configs([resource])
    asked = ", ".join(f"{change.what}={change.declared}" for change in wanted)
    for code, message, *_ in responses[0].resources:
        _must_be_done(f"{topic.name} was not given {asked}", code, message)


def _must_be_done(failure: str, code: int, message: str | None) -> None:
    """Raise TopicsDiffer with Kafka's reason unless its code says that all is well."""
    if code:
        reason = f"{for_code(code).__name__}: {message}" if message else for_code(code).__name__
        raise TopicsDiffer(
            f"{failure}. Kafka says {reason}. What was done before is kept; run the same again."
        )


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


async def any_record(settings: Settings, ahead: Mapping[tuple[str, int], tuple[int, int]]) -> bool:
    """Whether a reader sees a record between the two offsets; the markers of transactions are none."""
    consumer = reader(settings)
    await consumer.start()
    try:
        for (topic, number), (start, end) in ahead.items():
            place = TopicPartition(topic, number)
            consumer.assign([place])
            consumer.seek(place, start)
            while await consumer.position(place) < end:
                if (await consumer.getmany(place, timeout_ms=200)).get(place):
                    return True
        return False
    finally:
        await consumer.stop()


async def cluster_id(settings: Settings) -> str:
    """The identity of the cluster, part of every checkpoint."""
    async with admin(settings) as client:
        return str((await client.describe_cluster())["cluster_id"])
