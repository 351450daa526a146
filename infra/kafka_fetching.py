"""A consumer that is stopped while a failed fetch waits for its next try stops, and raises nothing.

aiokafka 0.14 cancels such a fetch and waits for it unguarded: the cancellation comes back to whoever asked
it to stop, as if they were cancelled, and the connections stay open.
"""

import asyncio
import contextlib
from functools import wraps
from typing import Any

from aiokafka.consumer.fetcher import Fetcher


def install() -> None:
    """For every consumer of this process; doing it twice is doing it once."""
    close: Any = Fetcher.close
    if hasattr(close, "__wrapped__"):
        return

    @wraps(close)
    async def closing(self: Any) -> None:
        self._fetch_task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._fetch_task  # it adds no more fetches
        under_way, self._pending_tasks = self._pending_tasks, set()
        for fetch in under_way:
            fetch.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await close(self)

    Fetcher.close = closing  # type: ignore[method-assign]  # it is the one place
