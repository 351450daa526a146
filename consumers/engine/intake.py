"""From raw records to judged events: decode, check the place, find duplicates. No waiting."""

from dataclasses import dataclass, field
from hashlib import blake2b

from consumers.engine.ledger import LedgerBatch, hour_of
from consumers.engine.model import Partition, Quarantined, Record
from events.codec import Decoded, FieldError, Reason, Undecodable, decode
from events.partitioning import partition_of
from events.registry import BY_TYPE
from events.topics import TOPICS

_PARTITIONS = {topic.name: topic.partitions for topic in TOPICS}
_DETAIL_LIMIT = 2_000


@dataclass
class Intake:
    """The records of one partition in one batch, sorted into what will happen to them."""

    partition: Partition
    records: list[Record]
    decoded: list[tuple[Record, Decoded]] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    applied: int = 0
    duplicates: int = 0

    def decode(self) -> None:
        """Decode every record; what is no event goes to quarantine."""
        for record in self.records:
            try:
                decoded = decode(record.key, record.value, record.headers)
                _check_place(record, decoded)
            except Undecodable as error:
                self.reject(record, error.reason, str(error))
            except Exception as error:  # noqa: BLE001 - no bytes may stop the city
                self.reject(record, "bad_envelope", f"{type(error).__name__}: {error}")
            else:
                self.decoded.append((record, decoded))

    def hours(self) -> set[int]:
        """The hours of event time whose identities must be known."""
        return {hour_of(decoded.event.time) for _, decoded in self.decoded}

    def admit(self, ledger: LedgerBatch, record: Record, decoded: Decoded) -> bool:
        """True when the event is new; a duplicate is counted, a conflict is quarantined."""
        verdict = ledger.judge(hour_of(decoded.event.time), decoded.identity, decoded.fingerprint)
        if verdict == "duplicate":
            self.duplicates += 1
        elif verdict == "conflict":
            detail = "an event with this city, source and id but other content was applied before"
            self.reject(record, "conflict", detail)
        return verdict == "new"

    def reject(self, record: Record, reason: Reason, detail: str) -> None:
        """Quarantine the record, bytes and all."""
        entry = Quarantined(record, reason, detail[:_DETAIL_LIMIT], fingerprint(record, size=16))
        self.quarantine.append(entry)


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
