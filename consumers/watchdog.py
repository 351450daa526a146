"""The watchdog: a consumer that has work and does not move ends its process, to be restarted.

aiokafka's fetch task can end, or hang after a rejoin, while the process looks alive; nothing
short of a new process mends every such state.
"""

import asyncio
import os
import time

from structlog import get_logger

from consumers.engine.engine import Engine
from consumers.engine.model import Partition, Unavailable
from consumers.kafka_log import KafkaLog

CHECK_SECONDS = 5.0
STALLED_EXIT_CODE = 75

_log = get_logger(__name__)


class Watchdog:
    """Watches one engine. A partition halted for an operator is no work to be done."""

    def __init__(self, group: str, engine: Engine, log: KafkaLog, stall_seconds: float) -> None:
        self.group = group
        self._engine = engine
        self._log = log
        self._stall_seconds = stall_seconds
        self._seen: dict[Partition, int] = {}
        self._moved = time.monotonic()
        self._reread: dict[Partition, int] = {}

    async def run(self) -> None:
        """Check until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if await self._still_fine():
                continue
            _log.critical("projector_stalled", group=self.group, seconds=self._stall_seconds)
            os._exit(STALLED_EXIT_CODE)

    async def _still_fine(self) -> bool:
        positions = self._engine.positions()
        if positions != self._seen or not await self._has_work(positions):
            self._seen = positions
            self._moved = time.monotonic()
        return time.monotonic() - self._moved < self._stall_seconds

    async def _has_work(self, positions: dict[Partition, int]) -> bool:
        """A batch is under way, records wait in a partition of ours, or one was never claimed.

        Records wait where the consumer stands before the end. The checkpoint stays one behind
        the end for ever where the log ends with the marker of a transaction.
        """
        if self._engine.busy:
            return True
        waiting = self._log.assigned() - self._engine.halted
        try:
            for partition in waiting:
                if partition not in positions:
                    return True
                _, end = await self._log.bounds(partition)
                position = await self._log.position(partition)
                if end > position:
                    return True
                self._read_again(partition, positions[partition], position)
        except Unavailable:
            return False  # the broker is away: restarting would not help
        return False

    def _read_again(self, partition: Partition, checkpoint: int, position: int) -> None:
        """What lies between is a marker, or was lost by the client: read it once more, to be sure."""
        if checkpoint < position and self._reread.get(partition) != checkpoint:
            self._reread[partition] = checkpoint
            self._log.seek(partition, checkpoint)
