"""The words the engine, its log and its store share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from events.codec import Reason
from projections.core import Document


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int

    @property
    def short(self) -> str:
        """How cells and ledger entries name it, as in `ideas.3`."""
        return f"{self.topic.removeprefix('townhall.')}.{self.number}"


class Record(Protocol):
    """One record of the log, bytes untouched."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


@dataclass(frozen=True)
class Claim:
    """A checkpoint as its owner holds it: a write must match `epoch` and `next`."""

    partition: Partition
    epoch: int
    next: int


@dataclass(frozen=True)
class Advance:
    """How one partition moves in one transaction."""

    claim: Claim
    next: int
    last_offset: int
    last_fingerprint: bytes
    applied: int
    duplicates: int
    quarantined: int


@dataclass(frozen=True)
class Quarantined:
    """A record that is no event, kept whole: bytes, place and reason."""

    record: Record
    reason: Reason
    detail: str
    identity: bytes


@dataclass(frozen=True)
class LedgerEntry:
    """Identities first seen in one batch, of one partition and one hour of event time.

    `hour` counts hours since 1970 in UTC; each identity has 16 bytes, each fingerprint 8.
    """

    partition: Partition
    hour: int
    identities: Mapping[bytes, bytes]


@dataclass
class Write:
    """Everything one batch changes; it happens whole or not at all."""

    advances: list[Advance] = field(default_factory=list)
    documents: dict[str, dict[str, Document | None]] = field(default_factory=dict)
    cells: dict[str, dict[tuple[Partition, tuple[str, ...]], dict[str, int]]] = field(default_factory=dict)
    ledger: list[LedgerEntry] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    at: datetime | None = None


class Fenced(Exception):
    """Somebody else owns a partition of this write: nothing was written."""


class Unavailable(Exception):
    """The store or the log did not answer: what was written is unknown until read again."""


class Store(Protocol):
    """Where read models and checkpoints live. Every method may raise Unavailable.

    A store commits one write at a time; each consumer has a store of its own.
    """

    async def claim(self, partition: Partition, owner: str) -> Claim:
        """Take the partition: a new epoch that fences every earlier owner."""

    async def read(self, partition: Partition) -> Claim:
        """The checkpoint as it stands now."""

    async def load(self, collection: str, ids: Sequence[str]) -> dict[str, Document]:
        """The documents with these ids; absent ones are left out."""

    async def identities(self, partition: Partition, hours: Sequence[int]) -> dict[int, dict[bytes, bytes]]:
        """Identities with fingerprints applied before, by hour."""

    async def commit(self, write: Write) -> None:
        """Apply all or nothing; raise Fenced where a claim no longer holds."""


class Log(Protocol):
    """What the engine steers of the log. Records themselves are handed to the engine."""

    def pause(self, partition: Partition) -> None: ...
    def resume(self, partition: Partition) -> None: ...
    def seek(self, partition: Partition, offset: int) -> None: ...
    def assigned(self) -> frozenset[Partition]:
        """The partitions this consumer holds now."""

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """First offset that still exists, and the one after the last."""
