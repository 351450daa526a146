"""Which events were applied before: an owner's memory of the ledger, by hour of event time."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal

from consumers.engine.model import LedgerEntry, Partition

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
Verdict = Literal["new", "duplicate", "conflict"]


def hour_of(at: datetime) -> int:
    """Hours since 1970, UTC. A retry carries the same time, so it meets the same hour."""
    return (at - _EPOCH) // _HOUR


class Ledger:
    """The identities of one claimed partition; the store holds all of them.

    Beyond `most` the oldest hours are forgotten here.
    """

    def __init__(self, partition: Partition, most: int) -> None:
        self._partition = partition
        self._most = most
        self._hours: OrderedDict[int, dict[bytes, bytes]] = OrderedDict()

    def unknown(self, hours: Iterable[int]) -> list[int]:
        """The hours that must be loaded before they can be judged."""
        return sorted(set(hours) - self._hours.keys())

    def remember(self, loaded: dict[int, dict[bytes, bytes]], asked: Iterable[int]) -> None:
        """Take in what the store knows of the hours that were asked for."""
        for hour in asked:
            self._hours[hour] = loaded.get(hour, {})

    def batch(self) -> "LedgerBatch":
        """Judge a batch; nothing is remembered until it is kept."""
        return LedgerBatch(self._hours)

    def keep(self, batch: "LedgerBatch") -> None:
        """Its identities are applied, though the store may not have them yet: its hours are kept."""
        for hour, identities in batch.fresh.items():
            self._hours[hour].update(identities)
            self._hours.move_to_end(hour)
        total = sum(map(len, self._hours.values()))
        while total > self._most and len(self._hours) > max(1, len(batch.fresh)):
            _, gone = self._hours.popitem(last=False)
            total -= len(gone)

    def entries(self, batch: "LedgerBatch") -> list[LedgerEntry]:
        """What the store must learn from the batch."""
        return [LedgerEntry(self._partition, hour, found) for hour, found in batch.fresh.items()]


class LedgerBatch:
    """The identities of one batch, so that a duplicate inside it is found too."""

    def __init__(self, known: OrderedDict[int, dict[bytes, bytes]]) -> None:
        self._known = known
        self.fresh: dict[int, dict[bytes, bytes]] = {}

    def judge(self, hour: int, identity: bytes, fingerprint: bytes) -> Verdict:
        """What this identity is; it is not yet noted."""
        seen = self._known[hour].get(identity) or self.fresh.get(hour, {}).get(identity)
        if seen is None:
            return "new"
        return "duplicate" if seen == fingerprint else "conflict"

    def note(self, hour: int, identity: bytes, fingerprint: bytes) -> None:
        """The event was folded."""
        self.fresh.setdefault(hour, {})[identity] = fingerprint
