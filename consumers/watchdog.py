"""The watchdog: a consumer that has work and does not move ends its process, to be restarted.

aiokafka's fetch task can end, or hang after a rejoin, while the process looks alive; nothing
short of a new process mends every such state.
"""

import asyncio
import os
import time
from typing import NamedTuple

from structlog import get_logger

from consumers.engine.engine import Engine
from consumers.engine.model import Partition, Unavailable
from consumers.kafka_log import KafkaLog

CHECK_SECONDS = 5.0
STALLED_EXIT_CODE = 75

_log = get_logger(__name__)


class Progress(NamedTuple):
    """How the partitions of one projection stand that this process was given."""

    claimed: int
    unclaimed: list[str]
    halted: dict[str, str]
    """Those that wait for an operator, with the kind of their incident."""
    still: list[str]
    """Those that have work and have not moved for half the time after which the process ends."""


class Watchdog:
    """Watches one engine. A partition halted for an operator is no work to be done."""

    def __init__(self, group: str, engine: Engine, log: KafkaLog, stall_seconds: float) -> None:
        self.group = group
        self._engine = engine
        self._log = log
        self._stall_seconds = stall_seconds
        self._still: dict[Partition, tuple[int | None, float]] = {}
        """The checkpoint of each partition, and since when it stands there with work to do."""
        self._reread: dict[Partition, int] = {}
        self.stalled = False
        """Whether the end of this process is decided."""

    async def run(self) -> None:
        """Check until cancelled. Whatever goes wrong here ends the process as well: nobody would watch."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self._engine.inspect()
                stuck = await self._stuck()
            except Exception:  # noqa: BLE001 - unseen, it would end the watch for good
                _log.critical("watchdog_failed", group=self.group, exc_info=True)
                os._exit(STALLED_EXIT_CODE)
            if stuck:
                self.stalled = True
                names = [partition.short for partition in stuck]
                _log.critical(
                    "projector_stalled", group=self.group, partitions=names, seconds=self._stall_seconds
                )
                os._exit(STALLED_EXIT_CODE)

    def progress(self) -> Progress:
        """As far as the last check knows."""
        positions, halted, now = self._engine.positions(), self._engine.halted, time.monotonic()
        mine = self._log.assigned()
        still = [
            partition.short
            for partition, (at, since) in self._still.items()
            if positions.get(partition) == at and now - since > self._stall_seconds / 2
        ]
        return Progress(
            claimed=len(mine & positions.keys()),
            unclaimed=sorted(one.short for one in mine - positions.keys() - halted.keys()),
            halted={partition.short: incident.kind for partition, incident in halted.items()},
            still=sorted(still),
        )

    async def close(self) -> None:
        """End the engine's work first, which reads the log too."""
        await self._engine.close()
        await self._log.close()

    async def _stuck(self) -> list[Partition]:
        """The partitions that have not moved for too long though records wait: one moving hides no other."""
        positions, now = self._engine.positions(), time.monotonic()
        waiting = await self._waiting()
        still = {}
        for partition in waiting:
            at = positions.get(partition)
            before, since = self._still.get(partition, (at, now))
            still[partition] = (at, since if before == at else now)
        self._still = still
        return [partition for partition, (_, since) in still.items() if now - since >= self._stall_seconds]

    async def _waiting(self) -> set[Partition]:
        """The partitions that have work to do; none while the broker is away: restarting would not help."""
        positions = self._engine.positions()
        mine = self._log.assigned() - self._engine.halted.keys()
        try:
            ends = await self._log.ends(mine)
            return {one for one in mine if await self._waits(one, positions.get(one), ends[one])}
        except Unavailable:
            return set()

    async def _waits(self, partition: Partition, checkpoint: int | None, end: int) -> bool:
        """Records wait where the consumer stands before the end, or the partition was never claimed.

        The checkpoint stays one behind the end for ever where the log ends with the marker of a
        transaction.
        """
        if checkpoint is None:
            return True
        position = await self._log.position(partition)
        if end > position or (checkpoint < position and self._engine.busy):
            return True
        self._read_again(partition, checkpoint, position)
        return False

    def _read_again(self, partition: Partition, checkpoint: int, position: int) -> None:
        """What lies between is a marker, or was lost by the client: read it once more, to be sure."""
        if checkpoint < position and self._reread.get(partition) != checkpoint:
            self._reread[partition] = checkpoint
            self._log.seek(partition, checkpoint)
