"""A request on a connection that has just broken fails as aiokafka's callers expect, on uvloop too.

aiokafka 0.14 looks for OSError, which asyncio's own loop raises there. uvloop raises RuntimeError:
it would pass everything that waits for a KafkaError, end a projector that was claiming, and end
aiokafka's own fetching, which nobody would notice before the watchdog does.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

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


def install() -> None:
    """For every connection of this process; doing it twice is doing it once."""
    for name in ("send", "_send_sasl_token"):
        send = getattr(AIOKafkaConnection, name)
        if not hasattr(send, "__wrapped__"):
            setattr(AIOKafkaConnection, name, _told(send))
