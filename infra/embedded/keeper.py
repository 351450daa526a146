"""Servers kept running: one that ends is started again on its port, with its data."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable

from infra.embedded.errors import EmbeddedError
from infra.embedded.process import POLL_SECONDS, READY_SECONDS, Server

CHECK_SECONDS = 0.5
WAITS = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Before each start that follows another soon; a server that needs more of them has a cause to mend."""
SOON_SECONDS = 600.0


class Keeper:
    """Starts servers again; the only one that steers them until it is cancelled."""

    def __init__(self, servers: Iterable[Server], say: Callable[[str], None]) -> None:
        """`say` is told, in one line, of each server that ended and is back."""
        self._starts = {server: deque[float](maxlen=len(WAITS)) for server in servers}
        self._say = say

    async def run(self) -> None:
        """Watch until cancelled; EmbeddedError for a server that cannot be brought back."""
        while True:
            for server in self._starts:
                if not server.running:
                    await self._bring_back(server)
            await asyncio.sleep(CHECK_SECONDS)

    async def _bring_back(self, server: Server) -> None:
        how = server.ending()
        while not await self._started(server, how):
            pass
        self._say(f"{server.name} ended ({how}) and was started again; all data is kept.")

    async def _started(self, server: Server, how: str) -> bool:
        """One attempt, after its wait; EmbeddedError when it would be one too many."""
        starts = self._starts[server]
        recent = sum(time.monotonic() - at < SOON_SECONDS for at in starts)
        if recent == len(WAITS):
            raise server.trouble(f"ended ({how}) and does not stay up, though it was started {recent} times")
        await asyncio.sleep(WAITS[recent])
        starts.append(time.monotonic())
        try:
            await _start(server)
        except (EmbeddedError, OSError):
            await asyncio.to_thread(server.stop)  # it may run and not answer
            return False
        return True


async def _start(server: Server) -> None:
    """In short steps in a thread: when we are cancelled, none goes on for long."""
    await asyncio.to_thread(server.start)
    async with asyncio.timeout(READY_SECONDS):
        while not await asyncio.to_thread(server.has_come):  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(POLL_SECONDS)
