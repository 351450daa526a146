"""The engine: claims partitions, folds batches, commits each in one transaction.

What a crash does at each point of `handle`:

1. before commit: nothing was written; the next owner reads the same records again.
2. during commit: the transaction is whole or absent; the next owner starts at the checkpoint.
3. after commit, before the caller knows: as 2; records already applied lie before the checkpoint.

While one transaction is written the next batch is folded, on the belief that the first will hold. It
begins only when the first has; where that failed, all that was folded from its result is forgotten.

Offsets committed to Kafka play no part. Nothing here is locked: every write names the epoch
and the offset it starts from, and a claim that no longer holds changes nothing.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from datetime import datetime
from typing import Any

from structlog import get_logger

from consumers.engine import guard
from consumers.engine.batch import Batch
from consumers.engine.fold import Plan
from consumers.engine.model import (
    Advance,
    Claim,
    Fenced,
    Incident,
    Log,
    Partition,
    Record,
    Store,
    TooMuchPoison,
    Unavailable,
    Unstorable,
    Write,
)
from consumers.engine.owned import Owned
from infra.failpoints import failpoint
from projections.core import Projection

MAX_TRANSACTION_BYTES = 8 * 1024 * 1024
RECORD_BYTES = 500
"""What a record costs beside its key and value, about: with its headers."""
RETRY_SECONDS = 0.5
IDLE_LOOKS = 6
"""Of so many looks at a partition where nothing moves, one reads the record that was applied last."""

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
        failed: Callable[[BaseException], None],
        lease: float = 10.0,
        max_bytes: int | None = None,
    ) -> None:
        """`failed` is told of a bug of ours in what goes on by itself: claims and transactions.

        `lease` in seconds; `max_bytes` of records in one transaction.
        """
        self._plan = Plan(projection)
        self._log = log
        self._store = store
        self._owner = owner
        self._now = now
        self._failed = failed
        self._lease = lease
        self._max_bytes = max_bytes or MAX_TRANSACTION_BYTES
        self._most = self._max_bytes
        self._refused: dict[tuple[Partition, int], str] = {}
        """Records that the store could not take though each was alone, by offset, and why."""
        self._looks = 0
        self._owned: dict[Partition, Owned] = {}
        self._claiming: set[asyncio.Task[None]] = set()
        self.halted: dict[Partition, Incident] = {}
        """Partitions that wait for an operator, and why."""
        self._taking = False
        self._writing: asyncio.Task[None] | None = None
        """The transaction under way: there is one at most."""

    @property
    def busy(self) -> bool:
        """Whether a batch is under way."""
        return self._taking or (self._writing is not None and not self._writing.done())

    def positions(self) -> dict[Partition, int]:
        """The next offset of every claimed partition, as stored."""
        return {partition: owned.stored for partition, owned in self._owned.items()}

    def assigned(self, partitions: Iterable[Partition]) -> asyncio.Task[None]:
        """Pause all at once; claim, seek and resume them in the task that is returned.

        Whoever waits for the task may hold up Kafka's client, which sends no heartbeat while it
        tells of an assignment: where claims take longer than a session, the group would expel us
        again and again.
        """
        mine = list(partitions)
        for partition in mine:
            self._log.pause(partition)
        return self._claim_in_background(self._claim_all(mine))

    def revoked(self) -> None:
        """Forget everything: the store fences whatever is still under way."""
        self._owned.clear()
        self.halted.clear()
        for task in self._claiming:
            task.cancel()

    async def close(self) -> None:
        """Claim nothing more, and wait for the transaction under way."""
        self.revoked()
        await asyncio.gather(*self._claiming, return_exceptions=True)
        await self.settled()

    async def handle(self, records: Sequence[Record]) -> None:
        """Apply a batch. Never raises for trouble of the store: it seeks back and tries again."""
        await self.take(records)
        await self.settled()

    async def take(self, records: Sequence[Record]) -> None:
        """As `handle`, but the last transaction may still be under way while the next batch is folded."""
        self._taking = True
        try:
            await self._take(records)
        finally:
            self._taking = False

    async def settled(self) -> None:
        """Wait until no transaction is under way."""
        if self._writing is not None:
            await self._writing

    async def _take(self, records: Sequence[Record]) -> None:
        by_partition: dict[Partition, list[Record]] = {}
        for record in records:
            by_partition.setdefault(Partition(record.topic, record.partition), []).append(record)
        # Claims are taken once: a claim that ends while we wait below fences the rest.
        claims = {part: self._owned[part] for part in by_partition if part in self._owned}
        fresh = {part: await self._continuing(owned, by_partition[part]) for part, owned in claims.items()}
        for chunk in _chunks(fresh, self._most):
            if not await self._apply(claims, chunk):
                return

    async def _continuing(self, owned: Owned, records: list[Record]) -> list[Record]:
        """The records, or none where they do not follow the checkpoint: they are read again then.

        They may have been fetched before a seek, or the client went back to the start of a log
        that is shorter now, or lost some, or a hole lies between: only the log itself can tell. After
        a rest it is asked too: it may have been made anew, as long as it was.
        """
        partition, first = owned.claim.partition, records[0]
        follows = first.offset == owned.claim.next
        if follows and not owned.rested:
            return records
        well = await self._inspect(owned, owned.claim)
        if well and (follows or (first.offset > owned.claim.next and await self._follows(owned, first))):
            return records
        if self._owned.get(partition) is owned:
            self._log.seek(partition, owned.claim.next)
        return []

    async def _follows(self, owned: Owned, record: Record) -> bool:
        try:
            return self._owned.get(owned.claim.partition) is owned and await guard.follows(
                owned.claim, self._log, record
            )
        except Unavailable:
            return False

    async def _apply(self, claims: dict[Partition, Owned], records: dict[Partition, list[Record]]) -> bool:
        """Fold while the transaction before is written, then begin one; False when it must be read again."""
        if any(items[0].offset < claims[part].claim.next for part, items in records.items()):
            raise AssertionError("a batch may not start before its checkpoint")
        batch = Batch(self._plan, claims, records)
        try:
            write = await batch.fold(self._store, self._now(), refused=self._refused)
        except Unavailable as error:
            await self.settled()
            await self._again(error, claims, records)
            return False
        except TooMuchPoison as error:
            await self.settled()
            await self._brake(claims, error)
            return False
        await self.settled()
        if any(self._owned.get(partition) is not claims[partition] for partition in records):
            await self._resync(claims)  # the memory that this was folded from is void
            return False
        # Believed from here on: should the commit fail, what was folded meanwhile is forgotten with it.
        batch.keep(write)
        failpoint("after_keep")
        self._writing = self._in_background(self._commit(claims, write, records))
        return True

    async def _commit(
        self, claims: dict[Partition, Owned], write: Write, records: dict[Partition, list[Record]]
    ) -> None:
        try:
            failpoint("before_commit")
            await self._store.commit(write)
        except (Fenced, Unavailable, Unstorable) as error:
            await self._again(error, claims, records)
            return
        failpoint("after_commit")
        for advance in write.advances:
            claims[advance.claim.partition].stored = advance.next
            self._refused = {at: why for at, why in self._refused.items() if not _passed(advance, *at)}
        self._most = min(self._max_bytes, 2 * self._most)

    async def _again(
        self, error: Exception, claims: dict[Partition, Owned], records: dict[Partition, list[Record]]
    ) -> None:
        _log.warning("batch_not_committed", why=type(error).__name__, error=str(error), owner=self._owner)
        await self._smaller(error, records)
        await self._resync(claims)

    async def _smaller(self, error: Exception, records: dict[Partition, list[Record]]) -> None:
        """It may be too large or too slow as a whole, or one event of it cannot be stored at all."""
        if isinstance(error, Unavailable):
            self._most = max(1, self._most // 8)
            await asyncio.sleep(RETRY_SECONDS)
        elif isinstance(error, Unstorable):
            self._most = 1
            (partition, (first, *more)), *others = records.items()
            if not more and not others:
                self._refused[partition, first.offset] = str(error)

    async def _brake(self, claims: dict[Partition, Owned], error: TooMuchPoison) -> None:
        """Nothing of the batch was written: its other partitions read it again."""
        owned = claims[error.partition]
        if self._owned.get(error.partition) is owned:
            incident = Incident(
                owned.claim, "too_much_poison", str(error), owned.claim.next, owned.claim.next
            )
            await self._halt(incident)
        await self._resync(claims)

    async def inspect(self) -> None:
        """Look whether the log still is the one we count in, and whether an operator let a halted one go on.

        A topic that is deleted and made anew under us may be longer than the old one by the time
        we read on, and then nothing else tells. Of a partition where nothing has moved since the last
        look, every sixth one is enough.
        """
        self._looks += 1
        before = {partition: (owned, owned.claim) for partition, owned in self._owned.items()}
        for partition, bounds in (await self._bounds(before)).items():
            owned, claim = before[partition]
            seen = (*bounds, claim.next)
            if owned.looked != seen or self._looks % IDLE_LOOKS == 0:
                owned.looked = seen if await self._inspect(owned, claim, bounds) else None
        for partition, incident in list(self.halted.items()):
            await self._look_again(partition, incident)

    async def _bounds(self, partitions: Collection[Partition]) -> dict[Partition, tuple[int, int]]:
        """Topic by topic: one that is away hides no other."""
        found: dict[Partition, tuple[int, int]] = {}
        for topic in sorted({partition.topic for partition in partitions}):
            try:
                found |= await self._log.all_bounds([one for one in partitions if one.topic == topic])
            except Unavailable as error:
                _log.warning("not_inspected", topic=topic, error=str(error))
        return found

    async def _inspect(self, owned: Owned, claim: Claim, bounds: tuple[int, int] | None = None) -> bool:
        """Whether all is well with a claim as it was before the bounds were asked for."""
        try:
            incident = await guard.inspect(claim, self._log, bounds)
        except Unavailable as error:
            _log.warning("not_inspected", partition=claim.partition.short, error=str(error))
            return False
        if incident is not None:
            await self.settled()
            if self._owned.get(claim.partition) is owned:
                await self._halt(incident)
        return incident is None

    async def _look_again(self, partition: Partition, incident: Incident) -> None:
        try:
            found = await self._store.read(partition)
        except Unavailable:
            return
        if found.epoch > incident.claim.epoch + 1 and self.halted.get(partition) is incident:
            await self._claim(partition)

    async def _claim_all(self, partitions: Iterable[Partition]) -> None:
        """Side by side: each waits for MongoDB and for Kafka."""
        await asyncio.gather(*map(self._claim, partitions))
        failpoint("after_assigned")

    async def _claim(self, partition: Partition) -> None:
        while partition in self._log.assigned():
            try:
                failpoint("before_claim")
                claim = await self._store.claim(partition, self._owner)
                failpoint("after_claim")
                incident = await guard.inspect(claim, self._log)
                failpoint("after_inspect")
                if incident is None and claim.halted:
                    await self._store.settle(claim, self._now())
                    failpoint("after_settle")
            except Unavailable as error:
                _log.warning("claim_failed", partition=partition.short, error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if incident is not None:
                await self._halt(incident)
            elif partition in self._log.assigned():
                self.halted.pop(partition, None)
                self._start(claim)
            return

    async def _halt(self, incident: Incident) -> None:
        """Stop reading this partition and tell operators; the others go on."""
        partition = incident.claim.partition
        self._owned.pop(partition, None)
        self._log.pause(partition)
        self.halted[partition] = incident
        _log.error(
            "partition_halted",
            partition=partition.short,
            kind=incident.kind,
            detail=incident.detail,
            next=incident.claim.next,
            first=incident.first,
            end=incident.end,
        )
        failpoint("before_halt")
        while self.halted.get(partition) is incident:
            try:
                await self._store.report(incident, self._now())
                failpoint("after_halt")
            except Unavailable as error:
                _log.warning("incident_not_kept", partition=partition.short, error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            return

    def _start(self, claim: Claim) -> None:
        failpoint("before_start")
        self._owned[claim.partition] = Owned(claim, among=max(1, len(self._log.assigned())))
        self._log.seek(claim.partition, claim.next)
        self._log.resume(claim.partition)
        failpoint("after_start")

    async def _resync(self, claims: dict[Partition, Owned]) -> None:
        """Forget the claims whose outcome is unknown, then read their checkpoints again."""
        failpoint("before_resync")
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
            failpoint("amid_resync")
            if not self._unclaimed(partition):
                return
            if found.epoch == owned.claim.epoch:
                self._start(found)
            else:
                self._claim_after_lease(partition)
            return

    def _unclaimed(self, partition: Partition) -> bool:
        free = partition not in self._owned and partition not in self.halted
        return free and partition in self._log.assigned()

    def _claim_after_lease(self, partition: Partition) -> None:
        """Another owner claimed it. If it is ours by assignment after the lease, claim again."""

        async def later() -> None:
            await asyncio.sleep(self._lease)
            failpoint("before_reclaim")
            if self._unclaimed(partition):
                await self._claim(partition)

        self._claim_in_background(later())

    def _claim_in_background(self, claim: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Until it is done or the partitions are revoked."""
        task = self._in_background(claim)
        self._claiming.add(task)
        task.add_done_callback(self._claiming.discard)
        return task

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)


def _passed(advance: Advance, partition: Partition, offset: int) -> bool:
    return partition == advance.claim.partition and offset < advance.next


def _chunks(batch: dict[Partition, list[Record]], most: int) -> Iterable[dict[Partition, list[Record]]]:
    """The records in pieces of at most so many bytes, or of one record; each partition in order."""
    chunk: dict[Partition, list[Record]] = {}
    total = 0
    for partition, records in batch.items():
        for record in records:
            size = RECORD_BYTES + len(record.key or b"") + len(record.value or b"")
            if total + size > most and chunk:
                yield chunk
                chunk, total = {}, 0
            total += size
            chunk.setdefault(partition, []).append(record)
    if chunk:
        yield chunk
