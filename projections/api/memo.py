"""Pages rendered last: however many people watch a city, each change is rendered once."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from infra.mongo import Database
from projections import read

KEEP_SECONDS = 5.0
"""What no checkpoint tells of, such as midnight or a new city, shows after so long."""
MAX_PAGES = 256


class Memo:
    """Bodies by address, each good for one revision of the read models."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: OrderedDict[str, tuple[str, float, bytes]] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, address: str, render: Callable[[], Awaitable[bytes]]) -> bytes:
        """The body at `address`, rendered again only when something moved; errors are not kept."""
        lock = self._locks.setdefault(address, asyncio.Lock())
        try:
            async with lock:
                revision = await read.revision(self._db)  # before rendering: never newer than the body
                kept = self._kept.get(address)
                if kept and kept[0] == revision and time.monotonic() - kept[1] < KEEP_SECONDS:
                    return kept[2]
                body = await render()
                self._keep(address, (revision, time.monotonic(), body))
                return body
        finally:
            if not lock.locked():
                self._locks.pop(address, None)

    def _keep(self, address: str, entry: tuple[str, float, bytes]) -> None:
        self._kept[address] = entry
        self._kept.move_to_end(address)
        while len(self._kept) > MAX_PAGES:
            self._kept.popitem(last=False)
