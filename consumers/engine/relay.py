"""The relay of one shard: what stands in the outbox goes to the log, in order.

What a crash does at each point of `step`:

1. before Kafka has committed: nothing of it can be read; the next relay publishes it.
2. after that: the number of the last event stands in Kafka beside the events. The next relay reads it
   and goes on behind it, whatever the outbox still holds.
"""

from structlog import get_logger

from consumers.engine.outbox import Lease, Numbered, Outbox, Outlet
from infra.failpoints import failpoint

MOST = 2_000
"""Events in one transaction of Kafka."""
_log = get_logger(__name__)


class Relay:
    """Publishes one shard for as long as nobody else does."""

    def __init__(self, shard: str, lease: Lease, outbox: Outbox, outlet: Outlet) -> None:
        self._shard = shard
        self._lease = lease
        self._outbox = outbox
        self._outlet = outlet
        self._at = 0

    async def open(self) -> None:
        """Go on where the last relay stood, in the outbox or, where it died in between, in Kafka."""
        failpoint("before_outlet")
        self._at = max(self._lease.last, await self._outlet.open())
        failpoint("after_outlet")
        if self._at > self._lease.last:
            await self._outbox.published(self._lease, self._shard, self._at)

    async def step(self) -> bool:
        """Publish the next events; whether there were any."""
        found = await self._outbox.after(self._shard, self._at, MOST)
        rows = _without_gap(found, self._at)
        if not rows:
            if found:
                _log.warning("outbox_gap", shard=self._shard, after=self._at, found=found[0].n)
            return False
        failpoint("before_publish")
        await self._outlet.publish([row.record for row in rows], rows[-1].n)
        failpoint("after_publish")
        self._at = rows[-1].n
        await self._outbox.published(self._lease, self._shard, self._at)
        failpoint("after_published")
        return True

    async def close(self) -> None:
        """Publish nothing more."""
        await self._outlet.close()


def _without_gap(found: list[Numbered], at: int) -> list[Numbered]:
    """Those before the first that is missing: it was written with, or before, the ones behind it."""
    return [row for n, row in enumerate(found, at + 1) if row.n == n]
