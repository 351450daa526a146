"""An idea that a hundred thousand people support is answered: each is told once, whatever dies meanwhile.

No document grows with the audience, and no transaction takes as long as MongoDB would wait for one.
"""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from events.envelope import Event
from infra.failpoints import VARIABLE
from producers.publisher import Publisher
from tests.faults.conftest import NewScene
from tests.faults.scene import Scene, wait_until
from tests.support.build import ANN, answered, submitted, support_withdrawn, supported

pytestmark = [pytest.mark.servers, pytest.mark.faults]

FULL = os.environ.get("TOWNHALL_FAULTS") == "full"
SUPPORTERS = 100_000 if FULL else 5_000
SECONDS = 900 if FULL else 120
CHUNK = 5_000
LARGEST_DOCUMENT, LONGEST_TRANSACTION = 1_000_000, 5_000
"""In bytes and in milliseconds."""
KILLED_AFTER = (1, 2, 1)
"""Pages after which a process that spreads the word dies, one process after the other."""


@dataclass
class Crowd:
    """Who supports the idea now, and the events that say so."""

    standing: dict[str, None] = field(default_factory=dict)

    def joins(self, first: int, number: int) -> Iterator[Event]:
        """They support it; some say so twice, and some change their minds."""
        for n in range(first, first + number):
            who = f"supporter-{n:010}"
            yield supported(by=who)
            self.standing[who] = None
            if n % 50 == 0:
                yield supported(by=who, channel="paper")
            if n % 40 == 0:
                yield support_withdrawn(by=who)
                del self.standing[who]

    def leaves(self, number: int) -> Iterator[Event]:
        """The first of those who are there no longer support it."""
        for who in list(self.standing)[:number]:
            del self.standing[who]
            yield support_withdrawn(by=who)


def publish(scene: Scene, events: Sequence[Event]) -> None:
    async def send() -> None:
        async with Publisher(scene.settings, deadline=60) as publisher:
            for start in range(0, len(events), CHUNK):
                await publisher.publish(events[start : start + CHUNK])

    asyncio.run(send())


def count(scene: Scene, collection: str, **where: Any) -> Callable[[], int]:
    return lambda: int(scene.db[collection].count_documents(where))


def filled(scene: Scene, events: Sequence[Event]) -> None:
    """The follow-ups have seen these events of one idea; the process that does it is killed on the way."""
    publish(scene, events)
    members = count(scene, "audiences")
    first = scene.start("townhall", "follow-up")
    wait_until(lambda: members() > 0, "somebody in the audience", SECONDS)
    first.kill()
    scene.start("townhall", "follow-up")
    scene.start("townhall", "relay")
    told = {"group": "townhall.idea_messages.v1", "next": {"$gte": len(events)}}
    wait_until(lambda: count(scene, "checkpoints", **told)() == 1, "the whole audience", SECONDS)


def spread(scene: Scene) -> list[float]:
    """Everybody is told by processes that die, and by one that does not; the seconds of each of its pages."""
    for page in KILLED_AFTER:
        dying = scene.start("tests.faults.spreading", **{VARIABLE: f"after_page=kill@{page}"})
        assert dying.process.wait(SECONDS) == -signal.SIGKILL
    last = scene.start("tests.faults.spreading")
    assert last.process.wait(SECONDS) == 0
    return [line["seconds"] for line in last.said("page")]


def largest(scene: Scene) -> int:
    """The size of the largest document of all."""
    sizes = [{"$group": {"_id": None, "most": {"$max": {"$bsonSize": "$$ROOT"}}}}]
    names = [one["name"] for one in scene.db.list_collections() if one["type"] == "collection"]
    return max(int(found["most"]) for name in names for found in scene.db[name].aggregate(sizes))


def longest(scene: Scene) -> int:
    """Milliseconds of the longest transaction: mongod notes each that takes more than 20."""
    lines = (
        json.loads(line) for line in scene.embedded.mongo.log.read_text().splitlines() if '"TXN"' in line
    )
    return max(int(line["attr"]["durationMillis"]) for line in lines if line["msg"] == "transaction")


@pytest.mark.timeout(2 * SECONDS)
def test_each_supporter_is_told_once(new_scene: NewScene, capsys: pytest.CaptureFixture[str]) -> None:
    scene, crowd = new_scene(session_ms=1_000), Crowd()
    scene.db.client.admin.command({"profile": 0, "slowms": 20})
    idea = submitted().model_copy(update={"participant": ANN})
    filled(scene, [idea, *crowd.joins(0, SUPPORTERS)])
    told = sorted(crowd.standing)
    publish(scene, [answered(decision="accepted")])
    wait_until(lambda: count(scene, "announcements")() == 1, "the announcement", SECONDS)
    publish(scene, [*crowd.leaves(100), *crowd.joins(SUPPORTERS, 100)])
    pages = spread(scene)
    heard = scene.db["notifications"].find({"template": "supported_idea_answered"}, {"recipient": 1})
    assert sorted(one["recipient"] for one in heard) == told
    assert count(scene, "notifications", template="idea_answered", recipient=ANN)() == 1
    assert count(scene, "announcements")() == 0
    assert largest(scene) < LARGEST_DOCUMENT
    assert not FULL or longest(scene) < LONGEST_TRANSACTION  # beside other tests it is their speed as well
    with capsys.disabled():
        print(
            f"\n  {len(told):,} told; {len(pages)} pages by the last process, {max(pages) * 1000:,.0f} ms the"
            f" longest, {sum(pages):.1f} s in all; largest document {largest(scene):,} bytes, longest"
            f" transaction {longest(scene):,} ms"
        )
