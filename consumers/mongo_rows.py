"""Rows of `outbox` and `timers`: what follow-ups ask for as MongoDB keeps it; and what finds others."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consumers.engine.model import Partition, Timer
from events.codec import WAITING, Record


def shard_of(group: str, partition: Partition) -> str:
    """What a follow-up asks for in one partition; the id of the checkpoint whose claim fences it, too."""
    return f"{group}/{partition.topic}/{partition.number}"


def timers_of(group: str, partition: Partition) -> str:
    """The shard of the events that timers have become: the sweeper writes it, and nobody else."""
    return f"{shard_of(group, partition)}/timers"


def waiting_in(group: str, partition: Partition) -> dict[str, Any]:
    """What finds the records in quarantine that keep their keys waiting."""
    return {
        "group": group,
        "topic": partition.topic,
        "partition": partition.number,
        "status": "open",
        "reason": {"$in": sorted(WAITING)},
    }


def outbox_row(shard: str, n: int, record: Mapping[str, Any], at: datetime | None) -> dict[str, Any]:
    """An event in the outbox, as `kept` keeps it; `n` counts the events of its shard without gaps."""
    return {"_id": f"{shard}/{n}", "shard": shard, "n": n, "at": at, "record": record}


def start(group: str, timer: Timer) -> dict[str, Any]:
    """The statement that starts a timer, or replaces the one of the same name."""
    row = {
        "_id": timer.id,
        "shard": shard_of(group, timer.partition),
        "key": timer.key.encode(),
        "city": timer.key.partition("/")[0],
        "due": timer.due,
        "record": kept(timer.record),
    }
    return {"q": {"_id": timer.id}, "u": row, "upsert": True}


def as_record(row: Mapping[str, Any]) -> Record:
    """The record that a row keeps, ready for Kafka."""
    record = row["record"]
    headers = [(name, value) for name, value in record["headers"]]
    return Record(record["topic"], record["key"], record["value"], headers)


def kept(record: Record) -> dict[str, Any]:
    """What rows keep of a record."""
    headers = [[name, value] for name, value in record.headers]
    return {"topic": record.topic, "key": record.key, "value": record.value, "headers": headers}
