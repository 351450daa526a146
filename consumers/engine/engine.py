"""The engine: claims partitions, folds batches, commits each in one transaction.

What a crash does at each point of `handle`:

1. before commit: nothing was written; the next owner reads the same records again.
2. during commit: the transaction is whole or absent; the next owner starts at the checkpoint.
3. after commit, before the caller knows: as 2; records already applied lie before the checkpoint.

Offsets committed to Kafka play no part. Nothing here is locked: every write names the epoch
and the offset it starts from, and a claim that no longer holds changes nothing.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from structlog import get_logger

from consumers.engine.batch import Batch
from consumers.engine.fold import Plan
from consumers.engine.model import Fenced, Log, Partition, Record, Store, Unavailable
from consumers.engine.owned import Owned
from projections.core import Projection

MAX_TRANSACTION_BYTES = 8 * 1024 * 1024
RETRY_SECONDS = 0.5

_log = get_logger(__name__)


class Engine:
    """One projection on one consumer. All methods run on one event loop."""

    def __init__(
        self,
        projection: Projection,
        log: Log,
        store: Store,
        *,
        owner: str,
        now: Callable[[], datetime],
        lease: float = 10.0,
    ) -> None:
        self._plan = Plan(projection)
        self._log = log
        self._store = store
        self._owner = owner
        self._now = now
        self._lease = lease
        self._most = MAX_TRANSACTION_BYTES
        self._owned: dict[Partition, Owned] = {}
        self._reclaims: set[asyncio.Task[None]] = set()
        self.halted: set[Partition] = set()
        """Partitions whose checkpoint the log does not hold; they wait for an operator."""
        self.busy = False
        """Whether a batch is under way."""

    def positions(self) -> dict[Partition, int]:
        """The next offset of every claimed partition."""
        return {partition: owned.claim.next for partition, owned in self._owned.items()}

    async def assigned(self, partitions: Iterable[Partition]) -> None:
        """Pause first, then claim, seek and resume each: records may flow before this ends."""
        mine = list(partitions)
        for partition in mine:
            self._log.pause(partition)
        for partition in mine:
            await self._claim(partition)

    def revoked(self) -> None:
        """Forget everything: the store fences whatever is still under way."""
        self._owned.clear()
        self.halted.clear()
        for task in self._reclaims:
            task.cancel()

    async def handle(self, records: Sequence[Record]) -> None:
        """Apply a batch. Never raises for trouble of the store: it seeks back and tries again."""
        self.busy = True
        try:
            await self._handle(records)
        finally:
            self.busy = False

    async def _handle(self, records: Sequence[Record]) -> None:
        by_partition: dict[Partition, list[Record]] = {}
        for record in records:
            by_partition.setdefault(Partition(record.topic, record.partition), []).append(record)
        # Claims are taken once: a claim that ends while we wait below fences the rest.
        claims = {part: self._owned[part] for part in by_partition if part in self._owned}
        fresh = {part: self._continuing(owned, by_partition[part]) for part, owned in claims.items()}
        for chunk in _chunks(fresh, self._most):
            if not await self._apply(claims, chunk):
                return

    def _continuing(self, owned: Owned, records: list[Record]) -> list[Record]:
        """The records that come after the checkpoint; none where they do not follow it."""
        fresh = [record for record in records if record.offset >= owned.claim.next]
        if fresh and not owned.continues(fresh[0].offset):
            self._log.seek(owned.claim.partition, owned.claim.next)
            return []
        return fresh

    async def _apply(self, claims: dict[Partition, Owned], records: dict[Partition, list[Record]]) -> bool:
        """One transaction; False when the records must be read again."""
        batch = Batch(self._plan, claims, records)
        try:
            write = await batch.fold(self._store, self._now())
            await self._store.commit(write)
        except (Fenced, Unavailable) as error:
            _log.warning("batch_not_committed", why=type(error).__name__, error=str(error), owner=self._owner)
            if isinstance(error, Unavailable):
                # It may be too large or too slow as a whole; at the end a single record is tried.
                self._most = max(1, self._most // 8)
                await asyncio.sleep(RETRY_SECONDS)
            await self._resync(claims)
            return False
        batch.keep(write)
        self._most = min(MAX_TRANSACTION_BYTES, 2 * self._most)
        return True

    async def _claim(self, partition: Partition) -> None:
        while partition in self._log.assigned():
            try:
                claim = await self._store.claim(partition, self._owner)
                first, end = await self._log.bounds(partition)
            except Unavailable as error:
                _log.warning("claim_failed", partition=partition.short, error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if not first <= claim.next <= end:
                self._halt(partition, claim.next, first, end)
            elif partition in self._log.assigned():
                self._start(Owned(claim))
            return

    def _halt(self, partition: Partition, checkpoint: int, first: int, end: int) -> None:
        """The log lost what comes next, or is another log: going on would miss events silently."""
        self.halted.add(partition)
        why = "the log does not hold the offset after the last applied event"
        _log.error(
            "partition_halted", partition=partition.short, next=checkpoint, first=first, end=end, why=why
        )

    def _start(self, owned: Owned) -> None:
        self._owned[owned.claim.partition] = owned
        self._log.seek(owned.claim.partition, owned.claim.next)
        self._log.resume(owned.claim.partition)

    async def _resync(self, claims: dict[Partition, Owned]) -> None:
        """Forget the claims whose outcome is unknown, then read their checkpoints again."""
        current = [owned for partition, owned in claims.items() if self._owned.get(partition) is owned]
        for owned in current:
            del self._owned[owned.claim.partition]
            self._log.pause(owned.claim.partition)
        for owned in current:
            await self._resume(owned)

    async def _resume(self, owned: Owned) -> None:
        partition = owned.claim.partition
        while self._unclaimed(partition):
            try:
                found = await self._store.read(partition)
            except Unavailable as error:
                _log.warning("checkpoint_unreadable", partition=partition.short, error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if not self._unclaimed(partition):
                return
            if found.epoch == owned.claim.epoch:
                self._start(Owned(found))
            else:
                self._claim_after_lease(partition)
            return

    def _unclaimed(self, partition: Partition) -> bool:
        return partition in self._log.assigned() and partition not in self._owned

    def _claim_after_lease(self, partition: Partition) -> None:
        """Another owner claimed it. If it is ours by assignment after the lease, claim again."""

        async def later() -> None:
            await asyncio.sleep(self._lease)
            if self._unclaimed(partition):
                await self._claim(partition)

        task = asyncio.create_task(later())
        self._reclaims.add(task)
        task.add_done_callback(self._reclaims.discard)


def _chunks(batch: dict[Partition, list[Record]], most: int) -> Iterable[dict[Partition, list[Record]]]:
    """The records in pieces of at most so many bytes, or of one record; each partition in order."""
    chunk: dict[Partition, list[Record]] = {}
    total = 0
    for partition, records in batch.items():
        for record in records:
            size = len(record.value or b"") + len(record.key or b"")
            if total + size > most and chunk:
                yield chunk
                chunk, total = {}, 0
            total += size
            chunk.setdefault(partition, []).append(record)
    if chunk:
        yield chunk
