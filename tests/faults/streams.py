"""Publishers of a scene, and the verdict on what became of all they sent."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.faults import oracle, promises
from tests.faults.scene import Scene
from tests.faults.traffic import planted

PER_SECOND = 2.0
"""Chunks of a stream, where nothing else is asked for."""
SECONDS = 120


@contextmanager
def stream(scene: Scene, seed: str, *, chunks: int | None = None) -> Iterator[Path]:
    """Somebody publishes, all the while or so many chunks; the journal of it. It is over at the end."""
    file = scene.folder / f"stream-{seed}.jsonl"
    more = () if chunks is None else (str(chunks),)
    publisher = scene.start("tests.faults.publishing", "stream", seed, str(file), str(PER_SECOND), *more)
    yield file
    if chunks is None:
        assert publisher.running, publisher.log.read_text()
        publisher.process.terminate()
    assert publisher.process.wait(SECONDS) == 0, publisher.log.read_text()


def verdict(scene: Scene, journals: Mapping[str, Path]) -> tuple[int, list[str]]:
    """How many records the log holds, and everything that is not as it must be."""
    records = asyncio.run(oracle.read_log(scene.kafka))
    wrong = oracle.compare(records, scene.mongo, scene.database, planted(records))
    return len(records), wrong + promises.broken(records, journals)
