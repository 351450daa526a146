"""A replica set loses its primary again and again: nothing acknowledged is lost, and the pause is short."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.scene import Scene, wait_until
from tests.faults.streams import stream, verdict
from tests.support.cluster import Cluster
from tests.support.replica_set import ReplicaSet

pytestmark = [pytest.mark.servers, pytest.mark.faults]

FULL = os.environ.get("TOWNHALL_FAULTS") == "full"
KILLS, STEPS_DOWN = (10, 5) if FULL else (3, 1)
MOST_SECONDS = 10
"""From the loss of the primary until the projectors count again."""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Projectors and a stream on a replica set of three."""
    with Cluster(tmp_path / "cluster") as cluster, Scene(cluster, tmp_path, session_ms=3_000) as scene:
        yield scene
    shutil.rmtree(tmp_path / "cluster", ignore_errors=True)


def kill(mongo: ReplicaSet) -> None:
    mongo.primary().kill()


def step_down(mongo: ReplicaSet) -> None:
    wait_until(mongo.step_down, "a primary that steps down", 60)


def stall(scene: Scene, mongo: ReplicaSet, lose: Callable[[ReplicaSet], None]) -> float:
    """Seconds until something counts again; the set is complete before and after."""
    mongo.wait_complete()
    before = scene.progress()
    wait_until(lambda: scene.progress() > before, "the projectors at work", 60)
    lose(mongo)
    lost, before = time.monotonic(), latest(scene)
    wait_until(lambda: scene.progress() > before, "the projectors at work again", 60)
    seconds = time.monotonic() - lost
    for member in mongo.members:
        if not member.running:
            member.start()
            member.wait_ready()
    return seconds


def latest(scene: Scene) -> int:
    """What a majority holds; asked until somebody answers."""
    found = 0
    while not found:
        found = scene.progress()
    return found


@pytest.mark.timeout(60 * (KILLS + STEPS_DOWN) + 240, method="signal")
def test_nothing_acknowledged_is_lost_and_the_pause_is_short(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(scene.servers, Cluster)
    mongo, ways = scene.servers.mongo, [kill] * KILLS + [step_down] * STEPS_DOWN
    with stream(scene, "failover") as journal:
        for _ in range(2):
            scene.start_projector()
        stalls = [stall(scene, mongo, way) for way in ways]
    scene.settle(120, keep=2)
    records, wrong = verdict(scene, {"stream": journal})
    assert wrong == []
    with capsys.disabled():
        shown = ", ".join(f"{seconds:.1f}" for seconds in stalls)
        print(
            f"\n  {KILLS} primaries killed, {STEPS_DOWN} stepped down, {records:,} records; stalls {shown} s"
        )
    assert max(stalls) <= MOST_SECONDS
