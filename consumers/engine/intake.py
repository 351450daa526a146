"""From raw records to judged events: decode, check the place, find duplicates.

A record that other code may be able to count (an unknown type, a newer version, a fold that
raises) keeps later events of its key waiting behind it, so that all are folded in order in the
end. Bytes that are no event at all keep nobody waiting: there is nothing to fold.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple, TypeVar

from consumers.engine.ledger import LedgerBatch, hour_of
from consumers.engine.model import Partition, Quarantined, Record
from events.codec import MENDABLE, Decoded, FieldError, Reason, Undecodable, decode
from events.partitioning import partition_of
from events.registry import BY_TYPE
from events.topics import TOPICS

_PARTITIONS = {topic.name: topic.partitions for topic in TOPICS}
_DETAIL_LIMIT = 2_000
UNHURRIED = 50
"""Records between two such moments: 2 ms, about."""
T = TypeVar("T")


class Arrival(NamedTuple):
    """One record: an event, or why it is none."""

    record: Record
    decoded: Decoded | None
    reason: Reason = "bad_envelope"
    detail: str = ""


@dataclass
class Intake:
    """The records of one partition in one batch, sorted into what will happen to them."""

    partition: Partition
    records: list[Record]
    waiting: set[bytes] = field(default_factory=set)
    """Keys with records that wait in quarantine; this batch may add some."""
    arrivals: list[Arrival] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    applied: int = 0
    duplicates: int = 0

    async def decode(self) -> None:
        """Decode every record."""
        async for piece in unhurried(self.records):
            self.arrivals += map(arrival_of, piece)

    def hours(self) -> set[int]:
        """The hours of event time whose identities must be known."""
        return {hour_of(one.decoded.event.time) for one in self.arrivals if one.decoded}

    def admit(self, ledger: LedgerBatch, record: Record, decoded: Decoded) -> bool:
        """True when the event is to be folded now.

        A duplicate is counted, a conflict is quarantined, and so is what must wait for its key.
        """
        verdict = ledger.judge(hour_of(decoded.event.time), decoded.identity, decoded.fingerprint)
        if verdict == "duplicate":
            self.duplicates += 1
        elif verdict == "conflict":
            detail = "an event with this city, source and id but other content was applied before"
            self.reject(record, "conflict", detail)
        elif record.key in self.waiting:
            self.reject(record, "parked", "an event of the same key before this one waits in quarantine")
        else:
            return True
        return False

    def reject(self, record: Record, reason: Reason, detail: str) -> None:
        """Quarantine the record, bytes and all."""
        entry = Quarantined(record, reason, detail[:_DETAIL_LIMIT], fingerprint(record, size=16))
        self.quarantine.append(entry)
        if reason in MENDABLE and record.key is not None:
            self.waiting.add(record.key)


async def unhurried(items: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    """The items in pieces, with a moment for everybody else between: a transaction may be under way."""
    for start in range(0, len(items), UNHURRIED):
        await asyncio.sleep(0)
        yield items[start : start + UNHURRIED]


def arrival_of(record: Record) -> Arrival:
    """The event that a record is, at its place, or why it is none."""
    try:
        decoded = decode(record.key, record.value, record.headers)
        _check_place(record, decoded)
    except Undecodable as error:
        return Arrival(record, None, error.reason, str(error))
    except MemoryError:
        raise  # the process is at fault, not the bytes
    except Exception as error:  # noqa: BLE001 - no bytes may stop the city
        return Arrival(record, None, "decode_failed", f"{type(error).__name__}: {error}")
    return Arrival(record, decoded)


def fingerprint(record: Record, *, size: int = 8) -> bytes:
    """A hash of what the producer sent: key, value and headers, not the place in the log."""
    parts = [record.key, record.value]
    for name, value in record.headers:
        parts += [name.encode("utf-8", "surrogatepass"), value]
    digest = blake2b(digest_size=size)
    for part in parts:  # each with its length: no shift of bytes between parts looks the same
        digest.update(b"-" if part is None else b"%d:%b" % (len(part), part))
    return digest.digest()


def _check_place(record: Record, decoded: Decoded) -> None:
    topic = BY_TYPE[decoded.event.type].topic.name
    if record.topic != topic:
        raise Undecodable("wrong_topic", [FieldError("/type", f"events of this type belong on {topic}")])
    key = record.key or b""
    expected = partition_of(key, _PARTITIONS[record.topic])
    if record.partition != expected:
        detail = (
            f"this key belongs to partition {expected}, the record stands in {record.partition}: "
            "use Kafka's default partitioner (librdkafka: partitioner=murmur2_random)"
        )
        raise Undecodable("wrong_partition", [FieldError("", detail)])
