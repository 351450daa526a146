"""The log and the store in memory: the same engine, without servers, for tests and simulation.

They keep the promises of the real pair: a commit is whole or absent, a claim fences, records
fetched before a seek may still arrive.
"""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from consumers.engine.model import (
    Advance,
    Announcement,
    Claim,
    Fenced,
    Incident,
    Notice,
    Partition,
    PlainRecord,
    Quarantined,
    Record,
    Timer,
    Unavailable,
    Write,
)
from events.codec import WAITING
from events.codec import Record as Encoded
from events.partitioning import partition_of
from events.topics import TOPICS
from projections.core import Document, cell_id

_PARTITIONS = {topic.name: topic.partitions for topic in TOPICS}


class MemoryTopics:
    """The records of every partition; several consumers read the same ones."""

    def __init__(self, cluster: str = "memory") -> None:
        self.cluster = cluster
        self.records: dict[Partition, list[PlainRecord | None]] = {}
        self.first: dict[Partition, int] = {}
        """Where a log begins that is not kept from its start."""

    def append(self, record: Encoded) -> PlainRecord:
        """Store a record where its key belongs."""
        number = partition_of(record.key, _PARTITIONS[record.topic])
        return self.append_raw(Partition(record.topic, number), record.key, record.value, record.headers)

    def append_raw(
        self,
        partition: Partition,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> PlainRecord:
        """Store any bytes anywhere."""
        held = self.records.setdefault(partition, [])
        record = PlainRecord(partition.topic, partition.number, len(held), key, value, headers)
        held.append(record)
        return record

    def append_hole(self, partition: Partition) -> None:
        """Use up an offset without a record, as a transaction marker does."""
        self.records.setdefault(partition, []).append(None)


class MemoryLog:
    """One consumer's place in the topics."""

    def __init__(self, topics: MemoryTopics) -> None:
        self.cluster = topics.cluster
        self._topics = topics
        self._positions: dict[Partition, int] = {}
        self._paused: set[Partition] = set()

    def assign(self, partitions: Sequence[Partition]) -> None:
        """Hold exactly these partitions, read from the start until somebody seeks."""
        self._positions = dict.fromkeys(partitions, 0)
        self._paused.clear()

    def assigned(self) -> frozenset[Partition]:
        return frozenset(self._positions)

    def pause(self, partition: Partition) -> None:
        self._paused.add(partition)

    def resume(self, partition: Partition) -> None:
        self._paused.discard(partition)

    def seek(self, partition: Partition, offset: int) -> None:
        if partition in self._positions:
            self._positions[partition] = offset

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        return self._topics.first.get(partition, 0), len(self._topics.records.get(partition, ()))

    async def all_bounds(self, partitions: Iterable[Partition]) -> dict[Partition, tuple[int, int]]:
        return {partition: await self.bounds(partition) for partition in partitions}

    async def first_from(self, partition: Partition, offset: int) -> Record | None:
        held = self._topics.records.get(partition, [])[offset:]
        return next((record for record in held if record is not None), None)

    def fetch(self, most: int) -> list[Record]:
        """The next records of every partition that is not paused."""
        batch: list[Record] = []
        for partition in sorted(self._positions.keys() - self._paused):
            held = self._topics.records.get(partition, [])
            start = self._start(partition, len(held))
            taken = held[start : start + most - len(batch)]
            self._positions[partition] = start + len(taken)
            batch += [record for record in taken if record is not None]
        return batch

    def _start(self, partition: Partition, end: int) -> int:
        """Where to read; outside its bounds the log is read from its first record, as Kafka's clients do."""
        first = self._topics.first.get(partition, 0)
        return self._positions[partition] if first <= self._positions[partition] <= end else first


@dataclass
class _Checkpoint:
    claim: Claim
    applied: int = 0
    duplicates: int = 0
    quarantined: int = 0


@dataclass
class MemoryStore:
    """Everything a projection stores; `documents` and `cells` are what readers would see."""

    documents: dict[str, dict[str, Document]] = field(default_factory=dict)
    cells: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    quarantine: dict[tuple[Partition, bytes], list[Quarantined]] = field(default_factory=dict)
    settled: dict[tuple[Partition, bytes], str] = field(default_factory=dict)
    """What became of quarantined records that were looked at again."""
    incidents: list[Incident] = field(default_factory=list)
    """The open ones."""
    outbox: dict[Partition, dict[int, Encoded]] = field(default_factory=dict)
    timers: dict[str, Timer] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    audiences: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    """By audience and member, where they joined, left, joined and so on."""
    announcements: dict[str, Announcement] = field(default_factory=dict)
    """Those that have not reached everybody."""
    gates: dict[Partition, int] = field(default_factory=dict)
    """Where an earlier version stood when this one began."""
    cluster: str = "memory"
    _checkpoints: dict[Partition, _Checkpoint] = field(default_factory=dict)
    _ledger: dict[tuple[Partition, int], dict[bytes, bytes]] = field(default_factory=dict)

    async def claim(self, partition: Partition, owner: str) -> Claim:  # noqa: ARG002 - the epoch fences
        gate = self.gates.get(partition, 0)
        new = _Checkpoint(Claim(partition, 0, 0, cluster=self.cluster, gate=gate))
        old = self._checkpoints.setdefault(partition, new)
        old.claim = replace(old.claim, epoch=old.claim.epoch + 1)
        return old.claim

    async def read(self, partition: Partition) -> Claim:
        found = self._checkpoints.get(partition)
        return found.claim if found else Claim(partition, 0, 0)

    async def load(self, collection: str, ids: Sequence[str]) -> dict[str, Document]:
        held = self.documents.get(collection, {})
        return {key: copy.deepcopy(held[key]) for key in ids if key in held}

    async def identities(self, partition: Partition, hours: Sequence[int]) -> dict[int, dict[bytes, bytes]]:
        return {hour: dict(self._ledger.get((partition, hour), {})) for hour in hours}

    async def waiting(self, partition: Partition) -> set[bytes]:
        return {first.record.key or b"" for first, _ in self._waiting(partition)}

    async def quarantined(self, partition: Partition, key: bytes, most: int) -> list[Quarantined]:
        found = [
            replace(first, count=count)
            for first, count in self._waiting(partition)
            if first.record.key == key
        ]
        return sorted(found, key=lambda one: one.record.offset)[:most]

    def _waiting(self, partition: Partition) -> list[tuple[Quarantined, int]]:
        return [
            (items[0], len(items))
            for (place, identity), items in self.quarantine.items()
            if place == partition and (place, identity) not in self.settled and items[0].reason in WAITING
        ]

    async def commit(self, write: Write) -> None:
        if any(not self._holds(advance) for advance in write.advances):
            raise Fenced(", ".join(advance.claim.partition.short for advance in write.advances))
        if any(key in self.documents.get(collection, {}) for collection, key in write.created):
            raise Unavailable("a document that was to be created stands already")
        for advance in write.advances:
            self._advance(advance)
        for collection, documents in write.documents.items():
            self._replace(self.documents.setdefault(collection, {}), documents)
        for collection, cells in write.cells.items():
            for (partition, key), sums in cells.items():
                self._add(self.cells.setdefault(collection, {}), cell_id(key, partition.short), sums)
        for entry in write.ledger:
            self._ledger.setdefault((entry.partition, entry.hour), {}).update(entry.identities)
        for item in write.quarantine:
            place = Partition(item.record.topic, item.record.partition)
            self.quarantine.setdefault((place, item.identity), []).append(item)
            self.settled.pop((place, item.identity), None)
        for release in write.releases:
            self.settled[release.partition, release.identity] = release.fate
        self._take_effects(write)

    async def report(self, incident: Incident, at: datetime) -> None:  # noqa: ARG002 - nobody asks when
        found = self._checkpoints.get(incident.claim.partition)
        if found is not None and found.claim.epoch == incident.claim.epoch:
            found.claim = replace(found.claim, epoch=found.claim.epoch + 1, halted=True)
            self.incidents.append(incident)

    async def settle(self, claim: Claim, at: datetime) -> None:  # noqa: ARG002 - as above
        found = self._checkpoints[claim.partition]
        if found.claim.epoch == claim.epoch:
            found.claim = replace(found.claim, halted=False)
            self.incidents = [one for one in self.incidents if one.claim.partition != claim.partition]

    def counts(self) -> tuple[int, int, int]:
        """Events applied, duplicates and quarantined records, over all partitions."""
        held = self._checkpoints.values()
        return sum(c.applied for c in held), sum(c.duplicates for c in held), sum(c.quarantined for c in held)

    def _holds(self, advance: Advance) -> bool:
        found = self._checkpoints.get(advance.claim.partition)
        return found is not None and found.claim == advance.claim

    def _advance(self, advance: Advance) -> None:
        found = self._checkpoints[advance.claim.partition]
        epoch = found.claim.epoch + advance.last_of_claim
        emitted = advance.claim.outbox_n + advance.emitted
        found.claim = replace(
            found.claim, epoch=epoch, next=advance.next, last=advance.last, outbox_n=emitted
        )
        found.applied += advance.applied
        found.duplicates += advance.duplicates
        found.quarantined += advance.quarantined

    def _take_effects(self, write: Write) -> None:
        for out in write.outbox:
            rows = self.outbox.setdefault(out.partition, {})
            assert out.n not in rows  # noqa: S101 - the database would refuse it too
            rows[out.n] = out.record
        for id_, timer in write.timers.items():
            self.timers.pop(id_, None)
            if timer is not None:
                self.timers[id_] = timer
        for notice in write.notices:
            self.notices.setdefault(notice.id, notice)
        for change in write.memberships:
            changes = self.audiences.setdefault(change.audience, {}).setdefault(change.member, [])
            if change.joins == (len(changes) % 2 == 0):
                changes.append(change.offset)
        self.announcements |= {one.notice.id: one for one in write.announcements}

    @staticmethod
    def _replace(held: dict[str, Document], documents: dict[str, Document | None]) -> None:
        for key, document in documents.items():
            if document is None:
                held.pop(key, None)
            else:
                held[key] = copy.deepcopy(document)

    @staticmethod
    def _add(held: dict[str, dict[str, int]], key: str, sums: dict[str, int]) -> None:
        cell = held.setdefault(key, {})
        for measure, amount in sums.items():
            cell[measure] = cell.get(measure, 0) + amount
