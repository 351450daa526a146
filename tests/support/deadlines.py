"""The follow-up of deadlines and the relay as processes, and what they leave in the log."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from consumers.followups.registry import FOLLOW_UPS
from consumers.lag import standing
from consumers.verify import verify
from events.envelope import Event
from events.topics import REQUESTS
from tests.support import build, scenes
from tests.support.scenes import SECONDS

DEADLINES = [one for one in FOLLOW_UPS if one.name == "request_deadlines"]


@dataclass
class Scene(scenes.Scene):
    """Looks at requests."""

    async def log(self) -> list[tuple[int, str, str]]:
        """Partition, type and subject of every event that a reader of the topic sees."""
        found = await self.read(REQUESTS)
        return [(place, event.type.split(".", 2)[2], event.subject) for place, event in found]

    async def wrong(self) -> list[str]:
        """In which states the log and what is stored differ."""
        found = [await verify(self.settings, self.db, one, lambda *_: None) for one in DEADLINES]
        return [difference for one in found for difference in one.differences]

    async def overdue(self) -> Counter[str]:
        """How often each request is told to be."""
        return Counter(subject for _, type_, subject in await self.log() if "overdue" in type_)

    async def in_order(self) -> dict[int, list[str]]:
        """What is overdue, as each partition tells it."""
        found: dict[int, list[str]] = {}
        for place, type_, subject in await self.log():
            if "overdue" in type_:
                found.setdefault(place, []).append(subject)
        return found

    async def until_folded(self) -> None:
        """The follow-up has folded all that stands in the log."""

        async def waiting() -> int:
            rows = await standing(self.settings, self.db)
            return sum(row.waiting for row in rows if row.projection == DEADLINES[0].name)

        await self.until(waiting, 0)

    async def until_overdue(self, *requests: str) -> Counter[str]:
        """All that is overdue, when these are."""
        deadline = time.monotonic() + SECONDS
        while not set(requests) <= set(found := await self.overdue()):
            assert time.monotonic() < deadline, f"missing {set(requests) - set(found)}"
            await asyncio.sleep(0.1)
        return found


def soon(request: str, seconds: float = 0.0) -> Event:
    """A request that is overdue in so many seconds."""
    now = datetime.now(UTC)
    return build.opened(request, at=now.isoformat(), expected_datetime=now + timedelta(seconds=seconds))
