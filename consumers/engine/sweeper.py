"""The sweeper of one partition: timers that are due become events, once each.

A timer says that something has not happened until now. So it fires only when all that stood in the log
when it was due has been folded: a follow-up that is behind, or an event that waits in quarantine, may hold
what cancels it. What was read of that is looked at again in the transaction: MongoDB's primary may have
changed.

The sweeper looks at the log once for all that is due then, and not again before these have fired: what they
become stands in the log as well, and they need not wait until that is folded. Where events never cease,
a follow-up is always a little behind the end, and never behind where the end was.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from consumers.engine.model import Log, Partition, Store
from consumers.engine.outbox import Due, Lease, Timers
from infra.failpoints import failpoint

MOST = 1_000
"""Timers in one transaction."""


class Sweeper:
    """Looks after the timers of one partition of one follow-up."""

    def __init__(
        self,
        partition: Partition,
        lease: Lease,
        timers: Timers,
        *,
        store: Store,
        log: Log,
        written: Log,
        now: Callable[[], datetime],
    ) -> None:
        """`written` is the log with all that stands in it; `log` ends where a transaction is under way."""
        self._partition = partition
        self._lease = lease
        self._timers = timers
        self._store = store
        self._log = log
        self._written = written
        self._now = now
        self._looked: _Looked | None = None

    async def step(self) -> int:
        """Fire timers that are due, the oldest first; how many. Raises Fenced."""
        looked = self._looked = self._looked or await self._look()
        if looked is None or (folded := await self._folded(looked.end)) is None:
            return 0
        failpoint("before_fire")
        fired = await self._timers.fire(self._lease, looked.due, folded, MOST)
        failpoint("after_fire")
        if fired == 0:
            self._looked = None
        return fired or 0

    async def _look(self) -> "_Looked | None":
        """First what is due, then where the log ends: what came in between may cancel it."""
        due = await self._timers.due(self._now())
        if due is None:
            return None
        _, end = await self._written.bounds(self._partition)
        return _Looked(due, end)

    async def _folded(self, end: int) -> int | None:
        """Up to where all is folded, when nothing is left before `end`, else None. Markers are no records."""
        claim = await self._store.read(self._partition)
        if claim.halted:
            return None
        return claim.next if claim.next >= end or await self._nothing_left(claim.next, end) else None

    async def _nothing_left(self, start: int, end: int) -> bool:
        _, readable = await self._log.bounds(self._partition)
        if readable < end:
            return False  # behind a transaction under way stand events that were acknowledged
        record = await self._log.first_from(self._partition, start)
        return record is None or record.offset >= end


@dataclass(frozen=True)
class _Looked:
    """What was due, and where the log ended a moment later."""

    due: Due
    end: int
