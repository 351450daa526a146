"""Probes of a projector, for whatever restarts it: `/livez` and `/readyz`, on this machine only.

No web framework: two fixed answers from memory, to few connections, for a few seconds each.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import orjson

from consumers.watchdog import Watchdog
from infra.settings import BadSettings

HOST: Final = "127.0.0.1"
MAX_CONNECTIONS: Final = 16
MAX_HEAD_BYTES: Final = 8_192
ANSWER_SECONDS: Final = 5.0
_BROKEN = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
"""What a client can do to a connection; taking too long is an OSError as well."""


@asynccontextmanager
async def served(port: int | None, watchdogs: Sequence[Watchdog]) -> AsyncIterator[None]:
    """Answer probes meanwhile, where a port is given. Raises BadSettings where it is taken."""
    if port is None:
        yield
        return
    try:
        server = await asyncio.start_server(Probes(watchdogs).connected, HOST, port, limit=MAX_HEAD_BYTES)
    except OSError as error:
        raise BadSettings(
            f"TOWNHALL_HEALTH_PORT: cannot listen on {HOST}:{port} ({error.strerror}). Nothing was started. "
            "Each projector on a machine needs a port of its own."
        ) from error
    try:
        yield
    finally:
        server.close()


class Probes:
    """Answers from what the watchdogs know; asks nothing of anybody."""

    def __init__(self, watchdogs: Sequence[Watchdog]) -> None:
        self._watchdogs = watchdogs
        self._connections = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer, and the connection closes."""
        self._connections += 1
        try:
            if self._connections <= MAX_CONNECTIONS:
                async with asyncio.timeout(ANSWER_SECONDS):
                    writer.write(self._answer(await reader.readuntil(b"\r\n\r\n")))
                    await writer.drain()
        except _BROKEN:
            pass  # nobody to tell
        finally:
            self._connections -= 1
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        asked = {b"GET /livez": self.alive, b"GET /readyz": self.ready}
        probe = asked.get(b" ".join(head.split(b" ", 2)[:2]))
        if probe is None:
            return _response(HTTPStatus.NOT_FOUND, {"status": "not found: /livez and /readyz are here"})
        good = probe()
        status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
        return _response(status, {"status": "ok" if good else "not ok", "projections": self._projections()})

    def alive(self) -> bool:
        """Answering at all means that the event loop runs."""
        return not any(watchdog.stalled for watchdog in self._watchdogs)

    def ready(self) -> bool:
        """Whether every partition is claimed or waits for an operator, and none stands still with work."""
        found = [watchdog.progress() for watchdog in self._watchdogs]
        return not any(one.unclaimed or one.still for one in found)

    def _projections(self) -> dict[str, Any]:
        return {watchdog.group: watchdog.progress()._asdict() for watchdog in self._watchdogs}


def _response(status: HTTPStatus, content: dict[str, Any]) -> bytes:
    body = orjson.dumps(content)
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "connection: close",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
