"""Tells listeners that the read models moved: one poller per process, only while somebody listens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from structlog import get_logger

from infra.mongo import Database, PyMongoError
from projections import read

POLL_SECONDS = 0.25
RETRY_SECONDS = 2.0
MAX_LISTENERS = 200
_log = get_logger(__name__)


class TooManyListeners(RuntimeError):
    """The process serves as many streams as it may, or is stopping."""


class Changes:
    """A change is any checkpoint that moved; the token of the last look is `revision`."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._listeners = 0
        self._poller: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._closed = False
        self.revision: str | None = None

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[AsyncIterator[str]]:
        """Yields an iterator over revisions: those that come together come once. Ends on `close`."""
        if self._closed or self._listeners >= MAX_LISTENERS:
            raise TooManyListeners
        self._listeners += 1
        try:
            if self._poller is None:
                self.revision = await read.revision(self._db)
                self._poller = self._poller or asyncio.create_task(self._poll())
            yield self._revisions(self.revision)
        finally:
            self._listeners -= 1
            if not self._listeners and self._poller is not None:
                self._poller.cancel()
                self._poller = None

    def close(self) -> None:
        """End every stream; call it before the server waits for its connections."""
        self._closed = True
        self._moved.set()

    async def _revisions(self, seen: str | None) -> AsyncIterator[str]:
        while not self._closed:
            if self.revision is not None and self.revision != seen:
                seen = self.revision
                yield seen
            else:
                await self._moved.wait()

    async def _poll(self) -> None:
        while not self._closed:
            pause = POLL_SECONDS
            try:
                await self._look()
            except PyMongoError as error:
                _log.warning("change_poll_failed", error=type(error).__name__)
                pause = RETRY_SECONDS
            await asyncio.sleep(pause)

    async def _look(self) -> None:
        revision = await read.revision(self._db)
        if revision != self.revision:
            self.revision = revision
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()
