"""A publisher as a process: `python -m tests.faults.publishing NAME SEED JOURNAL CHUNKS_PER_SECOND [CHUNKS]`.

It notes in its journal what it is about to publish and what was acknowledged, so that one started after
it was killed goes on where it stood, as an app does that keeps an outbox: the same events again, with the
same ids. SIGTERM ends it after the chunk under way.
"""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from events.partitioning import partition_of
from events.topics import BY_NAME
from infra import failpoints
from infra.kafka import producer
from infra.settings import Settings, load
from producers.publisher import OutcomeUnknown, Publisher
from tests.faults.traffic import Chunk, Poison, Traffic

SECONDS_TO_ACKNOWLEDGE = 5.0


@dataclass(frozen=True)
class Line:
    """One line of a journal: `tried` before, `acked` after; `retried` when it was not known."""

    what: str
    chunk: int
    fresh: int = 0
    poison: int = 0


def journal(file: Path) -> list[Line]:
    """What was noted; a line that was being written when its writer died is left out."""
    whole, _, _ = (file.read_bytes() if file.exists() else b"").rpartition(b"\n")
    return [Line(**json.loads(line)) for line in whole.splitlines()]


class Sender:
    """Sends chunks, each until it is acknowledged."""

    def __init__(self, settings: Settings, publisher: Publisher, file: Path) -> None:
        self._settings = settings
        self._publisher = publisher
        self._file = file
        self._raw: AIOKafkaProducer | None = None

    def note(self, line: Line) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(vars(line)) + "\n")

    async def send(self, number: int, chunk: Chunk) -> None:
        self.note(Line("tried", number, chunk.fresh, len(chunk.poison)))
        while True:
            try:
                await self._publisher.publish(chunk.events)
                await self._spoil(chunk.poison)
            except (OutcomeUnknown, KafkaError, TimeoutError):
                self.note(Line("retried", number))
                await asyncio.sleep(0.2)
            else:
                self.note(Line("acked", number, chunk.fresh, len(chunk.poison)))
                return

    async def _spoil(self, poison: list[Poison]) -> None:
        """What no publisher of ours would send."""
        if not poison:
            return
        try:
            async with asyncio.timeout(SECONDS_TO_ACKNOWLEDGE):
                await self._send_raw(poison)
        except (KafkaError, TimeoutError):
            await self.close()
            raise

    async def _send_raw(self, poison: list[Poison]) -> None:
        if self._raw is None:
            self._raw = producer(self._settings)
            await self._raw.start()
        for record in (one.record for one in poison):
            partition = partition_of(record.key, BY_NAME[record.topic].partitions)
            await self._raw.send_and_wait(
                record.topic, record.value, key=record.key, headers=record.headers, partition=partition
            )

    async def close(self) -> None:
        raw, self._raw = self._raw, None
        if raw is not None:
            with contextlib.suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(1):
                    await raw.stop()


async def run(name: str, seed: str, file: Path, per_second: float, chunks: int | None) -> None:
    """Publish until told to stop, or until so many chunks are acknowledged in all."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    settings, traffic = load(), Traffic(seed, name)
    async with Publisher(settings, deadline=SECONDS_TO_ACKNOWLEDGE) as publisher:
        sender = Sender(settings, publisher, file)
        for number in _numbers(file, chunks):
            due = loop.time() + 1 / per_second
            await sender.send(number, traffic.chunk(number))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(0.0, due - loop.time()))
            if stop.is_set():
                break
        await sender.close()


def _numbers(file: Path, chunks: int | None) -> Iterator[int]:
    acked = [line.chunk for line in journal(file) if line.what == "acked"]
    number = max(acked, default=-1) + 1
    while chunks is None or number < chunks:
        yield number
        number += 1


def main() -> None:
    import os

    failpoints.arm(os.environ.get(failpoints.VARIABLE, ""))
    name, seed, file, per_second, *chunks = sys.argv[1:]
    limit: Any = int(chunks[0]) if chunks else None
    asyncio.run(run(name, seed, Path(file), float(per_second), limit))


if __name__ == "__main__":
    main()
