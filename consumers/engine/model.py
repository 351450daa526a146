"""The words the engine, its log and its store share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Literal, NamedTuple, Protocol

from events.codec import Reason
from events.codec import Record as Encoded
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
class PlainRecord:
    """A record as it was kept."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class Mark(NamedTuple):
    """The record applied last: where it stood, and 8 bytes over what it said."""

    offset: int
    fingerprint: bytes


@dataclass(frozen=True)
class Claim:
    """A checkpoint as its owner holds it: a write must match `epoch` and `next`."""

    partition: Partition
    epoch: int
    next: int
    last: Mark | None = field(default=None, compare=False)
    cluster: str | None = field(default=None, compare=False)
    """The cluster whose log the offsets belong to; None before the first claim."""
    poison_until: int = field(default=0, compare=False)
    """Before this offset an operator lets however many events turn to poison."""
    halted: bool = field(default=False, compare=False)
    """Whether an incident is open that stopped an earlier owner."""
    outbox_n: int = field(default=0, compare=False)
    """The number of the last event that this partition has put into the outbox."""
    gate: int = field(default=0, compare=False)
    """Effects of records before this offset are silent: an earlier version has seen to them."""


IncidentKind = Literal[
    "other_cluster",
    "checkpoint_ahead",
    "expired",
    "other_log",
    "unreadable",
    "undeclared_partition",
    "too_much_poison",
]


@dataclass(frozen=True)
class Incident:
    """Why a partition halted: going on would lose or repeat events silently. An operator decides."""

    claim: Claim
    kind: IncidentKind
    detail: str
    first: int
    end: int
    """The log's bounds when it was found: first offset, and the one after the last."""


@dataclass(frozen=True)
class Advance:
    """How one partition moves in one transaction."""

    claim: Claim
    next: int
    last: Mark | None
    applied: int
    duplicates: int
    quarantined: int
    emitted: int = 0
    """Events put into the outbox."""
    last_of_claim: bool = False
    """Ends the claim, so that a write that moves nothing cannot be applied twice either."""


@dataclass(frozen=True)
class Quarantined:
    """A record that is no event, kept whole: bytes, place and reason."""

    record: Record
    reason: Reason
    detail: str
    identity: bytes
    count: int = 1
    """How often the same bytes came."""


Fate = Literal["replayed", "dropped", "conflict"]


class Release(NamedTuple):
    """What becomes of a quarantined record that was looked at again."""

    partition: Partition
    identity: bytes
    fate: Fate


@dataclass(frozen=True)
class LedgerEntry:
    """Identities first seen in one batch, of one partition and one hour of event time.

    `hour` counts hours since 1970 in UTC; each identity has 16 bytes, each fingerprint 8.
    """

    partition: Partition
    hour: int
    identities: Mapping[bytes, bytes]


@dataclass(frozen=True)
class Outgoing:
    """An event on its way to the log, as Kafka will store it. The numbers of a partition have no gaps."""

    partition: Partition
    n: int
    record: Encoded


@dataclass(frozen=True)
class Timer:
    """An event that is published when the time has come, unless the timer is cancelled before."""

    id: str
    partition: Partition
    key: str
    """The key of the aggregate whose events start and cancel it."""
    due: datetime
    record: Encoded


@dataclass(frozen=True)
class Notice:
    """Something that somebody is to be told; the id follows from its cause."""

    id: str
    city: str
    recipient: str | None
    """A pseudonym; None for whoever sent `about` without a name."""
    template: str
    about: str
    fields: Mapping[str, str]
    causationid: str
    correlationid: str
    at: datetime
    """When it came to be so: the time of the cause."""


@dataclass(frozen=True)
class Membership:
    """Somebody joins an audience, or leaves it, at this point of the log."""

    audience: str
    member: str
    joins: bool
    offset: int = 0


def belonged(changes: Sequence[int], offset: int) -> bool:
    """Whether somebody with these changes was in the audience at this point of the log."""
    return sum(change < offset for change in changes) % 2 == 1


@dataclass(frozen=True)
class Announcement:
    """A notice for everybody who belonged to the audience at this point of the log."""

    audience: str
    manager: str
    cause: tuple[str, ...]
    """What the ids of the notices follow from, beside the member."""
    notice: Notice
    """For nobody yet; its id is the announcement's."""
    offset: int = 0

    def to(self, member: str) -> Notice:
        """The notice for one of them."""
        return replace(self.notice, id=derived_id(self.manager, *self.cause, member), recipient=member)


def derived_id(manager: str, *parts: str) -> str:
    """An id that follows from these parts: the same for the same, whoever derives it and however often."""
    told = "\0".join((manager, *parts)).encode("utf-8", "surrogatepass")
    return f"{manager}-{blake2b(told, digest_size=16).hexdigest()}"


@dataclass
class Write:
    """Everything one batch changes; it happens whole or not at all."""

    advances: list[Advance] = field(default_factory=list)
    documents: dict[str, dict[str, Document | None]] = field(default_factory=dict)
    created: set[tuple[str, str]] = field(default_factory=set)
    """Collection and id of those documents that were not there before: inserted at half the price."""
    cells: dict[str, dict[tuple[Partition, tuple[str, ...]], dict[str, int]]] = field(default_factory=dict)
    ledger: list[LedgerEntry] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    outbox: list[Outgoing] = field(default_factory=list)
    timers: dict[str, Timer | None] = field(default_factory=dict)
    """By id; None cancels."""
    notices: list[Notice] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    at: datetime | None = None


class Fenced(Exception):
    """Somebody else owns a partition of this write: nothing was written."""


class TooMuchPoison(Exception):
    """So many events cannot be counted that the fault must be ours: nothing was written."""

    def __init__(self, partition: Partition, detail: str) -> None:
        self.partition = partition
        super().__init__(detail)


class Unstorable(Exception):
    """The store can never take this write, whoever asks: nothing was written."""


class Unreadable(Exception):
    """What stands in the log there can never be read, whoever asks."""


class Unavailable(Exception):
    """The store or the log did not answer: what was written is unknown until read again."""


class Store(Protocol):
    """Where read models and checkpoints live. Every method may raise Unavailable.

    A store commits one write at a time; each consumer has a store of its own. Whatever is read holds
    everything that stood when the partition was claimed: a claim fences writes, not reads from before it.
    """

    async def claim(self, partition: Partition, owner: str) -> Claim:
        """Take the partition: a new epoch that fences every earlier owner."""

    async def read(self, partition: Partition) -> Claim:
        """The checkpoint as it stands now."""

    async def load(self, collection: str, ids: Sequence[str]) -> dict[str, Document]:
        """The documents with these ids; absent ones are left out."""

    async def identities(self, partition: Partition, hours: Sequence[int]) -> dict[int, dict[bytes, bytes]]:
        """Identities with fingerprints applied before, by hour."""

    async def waiting(self, partition: Partition) -> set[bytes]:
        """The keys of quarantined records that later events of the same key must wait for."""

    async def quarantined(self, partition: Partition, key: bytes, most: int) -> list[Quarantined]:
        """The first records of a key that wait, in the order of the log."""

    async def commit(self, write: Write) -> None:
        """Apply all or nothing; raise Fenced where a claim no longer holds, Unstorable where it never can.

        Unavailable where a document stands already that is said to be created.
        """

    async def report(self, incident: Incident, at: datetime) -> None:
        """Keep the incident for operators, and fence whoever holds its claim.

        Nothing happens where the claim no longer holds: its next owner judges for itself.
        """

    async def settle(self, claim: Claim, at: datetime) -> None:
        """The partition goes on: its open incidents have passed."""


class Log(Protocol):
    """What the engine steers of the log. Records themselves are handed to the engine."""

    cluster: str
    """The identity of the cluster."""

    def pause(self, partition: Partition) -> None: ...
    def resume(self, partition: Partition) -> None: ...
    def seek(self, partition: Partition, offset: int) -> None: ...
    def assigned(self) -> frozenset[Partition]:
        """The partitions this consumer holds now."""

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """First offset that still exists, and the one after the last."""

    async def all_bounds(self, partitions: Iterable[Partition]) -> dict[Partition, tuple[int, int]]:
        """The same of many, asked for at once."""

    async def first_from(self, partition: Partition, offset: int) -> Record | None:
        """The first record at this offset, which lies within the bounds, or after it; None at the end.

        Read apart from everything else. May raise Unreadable.
        """
