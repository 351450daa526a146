"""Rows of `outbox` and `timers`: what follow-ups ask for as MongoDB keeps it; and what finds others."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import accumulate, islice
from typing import Any

from consumers.engine.model import Partition, Timer
from consumers.engine.outbox import Numbered
from events.codec import WAITING, Record
from infra.mongo import RawBSONDocument, stored

ROW_EVENTS, ROW_BYTES = 500, 1_000_000
"""In one row of the outbox."""


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


def outbox_rows(
    shard: str, last: int, records: Iterable[RawBSONDocument], at: datetime | None
) -> list[dict[str, Any]]:
    """Events in the outbox, as `kept` keeps them, numbered behind `last` without gaps.

    A row holds several: what MongoDB asks for a row and its indexes would be paid for each event. Its `n`
    is the number of its last one.
    """
    pieces = _pieces(records)
    ends = accumulate((len(piece) for piece in pieces), initial=last)
    return [
        {"_id": f"{shard}/{n}", "shard": shard, "n": n, "at": at, "records": piece}
        for piece, n in zip(pieces, islice(ends, 1, None), strict=True)
    ]


def _pieces(records: Iterable[RawBSONDocument]) -> list[list[RawBSONDocument]]:
    """Of so many events and bytes at most, unless one alone has more."""
    pieces: list[list[RawBSONDocument]] = []
    size = 0
    for record in records:
        size += len(record.raw)
        if not pieces or len(pieces[-1]) == ROW_EVENTS or size > ROW_BYTES:
            pieces.append([])
            size = len(record.raw)
        pieces[-1].append(record)
    return pieces


def numbered(row: Mapping[str, Any]) -> list[Numbered]:
    """The events in a row of the outbox."""
    first = row["n"] - len(row["records"]) + 1
    return [Numbered(n, record_of(one)) for n, one in enumerate(row["records"], first)]


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


def record_of(kept: Mapping[str, Any]) -> Record:
    """The record that was kept, ready for Kafka."""
    headers = [(name, value) for name, value in kept["headers"]]
    return Record(kept["topic"], kept["key"], kept["value"], headers)


def kept(record: Record) -> RawBSONDocument:
    """What rows keep of a record: bytes, which a timer that fires hands to the outbox as they are."""
    headers = [[name, value] for name, value in record.headers]
    return stored({"topic": record.topic, "key": record.key, "value": record.value, "headers": headers})
