"""A few consumers for many readers: each serves one reader at a time, for as long as a page takes.

A consumer has one position in a partition, so two readers never share it. One on which anything went wrong
is thrown away: aiokafka drops what it has fetched when it raises, and stands behind what nobody has seen.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from infra.kafka import AIOKafkaConsumer, KafkaError

STOP_SECONDS: Final = 5.0


class Pool:
    """Makes consumers when they are first needed; `close` ends them."""

    def __init__(self, make: Callable[[], AIOKafkaConsumer], size: int) -> None:
        self._make = make
        self._turns = asyncio.Semaphore(size)
        self._idle: list[AIOKafkaConsumer] = []
        self._ending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A started consumer, for this reader alone."""
        async with self._turns:
            started = bool(self._idle)
            consumer = self._idle.pop() if started else self._make()
            try:
                if not started:
                    await consumer.start()
                yield consumer
                consumer.pause(*consumer.assignment())  # else it would fetch on
            except BaseException:
                self._throw_away(consumer)
                raise
            self._idle.append(consumer)

    async def close(self) -> None:
        """Disconnect; what takes too long ends with the process."""
        while self._idle:
            self._throw_away(self._idle.pop())
        if self._ending:
            await asyncio.wait(self._ending, timeout=STOP_SECONDS)

    def _throw_away(self, consumer: AIOKafkaConsumer) -> None:
        """Nobody waits for it: a reader that was told of a trouble has its answer."""
        task = asyncio.create_task(_stop(consumer))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    with suppress(KafkaError):
        await consumer.stop()
