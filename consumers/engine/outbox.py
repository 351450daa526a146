"""The words of the relay and the sweeper: leases, numbered events, and where they come from and go.

Whatever fails here ends the process that meets it. The next one reads where things stand, and what was
done twice carries the same derived ids, so everybody drops it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from events.codec import Record


class Numbered(NamedTuple):
    """An event in the outbox; its shard counts without gaps."""

    n: int
    record: Record


@dataclass(frozen=True)
class Lease:
    """The right to work on one thing. It spares quarrels; the `epoch` decides them."""

    name: str
    epoch: int
    line: str
    """An identity made when this was leased for the first time; Kafka knows the producer by it."""
    last: int
    """The number of the last event that was published, or that was put into the outbox."""


@dataclass(frozen=True)
class Due:
    """Which timers are due at a moment."""

    now: datetime
    held: Mapping[str, datetime] = field(default_factory=dict)
    """Cities whose history is brought in, and where it stands: none of theirs is due that is due later."""


class Leases(Protocol):
    """Who works on what."""

    async def take(self, name: str) -> Lease | None:
        """A lease that is free, or whose owner has not renewed it; None while another one has it."""


class Outbox(Protocol):
    """The events that are to be published."""

    async def shards(self) -> list[str]:
        """Those that hold any."""

    async def after(self, shard: str, n: int, most: int) -> list[Numbered]:
        """The first events with a higher number. One may be missing that was written with a later one."""

    async def published(self, lease: Lease, shard: str, upto: int) -> None:
        """They stand in the log: remember that, and keep them no longer than those written with them."""


class Outlet(Protocol):
    """The way of one shard to the log."""

    async def open(self) -> int:
        """End every earlier producer of this shard; the number of the last event that was published."""

    async def publish(self, records: Sequence[Record], upto: int) -> None:
        """All of them, in order, together with the number of the last one, or nothing. Raises Fenced."""

    async def close(self) -> None:
        """Publish nothing more."""


class Timers(Protocol):
    """The timers of one partition of a follow-up."""

    async def due(self, now: datetime) -> Due | None:
        """What is due; None where nothing is."""

    async def fire(self, lease: Lease, due: Due, folded: int, most: int) -> int | None:
        """Make events of the oldest timers that are due, still; how many. None: something else came first.

        None of a key that waits in quarantine, and none at all unless everything before the offset `folded`
        is folded, seen at the same moment as the timers. One that is cancelled at the same time is
        cancelled, or fires, and never both. Raises Fenced.
        """
