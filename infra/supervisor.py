"""A child process kept running: started again when it ends, stopped with us, never orphaned.

The child's standard input is a pipe that nobody writes to. When this process ends, however it
ends, the pipe closes and the child stops by itself.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from structlog import get_logger

MAX_BACKOFF = 30.0
STOP_SECONDS = 15.0
_log = get_logger(__name__)


class Supervisor:
    """Runs one command of townhall as a child."""

    def __init__(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._name = name
        self._command = [sys.executable, "-m", "townhall", *arguments]
        self._environment = {**os.environ, **environment}
        self._child: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Keep the child running until cancelled, then stop it."""
        backoff = 0.5
        loop = asyncio.get_running_loop()
        try:
            while True:
                started = loop.time()
                code = await self._once()
                _log.error("child_ended", name=self._name, code=code, restart_in=backoff)
                await asyncio.sleep(backoff)
                backoff = 0.5 if loop.time() - started > MAX_BACKOFF else min(backoff * 2, MAX_BACKOFF)
        finally:
            await self._stop()

    async def _once(self) -> int:
        self._child = await asyncio.create_subprocess_exec(
            *self._command,
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches us; we stop the child in order
        )
        return await self._child.wait()

    async def _stop(self) -> None:
        child = self._child
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await child.wait()
        except TimeoutError:
            _log.warning("child_killed", name=self._name)
            child.kill()
            await child.wait()


async def stop_requested(*, supervised: bool) -> asyncio.Event:
    """An event that is set by SIGINT, SIGTERM, or, when supervised, the end of our supervisor."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if supervised:
        loop.add_reader(sys.stdin.fileno(), _at_end_of_input, loop, stop)
    return stop


def _at_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        loop.remove_reader(sys.stdin.fileno())
        stop.set()
