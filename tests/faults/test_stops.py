"""Stops: nothing that is gone keeps a projector from ending."""

import time

import pytest

from projections.registry import BY_NAME
from tests.faults import oracle
from tests.faults.conftest import NewScene
from tests.faults.scene import wait_until

pytestmark = [pytest.mark.servers, pytest.mark.faults]

SESSION_MS = 1_500
PARTITIONS = sum(topic.partitions for name in oracle.PROJECTIONS for topic in BY_NAME[name].topics)


@pytest.mark.timeout(120, method="signal")
def test_a_projector_ends_with_its_supervisor_although_both_servers_are_gone(new_scene: NewScene) -> None:
    """It is claiming partitions, for which it waits as long as MongoDB is away; then Kafka goes too."""
    scene = new_scene(session_ms=SESSION_MS)
    projector = scene.start_projector()
    wait_until(lambda: len(scene.checkpoints()) == PARTITIONS, "everything claimed", 60)
    scene.embedded.mongo.kill()
    projector.freeze()
    time.sleep(2 * SESSION_MS / 1000)  # the group gives it up: it joins again, and claims again
    projector.thaw()
    wait_until(lambda: bool(projector.said("claim_failed")), "a claim that waits for MongoDB", 60)
    scene.embedded.kafka.kill()

    projector.process.stdin.close()
    assert projector.process.wait(timeout=20) == 0
