"""The HTTP server with every bound it has, in one place."""

import asyncio
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from infra.settings import Settings

HEAD_SECONDS: Final = 10.0
"""A connection that brings no complete request head in this time is closed, however it drips."""
MAX_HEAD_BYTES: Final = 32_768
MAX_CONNECTIONS: Final = 1_000
STOP_SECONDS: Final = 10


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with a deadline on what it waits for without one.

    Those are a request head that arrives byte by byte, and the rest of a body after its answer.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        # In pieces: h11 measures a head only when it has to wait for more of it.
        for start in range(0, len(data), MAX_HEAD_BYTES):
            if not self.transport.is_closing():
                super().data_received(data[start : start + MAX_HEAD_BYTES])
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        at_work = self.cycle is not None and not self.cycle.response_complete
        if at_work or self.transport.is_closing():
            self._unwatch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def config(app: ASGIApp, settings: Settings, **options: Any) -> uvicorn.Config:
    """Uvicorn's configuration for `app`; our own logs stand for its access log."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=BoundedProtocol,
        ws="none",
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=int(HEAD_SECONDS),
        timeout_graceful_shutdown=STOP_SECONDS,
        access_log=False,
        server_header=False,
        log_config=None,
        **options,
    )
