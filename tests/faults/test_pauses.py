"""Pauses: a projector that wakes from a long freeze finds its partitions taken and changes nothing."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from events.envelope import Event
from producers.publisher import Publisher
from tests.faults.conftest import NewScene
from tests.faults.scene import Projector, Scene, wait_until
from tests.support import build

pytestmark = [pytest.mark.servers, pytest.mark.faults]

ROUNDS = 2
BALLOTS, VOTERS = 3_000, 1_000
SESSION_MS = 3_000
TAKEOVER_SECONDS = 30
"""Session time-out, rebalance and the events themselves; never the minute that MongoDB keeps a lock."""
SEED = 7


def ballots(chance: random.Random, count: int) -> list[Event]:
    """Ballots of few voters, cast again and again, so that documents change and votes move."""
    return [
        build.ballot(
            *chance.sample("abcdef", chance.randint(0, 4)),
            by=f"voter-pseudonym-{chance.randrange(VOTERS):05}",
        )
        for _ in range(count)
    ]


def publish(scene: Scene, events: Sequence[Event]) -> None:
    async def send() -> None:
        async with Publisher(scene.settings, deadline=30) as publisher:
            await publisher.publish(events)

    asyncio.run(send())


def owns(scene: Scene, projector: Projector) -> set[str]:
    """The checkpoints that this projector claimed last."""
    mine = f"/{projector.process.pid}/"
    return {key for key, row in scene.checkpoints().items() if mine in row["owner"]}


def epochs(scene: Scene) -> int:
    return sum(row["epoch"] for row in scene.checkpoints().values())


@dataclass(frozen=True)
class Seen:
    """What one freeze brought about."""

    seconds_to_take_over: float
    reclaimed: bool


def freeze_and_wake(scene: Scene, chance: random.Random) -> Seen:
    """One projector at work is frozen, another takes over, the first wakes."""
    zombie = scene.start_projector()
    publish(scene, ballots(chance, BALLOTS))
    wait_until(lambda: bool(owns(scene, zombie)), "the partitions claimed", 60)
    at = scene.progress()
    wait_until(lambda: scene.progress() > at, "the projector at work", 60)
    zombie.freeze()
    frozen = time.monotonic()
    assert scene.waiting() > 0, "it was frozen when its work was done: nothing was tested"
    scene.start_projector()
    publish(scene, ballots(chance, BALLOTS // 10))
    scene.settle(TAKEOVER_SECONDS, keep=2)  # the frozen one is one of them
    seconds = time.monotonic() - frozen
    wait_until(lambda: not owns(scene, zombie), "the partitions without events claimed too", 60)

    before = epochs(scene)
    zombie.thaw()
    publish(scene, ballots(chance, BALLOTS // 10))
    wait_until(
        lambda: bool(zombie.said("batch_not_committed")) or epochs(scene) > before,
        "the woken projector to find that it was replaced",
        60,
    )
    scene.settle(60)
    assert scene.differences() == []
    assert zombie.running
    for projector in scene.running:
        projector.kill()
    return Seen(seconds, reclaimed=epochs(scene) > before)


@pytest.mark.timeout(400, method="signal")
def test_a_projector_frozen_longer_than_its_session_changes_nothing_when_it_wakes(
    new_scene: NewScene, capsys: pytest.CaptureFixture[str]
) -> None:
    """Frozen at work, replaced, woken: it is fenced or rebalanced away, and every vote counts once."""
    scene, chance = new_scene(session_ms=SESSION_MS, batch_records=50), random.Random(SEED)
    seen = [freeze_and_wake(scene, chance) for _ in range(ROUNDS)]
    why = [line["why"] for one in scene.projectors for line in one.said("batch_not_committed")]
    stalled = sum(bool(one.said("projector_stalled")) for one in scene.projectors)
    with capsys.disabled():
        print(f"\n  {seen}; batches turned away: {why}; projectors that gave up: {stalled}; seed {SEED}")
    assert why or any(one.reclaimed for one in seen), (
        "no frozen projector met its successor: nothing was tested"
    )
