"""Where each projection stands against the log."""

from typing import NamedTuple

from infra.kafka import TopicPartition, reader
from infra.mongo import Database
from infra.settings import Settings
from projections.registry import PROJECTIONS

_COUNTS = ("applied", "duplicates", "quarantined")


class Standing(NamedTuple):
    """One projection on one topic, added up over partitions, in events and records."""

    projection: str
    topic: str
    applied: int
    duplicates: int
    quarantined: int
    waiting: int


async def standing(settings: Settings, db: Database) -> list[Standing]:
    """One row for each projection and topic."""
    ends = await _ends(settings)
    rows = []
    for projection in PROJECTIONS:
        for topic in projection.topics:
            query = {"group": projection.group, "topic": topic.name}
            found = {item["partition"]: item async for item in db["checkpoints"].find(query)}
            applied, duplicates, quarantined = (
                sum(item[name] for item in found.values()) for name in _COUNTS
            )
            waiting = sum(
                ends[topic.name, n] - found.get(n, {"next": 0})["next"] for n in range(topic.partitions)
            )
            rows.append(Standing(projection.name, topic.name, applied, duplicates, quarantined, waiting))
    return rows


async def _ends(settings: Settings) -> dict[tuple[str, int], int]:
    """The offset after the last record that a reader can see, for every partition."""
    wanted = {topic for projection in PROJECTIONS for topic in projection.topics}
    partitions = [TopicPartition(topic.name, n) for topic in wanted for n in range(topic.partitions)]
    consumer = reader(settings)
    try:
        await consumer.start()
        found = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    return {(tp.topic, tp.partition): end for tp, end in found.items()}
