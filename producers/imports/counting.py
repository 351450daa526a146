"""Waiting until the projections have counted what was published, to tell how much was there before."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from events.positions import Position
from events.topics import GRANTS, IDEAS, REQUESTS, STEWARDSHIP, TOPICS
from infra.mongo import Database
from projections.registry import BY_NAME

GROUPS: Final[Mapping[str, str]] = {
    IDEAS.name: BY_NAME["participation"].group,
    REQUESTS.name: BY_NAME["requests"].group,
    GRANTS.name: BY_NAME["grants"].group,
    STEWARDSHIP.name: BY_NAME["stewardship"].group,
}
"""The projection that counts the duplicates of a topic."""

_PAUSE: Final = 0.2
_QUIET_SECONDS: Final = 20.0
"""A projection that moves no checkpoint for so long, with work to do, is taken for not running."""


class Counter:
    """Watches the checkpoints of the counting projections from before the first event."""

    def __init__(self, db: Database, before: Mapping[str, int]) -> None:
        self._db = db
        self._before = before

    @classmethod
    async def begin(cls, db: Database) -> "Counter":
        """A counter that starts from what was counted until now."""
        found = await _checkpoints(db, [])
        return cls(db, {id_: duplicates for id_, (_, duplicates) in found.items()})

    async def duplicates(
        self, positions: Iterable[Position], seconds: float, progress: Callable[[int, int], None]
    ) -> int | None:
        """How many events up to these positions stood in the log before; None if not counted in time.

        Exact where the projections had caught up before, and nobody else repeats events at the same time.
        """
        targets = {_checkpoint(p): p.offset + 1 for p in sorted(positions, key=lambda p: p.offset)}
        started = moved = time.monotonic()
        last: dict[str, tuple[int, int]] = {}
        while True:
            found = await _checkpoints(self._db, list(targets))
            done = sum(found.get(id_, (0, 0))[0] >= target for id_, target in targets.items())
            progress(done, len(targets))
            if done == len(targets):
                return sum(now - self._before.get(id_, 0) for id_, (_, now) in found.items())
            now = time.monotonic()
            moved = now if found != last else moved
            last = found
            if now - started > seconds or now - moved > _QUIET_SECONDS:
                return None
            await asyncio.sleep(_PAUSE)


def _checkpoint(position: Position) -> str:
    return f"{GROUPS[position.topic]}/{position.topic}/{position.partition}"


async def _checkpoints(db: Database, ids: list[str]) -> dict[str, tuple[int, int]]:
    """`next` and `duplicates` by checkpoint; without ids, of every partition that is counted."""
    wanted = ids or [
        f"{GROUPS[topic.name]}/{topic.name}/{n}"
        for topic in TOPICS
        if topic.name in GROUPS
        for n in range(topic.partitions)
    ]
    cursor = db["checkpoints"].find({"_id": {"$in": wanted}})
    return {found["_id"]: (int(found["next"]), int(found.get("duplicates", 0))) async for found in cursor}
