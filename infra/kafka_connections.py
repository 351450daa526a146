"""Connections of aiokafka 0.14 that break, and that are given up while they are made.

A request on a connection that has just broken fails as aiokafka's callers expect, on uvloop too. They look
for OSError, which asyncio's own loop raises there. uvloop raises RuntimeError: it would pass everything that
waits for a KafkaError, end a projector that was claiming, and end aiokafka's own fetching, which nobody would
notice before the watchdog does.

Whoever is cancelled while a client starts waits until its first connection has had its answer, at most for
the time of a request: aiokafka would forget that connection, and it would stay open.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

Send = Callable[..., Any]


def _told(send: Send) -> Send:
    @wraps(send)
    def sending(self: AIOKafkaConnection, *arguments: Any, **options: Any) -> Any:
        try:
            return send(self, *arguments, **options)
        except RuntimeError as error:
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"Connection at {self.host}:{self.port} broken: {error}") from error

    return sending


def _whole(bootstrap: Callable[[Any], Awaitable[None]]) -> Any:
    @wraps(bootstrap)
    async def bootstrapping(self: Any) -> None:
        work = asyncio.ensure_future(bootstrap(self))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.gather(work, return_exceptions=True)
            raise

    return bootstrapping


def install() -> None:
    """For every connection of this process; doing it twice is doing it once."""
    bootstrap: Any = AIOKafkaClient.bootstrap
    if not hasattr(bootstrap, "__wrapped__"):
        AIOKafkaClient.bootstrap = _whole(bootstrap)  # type: ignore[method-assign]  # it is the one place
    for name in ("send", "_send_sasl_token"):
        send = getattr(AIOKafkaConnection, name)
        if not hasattr(send, "__wrapped__"):
            setattr(AIOKafkaConnection, name, _told(send))
