"""The sweeper of one partition: timers that are due become events, once each.

A timer says that something has not happened until now. So it fires only when all that stood in the log
by now has been folded: a follow-up that is behind, or an event that waits in quarantine, may hold what
cancels it. What was read of that is looked at again in the transaction: MongoDB's primary may have changed.
"""

from collections.abc import Callable
from datetime import datetime

from consumers.engine.model import Log, Partition, Store
from consumers.engine.outbox import Lease, Timers
from infra.failpoints import failpoint

MOST = 500
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
        now: Callable[[], datetime],
    ) -> None:
        self._partition = partition
        self._lease = lease
        self._timers = timers
        self._store = store
        self._log = log
        self._now = now

    async def step(self) -> int:
        """Fire timers that are due, the oldest first; how many. Raises Fenced."""
        now = self._now()
        if not await self._timers.any_due(now):
            return 0
        folded = await self._caught_up()
        if folded is None:
            return 0
        failpoint("before_fire")
        fired = await self._timers.fire(self._lease, now, folded, MOST)
        failpoint("after_fire")
        return fired

    async def _caught_up(self) -> int | None:
        """Where the log ends, when all of it is folded, else None. Markers are no records."""
        _, end = await self._log.bounds(self._partition)
        claim = await self._store.read(self._partition)
        if claim.halted:
            return None
        if claim.next < end and await self._log.first_from(self._partition, claim.next) is not None:
            return None
        return claim.next
